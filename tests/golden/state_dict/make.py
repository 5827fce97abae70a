# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""State dicts of networks with backbones of other programs, in mmsegmentation's words.

    python make.py OUT_DIR          (PyTorch 2.x, mmsegmentation 1.2.2)

Writes the .csv files named below, in the form of the others here: key, kind, shape, number of elements.
"""
import os, sys, warnings
warnings.filterwarnings('ignore')
import mmseg
from mmengine.config import Config
from mmseg.registry import MODELS
from mmseg.utils import register_all_modules

# name: backbone type, depth, its options, lateral connections
NETWORKS = {
    'encnet_r50s-d8_lateral.K19': ('ResNetV1c', 50, dict(stem_channels=128), True),
    'encnet_r101-vd.K19': ('ResNetV1d', 101, dict(contract_dilation=False, multi_grid=(4, 8, 16)), False),
}

register_all_modules(init_default_scope=True)
for name, (backbone, depth, details, lateral) in NETWORKS.items():
    m = Config.fromfile(os.path.join(os.path.dirname(mmseg.__file__), '.mim/configs/_base_/models/encnet_r50-d8.py')).model
    m.pretrained = m.data_preprocessor = None
    m.backbone.update(type=backbone, depth=depth, **details)
    m.decode_head.add_lateral = lateral
    model = MODELS.build(m)
    trained = dict(model.named_parameters())
    with open(os.path.join(sys.argv[1], name + '.csv'), 'w') as f:
        print('key,kind,shape,numel', file=f)
        for key, value in model.state_dict().items():
            kind = 'param' if key in trained else 'buffer' if value.dtype.is_floating_point else 'buffer_i64'
            print(f'{key},{kind},{"x".join(map(str, value.shape)) or "scalar"},{value.numel()}', file=f)
