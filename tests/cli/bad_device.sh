#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# No driver, no such device, a kernel that does not compile, too little memory: exit 6, 7 or 1, one sentence, and what to do.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini

# -- no platform: what to install
for command in "$train tiny.ini --work-dir none" "$eval_ tiny.ini --checkpoint random" "$info"; do
    # shellcheck disable=SC2086
    expect 6 env OCL_ICD_VENDORS=/nonexistent $command
    err_has "apt install pocl-opencl-icd"
    one_line
done

# -- no such device: what there is
expect 6 "$train" tiny.ini --device "no such device" --work-dir none
err_has 'no OpenCL device is called "no such device"; there is: 0 (0:0)'
expect 6 "$eval_" tiny.ini --checkpoint random --device 99
err_has 'no OpenCL device is called "99"'
for list in 0, ,0 0,,0 ', '; do
    expect 6 "$train" tiny.ini --device "$list" --work-dir none
    err_has 'a name is empty'
    expect 6 "$info" --device "$list"
    err_has 'a name is empty'
done

# -- PoCL's folder for compiled kernels cannot be made: another one is taken, and that is said
mkdir no_cache tmp
echo "no folder" >no_cache/pocl
expect 0 env -u POCL_CACHE_DIR XDG_CACHE_HOME="$work/no_cache" TMPDIR="$work/tmp" "$info"
if grep -q 'Portable Computing Language' out; then
    err_matches "no_cache/pocl/kcache: .*: PoCL compiles its kernels anew, in $work/tmp/"
fi
expect 0 env -u POCL_CACHE_DIR XDG_CACHE_HOME="$work/no_cache" TMPDIR="$work/none" "$eval_" --version

# -- a byte of PoCL's cache that a disk has changed: compiled anew; where no checksum was kept, a sentence about what to remove
# changed SUFFIX AT COUNT: a byte of so many files, at a part in 8 of its length
changed() {
    local file size
    find flipped -name "*.$1" | sort | head -n "$3" | while read -r file; do
        size=$(stat -c %s "$file")
        printf 'X' | dd of="$file" bs=1 seek=$((size * $2 / 8)) conv=notrunc 2>/dev/null
    done
}
evaluated=(env -u POCL_CACHE_DIR ENCNET_CACHE=0 XDG_CACHE_HOME="$work/kept" "$eval_" tiny.ini --checkpoint random)
expect 0 "${evaluated[@]}" --json scores.json
if [ -n "$(find kept -name '*.encnet-crc')" ]; then
    evaluated[4]=XDG_CACHE_HOME=$work/flipped
    for change in "so 1 5" "bc 5 2" "encnet-crc 4 1"; do
        rm -rf flipped
        cp -r kept flipped
        # shellcheck disable=SC2086
        changed $change
        expect 0 "${evaluated[@]}" --json again.json
        cmp -s scores.json again.json || fail "other scores after $change"
    done
    rm -rf flipped
    cp -r kept flipped
    find flipped -name '*.encnet-crc' -delete
    changed so 1 1000
    "${evaluated[@]}" >out 2>err || err_has "remove $work/flipped/pocl/kcache"
fi

# -- a kernel that does not compile: file and line, and the whole log is kept
cp -r "$ENCNET_SRC/cl" broken
echo 'kernel void unfinished(global float *x) { x[0] = not_declared; }' >>broken/relu.cl
line=$(wc -l <broken/relu.cl)
expect 7 env ENCNET_KERNEL_DIR="$work/broken" XDG_CACHE_HOME="$work/cache" "$train" tiny.ini --work-dir none
err_has "relu.cl does not compile for "
log=$(sed -n 's/.*log: \([^);]*\).*/\1/p' err | head -n 1)
grep -q "relu.cl:$line:.*not_declared" "$log" 2>/dev/null || fail "no line $line in the log '$log': $(cat err)"
expect 8 env ENCNET_KERNEL_DIR="$work/nothing" XDG_CACHE_HOME="$work/cache" "$train" tiny.ini --work-dir none --resume auto
err_has "$work/nothing"

# -- too little memory: both sizes, and advice, before anything is computed
expect 7 "$train" tiny.ini --work-dir small --set device.memory_mb=8
err_matches 'needs [0-9.]+ MiB, .* has 8\.0 MiB'
one_line
expect 7 "$train" tiny.ini --work-dir small --set data.samples_per_device=64 --set device.memory_mb=110
err_matches 'needs [0-9.]+ MiB, .* has 110\.0 MiB'
err_matches 'data\.samples_per_device = [0-9]+ fits'
one_line
expect 7 "$eval_" tiny.ini --checkpoint random --set device.memory_mb=4
err_matches '[0-9.]+ MiB.* has 4\.0 MiB'

# -- an evaluation that does not fit beside the training: before the first iteration
large=(--set train.eval_interval=4 --set data.width=1500 --set data.height=1500)
expect 7 "$train" tiny.ini --work-dir small "${large[@]}" --set device.memory_mb=200
err_matches 'evaluating synthetic_000000, 1500 x 1500, takes [0-9.]+ MiB beside [0-9.]+ MiB .* has 200\.0 MiB: a smaller eval\.image_scale'

# -- nor in the memory of the host, in which logits are written: at the start, and what would fit is not refused
# limited KIB CODE COMMAND...: with so much address space
limited() {
    local space=$1 code=$2
    shift 2
    (
        ulimit -v "$space"
        exec "$@" >out 2>err
    )
    got=$?
    [ $got = "$code" ] || fail "$* within $space KiB exits with $got, not $code: $(tail -n 2 err)"
}
refused='evaluating synthetic_000000, 1200 x 1400 in 150 classes, takes [0-9.]+ MiB of the host.s memory, and [0-9.]+ MiB are left: '
large=(--set model.classes=150 --set data.width=1400 --set data.height=1200 --set data.train_count=1)
slide=(--set eval.mode=slide --set eval.crop=64,64 --set eval.stride=64,64)
if (ulimit -v 1500000 && "$info" >/dev/null 2>&1); then # sanitizers take all addresses
    for options in "" "--set eval.flip=yes" "--set eval.scales=0.5,1" "${slide[*]}"; do
        # shellcheck disable=SC2086
        limited 1500000 1 "$eval_" tiny.ini --checkpoint random "${large[@]}" $options --dump-logits logits
        err_matches "$refused"
        one_line
    done
    [ -e logits ] && fail "logits of a refused evaluation"
    # passes and windows are merged by bands of rows: 150 classes take no map as a whole
    limited 1500000 0 "$eval_" tiny.ini --checkpoint random "${large[@]}" --set eval.flip=yes --set data.val_count=1

    # a smaller one runs in what is said to be needed and a half more, and is refused in a little less
    small=(--set model.classes=150 --set data.width=1000 --set data.height=300 --set eval.flip=yes --set data.val_count=1 --dump-logits small_logits)
    limited 800000 1 "$eval_" tiny.ini --checkpoint random "${small[@]}"
    read -r takes left < <(sed -n 's/.*takes \([0-9]*\).*and \([0-9]*\).* MiB are left.*/\1 \2/p' err)
    if [ -n "${left:-}" ]; then
        limited $((800000 + 1024 * (takes - left - 10))) 1 "$eval_" tiny.ini --checkpoint random "${small[@]}"
        limited $((800000 + 1024 * (takes * 3 / 2 - left))) 0 "$eval_" tiny.ini --checkpoint random "${small[@]}"
    else
        fail "no numbers in '$(cat err)'"
    fi
fi

[ -z "$(find none small -name 'iter_*' 2>/dev/null)" ] || fail "a refused run leaves checkpoints: $(find none small)"
finish
