#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Every file in configs/ is planned for training: none fails, and no convolution is left to the reference algorithm.  A plan
# that takes more memory than the device has ends with exit code 7 after its figures.
. "$(dirname "$0")/common.inc"
need_device

n=0
for file in "$ENCNET_SRC"/configs/*.ini; do
    name=$(basename "$file" .ini)
    "$train" "$file" --plan >out 2>err
    code=$?
    grep -qE '^total +[0-9.]+ [GM]iB ' out || fail "$name: no plan: $(tail -n 5 err)"
    if [ $code = 0 ]; then
        out_matches '^convolutions '
        grep -qE '^  reference ' out && fail "$name: $(grep -E '^  reference ' out)"
    elif [ $code != 7 ] || ! grep -q 'the plan needs' err; then
        fail "$name: exit code $code: $(tail -n 5 err)"
    fi
    n=$((n + 1))
done
[ $n -ge 110 ] || fail "only $n configurations"

# The figures of a plan that does not fit.
expect 7 "$train" "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini" --plan --set device.memory_mb=1
out_matches '^total '
err_has "the plan needs"

# The recipes in docs/models.md exist.
for name in $(sed -nE 's/^\| ([a-z0-9_-]+_[a-z0-9_-]+) \|.*/\1/p' "$ENCNET_SRC/docs/models.md"); do
    [ -e "$ENCNET_SRC/configs/$name.ini" ] || fail "docs/models.md: there is no configs/$name.ini"
done

finish
