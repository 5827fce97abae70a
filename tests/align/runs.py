# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Runs of both programs: mmsegmentation by way of oracle.py, in this process; ours as a user runs them."""
import argparse
import contextlib
import importlib.util
import io
import json
import logging
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
# Ways in which PyTorch computes in float32; what rounding costs is the largest distance of them.
SINGLES = 'plain', 'channels last', 'without oneDNN', 'flushing'
# The types of torch.autocast, by the device.precision that is held against them.
MIXED = {'fp16': 'float16', 'bf16': 'bfloat16'}
# The same for every precision.  CPUs without instructions for float16 compute it the same without oneDNN, slowly.
WAYS = {'float32': SINGLES, 'bf16': tuple(f'bf16, {way}' for way in SINGLES), 'fp16': ('fp16, plain', 'fp16, channels last, flushing')}
SCALE = 65536.0  # of the losses in float16 at first, as in torch.amp.GradScaler and lib/train/loss_scale.c
STEADY = 8.0    # how far the inputs of ReLU are moved away from 0; their deviation is 0.5 to 1
NEAR = 1.0      # the same in 16 bits: a bias of 8 would take three of their 8 or 11 bits
MARGIN = 4e-6   # some units in the last place of such a value
EQUAL = 1e-12   # what is equal in float64 comes from equal pixels: it does not matter which wins
FLOOR = 1e-4    # the learning rate where the poly schedule ends; from a lower one it is constant
BUILD = os.path.join(ROOT, os.environ.get('BUILD', 'build'))


def load_oracle(path):
    """oracle.py or extra.py as a module, its logging off."""
    spec = importlib.util.spec_from_file_location('oracle', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register_all_modules(init_default_scope=True)
    module.torch.set_num_threads(int(os.environ.get('THREADS', '1')))
    logging.disable(logging.CRITICAL)
    return module


def write_file(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text)
    return path


def reference_args(oracle, network, out, **options):
    """The arguments of oracle.py or extra.py, with their defaults."""
    config = network.original if network.extra else write_file(out + '.py', network.reference_config(oracle.ROOT))
    given = dict(config=config, out=out, size=(128, 160), image=None, seed=3, classes=0, batch=network.batch, steps=10,
                 max_iters=10, lr=network.lr, fresh=True, double=False, cfg_options=None, **network.options)
    args = argparse.Namespace(**{**given, **options})
    if args.lr <= FLOOR:
        args.max_iters = 0
    return args


@contextlib.contextmanager
def single_precision(oracle):
    """oracle.py --double changes torch's default type; this puts it back.  What it prints is not wanted."""
    oracle.torch.set_default_dtype(oracle.torch.float32)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        oracle.torch.set_default_dtype(oracle.torch.float32)


@contextlib.contextmanager
def flushing(oracle, on=True):
    """Denormal numbers are zeros, as OpenCL devices may have them.  A codeword that nothing is assigned to has an encoding of
    1e-43 or so, and whether that is above 0 decides over half of the gradient behind its ReLU."""
    assert oracle.torch.set_flush_denormal(on)
    try:
        yield
    finally:
        oracle.torch.set_flush_denormal(False)


@contextlib.contextmanager
def computing(oracle, how):
    """`how` is 'double' or one of WAYS; 'channels last' and 16 bits are up to the model, see building()."""
    with single_precision(oracle), flushing(oracle, 'flushing' in how), oracle.torch.backends.mkldnn.flags(
            enabled='without oneDNN' not in how):
        yield


def laid_out(oracle, model, how):
    return model.to(memory_format=oracle.torch.channels_last) if 'channels last' in how else model


class Overflow(Exception):
    """Gradients of scaled losses that are not finite."""


def mix(oracle, model, dtype, scale):
    """From now on the model computes logits and losses under torch.autocast, as in mmengine's AmpOptimWrapper, and its losses
    send `scale` into the backward pass."""
    torch = oracle.torch

    def under_autocast(compute):
        def computed(*args, **named):
            with torch.autocast('cpu', dtype):
                return compute(*args, **named)
        return computed

    encode_decode, loss = under_autocast(model.encode_decode), under_autocast(model.loss)

    def scaled_loss(*args, **named):
        terms = loss(*args, **named)
        for term in terms.values():
            if term.requires_grad:
                term.register_hook(lambda gradient: gradient * scale)
        return terms

    model.encode_decode = lambda *args, **named: encode_decode(*args, **named).float()
    model.loss = scaled_loss


@contextlib.contextmanager
def building(oracle, how, change=None, scale=1.0):
    """The oracle's models compute as `how` says; `change` is applied to each before that."""
    build = oracle.build

    def built(*args, **named):
        cfg, model = build(*args, **named)
        if change:
            change(oracle, model)
        narrow = MIXED.get(how.split(',')[0])
        if narrow:
            mix(oracle, model, getattr(oracle.torch, narrow), scale)
        return cfg, laid_out(oracle, model, how)

    oracle.build = built
    try:
        with computing(oracle, how):
            yield
    finally:
        oracle.build = build


def reference_forward(oracle, network, out, size, image=None, precision='float32'):
    """Weights and a picture in `out`; its logits in every one of WAYS of this precision, and in float64."""
    logits = []
    for how in (*WAYS[precision], 'double'):
        with building(oracle, how):
            oracle.cmd_forward(reference_args(oracle, network, out, size=size, image=image, double=how == 'double'))
        logits.append(np.load(os.path.join(out, 'logits.npy')))
    return logits[:-1], logits[-1]


class Kink(Exception):
    """A value so close to where ReLU or max pooling turn that one rounding could put it on the other side."""


def tilt(oracle, model, away):
    """No zero gamma, behind which every gradient would be zero; even channels moved up by `away`, odd ones down."""
    torch = oracle.torch
    g = torch.Generator().manual_seed(1)
    for m in model.modules():
        if isinstance(m, torch.nn.modules.batchnorm._BatchNorm):
            with torch.no_grad():
                m.weight.copy_(0.5 + 0.5 * torch.rand(m.weight.shape, generator=g))
                m.bias.copy_(away * (1 - 2 * (torch.arange(m.num_features) % 2)))


def steady(oracle, model, ties=False):
    """Weights that keep every unit on one side of its ReLU, even channels on, odd ones off.  A float64 forward raises Kink where
    they do not, or, unless `ties` may be, where two values of a pooling window are too close."""
    torch = oracle.torch

    def doubled(x):
        return x.dtype == torch.float64

    def relu_input(module, inputs):
        if doubled(inputs[0]) and float(inputs[0].detach().abs().min()) < MARGIN:
            raise Kink

    def pool_input(module, inputs):
        if not doubled(inputs[0]):
            return
        x = torch.nn.functional.pad(inputs[0].detach(), (1, 1, 1, 1), value=-1e9)
        two = x.unfold(2, 3, 2).unfold(3, 3, 2).flatten(4).topk(2).values
        gap = (two[..., 0] - two[..., 1])[two[..., 0] > 0]
        if bool(((gap > EQUAL) & (gap < MARGIN)).any()):
            raise Kink

    tilt(oracle, model, STEADY)
    for m in model.modules():
        if isinstance(m, torch.nn.ReLU):
            m.register_forward_pre_hook(relu_input)
        if isinstance(m, torch.nn.MaxPool2d) and not ties:
            m.register_forward_pre_hook(pool_input)


def reference_train(oracle, network, out, how, change=None, scale=1.0, **options):
    """Steps of training: terms of every step, gradients of the first, weights, statistics and momentum after the last.
    `how` is 'double' or one of WAYS; `change` is applied to the model before it is saved.  Losses are multiplied by `scale`, a
    power of two, and gradients divided by it; Overflow if one is not finite."""
    torch, kept = oracle.torch, []

    class SGD(torch.optim.SGD):
        def __init__(self, *args, **named):
            super().__init__(*args, **named)
            kept.append(self)

        def step(self):
            for p in self.param_groups[0]['params']:
                if scale != 1 and not bool(p.grad.isfinite().all()):
                    raise Overflow
                p.grad /= scale
            super().step()

    before, torch.optim.SGD = torch.optim.SGD, SGD
    try:
        with building(oracle, how, change, scale):
            oracle.cmd_train(reference_args(oracle, network, out, double=how == 'double', **options))
    finally:
        torch.optim.SGD = before
    with open(os.path.join(out, 'losses.json')) as f:
        terms = json.load(f)
    grads = {k: g / scale for k, g in np.load(os.path.join(out, 'grads.npz')).items()}
    state = torch.load(os.path.join(out, 'final.pth'), weights_only=True)['state_dict']
    params = kept[0].param_groups[0]['params']
    momentum = {k: kept[0].state[p]['momentum_buffer'].numpy() for k, p in zip(grads, params, strict=True)}
    assert all(momentum[k].shape == grads[k].shape for k in grads)
    return terms, grads, {k: v.numpy() for k, v in state.items()}, momentum


def ours(program, config, *arguments, sets, launcher=(), environment=()):
    """Runs a program of the build; the last line of what it says is the error."""
    command = [*launcher, os.path.join(BUILD, program), os.path.join(ROOT, config), *arguments]
    for key, value in sets.items():
        command += ['--set', f'{key}={value}']
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **dict(environment)})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout


def our_logits(network, out, image, weights, **sets):
    """What --dump-logits writes for one picture."""
    config, base = network.config()
    shutil.rmtree(os.path.join(out, 'dump'), ignore_errors=True)
    ours('encnet-cl-eval', config, '--checkpoint', weights, '--predict', image, '--dump-logits', os.path.join(out, 'dump'),
         '--quiet', sets={**base, 'eval.image_scale': 'none', **sets})
    name = os.path.splitext(os.path.basename(image))[0]
    return np.load(os.path.join(out, 'dump', name + '.npy'))


@dataclass(frozen=True)
class Way:
    """How ours is run: on which devices, with how many images a rank."""
    name: str
    images: int
    device: str = '0'
    launcher: tuple = ()
    environment: tuple = ()
    shares: str = ''


def our_train(network, data, steps, way=None, **sets):
    """Steps of training on the pictures in `data`, from init.pth: terms of every step, weights and statistics, momentum."""
    config, base = network.config()
    way = way or Way('one device', network.batch)
    lr = sets.get('optimizer.lr', network.lr)
    run = os.path.join(data, 'run')
    shutil.rmtree(run, ignore_errors=True)
    ours('encnet-cl-train', config, '--quiet', '--work-dir', run, '--device', way.device, launcher=way.launcher,
         environment=way.environment, sets={
        **base, 'model.checkpoint': os.path.join(data, 'init.pth'), 'model.dropout': 0, 'data.type': 'folder',
        'data.root': data, 'data.train_images': 'images', 'data.train_labels': 'annotations', 'data.classes_file': '',
        'data.samples_per_device': way.images, 'data.shuffle': 'no', 'augment.enabled': 'no', 'optimizer.lr': lr,
        'optimizer.min_lr': min(lr, FLOOR), 'device.shares': way.shares, 'train.max_iters': steps, 'train.log_interval': 1, 'train.eval_interval': 0,
        'train.checkpoint_interval': 0, 'output.tensorboard': 'no', **sets})
    log = os.path.join(run, os.path.splitext(os.path.basename(config))[0] + '.log')
    with open(log) as f:
        if 'gradients overflowed' in f.read():
            raise Overflow('ours left out a step: gradients overflowed float16')
    with open(log + '.json') as f:
        terms = [row for row in map(json.loads, f) if row.get('mode') == 'train']
    latest = os.path.join(run, 'latest')
    return terms, read_safetensors(os.path.join(latest, 'weights.safetensors')), read_safetensors(
        os.path.join(latest, 'optimizer.safetensors'))


def read_safetensors(path):
    with open(path, 'rb') as f:
        header = json.loads(f.read(struct.unpack('<Q', f.read(8))[0]))
        data = f.read()
    types = {'F32': np.float32, 'I64': np.int64}
    return {k: np.frombuffer(data[slice(*v['data_offsets'])], types[v['dtype']]).reshape(v['shape'])
            for k, v in header.items() if k != '__metadata__'}

