#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Fails every system call on the files of a training, a resume, a conversion and a report in turn: killed there, EIO, ENOSPC,
# EINTR, short reads and writes.  Afterwards the work directory resumes to the same bytes, or an exit code and a sentence say why
# nothing was done; a conversion and a report are whole or an error, and work the next time.
#
#   ci/faults.sh BUILD [EVERY]     EVERY: only each EVERY-th call (default 1); tests/cli/faults.sh runs it with 97
#
# Allocations and OpenCL calls: ENCNET_TEST_ALL=1 BUILD/tests/test_train_no_memory, and FAULTS=all tests/cli/ranks.sh.
set -u
build=$(realpath "${1:?ci/faults.sh BUILD [EVERY]}") every=${2:-1} here=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1 XDG_CACHE_HOME=${XDG_CACHE_HOME:-$build/cache}
cc -shared -fPIC -O1 -w "$here/tests/faults/preload.c" -o "$work/preload.so" -ldl || exit 2
cd "$work" || exit 2
cat >tiny.ini <<'INI'
[model]
backbone = resnet18
classes = 4
output_stride = 32
channels = 8
aux_channels = 8
codewords = 4
[data]
train_count = 4
val_count = 1
width = 32
height = 32
workers = 1
[augment]
scale = 32,32
crop = 32,32
[train]
max_iters = 2
log_interval = 1
checkpoint_interval = 1
eval_interval = 2
INI
train=$build/encnet-cl-train
declare -A outcomes
wrong=0
outcome() { outcomes["$job $kind: $1"]=$((${outcomes["$job $kind: $1"]:-0} + 1)); }
bad() {
    outcome WRONG
    wrong=$((wrong + 1))
    echo "WRONG: $job, call $at of $calls, $kind: $*"
}
weights() { cksum <"$1/weights.safetensors" 2>/dev/null; }

# Runs a command with the fault; a sentence must explain every exit code but 0, unless it was killed.
faulty() {
    FAULT_DIR=$work/$dir FAULT_AT=$at FAULT_KIND=$kind FAULT_COUNT=$work/count LD_PRELOAD=$work/preload.so \
        timeout 120 "$@" >out 2>err
    rc=$?
    case $rc in
    0) outcome unharmed ;;
    137) [ "$kind" = kill ] && outcome killed || bad "exit 137" ;;
    1 | 2 | 3 | 4 | 5 | 8) grep -q '^encnet-cl' err && outcome "exit $rc" || bad "exit $rc without a sentence" ;;
    *) bad "exit $rc: $(tail -n 1 err)" ;;
    esac
}

run_job() {
    dir=$job
    rm -rf "$dir"
    case $job in
    save) faulty "$train" tiny.ini --work-dir "$work/$dir" ;;
    resume)
        cp -r half "$dir"
        faulty "$train" tiny.ini --work-dir "$work/$dir" --resume auto
        ;;
    convert)
        mkdir "$dir"
        faulty "$build/encnet-cl-convert" whole/iter_2 "$work/$dir/out.pth"
        ;;
    report)
        mkdir "$dir"
        faulty "$build/encnet-cl-eval" tiny.ini --checkpoint whole/iter_2 --report "$work/$dir/report" --json "$work/$dir/s.json" \
            --quiet
        ;;
    esac
}

# What must hold after it.
check_job() {
    case $job in
    save | resume)
        [ "$rc" = 0 ] && [ -d "$dir/iter_2" ] && [ "$(weights "$dir/iter_2")" = "$want" ] && return
        timeout 120 "$train" tiny.ini --work-dir "$work/$dir" --resume auto >out 2>err ||
            { bad "does not resume: $(tail -n 1 err)"; return; }
        [ "$(weights "$dir/iter_2")" = "$want" ] || bad "resumes to other weights"
        find "$dir" -name '.encnet-*' | grep -q . && bad "left behind: $(find "$dir" -name '.encnet-*')"
        ;;
    convert)
        [ -e "$dir/out.pth" ] && ! cmp -s "$dir/out.pth" whole.pth && bad "half a file"
        [ "$rc" != 0 ] || [ -e "$dir/out.pth" ] || bad "exit 0 and no file"
        ;;
    report)
        [ -e "$dir/s.json" ] && ! cmp -s "$dir/s.json" whole.json && bad "half a file"
        [ "$rc" != 0 ] || { [ -e "$dir/s.json" ] && [ -e "$dir/report/scores.csv" ]; } || bad "exit 0 and no file"
        ;;
    esac
}

"$train" tiny.ini --work-dir whole >out 2>err || { cat err; exit 2; }
want=$(weights whole/iter_2)
"$train" tiny.ini --work-dir half >out 2>err || exit 2
rm -rf half/iter_2 half/latest half/best
ln -s iter_1 half/latest
"$build/encnet-cl-convert" whole/iter_2 whole.pth >out 2>err || exit 2
"$build/encnet-cl-eval" tiny.ini --checkpoint whole/iter_2 --json whole.json --quiet >out 2>err || exit 2

for job in save resume convert report; do
    at=0 kind=none calls=0
    run_job
    calls=$(cat count)
    for kind in kill EIO ENOSPC EINTR short; do
        for ((at = 1; at <= calls; at += every)); do
            run_job
            check_job
        done
    done
    echo "$job: $calls calls"
done
for key in "${!outcomes[@]}"; do echo "$key ${outcomes[$key]}"; done | sort
[ $wrong = 0 ]
