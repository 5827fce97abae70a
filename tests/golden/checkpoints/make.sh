#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Makes 0.1.0.tar.gz: a checkpoint directory as encnet-cl-train 0.1.0 wrote it, of weights that compress well.
#
#   tests/golden/checkpoints/make.sh PROGRAMS     PROGRAMS: where the programs of that version are
#
# One step from weights of zero at a learning rate of zero: only biases of classifiers have momentum.
set -euo pipefail
programs=$(cd "${1:?make.sh PROGRAMS}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > 0.1.0.ini <<'INI'
[model]
network = encnet
backbone = resnet18
classes = 3
channels = 8
aux_channels = 0
codewords = 4
lateral = yes
[data]
train_count = 2
val_count = 1
width = 64
height = 64
[augment]
enabled = no
[train]
max_iters = 1
eval_interval = 0
[optimizer]
lr = 0
min_lr = 0
[device]
conv = reference
[output]
work_dir = run
tensorboard = no
INI

train() { "$programs"/encnet-cl-train 0.1.0.ini --quiet --work-dir "$@" 2> log || { cat log; exit 1; }; }

train random
python3 - random/latest/weights.safetensors zero.safetensors <<'PY'
import json, sys

data = open(sys.argv[1], "rb").read()
size = int.from_bytes(data[:8], "little")
header = json.loads(data[8 : 8 + size])
del header["__metadata__"]
text = json.dumps(header).encode()
open(sys.argv[2], "wb").write(len(text).to_bytes(8, "little") + text + bytes(len(data) - 8 - size))
PY
train run --set model.checkpoint=zero.safetensors
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C run/iter_1 -cf - . | gzip -9n > "$here/0.1.0.tar.gz"
