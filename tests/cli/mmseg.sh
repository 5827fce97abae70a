#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Configurations of mmsegmentation from outside: what they become, and what is refused.
. "$(dirname "$0")/common.inc"
convert=$ENCNET_BIN/encnet-cl-convert
golden=$ENCNET_SRC/tests/golden/mmseg

# -- a configuration becomes one of ours
expect 0 "$convert" "$golden/fcn_new.py" my.ini
out_has "my.ini: the configuration of $golden/fcn_new.py"
[ -s err ] && fail "something on stderr: $(cat err)"
cmp my.ini "$golden/fcn_new.ini" || fail "not the golden file"
expect 0 "$train" my.ini --print-config
out_has "class_weights = 1,0.5,2,1"
out_matches '^norm = local +; my.ini:'

# -- what is refused, and leaves the output as it was
cp my.ini kept
{ cat "$golden/encnet_old.py"; echo "optimizer = dict(type='AdamW', lr=6e-5)"; } >a.py
expect 3 "$convert" a.py my.ini
one_line
err_has "a.py:$(grep -n AdamW a.py | cut -d: -f1): optimizer.type = 'AdamW': encnet-cl has only SGD"
echo "import os" >b.py
expect 3 "$convert" b.py my.ini
err_has "b.py:1: import: a configuration is read, not executed"
echo "_base_ = 'nowhere.py'" >c.py
expect 8 "$convert" c.py my.ini
err_has "c.py:1: nowhere.py: No such file or directory"
echo "x = 1" >d.py
expect 3 "$convert" d.py my.ini
err_has "d.py:1: model is missing"
expect 2 "$convert" a.py my.ini --config my.ini
cmp -s my.ini kept || fail "my.ini has changed"
[ -z "$(ls -- *.tmp 2>/dev/null)" ] || fail "left behind: $(ls -- *.tmp)"

# -- prediction without a configuration of ours: from a checkpoint directory and from a file that says what its network is
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --work-dir run --set train.max_iters=1
expect 0 "$train" tiny.ini --export-data data
photo=$(find data/images/val -name '*.png' | head -n 1)
expect 0 "$eval_" tiny.ini --checkpoint run/iter_1 --predict "$photo" --out a --dump-logits a --quiet
expect 0 "$eval_" --checkpoint run/iter_1 --predict "$photo" --out b --dump-logits b --quiet
cp run/iter_1/weights.safetensors model.safetensors
expect 0 "$eval_" --checkpoint model.safetensors --predict "$photo" --out c --dump-logits c --quiet
for dir in b c; do diff -r a $dir || fail "other predictions in $dir"; done
[ ! -s err ] || fail "remarks on keys that nobody has set: $(cat err)"
# where the file of the classes is gone, names and colours are those of the checkpoint
printf 'index,name,r,g,b\n0,a,9,8,7\n1,b,1,2,3\n2,c,40,50,60\n3,d,200,1,2\n' >names.csv
expect 0 "$train" tiny.ini --work-dir named --set train.max_iters=1 --set data.classes_file=names.csv
mv names.csv moved.csv
expect 0 "$eval_" --checkpoint named/iter_1 --predict "$photo" --out f --format palette
expect 0 "$eval_" --checkpoint named/iter_1 --predict "$photo" --out g --format palette --set data.classes_file=moved.csv
diff -r f g || fail "other colours without the file of the classes"
expect 4 "$eval_" --checkpoint named/iter_1 --predict "$photo" --out g --set data.classes_file=names.csv
err_has 'data.classes_file=names.csv is not there'
expect 0 "$eval_" --checkpoint model.safetensors --predict "$photo" --out d --print-config
out_matches '^backbone = resnet18_v1c '
expect 2 "$eval_" --checkpoint run/iter_1
err_has "CONFIG.ini is missing: only --predict works without one"
expect 2 "$eval_" --predict "$photo" --out d
err_has "CONFIG.ini is missing: without one, --checkpoint must name a checkpoint"
expect 2 "$eval_" --checkpoint run/iter_1 --predict "$photo" --out d --set model.classes=3
err_has "--set model.KEY belongs to CONFIG.ini"
expect 5 "$eval_" --checkpoint nowhere --predict "$photo" --out d
err_has nowhere
expect 5 "$convert" run/iter_1/weights.safetensors new/
err_has "has no configuration of mmsegmentation under meta.config or meta.cfg"
expect 5 "$convert" run/iter_1/weights.safetensors new/ --config "$ENCNET_SRC/configs/encnet_r50-d8_512x1024_40k_cityscapes.ini"
[ ! -e new ] || fail "an empty folder remains of a conversion that failed"
expect 0 "$convert" run/iter_1/weights.safetensors new/ --config tiny.ini
expect 0 "$eval_" --checkpoint new --predict "$photo" --out e --dump-logits e --quiet
diff -r a e || fail "other predictions from a converted folder"
finish
