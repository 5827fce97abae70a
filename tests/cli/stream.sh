#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# encnet-cl-eval --predict - and --json -: pictures and films through pipes.
. "$ENCNET_SRC/tests/cli/common.inc"
need_device

write_config c.ini
expect 0 "$train" c.ini --work-dir my --quiet --set train.max_iters=1
expect 0 "$train" c.ini --export-data photos --set data.train_count=5
mv photos/images/train in
rm -rf photos
files=(in/*)

# pipe CODE ARGUMENT...: predicts what comes in, to `out`
pipe() {
    local code=$1 got
    shift
    "$eval_" --checkpoint my --predict - "$@" >out 2>err
    got=$?
    [ $got = "$code" ] || fail "--predict - $* exits with $got, not $code: $(tail -n 5 err)"
}

# -- PNG in, PNG out: the bytes of the files that a folder gives, in order, whatever the number of threads
for format in overlay palette raw; do
    expect 0 "$eval_" --checkpoint my --predict in --out files --format $format
    cat files/* >want
    for jobs in 1 8; do
        cat "${files[@]}" | pipe 0 --format $format --jobs $jobs
        cmp out want || fail "--format $format --jobs $jobs: other frames than files"
    done
done
err_matches '^5 frames in [0-9.]+ s, [0-9.]+ frames per second$'
cat "${files[@]}" | pipe 0 -q
[ -s err ] && fail "-q prints: $(cat err)"

# -- PPM: size and pixels; PGM for class ids
cat "${files[@]}" | pipe 0 --stream ppm
[ "$(head -c 15 out | tr '\n' ' ')" = "P6 48 40 255 " ] || head -c 15 out | grep -q '^P6$' || fail "no PPM: $(head -c 15 out)"
[ "$(wc -c <out)" = $((5 * (13 + 3 * 48 * 40))) ] || fail "not five PPM of 48x40: $(wc -c <out) bytes"
cp out ppm
cat "${files[@]}" | pipe 0 --stream ppm --format raw
[ "$(head -c 2 out)" = P5 ] || fail "class ids are no PGM"
pipe 0 <ppm # what came in goes out
[ "$(head -c 2 out)" = P6 ] || fail "a PPM does not become one"
pipe 0 --stream png <ppm
[ "$(head -c 4 out | tail -c 3)" = PNG ] || fail "a PPM does not become a PNG"
# comments, and what may be between pictures
{ printf 'P6 # a comment\n# another\n48\t40\n255\n'; tail -c $((3 * 48 * 40)) ppm; printf '\n'; cat "${files[0]}"; } >mixed
pipe 0 --stream ppm <mixed
[ "$(wc -c <out)" = $((2 * (13 + 3 * 48 * 40))) ] || fail "two pictures of two kinds became $(wc -c <out) bytes"

# -- y4m: its header is kept, colours come back within what 8 bits of YUV can hold
cat "${files[@]}" | pipe 0 --stream y4m
[ "$(head -n 1 out)" = "YUV4MPEG2 W48 H40 F25:1 Ip A1:1 C444" ] || fail "header: $(head -n 1 out | tr -d '\0')"
[ "$(wc -c <out)" = $((37 + 5 * (6 + 3 * 48 * 40))) ] || fail "not five frames of y4m: $(wc -c <out)"
cp out film
pipe 0 <film
[ "$(head -c 9 out)" = YUV4MPEG2 ] || fail "a y4m does not become one"
cat "${files[@]}" | pipe 0 --stream y4m --format raw
[ "$(head -n 1 out)" = "YUV4MPEG2 W48 H40 F25:1 Ip A1:1 Cmono" ] || fail "header: $(head -n 1 out | tr -d '\0')"
for chroma in 420:2880 420mpeg2:2880 422:3840 444:5760 mono:1920; do
    { printf 'YUV4MPEG2 W48 H40 F30000:1001 Ip A128:117 C%s XYSCSS=X\n' "${chroma%:*}"
      for _ in 1 2; do printf 'FRAME Xmore\n'; head -c "${chroma#*:}" /dev/zero | tr '\0' '\200'; done; } >y4m
    pipe 0 <y4m
    [ "$(head -n 1 out)" = "YUV4MPEG2 W48 H40 F30000:1001 Ip A128:117 C444" ] || fail "C$chroma: $(head -n 1 out | tr -d '\0')"
    err_has "2 frames in"
done
{ printf 'YUV4MPEG2 W5 H3 F25:1 C420\nFRAME\n'; head -c 27 /dev/zero; } >odd # halves are rounded up
pipe 0 <odd
pipe 0 --stream png --format raw <odd
printf 'YUV4MPEG2 W48 H40 F25:1 C420p10\nFRAME\n' | pipe 4
err_has "C420p10; 420, 422, 444 and mono of 8 bits are read"
if command -v ffmpeg >/dev/null; then
    ffmpeg -loglevel error -i film -c:v png -f image2pipe - | "$eval_" --checkpoint my --predict - -q |
        ffmpeg -loglevel error -f image2pipe -c:v png -i - -f rawvideo -pix_fmt rgb24 - | wc -c >size
    [ "$(cat size)" = $((5 * 3 * 48 * 40)) ] || fail "ffmpeg reads $(cat size) bytes of pixels"
fi

# -- JPEG, whose end must be found: baseline, progressive, with restarts and Exif data
golden=$ENCNET_SRC/tests/golden/data
jpegs=("$golden"/*.jpg)
cat "${jpegs[@]}" | pipe 0
[ "$(head -c 4 out | tail -c 3)" = PNG ] || fail "a JPEG does not become a PNG"
err_has "${#jpegs[@]} frames in"

# -- what is damaged: a picture is left out and the others go on; where its end is lost, the stream ends
cp "${files[1]}" bad.png
printf 'xxxxxxxx' | dd of=bad.png bs=1 seek=60 conv=notrunc status=none
cat "${files[0]}" bad.png "${files[2]}" | pipe 11 --json what.json
err_has "left out: frame 2: "
err_has "1 of 3 frames could not be predicted, the first: frame 2: "
grep -qF '{"file": "frame 3", "status": "predicted", "output": null' what.json || fail "what.json: $(cat what.json)"
[ "$(grep -c PNG out)" -ge 2 ] || fail "the others are not there"
{ cat "${files[0]}"; head -c 200 "${files[1]}"; } | pipe 11
err_has "frame 2: the stream ends within it"
{ cat "${files[0]}"; echo nonsense; } | pipe 11
err_has "frame 2: begins with byte 0x6e, as none of PNG, JPEG, PPM and y4m does"
echo nonsense | pipe 4
pipe 4 </dev/null
err_has "the stream has no frame"
head -c 5000 film | pipe 4
err_has "frame 1: the stream ends within it"
for sides in 'W32abc H32' 'W-5 H32' 'W0 H32' 'W99999999999 H32' 'W0x20 H32' 'W32 H+32' 'W H32'; do
    { printf 'YUV4MPEG2 %s\nFRAME\n' "$sides"; head -c 1536 /dev/zero; } | pipe 4
    err_matches 'the header of the y4m: [WH][^ ]*: a side is a number 1..65500'
done
{ printf 'YUV4MPEG2 H32\nFRAME\n'; head -c 1536 /dev/zero; } | pipe 4
err_has "the header of the y4m: no width (W)"
pipe 4 <&- # which is /dev/null then

# -- sizes that change, and readers that go away
cat "${files[0]}" "$golden/444.jpg" | pipe 0
cat "${files[0]}" "$golden/444.jpg" | pipe 2 --stream y4m
err_has "a y4m has one size"
for _ in $(seq 40); do cat "${files[@]}"; done | { "$eval_" --checkpoint my --predict - 2>err; echo $? >code; } | head -c 100 >/dev/null
[ "$(cat code)" = 8 ] || fail "a reader that goes away: exit code $(cat code)"
err_has "writing the stream: Broken pipe"

# -- a frame comes out when it has come in, and a signal ends the wait for the next
mkfifo slow
"$eval_" --checkpoint my --predict - <slow >out 2>err &
pid=$!
exec 7>slow
cat "${files[0]}" >&7
for _ in $(seq 600); do [ -s out ] && break; sleep 0.1; done
[ -s out ] || fail "a frame waits for the next one"
kill -INT $pid
wait $pid
[ $? = 75 ] || fail "a signal: exit code $?, $(cat err)"
exec 7>&-

# -- --json -: nothing else on stdout
expect 0 "$eval_" c.ini --checkpoint my --json -
cp out json
expect 0 "$eval_" c.ini --checkpoint my --json scores.json
cmp json scores.json || fail "--json - is not the file"
grep -q 'per class results' out || fail "no table"
expect 0 "$eval_" --checkpoint my --predict in --out files --json -
head -n 1 out | grep -qF '{"files": [' || fail "--predict --json -: $(head -n 1 out)"
err_has "5 images predicted into files"
if command -v python3 >/dev/null; then python3 -m json.tool out >/dev/null || fail "--predict --json - prints more than JSON"; fi

# -- examples/pipe.sh, which needs nothing else for a folder and a y4m
cat "${files[@]}" | pipe 0 --stream y4m
PATH=$ENCNET_BIN:$PATH bash "$ENCNET_SRC/examples/pipe.sh" my in film.y4m 2>err || fail "examples/pipe.sh: $(cat err)"
cmp out film.y4m || fail "examples/pipe.sh writes another film"
PATH=$ENCNET_BIN:$PATH bash "$ENCNET_SRC/examples/pipe.sh" my in - 2>err | cmp - film.y4m || fail "examples/pipe.sh writes another film to -"

# -- what does not go together
pipe 2 --out x
pipe 2 --json -
pipe 2 --stream avi
err_has "a stream of avi: there are y4m, ppm, png"
expect 2 "$eval_" --checkpoint my --predict in --out -
expect 2 "$eval_" --checkpoint my --predict in --out x --stream png
finish
