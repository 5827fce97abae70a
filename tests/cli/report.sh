#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# A report is one page, in the classes' own script; scores as CSV; the test split; overlays with opacity and legend; speed.
. "$(dirname "$0")/common.inc"
need_device
write_config tiny.ini
expect 0 "$train" tiny.ini --export-data data
head -n 1 data/classes.csv >classes.csv
printf '0,海,200,0,0\n1,"a, <b>",0,200,0\n2,улица,0,0,200\n3,شجرة,90,90,90\n' >>classes.csv
mv classes.csv data/classes.csv
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = data
classes_file = classes.csv
[train]
eval_interval = 2
INI
expect 0 "$train" folder.ini --work-dir run
grep -q '"iter": 2, "step": 2,' run/folder.log.json || fail "the log has no step: $(tail -n 2 run/folder.log.json)"
expect 0 "$eval_" folder.ini --checkpoint run/latest --report report --json scores.json
err_matches '^2 images in [0-9.]+ s, [0-9.]+ images per second behind the first$'

# -- the page
page=report/report.html
page_has() { grep -qF -- "$1" $page || fail "report.html lacks $1"; }
page_has '<meta charset="utf-8">'
for name in 海 'a, &#60;b&#62;' улица شجرة; do page_has "<bdi>$name</bdi>"; done
[ "$(grep -c '<svg' $page)" = 3 ] || fail "report.html has $(grep -c '<svg' $page) charts, not loss, mIoU and learning rate"
[ "$(grep -o 'src="data:image/png;base64,' $page | wc -l)" = 8 ] || fail "report.html has not two rows of four pictures"
for word in http '<script' '<link' 'url(' "<b>"; do
    grep -qF -- "$word" $page && fail "report.html has $word"
done
for name in mIoU mDice mFscore mPrecision mRecall Kappa; do
    value=$(sed -n "s/.*\"$name\": \([0-9.-]*\),.*/\1/p" scores.json)
    page_has "<dt>$name</dt><dd>$([ -n "$value" ] && printf '%.2f' "$value" || echo '&ndash;')</dd>"
done
cp run/latest/weights.safetensors alone.safetensors # no log is beside it
expect 0 "$eval_" folder.ini --checkpoint alone.safetensors --report alone --quiet
grep -q '<svg' alone/report.html && fail "curves of no log"
grep -q 'per second' err && fail "--quiet tells the speed"

# -- tables
[ "$(head -n 1 report/confusion.csv)" = $'label,海,"a, <b>",улица,شجرة\r' ] || fail "confusion.csv: $(head -n 1 report/confusion.csv)"
[ "$(wc -l <report/confusion.csv)" = 5 ] || fail "confusion.csv: $(cat report/confusion.csv)"
counted=$(tail -n +2 report/confusion.csv | tr -d '\r' | sed 's/"[^"]*"/name/' | awk -F, '{for (i = 2; i <= NF; i++) n += $i} END {print n}')
pixels=$(tail -n +2 report/scores.csv | awk -F, '{n += $NF} END {print n}')
[ "$counted" = "$pixels" ] || fail "confusion.csv counts $counted pixels, scores.csv $pixels"

# -- the test split
expect 4 "$eval_" folder.ini --checkpoint run/latest --split test
err_has "data.test_images"
cp -r data/images/val data/images/test
cp -r data/annotations/val data/annotations/test
expect 0 "$eval_" folder.ini --checkpoint run/latest --split test --json test.json
cmp scores.json test.json || fail "other scores of the same images: $(head -n 1 scores.json test.json)"
expect 0 "$eval_" folder.ini --checkpoint run/latest --split test --set data.test_images=images/train --set data.test_labels=annotations/train
err_matches '^8 images in'
expect 3 "$eval_" folder.ini --checkpoint random --split test --set data.type=voc --set data.classes_file= --set model.classes=21
err_has "data.type=voc has no test split"

# -- overlays
height() { echo $((16#$(od -An -tx1 -j20 -N4 "$1" | tr -d ' \n'))); }
predict() { expect 0 "$eval_" folder.ini --predict data/images/val --checkpoint "$@"; }
image=$(ls data/images/val | head -n 1)
predict run/latest --out half
err_matches '^2 images in [0-9.]+ s, '
predict run/latest --out also_half --opacity 0.5
predict run/latest --out none --opacity 0
predict random --out none_of_other --opacity 0
cmp "half/$image" "also_half/$image" || fail "an overlay is not half the image"
cmp "none/$image" "none_of_other/$image" || fail "with opacity 0 the classes still show"
cmp -s "half/$image" "none/$image" && fail "--opacity does nothing"
predict run/latest --out legend --legend
[ "$(height "half/$image")" = 40 ] && [ "$(height "legend/$image")" -gt 50 ] || fail "the legend is not below the image"
expect 3 "$eval_" folder.ini --checkpoint run/latest --predict data/images/val --out o --opacity 1.5
err_has eval.opacity

# -- a report of which nothing is written leaves no folder, and a folder that was there
echo 'no picture' >"data/images/val/$image"
mkdir there
for folder in new there; do
    expect 4 "$eval_" folder.ini --checkpoint run/latest --report $folder
    err_has "data/images/val/$image"
done
[ ! -e new ] && [ -d there ] || fail "an empty folder is left, or one that was there is gone"
finish
