#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# What the documentation shows is what there is: README's configuration, and the one of docs/own-data.md.
. "$(dirname "$0")/common.inc"

sed -n '/^```ini$/,/^```$/p' "$ENCNET_SRC/README.md" | sed '1d;$d' >shown.ini
cmp shown.ini "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini" || fail "README's configuration is not the file"

# the indented block below "`mine.ini`", without its indentation
sed -n '/^`mine.ini`/,/^`model.classes`/p' "$ENCNET_SRC/docs/own-data.md" | sed -n 's/^    //p;/^$/p' >mine.ini
ln -s "$ENCNET_SRC/configs" configs
"$train" "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini" --export-data mine --set data.train_count=2 --set data.val_count=1 \
    --set model.classes=3 >/dev/null || fail "no pictures"
expect 0 "$train" mine.ini --check-data
out_matches '^training images +2$'
expect 0 "$train" mine.ini --print-config
out_has "resnet18_v1c-b5776b93.pth"

finish
