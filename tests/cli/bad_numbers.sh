#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Weights that no network can use, a variance below zero or a number that is not finite: the file, the tensor and the number are named.
. "$(dirname "$0")/common.inc"
need_device
train=$ENCNET_BIN/tests/toy_train eval_=$ENCNET_BIN/tests/toy_eval convert=$ENCNET_BIN/tests/toy_convert
write_toy toy.ini
expect 0 "$train" toy.ini --work-dir run --set train.max_iters=1

# patch TENSOR BYTES: weights with another second number; the checksum of the data becomes a line that means nothing
patch() {
    local header at
    cp run/iter_1/weights.safetensors alone.safetensors
    header=$(od -An -tu8 -N 8 alone.safetensors | tr -d ' ')
    at=$(head -c $((8 + header)) alone.safetensors | grep -aoP "\"$1\":\{[^}]*\"data_offsets\":\[\K[0-9]+")
    # shellcheck disable=SC2059
    printf "$2" | dd of=alone.safetensors bs=1 seek=$((8 + header + at + 4)) conv=notrunc 2>/dev/null
    LC_ALL=C sed -i 's/encnet\.crc32/unused.crc32/' alone.safetensors
}
minus='\0\0\200\277' minus_zero='\0\0\0\200' infinite='\0\0\200\177' minus_infinite='\0\0\200\377' none='\0\0\300\177' zero='\0\0\0\0'
name=$(head -c 5000 run/iter_1/weights.safetensors | grep -aoP '"\K[a-z0-9_.]*running_var(?=")' | head -n 1)
mean=${name%var}mean
refused() { # refused TENSOR WHY
    expect 5 "$eval_" toy.ini --checkpoint alone.safetensors --json scores.json
    err_has "alone.safetensors: number 1 of $1 is $2"
    one_line
    [ -e scores.json ] && fail "scores of $1"
    for key in checkpoint pretrained; do
        expect 5 "$train" toy.ini --work-dir other --set model.$key=alone.safetensors
        err_has "alone.safetensors: number 1 of $1 is $2"
    done
    expect 0 "$convert" alone.safetensors out.pth
    err_has "alone.safetensors: number 1 of $1 is ${2%%:*}"
    err_has 'which no network can use'
    expect 5 "$eval_" toy.ini --checkpoint out.pth
    err_has "out.pth: number 1 of $1 is $2"
    expect 5 "$convert" alone.safetensors out.onnx
    err_has "number 1 of $1 is ${2%%:*}"
    [ -e out.onnx ] && fail "a model with $1"
}
patch "$name" $minus
refused "$name" '-1: no variance is negative'
patch "$name" $minus_infinite
refused "$name" '-inf: the weights of a training that diverged'
for value in $infinite $none; do
    patch "$name" "$value"
    refused "$name" ''
    patch "$mean" "$value"
    refused "$mean" ''
done
for value in $zero $minus_zero; do # 0 and -0
    patch "$name" "$value"
    expect 0 "$eval_" toy.ini --checkpoint alone.safetensors
    expect 0 "$convert" alone.safetensors out.pth
    err_is ''
done
patch "$mean" $minus
expect 0 "$eval_" toy.ini --checkpoint alone.safetensors

# a training goes on from no such checkpoint, and leaves it
cp -r run damaged
patch "$name" $minus
cp alone.safetensors damaged/iter_1/weights.safetensors
before=$(sums damaged)
expect 5 "$train" toy.ini --work-dir damaged --resume damaged/iter_1
err_has 'damaged/iter_1/weights.safetensors'
[ "$(sums damaged)" = "$before" ] || fail "the checkpoint has changed"
finish
