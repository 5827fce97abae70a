#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# As a service is started: no home, or one that cannot be written, no environment, no terminal, few descriptors, a folder that is
# gone, a temporary folder that is full or missing.  The scores are the same every time.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
evaluate=("$eval_" "$work/tiny.ini" --checkpoint random --json -)
expect 0 "${evaluate[@]}"
scores=$(cat out)
[ -n "$scores" ] || fail "no scores"
mkdir gone readonly
chmod 500 readonly

# same NAME COMMAND...: the command ends well, without input, and with the scores of above.
same() {
    local name=$1
    shift
    expect 0 "$@" </dev/null
    [ "$(cat out)" = "$scores" ] || fail "$name: other scores: $(cat out)"
}

# kernels that are compiled already spare a minute, wherever the home is
kernels=POCL_CACHE_DIR=${POCL_CACHE_DIR:-$XDG_CACHE_HOME/pocl/kcache}
same "no HOME" env -u HOME -u XDG_CACHE_HOME "$kernels" "${evaluate[@]}"
same "HOME is missing" env -u XDG_CACHE_HOME "$kernels" HOME="$work/missing" "${evaluate[@]}"
same "HOME cannot be written" env -u XDG_CACHE_HOME "$kernels" HOME="$work/readonly" "${evaluate[@]}"
same "HOME is /proc" env -u XDG_CACHE_HOME "$kernels" HOME=/proc "${evaluate[@]}"
same "no environment" env -i "$kernels" ${OCL_ICD_VENDORS:+"OCL_ICD_VENDORS=$OCL_ICD_VENDORS"} "${evaluate[@]}"
same "no TMPDIR" env TMPDIR="$work/none" "${evaluate[@]}"
same "a full TMPDIR" env TMPDIR=/dev/full "${evaluate[@]}"
same "16 descriptors" bash -c 'ulimit -n 16 && exec "$@"' - "${evaluate[@]}"
same "no core, no nice" bash -c 'ulimit -c 0 && exec nice -n 19 "$@"' - "${evaluate[@]}"
same "the folder is gone" bash -c 'cd gone && rmdir ../gone && exec "$@"' - "${evaluate[@]}"
same "closed stdin" bash -c 'exec "$@" <&-' - "${evaluate[@]}"
same "another session" setsid -w "${evaluate[@]}"

# a limit on the size of files that the kernels keep and the weights do not: a sentence at the start
expect 8 bash -c 'ulimit -f 20000 && exec "$@"' - "$train" tiny.ini --work-dir limited
err_matches 'limited: File too large: weights.safetensors .* MiB, .* 19.5 MiB \(ulimit -f\)'
[ ! -e limited ] || fail "the run has begun: $(ls limited)"

# one that a log reaches: the run is saved and stops; started again, it says at once that it cannot go on
expect 0 "$train" tiny.ini --work-dir grown
truncate -s $((100000 * 1024 - 5000)) grown/tiny.log
echo >>grown/tiny.log
again=(bash -c 'ulimit -f 100000 && exec "$@"' - "$train" tiny.ini --work-dir grown --resume auto --set train.max_iters=200
    --set train.checkpoint_interval=0)
expect 75 "${again[@]}"
err_has "grown/tiny.log: this log cannot be written any more: File too large"
err_has "reached the limit on the size of files, 97.7 MiB"
err_matches 'stopped after iteration ([5-9]|[1-4][0-9]) of 200; saved grown/iter_'
latest=$(readlink grown/latest)
[ "$latest" != iter_4 ] || fail "nothing is saved: $(ls grown)"
expect 8 "${again[@]}"
err_has "reached the limit on the size of files"
[ "$(readlink grown/latest)" = "$latest" ] || fail "another checkpoint: $(ls grown)"
finish
