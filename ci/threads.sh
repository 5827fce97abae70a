#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Eight threads list, open and close devices fifty times each, read and write pictures and set options meanwhile; then three sessions of
# one model run, reserve, start, wait and call back while a fourth thread cancels them; under ThreadSanitizer.
# Only code of this library is watched: tests/threads/tsan.supp leaves out drivers.
#
#   ci/threads.sh       BUILD=DIR (default build-threads), STARTS=N (default 3)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES

build=${BUILD:-build-threads}
cmake -S . -B "$build" -G Ninja -DENCNET_WERROR=ON -DENCNET_SANITIZE=thread -DENCNET_TESTS=OFF -DENCNET_PROGRAMS=OFF >/dev/null
cmake --build "$build" --target encnet
for program in threads sessions; do
    cc -g -O1 -fsanitize=thread -Wall -Wextra -Werror -Iinclude "tests/threads/$program.c" -o "$build/$program" -L"$build" -lencnet \
        -pthread -Wl,-rpath,"$(realpath "$build")"
done
export TSAN_OPTIONS="suppressions=$PWD/tests/threads/tsan.supp:halt_on_error=0:exitcode=66:history_size=5"
for start in $(seq "${STARTS:-3}"); do
    for program in threads sessions; do "$build/$program" || { echo "start $start of $program failed"; exit 1; }; done
done
