#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# --predict over many files: what cannot be predicted is listed with the reason, and does not keep the others.
. "$(dirname "$0")/common.inc"
need_device

write_config tiny.ini
"$train" tiny.ini --export-data drawn >/dev/null || fail "no pictures"
images=(drawn/images/train/*.png)
golden=$ENCNET_SRC/tests/golden/data
# predicted CODE ARGUMENT...: predicts into out.d
predicted() {
    local code=$1
    shift
    expect "$code" "$eval_" tiny.ini --checkpoint random --out out.d --quiet "$@"
}

# -- a folder of everything
mkdir -p photos/sub
cp "${images[0]}" photos/a.png
cp "$golden/444.jpg" photos/b.JPG
cp "$golden/420.jpg" photos/c.jfif
cp "$golden/grey.jpg" photos/sub/no_ending
cp "$golden/turned6.jpg" photos/turned.jpe
head -c 300 "$golden/444.jpg" >photos/cut.jpg
: >photos/empty.png
printf 'GIF89a\1\0\1\0' >photos/moving.gif
printf 'RIFF\44\0\0\0WEBPVP8 ' >photos/modern.webp
echo "nothing to see" >photos/notes.txt
ln -s nowhere photos/lost.png
predicted 11 --predict photos --json what.json
for file in a b c sub/no_ending turned; do [ -s out.d/$file.png ] || fail "no out.d/$file.png: $(ls -R out.d)"; done
[ "$(find out.d -type f | wc -l)" = 5 ] || fail "not five outputs: $(ls -R out.d)"
err_has "left out: photos/cut.jpg: truncated JPEG, it ends after 300 bytes"
err_has "left out: photos/empty.png: the file is empty (0 bytes)"
err_has "left out: photos/moving.gif: a GIF picture, neither PNG nor JPEG; convert it to PNG"
err_has "left out: photos/modern.webp: a WebP picture"
err_has "left out: photos/lost.png: No such file"
err_has "left out: photos/notes.txt: not a picture"
err_has "5 of 10 images could not be predicted, the first: photos/cut.jpg"
out_has "5 images predicted into out.d, 5 failed, 1 other files left out"
grep -qF '{"file": "photos/a.png", "status": "predicted", "output": "out.d/a.png", "message": ""}' what.json || fail "what.json: $(cat what.json)"
grep -qF '"file": "photos/cut.jpg", "status": "failed", "output": null, "message": "photos/cut.jpg: truncated' what.json || fail "what.json: $(cat what.json)"
grep -qF '"file": "photos/notes.txt", "status": "left out"' what.json || fail "what.json: $(cat what.json)"
[ "$(grep -c '"file"' what.json)" = 11 ] || fail "not eleven files: $(cat what.json)"
if command -v python3 >/dev/null; then python3 -m json.tool what.json >/dev/null || fail "what.json is no JSON"; fi

# a picture of which a scale leaves nothing
mkdir small
cp photos/a.png small/z.png
write_tiny_png small/a.png
predicted 11 --predict small --scales 0.3
err_has "left out: small/a.png: a picture of 3 x 3 comes out as 0 x 0 at scale 0.3 (eval.scales, eval.image_scale)"
[ -s out.d/z.png ] || fail "no out.d/z.png: $(ls -R out.d)"

# into the file that a link names, with a name in Latin-1 in it, and not over a user's file beside it
mkdir -p latin elsewhere
cp photos/a.png "latin/$(printf 'caf\xe9').png"
echo mine >elsewhere/what.json.tmp
ln -s elsewhere/what.json link.json
predicted 0 --predict latin --json link.json
[ -L link.json ] || fail "the link of --json is a file now"
grep -qF '{"file": "latin/caf\ufffd.png", "status": "predicted"' elsewhere/what.json || fail "link.json: $(cat elsewhere/what.json)"
[ "$(cat elsewhere/what.json.tmp)" = mine ] || fail "--json has removed a file beside it"

# nor over the list or a picture that is read
mkdir taken
cp photos/a.png taken/a.png
ls taken/*.png >taken.txt
for file in taken.txt taken/a.png; do
    for from in taken.txt taken; do
        [ $from/$file = taken/taken.txt ] && continue
        cp $file kept
        predicted 2 --predict $from --json $file
        cmp $file kept || fail "--json has taken the place of $file"
    done
done

# -- what is there need not be made again
rm photos/{cut.jpg,empty.png,moving.gif,modern.webp,lost.png}
rm out.d/b.png
predicted 0 --predict photos --skip-existing --json what.json
out_has "1 image predicted into out.d, 4 skipped, 1 other files left out"
[ -s out.d/b.png ] || fail "out.d/b.png is not made again"
grep -qF '{"file": "photos/a.png", "status": "skipped", "output": "out.d/a.png"' what.json || fail "what.json: $(cat what.json)"

# -- written by one thread or by many, the files are the same, and they are told in order; a file that cannot be written ends it
mkdir many
for i in $(seq 100 119); do cp "${images[0]}" many/$i.png; done
for jobs in 1 4 64; do
    rm -rf out.d
    predicted 0 --predict many --jobs $jobs --json what.json
    (cd out.d && cksum ./*) >sums.$jobs
    cmp sums.1 sums.$jobs || fail "--jobs $jobs writes other files"
    sed -n 's/.*"file": "\([^"]*\)".*/\1/p' what.json | sort -c || fail "--jobs $jobs tells in another order"
done
[ "$(wc -l <sums.1)" = 20 ] || fail "not twenty outputs"
rm -rf out.d
mkdir -p out.d/110.png
predicted 8 --predict many --json what.json
err_has "110.png"
[ "$(grep -c '"status": "predicted"' what.json)" = "$(find out.d -type f -name '*.png' | wc -l)" ] || fail "other files than told: $(cat what.json)"
rm -rf out.d
predicted 3 --predict many --jobs 0
err_has "eval.jobs = 0: must be integer 1..64"

# -- an image that is too large, one that is missing from a list, and nothing at all
predicted 11 --predict photos --set data.max_pixels=1700
err_has "photos/a.png: 48 x 40 pixels, more than data.max_pixels=1700"
printf '\xef\xbb\xbfphotos/a.png\r\nphotos/none.png\r\n\r\nphotos/b.JPG \r\n' >list.txt
predicted 11 --predict list.txt
err_has "1 of 3 images could not be predicted, the first: list.txt:2: photos/none.png: No such file"
printf 'photos/a.png\n\n./photos/a.png\nphotos/a\0.png\n' >list.txt
predicted 4 --predict list.txt
err_has "list.txt:4: a zero byte, not a list of files"
sed -i 4d list.txt
predicted 11 --predict list.txt
err_matches '^left out: list.txt:[13]: photos/a.png: it would become photos/a as well as photos/a.png'
predicted 4 --predict photos/none.png
one_line
mkdir nothing
echo x >nothing/notes.txt
predicted 4 --predict nothing
err_has "nothing: no picture in it (1 other files)"
# -- a signal ends what comes before the first image, too
seq -f 'none%.0f.png' 1000000 >none.txt
for after in 0.3 1.5; do # while the list is read, while it is said what becomes of each
    "$eval_" tiny.ini --checkpoint random --predict none.txt --out out.d >out 2>err &
    sleep $after
    kill -TERM $!
    begun=$SECONDS
    wait $!
    got=$?
    [ $got = 75 ] || [ $got = 143 ] || fail "a signal gives exit $got: $(tail -n 1 err)"
    [ $((SECONDS - begun)) -lt 3 ] || fail "a signal is heeded after $((SECONDS - begun)) s"
done
printf 'BM\0\0\0\0' >only.bmp
predicted 4 --predict only.bmp
err_has "only.bmp: a BMP picture, neither PNG nor JPEG; convert it to PNG"

# -- of two files with one output, one is predicted, and that is one that can be
cp "$golden/444.jpg" photos/a.jpg
printf 'BM\0\0\0\0' >photos/b.bmp
printf 'not a picture' >photos/d.tga
rm -rf out.d
predicted 11 --predict photos
err_has "left out: photos/a.png: it would become a as well as photos/a.jpg"
err_has "left out: photos/b.bmp: it would become b as well as photos/b.JPG"
err_has "left out: photos/d.tga: neither PNG nor JPEG"
[ -s out.d/a.png ] && [ -s out.d/b.png ] || fail "no out.d/a.png, out.d/b.png: $(ls -R out.d)"

# -- lists as other programs write them: pairs, quotes, backslashes, other endings
cp photos/b.JPG "photos/b 1.JPG"
printf 'photos/a.png masks/a.png\n"photos/b 1.JPG","masks/b 1.png"\r\nphotos\\c.jfif\n' >list.lst
rm -rf out.d
predicted 0 --predict list.lst
[ "$(cd out.d/photos && echo *)" = "a.png b 1.png c.png" ] || fail "another list: $(ls -R out.d)"
predicted 2 --skip-existing
err_has "--skip-existing belongs to --predict PATH"

finish
