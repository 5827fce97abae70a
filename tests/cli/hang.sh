#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A single device that hangs ends the program after device.timeout, or by a second signal; the checkpoints stay.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
cc -shared -fPIC -w "$ENCNET_SRC/tests/faults/hang.c" -o hang.so -ldl || fail "hang.c does not compile"
# hangs FUNCTION CALL COMMAND...: exit 7 and a sentence, within a time that is not device.timeout's default.
hangs() {
    local in=$1 at=$2
    shift 2
    expect 7 env HANG_IN="$in" HANG_AT="$at" LD_PRELOAD="$work/hang.so" timeout 100 "$@" --set device.timeout=2
    err_matches 'has not answered for 2 s \(device\.timeout\)'
}
expect 0 "$train" tiny.ini --work-dir run
before=$(sums run/iter_4)

# -- by itself
hangs clEnqueueReadBuffer 6 "$train" tiny.ini --work-dir run --resume auto --set train.max_iters=100
[ "$(sums run/iter_4)" = "$before" ] || fail "the checkpoint has changed"
hangs clEnqueueReadBuffer 1 "$eval_" tiny.ini --checkpoint run/latest
hangs clFinish 2 "$ENCNET_BIN/encnet-cl-bench" tiny.ini --size 32x32 --mode infer

# -- a program with sessions: it is given back an error, and all that it closes then does not wait
cc -std=c11 -Wall -Werror -I"$ENCNET_SRC/include" "$ENCNET_SRC/tests/faults/sessions.c" -o sessions -L"$ENCNET_BIN" -lencnet \
    -Wl,-rpath,"$ENCNET_BIN" || fail "sessions.c does not compile"
sessions() { env HANG_IN="$1" HANG_AT="$2" LD_PRELOAD="$work/hang.so" timeout 100 ./sessions run/latest "$3"; }
expect 0 sessions none 1 run
for how in run start; do
    expect 7 sessions clEnqueueReadBuffer 2 $how
    err_matches '^run 1: .* has not answered for 2 s \(device\.timeout\): the device or its driver hangs$'
    err_has 'run 2: a run of this session has not been waited for'
done

expect 7 sessions clFinish 1 reserve
err_matches '^run 1: .* has not answered for 2 s \(device\.timeout\): the device or its driver hangs$'
err_has 'run 2: a run of this session has not been waited for'
expect 7 sessions clEnqueueReadBuffer 2 model
err_matches '^run 1: .* has not answered for 2 s \(device\.timeout\): the device or its driver hangs$'
err_matches '^run 3: .* has not answered for 2 s'

# -- by a second signal, long before
HANG_IN=clEnqueueReadBuffer HANG_AT=6 LD_PRELOAD=$work/hang.so "$train" tiny.ini --work-dir two --set train.max_iters=100 >out 2>err &
pid=$!
for _ in $(seq 600); do grep -q 'Environment' two/tiny.log 2>/dev/null && break; sleep 0.1; done
sleep 2
kill -TERM $pid
sleep 1
kill -0 $pid 2>/dev/null || fail "one signal ends it: $(tail -n 2 err)"
kill -TERM $pid
for _ in $(seq 50); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
kill -0 $pid 2>/dev/null && fail "two signals do not end it"
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
err_has 'second signal'
finish
