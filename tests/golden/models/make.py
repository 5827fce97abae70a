# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Golden values of whole networks, from mmsegmentation in float64.

    python make.py OUT_DIR [NAME...]          (PyTorch 2.x, mmsegmentation 1.2.2; about 5 minutes on 2 cores)

Writes NAME.txt for every row of NETWORKS; tests/models/test_golden.c reads every such file.  Weights, images and labels come from the formulas below, which
tests/support/formula.c repeats, so that no weights need to be stored.  Every number is from the float64 run; `noise` is
how far PyTorch's own float32 run is from it (relative rms), the yardstick for ours.  A step of training amplifies what rounding
did in the one before, by luck more or less; so for losses it is the further of two runs, with oneDNN and without.
"""
import os, sys, warnings
from collections import namedtuple
warnings.filterwarnings('ignore')
import numpy as np, torch, mmseg
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.structures import PixelData
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads import EncHead, OCRHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.enc_head import EncModule
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from mmseg.utils import register_all_modules

import classifiers

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
CLASSES, WIDTH, AUX, STEPS = 5, 24, 16, 10

# What encnet-cl is told (its options, of [model] where they name no section), a function that gives the model of mmsegmentation's config, height, width
# and images of a batch, and the learning rate.
Network = namedtuple('Network', 'ours theirs h w batch lr')
COMMON = dict(classes=CLASSES, channels=WIDTH, aux_channels=AUX, dropout=0)


def base(name):
    """The model of mmsegmentation's base config NAME, for random weights on one device and without dropout."""
    m = Config.fromfile(os.path.join(os.path.dirname(mmseg.__file__), f'.mim/configs/_base_/models/{name}.py')).model
    m.pretrained = m.data_preprocessor = None
    heads = m.decode_head if isinstance(m.decode_head, list) else [m.decode_head]
    heads = heads + [m.auxiliary_head] if m.get('auxiliary_head') else heads
    for part in [m.backbone] + heads:
        part.norm_cfg = dict(type='BN', requires_grad=True)
    for head in heads:
        head.update(num_classes=CLASSES, dropout_ratio=0)
    return m


# Backbones of other programs in mmsegmentation's words: PyTorch-Encoding's, and that of EncNet's Paddle port.
BACKBONES = {
    '': ('ResNet', dict()),
    '_v1c': ('ResNetV1c', dict()),
    's': ('ResNetV1c', dict(stem_channels=128)),
    '_vd': ('ResNetV1d', dict(contract_dilation=False, multi_grid=(4, 8, 16))),
}


def on_resnet(network, depth, suffix, h, w, batch, lr, corners=False, ours={}, head={}):
    """FCN or EncNet on a ResNet; `head` are options of the decode head, `ours` the same in our words."""
    def theirs():
        m = base(f'{network}_r50-d8')
        kind, details = BACKBONES[suffix]
        m.backbone.update(type=kind, depth=depth, **details)
        wide = [64, 128, 256, 512] if depth == 18 else [256, 512, 1024, 2048]
        m.decode_head.update(channels=WIDTH, in_channels=wide[1:] if network == 'encnet' else wide[3], align_corners=corners, **head)
        m.auxiliary_head.update(channels=AUX, in_channels=wide[2], align_corners=corners)
        return m
    options = dict(network=network, backbone=f'resnet{depth}{suffix}', **COMMON, align_corners='yes' if corners else 'no', **ours)
    return Network(options, theirs, h, w, batch, lr)


def encnet(depth, suffix, codes, h, w, lr, lateral=False, corners=False):
    ours, head = dict(codewords=codes), dict(num_codes=codes)
    if lateral:
        ours['lateral'], head['add_lateral'] = 'yes', True
    return on_resnet('encnet', depth, suffix, h, w, 2, lr, corners, ours, head)


class PaperModule(EncModule):
    """The context encoding module with what the paper has otherwise: the sum over the codes, X * gamma, and without codewords the mean of
    the projected map."""

    def __init__(self, channels, codes, total, plain, norm_cfg):
        super().__init__(channels, max(codes, 1), None, norm_cfg, dict(type='ReLU'))
        self.total, self.plain = total, plain
        if codes == 0:
            self.encoding = None

    def code(self, x):
        p = self.encoding_project(x)
        if self.encoding is None:
            return p.mean((2, 3))
        return self.encoding(p).sum(1) if self.total else self.encoding(p).mean(1)

    def forward(self, x):
        e = self.code(x)
        gamma = self.fc(e)[:, :, None, None]
        return e, F.relu(x * gamma if self.plain else x + x * gamma)


@MODELS.register_module()
class PaperHead(EncHead):
    def __init__(self, codes, total, plain, **options):
        super().__init__(num_codes=max(codes, 1), **options)
        self.enc_module = PaperModule(self.channels, codes, total, plain, self.norm_cfg)


@MODELS.register_module()
class StageHead(BaseModule):
    """The SE loss of a second module, on stage 3."""

    def __init__(self, in_channels, codes, total, norm_cfg):
        super().__init__()
        self.enc_module = PaperModule(in_channels, codes, total, False, norm_cfg)
        del self.enc_module.fc
        self.se_layer = torch.nn.Linear(in_channels, CLASSES)

    def loss(self, inputs, samples, train_cfg):
        z = self.se_layer(self.enc_module.code(inputs[2]))
        t = EncHead._convert_to_onehot_labels(torch.stack([s.gt_sem_seg.data for s in samples]), CLASSES)
        return dict(loss_se=0.2 * F.binary_cross_entropy_with_logits(z, t.to(z.dtype)))


def paper(h, w, lr, codes, total=False, plain=False, stage3=False):
    """EncNet on ResNet-18 with the variants of the paper's module."""
    ours = dict(codewords=codes, code_sum='yes' if total else 'no', plain_gate='yes' if plain else 'no')
    if stage3:
        ours.update(se_stage3='yes', aux_channels=0)
    row = on_resnet('encnet', 18, '', h, w, 2, lr, False, {}, dict(type='PaperHead', codes=codes, total=total, plain=plain))

    def theirs():
        m = row.theirs()
        del m.decode_head['num_codes']
        if stage3:
            m.auxiliary_head = dict(type='StageHead', _delete_=True, in_channels=256, codes=codes, total=total, norm_cfg=m.decode_head.norm_cfg)
            m.auxiliary_head.pop('_delete_')
        return m
    return row._replace(ours=dict(row.ours, **ours), theirs=theirs)


def deeplab(network, depth, suffix, h, w, lr, rates='1,12,24,36', c1=8, corners=False, grid=''):
    """DeepLabV3 or V3+, c1 = 0 without the branch of that name; with a multi-grid `grid` at output stride 16."""
    ours = dict(aspp_rates=rates)
    head = dict(dilations=tuple(map(int, rates.split(','))))
    if network == 'deeplabv3plus':
        ours['c1_channels'], head['c1_channels'] = c1, c1
        head['c1_in_channels'] = 0 if c1 == 0 else 64 if depth == 18 else 256
    if grid:
        ours.update(output_stride=16, multi_grid=grid)
    row = on_resnet(network, depth, suffix, h, w, 3, lr, corners, ours, head)

    def theirs():
        m = row.theirs()
        if grid:
            m.backbone.update(strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2), multi_grid=tuple(map(int, grid.split(','))))
        return m
    return row._replace(theirs=theirs)


def fcn_hr18s(h, w, batch, lr, corners):
    """FCN on HRNetV2p-W18-Small, on all resolutions together."""
    def theirs():
        m = base('fcn_hr18')
        for stage, modules in (('stage1', 1), ('stage2', 1), ('stage3', 3), ('stage4', 2)):
            m.backbone.extra[stage].update(num_modules=modules, num_blocks=(2,) * len(m.backbone.extra[stage].num_blocks))
        m.decode_head.update(channels=WIDTH, align_corners=corners)
        return m
    options = dict(network='fcn', backbone='hrnet_w18s', **dict(COMMON, aux_channels=0), head_convs=1, head_kernel=1, head_concat='no',
                   align_corners='yes' if corners else 'no')
    return Network(options, theirs, h, w, batch, lr)


@MODELS.register_module()
class RMILoss(torch.nn.Module):
    """Region mutual information (arXiv:1910.12037) as in openseg-group's fork."""
    loss_name = 'loss_seg'

    def __init__(self, alpha=1e-3, share=0.5):
        super().__init__()
        self.alpha, self.share = alpha, share

    def forward(self, z, label, weight=None, ignore_index=255):
        n, classes = z.shape[:2]
        valid = (label < classes)[:, None].to(z.dtype)
        y = F.one_hot(label.clamp(max=classes - 1), classes).permute(0, 3, 1, 2).to(z.dtype) * valid
        each = (F.binary_cross_entropy_with_logits(z, y, reduction='none') * valid).sum() / (valid.sum() + 1)
        rows = []
        for t in (y, z.sigmoid() * valid + 1e-6):
            t = F.unfold(F.max_pool2d(t, 3, 3, 1).flatten(0, 1)[:, None], 3).double()
            rows.append(t - t.mean(2, keepdim=True))
        y, q = rows
        small = self.alpha * torch.eye(9, dtype=torch.float64)
        m = y @ y.mT - y @ q.mT @ torch.linalg.inv(q @ q.mT + small) @ q @ y.mT
        r = torch.log(torch.linalg.cholesky(m + small).diagonal(dim1=-2, dim2=-1) + 1e-8).sum(-1)
        return self.share * each + (1 - self.share) * (r.view(n, classes).mean(0).to(z.dtype) / 9).sum()


def with_loss(network, options, **head):
    """The network with `options` of [train], and with these options of the original's decode head."""
    def theirs():
        m = network.theirs()
        last = m.decode_head[-1] if isinstance(m.decode_head, list) else m.decode_head
        for k, v in head.items():
            last[k] = v # update() would join dictionaries
        return m
    return network._replace(ours=dict(network.ours, **{f'train.{k}': v for k, v in options.items()}), theirs=theirs)


@MODELS.register_module()
class FpnDecodeHead(BaseDecodeHead):
    """The decoder of openseg-group's fork: from the coarsest map to the finest, every width a fixed part of `channels`."""
    def __init__(self, **options):
        super().__init__(input_transform='multiple_select', **options)
        norm = dict(norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        fused, inputs = self.channels // 2, self.channels
        self.bottleneck = DepthwiseSeparableConvModule(self.in_channels[-1], self.channels, 3, padding=1, **norm)
        self.project, self.fuse = torch.nn.ModuleList(), torch.nn.ModuleList()
        for i, width in enumerate(self.in_channels[-2::-1]):
            p = self.channels // (4 << i)
            self.project.append(torch.nn.Sequential(torch.nn.Conv2d(width, p, 1, bias=False), torch.nn.BatchNorm2d(p), torch.nn.ReLU()))
            self.fuse.append(DepthwiseSeparableConvModule(inputs + p, fused, 5, padding=2, **norm))
            inputs = fused
        self.conv_seg = torch.nn.Conv2d(fused, self.num_classes, 1)

    def forward(self, inputs):
        inputs = self._transform_inputs(inputs)
        y = self.bottleneck(inputs[-1])
        for x, project, fuse in zip(inputs[-2::-1], self.project, self.fuse):
            y = resize(y, size=x.shape[2:], mode='bilinear', align_corners=self.align_corners)
            y = fuse(torch.cat([y, project(x)], 1))
        return self.cls_seg(y)


def fcnplus_r18(h, w, batch, lr, corners):
    """FCN+Decoder, on a ResNet-18 of output stride 32: the head is the same as on HRNet, and the file a fifth of the size."""
    width = 32

    def theirs():
        m = base('fcn_r50-d8')
        m.auxiliary_head = None
        m.backbone.update(type='ResNet', depth=18, strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1))
        m.decode_head = dict(type='FpnDecodeHead', in_channels=[64, 128, 256, 512], in_index=(0, 1, 2, 3), channels=width,
                             num_classes=CLASSES, dropout_ratio=0, norm_cfg=m.decode_head.norm_cfg, align_corners=corners,
                             loss_decode=m.decode_head.loss_decode)
        return m
    options = dict(network='fcnplus', backbone='resnet18', output_stride=32, **dict(COMMON, channels=width),
                   align_corners='yes' if corners else 'no')
    return Network(options, theirs, h, w, batch, lr)


@MODELS.register_module()
class OCRPlusHead(OCRHead):
    """openseg's OCR heads of July 2020: a separable bottleneck, a separable 3x3 fusion, and a decoder (`c1` channels, which may
    be separable), each or not."""

    def __init__(self, separable_bottleneck, separable_fusion, separable_decoder, c1_in, c1, **kwargs):
        super().__init__(**kwargs)
        ch, norm = self.channels, dict(norm_cfg=self.norm_cfg)
        if separable_bottleneck:
            self.bottleneck = DepthwiseSeparableConvModule(self.in_channels, ch, 3, padding=1, **norm)
        if separable_fusion:
            self.object_context_block.bottleneck = DepthwiseSeparableConvModule(2 * ch, ch, 3, padding=1, **norm)
        block = DepthwiseSeparableConvModule if separable_decoder else ConvModule
        if c1:
            self.fuse_bottleneck = torch.nn.Sequential(*(block(n, ch, 3, padding=1, **norm) for n in (ch + c1, ch)))
            self.c1_bottleneck = ConvModule(c1_in, c1, 1, **norm)
        self.c1 = c1

    def forward(self, inputs, prev_output):
        feats = self.bottleneck(self._transform_inputs(inputs))
        y = self.object_context_block(feats, self.spatial_gather_module(feats, prev_output))
        if self.c1:
            c1 = self.c1_bottleneck(inputs[0])
            y = resize(y, size=c1.shape[2:], mode='bilinear', align_corners=self.align_corners)
            y = self.fuse_bottleneck(torch.cat([y, c1], 1))
        return self.cls_seg(y)


def ocr(depth, suffix, h, w, lr, ocr_channels=12, separable=None, c1=0, corners=False):
    """OCRNet; `separable` are the parts of OCRPlusHead that are so ('' = none), c1 the width of its decoder, 0 for none."""
    ours = dict(ocr_channels=ocr_channels)
    if c1:
        ours['c1_channels'] = c1
    for part in (separable or '').split():
        ours[f'separable_{part}'] = 'yes'

    def theirs():
        m = base('ocrnet_r50-d8')
        m.backbone.update(type=BACKBONES[suffix][0], depth=depth)
        wide = [64, 128, 256, 512] if depth == 18 else [256, 512, 1024, 2048]
        m.decode_head[0].update(channels=AUX, in_channels=wide[2], align_corners=corners)
        m.decode_head[1].update(channels=WIDTH, in_channels=wide[3], ocr_channels=ocr_channels, align_corners=corners)
        if separable is not None:
            m.decode_head[1].update(type='OCRPlusHead', c1=c1, c1_in=wide[0],
                                    **{f'separable_{p}': p in separable for p in ('bottleneck', 'fusion', 'decoder')})
        return m
    options = dict(network='ocrnetplus' if c1 else 'ocrnet', backbone=f'resnet{depth}{suffix}', **COMMON,
                   align_corners='yes' if corners else 'no', **ours)
    return Network(options, theirs, h, w, 2, lr)


def classifier(theirs, batch, lr, smoothing=0, h=32, w=32, **ours):
    """A classifier; theirs() makes its module, not a configuration."""
    options = dict(network='classifier', classes=CLASSES, **ours)
    if smoothing:
        options['train.label_smoothing'] = smoothing
    return Network(options, lambda: (theirs(), smoothing), h, w, batch, lr)


def cifar_encnet(how, codes, batch, lr):
    return classifier(lambda: classifiers.cifar('encnet', CLASSES, codes, how), batch, lr, backbone='cifar_encnet', width=16,
                      block_codewords=codes, block_scale=how)


# The rate of the deeper networks is lower: at 0.001 their random weights make training chaotic, and after three steps PyTorch's
# own float32 run is 1 % off; so is OCRNet's after ten.  HRNet's coarsest maps have so few pixels that a single value on the
# other side of a ReLU's kink moves a gradient by a third; at this size no value of the first step is that close to one.
NETWORKS = {
    'encnet_r18_v1c': encnet(18, '_v1c', 8, 65, 49, 1e-3),
    'encnet_r18_lateral_corners': encnet(18, '_v1c', 5, 65, 56, 1e-3, lateral=True, corners=True),
    'encnet_r50': encnet(50, '', 32, 81, 97, 1e-5),
    'fcn_r18': on_resnet('fcn', 18, '', 49, 65, 2, 1e-3),
    'fcn_r18_ohem': with_loss(on_resnet('fcn', 18, '', 49, 65, 2, 1e-3), dict(loss='ohem', ohem_min_kept=700),
                              sampler=dict(type='OHEMPixelSampler', min_kept=700)),
    'fcn_r18_ohem_thresh': with_loss(on_resnet('fcn', 18, '', 49, 65, 2, 1e-3), dict(loss='ohem', ohem_thresh=0.17, ohem_min_kept=700),
                                     sampler=dict(type='OHEMPixelSampler', thresh=0.17, min_kept=700)),
    'fcn_r18_rmi': with_loss(on_resnet('fcn', 18, '', 49, 65, 2, 1e-3), dict(loss='rmi'), loss_decode=dict(type='RMILoss')),
    'encnet_r50s_lateral_corners': encnet(50, 's', 7, 113, 97, 1e-5, lateral=True, corners=True),
    'encnet_r50_vd': encnet(50, '_vd', 32, 97, 113, 1e-5),
    'deeplabv3_r18_v1c': deeplab('deeplabv3', 18, '_v1c', 97, 113, 1e-3),
    'deeplabv3plus_r18_corners': deeplab('deeplabv3plus', 18, '', 65, 49, 1e-3, rates='1,2,3,5', corners=True),
    'deeplabv3plus_r18_v1c_sep': deeplab('deeplabv3plus', 18, '_v1c', 49, 65, 1e-5, rates='1,4,8', c1=0),
    'deeplabv3plus_r50_v1c_d16_mg124': deeplab('deeplabv3plus', 50, '_v1c', 97, 113, 1e-5, rates='1,6,12,18', grid='1,2,4'),
    'fcn_hr18s_corners': fcn_hr18s(65, 105, 2, 1e-5, corners=True),
    'ocrnet_r18_v1c': ocr(18, '_v1c', 49, 65, 1e-4),
    'ocrnet_r18_v1c_rmi_corners': with_loss(ocr(18, '_v1c', 49, 65, 1e-4, corners=True), dict(loss='rmi', rmi_alpha=5e-4),
                                            loss_decode=dict(type='RMILoss', alpha=5e-4)),
    'ocrnetplus_r18': ocr(18, '', 49, 65, 1e-4, separable='', c1=8),
    'ocrnetplus_r18_separable_corners': ocr(18, '', 65, 56, 1e-4, separable='bottleneck fusion decoder', c1=6, corners=True),
    'fcnplus_r18': fcnplus_r18(65, 97, 2, 1e-3, corners=False),
    'encnet_r18_sum_plain_stage3': paper(65, 49, 1e-3, 8, total=True, plain=True, stage3=True),
    'encnet_r18_no_codewords': paper(49, 65, 1e-3, 0),
    'cifar_resnet14': classifier(lambda: classifiers.cifar('resnet14', CLASSES), 6, 1e-3, backbone='cifar_resnet14', width=16),
    'cifar_resnet14_post': classifier(lambda: classifiers.cifar('resnet14-post', CLASSES), 5, 1e-3, smoothing=0.1,
                                      backbone='cifar_resnet14_post', width=16),
    'cifar_seresnet14': classifier(lambda: classifiers.cifar('seresnet14', CLASSES), 6, 1e-3, backbone='cifar_seresnet14', width=16),
    'cifar_seresnet14_post': classifier(lambda: classifiers.cifar('seresnet14-post', CLASSES), 6, 1e-3, backbone='cifar_seresnet14_post',
                                        width=16),
    'cifar_encnet': cifar_encnet('drawn', 16, 6, 1e-3),
    'cifar_encnet_redrawn': cifar_encnet('redrawn', 7, 6, 1e-3),
    'cifar_encnet_learned': cifar_encnet('learned', 9, 6, 1e-3),
    'classifier_r18': classifier(lambda: classifiers.resnet(18, 'ResNet', CLASSES), 3, 1e-4, smoothing=0.1, h=65, w=49,
                                 backbone='resnet18', output_stride=32),
    'fcn_r50_v1c_corners': on_resnet('fcn', 50, '_v1c', 80, 104, 2, 1e-5, corners=True),
}


def mix(x):
    """A 32-bit integer hash, elementwise, as uniform numbers in [0,1) with 24 bits."""
    x = np.asarray(x, np.uint64) & 0xffffffff
    for shift, factor in ((16, 0x7feb352d), (15, 0x846ca68b)):
        x = ((x ^ (x >> shift)) * factor) & 0xffffffff
    x = x ^ (x >> 16)
    return (x >> 8).astype(np.float64) / 2 ** 24


def weight(index, name, shape):
    count = int(np.prod(shape)) if len(shape) else 1
    u = mix(index * 0x9E3779B9 + np.arange(count, dtype=np.uint64))
    if name.endswith('running_var'):
        v = 0.5 + u
    elif name.endswith('running_mean'):
        v = 0.2 * (u - 0.5)
    elif name.endswith('.scale'):
        v = -u
    elif name.endswith('.codewords'):
        v = (u - 0.5) * 2
    elif len(shape) == 4:
        v = (u - 0.5) * 2 * np.sqrt(6 / np.prod(shape[1:]))
    elif len(shape) == 2:
        v = (u - 0.5) * 2 / np.sqrt(shape[1])
    elif name.endswith('weight'):
        v = (0.2 if 'bn3' in name or 'bn2' in name else 0.5) + 0.5 * u
    else:
        v = 0.2 * (u - 0.5)
    return v.astype(np.float32).reshape(shape)


def picture(i, h, w):
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(3), indexing='ij')
    block = mix((i * 977 + (y // 8) * 131 + (x // 8)) * 3 + c)
    noise = mix(((i * 4099 + y) * 1021 + x) * 3 + c + 12345)
    return np.floor(200 * block + 55 * noise).astype(np.uint8)


def label(i, h, w):
    y, x = np.meshgrid(np.arange(h), np.arange(w), indexing='ij')
    v = np.floor(CLASSES * mix(i * 31 + (y // 8) * 131 + (x // 8) + 777)).astype(np.int64)
    v[mix((i * 7 + y) * 509 + x + 99) < 0.05] = 255
    return v


def labels(i):
    """The class of image i as a whole."""
    v = label(i, 1, 1)
    return 0 if v[0, 0] == 255 else int(v[0, 0])


def build(network):
    theirs = network.theirs()
    model = theirs[0] if isinstance(theirs, tuple) else MODELS.build(theirs)
    state = model.state_dict()
    for index, (name, value) in enumerate(state.items()):
        if value.dtype.is_floating_point:
            value.copy_(torch.from_numpy(weight(index, name, tuple(value.shape))))
    model.load_state_dict(state)
    return model


def batch_of(network, dtype, first):
    x = np.stack([(picture(first + i, network.h, network.w).astype(np.float32) - MEAN) / STD for i in range(network.batch)])
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).to(dtype)


def losses_of(model, network, dtype, it):
    h, w, batch = network.h, network.w, network.batch
    x = batch_of(network, dtype, it * batch)
    if not hasattr(model, 'encode_decode'):
        y = torch.tensor([labels(it * batch + i) for i in range(batch)])
        return {'cls.loss_ce': F.cross_entropy(model(x), y, label_smoothing=network.ours.get('train.label_smoothing', 0.0))}
    samples = []
    for i in range(batch):
        s = SegDataSample(metainfo=dict(img_shape=(h, w), pad_shape=(h, w), ori_shape=(h, w)))
        s.gt_sem_seg = PixelData(data=torch.from_numpy(label(it * batch + i, h, w))[None])
        samples.append(s)
    return model.loss(x, samples)


def run(network, dtype):
    """Logits of eval mode, terms of ten training steps, gradients of the first, weights after the last."""
    torch.set_default_dtype(torch.float32)
    model = build(network)
    model = model.to(dtype)
    torch.set_default_dtype(dtype)
    h, w, batch = network.h, network.w, network.batch
    model.eval()
    with torch.no_grad():
        first = batch_of(network, dtype, 0)[:1]
        shapes = dict(ori_shape=(h, w), img_shape=(h, w), pad_shape=(h, w))
        logits = model.encode_decode(first, [shapes])[0] if hasattr(model, 'encode_decode') else model(first)[0]
    model.train()
    opt = torch.optim.SGD(model.parameters(), lr=network.lr, momentum=0.9, weight_decay=5e-4)
    losses, grads = [], None
    for it in range(STEPS):
        opt.zero_grad(set_to_none=True)
        out = losses_of(model, network, dtype, it)
        sum(v.sum() for k, v in out.items() if 'loss' in k).backward()
        if grads is None:
            grads = {k: p.grad.numpy().copy() for k, p in model.named_parameters()}
        opt.step()
        losses.append({k: float(v.detach().sum()) for k, v in out.items() if 'loss' in k})
    final = {k: v.numpy().copy() for k, v in model.state_dict().items() if v.dtype.is_floating_point}
    return logits.numpy(), losses, grads, final


def distance(a, b):
    return float(np.sqrt(np.mean((a.astype(np.float64) - b) ** 2)) / (np.sqrt(np.mean(b.astype(np.float64) ** 2)) + 1e-300))


def probe(a):
    """Eight elements spread over a tensor."""
    flat = a.reshape(-1)
    return [flat[(len(flat) - 1) * i // 7] for i in range(8)]


def main():
    register_all_modules(init_default_scope=True)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, network in NETWORKS.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        l64, t64, g64, w64 = run(network, torch.float64)
        l32, t32, g32, w32 = run(network, torch.float32)
        with torch.backends.mkldnn.flags(enabled=False):
            again = run(network, torch.float32)[1]
        with open(os.path.join(sys.argv[1], name + '.txt'), 'w') as f:
            print(f'# torch {torch.__version__} mmseg {mmseg.__version__}: python make.py', file=f)
            print('options', *[f'{k if "." in k else "model." + k}={v}' for k, v in network.ours.items()], file=f)
            print('size', network.h, network.w, network.batch, 'lr', network.lr, file=f)
            flat = l64.reshape(-1)
            print(f'logits {len(flat)} noise {distance(l32, l64):.3e}', file=f)
            print(*[f'{v:.9g}' for v in (flat[::13] if len(flat) > 100 else flat)], file=f)
            for it in range(STEPS):
                for k in t64[it]:
                    print(f'loss {it} {k if k.startswith("cls.") else k.replace("loss_ce", "loss_seg")} {t64[it][k]:.12g} noise {np.max([abs(t[it][k] - t64[it][k]) for t in (t32, again)]):.3e}', file=f)
            for kind, a, b in (('grad', g64, g32), ('weight', w64, w32)):
                for k in a:
                    rms = float(np.sqrt(np.mean(a[k] ** 2)))
                    print(f'{kind} {k} rms {rms:.9g} noise {distance(b[k], a[k]):.3e}', *[f'{v:.9g}' for v in probe(a[k])], file=f)
        print(name, 'logits noise', distance(l32, l64), 'loss', t64[0], t64[-1], flush=True)


if __name__ == '__main__':
    main()
