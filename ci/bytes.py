# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Counts what the kernels that should run at the speed of memory read and write on GPUs, over what they need.

    python3 ci/bytes.py BUILD/tests/gpu_bytes [--all]

oclgrind runs every launch of tests/oclgrind/gpu_bytes.c, small shapes with the options and the division of GPUs, and counts the bytes of
its loads and stores of global memory.  Needed are the launch's buffers, each once.  So the ratio says how often a byte is read:

  1 to 1.1     once
  1.5          an operand that is read and written in the same place counts once, as does the addend of a sum in place
  more         neighbouring items read the same bytes.  On a card most of these come from a cache, so the count is a bound of what memory
               moves, not a prediction
  below 1      the launch does not touch all of a buffer, such as scratch that others share

Compiled without optimisation (oclgrind 21.10 dies otherwise), so that a value which a kernel names twice is read twice.  Prints the kernels
whose ratio is above 1.1, or all, as a table.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ENOUGH = 1.1
# Vectors are calls: those of pointers to global memory (address space 1), and the type of an element.
VECTORS = re.compile(r'(\d+) - call _Z\d+v(load|store)(\d+)\w*?PU3AS1K?(f|i|j|h|Dh)\(')
BYTES = {'f': 4, 'i': 4, 'j': 4, 'h': 1, 'Dh': 2}


def counted(program):
    """(kernel, bytes of its buffers, bytes loaded, bytes stored) of every launch."""
    with tempfile.TemporaryDirectory() as cache:
        run = subprocess.run(['oclgrind', '--build-options', '-cl-opt-disable', '--inst-counts', program],
                             capture_output=True, text=True, check=False, env={**os.environ, 'XDG_CACHE_HOME': cache})
    if run.returncode:
        sys.exit(f'{program}: {run.stdout[-2000:]}{run.stderr}')
    launches = []
    for block in run.stdout.split('launch\t')[1:]:
        kernel, needed = block.splitlines()[0].split('\t')
        moved = {'load': 0, 'store': 0}
        for what, size in re.findall(r'- (load|store) global \((\d+) bytes\)', block):
            moved[what] += int(size)
        for times, what, width, of in VECTORS.findall(block):
            moved[what] += int(times) * int(width) * BYTES[of]
        launches.append((kernel, int(needed), moved['load'], moved['store']))
    return launches


def largest(launches):
    """Of the launches of a kernel the one with the largest buffers."""
    best = {}
    for launch in launches:
        if launch[0] not in best or launch[1] > best[launch[0]][1]:
            best[launch[0]] = launch
    return best.values()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('--all', action='store_true', help='also what is read once')
    args = parser.parse_args()
    rows = [(kernel, needed, loaded, stored, (loaded + stored) / needed)
            for kernel, needed, loaded, stored in largest(counted(args.program))]
    print('| kernel | KB of its buffers | read | written | ratio |\n|---|---|---|---|---|')
    for kernel, needed, loaded, stored, ratio in sorted(rows, key=lambda row: -row[-1]):
        if args.all or ratio > ENOUGH:
            print(f'| `{kernel}` | {needed / 1000:.1f} | {loaded / 1000:.1f} | {stored / 1000:.1f} | {ratio:.2f} |')
    once = sorted(kernel for kernel, *_, ratio in rows if ratio <= ENOUGH)
    if not args.all:
        print(f'\nAt most {ENOUGH}: ' + ', '.join(f'`{kernel}`' for kernel in once))


if __name__ == '__main__':
    main()
