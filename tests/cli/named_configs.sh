#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Configurations by name, from any folder: as an argument, in include, where they are searched and in which order.
. "$ENCNET_SRC/tests/cli/common.inc"

has_classes() { # N: the effective model.classes
    grep -qE "^classes = $1 " out || fail "model.classes is not $1: $(grep '^classes' out)"
}

# those of this project, with and without ending, and what a program makes of the name
for name in encnet_r18-d8_demo encnet_r18-d8_demo.ini; do
    expect 0 "$train" $name --print-config
    out_has '/configs/encnet_r18-d8_demo.ini:'
    out_has 'work_dir = work_dirs/encnet_r18-d8_demo'
    expect 0 "$eval_" $name --checkpoint x --print-config
done
expect 0 "$train" _base_/models/encnet_r18-d8 --print-config
# as the documentation names them, which stands in the sources
expect 0 "$train" configs/encnet_r18-d8_demo.ini --print-config
out_has '/configs/encnet_r18-d8_demo.ini:'
printf 'include = configs/_base_/models/encnet_r18-d8.ini\n' >included.ini
expect 0 "$train" included.ini --print-config
out_has '/configs/_base_/models/encnet_r18-d8.ini:'

# the search: the path, the path with .ini, the folders of ENCNET_CONFIGS in order, those that are installed
mkdir -p one two mine/encnet_r18-d8_demo
export ENCNET_CONFIGS=$work/one:/nonexistent::$work/two
printf '[model]\nclasses = 21\n' >one/both.ini
printf '[model]\nclasses = 22\n' >two/both.ini
printf '[model]\nclasses = 23\n' >two/second.ini
printf '[model]\nclasses = 24\n' >mine/here.ini
printf 'include = second\n[model]\nchannels = 8\n' >mine/above.ini
printf 'include = encnet_r18-d8_demo\n' >mine/demo.ini
printf 'include = here\n' >mine/beside.ini
printf '[model]\nclasses = 25\n' >two/here.ini
cd mine || exit 1
for pair in both:21 second:23 here:24 here.ini:24 above:23 demo:8 beside:24; do
    expect 0 "$train" "${pair%:*}" --print-config
    has_classes "${pair#*:}"
done
expect 0 "$train" encnet_r18-d8_demo --print-config # a folder of this name is in the way
has_classes 8
cd ..
expect 0 "$train" mine/beside.ini --print-config # relative to the including file before the installed ones
has_classes 24

# what is nowhere: every folder that was searched, and the nearest name
expect 8 "$train" encnet_r18-d8_dmeo
err_has "encnet_r18-d8_dmeo: No such file or directory; nor is there an installed configuration of this name in $work/one, $work/two, "
err_has "; the nearest is encnet_r18-d8_demo"
printf '\ninclude = nowhere\n' >bad.ini
expect 8 "$train" bad.ini
err_has "bad.ini:2: nowhere: No such file or directory; nor is there an installed configuration of this name in $work/one"
expect 8 "$train" /nowhere/a.ini
[ "$(cat err)" = "encnet-cl-train: /nowhere/a.ini: No such file or directory" ] || fail "an absolute path was searched: $(cat err)"

# the list: names that a program takes, a line each
expect 0 "$info" --configs
out_matches '^  encnet_r18-d8_demo +Nothing published: the demo'
out_matches '^  both +/'
expect 0 "$train" "$(sed -nE 's/^  (encnet_r50[^ ]*) .*/\1/p' out | head -n 1)" --print-config
[ "$(wc -l <out)" -gt 100 ] || fail "a short list"
expect 0 "$info" --configs --json
if command -v python3 >/dev/null; then
    python3 -m json.tool out >/dev/null || fail "--configs --json is no JSON"
fi

# versions, also without a driver
expect 0 "$info" --versions
for part in encnet-cl 'OpenCL loader' CLBlast 'kernel cache' MPI; do out_matches "^  $part +[^ ]"; done
expect 0 env OCL_ICD_VENDORS=/nonexistent "$info" --versions
out_matches '^  platforms +none$'
expect 0 env ENCNET_CACHE=0 "$info" --versions
out_matches '^  kernel cache +off \(ENCNET_CACHE=0\)$'
expect 0 env -u HOME -u XDG_CACHE_HOME "$info" --versions
out_matches '^  kernel cache +none: neither HOME nor'
expect 0 "$info" --versions --json
if command -v python3 >/dev/null; then
    python3 -m json.tool out >/dev/null || fail "--versions --json is no JSON"
fi
finish
