# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Compares ONNX models with the programs that wrote them.  Run by ci/onnx.sh.

A network is trained for two steps on drawn scenes, so that no weight and no statistic is a round number.  Its checkpoint becomes a
model, whose weights must be the checkpoint's bit for bit, and onnxruntime's logits for pictures of several sizes are compared with
those of encnet-cl-eval: relative root mean square.  Two correct programs in float32 differ by 1e-6 to 1e-5 here.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import onnx
import onnxruntime

LIMIT = 5e-5
SIZES = (64, 96), (97, 131), (130, 75)
R18 = {'model.backbone': 'resnet18_v1c', 'model.channels': 32, 'model.aux_channels': 16}
HR = {'model.backbone': 'hrnet_w18s', 'model.channels': 32, 'model.aux_channels': 16}
CORNERS = {'model.align_corners': 'yes'}

NETWORKS = {
    'encnet': ('encnet', R18),
    'encnet_lateral_corners': ('encnet', {**R18, **CORNERS, 'model.lateral': 'yes'}),
    'encnet_r50_vd': ('encnet', {**R18, 'model.backbone': 'resnet50_vd'}),
    'encnet_r50s': ('encnet', {**R18, 'model.backbone': 'resnet50s', 'model.channels': 128}),
    'fcn': ('fcn', R18),
    'fcn_16': ('fcn', {**R18, **CORNERS, 'model.output_stride': 16}),
    'fcn_hr': ('fcn', HR),
    'fcnplus': ('fcnplus', R18),
    'fcnplus_hr_corners': ('fcnplus', {**HR, **CORNERS}),
    'deeplabv3': ('deeplabv3', R18),
    'deeplabv3_corners': ('deeplabv3', {**R18, **CORNERS}),
    'deeplabv3plus': ('deeplabv3plus', R18),
    'deeplabv3plus_16': ('deeplabv3plus', {**R18, **CORNERS, 'model.output_stride': 16, 'model.multi_grid': '1,2'}),
    'deeplabv3plus_no_c1': ('deeplabv3plus', {**R18, 'model.c1_channels': 0}),
    'ocrnet': ('ocrnet', {**R18, 'model.ocr_channels': 16}),
    'ocrnet_hr': ('ocrnet', {**HR, 'model.ocr_channels': 16}),
    'ocrnetplus': ('ocrnetplus', {**R18, 'model.ocr_channels': 16}),
    'ocrnetplus_separable_corners': ('ocrnetplus', {**R18, **CORNERS, 'model.ocr_channels': 16, 'model.separable_bottleneck': 'yes',
                                                    'model.separable_fusion': 'yes'}),
}


def run(build, name, *args):
    done = subprocess.run([os.path.join(build, name), *args], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{name} {" ".join(args)}\n{done.stderr}')
    return done.stdout


def write_png(path, pixels):
    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    height, width, _ = pixels.shape
    rows = b''.join(b'\0' + row.tobytes() for row in pixels)
    with open(path, 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
                + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def safetensors(path):
    with open(path, 'rb') as f:
        data = f.read()
    size, = struct.unpack('<Q', data[:8])
    header = json.loads(data[8:8 + size])
    header.pop('__metadata__')
    return {k: (v['shape'], data[8 + size + v['data_offsets'][0]:8 + size + v['data_offsets'][1]]) for k, v in header.items()}


def check_weights(model, checkpoint):
    """Every weight is the checkpoint's; returns how many there are."""
    weights = safetensors(os.path.join(checkpoint, 'weights.safetensors'))
    n = 0
    for t in model.graph.initializer:
        if ':' in t.name:
            continue  # a constant
        assert (list(t.dims), t.raw_data) == weights[t.name], f'{t.name} has changed'
        n += 1
    assert n > 30, f'{n} weights'
    return n


def check(build, work, name):
    network, options = NETWORKS[name]
    work = os.path.join(work, name)
    sets = [x for k, v in {'model.network': network, **options}.items() for x in ('--set', f'{k}={v}')]
    run(build, 'encnet-cl-train', 'configs/encnet_r18-d8_demo.ini', '--quiet', '--work-dir', work, *sets, '--set', 'train.max_iters=2',
        '--set', 'train.eval_interval=0', '--set', 'augment.crop=64,64', '--set', 'data.samples_per_device=2')
    checkpoint, path = os.path.join(work, 'latest'), os.path.join(work, 'model.onnx')
    run(build, 'encnet-cl-convert', checkpoint, path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    n = check_weights(model, checkpoint)

    properties = {p.key: p.value for p in model.metadata_props}
    mean, std = (np.array([float(x) for x in properties[f'encnet.{k}'].split(',')], np.float32) for k in ('mean', 'std'))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    random = np.random.default_rng(7)
    worst = 0.0
    for height, width in SIZES:
        pixels = random.integers(0, 256, (2, height, width, 3), np.uint8)
        pictures = os.path.join(work, f'{height}x{width}')
        os.makedirs(pictures, exist_ok=True)
        for i in range(2):
            write_png(os.path.join(pictures, f'{i}.png'), pixels[i])
        run(build, 'encnet-cl-eval', '--checkpoint', checkpoint, '--predict', pictures, '--out', pictures + '_out', '--dump-logits',
            pictures + '_logits', '--quiet')
        batch = ((pixels.astype(np.float32) - mean) / std).transpose(0, 3, 1, 2)
        theirs, = session.run(['logits'], {'image': batch})
        ours = np.stack([np.load(os.path.join(pictures + '_logits', f'{i}.npy')) for i in range(2)])
        assert ours.shape == theirs.shape, f'{ours.shape} and {theirs.shape}'
        for a, b in zip(ours.astype(np.float64), theirs.astype(np.float64)):
            spread = b - b.mean(axis=0)  # what all classes have in common decides nothing
            distance = np.sqrt(np.mean((a - b) ** 2) / np.mean(spread ** 2))
            worst = max(worst, distance) if distance == distance else np.nan
    good = worst <= LIMIT
    print(f'{name:30} {"good" if good else "FAILED":7} {n:4} weights, logits {worst:.2g} apart', flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('work')
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    results = [check(args.build, args.work, name) for name in args.names or NETWORKS]
    sys.exit(not all(results))


main()
