#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Rounding error of Winograd's F(m x m, 3x3) in float32, for tiles of 4, 5 and 6 and the best points of a grid.

Convolves random tiles as behind a ReLU with random weights: transforms and products in float32, chains of 128 terms,
weights transformed in float64 and rounded once.  Prints the relative rms distance from float64 and the multiplications
of an output and pair of channels.  Needs numpy; 512 channels take some two minutes.

  python3 ci/winograd_points.py [CHANNELS]      default 64
"""

import itertools
import sys
from fractions import Fraction

import numpy as np

CHAIN = 128
GRID = ["1/2", "5/8", "2/3", "3/4", "7/8", "1", "9/8", "5/4", "4/3", "3/2", "7/4", "2"]
SINGLE = ["1/4", "1/2", "3/4", "1", "5/4", "3/2", "2", "3"]  # of the point without a partner, in F(5x5)


def product(a, b):
    """Multiplies two polynomials, lowest power first."""
    out = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return out


def transforms(points, m):
    """Returns the matrices of outputs, weights and inputs for the given points and infinity."""
    outputs = [[p**i for p in points] + [Fraction(i == m - 1)] for i in range(m)]
    weights, inputs, all_roots = [], [], [Fraction(1)]
    for p in points:
        norm, roots = Fraction(1), [Fraction(1)]
        for q in points:
            if q != p:
                norm *= p - q
                roots = product(roots, [-q, Fraction(1)])
        weights.append([p**k / norm for k in range(3)])
        inputs.append(roots + [Fraction(0)])
        all_roots = product(all_roots, [-p, Fraction(1)])
    weights.append([Fraction(0), Fraction(0), Fraction(1)])
    inputs.append(all_roots)
    return [np.array(rows, dtype=float) for rows in (outputs, weights, inputs)]


def apply(matrix, x, axis):
    """Applies a transform along an axis, term by term in float32."""
    out = []
    for row in matrix.astype(np.float32):
        terms = [c * v for c, v in zip(row, np.moveaxis(x, axis, 0)) if c != 0]
        out.append(sum(terms[1:], terms[0]))
    return np.moveaxis(np.stack(out), 0, axis)


def random_case(channels, kernels, tiles, side):
    rng = np.random.default_rng(1)
    x = np.maximum(rng.standard_normal((tiles, channels, side, side)), 0).astype(np.float32)
    w = rng.standard_normal((kernels, channels, 3, 3)) / np.sqrt(4.5 * channels)
    return x, w.astype(np.float32)


def exact(x, w, m):
    return sum(
        np.einsum("tcab,kc->tkab", x[:, :, i : i + m, j : j + m].astype(float), w[:, :, i, j].astype(float))
        for i in range(3)
        for j in range(3)
    )


def winograd(x, w, points, m):
    outputs, weights, inputs = transforms(points, m)
    u = np.einsum("ai,kcij,bj->abkc", weights, w.astype(float), weights).astype(np.float32)
    v = apply(inputs, apply(inputs, x, 2), 3).transpose(2, 3, 0, 1)
    total = np.zeros(v.shape[:3] + (w.shape[0],), np.float32)
    for first in range(0, x.shape[1], CHAIN):
        chain = np.zeros_like(total)
        for c in range(first, min(first + CHAIN, x.shape[1])):
            chain = chain + v[..., c, None] * u[:, :, None, :, c]
        total = total + chain
    return apply(outputs, apply(outputs, total, 0), 1).transpose(2, 3, 0, 1)


def error(points, m, channels, kernels, tiles):
    points = [Fraction(p) for p in points]
    x, w = random_case(channels, kernels, tiles, m + 2)
    y = exact(x, w, m)
    distance = winograd(x, w, points, m) - y
    return np.sqrt((distance**2).mean() / (y**2).mean())


def candidates(m):
    """Returns sets of points: 0, pairs of either sign and, for odd tiles, one more."""
    pairs = {4: 2, 5: 2, 6: 3}[m]
    for chosen in itertools.combinations(GRID, pairs):
        points = ["0"] + [sign + p for p in chosen for sign in ("", "-")]
        if m % 2 == 0:
            yield points
        else:
            yield from (points + [p] for p in SINGLE if p not in chosen)


def main():
    channels = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    for m in (4, 5, 6):
        best = min(candidates(m), key=lambda points: error(points, m, min(channels, 64), 4, 8))
        print(
            f"F({m}x{m},3x3): {error(best, m, channels, 8, 24):.2e}, {(m + 2) ** 2 / m**2:.2f} multiplications,"
            f" points {' '.join(best)} and infinity",
            flush=True,
        )


if __name__ == "__main__":
    main()
