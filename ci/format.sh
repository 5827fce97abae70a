#!/usr/bin/env bash
# Checks the format of every .c, .h, .cpp and .hpp with Debian 12's clang-format; other versions format differently.
#
#   ci/format.sh            names the files that differ and fails
#   ci/format.sh --fix      rewrites them
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
need clang-format-14

mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
find apps examples include lib tests \( -name '*.[ch]' -o -name '*.[ch]pp' \) -print0 | xargs -0 clang-format-14 "${mode[@]}"
