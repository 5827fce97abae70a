# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Test-time modes and scores: slide, scales and flip by mmsegmentation's own code; counts of pixels."""
import json
import math
import os

import mmcv
import numpy as np
from mmengine.config import ConfigDict
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample
from PIL import Image

from distance import Measure, apart, largest, rms
from runs import SINGLES, computing, laid_out, our_logits, ours, reference_args, reference_forward, single_precision

SIZE, CROP, STRIDE = (101, 147), (64, 80), (40, 56)
SCALES = (0.5, 1.0, 1.75)
PRINTED = 1e-11  # --json has twelve digits


def picture_and_model(oracle, network, work):
    """A picture, and a function that gives the model of weights.pth in one of SINGLES or 'double'."""
    reference_forward(oracle, network, work, SIZE)
    image = np.asarray(Image.open(os.path.join(work, 'image.png')))
    state = oracle.torch.load(os.path.join(work, 'weights.pth'), weights_only=True)['state_dict']

    def model(how, test_cfg):
        with single_precision(oracle):
            built = oracle.build(reference_args(oracle, network, work))[1]
        built.load_state_dict(state)
        built.test_cfg = ConfigDict(test_cfg)
        return laid_out(oracle, built.double() if how == 'double' else built, how).eval()
    return image, model


def results(oracle, model, run, test_cfg):
    """`run` of the model in every one of SINGLES, and in float64, as numpy."""
    found = []
    for how in (*SINGLES, 'double'):
        with computing(oracle, how), oracle.torch.no_grad():
            found.append(run(model(how, test_cfg), oracle.torch.float64 if how == 'double' else oracle.torch.float32).numpy())
    return found[:-1], found[-1]


def meta(image, size, flip=False):
    return dict(ori_shape=image.shape[:2], img_shape=size, pad_shape=size, flip=flip, flip_direction='horizontal')


def measures(what, ours_, singles, double):
    return [apart(f'{what}, rms', rms, ours_, singles, double), apart(f'{what}, largest', largest, ours_, singles, double)]


def slide(oracle, network, work):
    """Logits of overlapping windows against slide_inference: a picture of which neither side is a number of strides."""
    image, model = picture_and_model(oracle, network, work)
    singles, double = results(oracle, model, lambda m, dtype: m.slide_inference(
        oracle.tensor([image]).to(dtype), [meta(image, SIZE)])[0], dict(mode='slide', crop_size=CROP, stride=STRIDE))
    got = our_logits(network, work, os.path.join(work, 'image.png'), os.path.join(work, 'weights.pth'), **{
        'eval.mode': 'slide', 'eval.crop': '%d,%d' % CROP, 'eval.stride': '%d,%d' % STRIDE})
    return measures('logits', got, singles, double)


def scales(oracle, network, work):
    """Mean probabilities of three scales, each plain and mirrored: mmcv's imrescale, inference, postprocess_result, and the
    mean of softmax as in SegTTAModel."""
    image, model = picture_and_model(oracle, network, work)

    def run(m, dtype):
        total = []
        for scale in SCALES:
            sized = mmcv.imrescale(image, (int(SIZE[1] * scale), int(SIZE[0] * scale))) if scale != 1 else image
            for flip in (False, True):
                what = meta(image, sized.shape[:2], flip)
                logits = m.inference(oracle.tensor([sized[:, ::-1] if flip else sized]).to(dtype), [what])
                sample = m.postprocess_result(logits, [SegDataSample(metainfo=what)])[0]
                total.append(sample.seg_logits.data.softmax(0))
        return sum(total) / len(total)

    singles, double = results(oracle, model, run, dict(mode='whole'))
    got = our_logits(network, work, os.path.join(work, 'image.png'), os.path.join(work, 'weights.pth'), **{
        'eval.scales': ','.join(map(str, SCALES)), 'eval.flip': 'yes'})
    return measures('probabilities', np.exp(got.astype(np.float64)), singles, double)


# -- scores ------------------------------------------------------------------------------------------

def reference_areas(oracle, predictions, labels, classes):
    """Intersection, union and label area of every class, as exact integers: IoUMetric over files of ids."""
    areas = np.zeros((4, classes), np.int64)
    for name in sorted(os.listdir(labels)):
        ids, label = (oracle.torch.from_numpy(np.array(Image.open(os.path.join(d, name)))) for d in (predictions, labels))
        areas += np.stack([a.numpy() for a in IoUMetric.intersect_and_union(ids, label, classes, 255)]).astype(np.int64)
    return areas[0], areas[1], areas[3]


def wrong(scores, areas):
    """How many of the printed numbers are not those of the areas; one pixel more would show in the seventh digit."""
    inter, union, label = (a.tolist() for a in areas)
    iou = [100 * (i / u) if u else math.nan for i, u in zip(inter, union)]
    acc = [100 * (i / n) if n else math.nan for i, n in zip(inter, label)]
    expected = [100 * (sum(inter) / sum(label)) if sum(label) else math.nan, np.nanmean(iou), np.nanmean(acc), *iou, *acc, *label]
    rows = scores['classes']
    got = [scores['aAcc'], scores['mIoU'], scores['mAcc'], *(r['IoU'] for r in rows), *(r['Acc'] for r in rows),
           *(r['pixels'] for r in rows)]
    return sum((g is not None) if math.isnan(e) else (g is None or not math.isclose(g, e, rel_tol=PRINTED)) for g, e in
               zip(got, expected, strict=True)), len(got)


def score(oracle, network, work, root, images, labels, ignore=''):
    """--json of an evaluation against the areas of the ids that --predict writes."""
    config, base = network.config()
    sets = {**base, 'data.type': 'folder', 'data.root': root, 'data.val_images': images, 'data.val_labels': labels,
            'data.classes_file': '', 'data.ignore_labels': ignore, 'eval.image_scale': 'none'}
    weights, predicted, plain = (os.path.join(work, p) for p in ('weights.pth', 'predicted', 'labels'))
    ours('encnet-cl-eval', config, '--checkpoint', weights, '--json', os.path.join(work, 'scores.json'), '--quiet', sets=sets)
    ours('encnet-cl-eval', config, '--checkpoint', weights, '--predict', os.path.join(root, images), '--out', predicted,
         '--format', 'raw', '--quiet', sets=sets)
    os.makedirs(plain, exist_ok=True)
    for name in os.listdir(os.path.join(root, labels)):
        a = np.array(Image.open(os.path.join(root, labels, name)))
        a[np.isin(a, [int(i) for i in ignore.split(',') if i])] = 255
        Image.fromarray(a).save(os.path.join(plain, name))
    with open(os.path.join(work, 'scores.json')) as f:
        differing, of = wrong(json.load(f), reference_areas(oracle, predicted, plain, network.classes))
    return [Measure('counts and scores that differ', differing, 0, f'of {of}')]


def camvid(oracle, network, work):
    """The validation images of CamVid, in the 11-class form; the folder is CAMVID in the environment."""
    root = os.environ.get('CAMVID')
    if not root:
        raise RuntimeError('set CAMVID to the folder of CamVid: images/val, annotations/val')
    first = sorted(os.listdir(os.path.join(root, 'images', 'val')))[0]
    reference_forward(oracle, network, work, None, os.path.join(root, 'images', 'val', first))
    return score(oracle, network, work, os.path.abspath(root), 'images/val', 'annotations/val', '11')


def labels(oracle, network, work):
    """Drawn labels: much ignored, all ignored, most classes missing, one class only."""
    reference_forward(oracle, network, work, (66, 90))
    rng = np.random.default_rng(7)
    mixed = oracle.labels(rng, 66, 90, 5)
    cases = {'mixed': mixed, 'ignored': np.full_like(mixed, 255), 'one': np.full_like(mixed, 3),
             'half': np.where(rng.random(mixed.shape) < 0.5, 255, mixed), 'two': np.where(mixed == 1, 1, 18)}
    for d in ('images', 'annotations'):
        os.makedirs(os.path.join(work, d), exist_ok=True)
    for name, label in cases.items():
        Image.fromarray(oracle.picture(rng, 66, 90)).save(os.path.join(work, 'images', name + '.png'))
        Image.fromarray(label.astype(np.uint8)).save(os.path.join(work, 'annotations', name + '.png'))
    return score(oracle, network, work, work, 'images', 'annotations')
