#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Brings the table of docs/models.md up to date: for each recipe in its first column, plans a training step with the
# recipe's batch per device and replaces batch, plan and ratio.  The published figures stay as they are.
#
#   ci/memory.sh BUILD [DEVICE]
set -euo pipefail
cd "$(dirname "$0")/.."

build=${1:?ci/memory.sh BUILD [DEVICE]}
device=${2:-}
page=docs/models.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# plan RECIPE PUBLISHED: the row of the table.
plan() {
    local out
    # a plan that does not fit ends with exit code 7 and is printed all the same
    out=$("$build"/encnet-cl-train "configs/$1.ini" --plan --set device.select="$device" 2>&1) || [ $? = 7 ] || {
        echo "$1: $out" >&2
        return 1
    }
    awk -v recipe="$1" -v published="$2" '
        NR == 1 { batch = $(NF - 2) " x " $NF }
        $1 == "total" { gb = $NF / 1e9 }
        END {
            if (!gb) exit 1
            printf "| %s | %s | %.2f | %s | %.2f |\n", recipe, batch, gb, published, gb / published
        }' <<<"$out"
}

while IFS= read -r line; do
    if [[ $line =~ ^\|\ ([a-z0-9_-]+)\ \|[^|]*\|[^|]*\|\ ([0-9.]+)\ \| ]]; then
        plan "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    else
        printf '%s\n' "$line"
    fi
done <$page >"$new"
cat "$new" >$page
