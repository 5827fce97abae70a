#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Computes the predictions of docs/scaling.md: measures the messages of a training step of EncNet R-50-D8 and R-101-D8, and
# predicts steps on many devices.
#
#   ci/scaling.sh      BUILD=DIR (default build)
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
tflops=10 # of a device, as a training step gets them; two images each
for depth in 50 101; do
    config=configs/encnet_r$depth-d8_512x1024_40k_cityscapes.ini
    gflop=$("$build/encnet-cl-train" "$config" --plan --set data.samples_per_device=2 | awk '/forward GFLOP/ { print 3 * $3 }')
    compute=$(awk "BEGIN { print $gflop / 1000 / $tflops }")
    messages=$("$build/encnet-cl-bench" "$config" --ranks 2 --size 128x128 --repeat 3 --json)
    for network in "10 30e-6 3e-6" "100 5e-6 1e-6"; do # latency of a round, time of a message
        read -r gbit latency message <<<"$network"
        printf '\nR-%d-D8, %d Gbit/s\n\n' "$depth" "$gbit"
        echo "| ranks | batch norm, forward | batch norm, backward | gradients | of these exposed | step | efficiency |"
        echo "|---|---|---|---|---|---|---|"
        predict() {
            echo "$messages" | awk -f ci/scaling.awk -v compute="$compute" -v gbit="$gbit" -v latency="$latency" \
                -v message="$message" "$@"
        }
        predict
        predict -v norm=local -v ranks=512 | sed "s/ 512 / 512, model.norm = local /"
    done
done
