#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs that are killed, stopped, doubled and starved: a resumed run ends with the bytes of one that was let alone.
. "$(dirname "$0")/common.inc"
need_device
cat >small.ini <<'INI'
[model]
backbone = resnet18
classes = 4
output_stride = 32
channels = 8
aux_channels = 8
codewords = 4
dropout = 0.5
[data]
type = synthetic
train_count = 9
val_count = 2
width = 40
height = 40
[augment]
scale = 40,40
crop = 32,32
[train]
max_iters = 8
log_interval = 1
checkpoint_interval = 2
eval_interval = 4
keep_checkpoints = 1
INI

"$train" small.ini --work-dir whole >out 2>err
code=$?
[ $code = 0 ] || fail "training exits with $code: $(cat err)"
grep -qE '^checkpoint whole/iter_8$' out || fail "stdout does not name the checkpoint: $(cat out)"

# kill -9 at moments that differ from run to run, then let it finish
kills=0
for delay in 0.4 1.1 1.9 0.8 2.6; do
    "$train" small.ini --work-dir killed --resume auto >out 2>err &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null && kills=$((kills + 1))
    wait $pid 2>/dev/null
    [ -e killed/iter_8 ] && break
done
"$train" small.ini --work-dir killed --resume auto >out 2>err || fail "the resumed run exits with $?: $(cat err)"
[ $kills -ge 1 ] || fail "no run was killed"
for file in weights.safetensors optimizer.safetensors state.ini; do
    cmp whole/iter_8/$file killed/iter_8/$file || fail "$file differs after $kills kills"
done
[ "$(ls killed | grep -c '\.tmp$')" = 0 ] || fail "left behind: $(ls killed)"
[ "$(readlink killed/latest)" = iter_8 ] || fail "latest leads to $(readlink killed/latest)"

# a signal saves and exits with 75; while a run is there a second one is refused
"$train" small.ini --work-dir stopped --set train.max_iters=100000 --set train.checkpoint_interval=0 \
    --set train.eval_interval=0 >out1 2>err1 &
pid=$!
for i in $(seq 300); do
    grep -qF 'Iter [1/' err1 && break
    sleep 0.2
done
"$train" small.ini --work-dir stopped --resume auto >out 2>err
code=$?
[ $code = 3 ] || fail "the second run in a directory exits with $code, not 3"
err_has "process $pid on"
kill -TERM $pid
wait $pid
code=$?
[ $code = 75 ] || fail "a stopped run exits with $code, not 75: $(cat err1)"
[ -e stopped/latest/weights.safetensors ] || fail "a stopped run saves no checkpoint"

# another experiment, or the same without --resume, touches nothing
"$train" small.ini --work-dir whole >out 2>err
code=$?
[ $code = 3 ] || fail "a directory in use: exit $code, not 3"
err_has "--resume auto"
"$train" small.ini --work-dir whole --resume auto --set model.classes=5 >out 2>err
code=$?
[ $code = 3 ] || fail "another network: exit $code, not 3"
err_has "model.classes: 4 -> 5"
cmp whole/iter_8/weights.safetensors killed/iter_8/weights.safetensors || fail "a refused run changed weights"

# a damaged checkpoint that is asked for by name
printf X | dd of=whole/iter_8/weights.safetensors bs=1 seek=1000000 conv=notrunc 2>/dev/null
"$train" small.ini --work-dir whole --resume whole/latest --set train.max_iters=9 >out 2>err
code=$?
[ $code = 5 ] || fail "a damaged checkpoint: exit $code, not 5"
err_has "weights.safetensors: damaged"

[ $failures = 0 ] && echo "killed $kills times, no byte differs"
exit $((failures > 0))
