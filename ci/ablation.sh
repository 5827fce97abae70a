#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The paper's ablation (arXiv:1803.08904, table 1 and figure 6) on the synthetic scenes: FCN, EncNet without and with the SE loss, the number of
# codewords and the weight of the SE loss, each with several seeds.  Writes DIR/table.md, the mean mIoU and its spread of every variant for
# docs/results.md, and DIR/ablation.svg, the figure beside it (docs/ablation.svg).
#
#   ci/ablation.sh [DIR]      DIR: where the runs go (default ablation-out); runs that are there are not repeated
#                             BUILD=DIR    where the programs are (default build)
#                             SEEDS="0 1 2"   ITERS=300
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-ablation-out}
build=${BUILD:-build}
seeds=${SEEDS:-0 1 2}
iters=${ITERS:-300}
config=configs/encnet_r18-d8_demo.ini
mkdir -p "$out"

# variant NAME OPTION...: one line of scores, "NAME mIoU ...", for all seeds.
variant() {
    local name=$1 scores="" set=()
    shift
    for option in "$@"; do set+=(--set "$option"); done
    for seed in $seeds; do
        local run=$out/$name-$seed
        if [ ! -e "$run.json" ]; then
            "$build"/encnet-cl-train $config --work-dir "$run" --resume auto --quiet --set train.seed="$seed" --set train.max_iters="$iters" \
                --set train.eval_interval=0 --set output.tensorboard=no "${set[@]}" >"$run.txt"
            "$build"/encnet-cl-eval $config --checkpoint "$run/latest" --quiet --json "$run.json" "${set[@]}" >/dev/null
        fi
        scores+=" $(sed -nE 's/.*"mIoU": ([0-9.]+).*/\1/p' "$run.json")"
    done
    echo "$name$scores" | tee -a "$out/scores.txt"
}

# same NAME VARIANT: another name for a variant, which is not run again.
same() { sed -n "s/^$2 /$1 /p" "$out/scores.txt" | tee -a "$out/scores.txt"; }

: >"$out/scores.txt"
variant fcn model.network=fcn
variant encoding model.se_loss=no
variant encoding-se model.se_loss=yes model.codewords=16 train.se_weight=0.2
for K in 0 16 32; do
    if [ $K = 16 ]; then same K16 encoding-se; else variant "K$K" model.codewords=$K; fi
done
for weight in 0 0.1 0.2 0.4 0.8; do
    if [ $weight = 0.2 ]; then same se0.2 encoding-se; else variant "se$weight" train.se_weight=$weight; fi
done

{
    echo "| variant | mIoU, mean | least | largest |"
    echo "|---|---|---|---|"
    awk '{ least = most = $2; sum = 0
           for (i = 2; i <= NF; i++) { sum += $i; if ($i < least) least = $i; if ($i > most) most = $i }
           printf "| %s | %.2f | %.2f | %.2f |\n", $1, sum / (NF - 1), least, most }' "$out/scores.txt"
} >"$out/table.md"
cat "$out/table.md"
awk -f ci/ablation.awk "$out/scores.txt" >"$out/ablation.svg"
