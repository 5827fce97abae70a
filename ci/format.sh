#!/usr/bin/env bash
# Holds every .c and .h to .clang-format, with the one version of clang-format whose opinion counts (Debian 12's).
#
#   ci/format.sh            names the files that differ, and fails
#   ci/format.sh --fix      rewrites them
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
need clang-format-14

mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -z '*.c' '*.h' | xargs -0 clang-format-14 "${mode[@]}"
