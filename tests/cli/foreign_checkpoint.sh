#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Checkpoints under names of other programs, of other classes, and in part: the same scores, or what is left out, told.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=1 --set model.backbone=resnet18
good=$work/run/iter_1/weights.safetensors
plain=(--set model.backbone=resnet18)

# renamed SED: the checkpoint with another header; the places of the numbers are relative to its end.
renamed() {
    local size header bytes
    size=$(od -An -tu8 -N 8 "$good")
    header=$(tail -c +9 "$good" | head -c "$size" | sed -E "$1")
    printf -v bytes '\\x%02x' $((${#header} & 255)) $((${#header} >> 8 & 255)) $((${#header} >> 16)) 0 0 0 0 0
    # shellcheck disable=SC2059
    printf "$bytes"
    printf '%s' "$header"
    tail -c +$((9 + size)) "$good"
}
scores() { sed -n '/Summary/,$p' out; }

expect 0 "$eval_" tiny.ini "${plain[@]}" --checkpoint "$good" --quiet
scores >expected
[ -s err ] && fail "remarks on our own checkpoint: $(cat err)"

# -- PyTorch-Encoding's names, the stem plain, from DataParallel
renamed 's/"backbone\./"pretrained./g; s/"decode_head\.conv_seg\./"head.conv6.1./g
    s/"decode_head\.bottleneck\.conv\./"head.conv5.0./g; s/"decode_head\.bottleneck\.bn\./"head.conv5.1./g
    s/"decode_head\.enc_module\.encoding_project\.conv\./"head.encmodule.encoding.0./g
    s/"decode_head\.enc_module\.encoding_project\.bn\./"head.encmodule.encoding.1./g
    s/"decode_head\.enc_module\.encoding\.0\./"head.encmodule.encoding.3./g
    s/"decode_head\.enc_module\.encoding\.1\./"head.encmodule.encoding.4./g
    s/"decode_head\.enc_module\.fc\.0\./"head.encmodule.fc.0./g; s/"decode_head\.se_layer\./"head.encmodule.selayer./g
    s/"auxiliary_head\.convs\.0\.conv\./"auxlayer.conv5.0./g; s/"auxiliary_head\.convs\.0\.bn\./"auxlayer.conv5.1./g
    s/"auxiliary_head\.conv_seg\./"auxlayer.conv5.4./g
    s/"(pretrained|head|auxlayer)\./"module.\1./g' >encoding
grep -q 'decode_head\.' encoding && fail "names left over"
expect 0 "$eval_" tiny.ini "${plain[@]}" --checkpoint encoding --quiet
scores | cmp -s - expected || fail "other scores of PyTorch-Encoding's names"
err_has "encoding: translated from the names of PyTorch-Encoding"

# -- as a Lightning module, with its loss beside the network (of as many numbers, here)
renamed 's/"(backbone|decode_head)\./"model.\1./g; s/"auxiliary_head\./"loss./g' >lightning
expect 0 "$eval_" tiny.ini "${plain[@]}" --checkpoint lightning --quiet
scores | cmp -s - expected || fail "other scores of a Lightning module"
err_matches 'lightning: [0-9]+ tensors beside the network are left aside, such as loss\.'
expect 5 "$ENCNET_BIN/encnet-cl-convert" lightning plain.pth # its description has the head that stands for a loss
err_matches 'lightning: [0-9]+ tensors beside the network are left aside, such as loss\.'

# -- a backbone alone, with torchvision's names
renamed 's/"backbone\./"/g' >backbone
expect 0 "$eval_" tiny.ini "${plain[@]}" --checkpoint random --set model.pretrained=backbone --quiet
err_has "backbone: translated from the names of torchvision"
expect 5 "$eval_" tiny.ini "${plain[@]}" --checkpoint backbone
err_has decode_head.conv_seg.weight
renamed 's/"backbone\./"/g; s/"(decode|auxiliary)_head\./"fc.\1./g' >imagenet
expect 5 "$eval_" tiny.ini "${plain[@]}" --checkpoint imagenet
err_has "it seems to be a backbone, which model.pretrained takes"

# -- other classes: in part, told on stderr and in the log of a training; or with fresh heads
classes=(--set model.classes=5)
expect 0 "$eval_" tiny.ini "${plain[@]}" "${classes[@]}" --checkpoint "$good" --allow-partial --quiet
one_line
err_has "6 of another shape or type: decode_head.conv_seg.weight"
expect 0 "$train" tiny.ini "${plain[@]}" "${classes[@]}" --work-dir part --set train.max_iters=1 \
    --set model.checkpoint=encoding --set model.allow_partial=yes
for words in "encoding: translated from" "6 of another shape or type: decode_head.conv_seg.weight"; do
    grep -q "INFO - .*$words" part/*.log || fail "the log lacks '$words'"
done
heads=decode_head.conv_seg,decode_head.se_layer,auxiliary_head.conv_seg
expect 0 "$eval_" tiny.ini "${plain[@]}" "${classes[@]}" --checkpoint "$good" --set model.fresh=$heads --quiet
[ -s err ] && fail "remarks on heads that are fresh by wish: $(cat err)"
expect 3 "$eval_" tiny.ini "${plain[@]}" --checkpoint "$good" --set model.fresh=decoder
err_has "model.fresh: no weight's name begins with \"decoder\"; the nearest is decode_head"
one_line
expect 3 "$eval_" tiny.ini "${plain[@]}" --checkpoint "$good" --set model.fresh=a,,b
err_has "model.fresh = a,,b: must be PREFIX,..., or empty"

# -- a file of which nothing fits stays refused
renamed 's/"(backbone|decode_head|auxiliary_head)\./"other_\1_/g' >nothing
expect 5 "$eval_" tiny.ini "${plain[@]}" --checkpoint nothing --allow-partial
err_has "does not fit the model"
finish
