#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Devices of several vendors train together, and a run repeats; ci/drivers.sh makes sure that there are several.
. "$(dirname "$0")/common.inc"
need_device
if [ "$("$info" | grep '^  platform ' | sort -u | wc -l)" = 1 ]; then
    echo "devices of one vendor"
    exit 0
fi

write_config tiny.ini
for run in once again; do
    expect 0 "$train" tiny.ini --device all --work-dir $run
    err_has 'rank 1: '
done
cmp once/latest/weights.safetensors again/latest/weights.safetensors || fail "two runs of several vendors differ"
finish
