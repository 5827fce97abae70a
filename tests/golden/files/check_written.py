# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
"""Whether PyTorch reads what lib/files/torch_write.c writes: written.pth, which tests/files/test_torch_write.c compares
its own file with, byte by byte.

    python check_written.py [FILE]      seen to pass with PyTorch 1.6.0, 1.13 and 2.15
"""
import sys
import zipfile
from collections import OrderedDict

import torch

path = sys.argv[1] if len(sys.argv) > 1 else __file__.replace('check_written.py', 'written.pth')
assert zipfile.ZipFile(path).testzip() is None
has_weights_only = tuple(int(v) for v in torch.__version__.split('.')[:2]) >= (1, 13)
for options in [{}] + [{'weights_only': True}] * has_weights_only:
    o = torch.load(path, map_location='cpu', **options)
    assert type(o) is dict and list(o) == ['ints', 'other', 'tensors']
    assert o['ints'] == [0, 255, 256, 65535, 65536, -1, 2**31 - 1, -2**31, 2**31, 2**63 - 1, -2**63]
    assert o['other'] == (None, True, False, 'caf\u00e9', '', {}, [])
    assert type(o['tensors']) is OrderedDict
    assert list(o['tensors']) == ['BOOL', 'U8', 'I8', 'I16', 'I32', 'I64', 'F16', 'BF16', 'F32', 'F64', 'scalar', 'empty']
    for (name, t), type_ in zip(o['tensors'].items(), [
            torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
            torch.float32, torch.float64, torch.int64, torch.float32]):
        assert t.dtype is type_ and t.is_contiguous() and not t.requires_grad
        if name == 'scalar':
            assert t.shape == () and t.item() == -7
        elif name == 'empty':
            assert t.shape == (0, 3)
        else:
            assert t.shape == (2, 1, 3)
            assert t.flatten().tolist() == ([False, True, True, True, True, True] if name == 'BOOL' else [0, 1, 2, 3, 4, 5])
print('torch', torch.__version__, 'reads', path)
