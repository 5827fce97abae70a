#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs tests as programs of a user whose decimal point is a comma: each begins with setlocale(LC_ALL, "") in de_DE.UTF-8, but with the
# system's messages in English, which tests compare.
#
#   ci/locale.sh [ctest options]       BUILD=DIR with the tests (default build); without options all but those of the programs, which do
#                                      not call setlocale()
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
need locales gcc

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
localedef -i de_DE -f UTF-8 "$dir/de_DE.UTF-8"
cat > "$dir/host.c" << 'EOF'
#include <locale.h>
#include <stdlib.h>
__attribute__((constructor)) static void begin(void)
{
    if (!setlocale(LC_ALL, "") || *localeconv()->decimal_point != ',') abort();
}
EOF
cc -shared -fPIC "$dir/host.c" -o "$dir/host.so"
[ $# -gt 0 ] || set -- -LE cli
LOCPATH=$dir LC_ALL= LC_MESSAGES=C LANG=de_DE.UTF-8 LD_PRELOAD=$dir/host.so ctest --test-dir "${BUILD:-build}" --output-on-failure --no-tests=error "$@"
