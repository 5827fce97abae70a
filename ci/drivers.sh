#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs the tests with other drivers than PoCL: all of them with Intel's CPU runtime, and every operator on small shapes with
# Mesa's rusticl, which takes seconds to compile a kernel.
#
#   ci/drivers.sh [intel|rusticl]...       default both; BUILD=DIR (default build-test)
#                                          INTEL_CL: see ci/intel.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES

build=${BUILD:-build-test}
cmake -S . -B "$build" -G Ninja -DENCNET_WERROR=ON >/dev/null
cmake --build "$build"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Entries of the kernel cache are kept per driver, but an empty one also tests that every kernel compiles.
export XDG_CACHE_HOME=$scratch/cache

# Runs ctest and fails when a test was skipped: a driver that does not load has tested nothing.
tests() {
    "${with[@]}" ctest --test-dir "$build" --output-on-failure --no-tests=error -j "$(nproc)" "$@" | tee "$scratch/log" | tail -n 12
    if grep -q 'Skipped' "$scratch/log"; then
        echo "a test was skipped: the driver does not load" >&2
        return 1
    fi
}

intel() (
    with=(ci/intel.sh alone)
    "${with[@]}" "$build/encnet-cl-info" --device 0 | head -n 1
    # device/memory counts on how PoCL takes memory; in cli/hang programs end while a thread is in the driver, in which Intel's
    # runtime crashes.
    tests -E '^(device/memory|cli/hang)$'
    echo "== intel beside pocl"
    with=(ci/intel.sh beside)
    "${with[@]}" "$build/encnet-cl-info" | grep '^  platform ' | sort -u | tee "$scratch/log"
    [ "$(wc -l <"$scratch/log")" = 2 ] || { echo "not two vendors" >&2; return 1; }
    tests -R '^cli/vendors$'
)

rusticl() (
    need mesa-opencl-icd
    export RUSTICL_ENABLE=llvmpipe ENCNET_TEST_SMALL=1
    echo libRusticlOpenCL.so.1 >"$scratch/rusticl.icd"
    export OCL_ICD_VENDORS=$scratch/rusticl.icd
    "$build/encnet-cl-info" --device 0 | head -n 1
    "$build/encnet-cl-info" --self-test | tee "$scratch/log"
    echo "operators agreed: $(grep -cE '^[a-z0-9_]+ +ok ' "$scratch/log")"
)

[ $# -gt 0 ] || set -- intel rusticl
for name in "$@"; do
    echo "== $name"
    "$name"
done
