#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-info CHECKPOINT: what it says of directories, work directories and files of any program, and of what is none.
. "$ENCNET_SRC/tests/cli/common.inc"
need_device

write_config c.ini
expect 0 "$train" c.ini --work-dir my --quiet --set train.eval_interval=2

# a work directory is its latest checkpoint; paths in it are taken as they stand
for path in my my/ my/latest my/iter_4 my/latest/weights.safetensors; do
    expect 0 "$info" "$path"
    out_matches '^  network     encnet on resnet18_v1c$'
    out_matches '^  classes     4: meadow, water, twin_1_meadow, twin_1_water$'
    out_matches '^  iterations  4 of 4$'
    out_matches '^  scores      mIoU [0-9.]+, aAcc [0-9.]+, mAcc [0-9.]+$'
    out_matches '^  best        mIoU [0-9.]+ after iteration [24]'
    out_matches '^  written by  encnet-cl [0-9.]+$'
    out_matches '^  parameters  [0-9]+, in [0-9]+ tensors'
    out_matches '^  file        safetensors, [0-9.]+ MiB$'
done
(cd my/iter_2 && "$info" .) >out
out_matches '^  iterations  2 of 4$'
out_matches '^  scores      mIoU'

# the scores are those of the log, also in a locale with a comma
want=$(sed -nE 's/^\{"mode": "val".*"iter": 4,.*"mIoU": ([0-9.]+),.*/\1/p' my/*.log.json)
expect 0 env LC_ALL=de_DE.UTF-8 "$info" my --json
if command -v python3 >/dev/null; then
    python3 - "$want" <<'PY' || fail "--json says something else: $(cat out)"
import json, sys
about = json.load(open('out'))
assert abs(about['scores']['mIoU'] - 100 * float(sys.argv[1])) < 1e-6, about['scores']
assert about['iteration'] == about['max_iters'] == 4 and about['classes'] == len(about['class_list']) == 4
assert about['class_list'][1]['name'] == 'water' and len(about['class_list'][1]['rgb']) == 3
assert about['program'].startswith('encnet-cl ') and not about['guessed']
PY
fi

# no device is needed
expect 0 env OCL_ICD_VENDORS=/nonexistent "$info" my

# converted, it says what a file by itself can
expect 0 "$ENCNET_BIN/encnet-cl-convert" my/iter_2 b.pth
expect 0 "$info" b.pth
out_matches '^  network     encnet on resnet18_v1c$'
out_matches '^  iterations  2$'
out_matches '^  scores      none recorded$'
out_matches '^  file        PyTorch zip, '

# one that was never evaluated
expect 0 "$train" c.ini --work-dir tuned --quiet --set device.tune=quick --set train.max_iters=1
[ -s err ] && fail "--quiet speaks of tuning: $(cat err)"
expect 0 "$train" c.ini --work-dir plain --quiet
expect 0 "$info" plain
out_matches '^  scores      none recorded$'
grep -q '^  best ' out && fail "a best score of a training without evaluation"

# what is no checkpoint
expect 5 "$info" nothing
err_has "nothing: No such file or directory"
expect 5 "$info" c.ini
err_has "c.ini: no checkpoint"
mkdir empty
expect 5 "$info" empty
err_has "empty: a folder without weights.safetensors"
cp -r my/iter_2 damaged
printf x | dd of=damaged/weights.safetensors bs=1 seek=100000 conv=notrunc status=none
expect 5 "$info" damaged
err_has "damaged/weights.safetensors"
expect 5 "$info" damaged --json
out_has '"error": "damaged/weights.safetensors'
expect 2 "$info" my --models
err_has "my: a checkpoint is described by itself"
expect 2 "$info" my plain
err_has "one argument too many: plain"
finish
