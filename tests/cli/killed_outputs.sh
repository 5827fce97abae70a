#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A process that is killed just before it names an output: the output is as it was, and the next run leaves nothing else beside it.
. "$(dirname "$0")/common.inc"
need_device
if nm "$train" 2>/dev/null | grep -q __asan_init; then
    echo "a sanitizer must be loaded before anything else"
    finish
fi
cc -shared -fPIC -w "$ENCNET_SRC/tests/faults/kill_at_rename.c" -o kill.so -ldl || fail "kill_at_rename.c does not compile"
train=$ENCNET_BIN/tests/toy_train eval_=$ENCNET_BIN/tests/toy_eval convert=$ENCNET_BIN/tests/toy_convert
write_toy toy.ini
expect 0 "$train" toy.ini --export-data data
expect 0 "$train" toy.ini --work-dir run --set train.max_iters=1
here=$(realpath .)
files() { (cd "$1" && find . -type f ! -name 'events*' | sort); }

# outputs COMMAND...: once whole, then killed at the first, the middle and the last file, and run again each time.
outputs() {
    local at n
    rm -rf to want count
    mkdir to
    expect 0 env KILL_AT=0 KILL_COUNT="$here/count" LD_PRELOAD="$here/kill.so" "$@"
    n=$(cat count)
    mv to want
    for at in $(printf '%d\n' 1 $(((n + 1) / 2)) "$n" | sort -nu); do
        rm -rf to
        mkdir to
        expect 137 env KILL_AT="$at" LD_PRELOAD="$here/kill.so" "$@"
        find to -name '.encnet-unfinished-*.tmp' | grep -q . || fail "$*: the kill at file $at of $n left nothing"
        expect 0 "$@"
        [ "$(files to)" = "$(files want)" ] || fail "$*: after the kill at file $at of $n there is $(files to)"
    done
}
outputs "$eval_" toy.ini --checkpoint run/latest --json "$here/to/scores.json"
outputs "$eval_" toy.ini --checkpoint run/latest --report "$here/to/report"
outputs "$eval_" toy.ini --checkpoint run/latest --predict data/images/val --out "$here/to/drawn"
outputs "$eval_" toy.ini --checkpoint run/latest --dump-logits "$here/to/logits"
for ending in safetensors pth onnx; do outputs "$convert" run/latest "$here/to/out.$ending"; done
outputs "$train" toy.ini --export-data "$here/to/data"
outputs "$train" toy.ini --work-dir "$here/to/run" --resume auto
finish
