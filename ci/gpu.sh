#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# What a GPU says of this library, on a bare machine: Linux, glibc 2.35 or later, the GPU's driver, and nothing else; no root,
# no compiler, no network.
#
#   ci/gpu.sh --collect DIR    on a machine like the one that builds: builds everything and writes DIR, at most 60 MiB
#   DIR/gpu.sh [OUT]           on the machine with the GPU: runs the steps and writes OUT/gpu.json and OUT/gpu.md
#                              (default ./encnet-gpu-result)
#
# The steps come most telling first, each takes less than 9 minutes, and a step that has ended is not run again: what is
# interrupted goes on with the same command.  In the environment of both: CAMVID=FOLDER takes that data set along, or trains
# on it, in the place of drawn scenes.  Of the second: AGAIN=1 runs those steps again that failed, DEVICE=SEL selects a device,
# as --device does, SIZE=HxW is that of the benches, ONLY=REGEX leaves out the steps that it does not match.  Everything is
# unpacked to /tmp/encnet-gpu, because the tests know where their files are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=/tmp/encnet-gpu
most=$((60 << 20))

# -- collect

collect() {
    local dir=$1 camvid=${CAMVID:-} lib bytes
    cd "$here/.."
    . ci/packages.sh
    # shellcheck disable=SC2086
    need $BUILD_PACKAGES $TEST_PACKAGES git xz-utils binutils
    rm -rf "$home"
    mkdir -p "$home/src" "$home/lib" "$dir"
    git ls-files -z | xargs -0 cp --parents -t "$home/src"
    cmake -S "$home/src" -B "$home/src/build" -G Ninja -DENCNET_WERROR=ON -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON >/dev/null
    cmake --build "$home/src/build"
    (cd "$home/src/build" && find . -type f ! -name '*.so*' ! -perm -100 ! -path './share/*' -delete &&
        find . -type d -name CMakeFiles -prune -exec rm -rf {} + && find . -type f -perm -100 -exec strip {} +)
    # every library but those of glibc, which belong to the machine, and the one that is built here
    find "$home/src/build" -type f -perm -100 -exec ldd {} + 2>/dev/null | awk '/=> \// {print $3}' | sort -u |
        grep -vE '/(libc|libm|libpthread|libdl|librt|ld-linux[^/]*)\.so|encnet-gpu' |
        while read -r lib; do cp -L "$lib" "$home/lib/"; done
    [ -z "$camvid" ] || { mkdir -p "$home/data" && cp -rL "$camvid" "$home/data/camvid"; }
    # the tests contain the library each; a dictionary that spans several of them stores it once
    tar -C "$home" --exclude=./src/docs/img -c . | xz -6 --lzma2=preset=6,dict=256MiB >"$dir/encnet-gpu.tar.xz"
    cp ci/gpu.sh "$dir/gpu.sh"
    cp -L "$(command -v xz)" "$(ldd "$(command -v xz)" | awk '/liblzma/ {print $3}')" "$dir/" # a bare machine may lack it
    bytes=$(du -sb "$dir" | cut -f 1)
    echo "$dir: $((bytes >> 20)) MiB"
    [ "$bytes" -le $most ] || { echo "more than $((most >> 20)) MiB" >&2; return 1; }
}

# -- the driver: without a GPU among the devices (a CPU may well be there), files that register what drivers there are

find_driver() {
    local name library path
    if [ -n "${DEVICE:-}" ] || "$build/encnet-cl-info" 2>/dev/null | grep -q '^  type *GPU'; then return; fi
    mkdir -p "$out/vendors"
    for name in nvidia:libnvidia-opencl.so.1 amd:libamdocl64.so intel:libigdrcl.so pocl:libpocl.so.2; do
        library=${name#*:}
        path=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | awk -v l="$library" '$1 == l {print $NF; exit}')
        [ -n "$path" ] || path=$(find /opt /usr/lib /usr/lib64 /usr/local -name "$library*" 2>/dev/null | sort | head -n 1)
        [ -z "$path" ] || echo "$path" >"$out/vendors/${name%%:*}.icd"
    done
    export OCL_ICD_VENDORS=$out/vendors
}

# -- steps: the log of NAME is OUT/NAME.log, what it prints OUT/NAME.out; OUT/NAME.end holds its exit code and seconds

run() {
    local name=$1 began code=0
    shift
    if [ -e "$out/$name.end" ]; then
        read -r code _ <"$out/$name.end"
        [ "$code" != 0 ] && [ -n "${AGAIN:-}" ] || return 0
    fi
    began=$(date +%s)
    code=0
    timeout -k 50 480 "$@" >"$out/$name.out" 2>"$out/$name.log" || code=$?
    echo "$code $(($(date +%s) - began))" >"$out/$name.end"
    printf '%-28s %s, %s s\n' "$name" "$([ $code = 0 ] && echo good || echo "exit code $code")" \
        "$(cut -d ' ' -f 2 "$out/$name.end")"
}
export -f run

step() {
    [[ $1 =~ ${ONLY:-} ]] || return 0
    names+=("$1")
    run "$@"
    page
}

# Each test is a step, so that one that hangs costs nothing but its own time; as many run at once as there are processors,
# because a test mostly compiles kernels and computes references.
tests() {
    local room t chosen=()
    export out TEST_DEVICE=${DEVICE:-}
    for room in device ops graph models train eval; do
        for t in "$build"/tests/test_"${room}"_*; do
            t=$(basename "$t")
            ! [[ $t =~ ${ONLY:-} ]] || chosen+=("$t")
        done
    done
    [ ${#chosen[@]} -gt 0 ] || return 0
    printf '%s\n' "${chosen[@]}" | xargs -P "$(nproc)" -I{} bash -c "run {} '$build/tests/{}'"
    names+=("${chosen[@]}")
    page
}

config() { echo "$home/src/configs/$1.ini"; }

steps() {
    local t precision n device=() size=${SIZE:-512x1024} data=$home/data/camvid
    local -a train=("$build/encnet-cl-train" --work-dir "$out/train" --resume auto)
    [ -z "${DEVICE:-}" ] || device=(--device "$DEVICE")
    step info "$build/encnet-cl-info" --json
    step self_test "$build/encnet-cl-info" --self-test --json "${device[@]}"
    tests
    for precision in float32 fp16 bf16; do
        for t in encnet_r50-d8 deeplabv3plus_r50-d8 ocrnet_hr18; do
            step "bench_${t}_$precision" "$build/encnet-cl-bench" "$(config ${t}_512x1024_40k_cityscapes)" --size "$size" \
                --batch 2 --repeat 5 --json --set device.profile=yes --set "device.precision=$precision" "${device[@]}"
        done
    done
    step bench_ops "$build/tests/bench_ops" --runs 5 "${device[@]}"
    [ -z "${CAMVID:-}" ] || data=$CAMVID
    if [ -d "$data" ]; then
        train+=("$(config encnet_r18-d8_camvid)" --set "data.root=$data")
    else
        train+=("$(config encnet_r18-d8_demo)")
    fi
    for n in 1 2 3; do # a slow device is stopped in time, and goes on in the next step; a finished run ends at once
        step "train_$n" "${train[@]}" "${device[@]}"
    done
}

# -- the page and the JSON, after every step

text() { tr -d '\000-\037' <<<"$1" | sed 's/[\\"]/\\&/g'; }

page() {
    local name code seconds comma='' good=0
    {
        printf '{"date": "%s", "host": "%s", "kernel": "%s",\n"steps": [' "$(date -u +%FT%TZ)" "$(text "$(uname -n)")" \
            "$(text "$(uname -r)")"
        for name in "${names[@]}"; do
            read -r code seconds <"$out/$name.end"
            printf '%s\n  {"name": "%s", "code": %d, "seconds": %d, "error": "%s"' "$comma" "$name" "$code" "$seconds" \
                "$([ "$code" = 0 ] || text "$(tail -n 1 "$out/$name.log" | cut -c 1-300)")"
            case $name in # what a program prints with --json goes in as it is
            info | self_test) # complete with its last line
                ! tail -n 1 "$out/$name.out" | grep -q '^"version"' || printf ', "result": %s' "$(cat "$out/$name.out")" ;;
            bench_ops) ;;
            bench_*) printf ', "result": [%s]' "$(sed '$!s/$/,/' "$out/$name.out")" ;;
            esac
            printf '}'
            comma=,
        done
        printf ']}\n'
    } >"$out/gpu.json.new"
    mv "$out/gpu.json.new" "$out/gpu.json"
    {
        printf '# encnet-cl on %s\n\n```\n' "$(uname -n)"
        LC_ALL=C "$build/encnet-cl-info" ${DEVICE:+--device "$DEVICE"} 2>&1
        printf '```\n\n| step | exit code | seconds |\n|---|---|---|\n'
        for name in "${names[@]}"; do
            read -r code seconds <"$out/$name.end"
            printf '| %s | %s | %s |\n' "$name" "$code" "$seconds"
            [ "$code" != 0 ] || good=$((good + 1))
        done
        printf '\n%d of %d steps are good.\n' "$good" "${#names[@]}"
        for name in "${names[@]}"; do
            read -r code seconds <"$out/$name.end"
            case $name:$code in
            bench_ops:0) printf '\n## %s\n\n```\n%s\n```\n' "$name" "$(cat "$out/$name.out")" ;;
            bench_*:0) printf '\n## %s\n\n```\n%s\n\n%s\n```\n' "$name" "$(cat "$out/$name.out")" "$(head -n 40 "$out/$name.log")" ;;
            train_*:0) printf '\n## %s\n\n```\n%s\n```\n' "$name" "$(tail -n 30 "$out/$name.log")" ;;
            *:0) ;;
            *) printf '\n## %s: exit code %s\n\n```\n%s\n```\n' "$name" "$code" "$(tail -n 20 "$out/$name.log" "$out/$name.out")" ;;
            esac
        done
    } >"$out/gpu.md.new"
    mv "$out/gpu.md.new" "$out/gpu.md"
}

[ -z "${CAMVID:-}" ] || CAMVID=$(cd "$CAMVID" && pwd)
if [ "${1:-}" = --collect ]; then
    [ $# = 2 ] || { echo "ci/gpu.sh --collect DIR" >&2; exit 2; }
    collect "$(mkdir -p "$2" && cd "$2" && pwd)"
    exit
fi
[ -e "$here/encnet-gpu.tar.xz" ] || { echo "there is no encnet-gpu.tar.xz beside this script: see --collect" >&2; exit 2; }
mkdir -p "${1:-encnet-gpu-result}"
out=$(cd "${1:-encnet-gpu-result}" && pwd)
build=$home/src/build
stamp=$(sha256sum <"$here/encnet-gpu.tar.xz")
if [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$home"
    mkdir -p "$home"
    LD_LIBRARY_PATH=$here "$here/xz" -dc "$here/encnet-gpu.tar.xz" | tar -C "$home" -x
    # the machine's own, where it has them: its drivers may need newer ones
    for library in libstdc++.so.6 libgcc_s.so.1; do
        ! PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q "$library" || rm -f "$home/lib/$library"
    done
    echo "$stamp" >"$home/stamp"
fi
export LD_LIBRARY_PATH=$home/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} XDG_CACHE_HOME=${XDG_CACHE_HOME:-$home/cache}
find_driver
names=()
cd "$home"
steps
page
echo "$out/gpu.md and $out/gpu.json; send both"
