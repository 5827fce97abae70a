#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A small network is trained, stopped, resumed, evaluated, and predicts: what the two programs promise, from outside.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
sed -i "s/^eval_interval = 0/eval_interval = 4/" tiny.ini

# -- the plan, and a device too small for it
expect 0 "$train" tiny.ini --plan
for word in weights gradients momentum activations total "device memory" nodes parameters; do
    out_matches "^$word "
done
out_matches "^convolutions +forward +data +filter +operations$"
out_matches "^  [a-z]+ .* [0-9.]+ %"
expect 0 "$train" tiny.ini --plan --verbose
out_matches "^backbone.stem.0 \\(3x3, stride 2, .*\\), filter: [a-z]+, "
for pass in built prune fold_batch_norm gradients exchanges order recompute forward backward updates place; do
    out_matches "^$pass: "
done
out_matches "^  %[0-9]+ exchange "
grep -q "^backbone.stem.0 .*, data:" out && fail "a gradient of the image is planned"
out_matches "^  largest buffer +[0-9.]+ [KM]iB +[0-9]+$"
out_matches "^[a-z]+ on resnet18_v1c, 2 x 32x32$"
expect 0 "$train" tiny.ini --plan --device 0,0,0,0 --set device.shares=3,3,1,1
out_matches '^rank 0, .*: [a-z]+ on resnet18_v1c, 3 x 32x32$'
out_matches '^rank 1, .*: as rank 0$'
out_matches '^rank 2, .*: [a-z]+ on resnet18_v1c, 1 x 32x32$'
out_matches '^rank 3, .*: as rank 2$'
expect 3 "$train" tiny.ini --plan --device 0,0 --set device.shares=3,2
err_is 'encnet-cl-train: device.shares "3,2": a batch of 4 images is not cut into 5 parts'
expect 0 "$train" tiny.ini --plan --set device.conv=winograd,auto
expect 2 "$train" tiny.ini --plan --set device.conv=winograd
err_is "encnet-cl-train: device.conv = winograd cannot serve backbone.stem.0 (3x3, stride 2, dilation 1, 3 to 32 channels, 16x16; forward): winograd takes 3x3 kernels of stride 1"
expect 7 "$train" tiny.ini --plan --set device.memory_mb=1
err_has " MiB"
[ "$(wc -l <err)" = 1 ] || fail "a plan that does not fit takes more than one line: $(cat err)"
expect 6 "$train" tiny.ini --device "no such device"

# -- training
expect 0 "$train" tiny.ini
[ "$(sed -n 's/^checkpoint //p' out)" = "$(sed -n 's/^checkpoint //p' out | grep '^work_dirs/tiny/')" ] ||
    fail "the checkpoint is elsewhere: $(cat out)"
out_matches '^checkpoint work_dirs/tiny/'
out_matches '^mIoU [0-9]+\.[0-9][0-9]$'
[ "$(wc -l <out)" = 2 ] || fail "stdout carries more than results: $(cat out)"
grep -q $'\r' err && fail "a progress line without a terminal"
for f in latest best tiny.log tiny.log.json; do
    [ -e work_dirs/tiny/$f ] || fail "no work_dirs/tiny/$f"
done
expect 3 "$train" tiny.ini
err_has work_dirs/tiny
expect 0 "$train" tiny.ini --quiet --work-dir quiet
[ -s err ] && fail "--quiet says $(cat err)"
cmp -s work_dirs/tiny/latest/weights.safetensors quiet/latest/weights.safetensors ||
    fail "two runs of one configuration differ"

# -- a signal: a checkpoint, exit 75, and on from there
"$train" tiny.ini --work-dir stopped --set train.max_iters=100000 --set train.eval_interval=0 \
    --set train.checkpoint_interval=0 >out 2>err &
pid=$!
for _ in $(seq 600); do
    grep -q 'Iter \[2/' err && break
    sleep 0.1
done
kill -TERM $pid
wait $pid
got=$?
[ $got = 75 ] || fail "after SIGTERM it exits with $got: $(tail -3 err)"
out_matches '^checkpoint stopped/'
expect 5 "$train" tiny.ini --work-dir elsewhere --resume nowhere

# -- evaluation
expect 0 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --json scores.json --report report
out_matches '^\| +Class +\| +IoU +\| +Acc +\| +Dice +\| +Fscore +\| +Precision +\| +Recall +\|$'
out_matches '^\| +aAcc +\| +mIoU +\| +mAcc +\| +mDice +\| +mFscore +\| +mPrecision +\| +mRecall +\| +Kappa +\|$'
miou=$(sed -n 's/.*"mIoU": \([0-9.]*\),.*/\1/p' scores.json)
grep -qF "$(printf '%.2f' "$miou")" out || fail "scores.json says mIoU $miou, stdout: $(tail -5 out)"
[ "$(grep -c '"name"' scores.json)" = 4 ] || fail "scores.json has no 4 classes"
[ "$(find report -type f | wc -l)" -ge 3 ] || fail "the report holds $(find report)"
[ -n "$(find report/encoding -name '*.png')" ] || fail "no page of the encoding layer: $(find report)"
expect 0 "$eval_" tiny.ini --checkpoint random
expect 0 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --scales 0.5,1.0 --flip --mode slide \
    --set eval.crop=32,32 --set eval.stride=16,16
expect 0 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --split train --dump-logits logits
[ "$(find logits -name '*.npy' | wc -l)" = 8 ] || fail "not 8 logits"
expect 5 "$eval_" tiny.ini --checkpoint nowhere
err_has nowhere
expect 5 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --set model.classes=5
[ "$(wc -l <err)" = 1 ] || fail "an error of several lines: $(cat err)"
expect 8 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --json nowhere/scores.json
expect 5 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --json scores.json --set model.channels=8
[ -s scores.json ] || fail "a failed evaluation took the old scores away"
[ -e scores.json.tmp ] && fail "a failed evaluation leaves scores.json.tmp"

# -- prediction
expect 0 "$train" tiny.ini --export-data exported
for format in raw palette overlay; do
    expect 0 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --predict exported/images --out "$format" \
        --format "$format"
    [ "$(find "$format" -name '*.png' | wc -l)" = 10 ] || fail "not 10 pictures as $format: $(find "$format")"
done
expect 2 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --predict exported --out x --format jpeg
err_has overlay
expect 2 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --predict exported --out x --format voc
err_has "format voc: it is for the 21 classes of data.type=voc, and the model has "
[ -e x ] && fail "a refused format leaves files: $(find x)"
expect 4 "$eval_" tiny.ini --checkpoint work_dirs/tiny/latest --predict nothing.png --out x
err_has nothing.png

finish
