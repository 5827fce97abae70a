#!/usr/bin/env bash
# What ci/test.sh cannot see of ranks: threads under ThreadSanitizer, and the other MPI.
#
#   ci/ranks.sh       BUILD=DIR (default build-ranks)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES mpich libmpich-dev

build=${BUILD:-build-ranks}
# a driver's threads are none of ours: only the room itself
cmake -S . -B "$build/threads" -G Ninja -DENCNET_SANITIZE=thread >/dev/null
cmake --build "$build/threads" --target test_comm_threads
setarch -R "$build/threads/tests/test_comm_threads"

cmake -S . -B "$build/mpich" -G Ninja -DENCNET_WERROR=ON -DMPI_C_COMPILER=mpicc.mpich \
    -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)" >/dev/null
cmake --build "$build/mpich" --target test_comm_mpi
"$build/mpich/tests/test_comm_mpi"
