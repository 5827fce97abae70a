#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A disk without symbolic links, locks, reserving and the like: training, resuming, evaluating and converting go on, with one remark each.
. "$(dirname "$0")/common.inc"
need_device
if nm "$train" 2>/dev/null | grep -q __asan_init; then
    echo "a sanitizer must be loaded before anything else"
    finish
fi
write_config tiny.ini
cc -shared -fPIC "$ENCNET_SRC/tests/faults/plain_disk.c" -o plain_disk.so -ldl || fail "plain_disk.c does not compile"
plain() { env LD_PRELOAD="$work/plain_disk.so" "$@"; }
holds() { [ ! -L "$1" ] && [ "$(cat "$1")" = "$2" ] || fail "$1 holds $(cat "$1"), not $2"; }

expect 0 plain "$train" tiny.ini --work-dir run --set train.eval_interval=2
[ "$(grep -c 'no symbolic links' err)" = 1 ] || fail "not one remark about links: $(cat err)"
holds run/latest iter_4
best=$(cat run/best)
[ -d "run/$best" ] || fail "best is $best"
ls run | grep -q aside && fail "something was moved aside: $(ls run)"
expect 0 plain "$train" tiny.ini --work-dir run --resume run/latest --set train.max_iters=6
err_has 'resumed from run/iter_4'
holds run/latest iter_6
for checkpoint in run run/latest run/best; do
    expect 0 plain "$eval_" tiny.ini --checkpoint $checkpoint
    expect 0 plain "$info" $checkpoint
done
expect 0 plain "$ENCNET_BIN/encnet-cl-convert" run/latest out.safetensors

# a disk that has links again: they take the place of the files, and a file of a user does not count as one
expect 0 "$train" tiny.ini --work-dir run --resume auto --set train.max_iters=8
[ "$(readlink run/latest)" = iter_8 ] || fail "latest is not the link again"
rm run/latest
echo "iter_8 was good" >run/latest
expect 0 "$train" tiny.ini --work-dir run --resume auto --set train.max_iters=10
[ "$(cat run/latest.aside)" = "iter_8 was good" ] || fail "a note is gone"
finish
