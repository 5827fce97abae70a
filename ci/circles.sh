#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Fails when files of lib/ need each other in a circle, and when rooms do: a file needs another when its object refers to a
# symbol that the other defines.  Names each circle and the symbols.
#
#   ci/circles.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."

objects=${1:?ci/circles.sh BUILD}/CMakeFiles/encnet_objects.dir
[ -d "$objects/lib" ] || { echo "no objects of the library in $1" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# FILE OTHER SYMBOL for each need of another file.
for source in $(find lib -name '*.c'); do
    if [ -e "$objects/$source.o" ]; then echo "$objects/$source.o"; fi # lib/mpi is another library
done | xargs nm --print-file-name --format=posix |
    awk '{ sub(/.*encnet_objects\.dir\//, "", $1); sub(/\.o:$/, "", $1) }
         $3 == "U" { needs[$1 " " $2]; next }
         $3 ~ /^[A-Z]$/ { home[$2] = $1 }
         END {
             for (need in needs) {
                 split(need, part, " ")
                 if (part[2] in home && home[part[2]] != part[1]) print part[1], home[part[2]], part[2]
             }
         }' | sort >"$scratch/files"
[ -s "$scratch/files" ] || { echo "no symbols in $objects" >&2; exit 2; }
sed -E 's|^lib/([^/]*)/[^ ]* lib/([^/]*)/[^ ]*|\1 \2|' "$scratch/files" | awk '$1 != $2' | sort -u >"$scratch/rooms"

# circles WHAT: tsort names the members of each circle in order.
circles() {
    cut -d' ' -f1,2 "$scratch/$1" | uniq | LC_ALL=C tsort 2>&1 >/dev/null |
        awk -v what="$1" -v edges="$scratch/$1" '
            function edge(from, to) { printf "  %s needs %s:%s\n", from, to, symbols[from " " to] }
            function finish(i) {
                if (n) for (i = 1; i <= n; i++) edge(member[i], member[i % n + 1])
                n = 0
            }
            BEGIN { while ((getline line <edges) > 0) { split(line, e, " "); symbols[e[1] " " e[2]] = symbols[e[1] " " e[2]] " " e[3] } }
            /contains a loop/ { finish(); print "a circle of " what ":"; found = 1; next }
            { member[++n] = $2 }
            END { finish(); exit found }'
}

bad=0
circles files >&2 || bad=1
circles rooms >&2 || bad=1
exit $bad
