#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Fuzzes every reader of files: runs each tests/fuzz/fuzz_NAME.c for SECONDS, starting from tests/fuzz/corpus/NAME and the
# golden files.  Fails on a crash, a leak, undefined behaviour or an input that takes 10 seconds.
#
#   ci/fuzz.sh [SECONDS [NAME...]]       default 60, all; BUILD=DIR (default build-fuzz)
#
# The corpus of a run is kept in BUILD/corpus/NAME for the next one; an input that fails is kept in BUILD/findings.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES clang llvm

seconds=${1:-60}
[ $# -gt 0 ] && shift
build=${BUILD:-build-fuzz}
cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DENCNET_FUZZ=ON -DENCNET_SANITIZE=address,undefined >/dev/null
cmake --build "$build" --target fuzz

# Files to start from, besides the corpus of the target.
seeds() {
    case $1 in
    png) cp tests/golden/data/*.png "$2" ;;
    jpeg) cp tests/golden/data/*.jpg "$2" ;;
    torch_zip) cp tests/golden/files/{mmcv,mmengine,no_checksums,module}.pth "$2" ;;
    torch_legacy) cp tests/golden/files/*legacy*.pth "$2" ;;
    paddle | unpickle) cp tests/golden/files/*.pdparams "$2" ;;
    ini) find configs -name '*.ini' -exec cp {} "$2" \; ;;
    mmseg) cp tests/golden/mmseg/*.py "$2" ;;
    esac
    if [ -d "tests/fuzz/corpus/$1" ]; then cp "tests/fuzz/corpus/$1"/* "$2"; fi
}

fuzz() {
    local name=$1 seconds=$2 build=$3 log=$3/$1.log
    mkdir -p "$build/corpus/$name" "$build/seeds/$name" "$build/findings"
    seeds "$name" "$build/seeds/$name"
    if ! "$build/tests/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" "$build/seeds/$name" >"$log" 2>&1; then
        echo "fuzz_$name: a finding in $build/findings"
        tail -n 40 "$log"
        return 1
    fi
    awk -v name="$name" '/cov: /     { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
                         /number_of_executed_units/ { runs = $2 }
                         END { printf "%-12s %9d inputs  %5d edges\n", name, runs, cov }' "$log"
}
export -f fuzz seeds

names() { find tests/fuzz -maxdepth 1 -name 'fuzz_*.c' -printf '%f\n' | sed 's/^fuzz_//; s/\.c$//' | sort; }
if [ $# -gt 0 ]; then printf '%s\n' "$@"; else names; fi |
    xargs -P "$(nproc)" -I{} bash -c 'fuzz "$@"' _ {} "$seconds" "$build"
