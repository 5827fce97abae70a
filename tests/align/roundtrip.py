# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""A checkpoint there and back: mmsegmentation's .pth is trained here, converted to .pth, and goes on there."""
import os
import subprocess

import numpy as np
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from distance import apart, furthest, largest, median, rms, tensors
from runs import (BUILD, FLOOR, SINGLES, computing, laid_out, our_logits, our_train, read_safetensors, reference_args,
                  reference_train)

STEPS = 5  # here, before mmsegmentation goes on for one more
PICTURE = os.path.join('images', '0000.png')


def lr_at(initial, it, max_iters):
    last = min(initial, FLOOR)
    return (initial - last) * (1 - it / max_iters) ** 0.9 + last


def sample(oracle, work, i):
    """The i-th picture and its label, as oracle.py train wrote them."""
    image = np.asarray(Image.open(os.path.join(work, 'images', f'{i:04d}.png')))
    label = np.asarray(Image.open(os.path.join(work, 'annotations', f'{i:04d}.png')))
    s = SegDataSample(metainfo=dict(img_shape=label.shape, pad_shape=label.shape, ori_shape=label.shape))
    s.gt_sem_seg = PixelData(data=oracle.torch.from_numpy(label.astype(np.int64))[None])
    return image, s


def loaded(oracle, network, work, path, how):
    """mmsegmentation's model and PyTorch's SGD with what is in the file, as strictly as they take it."""
    torch = oracle.torch
    args = reference_args(oracle, network, os.path.join(work, 'reference'), double=how == 'double')
    _, model = oracle.build(args, dropout=0.0, perturb=False)
    checkpoint = torch.load(path, weights_only=True)
    model.load_state_dict(checkpoint['state_dict'], strict=True)
    if how == 'double':
        torch.set_default_dtype(torch.float64)
        model.double()
    model = laid_out(oracle, model, how)
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    optimizer.load_state_dict(checkpoint['optimizer'])
    assert checkpoint['meta']['iter'] == STEPS and len(checkpoint['meta']['CLASSES']) == network.classes
    return model, optimizer


def go_on(oracle, network, work, path, how):
    """Logits of the first picture, then weights and momentum after one step on the batch after the last."""
    with computing(oracle, how):
        model, optimizer = loaded(oracle, network, work, path, how)
        image, s = sample(oracle, work, 0)
        model.eval()
        with oracle.torch.no_grad():
            logits = model.encode_decode(oracle.tensor([image]), [s.metainfo])[0].numpy()
        for group in optimizer.param_groups:
            assert abs(group['lr'] - lr_at(group['initial_lr'], STEPS - 1, STEPS + 1)) < 1e-12
            group['lr'] = lr_at(group['initial_lr'], STEPS, STEPS + 1)
        images, samples = zip(*(sample(oracle, work, network.batch * STEPS + b) for b in range(network.batch)))
        model.train()
        terms = model.loss(oracle.tensor(images), list(samples))
        sum(v.sum() for k, v in terms.items() if 'loss' in k).backward()
        optimizer.step()
    momentum = {k: optimizer.state[p]['momentum_buffer'].numpy() for k, p in model.named_parameters()}
    return logits, {k: p.detach().numpy() for k, p in model.named_parameters()}, momentum


def roundtrip(oracle, network, work):
    """Five steps here from mmsegmentation's init.pth, out as .pth, logits and one step there."""
    reference_train(oracle, network, work, 'plain', size=(65, 97), steps=STEPS + 1, max_iters=STEPS + 1)
    our_train(network, work, STEPS + 1, **{'model.checkpoint': os.path.join(work, 'init.pth'),
                                           'train.checkpoint_interval': STEPS})
    run, path = os.path.join(work, 'run'), os.path.join(work, 'out.pth')
    subprocess.run([os.path.join(BUILD, 'encnet-cl-convert'), os.path.join(run, f'iter_{STEPS}'), path], check=True,
                   stdout=subprocess.DEVNULL)
    ours = our_logits(network, work, os.path.join(work, PICTURE), path)
    same = our_logits(network, work, os.path.join(work, PICTURE), os.path.join(run, f'iter_{STEPS}'))
    assert np.array_equal(ours, same), 'the .pth gives other logits than the checkpoint it is made of'
    double, *singles = (go_on(oracle, network, work, path, how) for how in ('double', *SINGLES))
    last = os.path.join(run, f'iter_{STEPS + 1}')
    after = read_safetensors(os.path.join(last, 'weights.safetensors'))
    weights = tensors({k: after[k] for k in double[1]}, [s[1] for s in singles], double[1])
    momentum = tensors(read_safetensors(os.path.join(last, 'optimizer.safetensors')), [s[2] for s in singles], double[2])
    logits = [s[0] for s in singles]
    return [apart('logits there, rms', rms, ours, logits, double[0]), apart('logits there, largest', largest, ours, logits, double[0]),
            furthest(weights, 'weights a step on, furthest'), median(weights, 'weights a step on, median'),
            furthest(momentum, 'momentum a step on, furthest'), median(momentum, 'momentum a step on, median')]

