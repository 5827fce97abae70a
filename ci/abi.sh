#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Compares functions and structs of the public headers with ci/abi.xml, so that programs that were compiled with an earlier version go
# on running (include/encnet/version.h).  New functions, and new options in the room that encnet_options has for them, are no difference.
#
#   ci/abi.sh             fails, and names what has changed
#   ci/abi.sh --update    writes ci/abi.xml: at a release, and before the first one after any change
#
# What a header declares is what programs see of the library: the description is made of a library that has a pointer to each function,
# and tests/cli/install.sh compares the functions of the headers with those that libencnet.so exports.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
need abigail-tools gcc opencl-headers

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd include/encnet
headers=(*.h)
cd ../..
{
    printf '#include <encnet/%s>\n' "${headers[@]}"
    cat include/encnet/*.h | tr '\n' ' ' | grep -oE 'ENCNET_API [^;(]*\(' | sed -nE 's/.*[ *](encnet_[a-z0-9_]+)\($/\1/p' |
        sort | sed 's/.*/__typeof__(\&&) pointer_to_&;/'
} > "$dir/pointers.c"
cc -g -shared -fPIC -DCL_TARGET_OPENCL_VERSION=120 -Iinclude "$dir/pointers.c" -o "$dir/pointers.so"
# without places in sources, which change with every edit
abidw --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed --no-architecture --type-id-style hash "$dir/pointers.so" |
    sed -E "s/ path='[^']*'//" > "$dir/now.xml"
if [ "${1:-}" = --update ]; then
    cp "$dir/now.xml" ci/abi.xml
else
    abidiff --suppressions ci/abi.suppr --no-added-syms ci/abi.xml "$dir/now.xml"
fi
