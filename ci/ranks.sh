#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Tests of ranks that ci/test.sh leaves out: threads with ThreadSanitizer; the other MPI; ranks that die, hang or lose their
# device in every phase of a training, with both MPIs; two hosts.  Takes an hour on 2 cores.
#
#   ci/ranks.sh       BUILD=DIR (default build-ranks)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES mpich libmpich-dev iproute2

build=${BUILD:-build-ranks}
# a driver's threads are none of ours: only the room itself
cmake -S . -B "$build/threads" -G Ninja -DENCNET_SANITIZE=thread >/dev/null
cmake --build "$build/threads" --target test_comm_threads
setarch -R "$build/threads/tests/test_comm_threads"

for mpi in openmpi mpich; do
    cmake -S . -B "$build/$mpi" -G Ninja -DENCNET_WERROR=ON -DMPI_C_COMPILER="mpicc.$mpi" \
        -DMPIEXEC_EXECUTABLE="$(command -v "mpiexec.$mpi")" >/dev/null
    cmake --build "$build/$mpi"
    "$build/$mpi/tests/test_comm_mpi"
    FAULTS=all MPIEXEC=mpiexec.$mpi ENCNET_BIN=$PWD/$build/$mpi bash tests/cli/ranks.sh
done

ENCNET_BIN=$PWD/$build/openmpi bash ci/hosts.sh || [ $? = 77 ]
