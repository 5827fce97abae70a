#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Programs that were compiled with the last release go on running: ci/abi.sh; and what it makes of changes that are none and of some
# that are.
set -euo pipefail
command -v abidiff > /dev/null || { echo "skipped: no abidiff (abigail-tools)"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bash "$ENCNET_SRC/ci/abi.sh" || {
    echo "Functions or structs have changed.  Before 0.1.0 is released: ci/abi.sh --update"
    exit 1
}

check() { # EXPECTED FILE SED-SCRIPT
    rm -rf "$dir/tree"
    mkdir "$dir/tree"
    cp -r "$ENCNET_SRC/ci" "$ENCNET_SRC/include" "$dir/tree"
    sed -i "$3" "$dir/tree/include/encnet/$2"
    cmp -s "$dir/tree/include/encnet/$2" "$ENCNET_SRC/include/encnet/$2" && { echo "$2 is not changed by $3"; exit 1; }
    bash "$dir/tree/ci/abi.sh" > "$dir/said" && got=same || got=differs
    [ $got = "$1" ] || { cat "$dir/said"; echo "$2 with $3: $got"; exit 1; }
}
new='ENCNET_INT(data, brand_new, "1", 0, 5, RUN, "")'
check same options.def "s/^ENCNET_END(data)/$new\\n$new\\n&/; s/brand_new/first_new/"
check differs options.def "s/^ENCNET_INT(data, train_count/$new\\n&/"
check differs train.h 's/reserved\[4\]/reserved[5]/'
check differs bench.h 's/int n, h, w;/int n, w, h;/'
check differs device.h 's/encnet_device_count(int \*count/encnet_device_count(long *count/'
check same device.h 's/^ENCNET_API void encnet_device_close/ENCNET_API void encnet_device_brand_new(int x);\n&/'
check differs status.h 's/X(E_ARG, -2/X(E_ARG, -22/'
check differs picture.h 's/ENCNET_API encnet_status encnet_picture_encode/ENCNET_API encnet_status encnet_picture_renamed/'
