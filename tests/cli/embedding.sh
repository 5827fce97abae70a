#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# docs/embedding.md, word for word: its packages are those of ci/packages.sh and README.md, and its commands run, in order, in a folder
# with what the sources have.  Only the packages and the build are those of this build folder.
set -euo pipefail
. "$ENCNET_SRC/ci/packages.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
page=$ENCNET_SRC/docs/embedding.md

words() { tr -s ' \n' '\n\n' | sed '/^$/d; /^libc6-dev$/d' | sort; } # g++ brings libc6-dev along
sed -n 's/^apt update && apt install //p' "$page" | words > "$dir/page"
sed -n 's/^ *apt update && apt install gcc/gcc/p' "$ENCNET_SRC/README.md" | words > "$dir/readme"
words <<< "$BUILD_PACKAGES" > "$dir/needed"
for file in page readme; do
    diff "$dir/$file" "$dir/needed" || { echo "the apt line of the $file is not what ci/packages.sh installs"; exit 1; }
done
words < "$ENCNET_SRC/Dockerfile" > "$dir/image"
while read -r package; do
    grep -qxF -- "$package" "$dir/image" || { echo "the Dockerfile does not install $package"; exit 1; }
done < "$dir/needed"

mkdir "$dir/home" "$dir/work"
ln -s "$ENCNET_BIN" "$dir/work/build"
cp -r "$ENCNET_SRC/examples" "$ENCNET_SRC/configs" "$dir/work"
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$page" | grep -vE '^(apt update|cmake -S) ' > "$dir/commands"
[ "$(wc -l < "$dir/commands")" -gt 15 ] || { echo "the page has hardly any commands"; exit 1; }
unset LD_LIBRARY_PATH PKG_CONFIG_PATH
(cd "$dir/work" && HOME=$dir/home bash -euxo pipefail "$dir/commands") > "$dir/log" 2>&1 || { tail -n 20 "$dir/log"; exit 1; }
grep -q '^frame 5:' "$dir/log" || { tail -n 20 "$dir/log"; echo "the camera did not see its frames"; exit 1; }
