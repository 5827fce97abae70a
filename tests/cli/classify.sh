#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A classifier of whole images from outside: training on CIFAR's records and on folders, scores, report, what is refused.
. "$(dirname "$0")/common.inc"
need_device

# records FILE LABEL...: pictures whose colour says the class.
records() {
    local file=$1 n=0
    shift
    for label in "$@"; do
        printf "\\x$(printf %02x "$label")"
        head -c 3072 /dev/zero | tr '\0' "\\$(printf %03o $((25 * label + n % 3)))"
        n=$((n + 1))
    done >"$file"
}
records data_batch_1.bin 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9
records test_batch.bin 0 1 2 3 4 5 9

cat >cifar.ini <<'INI'
[model]
network = classifier
backbone = cifar_encnet
classes = 10
width = 16
block_codewords = 4
[data]
type = cifar10
samples_per_device = 5
workers = 1
[augment]
crop = 32,32
pad = 2
distort = no
[train]
label_smoothing = 0.1
epochs = 2
log_interval = 1
eval_interval = 1
checkpoint_interval = 1
[optimizer]
lr = 0.01
schedule = cosine
[output]
work_dir = run
INI

expect 0 "$train" cifar.ini --check-data
grep -qE '^training images +20$' out || fail "not 20 training images: $(cat out)"
expect 0 "$train" cifar.ini
out_matches '^top1 [0-9]'
grep -qE '"mode": "train".*"iter": 8,.*"cls.loss_ce"' run/cifar.log.json || fail "no iteration 8: $(tail -n 3 run/cifar.log.json)"
[ "$(grep -c '"mode": "val".*"top1".*"top5"' run/cifar.log.json)" = 2 ] || fail "not an evaluation after each epoch"
[ -e run/iter_4 ] && [ -e run/iter_8 ] || fail "no checkpoint after each epoch: $(ls run)"

expect 0 "$eval_" cifar.ini --checkpoint run/latest --json scores.json --report report --flip
out_matches '\| *airplane *\| *[0-9.]+ *\| *1 *\|'
out_matches 'top1 *\| *top5 *\| *mAcc'
grep -qE '"top1": [0-9.]+, "top5": [0-9.]+, "mAcc"' scores.json || fail "scores: $(head -n 1 scores.json)"
grep -q '"confusion": \[' scores.json || fail "no confusion matrix in the JSON"
[ "$(head -n 1 report/scores.csv)" = name,Acc,images ] || fail "scores.csv: $(head -n 2 report/scores.csv)"
[ -s report/contact_sheet.png ] && [ -s report/confusion.png ] || fail "the report lacks pictures: $(ls report)"

# The same images as folders give the same scores.
expect 0 "$train" cifar.ini --export-data folders
expect 0 "$eval_" cifar.ini --checkpoint run/latest --json again.json --flip --set data.type=imagefolder --set data.root=folders \
    --set data.samples_per_device=3
diff <(grep -o '"top1.*"mAcc": [^,]*' scores.json) <(grep -o '"top1.*"mAcc": [^,]*' again.json) || fail "other scores from folders"

# A classifier's checkpoint is the pretrained backbone of a segmentation network.
expect 0 "$train" cifar.ini --work-dir backbone --set model.backbone=resnet18 --set model.output_stride=32 --set train.epochs=1 \
    --set train.eval_interval=0
expect 0 "$train" cifar.ini --work-dir segmenter --set model.network=fcn --set model.backbone=resnet18 --set model.channels=4 \
    --set model.aux_channels=4 --set data.type=synthetic --set data.width=32 --set data.height=32 --set train.epochs=0 \
    --set train.max_iters=1 --set train.eval_interval=0 --set optimizer.lr=0 --set optimizer.min_lr=0 --set model.pretrained=backbone/latest

# A class for each picture, with or without CONFIG, on stdout and as JSON; the names are those of the data or of the checkpoint.
mkdir pictures
cp "$(find folders/val -name '*.png' | sort | head -n 1)" pictures/a.png
printf 'no picture' >pictures/b.png
cp "$(find folders/val -name '*.png' | sort | tail -n 1)" pictures/c.png
for config in cifar.ini ""; do
    expect 11 "$eval_" $config --checkpoint run/latest --predict pictures --json found.json
    out_matches '^\| +File +\| +Class +\| Probability +\|$'
    out_matches '^\| pictures/a.png \| +[a-z]+ +\| +[0-9.]+ +\|$'
    out_matches '^\| pictures/c.png \|'
    out_has "2 images classified, 1 failed"
    err_has "left out: pictures/b.png: neither PNG nor JPEG"
    [ "$(grep -o '"file": "[^"]*", "status": "[a-z]*"' found.json | tr -d '\n')" = '"file": "pictures/a.png", "status": "predicted"'\
'"file": "pictures/b.png", "status": "failed""file": "pictures/c.png", "status": "predicted"' ] || fail "files: $(cat found.json)"
    [ "$(grep -o '"probability"' found.json | wc -l)" = 10 ] || fail "not five classes of two pictures: $(cat found.json)"
done
# a picture of which a scale leaves nothing does not keep the others
mkdir tiny
cp pictures/a.png tiny/z.png
write_tiny_png tiny/a.png
cp tiny/z.png tiny/0.png
expect 11 "$eval_" --checkpoint run/latest --predict tiny --scales 0.3
out_has "2 images classified, 1 failed"
err_has "left out: tiny/a.png: a picture of 3 x 3 comes out as 0 x 0 at scale 0.3"
# nothing is written under the name of a picture, so that its ending may be all that is its own
mkdir pair
cp pictures/a.png pair/a.png
cp pictures/c.png pair/a.PNG
expect 0 "$eval_" --checkpoint run/latest --predict pair
out_has "2 images classified"
best=$(grep -o '"classes": \[{"class": "[a-z]*", "probability": [0-9.]*' found.json | head -n 1 | sed 's/.*"class": "//; s/".*//')
expect 0 "$eval_" cifar.ini --checkpoint run/latest --predict pictures/a.png --json -
out_has "\"classes\": [{\"class\": \"$best\""

# The classes of single pictures are those of the evaluation.
expect 0 "$eval_" cifar.ini --checkpoint run/latest --json scores.json
expect 0 "$eval_" cifar.ini --checkpoint run/latest --predict folders/val --set data.samples_per_device=3
right=0
for class in $(ls folders/val); do
    right=$((right + $(grep -cE "folders/val/$class/[^ ]* +\| +$class " out || true)))
done
top1=$(grep -o '"top1": [0-9.]*' scores.json | grep -o '[0-9.]*$')
awk -v r="$right" -v t="$top1" 'BEGIN { exit !(r / 7 * 100 - t < 0.01 && t - r / 7 * 100 < 0.01) }' || fail "$right of 7 right, and top1 is $top1"

# What does not go together.
expect 2 "$eval_" cifar.ini --checkpoint run/latest --set data.type=synthetic
err_has "model.network = classifier labels whole images, and data.type = synthetic labels pixels"
expect 2 "$eval_" cifar.ini --checkpoint run/latest --predict folders --out p
err_has "labels whole images"
expect 2 "$eval_" cifar.ini --checkpoint run/latest --mode slide
err_has "eval.mode = slide"
truncate -s 100 test_batch.bin
expect 4 "$eval_" cifar.ini --checkpoint run/latest
err_has "test_batch.bin: 100 bytes are not whole records of 3073"

finish
