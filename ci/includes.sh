#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Checks the directions between rooms: which room includes which, that public headers include only public ones, that OpenCL is
# included in one place, and that internal names stay inside.  A room includes only rooms above it in this list.
set -euo pipefail
cd "$(dirname "$0")/.."

# room: the rooms that it may include besides itself.  Every room may include <encnet/...>.
allowed="base:
options:base
mmseg:base options
comm:base
mpi:base comm
device:base options
onnx:base
ops:base options comm device onnx
graph:base comm device ops onnx
files:base device graph
models:base options mmseg device ops graph files
selftest:base comm device ops models
data:base options
config:base options mmseg files models
eval:base options comm device ops graph models data
train:base options comm device ops graph files models data config eval
convert:base options mmseg device onnx graph files models data config train
bench:base options comm device ops graph models data eval train"

# Headers that lib/ may include with angle brackets: those of the C library and POSIX, and of each other library in one room.
system="assert ctype errno float inttypes limits locale math setjmp stdarg stdatomic stdbool stddef stdint stdio stdlib string
    time dirent dlfcn fcntl poll pthread sched signal unistd sys/file sys/mman sys/resource sys/stat sys/statvfs sys/time sys/types sys/wait
    sys/utsname strings"
libraries="CL/cl.h:device CL/cl_ext.h:device clblast_c.h:device png.h:data jpeglib.h:data jerror.h:data ini.h:config freetype/freetype.h:eval zlib.h:files mpi.h:mpi"

bad=0
complain() { echo "$1" >&2; bad=1; }

while IFS=: read -r room may; do
    [ -d "lib/$room" ] || complain "ci/includes.sh lists lib/$room, which is not there"
    while IFS=: read -r file header; do
        case $header in *.def) [ -e "lib/$header" ] && continue ;; esac # a list of rows is text, whoever reads it
        case " $room $may " in
        *" ${header%%/*} "*) ;;
        *) complain "$file includes $header: $room may include: ${may:-nothing}" ;;
        esac
    done < <(grep -RoE '^ *# *include "[^"]+"' "lib/$room" | sed -E 's/# *include "(.*)"/\1/; s/: */:/')
    while IFS=: read -r file header; do
        case $header in
        encnet/*.h | encnet/*.def) [ -e "include/$header" ] || complain "$file includes <$header>, which is not there"; continue ;;
        esac
        case " $(echo $system) " in *" ${header%.h} "*) continue ;; esac
        case " $libraries " in
        *" $header:$room "*) ;;
        *) complain "$file includes <$header>, which is not for $room" ;;
        esac
    done < <(grep -RoE '^ *# *include <[^>]+>' "lib/$room" | sed -E 's/# *include <(.*)>/\1/; s/: */:/')
done <<< "$allowed"

for dir in lib/*/; do
    room=$(basename "$dir")
    grep -q "^$room:" <<< "$allowed" || complain "ci/includes.sh does not list lib/$room"
done

# Programs include only public headers, and public headers only each other.
while IFS=: read -r file header; do
    [ -e "apps/$header" ] || complain "$file includes \"$header\": programs use <encnet/...> alone"
done < <(grep -oE '^ *# *include "[^"]+"' apps/*.[ch] | sed -E 's/# *include "(.*)"/\1/')

for file in $(grep -RlE '#include [<"](CL/|clblast)' lib include apps || true); do
    case $file in
    lib/device/* | include/encnet/opencl.h) ;;
    *) complain "$file includes OpenCL" ;;
    esac
done
if grep -RnE 'encnet__' include; then complain "an internal name in a public header"; fi
if grep -RnE '#include "(base|device|comm|ops|graph|models|data|eval|train|config)/' apps; then
    complain "a program includes an internal header"
fi
if grep -RnE '(^|[^a-z_>])(printf|fprintf|puts|perror|exit|abort) ?\(' lib --include='*.c'; then
    complain "the library prints or exits"
fi
# What a program's locale changes: numbers go by lib/base/numbers.c, and so do names in any case.  It is all that libencnet_mpi has of lib/base.
if grep -RnE '(^|[^a-z_>])(strto[fd]|strtold|atof|vsnprintf|setlocale|newlocale|uselocale|strn?casecmp|tolower|toupper|is(alpha|alnum|space|print|cntrl|upper|lower)) ?\(|[^a-z_]snprintf\(.*%[-+0-9.*]*[eEfFgGaA][^a-z]' \
    lib --include='*.[ch]' | grep -v '^lib/base/numbers.c'; then
    complain "the program's locale would change what this reads or prints"
fi
exit $bad
