#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-bench: one device, ranks in one process and in several, shares, and what it refuses.
. "$(dirname "$0")/common.inc"
need_device
bench=$ENCNET_BIN/encnet-cl-bench
write_config small.ini
small="small.ini --size 48x40 --repeat 1"

expect 2 "$bench" small.ini --size 20000x40
err_has "--size 20000x40: must be HxW, such as 512x1024, with sides of 1 to 16384"

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

    # Another program in turn with ours: its own times, JSON or a number, and what it is told.
    echo 'echo noise; echo "$MODE $SIZE $BATCH $REPEAT" >>told; echo "{\"best_s\": 2.0, \"median_s\": 4.0, \"off\": 7}"' >peer.sh
    expect 0 "$bench" $small --peer 'sh peer.sh'
    [ "$(tr '\n' ' ' <told)" = 'train 48x40 1 1 train 48x40 1 1 infer 48x40 1 1 infer 48x40 1 1 ' ] || fail "told: $(cat told)"
    [ "$(grep -c '^train peer: best 2.000 s, median 4.000 s; ours takes 0' out)" = 2 ] || fail "not two rounds: $(cat out)"
    awk '/^infer .* best [0-9.]+ s,/ && !/peer/ { if (!best || $7 < best) best = $7 }
         /^infer best of 2 rounds/ { found = 1; if ($0 !~ sprintf("%.3f s, peer 2.000 s: %.2f of", best, best / 2)) exit 1 }
         END { exit !found }' out || fail "another ratio: $(cat out)"
    expect 0 "$bench" $small --mode infer --json --peer 'echo loading 3 files; echo 0.5; echo done'
    out_matches '"peer_best_s": 0.5000, "peer_median_s": 0.5000, "ratio_best": [0-9.]+, "ratio_median": [0-9.]+}$'
    for bad in 'echo 0' 'echo nan' 'echo fast' 'echo 1 step' true; do
        expect 2 "$bench" $small --mode infer --peer "$bad"
        err_has "--peer $bad: printed no line with"
    done
    expect 2 "$bench" $small --mode infer --peer 'echo 1; exit 3'
    err_has 'ended with exit code 3'
    expect 2 "$bench" $small --peer true --ranks 2
    err_has 'one of them at a time'

    export ENCNET_CACHE_DIR=$PWD/tuned
    expect 0 "$bench" $small --tune --set device.tune=quick --mode infer
    out_matches '^infer encnet resnet18_v1c 48x40 batch 1$'
    out_matches 'layer1.0.conv1 \(.*\), forward: (packed|winograd(_tiled)?|tiled), [0-9.]+ GFLOP, [0-9.]+ ms, '
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
    err_has '2 ranks on this host, but 1 device;'
    expect 2 timeout 150 "$mpiexec" -n 2 "$bench" $small --ranks 2
}
finish
