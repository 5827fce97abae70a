#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# The programs from outside: what they print without a device, and what they answer to a wrong command line.
. "$(dirname "$0")/common.inc"


# -- help, version, keys
for p in train eval; do
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --help
    out_has "Usage: encnet-cl-$p [OPTION]... "
    out_has "--set SECTION.KEY=VALUE"
    out_has "75  stopped on request"
    [ "$(awk '/^Examples/ { exit } length > 80' out)" = "" ] || fail "encnet-cl-$p --help is wider than 80 columns"
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --version
    grep -qE "^encnet-cl-$p [0-9]+\.[0-9]+\.[0-9]+$" out || fail "--version prints $(cat out)"
done
expect 0 "$train" --help-config
out_has "samples_per_device = 2  (integer 1..1024)"

# -- wrong command lines: exit 2, one line, the nearest name
expect 2 "$train" --wrok-dir x
err_is "encnet-cl-train: unknown or ambiguous option --wrok-dir; the nearest is --work-dir"
expect 2 "$train" --bogus
err_is "encnet-cl-train: unknown or ambiguous option --bogus; --help lists them all"
expect 2 "$train" -x
err_is "encnet-cl-train: unknown option -x; but for -h and -q, options begin with two dashes, see --help"
expect 0 "$train" -h
out_has "--check-data"
expect 2 "$train"
err_is "encnet-cl-train: CONFIG.ini is missing; see --help"
expect 2 "$train" a.ini b.ini
err_is "encnet-cl-train: one argument too many: b.ini; see --help"
expect 2 "$train" a.ini --set
err_is "encnet-cl-train: --set needs a value"
expect 2 "$train" a.ini --plan=3
err_is "encnet-cl-train: --plan takes no value"
expect 2 "$eval_" a.ini --split other
err_is "encnet-cl-eval: --split other: must be val, train or test"
expect 2 "$eval_" encnet_r18-d8_demo --checkpoint x --predict y
err_is "encnet-cl-eval: --predict needs --out DIR or --dump-logits DIR"
expect 2 "$eval_" a.ini --checkpoint x --predict y --out z --report r
err_is "encnet-cl-eval: --report belongs to an evaluation, not to --predict"
expect 2 "$eval_" "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini"
err_is "encnet-cl-eval: --checkpoint PATH is missing, and model.checkpoint is empty"

# -- a terminal gets colour, unless it is not wanted
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    env -u NO_COLOR TERM=xterm script -qec "$train --bogus" /dev/null >out 2>&1 </dev/null
    out_has $'\e[1;31mencnet-cl-train:'
    NO_COLOR=1 TERM=xterm script -qec "$train --bogus" /dev/null >out 2>&1 </dev/null
    grep -q $'\e' out && fail "NO_COLOR is not honoured: $(cat out)"
fi

# -- wrong configurations: exit 3, every problem with its place
printf '[model]\nclases = 3\nclasses = 1\n[augment]\ncrop = 512\n' >bad.ini
expect 3 "$train" bad.ini --set train.max_iter=5
err_is "encnet-cl-train: bad.ini:2: unknown key model.clases; the nearest is model.classes
encnet-cl-train: bad.ini:3: model.classes = 1: must be integer 2..1000
encnet-cl-train: bad.ini:5: augment.crop = 512: must be H,W, integers 1..16384
encnet-cl-train: --set: unknown key train.max_iter; the nearest is train.max_iters"
[ -s out ] && fail "a wrong configuration prints on stdout"
expect 8 "$train" none.ini
err_has "encnet-cl-train: none.ini: No such file or directory; nor is there an installed configuration of this name in $ENCNET_SRC/configs"
expect 3 "$train" "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini" --set model.classes=256
err_has "--set: model.classes = 256: at most 255 where pixels are labelled"
expect 3 "$eval_" "$ENCNET_SRC/configs/encnet_r18-d8_demo.ini" --checkpoint x --mode sldie
err_is "encnet-cl-eval: --set: eval.mode = sldie: must be one of whole slide center; the nearest is slide"

# -- keys without effect on the chosen network are named where the user set them, not where an included file does
printf '[model]\nnetwork = encnet\nc1_channels = 24\n' >idle.ini
expect 0 "$train" idle.ini --print-config
err_is "idle.ini:3: model.c1_channels has no effect on encnet with resnet50_v1c"
for pair in "ocrnet_hr18_512x1024_40k_cityscapes model.multi_grid=1,2,4" "deeplabv3_r101-d8_512x512_160k_ade20k model.codewords=8" \
    "encnet_r18-d8_demo model.aspp_rates=1,2" "fcn_r50-d8_512x512_80k_ade20k model.ocr_channels=64" "ocrnet_hr18_512x1024_40k_cityscapes model.c1_channels=3"; do
    expect 0 "$train" "${pair% *}" --set "${pair#* }" --print-config
    err_has "--set: $(echo "${pair#* }" | cut -d= -f1) has no effect on "
    one_line
done
for config in "$ENCNET_SRC"/configs/*.ini; do
    "$train" "$config" --print-config 2>&1 >/dev/null
done >remarks
[ -s remarks ] && fail "a published configuration sets keys without effect: $(cat remarks)"
expect 0 "$train" encnet_r18-d8_demo --set model.network=fcn --print-config # its files set codewords and more
[ "$(grep -vc 'encnet_r18-d8_demo.ini' err)" = 0 ] || fail "keys of included files are named: $(cat err)"
expect 0 "$train" idle.ini --print-config --quiet
[ -s err ] && fail "--quiet prints a remark"

# -- --print-config: origins, and it loads to itself
demo=$ENCNET_SRC/configs/encnet_r18-d8_demo.ini
expect 0 "$train" "$demo" --print-config --set train.seed=7 --work-dir w --device 0
grep -qE '^seed = 7 +; --set$' out || fail "no origin --set"
grep -qE '^work_dir = w +; --set$' out || fail "--work-dir does not stand for output.work_dir"
grep -qE '^network = encnet +; .*/_base_/models/encnet_r50-d8.ini:[0-9]+$' out || fail "no origin of an included file"
grep -qE '^profile = no +; default$' out || fail "no origin default"
cp out once.ini
expect 0 "$train" once.ini --print-config
diff <(sed 's/ *;.*//' once.ini) <(sed 's/ *;.*//' out) >/dev/null || fail "--print-config does not load to itself"
expect 0 "$train" "$demo" --print-config
grep -qE '^work_dir = work_dirs/encnet_r18-d8_demo ' out || fail "work_dir is not named after the file"
"$train" "$demo" --print-config >/dev/full 2>err && fail "a full disk goes unnoticed"
err_is "encnet-cl-train: standard output: No space left on device"

# -- documents printed from the same tables
expect 0 "$train" --print-docs reference
diff out "$ENCNET_SRC/docs/config-reference.md" >/dev/null ||
    fail "docs/config-reference.md is not what 'encnet-cl-train --print-docs reference' prints"
expect 2 "$train" --print-docs poem
for p in train eval; do
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --print-docs man
    out_has ".SH EXIT STATUS"
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --print-docs completion
    cp out completion
done
complete_with() { # what bash offers for the words given
    (
        compopt() { :; }
        # shellcheck disable=SC1091
        . ./completion
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _encnet_cl_eval
        echo "${COMPREPLY[*]}"
    )
}
[ "$(complete_with encnet-cl-eval --mo)" = "--mode" ] || fail "completion of --mo"
[ "$(complete_with encnet-cl-eval --mode s)" = "slide" ] || fail "completion of --mode s"
[ "$(complete_with encnet-cl-eval --set model.cl)" = "model.classes=" ] || fail "completion of --set"
# values; for bash, "=" is a word of its own
for words in '--set model.network = ocr:ocrnet ocrnetplus' '--set = model.network = en:encnet' '--set eval.mode = s:slide' \
    '--format = ra:raw' '--mode = w:whole' '--device al:all' '--stream y:y4m'; do
    # shellcheck disable=SC2086
    got=$(complete_with encnet-cl-eval ${words%:*})
    [ "$got" = "${words##*:}" ] || fail "completion of ${words%:*}: $got"
done
[ "$(complete_with encnet-cl-eval --set device.profile =)" = "yes no" ] || fail "completion of --set device.profile="
[ "$(complete_with encnet-cl-eval --set model.classes = 1)" = "" ] || fail "completion of --set model.classes=1"
[ "$(complete_with encnet-cl-eval once)" = "once.ini" ] || fail "completion of a file"
for p in train eval info convert bench; do # zsh and fish read theirs; where they are installed, they are asked
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --print-docs completion-zsh
    out_has "#compdef encnet-cl-$p"
    out_has "--version["
    if command -v zsh >/dev/null; then zsh -fn out || fail "zsh does not read the completion of $p"; fi
    expect 0 "$ENCNET_BIN/encnet-cl-$p" --print-docs completion-fish
    out_has "complete -c encnet-cl-$p -l version"
    if command -v fish >/dev/null; then fish --no-execute out || fail "fish does not read the completion of $p"; fi
    cp out "$p.fish"
done
if command -v fish >/dev/null; then
    fish_offers() { fish --no-config -c "source $1.fish; complete -C 'encnet-cl-$1 $2'" | cut -f 1 | paste -sd ' '; }
    [ "$(fish_offers eval '--set model.network=ocr')" = "model.network=ocrnet model.network=ocrnetplus" ] || fail "completion of values in fish"
    [ "$(fish_offers eval '--format=ra')" = "--format=raw" ] || fail "completion of --format= in fish"
    [ "$(fish_offers train '--resume au')" = "auto" ] || fail "completion of --resume in fish"
    [ "$(fish_offers eval --mo)" = "--mode" ] || fail "completion of --mo in fish"
    [ "$(fish_offers eval '--mode s')" = "slide" ] || fail "completion of --mode s in fish"
    [ "$(fish_offers train '--set model.cl')" = "model.classes=" ] || fail "completion of --set in fish"
fi

finish
