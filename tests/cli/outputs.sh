#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# No output takes the place of an input, or of something that is no regular file.
. "$(dirname "$0")/common.inc"
need_device
cat >tiny.ini <<'INI'
[model]
backbone = resnet18
classes = 4
output_stride = 32
channels = 8
aux_channels = 8
codewords = 4
[data]
train_count = 2
val_count = 2
width = 32
height = 32
workers = 1
[augment]
scale = 32,32
crop = 32,32
[train]
max_iters = 1
eval_interval = 0
[output]
tensorboard = no
INI
expect 0 "$train" tiny.ini --export-data data
expect 0 "$train" tiny.ini --work-dir run
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = data
classes_file = classes.csv
val_list = list.txt
INI
ls data/images/val | sed 's/\.png$//' >data/list.txt
image=$(find data/images/val -name '*.png' | head -n 1)
label=$(find data/annotations/val -name '*.png' | head -n 1)
state() { find data run tiny.ini folder.ini -type f ! -name lock -exec cksum {} + | sort; }
state >before
unchanged() { state | cmp -s - before || fail "$1 has changed something: $(state | diff - before)"; }

# -- JSON: under its name, through a link, as a hard link
eval_to() { expect "$1" "$eval_" folder.ini --checkpoint run/latest --json "$2"; }
for input in folder.ini tiny.ini data/classes.csv data/list.txt "$image" "$label" run/iter_1/weights.safetensors; do
    eval_to 2 "$input"
    err_has "would be written over"
    ln -sf "$input" link
    eval_to 2 link
    ln "$input" hard
    eval_to 2 hard
    rm hard link
    unchanged "--json $input"
done
eval_to 8 data

# -- what is no regular file stays what it is
mkfifo pipe
cat pipe >got &
eval_to 0 pipe
wait $!
[ -p pipe ] || fail "the pipe has become $(stat -c %F pipe)"
grep -q '"mIoU"' got || fail "nothing came through the pipe: $(cat got)"
eval_to 8 pipe
err_has 'pipe: a pipe that no program reads'
ln -s to/nowhere dangling
mkdir to
eval_to 0 dangling
[ -L dangling ] && [ -s to/nowhere ] || fail "the link: $(ls -l dangling to)"
if [ -w /dev/full ]; then
    eval_to 8 /dev/full
    [ -c /dev/full ] || fail "/dev/full has become $(stat -c %F /dev/full)"
fi

# -- nor what a training keeps, whichever
cp -r run other
kept=$(sums other)
for file in experiment.ini tiny.log tiny.log.json iter_1/{weights,optimizer}.safetensors iter_1/{state,config}.ini iter_1/checksums; do
    eval_to 2 other/$file
    err_has "$file"
    ln -sf other/$file link
    eval_to 2 link
done
rm link
eval_to 2 other/lock
for weights in optimizer weights; do
    for to in run other; do expect 2 "$ENCNET_BIN/encnet-cl-convert" run/latest $to/iter_1/$weights.safetensors; done
done
[ "$(sums other)" = "$kept" ] || fail "a training has lost a file: $(sums other | diff - <(echo "$kept"))"
eval_to 0 other/scores.json
eval_to 0 other/scores.json
unchanged "an output into a training"

# -- folders
expect 2 "$train" folder.ini --set data.val_list= --export-data data
expect 2 "$eval_" folder.ini --checkpoint run/latest --predict data/images/val --out data/images/val
mkdir -p report logits
ln "$image" report/confusion.png
expect 2 "$eval_" folder.ini --checkpoint run/latest --report report
err_has confusion.png
rm report/confusion.png
ln data/classes.csv "logits/$(basename "$image" .png).npy"
expect 2 "$eval_" folder.ini --checkpoint run/latest --dump-logits logits
unchanged "a folder"
{ cat data/classes.csv; echo; } >report/classes.csv
cp report/classes.csv of_a_user.csv
expect 0 "$eval_" folder.ini --checkpoint run/latest --report report
cmp of_a_user.csv report/classes.csv || fail "the report has taken the name of a class file"
[ -s report/scores.csv ] || fail "no table: $(ls report)"
expect 2 "$ENCNET_BIN/encnet-cl-convert" run/iter_1/weights.safetensors run/iter_1/weights.safetensors
unchanged "a conversion"
ln -f data/classes.csv run/curves.png
expect 2 "$train" folder.ini --set data.val_list= --work-dir run --resume auto
err_has curves.png
mkdir lists
for name in latest best; do # which would be set aside
    cp data/list.txt lists/$name
    expect 2 "$train" folder.ini --work-dir lists --set data.val_list="$PWD/lists/$name"
    err_has "lists/$name would be written over"
    rm lists/$name
done
finish
