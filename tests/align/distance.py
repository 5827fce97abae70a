# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""How far results are from the float64 run, and what is allowed."""
from dataclasses import dataclass

import numpy as np

YARD = 3           # ours may be this many times as far from float64 as PyTorch's float32
UNIT = 2.0 ** -23  # and one unit in the last place of a float32, relative


@dataclass
class Measure:
    """One line of the table: two distances from the float64 run."""
    what: str
    ours: float
    reference: float
    where: str = ''

    @property
    def ratio(self):
        """0 where ours is within one unit in the last place; infinite where a distance is not a number."""
        if not np.isfinite([self.ours, self.reference]).all():
            return np.inf
        beyond = max(0.0, self.ours - UNIT)
        return beyond / self.reference if self.reference > 0 else (np.inf if beyond else 0.0)

    @property
    def good(self):
        return self.ratio <= YARD


def rms(a, b):
    """Root mean square of a - b over that of b."""
    b = b.astype(np.float64)
    return float(np.sqrt(np.mean((a - b) ** 2)) / (np.sqrt(np.mean(b ** 2)) + 1e-300))


def largest(a, b):
    """The largest |a - b| over the root mean square of b."""
    b = b.astype(np.float64)
    return float(np.max(np.abs(a - b)) / (np.sqrt(np.mean(b ** 2)) + 1e-300))


def farthest(distances):
    """The largest; NaN if any is, where Python's max() keeps it only in the first place."""
    return float(np.max(list(distances)))


def apart(what, distance, ours, singles, double, where=''):
    """A measure of one array; the yardstick is the farthest of several float32 runs."""
    return Measure(what, distance(ours, double), farthest(distance(s, double) for s in singles), where)


def worst(measures, what):
    """The measure with the largest ratio, called `what`."""
    m = max(measures, key=lambda m: m.ratio)
    return Measure(what, m.ours, m.reference, m.where)


def furthest(measures, what):
    """The largest distance of any tensor or term, each program's own: a value beside a kink of ReLU falls on its other side
    in different places."""
    m = max(measures, key=lambda m: m.ours if np.isfinite(m.ours) else np.inf)
    return Measure(what, m.ours, farthest(m.reference for m in measures), m.where)


def median(measures, what):
    """Of two sets of distances the medians."""
    return Measure(what, float(np.median([m.ours for m in measures])), float(np.median([m.reference for m in measures])),
                   f'{len(measures)} tensors')


def tensors(ours, singles, double):
    """A measure for every tensor; the yardstick is the farthest of several float32 runs."""
    assert set(ours) == set(double), sorted(set(ours) ^ set(double))
    return [apart(k, rms, ours[k], [s[k] for s in singles], double[k], k) for k in double]
