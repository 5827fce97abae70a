#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs every kernel on small shapes under oclgrind: reads and writes out of bounds, data races, uninitialised values.
# Any report is a failure.  Takes about 20 minutes, most of them for the convolutions of GPUs.
#
#   ci/oclgrind.sh       BUILD=DIR (default build-test)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES oclgrind

build=${BUILD:-build-test}
cmake -S . -B "$build" -G Ninja -DENCNET_WERROR=ON >/dev/null
cmake --build "$build" --target encnet-cl-info convolutions test_train_sgd test_train_loss_scale test_ops_linear \
    test_ops_encoding test_ops_spatial_gather test_ops_softmax

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A program cached by a run with other options would hide what these look for.
export XDG_CACHE_HOME="$scratch"

# check "CHECKS" PROGRAM...   Without -cl-opt-disable, oclgrind 21.10 dies in optimised code: it knows neither `freeze` nor
# some reductions of vectors.
check() {
    local checks=$1
    shift
    echo "oclgrind $checks $*"
    # shellcheck disable=SC2086
    oclgrind --build-options -cl-opt-disable $checks --log "$scratch/log" "$@"
    if [ -s "$scratch/log" ]; then
        head -n 100 "$scratch/log" >&2
        echo "oclgrind has complaints about $1" >&2
        exit 1
    fi
}

# The self-test writes every buffer before it uses it.  Elsewhere oclgrind sees uninitialised values that are none: it
# does not notice clEnqueueFillBuffer, and a new buffer inherits the notes on a freed one, whatever their sizes.
check "--data-races --uninitialized" "$build/encnet-cl-info" --self-test
check "--data-races" "$build/tests/test_train_sgd"
check "--data-races" "$build/tests/test_train_loss_scale"

# What operators launch on GPUs, where items share a sum, or slices of their operands.
export ENCNET_TEST_SMALL=1
for op in linear softmax encoding spatial_gather; do check "--data-races" "$build/tests/test_ops_$op"; done

# The self-test has what `auto` takes for shapes that small; here is every way.  The large tiles of emulated matrix units
# need 51 KiB of local memory.  With --uninitialized oclgrind itself dies in them (Uninitialized::instructionExecuted), and in
# the gradient of packed's weights.
check "--data-races" "$build/tests/convolutions" packed
for way in winograd strassen windows; do check "--data-races --uninitialized" "$build/tests/convolutions" "CPU, $way"; done
check "--data-races --uninitialized" "$build/tests/convolutions" tiled
check "--data-races --local-mem-size 65536" "$build/tests/convolutions" matrix
