# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Golden scores, from mmsegmentation's IoUMetric.

    python make_scores.py >scores.txt          (PyTorch 2.x, mmsegmentation 1.2.2; a second)

Classes: 0 to 2 occur, 3 is labelled and never predicted, 4 is predicted and never labelled, 5 is both and never at the
same pixel, 6 does not occur.  The file has the number of classes; the confusion matrix, a row for each label; IoU, Acc, Dice,
Fscore, Precision and Recall of each class as fractions in float32; and aAcc, mIoU, mAcc, mDice, mFscore, mPrecision and mRecall in
percent with two decimals, as compute_metrics() returns them.  kappa, which IoUMetric does not have, is not in it.
"""
import logging, warnings
warnings.filterwarnings('ignore')
logging.disable()
import numpy as np, torch
from mmseg.evaluation import IoUMetric

M, H, W, IGNORE = 7, 40, 50, 255
rng = np.random.RandomState(0)
label = rng.choice([0, 1, 2, 3, 5, IGNORE], (H, W), p=[.4, .25, .2, .05, .05, .05])
ids = np.where(rng.rand(H, W) < .7, label, rng.choice([0, 1, 2, 4, 5], (H, W)))
ids[(ids == 3) | (ids == IGNORE)] = 0
ids[(label == 5) & (ids == 5)] = 1

metric = IoUMetric(iou_metrics=['mIoU', 'mDice', 'mFscore'])
metric.dataset_meta = dict(classes=[f'class_{m}' for m in range(M)])
areas = metric.intersect_and_union(torch.from_numpy(ids), torch.from_numpy(label), M, IGNORE)
per_class = metric.total_area_to_metrics(*areas, metric.metrics)
means = metric.compute_metrics([areas])

confusion = np.zeros((M, M), int)
np.add.at(confusion, (label[label != IGNORE], ids[label != IGNORE]), 1)
print(M)
for row in confusion:
    print(*row)
for m in range(M):
    print(*(f'{per_class[k][m]:.9g}' for k in ['IoU', 'Acc', 'Dice', 'Fscore', 'Precision', 'Recall']))
print(*(f'{means[k]:.2f}' for k in ['aAcc', 'mIoU', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall']))
