"""The checks: each takes a network and a scratch folder and gives measures."""
import os

import numpy as np

from distance import Measure, largest, median, rms, tensors, worst
from runs import convert, our_logits, our_train, reference_forward, reference_train

SMALL = {'97x131': (97, 131), '33x47': (33, 47), '64x160': (64, 160)}  # odd; smaller than 64; two to five
TERMS = {'loss_ce': 'loss_seg'}  # what mmsegmentation 1.x calls 0.x's terms


def forward(oracle, network, work, sizes=SMALL):
    """Logits of one picture, whole: `--predict image.png --dump-logits` against encode_decode."""
    by_rms, by_largest = [], []
    for name, size in sizes.items():
        out = os.path.join(work, name)
        single, double = reference_forward(oracle, network, out, size)
        got = our_logits(network, out, os.path.join(out, 'image.png'), convert(os.path.join(out, 'weights.pth')))
        by_rms.append(Measure('', rms(got, double), rms(single, double), name))
        by_largest.append(Measure('', largest(got, double), largest(single, double), name))
    return [worst(by_rms, 'logits, rms'), worst(by_largest, 'logits, largest')]


def terms(ours, single, double):
    """A measure for every term of every step.  What one step disturbs the next ones amplify, so the yardstick is the
    largest distance of any loss so far."""
    measures, yard = [], 0.0
    for step, (o, s, d) in enumerate(zip(ours, single, double, strict=True), 1):
        losses = [k for k in d if 'loss' in k]
        yard = max([yard] + [abs(s[k] - d[k]) / abs(d[k]) for k in losses])
        for k in losses:
            head, _, term = k.rpartition('.')
            name = f'{head}.{TERMS.get(term, term)}' if head else k
            measures.append(Measure('', abs(o[name] - d[k]) / abs(d[k]), yard, f'{name}, step {step}'))
    return measures


def split(state):
    """Trained weights, and running statistics; how many batches were seen must be equal."""
    running = {k: v for k, v in state.items() if '.running_' in k}
    trained = {k: v for k, v in state.items() if k not in running and not k.endswith('num_batches_tracked')}
    return trained, running


def counted(state):
    return {k: int(v) for k, v in state.items() if k.endswith('num_batches_tracked')}


def step(oracle, network, work):
    """One batch: terms, the gradient of every parameter, running statistics.  Without weight decay the momentum after the
    first step is the gradient."""
    single = reference_train(oracle, network, work, False, steps=1, max_iters=1)
    double = reference_train(oracle, network, work, True, steps=1, max_iters=1)
    ours = our_train(network, work, 1, **{'optimizer.weight_decay': 0})
    gradients = tensors(ours[2], single[1], double[1])
    running = tensors(split(ours[1])[1], split(single[2])[1], split(double[2])[1])
    return [worst(terms(ours[0], single[0], double[0]), 'loss terms, worst'), worst(gradients, 'gradients, worst'),
            median(gradients, 'gradients, median'), worst(running, 'running statistics, worst')]


def train(oracle, network, work):
    """Ten steps on fresh pictures: terms of every step; weights, momentum and running statistics after the tenth."""
    single = reference_train(oracle, network, work, False)
    double = reference_train(oracle, network, work, True)
    ours = our_train(network, work, 10)
    assert counted(ours[1]) == counted(double[2])
    weights = tensors(split(ours[1])[0], split(single[2])[0], split(double[2])[0])
    running = tensors(split(ours[1])[1], split(single[2])[1], split(double[2])[1])
    momentum = tensors(ours[2], single[3], double[3])
    return [worst(terms(ours[0], single[0], double[0]), 'loss terms, worst'),
            worst(weights, 'weights, worst'), median(weights, 'weights, median'),
            worst(momentum, 'momentum, worst'), median(momentum, 'momentum, median'),
            worst(running, 'running statistics, worst'), median(running, 'running statistics, median')]
