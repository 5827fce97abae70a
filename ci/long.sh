#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs the checks that take too long for every change: both compilers with warnings as errors, every kernel with clang and
# oclgrind, the tests with sanitizers and with other drivers, the readers with a fuzzer.  Continues after a failure, prints a
# table at the end, and fails if a row failed.  Takes two hours and three quarters on 2 cores, 65 minutes of them for fuzzing.
#
#   ci/long.sh [ROW]...       default all rows, in order: test speed clang unused kernels oclgrind sanitize threads locale memory ranks fuzz drivers
#                             FUZZ_SECONDS (default 600) for each reader; logs in LOGS (default build-long)
set -uo pipefail
cd "$(dirname "$0")/.."

logs=${LOGS:-build-long}
mkdir -p "$logs"
table=()
failures=0

# A second compiler has other warnings.
clang_build() (
    set -e
    . ci/packages.sh
    # shellcheck disable=SC2086
    need $BUILD_PACKAGES $TEST_PACKAGES clang
    cmake -S . -B build-clang -G Ninja -DCMAKE_C_COMPILER=clang -DENCNET_WERROR=ON >/dev/null
    cmake --build build-clang
)

# Every .cl as plain OpenCL C 1.2, with each type of storage and the default of every other macro; nothing of a driver is
# there to help.  A header serves several kernels, and kernels of one family have one list of arguments: not everything is
# used everywhere.
kernels() (
    set -e
    . ci/packages.sh
    need clang
    for storage in F32 F16 BF16; do
        for file in cl/*.cl; do
            clang -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -I cl -Wall -Wextra -Werror \
                -Wno-unused-function -Wno-unused-parameter -fsyntax-only -DSTORAGE=$storage "$file"
        done
    done
    ls cl/*.cl | wc -l
)

# Convolutions reach half of the plain product's speed in every direction.  Below that a compiler has put their sums into
# memory, which no other test sees.
speed() (
    set -e
    for layer in '64x64 1024->256 1x1 s1' '128x128 128->128 3x3 s2' '64x64 256->256 3x3 s1 d2'; do
        build-test/tests/bench_conv2d --runs 7 "$layer"
    done | tee /dev/stderr | awk '
        /^[0-9]/ {
            gsub(/\([^)]*\)/, "")
            for (i = 6; i <= 9; i++) if (!($i >= 0.5 * $10)) slow = 1
            layers++
        }
        END { exit slow || layers != 3 }'
)

row() {
    local name=$1 start=$SECONDS result=good
    shift
    echo "== $name: $*"
    "$@" >"$logs/$name.log" 2>&1
    # not `|| ...`: that would switch `set -e` off inside
    # shellcheck disable=SC2181
    if [ $? -ne 0 ]; then
        result=FAILED
        failures=$((failures + 1))
    fi
    tail -n 5 "$logs/$name.log"
    table+=("$(printf '%-10s %-7s %5d s   %s' "$name" "$result" $((SECONDS - start)) "$logs/$name.log")")
}

[ $# -gt 0 ] || set -- test speed clang unused kernels oclgrind sanitize threads locale memory ranks fuzz drivers
for name in "$@"; do
    case $name in
    test) row test bash ci/test.sh ;;
    speed) row speed speed ;; # of the build of row test
    clang) row clang clang_build ;;
    unused) row unused bash ci/unused.sh ;;
    kernels) row kernels kernels ;;
    oclgrind) row oclgrind bash ci/oclgrind.sh ;;
    sanitize) row sanitize bash ci/sanitize.sh ;;
    threads) row threads bash ci/threads.sh ;;
    locale) row locale env BUILD=build-test bash ci/locale.sh ;; # of the row test
    memory) row memory env ENCNET_TEST_ALL=1 bash ci/sanitize.sh -R '^train/no_memory$' ;;
    ranks) row ranks bash ci/ranks.sh ;;
    fuzz) row fuzz bash ci/fuzz.sh "${FUZZ_SECONDS:-600}" ;;
    drivers) row drivers bash ci/drivers.sh ;;
    *) echo "no row $name" >&2; exit 2 ;;
    esac
done

echo
printf '%s\n' "${table[@]}"
exit $((failures > 0))
