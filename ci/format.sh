#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Checks the format of every .c, .h, .cpp and .hpp with Debian 12's clang-format; other versions format differently.  Checks that
# every source file names its licence in its first lines.
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

# the licence: comments of C, or of shell, Python and CMake, below a line "#!"
licence=('SPDX-License-Identifier: Apache-2.0' 'Copyright 2026 The encnet-cl authors')
bad=0
while read -r file; do
    if head -n 3 "$file" | grep -qF "${licence[0]}" && head -n 4 "$file" | grep -qF "${licence[1]}"; then continue; fi
    if [ "${1:-}" != --fix ]; then
        echo "$file: its first lines name no licence; ci/format.sh --fix adds them" >&2
        bad=1
        continue
    fi
    case $file in
    *.[ch] | *.[ch]pp | *.cl | *.clh | *.def | *.map) lines=$(printf '/* %s */\n' "${licence[@]}") ;;
    *) lines=$(printf '# %s\n' "${licence[@]}") ;;
    esac
    { grep -m 1 '^#!' <(head -n 1 "$file") || true
      echo "$lines"
      sed '1{/^#!/d}' "$file"; } > "$file.new"
    cat "$file.new" > "$file" # which keeps its mode
    rm "$file.new"
done < <(git ls-files '*.[ch]' '*.[ch]pp' '*.cl' '*.clh' '*.def' '*.map' '*.sh' '*.inc' '*.py' '*.awk' '*.cmake' '*CMakeLists.txt' Dockerfile \
    ':!tests/golden/mmseg' ':!tests/fuzz/corpus') # what tests read is no source
exit $bad
