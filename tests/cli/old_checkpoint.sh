#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A checkpoint that version 0.1.0 wrote is resumed, evaluated and converted; so is one that says a little more.
. "$(dirname "$0")/common.inc"
need_device
mkdir old
tar -xzf "$ENCNET_SRC/tests/golden/checkpoints/0.1.0.tar.gz" -C old || exit 1
set -- --set data.train_count=2 --set data.val_count=1 --set data.width=64 --set data.height=64 --set optimizer.lr=0 --set optimizer.min_lr=0
cat >run.ini <<'INI'
[model]
network = encnet
backbone = resnet18
classes = 3
channels = 8
aux_channels = 0
codewords = 4
lateral = yes
[augment]
enabled = no
[train]
max_iters = 2
eval_interval = 0
[output]
tensorboard = no
INI

expect 0 "$train" run.ini "$@" --work-dir resumed --resume old
grep -q 'resumed from old: iteration 1 of 2' resumed/*.log || fail "the log does not say that it resumed: $(cat resumed/*.log)"
expect 0 "$eval_" run.ini "$@" --checkpoint old --json scores
grep -q mIoU scores || fail "no scores: $(cat scores)"
expect 0 "$ENCNET_BIN/encnet-cl-convert" old old.pth

expect 3 "$train" run.ini "$@" --work-dir other --resume old --set model.codewords=5
err_has 'model.codewords: 4 -> 5'

# a later version's checkpoint with keys that this version does not have: only one of the network's identity is in the way
crc() { gzip -1c | tail -c 8 | od -An -tx4 -N4 | tr -d ' '; }
seal() { # DIR FILE: DIR/checksums with the checksum of a changed FILE
    grep -vE " ($2|checksums-end)\$" "$1/checksums" >sums
    printf '%s %d %s\n' "$(crc <"$1/$2")" "$(wc -c <"$1/$2")" "$2" >>sums
    printf '%s %d checksums-end\n' "$(crc <sums)" "$(wc -c <sums)" >>sums
    mv sums "$1/checksums"
}
cp -r old newer
printf '\n[later]\nx = 1\n[model]\ngates = 3\n' >>newer/config.ini
seal newer config.ini
expect 0 "$train" run.ini "$@" --work-dir newer_run --resume newer --set train.se_weight=0.3
grep -q 'train.se_weight: 0.2 -> 0.3' newer_run/*.log || fail "the log does not tell that train.se_weight differs"
grep -q 'this version has no \[later\]' newer_run/*.log || fail "the log does not tell of [later]"
grep -q 'this version has no model.gates' newer_run/*.log || fail "the log does not tell of model.gates"
sed -i 's/"encnet.head_convs":"2"/"encnet.head_gates":"2"/' newer/weights.safetensors
seal newer weights.safetensors
expect 5 "$train" run.ini "$@" --work-dir newest_run --resume newer
err_has 'encnet.head_gates = 2'
expect 5 "$ENCNET_BIN/encnet-cl-convert" newer newer.pth

[ $failures = 0 ]
