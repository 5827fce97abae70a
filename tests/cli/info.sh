#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-info from outside: what it prints, where, and its exit codes.
set -u
info=$ENCNET_BIN/encnet-cl-info
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export ENCNET_CACHE_DIR=$dir/cache NO_COLOR=1

# expect CODE WORD ARGUMENT...: the exit code, and an extended regular expression in what it prints on either channel.
expect() {
    local code=$1 word=$2 got
    shift 2
    "$info" "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    if [ $got -ne "$code" ] || ! cat "$dir/out" "$dir/err" | grep -qE -- "$word"; then
        echo "encnet-cl-info $*: exit code $got instead of $code, or no \"$word\" in:"
        cat "$dir/out" "$dir/err"
        exit 1
    fi
}
quiet() {
    if [ -s "$dir/$1" ]; then
        echo "unexpected on std$1:"
        cat "$dir/$1"
        exit 1
    fi
}

"$info" >/dev/null 2>&1
[ $? -eq 6 ] && exit 77

expect 0 '^0 \(0:0\)  .' && quiet err
expect 0 'extensions  ' --device 0 && quiet err
expect 0 '^\{"platforms": \[$' --json && quiet err
grep -q '^"devices": \[$' "$dir/out" || { echo "no devices"; cat "$dir/out"; exit 1; }
expect 0 '"version": "[0-9.]+"\}$' --json
expect 0 '^Usage: encnet-cl-info' --help && quiet err
expect 0 '^encnet-cl-info [0-9.]+$' --version && quiet err
expect 2 'nearest is --device' --devcie && quiet out
expect 2 'one argument too many: 2' 1 2 && quiet out
expect 6 'called "no such thing"; there is: 0 \(0:0\)' --device 'no such thing' && quiet out
expect 6 '"error": "no OpenCL device is called' --json --device 99:99

# Networks, heads and backbones, which take no device.
expect 0 '^  encnet +EncNet: context encoding' --models && quiet err
grep -q '^backbones$' "$dir/out" || { echo "no backbones"; cat "$dir/out"; exit 1; }
expect 0 '"name": "resnet50_v1c", "about": "ResNet-50' --models --json
if command -v python3 >/dev/null; then
    python3 -m json.tool "$dir/out" >/dev/null || { echo "--models --json is no JSON"; exit 1; }
fi
expect 0 '^published$' --models && quiet err
for name in $(sed -nE 's/^(NETWORK|BACKBONE|PUBLISHED)\("?([a-z0-9_-]+)"?,.*/\2/p' "$ENCNET_SRC"/lib/models/*.def); do
    grep -q "^  $name " "$dir/out" || { echo "--models lacks $name"; cat "$dir/out"; exit 1; }
done
# What is planned for them: trainable numbers, operations of one image, and memory.
grep -qE '^  encnet_r50-d8 +encnet +resnet50_v1c +77\.94 +35891961 +56[0-9]\.[0-9] +[0-9.]+ GiB$' "$dir/out" ||
    { echo "no plan of encnet_r50-d8"; cat "$dir/out"; exit 1; }
expect 0 '"miou": 77.94, "parameters": 35891961, "gflop": 56[0-9.]+, "training_bytes": [0-9]+\}' --models --json --device 0
expect 6 'called "no such thing"' --models --device 'no such thing'

# Data sets, file formats and dialects, which are also the tables of docs/checkpoints.md.
for name in $(sed -nE 's/^DATASET\(([a-z0-9_]+),.*/\1/p' "$ENCNET_SRC/lib/data/datasets.def"); do
    expect 0 "^  $name " --datasets && quiet err
done
expect 0 '^ +\(_gtFine_labelTrainIds.png\)' --datasets
expect 0 '^  Paddle +\.pdparams, read: ' --formats && quiet err
expect 0 '^  PyTorch-Encoding  backbone = resnet50s' --formats
expect 0 '"name": "PyTorch zip", "about": "\.pth, read and written: ' --formats --datasets --json
if command -v python3 >/dev/null; then
    python3 -m json.tool "$dir/out" >/dev/null || { echo "--formats --datasets --json is no JSON"; exit 1; }
fi
"$info" --formats --json | sed -nE 's/^  \{"name": "(.*)", "about": "(.*)"\}[],]*$/| \1 | \2 |/p' >"$dir/rows"
[ "$(wc -l <"$dir/rows")" = "$(cat "$ENCNET_SRC"/lib/files/*.def | grep -cE '^(FORMAT|DIALECT)\(')" ] ||
    { echo "--formats does not list every row"; cat "$dir/rows"; exit 1; }
while read -r row; do
    grep -qxF -- "$row" "$ENCNET_SRC/docs/checkpoints.md" || { echo "docs/checkpoints.md lacks the line: $row"; exit 1; }
done <"$dir/rows"

# The self-test: a row per operator, none of them wrong; the times on stderr.
expect 0 '^relu +ok +[0-9.]+ +[0-9.]+$' --self-test --profile
out_has '^network +ok +[0-9.]+ +[0-9.]+$'
grep -q '^relu  *relu_fwd' "$dir/err" || { echo "no profile"; cat "$dir/err"; exit 1; }
expect 0 '"op": "relu", "ok": true' --self-test --json
[ -n "$(ls "$dir/cache/v1")" ] || { echo "the kernel cache is empty"; exit 1; }

# Platforms: what each answers, and drivers that are registered but cannot be loaded.
expect 0 '^platforms$' && quiet err
grep -qE '^  .*: [0-9]+ devices?$' "$dir/out" || { echo "no platform with a device"; cat "$dir/out"; exit 1; }
expect 0 '"platforms": \[' --json
mkdir "$dir/vendors"
echo libnvidia-there-is-none.so.1 >"$dir/vendors/nvidia.icd"
(
    export OCL_ICD_VENDORS=$dir/vendors
    expect 6 'libnvidia-there-is-none.so.1: cannot open' && grep -q 'nvidia-opencl-icd' "$dir/out"
    expect 6 '"index": -1, "name": ".*/nvidia.icd".*libnvidia-there-is-none' --json
    if command -v python3 >/dev/null; then
        python3 -m json.tool "$dir/out" >/dev/null || { echo "--json without a device is no JSON"; exit 1; }
    fi
) || exit 1

# Without a driver.
export OCL_ICD_VENDORS=/nonexistent
expect 0 '^networks$' --models && quiet err
expect 0 'encnet_r50-d8 +encnet +resnet50_v1c +77.94 +- +- +-$' --models
expect 0 'take a device: no OpenCL device' --models
expect 0 '"training_bytes": null\}' --models --json
expect 0 '^"published_missing": ".*OCL_ICD_VENDORS is' --models --json
if command -v python3 >/dev/null; then
    python3 -m json.tool "$dir/out" >/dev/null || { echo "--models --json without a device is no JSON"; exit 1; }
fi
expect 6 'OCL_ICD_VENDORS is /nonexistent.*apt install pocl-opencl-icd' && quiet out
expect 6 'apt install pocl-opencl-icd' --self-test
unset OCL_ICD_VENDORS

# A result that cannot be written is an error.
"$info" >/dev/full 2>"$dir/err"
[ $? -eq 8 ] || { echo "a full disk went unnoticed"; exit 1; }
echo "encnet-cl-info: good"
