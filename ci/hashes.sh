#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Prints a hash of the trained weights of three short runs: the demo, and ten steps each of EncNet R-50-D8 and FCN R-18.
# A change that moves code without changing arithmetic leaves all three unchanged, on the same device and driver.
#
#   ci/hashes.sh BUILD [demo|steps]      default both; the demo takes about a minute on two cores
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh

build=${1:?ci/hashes.sh BUILD [demo|steps]}
what=${2:-all}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Hashes the tensors of a safetensors file without its header, which may grow from version to version.
hash_of() {
    local header
    header=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
    tail -c "+$((9 + header))" "$1" | sha256sum | cut -c 1-32
}

train() {
    local name=$1
    shift
    "$build"/encnet-cl-train "$@" --quiet --work-dir "$out/$name" >/dev/null 2>"$out/$name.log" || {
        cat "$out/$name.log" >&2
        exit 1
    }
    printf '%-14s %s\n' "$name" "$(hash_of "$out/$name/latest/weights.safetensors")"
}

ten_steps=(--set data.type=synthetic --set data.train_count=8 --set data.val_count=2 --set augment.scale=128,128
    --set augment.crop=97,113 --set train.max_iters=10 --set train.eval_interval=0 --set train.checkpoint_interval=0
    --set output.tensorboard=no)

if [ "$what" != demo ]; then
    train encnet_r50-d8 configs/encnet_r50-d8_512x1024_40k_cityscapes.ini "${ten_steps[@]}"
    train fcn_r18 configs/fcn_r50-d8_512x1024_40k_cityscapes.ini "${ten_steps[@]}" --set model.backbone=resnet18_v1c
fi
if [ "$what" != steps ]; then train demo configs/encnet_r18-d8_demo.ini; fi
