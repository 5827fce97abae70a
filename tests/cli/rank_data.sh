#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Several ranks, in one process and in several, and an image or label that one of them cannot read: its name is said, all of them
# end with exit code 4, and the run goes on from its last checkpoint when the file is there again.
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
train_count = 8
val_count = 3
width = 32
height = 32
workers = 1
samples_per_device = 1
[augment]
scale = 32,32
crop = 32,32
[train]
max_iters = 100000
log_interval = 1
checkpoint_interval = 1
eval_interval = 0
[output]
tensorboard = no
INI
"$train" tiny.ini --export-data good >/dev/null || fail "no data to damage"
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = bad
classes_file = classes.csv
INI

# begin: undamaged data.  damage HOW FILE: as a copy that was cut short, a disk that is gone and the like leave it.
begin() {
    rm -rf bad run
    cp -r good bad
}
damage() {
    case $1 in
    cut) truncate -s 100 "$2" ;;
    empty) : >"$2" ;;
    garbage) head -c 400 /dev/urandom >"$2" ;;
    flip) printf 'X' | dd of="$2" bs=1 seek=60 conv=notrunc 2>/dev/null ;;
    folder) rm "$2" && mkdir "$2" ;;
    unreadable) rm "$2" && ln -s /proc/self/mem "$2" ;; # as an input/output error, also for root
    gone) rm "$2" ;;
    esac
}
# ended FILE LAUNCHER...: a training ends by itself, and names the file; no rank outlives another.
ended() {
    local file=$1 _
    shift
    expect 4 timeout 150 "$@" "$train" folder.ini --device 0,0 --work-dir run "${options[@]}" </dev/null
    err_matches "^encnet-cl-train.*$file"
    for _ in $(seq 50); do
        pgrep -f "^$train folder.ini --device 0,0 --work-dir run" >/dev/null || return
        sleep 0.2
    done
    fail "$file: a rank outlives another"
}
# goes_on LAUNCHER...: from a checkpoint that is whole, when the data is.
goes_on() {
    local last
    last=$(readlink run/latest)
    [ -n "$last" ] || { fail "no checkpoint: $(ls run)"; return; }
    [ -z "$(find run -name '.encnet-*' -o -name '*.damaged*')" ] || fail "left behind: $(find run)"
    rm -rf bad
    cp -r good bad
    expect 0 timeout 150 "$@" "$train" folder.ini --device 0,0 --work-dir run --resume auto \
        --set train.max_iters=$((${last#iter_} + 1)) </dev/null
    err_has "resumed from run/$last: "
}
# while_it_runs HOW FOLDER LAUNCHER...: every file of the folder, after the second iteration.
while_it_runs() {
    local how=$1 folder=$2 file code pid _
    shift 2
    begin
    : >err
    timeout 150 "$@" "$train" folder.ini --device 0,0 --work-dir run >out 2>err </dev/null &
    pid=$!
    for _ in $(seq 600); do
        grep -q 'Iter \[2/' err && break
        kill -0 $pid 2>/dev/null || break
        sleep 0.1
    done
    for file in "$folder"/*; do damage "$how" "$file"; done
    wait $pid
    code=$?
    [ $code = 4 ] || fail "$how $folder $*: exit code $code: $(tail -n 3 err)"
    err_matches "^encnet-cl-train.*$folder/synthetic_00000[0-7]\\.png"
    goes_on "$@"
}
# cases "HOW FOLDER" LAUNCHER...: the former is what happens to the data while a training runs.
cases() {
    local case how file later=$1
    shift
    options=()
    for case in "folder annotations/train/synthetic_000004.png" "cut images/train/synthetic_000003.png"; do
        read -r how file <<<"$case"
        begin
        damage "$how" "bad/$file"
        ended "bad/$file" "$@"
    done
    goes_on "$@"
    # shellcheck disable=SC2086
    while_it_runs $later "$@"

    # of the first batch: nothing is written
    begin
    for file in bad/annotations/train/*; do damage garbage "$file"; done
    ended "bad/annotations/train/synthetic_00000[0-7].png" "$@"
    [ -z "$(find run -name 'iter_*')" ] || fail "a checkpoint of nothing: $(ls run)"

    # between iterations, of an image that is evaluated by rank 1
    begin
    options=(--set train.eval_interval=2 --set train.max_iters=4)
    damage flip bad/images/val/synthetic_000001.png
    ended bad/images/val/synthetic_000001.png "$@"
    options=()
    goes_on "$@"
    rm -rf scores.json
    damage cut bad/annotations/val/synthetic_000001.png
    expect 4 timeout 150 "$@" "$eval_" folder.ini --device 0,0 --checkpoint run/latest --json scores.json
    err_matches '^encnet-cl-eval.*bad/annotations/val/synthetic_000001\.png'
    [ ! -e scores.json ] || fail "scores of damaged labels"
}

cases "gone bad/images/train"
need_mpi
cases "unreadable bad/annotations/train" "$mpiexec" -n 2
finish
