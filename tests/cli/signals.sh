#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A run is not lost for one bad moment: signals, a terminal or a pipe that goes, closed streams, an image that cannot be read.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --work-dir warm # compiles

wait_for() { # FILE PATTERN PID
    local _
    for _ in $(seq 600); do
        grep -q -- "$2" "$1" 2>/dev/null && return
        kill -0 "$3" 2>/dev/null || break
        sleep 0.1
    done
    fail "no $2 in $1: $(tail -n 3 "$1")"
}

for signal in HUP QUIT XCPU XFSZ; do
    : >err
    "$train" tiny.ini --work-dir $signal --set train.max_iters=100000 --set train.checkpoint_interval=0 >out 2>err &
    wait_for err 'Iter \[2/' $!
    kill -$signal $!
    wait $!
    got=$?
    [ $got = 75 ] || fail "after SIG$signal it exits with $got: $(tail -n 2 err)"
    [ -e $signal/latest ] || fail "no checkpoint after SIG$signal"
    [ $signal != XFSZ ] || err_has "the limit on the size of files"
done

# nohup: goes on
rm err
(
    trap '' HUP
    exec "$train" tiny.ini --work-dir nohup --set train.max_iters=40 >out 2>err
) &
wait_for err 'Iter \[2/' $!
kill -HUP $!
wait $! || fail "with SIGHUP ignored it exits with $?: $(tail -n 2 err)"

# what reads stderr goes
{
    "$train" tiny.ini --work-dir pipe --set train.max_iters=20 2>&1 >/dev/null
    echo $? >code
} | head -n 1 >/dev/null
[ "$(cat code)" = 0 ] || fail "without a reader it exits with $(cat code)"
[ -d pipe/iter_20 ] || fail "no iter_20 without a reader"

# closed streams: neither the lock nor a log gets what goes to stdout and stderr
"$train" tiny.ini --work-dir closed <&- >&- 2>&-
got=$?
[ $got = 0 ] || [ $got = 8 ] || fail "with closed streams it exits with $got"
grep -q 'Iter \[1/' closed/lock && fail "the lock is a log: $(cat closed/lock)"
grep -c 'Iter \[1/' closed/tiny.log | grep -qx 1 || fail "the log has lines twice"

# an image that cannot be read any more: what was done before is saved
expect 0 "$train" tiny.ini --export-data data
rm err
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = data
INI
"$train" folder.ini --work-dir gone --set train.max_iters=100000 --set train.checkpoint_interval=0 >out 2>err &
wait_for err 'Iter \[3/' $!
for image in data/images/train/*.png; do : >"$image"; done
wait $!
got=$?
[ $got = 4 ] || fail "without its images it exits with $got: $(tail -n 2 err)"
[ -e gone/latest ] || fail "no checkpoint before it ended: $(tail -n 3 err)"
finish
