#!/usr/bin/env bash
# The tests under other drivers than PoCL: Intel's CPU runtime (all of them) and Mesa's rusticl (every operator on small
# shapes; it takes seconds for each kernel).
#
#   ci/drivers.sh [intel|rusticl]...       default both; BUILD=DIR (default build-test)
#                                          INTEL_CL=DIR holds Intel's runtime (default ~/.cache/encnet-intel-cl)
#
# Intel's runtime comes from PyPI into a virtual environment of its own: the programs never see that Python.
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

# A folder of .icd files with one line.
driver() {
    mkdir -p "$scratch/$1"
    echo "$2" >"$scratch/$1/$1.icd"
    export OCL_ICD_VENDORS=$scratch/$1
    "$build/encnet-cl-info" | head -n 1
}

# Runs ctest and fails when a test was skipped: a driver that does not load has tested nothing.
tests() {
    ctest --test-dir "$build" --output-on-failure --no-tests=error -j "$(nproc)" "$@" | tee "$scratch/log" | tail -n 12
    if grep -q 'Skipped' "$scratch/log"; then
        echo "a test was skipped: the driver does not load" >&2
        return 1
    fi
}

intel() (
    venv=${INTEL_CL:-${HOME}/.cache/encnet-intel-cl}
    if [ ! -e "$venv/lib/libintelocl.so" ]; then
        need python3-venv
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q intel-opencl-rt intel-cmplr-lib-rt
    fi
    # its own loader would take the place of the system's
    mkdir "$scratch/lib"
    find "$venv/lib" -maxdepth 1 -name '*' ! -name 'libOpenCL.so*' ! -name 'python*' -exec ln -s {} "$scratch/lib" \;
    export LD_LIBRARY_PATH=$scratch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    driver intel "$venv/lib/libintelocl.so"
    tests -E '^device/memory$' # it counts on how PoCL takes memory
)

rusticl() (
    need mesa-opencl-icd
    export RUSTICL_ENABLE=llvmpipe ENCNET_TEST_SMALL=1
    driver rusticl libRusticlOpenCL.so.1
    "$build/encnet-cl-info" --self-test | tee "$scratch/log"
    echo "operators agreed: $(grep -cE '^[a-z0-9_]+ +ok ' "$scratch/log")"
)

[ $# -gt 0 ] || set -- intel rusticl
for name in "$@"; do
    echo "== $name"
    "$name"
done
