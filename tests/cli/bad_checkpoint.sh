#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Checkpoints that are truncated, changed, of other classes or of another network: exit 5 and the names that do not fit;
# the checkpoint and the run that it belongs to stay as they are.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=1
good=$work/run/iter_1
before=$(sums run)

# refused SENTENCE...: evaluation of `bad`, and a run that starts from it, give exit 5 and these words.
refused() {
    local sentence
    expect 5 "$eval_" tiny.ini --checkpoint "$bad" --json scores.json
    for sentence in "$@"; do err_has "$sentence"; done
    one_line
    expect 5 "$train" tiny.ini --work-dir other --set model.checkpoint="$bad"
    for sentence in "$@"; do err_has "$sentence"; done
}
begin() {
    rm -rf bad
    cp -r "$good" bad
    bad=$work/bad
}

# -- weights that have to be downloaded first
address=https://download.openmmlab.com/pretrain/third_party/resnet18_v1c-b5776b93.pth
for path in open-mmlab://resnet18_v1c $address resnet18_v1c-b5776b93.pth /nowhere/resnet18_v1c-b5776b93.pth; do
    expect 5 "$train" tiny.ini --work-dir other --set model.pretrained=$path
    err_has "$path"
    err_has "download $address"
done
expect 5 "$train" tiny.ini --work-dir other --set model.pretrained=mine.pth
err_is 'encnet-cl-train: mine.pth: No such file or directory'

# -- truncated and changed, each file of it
for file in weights.safetensors optimizer.safetensors state.ini config.ini checksums; do
    begin
    truncate -s -1 "bad/$file"
    expect 5 "$train" tiny.ini --work-dir resumed --resume bad
    err_has "bad/$file: damaged"
done
begin
truncate -s 100000 bad/weights.safetensors
refused "bad/weights.safetensors"
begin
size=$(stat -c %s bad/weights.safetensors)
byte=$(od -An -tu1 -j $((size / 2)) -N 1 bad/weights.safetensors)
# shellcheck disable=SC2059
printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=bad/weights.safetensors bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
cmp -s "$good/weights.safetensors" bad/weights.safetensors && fail "no byte was changed"
refused "bad/weights.safetensors"
expect 5 "$train" tiny.ini --work-dir resumed --resume bad
err_has "bad/weights.safetensors: damaged"

# -- the weights alone: a file without its checksums still guards its header
cp "$good/weights.safetensors" alone.safetensors
expect 0 "$eval_" tiny.ini --checkpoint alone.safetensors
bad=$work/alone.safetensors
printf '\377\377\377\377\377\377\377\177' | dd of=alone.safetensors bs=1 conv=notrunc 2>/dev/null
refused alone.safetensors
: >alone.safetensors
refused alone.safetensors
echo "[not] a checkpoint" >alone.safetensors
refused alone.safetensors
bad=$work/nowhere
refused nowhere

# -- files of PyTorch and Paddle: what they are, and what is wrong with them
golden=$ENCNET_SRC/tests/golden/files
refused_file() {
    expect 5 "$eval_" tiny.ini --checkpoint "$1"
    err_has "$1: $2"
    one_line
}
refused_file "$golden/module.pth" "holds a whole object of torch.nn.modules.linear.Linear"
for file in mmcv.pth mmcv_legacy.pth paddle4.pdparams; do
    expect 5 "$eval_" tiny.ini --checkpoint "$golden/$file"
    err_has "missing: backbone."
    one_line
    head -c 1200 "$golden/$file" >"short_$file"
    refused_file "short_$file" ""
done
gzip -c "$golden/mmcv.pth" >packed.pth
refused_file packed.pth "compressed with gzip; unpack it first"

# -- other classes, another backbone, another network: what it seems to be, and the keys that would take it
expect 5 "$eval_" tiny.ini --checkpoint run/iter_1 --set model.classes=5
for name in decode_head.conv_seg.weight decode_head.conv_seg.bias auxiliary_head.conv_seg.weight \
    decode_head.se_layer.weight; do
    err_has "$name"
done
err_has "it is for 4 classes, model.classes = 5; model.fresh = "
err_has "model.allow_partial = yes loads what fits"
one_line
expect 5 "$eval_" tiny.ini --checkpoint run/iter_1 --set model.backbone=resnet34_v1c
err_has "its backbone seems to be ResNet-18 with a stem of three convolutions (v1c, s or vd), this one is ResNet-34"
expect 5 "$eval_" tiny.ini --checkpoint run/iter_1 --set model.network=fcn
err_has "the file seems to be of model.network = encnet, this is fcn"
expect 0 "$eval_" tiny.ini --checkpoint run/iter_1 --set model.aux_channels=0 --quiet

[ "$(sums run)" = "$before" ] || fail "the run has changed"
[ -e scores.json ] && fail "scores of a checkpoint that was refused"
[ -z "$(find other resumed -name 'iter_*' 2>/dev/null)" ] || fail "a refused run leaves checkpoints"
finish
