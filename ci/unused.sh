#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Lists what is in lib/ that the product never needs, and fails when there is any: functions and data that no public function
# reaches, operators that nothing but the list of operators names, macros of headers that nothing uses.
#
#   ci/unused.sh       BUILD=DIR (default build-unused)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES

# Each function in a section of its own, not optimised, so that calls stay calls; the linker names what it can leave out of
# the shared library, whose roots are the public functions.
build=${BUILD:-build-unused}
cmake -S . -B "$build" -G Ninja -DENCNET_TESTS=OFF -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS="-O0 -g0 -ffunction-sections -fdata-sections" \
    -DCMAKE_SHARED_LINKER_FLAGS="-Wl,--gc-sections,--print-gc-sections" >/dev/null
rm -f "$build"/libencnet.so*
log=$(cmake --build "$build" --target encnet --verbose 2>&1) || { echo "$log" >&2; exit 1; }
objects=$build/CMakeFiles/encnet_objects.dir

# By these tests and fuzzers look inside or put in bytes that come from no file.
for_tests="encnet__config_parse encnet__tensor_file_open_memory encnet__dataset_image_path encnet__dataset_label_path"
# The next element types.
for_tests+=" encnet__graph_set_storage"

# An operator stays in the product with all of its functions as long as it has a row.
operators() {
    local op
    for op in $(sed -nE 's/^OP\(([a-z0-9_]+),.*/\1/p' lib/ops/ops.def); do
        grep -Rqw "encnet__op_$op" lib --include='*.c' --exclude="$op.c" || echo "the operator $op"
    done
}

macros() {
    local name
    for name in $(find lib -name '*.h' -print0 | xargs -0 sed -nE 's/^# *define ([A-Za-z_0-9]+).*/\1/p' | sort -u); do
        # once where it is defined, and once as an include guard's #ifndef
        [ "$(grep -Row "$name" lib apps --include='*.[ch]' --include='*.def' | wc -l)" -gt 1 ] || echo "the macro $name"
    done
}

unused=$(
    echo "$log" | sed -nE "s/.*removing unused section '\.(text|data|rodata|bss)[a-z.]*\.(encnet_[A-Za-z_0-9]+)' in file '.*encnet_objects\.dir\/(lib[^']*)\.o'/\3: \2/p" |
        grep -vwE "${for_tests// /|}" || true
    operators
    macros
)
[ -d "$objects" ] && [ -n "$log" ] || { echo "nothing was linked" >&2; exit 2; }
[ -z "$unused" ] || { echo "$unused" | sort -u; exit 1; }
