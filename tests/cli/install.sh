#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# An installed prefix serves other programs: pkg-config and find_package both build the example, headers compile as C++, only
# encnet_ symbols are exported, and the programs run from there.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --install "$ENCNET_BIN" --prefix "$dir/prefix" >/dev/null
mkdir "$dir/installed" && cp "$ENCNET_BIN/install_manifest.txt" "$dir/installed" # another test may install, too
lib=$(dirname "$(find "$dir/prefix" -name libencnet.so)")

# pkg-config
export PKG_CONFIG_PATH=$lib/pkgconfig
cc -Wall -Werror "$ENCNET_SRC/examples/segment.c" -o "$dir/example" $(pkg-config --cflags --libs encnet)
out=$(LD_LIBRARY_PATH=$lib "$dir/example" 2>&1) && { echo "the example without arguments succeeded"; exit 1; }
[[ $out == usage:* ]] || { echo "unexpected: $out"; exit 1; }

# a program that uses the shared library needs nothing else; the static one names what it needs
PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_PATH= pkg-config --print-errors --cflags --libs encnet >/dev/null
libs=$(pkg-config --static --libs encnet)
cc "$ENCNET_SRC/examples/segment.c" -o "$dir/example_static" $(pkg-config --cflags encnet) ${libs/-lencnet/-l:libencnet.a}
out=$("$dir/example_static" 2>&1 || true)
[[ $out == usage:* ]] || { echo "static: unexpected: $out"; exit 1; }

# find_package
mkdir "$dir/user"
cat > "$dir/user/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(encnet 0 CONFIG REQUIRED)
add_executable(shared $ENCNET_SRC/examples/segment.c)
target_link_libraries(shared PRIVATE encnet::encnet)
add_executable(static $ENCNET_SRC/examples/segment.c)
target_link_libraries(static PRIVATE encnet::static)
EOF
cmake -S "$dir/user" -B "$dir/user/build" -G Ninja -Dencnet_DIR="$lib/cmake/encnet" >/dev/null
cmake --build "$dir/user/build" >/dev/null
for program in shared static; do
    out=$("$dir/user/build/$program" 2>&1 || true)
    [[ $out == usage:* ]] || { echo "$program: unexpected: $out"; exit 1; }
done

cat > "$dir/user/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(encnet 0 CONFIG REQUIRED)
if(TARGET encnet::static)
  message(FATAL_ERROR "encnet::static, without what it needs")
endif()
add_executable(shared $ENCNET_SRC/examples/segment.c)
target_link_libraries(shared PRIVATE encnet::encnet)
EOF
PKG_CONFIG_LIBDIR=/nowhere PKG_CONFIG_PATH= cmake -S "$dir/user" -B "$dir/user/bare" -G Ninja -Dencnet_DIR="$lib/cmake/encnet" >/dev/null
cmake --build "$dir/user/bare" >/dev/null

# FetchContent: the library alone, with no programs, tests and files to install
cat > "$dir/user/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.20)
project(user C)
include(FetchContent)
FetchContent_Declare(encnet SOURCE_DIR $ENCNET_SRC)
FetchContent_MakeAvailable(encnet)
foreach(target encnet-cl-train uninstall docs_generated test_base_crc)
  if(TARGET \${target})
    message(FATAL_ERROR "\${target} in a project of somebody else")
  endif()
endforeach()
add_executable(shared $ENCNET_SRC/examples/segment.c)
target_link_libraries(shared PRIVATE encnet::encnet)
add_executable(static $ENCNET_SRC/examples/segment.c)
target_link_libraries(static PRIVATE encnet::static)
EOF
cmake -S "$dir/user" -B "$dir/user/fetched" -G Ninja >/dev/null

# C++
for header in "$dir"/prefix/include/encnet/*.h "$dir"/prefix/include/encnet/*.hpp; do
    echo "#include <encnet/$(basename "$header")>" > "$dir/header.cpp"
    c++ -std=c++11 -Wall -Wextra -Werror -DCL_TARGET_OPENCL_VERSION=120 -I"$dir/prefix/include" -fsyntax-only "$dir/header.cpp"
done

# the symbols are the functions of the headers, with the version that brought them
cat "$dir"/prefix/include/encnet/*.h | tr '\n' ' ' | grep -oE 'ENCNET_API [^;(]*\(' | sed -nE 's/.*[ *](encnet_[a-z0-9_]+)\($/\1/p' | sort > "$dir/declared"
nm -D --defined-only --with-symbol-versions "$lib/libencnet.so" | awk '$2 == "T" { print $3 }' | sed 's/@@ENCNET_0.1$//' | sort > "$dir/exported"
diff "$dir/declared" "$dir/exported" || { echo "declared (<) and exported (>) functions differ"; exit 1; }
nm -D --defined-only "$lib/libencnet.so" | awk '$2 !~ /[TA]/' | grep . && { echo "data is exported"; exit 1; }

# each of them has a page of section 3
while read -r function; do
    page=$dir/prefix/share/man/$(sed -n 's/^\.so //p' "$dir/prefix/share/man/man3/$function.3")
    grep -qF "$function(" "$page" || { echo "no manual page describes $function"; exit 1; }
done < "$dir/declared"
# and, where there is Doxygen, is described in a page of HTML
if [ -e "$ENCNET_BIN/Doxyfile" ]; then
    sed "s|^OUTPUT_DIRECTORY .*|OUTPUT_DIRECTORY = $dir/doc|" "$ENCNET_BIN/Doxyfile" > "$dir/Doxyfile"
    mkdir "$dir/doc"
    doxygen "$dir/Doxyfile" 2>&1 | tee "$dir/warnings" | head -5
    [ ! -s "$dir/warnings" ] || { echo "Doxygen warns"; exit 1; }
    while read -r function; do
        grep -qE "<h2 class=\"memtitle\">.*$function\(\)</h2>" "$dir"/doc/html/*_8h.html || { echo "no page of HTML describes $function"; exit 1; }
    done < "$dir/declared"
fi

"$dir/prefix/bin/encnet-cl-info" --version | grep -q .
"$dir/prefix/bin/encnet-cl-train" --help | grep -q -- --resume
# installed configurations by name, also when the tree has been moved
mv "$dir/prefix" "$dir/moved"
(cd / && "$dir/moved/bin/encnet-cl-train" encnet_r18-d8_demo --print-config) > "$dir/said"
grep -qF "$dir/moved/share/encnet-cl/configs/" "$dir/said" ||
    { echo "encnet_r18-d8_demo is not found by name"; exit 1; }
mv "$dir/moved" "$dir/prefix"
for program in "$ENCNET_SRC"/apps/encnet-cl-*.c; do
    name=$(basename "$program" .c)
    "$dir/prefix/bin/$name" --version | grep -q "^$name " || { echo "$name is not installed"; exit 1; }
    for file in "man/man1/$name.1" "bash-completion/completions/$name" "zsh/site-functions/_$name" \
        "fish/vendor_completions.d/$name.fish"; do
        [ -s "$dir/prefix/share/$file" ] || { echo "$file is not installed"; exit 1; }
    done
done

# the example segments an image with a checkpoint
"$dir/prefix/bin/encnet-cl-train" "$dir/prefix/share/encnet-cl/configs/encnet_r18-d8_demo.ini" --quiet --work-dir "$dir/run" \
    --set train.max_iters=1 --set train.eval_interval=0 --set augment.crop=64,64 --set model.channels=16 >/dev/null
"$dir/prefix/bin/encnet-cl-train" "$dir/prefix/share/encnet-cl/configs/encnet_r18-d8_demo.ini" --export-data "$dir/scenes" \
    --set data.train_count=1 --set data.val_count=1 >/dev/null
photo=$(find "$dir/scenes/images/val" -name '*.png')
"$dir/user/build/shared" "$dir/run/latest" "$photo" "$dir/ids.png"
"$dir/prefix/bin/encnet-cl-convert" "$dir/run/latest" "$dir/demo.pth" >/dev/null
"$dir/user/build/static" "$dir/demo.pth" "$photo" "$dir/same.png"
cmp "$dir/same.png" "$dir/ids.png" || { echo "demo.pth gives other classes"; exit 1; }

# what was installed can be removed; a second time there is nothing to remove
uninstall() { cmake -DDIR="$1" -P "$ENCNET_SRC/cmake/uninstall.cmake" 2>&1; }
uninstall "$dir/installed" | grep -qE 'removed [1-9][0-9]+ files' || { echo "uninstall did not remove files"; exit 1; }
left=$(find "$dir/prefix" -not -type d -o -name 'encnet*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
uninstall "$dir/installed" | grep -q 'removed 0 files' || { echo "uninstall counts files that are not there"; exit 1; }

# also from a path with any letters, and nothing else: neither a file of the user's, nor one that the end of a path names
odd="$dir/größe [1] ;x"
mkdir -p "$odd/share/encnet-cl/configs" "$odd/lib/cmake/encnet"
touch "$odd/share/encnet-cl/configs/ours.ini" "$odd/share/encnet-cl/configs/mine.ini" "$odd/lib/cmake/encnet/a" "$dir/keep"
ln -s nowhere "$odd/lib/libencnet.so"
printf '%s\n' "$odd/share/encnet-cl/configs/ours.ini" "$odd/lib/cmake/encnet/a" "$odd/lib/libencnet.so" "$dir/ä$dir/keep" \
    > "$dir/install_manifest.txt"
uninstall "$dir" | grep -q 'removed 3 files' || { echo "not three files are removed from $odd"; exit 1; }
left=$(cd "$odd" && find . -not -type d -o -name 'encnet*' | sort | tr '\n' ' ')
[ "$left" = "./share/encnet-cl ./share/encnet-cl/configs/mine.ini " ] || { echo "left behind in $odd: $left"; exit 1; }
[ -e "$dir/keep" ] || { echo "uninstall removed a file that the end of a path names"; exit 1; }
mkdir "$odd/lib/libencnet.so"
uninstall "$dir" > "$dir/said" && { echo "what cannot be removed is no failure"; exit 1; }
grep -q 'cannot be removed' "$dir/said" || { cat "$dir/said"; exit 1; }

# without the libraries that it is built from, CMake names all of them with their packages
PKG_CONFIG_LIBDIR=/nowhere PKG_CONFIG_PATH='' cmake -S "$ENCNET_SRC" -B "$dir/none" > "$dir/said" 2>&1 && { echo "nothing is missing"; exit 1; }
for package in ocl-icd-opencl-dev libclblast-dev libpng-dev libjpeg62-turbo-dev libinih-dev; do
    grep -qF "($package)" "$dir/said" || { echo "CMake does not name $package"; tail "$dir/said"; exit 1; }
done
