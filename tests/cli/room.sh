#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A disk that has no room for a checkpoint, or not for all that are kept, is known before the first iteration; one that becomes full later
# is tried again.
. "$(dirname "$0")/common.inc"
need_device
if nm "$train" 2>/dev/null | grep -q __asan_init; then
    echo "a sanitizer must be loaded before anything else"
    finish
fi
train=$ENCNET_BIN/tests/toy_train
write_toy toy.ini
cc -shared -fPIC -w "$ENCNET_SRC/tests/faults/small_disk.c" -o small_disk.so -ldl || fail "small_disk.c does not compile"
with() { env FREE_IN="$(realpath .)" FREE_KIB="$1" LD_PRELOAD="$work/small_disk.so" "${@:2}"; }

expect 0 "$train" toy.ini --work-dir whole
grep -q 'free there' err && fail "a word about a disk with room"
one=$(head -c 8 -q whole/iter_4/*.safetensors | od -An -tu8 -w8 | awk -v all="$(du -cb whole/iter_4/*.safetensors | tail -n 1 | cut -f 1)" '
    { all -= $1 + 8 } END { print int(all / 1024) + 1 }') # what the tensors take

# -- none: nothing is left
expect 8 with $((one - 1)) "$train" toy.ini --work-dir full
err_matches 'full: [0-9.]+ MiB are free there, and a checkpoint takes [0-9.]+ MiB: make room, or choose another output.work_dir'
[ ! -e full ] || fail "the run has begun: $(ls full)"
expect 8 with 0 "$train" toy.ini --work-dir full
err_has ' 0.0 MiB are free'

# -- fewer than are kept: one line, and the run begins; two are made of at most four
expect 0 with $((one * 3 / 2)) "$train" toy.ini --work-dir short
[ "$(grep -c 'free there' err)" = 1 ] || fail "not one line: $(cat err)"
err_has 'the 2 checkpoints that are to be added take'
err_has 'train.keep_checkpoints'
grep -q 'the 2 checkpoints that are to be added' short/toy.log || fail "the log does not say it"
expect 0 with $((one * 2)) "$train" toy.ini --work-dir enough
grep -q 'free there' err && fail "room for both: $(cat err)"
expect 0 with unknown "$train" toy.ini --work-dir unknown
grep -q 'free there' err && fail "a disk that says nothing: $(cat err)"

# -- a run that goes on: what is kept already is there
saved=$(sums short)
expect 8 with $((one / 2)) "$train" toy.ini --work-dir short --resume auto --set train.max_iters=6
[ "$(sums short)" = "$saved" ] || fail "a start that is refused changes something"
expect 0 with $((one * 3 / 2)) "$train" toy.ini --work-dir short --resume auto --set train.max_iters=6 --set train.keep_checkpoints=1
grep -q 'free there' err && fail "one more is all there will be: $(cat err)"
expect 0 with 0 "$train" toy.ini --work-dir short --resume auto --set train.max_iters=6

# -- a disk that becomes full: the next checkpoint is tried, three times, but none comes after the last one, however the length is given
filled() { env FULL_FROM="$1" FULL_TO="$2" LD_PRELOAD="$work/small_disk.so" "$train" toy.ini "${@:3}" --set train.checkpoint_interval=1; }
expect 0 filled 3 4 --work-dir once
[ "$(grep -c 'trying again at the next' err)" = 1 ] || fail "not one line: $(cat err)"
[ "$(readlink once/latest)" = iter_4 ] || fail "there is $(ls once)"
expect 8 filled 3 1000 --work-dir thrice --set train.max_iters=100
err_has 'thrice/.encnet-unfinished-iter_4/weights.safetensors'
[ "$(readlink thrice/latest)" = iter_1 ] || fail "there is $(ls thrice)"
last() { # last FROM KEY=VALUE...: the disk is full from that reservation on, which is of the last checkpoint
    expect 8 filled "$1" 1000 --work-dir "last$1" --set "$2" --set "$3"
    err_has 'the checkpoint before is as it was'
    grep -q 'trying again' err && fail "$*: no checkpoint comes after the last one"
}
last 7 train.max_iters=4 train.epochs=0
last 3 train.max_iters=100 train.epochs=2 # of two iterations each
expect 0 filled 1 2 --work-dir middle --set train.max_iters=2 --set train.epochs=2
[ "$(readlink middle/latest)" = iter_4 ] || fail "there is $(ls middle)"
finish
