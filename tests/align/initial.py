# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Initial weights: the distributions that mmsegmentation 1.2.2 draws from, and how far a draw is from them."""
import math
import os
import shutil

import numpy as np

from distance import Measure
from runs import ours, read_safetensors, reference_args, single_precision


def distribution(name, shape, network):
    """('normal', deviation), ('uniform', low, high) or ('constant', value) of a weight; None for what is none."""
    codes = network.codes * network.channels[0]
    if name.endswith('num_batches_tracked'):
        return 'constant', 0
    if name.endswith('conv_seg.weight'):
        return 'normal', 0.01
    if name.endswith('.codewords'):
        return 'uniform', -1 / math.sqrt(codes), 1 / math.sqrt(codes)
    if name.endswith('.scale'):
        return 'uniform', -1, 0
    if '.fc.0.' in name or '.se_layer.' in name:  # torch.nn.Linear's own, of `channels` inputs
        return 'uniform', -1 / math.sqrt(network.channels[0]), 1 / math.sqrt(network.channels[0])
    if len(shape) == 4:
        return 'normal', math.sqrt(2 / (shape[0] * shape[2] * shape[3]))
    last = 'bn3' if network.depth > 34 else 'bn2'  # a residual block begins as the identity
    if name.startswith('backbone.layer') and name.endswith(f'.{last}.weight'):
        return 'constant', 0
    return 'constant', float(name.endswith(('weight', 'running_var')))


def normal_below(x):
    return 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2)))


def scores(values, law):
    """(z of the mean, z of the deviation, sqrt(n) times the Kolmogorov-Smirnov distance), each about 1 by chance."""
    x = np.sort(values.astype(np.float64).ravel())
    n, kind, *p = x.size, *law
    if kind == 'normal':
        centre, deviation, kurtosis, below = 0.0, p[0], 3.0, normal_below(x[:: max(1, n // 4096)] / p[0])
    else:
        centre, deviation, kurtosis = (p[0] + p[1]) / 2, (p[1] - p[0]) / math.sqrt(12), 1.8
        below = np.clip((x[:: max(1, n // 4096)] - p[0]) / (p[1] - p[0]), 0, 1)
    rank = (np.arange(n)[:: max(1, n // 4096)] + 0.5) / n
    spread = math.sqrt(np.mean((x - centre) ** 2))
    return (abs(x.mean() - centre) * math.sqrt(n) / deviation,
            abs(spread / deviation - 1) * 2 * math.sqrt(n / (kurtosis - 1)),
            math.sqrt(n) * float(np.max(np.abs(rank - below))))


def summary(state, network):
    """The largest score of each kind and its weight, and how many values lie outside their range or constant."""
    worst, outside = [(0.0, '')] * 3, 0
    for name, values in state.items():
        law = distribution(name, values.shape, network)
        if law[0] == 'constant':
            outside += int(np.sum(values != law[1]))
            continue
        if law[0] == 'uniform':
            outside += int(np.sum(~((values >= np.float32(law[1])) & (values <= np.float32(law[2])))))
        worst = [max(a, (b if math.isfinite(b) else math.inf, name)) for a, b in zip(worst, scores(values, law))]
    return worst, outside


def initial(oracle, network, work):
    """What both programs begin training with.  Ours is what a step with learning rate 0 leaves; its batch statistics go
    into the running ones, which are left out."""
    with single_precision(oracle):
        reference = oracle.build(reference_args(oracle, network, work), perturb=False)[1].state_dict()
    config, base = network.config()
    run = os.path.join(work, 'run')
    shutil.rmtree(run, ignore_errors=True)
    ours('encnet-cl-train', config, '--quiet', '--work-dir', run, sets={
        **base, 'data.type': 'synthetic', 'data.train_count': 2, 'data.width': 32, 'data.height': 32, 'augment.enabled': 'no',
        'optimizer.lr': 0, 'optimizer.min_lr': 0, 'train.max_iters': 1, 'train.eval_interval': 0, 'output.tensorboard': 'no'})
    got = read_safetensors(os.path.join(run, 'latest', 'weights.safetensors'))
    assert set(got) == set(reference)
    keep = [k for k in got if '.running_' not in k and not k.endswith('num_batches_tracked')]
    mine, mine_outside = summary({k: got[k] for k in keep}, network)
    theirs, theirs_outside = summary({k: reference[k].numpy() for k in keep}, network)
    names = 'mean, worst', 'deviation, worst', 'distribution, worst'
    return [Measure(n, a, b, where) for n, (a, where), (b, _) in zip(names, mine, theirs)] + [
        Measure('values outside their range', mine_outside, theirs_outside)]
