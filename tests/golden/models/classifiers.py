# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""The classifiers of make.py: PyTorch-Encoding's CIFAR networks of 2018 (EncNet, arXiv:1803.08904, section 4.3), and a linear
layer on mmsegmentation's ResNets."""
import numpy as np, torch
from mmseg.models.utils import Encoding
from mmseg.registry import MODELS
from torch import nn
from torch.nn import functional as F


def philox(key, counter):
    """Philox4x32-10: encnet__philox()."""
    c, k, mask = list(counter), list(key), 0xffffffff
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & mask, (a >> 32) ^ c[3] ^ k[1], a & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def draw(count, step, stream):
    """What lib/ops/drawn_scale.c draws with the seed 0."""
    words = [w for i in range((count + 3) // 4) for w in philox((0, 0), (i, step, stream, 0x5343414c))]
    return torch.tensor([(w >> 8) / 2 ** 24 - 1 for w in words[:count]])


class Redrawn(torch.autograd.Function):
    """distances * first, whose backward pass reads `second`; `scale` gets the gradient of the forward pass."""

    @staticmethod
    def forward(ctx, distances, scale, first, second):
        ctx.save_for_backward(distances, second)
        return distances * first

    @staticmethod
    def backward(ctx, g):
        distances, second = ctx.saved_tensors
        return g * second, (g * distances).sum((0, 1)), None, None


class DrawnEncoding(Encoding):
    """Smoothing factors are drawn in training, twice if `how` is redrawn, and -0.5 otherwise."""

    def __init__(self, channels, codes, how):
        super().__init__(channels, codes)
        self.how, self.step = how, 0

    def fresh(self, stream):
        self.scale.data.copy_(draw(self.num_codes, self.step, stream))
        return self.scale.data.clone()

    def forward(self, x):
        if self.how == 'learned':
            return super().forward(x)
        if not self.training:
            self.scale.data.fill_(-0.5)
            return super().forward(x)
        first = second = self.fresh(self.stream)
        if self.how == 'redrawn':
            second = self.fresh(self.stream | 1 << 31)
        self.step += 1
        if self.how == 'drawn':
            return super().forward(x)
        x = x.flatten(2).mT.contiguous()
        distances = self.scaled_l2(x, self.codewords, torch.ones_like(first))
        a = F.softmax(Redrawn.apply(distances, self.scale, first, second), dim=2)
        return self.aggregate(a, x, self.codewords)


class Unit(nn.Module):
    def forward(self, v):
        return F.normalize(v, dim=1, eps=1e-8)


class EncLayer(nn.Module):
    def __init__(self, c, codes, how):
        super().__init__()
        d = c // 4
        self.fc = nn.Sequential(nn.Conv2d(c, d, 1), nn.BatchNorm2d(d), nn.ReLU(), DrawnEncoding(d, codes, how),
                                nn.Flatten(), Unit(), nn.Linear(codes * d, c), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x)[:, :, None, None]


class SELayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(c, c // 16), nn.ReLU(), nn.Linear(c // 16, c), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


def conv3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class PreBlock(nn.Module):
    def __init__(self, inputs, c, stride, gate):
        super().__init__()
        self.residual_layer = nn.Conv2d(inputs, c, 1, stride) if stride != 1 or inputs != c else nn.Identity()
        self.conv_block = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), conv3(inputs, c, stride),
                                        nn.BatchNorm2d(c), nn.ReLU(), conv3(c, c))
        self.se = gate(c)

    def forward(self, x):
        return self.residual_layer(x) + self.se(self.conv_block(x))


class PostBlock(nn.Module):
    def __init__(self, inputs, c, stride, gate):
        super().__init__()
        self.conv1, self.bn1 = conv3(inputs, c, stride), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = conv3(c, c), nn.BatchNorm2d(c)
        self.relu, self.se = nn.ReLU(), gate(c)
        self.residual_layer = nn.Conv2d(inputs, c, 1, stride) if stride != 1 or inputs != c else nn.Identity()

    def forward(self, x):
        y = self.se(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return self.relu(y + self.residual_layer(x))


class Cifar(nn.Module):
    def __init__(self, kind, gate, w, classes):
        super().__init__()

        def stage(inputs, c, stride):
            return nn.Sequential(kind(inputs, c, stride, gate), kind(c, c, 1, gate))
        self.model = nn.Sequential(nn.Conv2d(3, w, 3, padding=1), nn.BatchNorm2d(w), nn.ReLU(), stage(w, w, 1), stage(w, 2 * w, 2),
                                   stage(2 * w, 4 * w, 2), nn.BatchNorm2d(4 * w), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                                   nn.Linear(4 * w, classes))
        for i, name in enumerate(self.state_dict()):
            if name.endswith('.scale'):
                self.get_submodule(name.removesuffix('.scale')).stream = i

    def forward(self, x):
        return self.model(x)


class OnBackbone(nn.Module):
    """A linear layer on the pooled last map of a backbone."""

    def __init__(self, backbone, classes):
        super().__init__()
        self.backbone = MODELS.build(backbone)
        self.head = nn.Module()
        self.head.fc = nn.Linear(self.backbone.feat_dim, classes)

    def forward(self, x):
        return self.head.fc(self.backbone(x)[-1].mean((2, 3)))


def cifar(backbone, classes, codes=0, how='drawn', width=16):
    kind = PreBlock if backbone in ('resnet14', 'seresnet14') else PostBlock
    gate = (lambda c: EncLayer(c, codes, how)) if codes else SELayer if backbone.startswith('se') else lambda c: nn.Identity()
    return Cifar(kind, gate, width, classes)


def resnet(depth, kind, classes):
    return OnBackbone(dict(type=kind, depth=depth, norm_cfg=dict(type='BN')), classes)
