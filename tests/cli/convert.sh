#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-convert from outside: a checkpoint goes from format to format and back with the same bytes, the other programs
# open what comes out, and what cannot be done leaves everything as it was.
. "$(dirname "$0")/common.inc"
convert=$ENCNET_BIN/encnet-cl-convert
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=2
ours=run/iter_2
before=$(sums run)

# entries FILE: the numbers of every tensor of a .pth, by checksum, in its order.
entries() { unzip -v "$1" | awk '$8 ~ /\/data\// {print $7, $1}'; }

# -- there and back: nothing but the format changes
expect 0 "$convert" $ours a.pth
out_has "a.pth: 165 tensors and the state of the optimiser"
[ -s err ] && fail "something on stderr: $(cat err)"
expect 0 "$convert" a.pth b.safetensors
out_has "b.safetensors: 165 tensors"
expect 0 "$convert" b.safetensors c.pth
expect 0 "$convert" $ours d.safetensors
head -c 4096 d.safetensors | grep -qF '"encnet.iteration":"2"' || fail "d.safetensors does not say how long it was trained"
cmp b.safetensors d.safetensors || fail "by way of a .pth the .safetensors differs"
expect 0 "$convert" c.pth e.safetensors
cmp b.safetensors e.safetensors || fail "twice by way of a .pth the .safetensors differs"
tail -c 40000000 $ours/weights.safetensors | cmp - <(tail -c 40000000 b.safetensors) || fail "the weights differ"
expect 0 "$convert" $ours again.pth
cmp a.pth again.pth || fail "the same checkpoint gives another file"
if command -v unzip >/dev/null; then
    unzip -tq a.pth >out || fail "unzip finds a.pth damaged: $(cat out)"
    entries c.pth >weights
    [ "$(wc -l <weights)" = 165 ] || fail "c.pth has $(wc -l <weights) tensors"
    entries a.pth | head -n 165 | cmp - weights || fail "the tensors of a.pth and c.pth differ"
    [ "$(entries a.pth | wc -l)" = $((165 + 87)) ] || fail "a.pth has not the momentum of 87 parameters"
fi
[ "$(sums run)" = "$before" ] || fail "the checkpoint has changed"

# -- what comes out is a checkpoint like any other
cat >score.sh <<'SH'
"$1" tiny.ini --checkpoint "$2" --quiet
SH
expect 0 bash score.sh "$eval_" $ours
mv out scores
for file in a.pth b.safetensors c.pth; do
    expect 0 bash score.sh "$eval_" $file
    cmp out scores || fail "$file scores differently"
done

# -- a file that does not describe its network, and one that is described by a config
header='{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}  '
printf "\\x$(printf %02x ${#header})\\0\\0\\0\\0\\0\\0\\0%sabcd" "$header" >bare.safetensors
expect 0 "$convert" bare.safetensors bare.pth
one_line
err_has "note: bare.pth does not say which network it is"
expect 0 "$convert" bare.pth bare2.safetensors
tail -c 4 bare2.safetensors | grep -q '^abcd$' || fail "the half-precision numbers of bare2.safetensors differ"
expect 5 "$convert" bare.pth other.safetensors --config tiny.ini
err_has "backbone.stem.0.weight"
err_has "x"
expect 0 "$convert" a.pth f.safetensors --config tiny.ini
cmp f.safetensors b.safetensors || fail "the same description by a config gives another file"
expect 5 "$convert" a.pth other.safetensors --config tiny.ini --set model.classes=5
err_has "decode_head.conv_seg.bias (F32[4] in the file, F32[5] in the model)"

# -- an ONNX model: the weights that inference needs, and what the checkpoint says (test_onnx.c looks inside)
expect 0 "$convert" $ours model.onnx
out_has "model.onnx: "
[ -s err ] && fail "something on stderr: $(cat err)"
grep -aqF encnet.class_names model.onnx || fail "model.onnx does not name its classes"
expect 0 "$convert" a.pth again.onnx
cmp model.onnx again.onnx || fail "by way of a .pth the .onnx differs"
expect 5 "$convert" bare.safetensors other.onnx
err_has "bare.safetensors: does not say which network it is"

# -- what cannot be done
echo precious >kept.pth
expect 2 "$convert" $ours
expect 2 "$convert" $ours weights.bin
err_has "weights.bin: its ending must be .safetensors, .pth or .onnx"
expect 2 "$convert" $ours kept.pth --set model.classes=4
err_has "--set belongs to --config"
expect 2 "$convert" b.safetensors ./b.safetensors
err_has "./b.safetensors would be written over b.safetensors"
expect 2 "$convert" $ours $ours/weights.safetensors
err_has "$ours/weights.safetensors would be written over $ours/weights.safetensors"
expect 5 "$convert" nowhere kept.pth
err_has "nowhere"
expect 5 "$convert" run kept.pth
err_has "run: no checkpoint"
expect 5 "$convert" kept.pth other.pth
err_has "kept.pth"
expect 8 "$convert" $ours nowhere/a.pth
err_has "nowhere/a.pth: No such file or directory"
cp -r $ours damaged
printf x | dd of=damaged/optimizer.safetensors bs=1 seek=2000000 conv=notrunc 2>/dev/null
expect 5 "$convert" damaged kept.pth
err_has "damaged/optimizer.safetensors: damaged"
cp $ours/optimizer.safetensors damaged
echo >>damaged/config.ini
expect 5 "$convert" damaged kept.pth
err_has "damaged/config.ini: damaged"
(
    ulimit -f 20000
    trap '' XFSZ
    expect 8 "$convert" $ours kept.pth
    err_has "kept.pth: no room for"
    expect 8 "$convert" $ours kept.safetensors
    exit $failures
) || fail "a full disk"
[ "$(cat kept.pth)" = precious ] || fail "kept.pth was overwritten"
[ -z "$(ls -- *.tmp kept.safetensors 2>/dev/null)" ] || fail "left behind: $(ls -- *.tmp kept.safetensors)"
[ "$(sums run)" = "$before" ] || fail "the checkpoint has changed"
# -- a length in epochs is one in iterations: of the learning rate in a .pth, and in what is said of the checkpoint
expect 0 "$train" tiny.ini --work-dir by_iters --set data.samples_per_device=4 --set train.max_iters=4
expect 0 "$train" tiny.ini --work-dir by_epochs --set data.samples_per_device=4 --set train.max_iters=100 --set train.epochs=2 --set train.checkpoint_interval=1
for way in by_iters by_epochs; do
    expect 0 "$convert" $way/iter_2 $way.pth
    err_is ''
    expect 0 "$info" $way/iter_2
    out_has 'iterations  2 of 4'
done
cmp by_iters.pth by_epochs.pth || fail "train.epochs makes another .pth"
grep -v -e '^[0-9a-f]* [0-9]* state.ini' -e checksums-end by_epochs/iter_2/checksums >sums
sed -i /epoch_iters/d by_epochs/iter_2/state.ini # as older versions wrote it
crc() { gzip -1c | tail -c 8 | od -An -tx4 -N4 | tr -d ' '; }
printf '%s %d state.ini\n' "$(crc <by_epochs/iter_2/state.ini)" "$(wc -c <by_epochs/iter_2/state.ini)" >>sums
printf '%s %d checksums-end\n' "$(crc <sums)" "$(wc -c <sums)" >>sums
cp sums by_epochs/iter_2/checksums
expect 0 "$convert" by_epochs/iter_2 old.pth
err_has 'by_epochs/iter_2: does not say how many iterations an epoch has'
expect 0 "$info" by_epochs/iter_2
out_matches 'iterations  2$'
finish
