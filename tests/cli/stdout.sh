#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Results that standard output does not take are an error of every program: exit code 8 and a sentence, whether it is closed or full.
# Closed, it becomes no file that is opened later.
. "$(dirname "$0")/common.inc"
convert=$ENCNET_BIN/encnet-cl-convert
bench=$ENCNET_BIN/encnet-cl-bench
write_config tiny.ini

# lost COMMAND...: prints something, and says so if that is lost
lost() {
    local code
    "$@" >out 2>err </dev/null || fail "$* exits with $?: $(tail -n 3 err)"
    [ -s out ] || fail "$* prints nothing"
    reset
    "$@" >&- 2>err </dev/null
    code=$?
    [ $code = 8 ] || fail "$* >&- exits with $code: $(tail -n 3 err)"
    err_has "standard output: Bad file descriptor"
    [ -w /dev/full ] || return
    reset
    "$@" >/dev/full 2>err </dev/null
    code=$?
    [ $code = 8 ] || fail "$* >/dev/full exits with $code: $(tail -n 3 err)"
    err_has "standard output: No space left on device"
}
reset() { rm -rf new; }

for program in train eval info convert bench; do
    for option in --help --version; do lost "$ENCNET_BIN/encnet-cl-$program" $option; done
    [ $program = info ] || lost "$ENCNET_BIN/encnet-cl-$program" --help-config
    for page in man completion completion-zsh completion-fish; do
        lost "$ENCNET_BIN/encnet-cl-$program" --print-docs $page
    done
done
lost "$train" --print-docs reference
for list in --datasets --formats --configs --versions --models; do
    lost "$info" $list
    lost "$info" $list --json
done
lost "$train" tiny.ini --print-config
lost "$train" tiny.ini --check-data
lost "$train" tiny.ini --export-data new
need_device
lost "$info"
lost "$info" --json
lost "$train" tiny.ini --plan
lost "$train" tiny.ini --work-dir new --set train.max_iters=1
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=1
expect 0 "$train" tiny.ini --export-data data
lost "$info" run
lost "$info" run/latest --json
lost "$eval_" tiny.ini --checkpoint run/latest
lost "$eval_" tiny.ini --checkpoint run/latest --json -
lost "$eval_" --checkpoint run/latest --predict data/images/val --out new
lost "$convert" run/latest new.pth
lost "$bench" tiny.ini --size 32x32 --repeat 1 --mode infer
lost "$bench" tiny.ini --size 32x32 --repeat 1 --mode infer --json

# what other results there are exist all the same
"$train" tiny.ini --work-dir new --set train.max_iters=1 >&- 2>err
[ -d new/iter_1 ] || fail "no checkpoint without standard output"

# frames that standard output does not take
image=$(find data/images/val -name '*.png' | head -n 1)
"$eval_" --checkpoint run/latest --predict - <"$image" >&- 2>err
[ $? = 8 ] || fail "frames into a closed standard output: $(cat err)"
finish
