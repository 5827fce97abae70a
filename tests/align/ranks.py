# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Several ranks, one batch of four: devices of a process, processes, unequal shares, two vendors, against mmsegmentation's
batch of four, against each other, and each against itself."""
import functools
import os

import numpy as np

from checks import STEP, references, split, terms
from distance import Measure, farthest, furthest, median, rms, tensors, worst
from runs import ROOT, Way, our_train, steady

BATCH = 4
LR = 0.0002  # features of 8 in 512 channels make training unstable from 0.001 on, and rounding grow
STEM = 'backbone.stem.'
TWO_DEVICES = (('POCL_DEVICES', 'pthread pthread'),)
# Open MPI, as root too, with more ranks than cores
MPI = (('OMPI_ALLOW_RUN_AS_ROOT', '1'), ('OMPI_ALLOW_RUN_AS_ROOT_CONFIRM', '1'), ('OMPI_MCA_rmaps_base_oversubscribe', '1'),
       ('OMPI_MCA_hwloc_base_binding_policy', 'none'))
ONE = Way('one device', BATCH)
WAYS = (ONE,
        Way('two devices', 2, 'all', environment=TWO_DEVICES),
        Way('four processes', 1, '0,0,0,0', launcher=('mpiexec', '-n', '4'), environment=MPI),
        Way('shares 3,1', 2, 'all', environment=TWO_DEVICES, shares='3,1'))
VENDORS = (ONE, Way('two vendors', 2, 'all', launcher=('bash', os.path.join(ROOT, 'ci', 'intel.sh'), 'beside')))


def compare(ours, losses, _, weights, running, momentum):
    """Behind max pooling, whose ties are kinks, every tensor; before it, which are the gradients of the stem, the furthest."""
    weights, running = (tensors(a, *b) for a, b in zip(split(ours[1]), (weights, running)))
    momentum = tensors(ours[2], *momentum)
    stem = [m for m in momentum if m.where.startswith(STEM)]
    others = [m for m in momentum if m not in stem]
    return [furthest(terms(ours[0], *losses), 'loss terms, furthest'), worst(weights, 'weights, worst'),
            worst(others, 'momentum, worst'), median(others, 'momentum, median'), furthest(stem, 'momentum of the stem, furthest'),
            worst(running, 'running statistics, worst')]


def worst_way(measured):
    """Of lists of measures, one for every way, the worst in each place."""
    lines = []
    for found in zip(*measured.values()):
        way, m = max(zip(measured, found), key=lambda pair: (pair[1].ratio, pair[1].ours))
        lines.append(Measure(m.what, m.ours, m.reference, f'{m.where}, {way}'))
    return lines


def apart(ours, momentum):
    """How far the ways are from the first, beside how far PyTorch's are from float64."""
    singles, double = momentum
    first, *others = ours
    found = [Measure('', rms(ours[way][2][k], ours[first][2][k]), farthest(rms(s[k], double[k]) for s in singles),
                     f'{k}, {way}')
             for way in others for k in double if not k.startswith(STEM)]
    return worst(found, f'momentum, from {first}')


def repeats(first, second):
    """All that training changes is equal to the bit."""
    return all(set(a) == set(b) and all(np.array_equal(a[k], b[k]) for k in a) for a, b in zip(first[1:], second[1:]))


def ranks(oracle, network, work, ways=WAYS):
    """Ten steps in every way, twice."""
    made = references(oracle, network, work, change=functools.partial(steady, ties=True), size=STEP, batch=BATCH, lr=LR)
    ours, again = ({way.name: our_train(network, work, 10, way, **{'optimizer.lr': LR}) for way in ways} for _ in range(2))
    different = [way for way in ours if not repeats(ours[way], again[way])]
    return [*worst_way({way: compare(run, *made) for way, run in ours.items()}), apart(ours, made[-1]),
            Measure('ways that do not repeat', len(different), 0, ', '.join(different) or f'of {len(ours)}')]


def vendors(oracle, network, work):
    return ranks(oracle, network, work, VENDORS)
