#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Installs missing packages, builds, trains a small EncNet on synthetic scenes, evaluates, predicts, and lists the results.
# Takes about 2 minutes on 2 cores, not counting downloads.
#
#   ci/demo.sh [DIR]        writes everything to DIR (default demo-out), replacing an earlier demo there.
#                           BUILD=DIR: where it builds (default build-demo)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES

out=${1:-demo-out}
config=configs/encnet_r18-d8_demo.ini
build=${BUILD:-build-demo}
cmake -S . -B "$build" -G Ninja -DENCNET_TESTS=OFF >/dev/null
cmake --build "$build" -- --quiet
rm -rf "$out/run" "$out/data" "$out/overlays" "$out/report" "$out"/*.json

miou() { sed -nE 's/.*"mIoU": ([0-9]+\.?[0-9]?).*/\1/p' "$1" | head -n 1; }

start=$(date +%s)
mkdir -p "$out"
echo "== The network before training"
"$build"/encnet-cl-eval $config --checkpoint random --json "$out/before.json" >/dev/null
echo "mIoU $(miou "$out/before.json") %"

echo "== Training (log: $out/run)"
"$build"/encnet-cl-train $config --work-dir "$out/run"

echo "== Evaluation of the best checkpoint"
"$build"/encnet-cl-eval $config --checkpoint "$out/run/best" --json "$out/after.json" --report "$out/report"

echo "== Prediction of image files"
"$build"/encnet-cl-train $config --export-data "$out/data" --set data.train_count=8 --set data.val_count=8
"$build"/encnet-cl-eval $config --checkpoint "$out/run/best" --predict "$out/data/images/val" --out "$out/overlays" --format overlay

cat <<EOF

mIoU before training  $(miou "$out/before.json") %
mIoU after training   $(miou "$out/after.json") %
$(($(date +%s) - start)) seconds

Look at
  $out/run/curves.png       loss, learning rate and mIoU
  $out/report/contact_sheet.png  image, label, prediction
  $out/overlays             predictions over the images
  $out/report               per-class table and confusion matrix
EOF
