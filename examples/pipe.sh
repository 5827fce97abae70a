#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# pipe.sh CHECKPOINT IN OUT: colours the classes of a film, or of the pictures of a folder.
#
# IN is what ffmpeg reads, or a folder of PNG, JPEG or PPM pictures of one size, for which no ffmpeg is needed.  OUT is what
# ffmpeg writes, by its ending; .y4m, or - for standard output, is written without it.
set -euo pipefail
[ $# = 3 ] || { echo 'usage: pipe.sh CHECKPOINT IN OUT' >&2; exit 2; }
checkpoint=$1 in=$2 out=$3

frames() {
    if [ -d "$in" ]; then cat "$in"/*; else ffmpeg -loglevel error -i "$in" -pix_fmt yuv420p -f yuv4mpegpipe -; fi
}
film() {
    case $out in
    -) cat ;;
    *.y4m) cat >"$out" ;;
    *) ffmpeg -loglevel error -y -i - -pix_fmt yuv420p "$out" ;;
    esac
}

frames | encnet-cl-eval --checkpoint "$checkpoint" --predict - --stream y4m | film
