# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Checkpoints as PyTorch and Paddle write them, for tests/graph/test_checkpoints.c.

    python make.py        writes *.pth and *.pdparams beside itself

Element i of every tensor, in row-major order, is (7 i + k) mod 23 - 11, where k is the place of the tensor in the list
(for types without a sign, without the - 11; for bool, mod 2), so that the test needs no list of numbers.
Written with PyTorch 2.15.0 and numpy 2.4.6.
"""
import collections
import os
import pickle
import sys
import types

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = ("road", "side walk", "sky")


def numbers(k, shape, dtype=torch.float32):
    i = torch.arange(int(np.prod(shape, dtype=np.int64)), dtype=torch.int64)
    n = (7 * i + k) % 23
    if dtype == torch.bool:
        return (n % 2).bool().reshape(shape)
    return (n if dtype == torch.uint8 else n - 11).to(dtype).reshape(shape)


def strided(t):
    """The same numbers, the last dim slowest in memory."""
    return t.permute(*reversed(range(t.dim()))).contiguous().permute(*reversed(range(t.dim())))


def inside(t):
    """The same numbers as a part of something larger."""
    larger = torch.full([n + 3 for n in t.shape], 99.0, dtype=t.dtype)
    view = larger[tuple(slice(1, n + 1) for n in t.shape)]
    view.copy_(t)
    return view


def every_other(t):
    larger = torch.full([2 * n for n in t.shape], 99.0, dtype=t.dtype)
    view = larger[tuple(slice(None, None, 2) for _ in t.shape)]
    view.copy_(t)
    return view


def state_dict():
    d = collections.OrderedDict()
    d["conv.weight"] = numbers(0, (4, 3, 3, 3))
    d["channels_last.weight"] = numbers(1, (4, 3, 3, 3)).contiguous(memory_format=torch.channels_last)
    d["transposed"] = strided(numbers(2, (5, 7)))
    d["inside"] = inside(numbers(3, (3, 4)))
    d["every_other"] = every_other(numbers(4, (3, 4, 2)))
    d["parameter"] = torch.nn.Parameter(numbers(5, (6,)))
    d["bn.num_batches_tracked"] = numbers(6, (), torch.int64)
    d["empty"] = numbers(7, (0, 3))
    for k, name in enumerate(["float16", "bfloat16", "float64", "int32", "int16", "int8", "uint8", "bool"], 8):
        d["a." + name] = numbers(k, (5,), getattr(torch, name))
    larger = numbers(16, (2, 6))
    d["both"] = larger
    d["tied"] = larger
    d["second half"] = larger[1]
    d["expanded"] = numbers(16, (1,)).expand(4)
    d["with attributes"] = numbers(17, (3,))
    d["with attributes"].note = "x"
    d["parameter with attributes"] = torch.nn.Parameter(numbers(18, (3,)))
    d["parameter with attributes"].note = "x"
    d._metadata = collections.OrderedDict([("", {"version": 1})])
    return d


def mmcv_checkpoint():
    weights = state_dict()
    weight = torch.nn.Parameter(numbers(0, (3, 3)))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.grad = torch.ones(3, 3)
    optimizer.step()
    meta = {"mmseg_version": "0.30.0", "config": "model = dict()\n", "CLASSES": CLASSES,
            "PALETTE": [[1, 2, 3]] * 3, "epoch": 3, "iter": 40000, "env_info": "x" * 2000, "seed": 2 ** 70}
    return {"meta": meta, "state_dict": weights, "optimizer": optimizer.state_dict()}


class HistoryBuffer:
    """Stands for mmengine's, which is not installed where a checkpoint is read."""

    def __init__(self):
        self._log_history = np.arange(4, dtype=np.float64)
        self._statistics_methods = {"mean": print}


def mmengine_checkpoint():
    module = types.ModuleType("mmengine.logging.history_buffer")
    HistoryBuffer.__module__ = module.__name__
    sys.modules[module.__name__] = module
    module.HistoryBuffer = HistoryBuffer
    hub = collections.OrderedDict([("train/loss", HistoryBuffer())])
    small = collections.OrderedDict([("w", numbers(0, (2, 3))), ("b", numbers(1, (2,)))])
    ema = collections.OrderedDict([("steps", numbers(0, ())), ("module.w", numbers(9, (2, 3)))])
    return {"meta": {"iter": 7, "dataset_meta": {"classes": list(CLASSES), "palette": [[0, 0, 0]] * 3}},
            "state_dict": small, "ema_state_dict": ema,
            "message_hub": {"log_scalars": hub, "runtime_info": {"iter": 7}, "resumed_keys": set()},
            "param_schedulers": [{"last_step": 7, "by_epoch": False, "eta": slice(1, 2)}]}


def write_torch(name, value, **options):
    torch.save(value, os.path.join(HERE, name), **options)


def array(k, shape, dtype=np.float32):
    i = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    n = (7 * i + k) % 23
    return (n - 11).astype(dtype).reshape(shape)


def paddle_dict():
    d = {"conv.weight": array(0, (4, 3, 3, 3)), "linear.weight": np.asfortranarray(array(1, (5, 7))),
         "bn._mean": array(2, (6,)), "half": array(3, (4,), np.float16), "wide": array(4, (4,), np.float64),
         "whole": array(5, (4,), np.int64), "scalar": array(6, ()), "empty": array(7, (0, 3))}
    d["bfloat16"] = (array(8, (4,)).view(np.uint32) >> 16).astype(np.uint16)
    d["StructuredToParameterName@@"] = {"conv.weight": "conv2d_0.w_0", "bn._mean": "batch_norm2d_0.w_1"}
    return d


def pieces(d):
    """As paddle.save() cuts arrays beyond 1 GiB before protocol 4, here at 20 elements."""
    flat = d.pop("conv.weight").ravel()
    names = []
    for i in range(0, flat.size, 20):
        names.append("conv.weight@@.%d" % (i // 20))
        d[names[-1]] = flat[i:i + 20]
    d["UnpackBigParamInfor@@"] = {"conv.weight": {"OriginShape": (4, 3, 3, 3), "slices": names}}
    return d


class Pair:
    """Pickled as the call tuple((name, array)), which is how Paddle writes a tensor in another object."""

    def __init__(self, name, value):
        self.pair = (name, value)

    def __reduce__(self):
        return tuple, (self.pair,)


def write_paddle(name, value, protocol):
    with open(os.path.join(HERE, name), "wb") as f:
        pickle.dump(value, f, protocol=protocol)


if __name__ == "__main__":
    write_torch("mmcv.pth", mmcv_checkpoint())
    write_torch("mmcv_legacy.pth", mmcv_checkpoint(), _use_new_zipfile_serialization=False)
    write_torch("mmcv_legacy4.pth", mmcv_checkpoint(), _use_new_zipfile_serialization=False, pickle_protocol=4)
    write_torch("mmengine.pth", mmengine_checkpoint())
    write_torch("root.pth", dict(state_dict()))
    torch.manual_seed(0)
    write_torch("module.pth", torch.nn.Linear(2, 2))
    write_torch("nothing.pth", {"model": {"w": numbers(0, (2,))}, "epoch": 3})
    torch.serialization.set_crc32_options(False)
    write_torch("no_checksums.pth", {"w": numbers(0, (2, 3))})
    for protocol in 2, 3, 4:
        write_paddle("paddle%d.pdparams" % protocol, paddle_dict(), protocol)
    write_paddle("paddle_pieces.pdparams", pieces(paddle_dict()), 2)
    write_paddle("paddle_pairs.pdparams", {k: Pair(k, v) for k, v in paddle_dict().items()}, 4)
