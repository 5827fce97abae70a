# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""What compares fails on NaN, wherever it stands, and on a loss without a counterpart; autocast computes in 16 bits, and rows
of 16 bits are rows of their own.  Run by ci/align.sh."""

import os
from types import SimpleNamespace

import numpy as np
import torch

import checks
import initial
from align import chosen, narrow, table
from distance import Measure, farthest, furthest, largest, median, rms, tensors, worst
from networks import NETWORKS, ZOO
from roundtrip import lr_at
from runs import MIXED, ROOT, mix

NAN = float('nan')
GOOD = Measure('', 1e-7, 1e-7)


def finite(*numbers):
    return bool(np.isfinite(numbers).all())


def fails(measure):
    return not measure.good


assert GOOD.good and not Measure('', 4e-7, 1e-7 - 1e-8).good
for ours, reference in ((NAN, 1.0), (0.0, NAN), (NAN, NAN), (np.inf, 1.0), (1.0, np.inf), (np.inf, np.inf), (1e-6, 0.0)):
    assert fails(Measure('', ours, reference)), (ours, reference)
for distances in ([NAN, 1.0], [1.0, NAN], [1.0, NAN, 2.0]):
    assert np.isnan(farthest(distances))
    for combine in (worst, furthest, median):
        assert fails(combine([Measure('', d, 1.0) for d in distances], '')), combine
        assert fails(combine([Measure('', 0.0, d) for d in distances], '')), combine

plain = np.linspace(-1, 1, 8, dtype=np.float32)
broken = plain.copy()
broken[3] = NAN
for far in (rms, largest):
    assert far(plain, plain) == 0 and not finite(far(broken, plain)) and not finite(far(plain, broken))
same = {'w': plain}
assert tensors(same, [same], same)[0].good
for trio in (({'w': broken}, [same], same), (same, [same, {'w': broken}], same), (same, [same], {'w': broken})):
    assert fails(tensors(*trio)[0])


def refuses(ours, double):
    try:
        checks.terms([ours], [[double]], [double])
    except (AssertionError, KeyError):
        return True
    return False


row = {'loss': 2.0, 'decode.loss_ce': 1.5, 'aux.loss_ce': 0.5, 'decode.acc_seg': 50.0}
mine = {'loss': 2.0, 'decode.loss_seg': 1.5, 'aux.loss_seg': 0.5, 'decode.acc_seg': 50.0}
assert all(m.good for m in checks.terms([mine], [[row]], [row]))
assert fails(furthest(checks.terms([{**mine, 'loss': NAN}], [[row]], [row]), ''))
assert fails(furthest(checks.terms([mine], [[row], [{**row, 'loss': NAN}]], [row]), ''))
assert refuses({**mine, 'aux_1.loss_seg': 0.1}, row) and refuses(mine, {**row, 'decode.loss_se': 0.1})

weights = {'x.conv_seg.weight': np.random.default_rng(1).normal(0, 0.01, 4096), 'x.scale': np.full(64, NAN),
           'x.bn.weight': np.array([1, NAN])}
(mean, deviation, spread), outside = initial.summary(weights, next(iter(NETWORKS.values())))
assert outside == 65 and not finite(mean[0]) and not finite(deviation[0]) and not finite(spread[0])

assert not set(NETWORKS) & set(ZOO)
for network in (*NETWORKS.values(), *ZOO.values()):
    assert os.path.exists(os.path.join(ROOT, network.config()[0])), network.config()[0]
assert lr_at(1e-3, 0, 5) == 1e-3 and lr_at(1e-3, 5, 5) == 1e-4 and lr_at(1e-5, 3, 5) == 1e-5


class Linear(torch.nn.Module):
    """Stands for a model of mmsegmentation; `y` is what it computed last."""
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def encode_decode(self, x):
        self.y = self.linear(x)
        return self.y

    def loss(self, x):
        return {'loss_ce': self.encode_decode(x).float().sum(), 'acc_seg': torch.tensor(50.0)}


def gradient(dtype, scale):
    torch.manual_seed(1)
    model = Linear()
    if dtype:
        mix(SimpleNamespace(torch=torch), model, dtype, scale)
        assert model.encode_decode(torch.ones(1, 3)).dtype == torch.float32 and model.y.dtype == dtype
    model.loss(torch.tensor([[1.0, 2.0, 4.0]]))['loss_ce'].backward()
    assert model.y.dtype == (dtype or torch.float32)
    return model.linear.weight.grad


for name in MIXED.values():
    assert torch.equal(gradient(getattr(torch, name), 1024.0), 1024 * gradient(None, 1.0))

rows = table()
assert chosen(rows, ['fcn_r18/step']) == ['fcn_r18/step'] and chosen(rows, ['fcn_r18/step/*']) == ['fcn_r18/step/fp16', 'fcn_r18/step/bf16']
assert not any(narrow(row) for row in chosen(rows, ['*/step', '*/forward', '*/train']))
assert all(narrow(row) for row in chosen(rows, [f'*/{precision}' for precision in MIXED]))
with open(os.path.join(ROOT, 'lib', 'train', 'loop.c')) as f:
    assert 'gradients overflowed' in f.read()  # our_train() looks for it
