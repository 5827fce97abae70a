# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""The checks: each takes a network and a scratch folder and gives measures."""
import os

import numpy as np

from distance import Measure, apart, farthest, furthest, largest, median, rms, tensors, worst
from runs import SINGLES, Kink, our_logits, our_train, reference_forward, reference_train, steady

SMALL = {'97x131': (97, 131), '33x47': (33, 47), '64x160': (64, 160)}  # odd; smaller than 64; two to five
STEP = (33, 47)
TERMS = {'loss_ce': 'loss_seg'}  # what mmsegmentation 1.x calls 0.x's terms


def forward(oracle, network, work, sizes=SMALL):
    """Logits of one picture, whole: `--predict image.png --dump-logits` against encode_decode."""
    by_rms, by_largest = [], []
    for name, size in sizes.items():
        out = os.path.join(work, name)
        singles, double = reference_forward(oracle, network, out, size)
        got = our_logits(network, out, os.path.join(out, 'image.png'), os.path.join(out, 'weights.pth'))
        by_rms.append(apart('', rms, got, singles, double, name))
        by_largest.append(apart('', largest, got, singles, double, name))
    return [worst(by_rms, 'logits, rms'), worst(by_largest, 'logits, largest')]


def renamed(key):
    head, _, term = key.rpartition('.')
    return f'{head}.{TERMS.get(term, term)}' if head else key


def terms(ours, singles, double):
    """A measure for every term of every step; ours has no other terms."""
    measures = []
    for step, (o, d, *s) in enumerate(zip(ours, double, *singles, strict=True), 1):
        names = {k: renamed(k) for k in d if 'loss' in k}
        assert set(names.values()) == {k for k in o if 'loss' in k}, f'step {step} has the losses {sorted(o)}'
        for k, name in names.items():
            far = farthest(abs(row[k] - d[k]) / abs(d[k]) for row in s)
            measures.append(Measure('', abs(o[name] - d[k]) / abs(d[k]), far, f'{name}, step {step}'))
    return measures


def split(state):
    """Trained weights, and running statistics."""
    running = {k: v for k, v in state.items() if '.running_' in k}
    trained = {k: v for k, v in state.items() if k not in running and not k.endswith('num_batches_tracked')}
    return trained, running


def references(oracle, network, work, **options):
    """PyTorch's runs: terms, gradients, weights, statistics, momentum; each a list of the float32 ones, and the float64 one."""
    runs = [reference_train(oracle, network, work, how, **options) for how in ('double', *SINGLES)]
    kinds = [(t, g, *split(state), m) for t, g, state, m in runs]
    return [(list(kind[1:]), kind[0]) for kind in zip(*kinds)]


def step(oracle, network, work):
    """One batch: terms, the gradient of every parameter, running statistics.  Without weight decay the momentum after the
    first step is the gradient."""
    for seed in range(3, 100):
        try:
            losses, gradients, _, running, _ = references(oracle, network, work, change=steady, size=STEP, steps=1, max_iters=1,
                                                          seed=seed)
            break
        except Kink:
            continue
    ours = our_train(network, work, 1, **{'optimizer.weight_decay': 0})
    gradients, running = tensors(ours[2], *gradients), tensors(split(ours[1])[1], *running)
    return [furthest(terms(ours[0], *losses), 'loss terms, furthest'), worst(gradients, 'gradients, worst'),
            median(gradients, 'gradients, median'), worst(running, 'running statistics, worst')]


def train(oracle, network, work):
    """Ten steps on fresh pictures: terms of every step; weights, momentum and running statistics after the tenth."""
    losses, _, weights, running, momentum = references(oracle, network, work)
    ours = our_train(network, work, 10)
    weights, running = (tensors(a, *b) for a, b in zip(split(ours[1]), (weights, running)))
    momentum = tensors(ours[2], *momentum)
    return [furthest(terms(ours[0], *losses), 'loss terms, furthest'),
            furthest(weights, 'weights, furthest'), median(weights, 'weights, median'),
            furthest(momentum, 'momentum, furthest'), median(momentum, 'momentum, median'),
            furthest(running, 'running statistics, furthest'), median(running, 'running statistics, median')]
