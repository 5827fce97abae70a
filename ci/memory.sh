#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Brings the table of docs/models.md up to date: for each recipe in its first column, plans a training step with the recipe's
# batch per device, in float32, in fp16 and with train.recompute = full, and replaces all but the published figure; recipes of
# configs/ that it lacks are added without one.
#
#   ci/memory.sh BUILD [DEVICE]
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:?ci/memory.sh BUILD [DEVICE]}
device=${2:-}
page=docs/models.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# planned RECIPE [SET]...: the batch and the bytes in GB.
planned() {
    local out sets=()
    for out in "${@:2}"; do sets+=(--set "$out"); done
    # a plan that does not fit ends with exit code 7 and is printed all the same
    out=$("$build"/encnet-cl-train "configs/$1.ini" --plan --set device.select="$device" "${sets[@]}" 2>&1) || [ $? = 7 ] || {
        echo "$1: $out" >&2
        return 1
    }
    awk '
        NR == 1 { batch = $(NF - 2) " x " $NF }
        $1 == "total" { gb = $NF / 1e9 }
        END {
            if (!gb) exit 1
            printf "%s %.2f\n", batch, gb
        }' <<<"$out"
}

# row RECIPE PUBLISHED: of the table.
row() {
    local plain half full ratio=-
    plain=$(planned "$1")
    half=$(planned "$1" device.precision=fp16)
    full=$(planned "$1" train.recompute=full)
    [ "$2" = - ] || ratio=$(awk -v a="${plain##* }" -v b="$2" 'BEGIN { printf "%.2f", a / b }')
    echo "| $1 | ${plain% *} | ${plain##* } | ${half##* } | ${full##* } | $2 | $ratio |"
}

listed=
while IFS= read -r line; do
    if [[ $line =~ ^\|\ ([a-z0-9_-]+)\ \|.*\|\ ([0-9.]+|-)\ \|\ [0-9.-]+\ \|$ ]]; then
        row "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        listed+=" ${BASH_REMATCH[1]} "
    else
        printf '%s\n' "$line"
    fi
done <$page >"$new"
for recipe in configs/*.ini; do
    recipe=$(basename "$recipe" .ini)
    [[ $listed == *" $recipe "* ]] || row "$recipe" - >>"$new"
done
cat "$new" >$page
