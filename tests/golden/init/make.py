# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Golden statistics of initial weights, from mmsegmentation's own initialisation.

    python make.py OUT_DIR          (PyTorch 2.x, mmsegmentation 1.2.2; some seconds)

Writes NAME.csv for every network below: of every weight its name, how many numbers it has, their mean, deviation, kurtosis
(0 where all are equal), least and largest.
"""
import logging, os, sys, warnings
warnings.filterwarnings('ignore')
import mmseg, torch
from mmengine.config import Config
from mmseg.registry import MODELS
from mmseg.utils import register_all_modules

# name: base config, depth, inputs of the decode head and of the auxiliary head, options of the decode head
NETWORKS = {
    'encnet_r18_lateral': ('encnet', 18, [128, 256, 512], 256, dict(channels=128, num_codes=512, add_lateral=True)),
    'fcn_r50': ('fcn', 50, 2048, 1024, dict(channels=128)),
    'deeplabv3plus_r18': ('deeplabv3plus', 18, 512, 256, dict(channels=128, c1_in_channels=64, c1_channels=12)),
}


def build(base, depth, inputs, aux, head):
    cfg = Config.fromfile(os.path.join(os.path.dirname(mmseg.__file__), f'.mim/configs/_base_/models/{base}_r50-d8.py'))
    m = cfg.model
    m.pretrained = m.data_preprocessor = None
    m.backbone.depth = depth
    m.decode_head.update(in_channels=inputs, **head)
    m.auxiliary_head.update(in_channels=aux, channels=64)
    for part in (m.backbone, m.decode_head, m.auxiliary_head):
        part.norm_cfg = dict(type='BN', requires_grad=True)
    torch.manual_seed(0)
    model = MODELS.build(m)
    model.init_weights()
    return model


def line(name, values):
    v = values.double().flatten()
    deviation = (v - v.mean()).pow(2).mean().sqrt()
    kurtosis = ((v - v.mean()) / deviation).pow(4).mean() if deviation > 0 else 0.0
    return f'{name},{v.numel()},{v.mean():.6g},{deviation:.6g},{kurtosis:.6g},{v.min():.6g},{v.max():.6g}'


def main():
    register_all_modules(init_default_scope=True)
    logging.disable(logging.CRITICAL)
    for name, row in NETWORKS.items():
        with open(os.path.join(sys.argv[1], name + '.csv'), 'w') as f:
            print(f'# torch {torch.__version__} mmseg {mmseg.__version__}: name,count,mean,deviation,kurtosis,least,largest', file=f)
            for key, value in build(*row).state_dict().items():
                print(line(key, value), file=f)


if __name__ == '__main__':
    main()
