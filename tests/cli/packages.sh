#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The Debian packages: each has its files, depends on what it needs, and the programs run from them.
set -euo pipefail
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || exit 77
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad() { echo "$*"; exit 1; }
cpack --config "$ENCNET_BIN/CPackConfig.cmake" -G DEB -B "$dir" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }

has() { # has PACKAGE FIELD PART...
    local package=$1 field=$2 value
    value=$(dpkg-deb -f "$dir/$package"_*.deb "$field")
    shift 2
    for part; do [[ $value == *"$part"* ]] || bad "$package: $field lacks $part: $value"; done
}
version=$(dpkg-deb -f "$dir"/libencnet0_*.deb Version)
has libencnet0 Depends libc6 libclblast1 libpng16-16 libjpeg62-turbo libinih1 libopencl1
has libencnet0 Recommends opencl-icd
for package in "$dir"/*.deb; do
    name=$(basename "$package" | cut -d _ -f 1)
    [ "$name" = libencnet0 ] || has "$name" Depends "libencnet0 (= $version)"
    dpkg-deb -x "$package" "$dir/root"
done

[ "$(find "$dir/root/usr/lib" -name 'libencnet.so*' | wc -l)" = 3 ] || bad "not three names of the library"
dpkg-deb -c "$dir"/libencnet0_*.deb >"$dir/files"
grep -E 'include/|libencnet\.so ' "$dir/files" && bad "libencnet0 has files of libencnet-dev"
for file in include/encnet/encnet.h share/man/man1/encnet-cl-train.1 share/encnet-cl/configs/encnet_r18-d8_demo.ini; do
    [ -s "$dir/root/usr/$file" ] || bad "no package has $file"
done
lib=$(dirname "$(find "$dir/root" -name libencnet.so.0)")
for program in "$ENCNET_SRC"/apps/encnet-cl-*.c; do
    name=$(basename "$program" .c)
    LD_LIBRARY_PATH=$lib "$dir/root/usr/bin/$name" --version | grep -q "^$name " || bad "$name does not run"
done
