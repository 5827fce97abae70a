# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Golden class ids of the test-time modes, from mmsegmentation in float64.

    python make.py OUT_DIR          (PyTorch 2.x, mmsegmentation 1.2.2; some seconds)

Writes NETWORK_MODE.png for every network and mode below: grey, class ids; 255 where the two largest probabilities are
closer than GAP, which float32 cannot tell apart.  Weights and picture come from the formulas of ../models/make.py, which
tests/support/formula.c repeats; then the classifier's weights are multiplied by SHARPEN, and its biases are those of
NETWORK_bias.txt, which bring the classes' mean logits together: all classes occur, and softmax is far from linear.
Slide mode is mmsegmentation's own slide_inference; scales and flip follow its 0.x
MultiScaleFlipAug and aug_test: probabilities at the picture's size, averaged.
"""
import os, sys, warnings
warnings.filterwarnings('ignore')
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'models'))
import mmcv, numpy as np, torch
from make import MEAN, NETWORKS, STD, build, picture
from PIL import Image
from mmengine.config import ConfigDict
from mmseg.models.utils import resize
from mmseg.utils import register_all_modules

H, W, CROP, STRIDE, GAP, SHARPEN = 61, 85, (48, 56), (32, 40), 1e-4, 8
BOX = (112, 80)  # 61 x 85 -> 80 x 111

# name: mode, keep-ratio box, scales, flip
MODES = {
    'whole': ('whole', None, [1.0], False),
    'box': ('whole', BOX, [1.0], False),
    'slide': ('slide', None, [1.0], False),
    'slide_box': ('slide', BOX, [1.0], False),
    'scales_flip': ('whole', None, [0.5, 1.0, 1.75], True),
    'slide_scales_flip': ('slide', BOX, [0.75, 1.25], True),
}


def probabilities(model, image, mode, box, scales, flip):
    total, corners = [], model.decode_head.align_corners
    for scale in scales:
        base = box or (W, H)
        sized = image if box is None and scale == 1 else mmcv.imrescale(image, (int(base[0] * scale), int(base[1] * scale)))
        for mirrored in ([False, True] if flip else [False]):
            x = (sized[:, ::-1] if mirrored else sized).astype(np.float32)
            x = torch.from_numpy(((x - MEAN) / STD).transpose(2, 0, 1)[None].copy()).double()
            meta = [dict(ori_shape=x.shape[2:], img_shape=x.shape[2:], pad_shape=x.shape[2:])]
            y = model.slide_inference(x, meta) if mode == 'slide' else model.encode_decode(x, meta)
            y = resize(y, size=(H, W), mode='bilinear', align_corners=corners, warning=False).softmax(1)[0]
            total.append(y.flip(2) if mirrored else y)
    return (sum(total) / len(total)).numpy()


def level(model, image):
    """Sharpens the classifier and levels its classes; the biases."""
    with torch.no_grad():
        model.decode_head.conv_seg.weight.mul_(SHARPEN)
        x = torch.from_numpy(((image.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)[None].copy()).double()
        y = model.encode_decode(x, [dict(ori_shape=(H, W), img_shape=(H, W), pad_shape=(H, W))])[0]
        bias = model.decode_head.conv_seg.bias
        bias.copy_((bias - y.mean((1, 2))).round(decimals=2).float())
        return bias.tolist()


def main():
    register_all_modules(init_default_scope=True)
    for name in ('encnet_r18_v1c', 'encnet_r18_lateral_corners'):
        model = build(NETWORKS[name]).double().eval()
        model.test_cfg = ConfigDict(mode='slide', crop_size=CROP, stride=STRIDE)
        image = picture(3, H, W)
        with open(os.path.join(sys.argv[1], name + '_bias.txt'), 'w') as f:
            print(*['%.2f' % b for b in level(model, image)], file=f)
        for mode, what in MODES.items():
            with torch.no_grad():
                p = probabilities(model, image, *what)
            two = np.sort(p, 0)[-2:]
            ids = np.where(two[1] - two[0] < GAP, 255, p.argmax(0)).astype(np.uint8)
            Image.fromarray(ids).save(os.path.join(sys.argv[1], f'{name}_{mode}.png'), optimize=True)
            print(name, mode, np.bincount(ids.ravel(), minlength=5)[:5], 'undecided', int((ids == 255).sum()))


if __name__ == '__main__':
    main()
