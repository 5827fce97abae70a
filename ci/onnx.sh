#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Converts networks to ONNX and compares onnxruntime's logits with those of encnet-cl-eval; every weight must be the checkpoint's.
#
#   ci/onnx.sh [NAME]...      default every network of tests/onnx/compare.py: a quarter of an hour on 2 cores
#
#   PYTHON    with numpy, onnx and onnxruntime (default python3)
#   BUILD     where the programs are built (default build-onnx); also holds scratch files
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh

python=${PYTHON:-python3}
build=${BUILD:-build-onnx}
"$python" -c 'import numpy, onnx, onnxruntime' || { echo "set PYTHON to one with numpy, onnx and onnxruntime" >&2; exit 2; }
# shellcheck disable=SC2086
need $BUILD_PACKAGES
cmake -S . -B "$build" -G Ninja -DENCNET_TESTS=OFF >/dev/null
cmake --build "$build" -- --quiet
rm -rf "$build/onnx"
exec "$python" tests/onnx/compare.py "$build" "$build/onnx" "$@"
