"""The networks that are compared, each as mmsegmentation's config and as ours."""
import os
from dataclasses import dataclass

WIDTHS = {18: [64, 128, 256, 512], 50: [256, 512, 1024, 2048], 101: [256, 512, 1024, 2048]}


@dataclass(frozen=True)
class Network:
    head: str  # encnet or fcn
    depth: int
    lateral: bool = False
    corners: bool = False
    classes: int = 19
    codes: int = 32

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


NETWORKS = {n.name: n for n in
            [Network('fcn', d, corners=c) for d in WIDTHS for c in (False, True)] +
            [Network('encnet', d, lateral=l, corners=c) for d in WIDTHS for l in (False, True) for c in (False, True)]}
