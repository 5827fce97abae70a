# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""The networks that are compared, each as the original builds it and as our config file and what is set on top of it."""
import os
from dataclasses import dataclass, field
from typing import ClassVar

from mmengine.config import Config

WIDTHS = {18: [64, 128, 256, 512], 50: [256, 512, 1024, 2048], 101: [256, 512, 1024, 2048]}


@dataclass(frozen=True)
class Network:
    """EncNet or FCN on a ResNet."""
    head: str  # encnet or fcn
    depth: int
    lateral: bool = False
    corners: bool = False
    classes: int = 19
    codes: int = 32
    extra: ClassVar[bool] = False
    options: ClassVar[dict] = {}
    lr: ClassVar[float] = 0.001
    batch: ClassVar[int] = 2

    @property
    def name(self):
        return f'{self.head}_r{self.depth}' + '_lateral' * self.lateral + '_corners' * self.corners

    @property
    def channels(self):
        """Widths of the decode head and of the auxiliary head, as mmsegmentation's own configs have them."""
        return (128, 64) if self.depth == 18 else (512, 256)

    def reference_config(self, root):
        """A config of mmsegmentation 1.x; `root` is its folder of configs."""
        widths, (decode, aux) = WIDTHS[self.depth], self.channels
        inputs = widths[1:] if self.head == 'encnet' else widths[3]
        lateral = ', add_lateral=True' if self.lateral else ''
        return f"""_base_ = '{os.path.join(root, '_base_', 'models', self.head + '_r50-d8.py')}'
model = dict(
    backbone=dict(depth={self.depth}),
    decode_head=dict(in_channels={inputs}, channels={decode}, num_classes={self.classes}, align_corners={self.corners}{lateral}),
    auxiliary_head=dict(in_channels={widths[2]}, channels={aux}, num_classes={self.classes}, align_corners={self.corners}))
"""

    def config(self):
        """Our config file, and what is set on top of it."""
        decode, aux = self.channels
        return f'configs/{self.head}_r50-d8_512x1024_40k_cityscapes.ini', {
            'model.backbone': f'resnet{self.depth}_v1c', 'model.classes': self.classes, 'model.channels': decode,
            'model.aux_channels': aux, 'model.lateral': 'yes' if self.lateral else 'no',
            'model.align_corners': 'yes' if self.corners else 'no'}


@dataclass(frozen=True)
class Recipe:
    """A network of configs/, and where the original has it."""
    name: str
    file: str      # below configs/, without .ini
    original: str  # a config below mmsegmentation's folder, without .py, or a name of extra.py
    sets: dict = field(default_factory=dict)     # on top of our file
    changes: dict = field(default_factory=dict)  # of mmsegmentation's config
    extra: bool = False  # whether `original` is a name of extra.py
    options: dict = field(default_factory=dict)  # of extra.py
    lr: float = 0.001
    batch: int = 2
    classes: int = 19
    checks: tuple = ('forward', 'step', 'train', 'slide', 'scales', 'roundtrip')

    def reference_config(self, root):
        """The model of mmsegmentation's config, changed."""
        config = Config.fromfile(os.path.join(root, self.original + '.py'))
        config.merge_from_dict(self.changes)
        return f'model = {config.model.to_dict()!r}\n'

    def config(self):
        return f'configs/{self.file}.ini', self.sets


NETWORKS = {n.name: n for n in
            [Network('fcn', d, corners=c) for d in WIDTHS for c in (False, True)] +
            [Network('encnet', d, lateral=l, corners=c) for d in WIDTHS for l in (False, True) for c in (False, True)]}

# The branch of DeepLab's pyramid that pools a whole image normalises one value an image: of two it makes 1 and -1, whatever they
# are, and gradients that are all rounding; hence three.
POOLED = dict(batch=3)
# Behind these random weights rounding grows from step to step: at 0.001 PyTorch's own float32 is 0.1 % off after five.
CHAOTIC = dict(lr=0.00001)
LOSS = dict(checks=('forward', 'step', 'train'))  # the network has a row without this loss
KEPT = 500  # pixels an image that OHEM keeps, of 33 * 47 and 128 * 160

ZOO = {r.name: r for r in [
    Recipe('deeplabv3_r50', 'deeplabv3_r50-d8_512x1024_40k_cityscapes',
           'deeplabv3/deeplabv3_r50-d8_4xb2-40k_cityscapes-512x1024', **POOLED),
    Recipe('deeplabv3_r101', 'deeplabv3_r101-d8_512x1024_40k_b16_cityscapes',
           'deeplabv3/deeplabv3_r101-d8_4xb2-40k_cityscapes-512x1024', **POOLED),
    Recipe('deeplabv3_sep_r101', 'deeplabv3_sep_r101-d8_512x1024_40k_b16_cityscapes', 'deeplabv3sep_r101-d8', extra=True, **POOLED),
    Recipe('deeplabv3plus_r18', 'deeplabv3plus_r18-d8_512x1024_80k_cityscapes',
           'deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024', **POOLED),
    Recipe('deeplabv3plus_r18_corners', 'deeplabv3plus_r18-d8_769x769_80k_cityscapes',
           'deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-769x769', **POOLED),
    Recipe('deeplabv3plus_r50', 'deeplabv3plus_r50-d8_512x1024_40k_cityscapes',
           'deeplabv3plus/deeplabv3plus_r50-d8_4xb2-40k_cityscapes-512x1024', **POOLED),
    Recipe('deeplabv3plus_r101', 'deeplabv3plus_r101-d8_512x1024_40k_cityscapes',
           'deeplabv3plus/deeplabv3plus_r101-d8_4xb2-40k_cityscapes-512x1024', **POOLED),
    Recipe('deeplabv3plus_r101_d16_mg124', 'deeplabv3plus_r101-d16-mg124_512x1024_40k_cityscapes',
           'deeplabv3plus/deeplabv3plus_r101-d16-mg124_4xb2-40k_cityscapes-512x1024', {'train.ohem_min_kept': KEPT},
           {'model.decode_head.sampler.min_kept': KEPT}, **POOLED),
    Recipe('ocrnet_r18', 'ocrnet_r50-d8_512x1024_40k_b8_cityscapes', '_base_/models/ocrnet_r50-d8',
           {'model.backbone': 'resnet18_v1c', 'model.channels': 128, 'model.aux_channels': 64, 'model.ocr_channels': 64},
           {'model.backbone.depth': 18, 'model.decode_head.0.in_channels': 256, 'model.decode_head.0.channels': 64,
            'model.decode_head.1.in_channels': 512, 'model.decode_head.1.channels': 128, 'model.decode_head.1.ocr_channels': 64},
           **CHAOTIC),
    Recipe('ocrnet_r50', 'ocrnet_r50-d8_512x1024_40k_b8_cityscapes', '_base_/models/ocrnet_r50-d8', **CHAOTIC),
    Recipe('ocrnet_r101', 'ocrnet_r101-d8_512x1024_40k_b16_cityscapes', 'ocrnet/ocrnet_r101-d8_8xb2-40k_cityscapes-512x1024',
           **CHAOTIC),
    Recipe('ocrnet_r101_ohem', 'ocrnet_r101-d8_512x1024_40k_b16_cityscapes', 'ocrnet_r101-d8',
           {'train.loss': 'ohem', 'train.ohem_thresh': 0.01, 'train.ohem_min_kept': KEPT}, extra=True,
           options=dict(loss='ohem', thresh=0.01, min_kept=KEPT), **CHAOTIC, **LOSS),
    Recipe('ocrnet_r101_rmi', 'ocrnet_r101-d8_512x1024_40k_b16_rmi_cityscapes', 'ocrnet_r101-d8', extra=True,
           options=dict(loss='rmi', alpha=0.0005), **CHAOTIC, **LOSS),
    Recipe('ocrnet_r101_sep', 'ocrnet_r101-d8_512x1024_40k_b8_cityscapes_sep', 'ocrnetsep_r101-d8', extra=True, **CHAOTIC),
    Recipe('ocrnet_hr18s', 'ocrnet_hr18s_512x1024_40k_cityscapes', 'ocrnet/ocrnet_hr18s_4xb2-40k_cityscapes-512x1024', **CHAOTIC),
    Recipe('ocrnet_hr18', 'ocrnet_hr18_512x1024_40k_cityscapes', 'ocrnet/ocrnet_hr18_4xb2-40k_cityscapes-512x1024', **CHAOTIC),
    Recipe('ocrnet_hr48', 'ocrnet_hr48_512x1024_40k_cityscapes', 'ocrnet/ocrnet_hr48_4xb2-40k_cityscapes-512x1024', **CHAOTIC),
    Recipe('ocrnet_hr48_rmi', 'ocrnet_hr48_512x1024_40k_b16_rmi_cityscapes', 'ocrnet_hr48', extra=True, options=dict(loss='rmi'),
           **CHAOTIC, **LOSS),
    Recipe('ocrnetplus_r101_p0', 'ocrnetplus_r101-d8_512x1024_40k_b8_cityscapes_p0', 'ocrnetplus-p0_r101-d8', extra=True, **CHAOTIC),
    Recipe('ocrnetplus_r101_p1', 'ocrnetplus_r101-d8_512x1024_40k_b8_cityscapes_p1', 'ocrnetplus-p1_r101-d8', extra=True, **CHAOTIC),
    Recipe('ocrnetplus_r101_p2', 'ocrnetplus_r101-d8_512x1024_40k_b8_cityscapes_p2', 'ocrnetplus-p2_r101-d8', extra=True, **CHAOTIC),
    Recipe('ocrnetplus_r101_d16_p1', 'ocrnetplus_r101-d16_512x1024_80k_b16_cityscapes', 'ocrnetplus-p1_r101-d16', extra=True,
           **CHAOTIC),
    Recipe('fcn_hr18s', '_base_/models/fcn_hr18s', 'hrnet/fcn_hr18s_4xb2-40k_cityscapes-512x1024', **CHAOTIC),
    Recipe('fcn_hr18', '_base_/models/fcn_hr18', 'hrnet/fcn_hr18_4xb2-40k_cityscapes-512x1024', **CHAOTIC),
    Recipe('fcn_hr48', 'fcn_hr48_512x1024_80k_b16_cityscapes', 'fcn_hr48', extra=True, **CHAOTIC),
    Recipe('fcnplus_hr48', 'fcnplus_hr48_512x1024_80k_b16_cityscapes', 'fcndec_hr48', extra=True, **CHAOTIC),
]}
