#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Several devices, in one process and in several: the same weights; signals; ranks that die, hang or lose their device.
#
#   FAULTS=all   at every phase of a training, as ci/ranks.sh wants it, instead of a few (half an hour)
#   MPIEXEC      the launcher of the MPI that libencnet_mpi was built with; default mpiexec
. "$(dirname "$0")/common.inc"
need_device
faulty=$ENCNET_BIN/tests/faulty_train # see tests/train/faults.c
same_weights() {
    cmp -s "$1/latest/weights.safetensors" "$2/latest/weights.safetensors" || fail "$1 and $2 differ"
}
# Waits until rank 0 has made iteration 2 of a run that never ends by itself.
wait_for_start() {
    local _
    for _ in $(seq 600); do
        grep -q 'Iter \[2/' err && return
        kill -0 "$1" 2>/dev/null || break
        sleep 0.2
    done
    fail "no second iteration: $(tail -5 err)"
}

cat >tiny.ini <<'INI'
[model]
backbone = resnet18
classes = 4
output_stride = 16
channels = 8
aux_channels = 8
codewords = 4
[data]
train_count = 8
val_count = 3
width = 48
height = 48
workers = 1
[augment]
scale = 48,48
crop = 32,32
[train]
max_iters = 3
log_interval = 1
checkpoint_interval = 2
eval_interval = 3
[output]
tensorboard = no
INI

# -- devices of one process
expect 0 "$train" tiny.ini --device 0,0 --work-dir threads
out_matches '^checkpoint threads/'
out_matches '^mIoU '
err_has 'rank 0: '
err_has 'rank 1: '
err_has 'batch 4 x 1'
expect 0 "$train" tiny.ini --device 0,0 --work-dir shares --set device.shares=3,1
err_has 'images per batch 3'
expect 6 "$train" tiny.ini --device 0,99 --work-dir none
err_has 'no OpenCL device is called "99"'
expect 3 "$train" tiny.ini --device 0,0 --work-dir none --set device.shares=1
err_has 'wants 2 numbers'

# -- evaluation: the scores of one device, whoever shares the images
# scores LAUNCHER... -- OPTION...
scores() {
    local launcher=()
    while [ "$1" != -- ]; do
        launcher+=("$1")
        shift
    done
    rm -f scores.json
    expect 0 timeout 150 "${launcher[@]}" "$eval_" tiny.ini --checkpoint threads/latest --json scores.json "${@:2}"
    cat out scores.json >scores
}
scores --
mv scores one
scores -- --device 0,0 --report report
cmp one scores || fail "two devices score otherwise: $(cat scores)"
[ -s report/contact_sheet.png ] || fail "no report"
expect 6 "$eval_" tiny.ini --checkpoint threads/latest --device 0,99
expect 8 "$eval_" tiny.ini --checkpoint threads/latest --device 0,0 --report /dev/null/report

# -- faults
# fault RANK:PHASE:N WHAT [LAUNCHER...]: one of two ranks fails; both end, with its sentence, and the run goes on from the
# checkpoint before.
fault() {
    local at=$1 what=$2 code killed last _
    shift 2
    rm -rf faulty
    echo "fault $at $what $*"
    ENCNET_FAULT=$at:$what LD_LIBRARY_PATH=$ENCNET_BIN timeout 150 "$@" "$faulty" tiny.ini --device 0,0 --work-dir faulty \
        --set device.timeout=20 --set train.max_iters=4 --set train.checkpoint_interval=1 --set train.eval_interval=2 \
        >out 2>err </dev/null
    code=$?
    # MPICH's mpiexec may report the SIGKILL with which it ends the ranks
    killed=none
    if [ $# -gt 0 ] && "$1" --version 2>/dev/null | grep -q HYDRA; then killed=9; fi
    err_has "fault: $what"
    case $what in
    kill) [ $code != 0 ] && [ $code != 124 ] || fail "$at $what: exit code $code" ;;
    stop | hang)
        [ $code = 10 ] || [ $code = $killed ] || fail "$at $what: exit code $code: $(tail -5 err)"
        err_matches "rank ${at%%:*} did not come to [a-z]* within 20 s"
        ;;
    lose)
        [ $code = 7 ] || [ $code = $killed ] || fail "$at $what: exit code $code: $(tail -5 err)"
        [ "${at%%:*}" = 0 ] || err_has "rank ${at%%:*}: "
        err_has 'CL_OUT_OF_RESOURCES'
        ;;
    ask)
        [ $code = 75 ] || fail "$at $what: exit code $code: $(tail -5 err)"
        [ "$(grep -o 'stopped after iteration [0-9]*' err | sort -u | wc -l)" = 1 ] || fail "$at $what: $(cat err)"
        ;;
    esac
    for _ in $(seq 50); do
        pgrep -f "^$faulty tiny.ini" >/dev/null || break
        sleep 0.2
    done
    pgrep -f "^$faulty tiny.ini" && fail "$at $what: a rank outlives another"
    last=$(readlink faulty/latest)
    [ -n "$last" ] || fail "$at $what: no checkpoint"
    expect 0 timeout 150 "$@" "$train" tiny.ini --device 0,0 --work-dir faulty --resume auto \
        --set train.max_iters=$((${last#iter_} + 1)) --set train.eval_interval=0
    err_has "resumed from faulty/$last: "
}
# faults "WHAT..." [LAUNCHER...]: each of them, in each phase.  One checkpoint is there by then.
faults() {
    local at what whats=$1
    shift
    for at in 1:data:1 1:forward:1 1:statistics:1 0:statistics:1 1:backward:1 1:gradients:1 1:update:1 0:update:1 1:agree:1 \
        1:evaluate:2 1:hash:2 0:save:2; do
        for what in $whats; do fault $at "$what" "$@"; done
    done
}
if [ "${FAULTS:-}" = all ]; then
    faults "lose hang ask"
else
    fault 1:backward:1 lose
    fault 0:gradients:1 hang
fi

# -- processes
need_mpi

expect 0 timeout 150 "$mpiexec" -n 2 "$train" tiny.ini --device 0,0 --work-dir processes
out_matches '^checkpoint processes/'
[ "$(wc -l <out)" = 2 ] || fail "not one rank alone prints results: $(cat out)"
same_weights threads processes
# What prints and exits is done by one rank, whichever program it is.
for what in --help --version "--print-docs man" "tiny.ini --print-config" "tiny.ini --plan --device 0" "tiny.ini --check-data" \
    "tiny.ini --export-data exported"; do
    read -ra words <<<"$what"
    expect 0 timeout 60 "$mpiexec" -n 2 "$train" "${words[@]}"
    mv out twice
    rm -rf exported
    expect 0 timeout 60 "$train" "${words[@]}"
    case $what in
    *--plan*) # a plan for two ranks
        grep -q '^rank 0, ' twice && grep -q ': as rank 0$' twice || fail "$what: $(cat twice)"
        [ "$(grep -c '^rank' twice)" = 2 ] || fail "$what is printed more than once: $(cat twice)"
        ;;
    *) cmp out twice || fail "two processes print otherwise for $what: $(head -3 twice)" ;;
    esac
done
expect 0 timeout 60 "$mpiexec" -n 2 "$eval_" --help
[ "$(grep -c '^Usage' out)" = 1 ] || fail "a help text for each rank: $(cat out)"
expect 0 timeout 60 "$mpiexec" -n 2 "$train" tiny.ini --plan --device 0 --set device.shares=3,1
out_has '3 x 32x32'
expect 3 timeout 60 "$mpiexec" -n 2 "$train" tiny.ini --plan --device 0 --set device.shares=1
err_has 'wants 2 numbers'

expect 6 timeout 150 "$mpiexec" -n 2 "$train" tiny.ini --device 0 --work-dir none
err_has '2 ranks on this host, but 1 device;'

scores "$mpiexec" -n 2 -- --device 0,0
cmp one scores || fail "two processes score otherwise: $(cat scores)"
expect 2 timeout 150 "$mpiexec" -n 2 "$eval_" tiny.ini --checkpoint threads/latest --predict . --out none
err_has 'in one process'

start() { # start WORK_DIR OPTION...
    local dir=$1
    shift
    : >err
    timeout 150 "$mpiexec" -n 2 "$train" tiny.ini --device 0,0 --work-dir "$dir" --set train.max_iters=100000 \
        --set train.eval_interval=0 --set train.checkpoint_interval=1 "$@" >out 2>err </dev/null &
    pid=$!
    wait_for_start $pid
}
rank_pids() { pgrep -f -- "^$train tiny.ini --device 0,0 --work-dir $1 " | sort -n; }

# A signal to one: all save, in the same iteration.
start signal
kill -USR1 "$(rank_pids signal | tail -1)"
wait $pid
code=$?
[ $code = 75 ] || fail "a signal: exit code $code: $(tail -5 err)"
err_has 'stopped after iteration'
[ -e signal/latest/weights.safetensors ] || fail "no checkpoint after a signal"

if [ "${FAULTS:-}" = all ]; then
    faults "kill stop lose ask" "$mpiexec" -n 2
else
    fault 1:statistics:1 kill "$mpiexec" -n 2
    fault 1:gradients:1 stop "$mpiexec" -n 2
    fault 1:evaluate:2 lose "$mpiexec" -n 2
    fault 1:evaluate:2 ask "$mpiexec" -n 2
    fault 0:save:2 stop "$mpiexec" -n 2
fi

finish
