#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Whatever a file asks for, no program takes more than 5 s of processor time and 1 GiB of memory to read or to refuse it.
. "$(dirname "$0")/common.inc"
faults=$ENCNET_SRC/tests/faults convert=$ENCNET_BIN/encnet-cl-convert
cc -O1 "$faults/bounded.c" -o bounded || fail "bounded.c does not compile"
cc -O1 -w "$faults/odd_files.c" -o odd_files -ljpeg -lz || fail "odd_files.c does not compile"
write_config tiny.ini
expect 0 "$train" tiny.ini --export-data data
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = data
INI

# A build that also checks itself takes more.
seconds=5 mib=1024
if nm "$train" 2>/dev/null | grep -q __asan_init; then seconds=60 mib=8192; fi
bounded() { # bounded NAME COMMAND...
    local name=$1 took
    shift
    ./bounded took timeout 300 "$@" >out 2>err
    code=$?
    took=$(cat took)
    [ $code -lt 124 ] || fail "$name: exit code $code: $(tail -n 1 err)"
    [ "${took% *}" -le $seconds ] || fail "$name takes ${took% *} s of processor time"
    [ "${took#* }" -le $mib ] || fail "$name takes ${took#* } MiB"
}
refused() { # refused NAME PATTERN: what bounded ran was an error, and says why
    [ $code != 0 ] || fail "$1 is taken"
    err_matches "$2"
}
check() { bounded "$1" "$train" folder.ini --check-data "${@:2}"; }

# -- pictures
image=data/images/val/synthetic_000000
mv $image.png image.png
./odd_files scans $image.jpg 1024 490
check "a JPEG of 490 scans"
./odd_files scans $image.jpg 2048 490
check "a larger JPEG of 490 scans"
refused "a larger JPEG of 490 scans" 'a JPEG of 2048 x 2048 pixels in more than [0-9]+ scans'
rm $image.jpg
./odd_files chunks $image.png 200000
check "a PNG of 200000 chunks"
mv image.png $image.png

# -- lists and classes
seq -f 'name%07.0f' 1000000 >data/list.txt
check "a list of 10^6 names" --set data.val_list=list.txt
refused "a list of 10^6 names" 'name0000001.*: named in data/list.txt:1, but missing'
yes synthetic_000000 | head -n 1000000 >data/list.txt
check "a list of one name 10^6 times" --set data.val_list=list.txt
refused "a list of one name 10^6 times" 'names synthetic_000000 twice'
{
    echo synthetic_000000
    head -c 100000000 /dev/zero | tr '\0' x
} >data/list.txt
check "a line of 10^8 characters" --set data.val_list=list.txt
refused "a line of 10^8 characters" 'data/list.txt:2: a line of 100000000 characters, longer than any path'
mv data/list.txt list.txt
bounded "a line of 10^8 characters of --predict" "$eval_" tiny.ini --checkpoint random --predict list.txt --out out.d
refused "a line of 10^8 characters of --predict" 'list.txt:2: a line of 100000000 characters, longer than any path'
{
    echo index,name,r,g,b
    seq 0 99999 | sed 's/.*/&,class &,1,2,3/'
} >data/classes.csv
check "10^5 classes" --set data.classes_file=classes.csv
refused "10^5 classes" 'classes.csv'

# -- configurations that include one another, 10 times each
for i in 0 1 2 3 4 5 6 7 8; do yes "include = inc$((i + 1)).ini" | head -n 10 >inc$i.ini; done
echo "[model]" >inc9.ini
bounded "10^9 includes" "$train" inc0.ini --print-config
refused "10^9 includes" 'more than [0-9]+ files'
{ echo "[model]"; yes 'classes = 4' | head -n 80000; } >lines.ini
bounded "a configuration of 80000 lines" "$train" lines.ini --print-config

# -- checkpoints
seq 0 99999 | awk 'BEGIN { printf "{" } { printf "%s\"t%d\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}", (NR > 1 ? "," : ""),
    $1, 4 * $1, 4 * $1 + 4 } END { printf "}" }' >header
size=$(wc -c <header)
# shellcheck disable=SC2059
{
    for i in 0 8 16 24 32 40 48 56; do printf "\\$(printf %o $((size >> i & 255)))"; done
    cat header
    head -c 400000 /dev/zero
} >many.safetensors
bounded "10^5 tensors" "$convert" many.safetensors out.safetensors
[ $code = 0 ] || fail "10^5 tensors: $(tail -n 1 err)"
bounded "10^5 tensors to PyTorch" "$convert" many.safetensors out.pth
./odd_files zip many.pth 100000
bounded "a ZIP archive of 10^5 entries" "$convert" many.pth out2.safetensors
refused "a ZIP archive of 10^5 entries" 'many.pth: '
finish
