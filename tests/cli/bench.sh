#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-bench: one device, ranks in one process and in several, shares, and what it refuses.
. "$(dirname "$0")/common.inc"
need_device
bench=$ENCNET_BIN/encnet-cl-bench
write_config small.ini
small="small.ini --size 48x40 --repeat 1"

# shellcheck disable=SC2086
{
    expect 0 "$bench" $small
    out_matches '^train encnet resnet18_v1c 48x40 batch 1: best [0-9.]+ s'
    out_matches '^infer encnet resnet18_v1c 48x40 batch 1: best [0-9.]+ s'

    expect 0 "$bench" $small --ranks 3 --batch 2
    out_matches '^train encnet resnet18_v1c 48x40 batch 6, 3 ranks \(threads\): best [0-9.]+ s'
    out_matches 'batch norm, forward  *\|  *22 '
    out_matches 'terms of the loss  *\|  *1 '
    expect 0 "$bench" $small --ranks 2 --json
    [ "$(grep -o '"kind": "statistics"' out | wc -l)" = 22 ] || fail "not 22 statistics: $(cat out)"

    expect 0 "$bench" $small --shares --device 0,0
    out_matches '^device 1: [0-9.]+ images a second, '
    out_matches '^device.shares = [0-9]+,[0-9]+$'
    expect 0 "$bench" $small --shares --device 0,0 --json
    out_matches '"shares": \[[0-9]+,[0-9]+\]}$'

    export ENCNET_CACHE_DIR=$PWD/tuned
    expect 0 "$bench" $small --tune --set device.tune=quick --mode infer
    out_matches '^infer encnet resnet18_v1c 48x40 batch 1$'
    out_matches 'layer1.0.conv1 \(.*\), forward: (packed|winograd|tiled), [0-9.]+ GFLOP, [0-9.]+ ms, '
    expect 0 "$bench" $small --mode infer --set device.tune=quick
    err_has 'measured first (device.tune = quick, for a minute at most)'
    unset ENCNET_CACHE_DIR
    expect 2 "$bench" $small --tune --ranks 2
    expect 2 "$bench" $small --ranks 2 --shares
    err_has 'one of them at a time'
    expect 2 "$bench" $small --ranks 0
    err_has '--ranks 0: must be a number from 1 to 1024'
    expect 2 "$bench" $small --ranks 2 --mode infer
    err_has '--mode infer'
    expect 3 "$bench" $small --ranks 2 --set device.shares=1,2,3
    err_has 'wants 2 numbers'

    need_mpi
    expect 0 timeout 150 "$mpiexec" -n 2 "$bench" $small --device 0,0
    out_matches 'batch 2, 2 ranks \(processes\)'
    [ "$(grep -c '^train ' out)" = 1 ] || fail "not one rank alone prints results: $(cat out)"
    expect 6 timeout 150 "$mpiexec" -n 2 "$bench" $small --device 0
    err_has '2 ranks on this host, but 1 devices'
    expect 2 timeout 150 "$mpiexec" -n 2 "$bench" $small --ranks 2
}
finish
