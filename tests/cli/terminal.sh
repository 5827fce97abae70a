#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# What people see on a terminal: which kernel is compiled while it lasts, and a line of progress that never wraps, in windows
# of 40, 80 and 200 columns.
. "$(dirname "$0")/common.inc"
need_device
command -v script >/dev/null || { echo "no script(1)"; exit 77; }
write_config small.ini

# on_terminal COLUMNS COMMAND: what it writes to a terminal of that width, as records that end where a line is taken back.
on_terminal() {
    script -qec "stty cols $1 rows 24; $2" typed </dev/null >/dev/null
    # a record with a line end is no line of progress
    sed 's|\r$||' typed | tr '\r' '\036' | awk 'BEGIN { RS = "\036" } { sub(/^\033\[K/, "") } !/\n/ && length { print }' >shown
}

run="$ENCNET_BIN/encnet-cl-eval small.ini --checkpoint random --set data.val_count=3"
ENCNET_CACHE_DIR=$PWD/empty on_terminal 80 "$run"
grep -q '^compiling [a-z0-9_]*\.cl for ' shown || fail "no kernel is said to be compiled: $(cat shown)"
for columns in 40 80 200; do
    ENCNET_CACHE_DIR=$PWD/empty on_terminal $columns "$run"
    grep -q '^image [0-9]*/3' shown || fail "$columns columns: no progress: $(cat shown)"
    longest=$(awk '{ if (length > most) most = length } END { print most }' shown)
    [ "$longest" -lt "$columns" ] || fail "$columns columns: a line of $longest"
done
ENCNET_CACHE_DIR=$PWD/empty on_terminal 80 "$run --quiet"
[ ! -s shown ] || fail "--quiet shows $(cat shown)"
finish
