# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""The checks: each takes a network and a scratch folder and gives measures."""
import os
import sys

import numpy as np

from distance import Measure, apart, farthest, furthest, largest, median, rms, tensors, worst
from runs import (NEAR, SCALE, WAYS, Kink, Overflow, Way, our_logits, our_train, reference_forward, reference_train, steady,
                  tilt)

SMALL = {'97x131': (97, 131), '33x47': (33, 47), '64x160': (64, 160)}  # odd; smaller than 64; two to five
STEP = (33, 47)
# In 16 bits: images a batch, steps of training, and seeds of the pictures and weights.  Batch norm of two or three values, as
# behind a pooled image, would multiply their rounding; one loss is near or far by chance.
NARROW_BATCH, NARROW_STEPS, NARROW_SEEDS = 8, 3, (3, 4)
TERMS = {'loss_ce': 'loss_seg'}  # what mmsegmentation 1.x calls 0.x's terms


def forward(oracle, network, work, sizes=SMALL, precision='float32'):
    """Logits of one picture, whole: `--predict image.png --dump-logits` against encode_decode."""
    by_rms, by_largest = [], []
    for name, size in sizes.items():
        out = os.path.join(work, name)
        singles, double = reference_forward(oracle, network, out, size, precision=precision)
        got = our_logits(network, out, os.path.join(out, 'image.png'), os.path.join(out, 'weights.pth'),
                         **{'device.precision': precision})
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


def runs_of(oracle, network, work, precision, **options):
    """PyTorch's runs, the float64 one first.  float16 takes the largest scale of the losses at which no gradient overflows,
    where torch.amp.GradScaler, which leaves out a step and halves the scale, arrives after a few steps."""
    double, scale = reference_train(oracle, network, work, 'double', **options), SCALE if precision == 'fp16' else 1.0
    while True:
        try:
            return [double] + [reference_train(oracle, network, work, how, scale=scale, **options) for how in WAYS[precision]]
        except Overflow:
            scale /= 2


def references(oracle, network, work, precision, **options):
    """PyTorch's runs: terms, gradients, weights, statistics, momentum; each a list of all but the float64 one, and that."""
    runs = runs_of(oracle, network, work, precision, **options)
    kinds = [(t, g, *split(state), m) for t, g, state, m in runs]
    return [(list(kind[1:]), kind[0]) for kind in zip(*kinds)]


def without_kinks(oracle, network, work):
    """The first seed whose float64 run has no kinks."""
    for seed in range(3, 100):
        try:
            return references(oracle, network, work, 'float32', change=steady, size=STEP, steps=1, max_iters=1, seed=seed)
        except Kink:
            continue
    raise RuntimeError('kinks with every seed')


def one_step(network, work, precision, way=None):
    """Ours.  Without weight decay the momentum after the first step is the gradient."""
    return our_train(network, work, 1, way, **{'optimizer.weight_decay': 0, 'device.precision': precision})


def together(parts):
    """Lists of several runs one after the other, dictionaries of arrays stacked."""
    if isinstance(parts[0], list):
        return [row for rows in parts for row in rows]
    return {k: np.stack([part[k] for part in parts]) for k in parts[0]}


def narrow_step(oracle, network, work, precision):
    """A batch of every one of NARROW_SEEDS: PyTorch's runs together, and ours."""
    theirs, ours = [], []
    for seed in NARROW_SEEDS:
        theirs.append(references(oracle, network, work, precision, size=STEP, steps=1, max_iters=1, batch=NARROW_BATCH, seed=seed,
                                 change=lambda *model: tilt(*model, NEAR)))
        ours.append(one_step(network, work, precision, Way('one device', NARROW_BATCH)))
    kinds = [([together(way) for way in zip(*(singles for singles, _ in kind))], together([double for _, double in kind]))
             for kind in zip(*theirs)]
    return kinds, [together(kind) for kind in zip(*ours)]


def step(oracle, network, work, precision='float32'):
    """One batch, in 16 bits several: terms, the gradient of every parameter, running statistics."""
    if precision == 'float32':
        theirs = without_kinks(oracle, network, work)
        ours = one_step(network, work, precision)
    else:
        theirs, ours = narrow_step(oracle, network, work, precision)
    losses, gradients, _, running, _ = theirs
    gradients, running = tensors(ours[2], *gradients), tensors(split(ours[1])[1], *running)
    largest_gradient = worst(gradients, 'gradients, worst') if precision == 'float32' else furthest(
        gradients, 'gradients, furthest')  # in 16 bits there are kinks
    return [furthest(terms(ours[0], *losses), 'loss terms, furthest'), largest_gradient, median(gradients, 'gradients, median'),
            worst(running, 'running statistics, worst')]


def train(oracle, network, work, precision='float32'):
    """Ten steps on fresh pictures, a few in 16 bits: terms of every step; weights, momentum and running statistics after the
    last."""
    if precision == 'float32':
        steps, batch, size = 10, network.batch, (128, 160)
    else:
        steps, batch, size = NARROW_STEPS, NARROW_BATCH, STEP
    for seed in range(3, 10):
        losses, _, weights, running, momentum = references(oracle, network, work, precision, steps=steps, max_iters=steps,
                                                           batch=batch, size=size, seed=seed)
        try:
            ours = our_train(network, work, steps, Way('one device', batch), **{'device.precision': precision})
            break
        except Overflow:
            print(f'seed {seed}: ours left out a step', file=sys.stderr)
    else:
        raise RuntimeError('ours left out a step with every seed')
    weights, running = (tensors(a, *b) for a, b in zip(split(ours[1]), (weights, running)))
    momentum = tensors(ours[2], *momentum)
    return [furthest(terms(ours[0], *losses), 'loss terms, furthest'),
            furthest(weights, 'weights, furthest'), median(weights, 'weights, median'),
            furthest(momentum, 'momentum, furthest'), median(momentum, 'momentum, median'),
            furthest(running, 'running statistics, furthest'), median(running, 'running statistics, median')]
