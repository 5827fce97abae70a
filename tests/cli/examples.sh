#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The examples compile against an installed prefix with every warning, as C11 and as C++11 to C++20, shared and static, and their
# failures are sentences.  tests/cli/embedding.sh runs them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --install "$ENCNET_BIN" --prefix "$dir/prefix" > /dev/null
lib=$(dirname "$(find "$dir/prefix" -name libencnet.so)")
examples=$(dirname "$(find "$dir/prefix" -name segment.c)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib
cflags=$(pkg-config --cflags encnet) libs=$(pkg-config --libs encnet)
static=$(pkg-config --static --libs encnet)
static=${static/-lencnet/-l:libencnet.a}

for source in "$examples"/*.c; do
    name=$(basename "$source" .c)
    for kind in shared static; do
        # shellcheck disable=SC2086
        cc -std=c11 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Wshadow -Werror "$source" -o "$dir/$name-$kind" $cflags \
            $([ $kind = shared ] && echo $libs || echo $static) -pthread
        out=$("$dir/$name-$kind" 2>&1) && { echo "$name-$kind without arguments succeeds"; exit 1; }
        [[ $out == "usage: $name"* ]] || { echo "$name-$kind: $out"; exit 1; }
    done
done
for standard in 11 14 17 20; do
    for compiler in g++ clang++; do
        command -v $compiler > /dev/null || continue
        # shellcheck disable=SC2086
        $compiler -std=c++$standard -pedantic -Wall -Wextra -Wshadow -Werror "$examples/segment.cpp" -o "$dir/cpp-$standard" $cflags $libs
    done
    out=$("$dir/cpp-$standard" 2>&1) && { echo "C++$standard: succeeds without arguments"; exit 1; }
    [[ $out == "usage: segment"* ]] || { echo "C++$standard: $out"; exit 1; }
done

# a failure is a sentence that names the file
touch "$dir/photo.png"
for program in "$dir/segment-shared" "$dir/threads-static" "$dir/cpp-17" "python3 $examples/encnet.py"; do
    # shellcheck disable=SC2086
    out=$($program "$dir/no-such-checkpoint" "$dir/photo.png" "$dir/out.png" 2>&1) && { echo "$program: succeeds"; exit 1; }
    [[ $out == *no-such-checkpoint* && $out != *Traceback* ]] || { echo "$program: $out"; exit 1; }
    [ ! -e "$dir/out.png" ] || { echo "$program wrote something"; exit 1; }
done
