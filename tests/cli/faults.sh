#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A part of ci/faults.sh, which fails every system call of a save, a resume, a conversion and a report: FAULTS_EVERY=1 runs it whole.
. "$(dirname "$0")/common.inc"
need_device
if nm "$train" 2>/dev/null | grep -q __asan_init; then
    echo "a sanitizer must be loaded before anything else"
    finish
fi
bash "$ENCNET_SRC/ci/faults.sh" "$ENCNET_BIN" "${FAULTS_EVERY:-97}" || fail "a fault has done harm"
finish
