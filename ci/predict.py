# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Predicts the time of a network on a GPU from what its kernels compile to (docs/gpu.csv) and the data sheet of the card.

    python3 ci/predict.py BUILD/tests/launches CONFIG [--size 512x1024] [--batch 2] [--device NAME]... [--top N]

The library itself says what it would launch (tests/offline/launches.c).  A launch takes the longest of

  issuing   the multiply-adds of the busiest unit, over the lanes of a unit, the share of multiply-adds among the instructions of
            the innermost loop, and how well the waves that a unit holds hide each other's latency (w / (w + lanes / 16))
  local     the bytes that they read from local memory, over 128 bytes a cycle and unit
  memory    the bytes of all its buffers, or 1 KiB for each work-item if that is less, over 90 % of the card's bandwidth

and GAP seconds besides.  Tiles are counted whole, so small maps cost what they leave empty.  Convolutions only are counted in
multiply-adds; everything else is at memory speed.  The caches are not in the model, nor is what the host needs for a launch.
"""
import argparse
import collections
import csv
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
GAP = 2e-6
LOCAL_RATE = 128  # bytes a cycle
HALF = 16  # lanes / HALF waves issue at half of a unit's rate: fitted to an H100

# Data sheets: compute units, lanes of a unit, GHz (boost), GB/s; threads of a wave, and how many SIMDs of the table's waves a unit
# has; Intel's are Xe cores and subslices.  `columns` are the targets in gpu.csv, the next one where
# the first does not say the share; `launches` is the class of devices.
DEVICES = {
    'H100': dict(columns=('sm_90', 'sm_80'), launches='nvidia', units=132, lanes=128, ghz=1.98, gbs=3350, wave=32, simds=1),
    'A100': dict(columns=('sm_80',), launches='nvidia', units=108, lanes=64, ghz=1.41, gbs=1555, wave=32, simds=1),
    'T4': dict(columns=('sm_75',), launches='nvidia', units=40, lanes=64, ghz=1.59, gbs=320, wave=32, simds=1),
    'P100': dict(columns=('sm_60', 'sm_75'), launches='nvidia', units=56, lanes=64, ghz=1.48, gbs=732, wave=32, simds=1),
    'MI300X': dict(columns=('gfx942', 'gfx906'), launches='amd', units=304, lanes=64, ghz=2.1, gbs=5300, wave=64, simds=4),
    'MI210': dict(columns=('gfx90a', 'gfx906'), launches='amd', units=104, lanes=64, ghz=1.7, gbs=1638, wave=64, simds=4),
    'Radeon VII': dict(columns=('gfx906',), launches='amd', units=60, lanes=64, ghz=1.75, gbs=1024, wave=64, simds=4),
    'RX 6900 XT': dict(columns=('gfx1030',), launches='amd', units=80, lanes=64, ghz=2.25, gbs=512, wave=32, simds=2),
    'RX 7900 XTX': dict(columns=('gfx1100',), launches='amd', units=96, lanes=64, ghz=2.5, gbs=960, wave=32, simds=2),
    'RX 9070 XT': dict(columns=('gfx1201',), launches='amd', units=64, lanes=64, ghz=2.97, gbs=640, wave=32, simds=2),
    'Arc A770': dict(columns=('dg2', 'tgllp', 'skl'), launches='arc', units=32, lanes=128, ghz=2.1, gbs=560, wave=16, simds=16),
    'Iris Xe': dict(columns=('tgllp', 'skl', 'dg2'), launches='xe', units=6, lanes=128, ghz=1.35, gbs=68, wave=16, simds=16),
    'HD 530': dict(columns=('skl', 'tgllp', 'dg2'), launches='gen9', units=3, lanes=64, ghz=1.15, gbs=34, wave=16, simds=8),
}


def launches(program, device, config, batch, size):
    """The launches of one training step, the second, and of one inference."""
    run = subprocess.run([program, 'network', device['launches'], config, str(batch), size], capture_output=True, text=True, check=True)
    found, part = collections.defaultdict(list), collections.Counter()
    for line in run.stdout.splitlines():
        row = line.split('\t')
        if row[-1] == 'end':
            part[row[0]] += 1
        else:
            found[row[0], part[row[0]]].append(row[1:])
    return {mode: found[max(key for key in found if key[0] == mode)] for mode in {key[0] for key in found}}


def round_up(n, to):
    return -(-n // to) * to


MULTIPLYING = [f'conv2d_{kind}_{direction}' for kind in ('tiled', 'winograd_tiled') for direction in ('fwd', 'data', 'filter')]


def outputs_of(options):
    """Of a tile of Winograd's, along each axis; its transform has two places more along each."""
    return 2 if 'OUTPUTS=2' in options else 4


def numbers_of(arguments):
    return [int(a) for a in arguments if not a.startswith('b')]


def multiply_adds(kernel, options, arguments):
    """(those of one group, those that the result needs in all) of a convolution; the order of arguments is that of the kernel.
    What Winograd saves is counted among the latter."""
    tile = 128 if 'PER=8' in options else 64
    if kernel not in MULTIPLYING:
        return 0, 0
    numbers = numbers_of(arguments)
    if kernel in ('conv2d_winograd_tiled_fwd', 'conv2d_winograd_tiled_data'):
        *_, rows, terms, cols, _ = numbers
        return tile * tile * round_up(terms, 16), 9 * outputs_of(options)**2 * rows * terms * cols
    if kernel == 'conv2d_winograd_tiled_filter':
        *_, tiles, run, rows, cols, _ = numbers
        return tile * tile * round_up(run, 16), 9 * outputs_of(options)**2 * tiles * rows * cols
    if kernel == 'conv2d_tiled_filter':
        run, c, k, *index_map = numbers[-23:]
    else:
        c, k, _, *index_map = numbers[-23:]
    images, _, _, rows, cols = index_map[:5]
    taps = index_map[11] * index_map[12]
    needed = images * rows * cols * taps * c * k
    if kernel == 'conv2d_tiled_filter':
        return tile * tile * round_up(run, 16), needed
    return tile * tile * taps * round_up(c if kernel == 'conv2d_tiled_fwd' else k, 16), needed


def bytes_moved(kernel, options, items, bytes_, arguments):
    """From and to memory.  Winograd's launches share a scratch of which each touches a part."""
    part = kernel.removeprefix('conv2d_winograd_tiled_')
    if part == kernel:
        return min(bytes_, 1024 * items)
    numbers, outputs = numbers_of(arguments), outputs_of(options)
    places = (outputs + 2)**2
    if part in ('fwd', 'data'):
        *_, rows, terms, cols, adds = numbers
        return 4 * places * (rows * terms + terms * cols + (1 + adds) * rows * cols)
    if part == 'filter':
        *_, tiles, _, rows, cols, _ = numbers
        return 4 * places * (tiles * (rows + cols) + rows * cols)
    tile = 9 if part in ('weights', 'sums') else outputs**2
    return 4 * items * (tile + places * (numbers[4] if part == 'sums' else 1))


def seconds(row, device, table):
    """(seconds, multiply-adds that the result needs, what limits it) of a launch."""
    program, kernel, options, size, groups, bytes_, *arguments = row[:6] + row[6].split()
    options, size, groups = options.strip('"').strip(), int(size), int(groups)
    memory = bytes_moved(kernel, options, size * groups, int(bytes_), arguments) / (0.9e9 * device['gbs'])
    one, needed = multiply_adds(kernel, options, arguments)
    cells = table.get((program, kernel, options), {})
    said = [cells.get(name, '').split(',')[0].split() for name in device['columns']]
    cell = next((cell for cell in said if len(cell) > 3), said[0])
    if not one:
        return memory + GAP, needed, 'memory'
    if len(cell) < 4:
        raise SystemExit(f'docs/gpu.csv says nothing of {kernel} {options} for {device["columns"][0]}')
    waves, share, local = int((said[0] or cell)[1]) * device['simds'], int(cell[3]) / 100, float(cell[4]) if len(cell) > 4 else 8 / (8 if 'PER=8' in options else 4)
    mine = -(-size // device['wave'])
    busiest = -(-groups // device['units'])
    held = min(busiest, max(1, waves // mine)) * mine
    cycle = 1e-9 / device['ghz']
    issuing = busiest * one / (device['lanes'] * share) * cycle / (held / (held + device['lanes'] / HALF))
    local = busiest * one * local / LOCAL_RATE * cycle
    longest = max(issuing, local, memory)
    return longest + GAP, needed, {issuing: 'issuing', local: 'local'}.get(longest, 'memory')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('launches')
    parser.add_argument('config')
    parser.add_argument('--size', default='512x1024')
    parser.add_argument('--batch', type=int, default=2)
    parser.add_argument('--device', action='append', choices=DEVICES)
    parser.add_argument('--top', type=int, default=0, help='kernels by their time')
    args = parser.parse_args()
    with (ROOT / 'docs/gpu.csv').open(newline='') as file:
        table = {(row['program'], row['kernel'], row['options']): row for row in csv.DictReader(file)}
    for name in args.device or DEVICES:
        device = DEVICES[name]
        peak = 2e9 * device['units'] * device['lanes'] * device['ghz']
        for mode, rows in sorted(launches(args.launches, device, args.config, args.batch, args.size).items()):
            total, needed, by, limits = 0, 0, collections.Counter(), collections.Counter()
            for row in rows:
                time, count, limit = seconds(row, device, table)
                total += time
                needed += count
                by[f'{row[1]} {row[2]}'] += time
                limits[limit] += time
            print(f'{name:12s} {mode:10s} {1e3 * total:8.1f} ms  {2e-12 * needed / total:6.1f} TFLOP/s, {200 * needed / total / peak:3.0f} % of the peak;'
                  f'  {len(rows)} launches; ' + ', '.join(f'{what} {100 * t / total:.0f} %' for what, t in limits.most_common()))
            for kernel, time in by.most_common(args.top):
                print(f'    {1e3 * time:8.2f} ms  {kernel}')


if __name__ == '__main__':
    main()
