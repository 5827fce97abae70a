# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Makes docs/alignment.md: every check against mmsegmentation, one line a measure.  Run by ci/align.sh."""
import argparse
import csv
import fnmatch
import functools
import os
import shutil
import subprocess
import sys
import time
import warnings

warnings.filterwarnings('ignore')

import checks  # noqa: E402
import initial  # noqa: E402
import modes  # noqa: E402
import ranks  # noqa: E402
import roundtrip  # noqa: E402
from distance import YARD, Measure  # noqa: E402
from networks import NETWORKS, ZOO, Network  # noqa: E402
from runs import MIXED, ROOT, load_oracle  # noqa: E402

PAGE = os.path.join(ROOT, 'docs', 'alignment.md')
RESULTS = os.path.join(ROOT, 'docs', 'alignment.csv')
# The networks with rows of 16 bits.
NARROW = ('fcn_r18', 'fcn_r50', 'encnet_r18', 'encnet_r50', 'deeplabv3_r50', 'deeplabv3plus_r18', 'deeplabv3plus_r50',
          'ocrnet_r18', 'ocrnet_r50', 'ocrnet_hr18s', 'ocrnet_hr18')
COLUMNS = ['row', 'measure', 'ours', 'pytorch', 'ratio', 'where']


def at(height, width):
    def forward(*args):
        return checks.forward(*args, sizes={f'{height}x{width}': (height, width)})
    return forward


def goldens(oracle, network, work):
    """The golden files of tests/data, made anew from OpenCV, Pillow, mmcv and mmsegmentation, against the committed ones that
    the C tests (ctest -R '^data/') hold every step of the pipeline against."""
    committed = os.path.join(ROOT, 'tests', 'golden', 'data')
    os.makedirs(work, exist_ok=True)
    subprocess.run([sys.executable, os.path.join(committed, 'make.py'), work], check=True, capture_output=True)
    lines = differing = 0
    for name in ('pictures.txt', 'resize.txt', 'distort.txt', 'augment.txt'):
        with open(os.path.join(committed, name)) as old, open(os.path.join(work, name)) as new:
            before, now = old.read().splitlines(), new.read().splitlines()
        lines += len(before)
        differing += abs(len(before) - len(now)) + sum(a != b for a, b in zip(before, now))
    return [Measure('pictures and pipelines that differ', differing, 0, f'of {lines}')]


def table():
    """Every row: name -> (check, network)."""
    rows = {}
    for n in NETWORKS.values():
        rows[f'{n.name}/forward'] = checks.forward, n
        if not n.corners or n.depth == 18:
            rows[f'{n.name}/step'] = checks.step, n
            rows[f'{n.name}/train'] = checks.train, n
        if n.depth == 18 or n.name == 'encnet_r50':
            rows[f'{n.name}/slide'] = modes.slide, n
            rows[f'{n.name}/scales'] = modes.scales, n
        if not n.corners:
            rows[f'{n.name}/initial'] = initial.initial, n
    for head, depth in (('fcn', 50), ('encnet', 50), ('encnet', 101)):
        for corners, height, width in ((False, 512, 1024), (True, 769, 769)):
            n = Network(head, depth, corners=corners)
            rows[f'{n.name}/forward_{height}x{width}'] = at(height, width), n
    named = {c.__name__: c for c in (checks.forward, checks.step, checks.train, modes.slide, modes.scales, roundtrip.roundtrip)}
    for n in ZOO.values():
        for check in n.checks:
            rows[f'{n.name}/{check}'] = named[check], n
    for depth in (50, 101):
        rows[f'encnet_r{depth}/roundtrip'] = roundtrip.roundtrip, NETWORKS[f'encnet_r{depth}']
    for depth in (18, 50):
        rows[f'encnet_r{depth}/ranks'] = ranks.ranks, NETWORKS[f'encnet_r{depth}']
    rows['encnet_r18/vendors'] = ranks.vendors, NETWORKS['encnet_r18']
    rows['encnet_r18/labels'] = modes.labels, NETWORKS['encnet_r18']
    rows['encnet_r18/camvid'] = modes.camvid, Network('encnet', 18, classes=11)
    rows['data/goldens'] = goldens, None
    for name in NARROW:
        n = {**NETWORKS, **ZOO}[name]
        for precision in MIXED:
            for check in checks.forward, checks.step, checks.train:
                rows[f'{name}/{check.__name__}/{precision}'] = functools.partial(check, precision=precision), n
    return rows


def narrow(row):
    """Whether it is a row of 16 bits."""
    return row.rpartition('/')[2] in MIXED


def chosen(rows, wanted):
    """The rows that a name, a network or a pattern means."""
    names = []
    for pattern in wanted or ['*']:
        found = [pattern] if pattern in rows else [
            r for r in rows if fnmatch.fnmatchcase(r, pattern) or r.startswith(pattern + '/')]
        if not found:
            sys.exit(f'ci/align.sh: no row {pattern}; --list prints them')
        names += [r for r in found if r not in names]
    return names


def read_results():
    if not os.path.exists(RESULTS):
        return []
    with open(RESULTS, newline='') as f:
        return list(csv.DictReader(f))


def text_of(name):
    with open(os.path.join(os.path.dirname(__file__), name)) as f:
        return f.read()


def tabled(lines):
    """The lines in Markdown; a row's command stands in its first."""
    body, last = [], None
    for line in lines:
        command = f"`ci/align.sh {line['row']}`" if line['row'] != last else ''
        last = line['row']
        figures = ' | '.join(line[column] for column in COLUMNS[1:])
        body.append(f'| {command} | {figures} |\n')
    return ''.join(body)


def write_results(lines, rows):
    """Both files, in the order of the table; lines of rows that are no more are dropped."""
    order = {name: i for i, name in enumerate(rows)}
    lines = sorted((line for line in lines if line['row'] in order), key=lambda line: order[line['row']])
    with open(RESULTS + '.tmp', 'w', newline='') as f:
        writer = csv.DictWriter(f, COLUMNS, lineterminator='\n')
        writer.writeheader()
        writer.writerows(lines)
    os.replace(RESULTS + '.tmp', RESULTS)
    made, missing = {line['row'] for line in lines}, {}
    for network, check in (name.split('/', 1) for name in rows if name not in made):
        missing.setdefault(network, []).append(check)
    missing = [f"`{network}` {', '.join(names)}" for network, names in missing.items()]
    with open(PAGE, 'w') as f:
        f.write(text_of('page.md') + tabled(line for line in lines if not narrow(line['row'])))
        f.write(text_of('narrow.md') + tabled(line for line in lines if narrow(line['row'])))
        f.write(f"\nRows not made yet: {'; '.join(missing)}.\n" if missing else '')


def run(oracles, name, rows, scratch):
    """One row: its lines."""
    check, network = rows[name]
    oracle = oracles('extra' if network and network.extra else 'oracle')
    work = os.path.join(scratch, name)
    shutil.rmtree(work, ignore_errors=True)
    start = time.time()
    measures = check(oracle, network, work)
    shutil.rmtree(work, ignore_errors=True)
    for m in measures:
        print(f'{name:32} {m.what:34} {m.ours:9.2e} {m.reference:9.2e} {m.ratio:6.2f} {m.where}', flush=True)
    print(f'{name:32} {time.time() - start:.0f} s', flush=True)
    bad = sum(not m.good for m in measures)
    return [dict(zip(COLUMNS, (name, m.what, f'{m.ours:.3g}', f'{m.reference:.3g}', f'{m.ratio:.2f}', m.where)))
            for m in measures], bad


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--oracle')
    p.add_argument('--extra')
    p.add_argument('--scratch')
    p.add_argument('--list', action='store_true')
    p.add_argument('rows', nargs='*')
    args = p.parse_args()
    rows = table()
    names = chosen(rows, args.rows)
    if args.list:
        print('\n'.join(names))
        return
    oracles, failures = functools.cache(lambda which: load_oracle(getattr(args, which))), []
    for name in names:
        try:
            lines, bad = run(oracles, name, rows, args.scratch)
        except Exception as e:
            print(f'{name}: {e}', file=sys.stderr, flush=True)
            failures.append(name)
            continue
        write_results([line for line in read_results() if line['row'] != name] + lines, rows)
        if bad:
            failures.append(name)
    if failures:
        sys.exit(f"beyond {YARD} times PyTorch's distance, or not to be had: {' '.join(failures)}")


if __name__ == '__main__':
    main()
