#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# What the documentation shows is what there is: README's configuration, the one of docs/own-data.md, and in every command the options,
# keys and configurations.
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

# -- commands: a line of a block, or between backquotes, after what is before the program and up to a pipe, a comment or a redirection

# commands FILE: one a line.
commands() {
    sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' "$1" | awk '
        /^(    |encnet-cl-|mpirun|srun)/ && /encnet-cl-[a-z]+/ { print; next }
        { text = text " " $0 }
        END { n = split(text, part, "`"); for (i = 2; i <= n; i += 2) if (part[i] ~ /^[A-Z_a-z0-9="]* *encnet-cl-[a-z]+ /) print part[i] }' |
        grep -oE 'encnet-cl-(train|eval|info|convert|bench)( [^|#>&;]*|$)'
}

# A word of a command: what stands for a file of the reader's, or for a value, is one that there is.
stand_in() {
    case $1 in
    CONFIG | CONFIG.ini | my.ini | mine.ini | encnet/config.ini | configs/RECIPE.ini) echo configs/encnet_r18-d8_demo.ini ;;
    *=S | *=P) echo "${1%=*}=$([ "${1#*=}" = S ] && echo 7 || echo fp16)" ;;
    *) echo "$1" ;;
    esac
}

seen=0
for page in "$ENCNET_SRC"/README.md "$ENCNET_SRC"/CONTRIBUTING.md "$ENCNET_SRC"/docs/*.md; do
    [ "${page##*/}" = config-reference.md ] && continue # it is printed by a program
    commands "$page" >lines
    while read -r program rest; do
        words=() sets=() config=
        for word in $rest; do
            word=$(stand_in "$word")
            case $word in configs/*.ini) config=$word ;; esac
            [ "${words[*]: -1}" = --set ] && sets+=(--set "$word")
            words+=("$word")
        done
        seen=$((seen + 1))
        where="${page##*/}: $program $rest"
        "$ENCNET_BIN/$program" --help "${words[@]}" >out 2>err || grep -q 'needs a value' err || fail "$where: $(cat err)"
        [ "$program" != encnet-cl-convert ] && [ "$config${sets[*]}" ] || continue
        case $program$config in
        encnet-cl-train?* | encnet-cl-eval?*) ;;
        *) program=encnet-cl-train words=("${config:-configs/encnet_r18-d8_demo.ini}" "${sets[@]}") ;;
        esac
        (cd "$ENCNET_SRC" && "$ENCNET_BIN/$program" "${words[@]}" --print-config) >out 2>err || fail "$where: $(cat err)"
    done <lines
done
[ $seen -gt 60 ] || fail "the documentation has hardly any commands: $seen"

finish
