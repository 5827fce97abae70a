# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Golden gradients of networks without kinks, from mmsegmentation in float64.

    python make.py OUT_DIR          (PyTorch 2.x, mmsegmentation 1.2.2; a minute)

Networks, weights, images and labels are those of ../models/make.py, but batch norm adds SHIFT to even channels and takes it
from odd ones: every unit stays on its side of ReLU (checked, as are near ties of max pooling), so that rounding tips none over and
gradients can be compared to the last digits.  Of the gradient of every parameter after one batch NAME.txt has the rms, its
noise (relative rms distance of PyTorch's float32 runs from float64, the largest of plain and without oneDNN), and PROJECTIONS
sums of all elements with random signs, over rms and the square root of their number.
"""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'models'))
import mmseg, numpy as np, torch
from make import NETWORKS, batch_of, build, distance, label, mix
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.utils import register_all_modules

NAMES = ('encnet_r18_lateral_corners', 'encnet_r50', 'fcn_r18', 'deeplabv3_r18_v1c', 'deeplabv3plus_r18_corners', 'fcn_hr18s_corners',
         'fcnplus_r18', 'ocrnet_r18_v1c')
SHIFT, MARGIN, EQUAL, PROJECTIONS = 8, 4e-6, 1e-12, 4


class Kink(Exception):
    pass


def watch(model):
    """Raises Kink where a value is so close to a kink that one rounding could put it on the other side."""
    def relu_input(module, inputs):
        if inputs[0].abs().min() < MARGIN:
            raise Kink

    def pool_input(module, inputs):
        x = torch.nn.functional.pad(inputs[0].detach(), (1, 1, 1, 1), value=-1e9)
        two = x.unfold(2, 3, 2).unfold(3, 3, 2).flatten(4).topk(2).values
        gap = (two[..., 0] - two[..., 1])[two[..., 0] > 0]
        if ((gap > EQUAL) & (gap < MARGIN)).any():
            raise Kink
    for m in model.modules():
        if isinstance(m, torch.nn.ReLU):
            m.register_forward_pre_hook(relu_input)
        if isinstance(m, torch.nn.MaxPool2d):
            m.register_forward_pre_hook(pool_input)


def gradients(network, first, dtype):
    """Of one batch, images `first` and on, in training mode."""
    torch.set_default_dtype(torch.float32)
    model = build(network)
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, torch.nn.modules.batchnorm._BatchNorm):
                m.bias.copy_(SHIFT * (1.0 - 2 * (torch.arange(m.num_features) % 2)))
    model = model.to(dtype)
    torch.set_default_dtype(dtype)
    if dtype == torch.float64:
        watch(model)
    h, w, batch = network.h, network.w, network.batch
    samples = []
    for i in range(batch):
        s = SegDataSample(metainfo=dict(img_shape=(h, w), pad_shape=(h, w), ori_shape=(h, w)))
        s.gt_sem_seg = PixelData(data=torch.from_numpy(label(first + i, h, w))[None])
        samples.append(s)
    model.train()
    out = model.loss(batch_of(network, dtype, first), samples)
    sum(v.sum() for k, v in out.items() if 'loss' in k).backward()
    return {k: p.grad.numpy().copy() for k, p in model.named_parameters()}


def decided(network):
    """The first batch without kinks, and its gradients in float64."""
    for first in range(1000):
        try:
            return first, gradients(network, first, torch.float64)
        except Kink:
            continue


def projections(a):
    flat = a.astype(np.float64).reshape(-1)
    i = np.arange(flat.size, dtype=np.uint64)
    scale = np.sqrt(np.mean(flat ** 2) * flat.size)
    return [np.sum(np.where(mix(i + np.uint64(p * 0x51ED2701)) < 0.5, -flat, flat)) / scale for p in range(PROJECTIONS)]


def main():
    register_all_modules(init_default_scope=True)
    for name in NAMES:
        network = NETWORKS[name]
        first, double = decided(network)
        runs = [gradients(network, first, torch.float32)]
        with torch.backends.mkldnn.flags(enabled=False):
            runs.append(gradients(network, first, torch.float32))
        with open(os.path.join(sys.argv[1], name + '.txt'), 'w') as f:
            print(f'# torch {torch.__version__} mmseg {mmseg.__version__}: python make.py', file=f)
            print('size', network.h, network.w, network.batch, 'first', first, file=f)
            for k, a in double.items():
                noise = np.max([distance(r[k], a) for r in runs])  # max() would drop NaN
                print(k, f'{np.sqrt(np.mean(a ** 2)):.9g} {noise:.3e}', *[f'{v:.9g}' for v in projections(a)], file=f)
        print(name, 'noise, median', np.median([distance(runs[0][k], double[k]) for k in double]), flush=True)


if __name__ == '__main__':
    main()
