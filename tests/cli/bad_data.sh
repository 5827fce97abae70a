#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Images and labels that are missing, damaged, huge or do not fit: --check-data lists them with file and numbers,
# training stops at it, and neither writes over anything.
. "$(dirname "$0")/common.inc"

write_config tiny.ini
"$train" tiny.ini --export-data good >/dev/null || fail "no data to damage"
cat >folder.ini <<'INI'
include = tiny.ini
[data]
type = folder
root = bad
classes_file = classes.csv
INI

# The images and labels to damage, by number.
begin() {
    rm -rf bad
    cp -r good bad
    images=(bad/images/train/*.png)
    labels=(bad/annotations/train/*.png)
}
# refused SENTENCE...: each is among what --check-data lists; it is told with exit 4.
refused() {
    local sentence
    expect 4 "$train" folder.ini --check-data
    for sentence in "$@"; do err_has "$sentence"; done
}

begin
expect 0 "$train" folder.ini --check-data

# -- files that are no images
begin
rm "${images[0]}"
: >"${images[1]}"
truncate -s 500 "${images[2]}"
echo "no image at all" >"${images[3]}"
printf '\x89PNG\r\n\x1a\n' >"${images[4]}"
printf 'X' | dd of="${images[5]}" bs=1 seek=60 conv=notrunc 2>/dev/null
truncate -s 200 "${labels[6]}"
refused "${labels[0]}" "${images[1]}: the file is empty (0 bytes)" "${images[2]}: truncated PNG" \
    "${images[3]}: neither PNG nor JPEG" "${images[4]}: truncated PNG" "${images[5]}: damaged PNG" \
    "${labels[6]}: truncated PNG"
grep -qE '^problems +7$' out || fail "not 7 problems: $(cat out err)"

# -- a header is enough to ask for gigabytes: 30000 x 30000 pixels, RGB
begin
printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\xe9\x45\x6f\xed\0\0\0\0IDAT\x35\xaf\x06\x1e' \
    >"${images[0]}"
rm "${images[1]}"
printf '\xff\xd8\xff\xc0\0\x11\x08\x75\x30\x75\x30\x03\x01\x11\0\x02\x11\0\x03\x11\0\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\x3f\0\xff\xd9' >"${images[1]%.png}.jpg"
(
    [ -n "${ASAN_OPTIONS:-}" ] || ulimit -v 1000000 # the sanitizer reserves terabytes
    exec "$train" folder.ini --check-data
) >out 2>err
[ $? = 4 ] || fail "two huge images: $(cat err)"
err_has "${images[0]}: 30000 x 30000 pixels, more than data.max_pixels=268435456"
err_has "${images[1]%.png}.jpg: 30000 x 30000 pixels"

# -- a JPEG that ends early, and one as a label
begin
rm "${images[0]}" "${labels[1]}"
head -c 300 "$ENCNET_SRC/tests/golden/data/444.jpg" >"${images[0]%.png}.jpg"
refused "${images[0]%.png}.jpg: truncated JPEG" "$(basename "${images[1]}")"

# -- labels that do not fit their images
begin
cp "$ENCNET_SRC/tests/golden/data/grey8.png" "${labels[0]}" # another size
cp "${images[1]}" "${labels[1]}"                            # colours instead of ids
rm "${labels[2]}"
refused "${labels[0]}: a label of " "pixels for the image ${images[0]} of 48 x 40" "${labels[1]}: the colour " \
    "$(basename "${images[2]}" .png)"

# -- ids outside the classes: which, how many, where the first one is
begin
sed -i 's/^classes = 4$/classes = 3/' tiny.ini
head -n 4 good/classes.csv >bad/classes.csv
expect 4 "$train" folder.ini --check-data
err_matches 'bad/annotations/(train|val)/[^ ]*\.png: id 3 is none of the 3 classes \([0-9]+ pixels, the first at x=[0-9]+, y=[0-9]+\)'

# -- of many labels with the same fault three are listed and the others counted, whatever their numbers; --verbose lists all
bad=$(sed -n 's/^problems  *//p' out)
[ "$bad" -gt 3 ] || fail "only $bad labels have id 3"
[ "$(grep -c ': id 3 is none' err)" = 3 ] || fail "not three of $bad labels are listed: $(cat err)"
err_matches "$((bad - 3)) more problems like that of bad/annotations/train/[^ ]*\.png, $bad in all; --verbose lists them"
expect 4 "$train" folder.ini --check-data --verbose
[ "$(grep -c ': id 3 is none' err)" = "$bad" ] || fail "--verbose does not list $bad labels: $(cat err)"
write_config tiny.ini

# -- training and evaluation say the same, and write no checkpoint
if "$info" >/dev/null 2>&1; then
    begin
    for image in "${images[@]}"; do truncate -s 500 "$image"; done
    expect 4 "$train" folder.ini --work-dir run
    err_has ": truncated PNG"
    [ -z "$(find run -name 'iter_*')" ] || fail "a checkpoint of nothing: $(ls run)"
    truncate -s 100 bad/images/val/*.png
    expect 4 "$eval_" folder.ini --checkpoint random --json scores.json
    err_has "bad/images/val/"
    [ -e scores.json ] && fail "scores of damaged images"
    : >empty.png
    expect 4 "$eval_" folder.ini --checkpoint random --predict empty.png --out predicted
    err_has "empty.png: the file is empty (0 bytes)"
fi

finish
