#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Compiles every kernel with every set of options that the library asks for on GPUs that are not at hand, with the vendors'
# code generators, which need no hardware: clang-19 for AMD, clang-19 and ptxas for NVIDIA, ocloc for Intel.  Fails where one
# does not compile, spills registers, needs private memory, or more local memory or larger work-groups than the device has.
# Prints what differs from docs/gpu.csv, the last table.
#
#   ci/offline.sh [--update] [--target NAME]... [--program FILE]... [--float32]
#   ci/offline.sh --install        only has the compilers ready
#
#   --update       writes docs/gpu.csv and the tables of docs/gpu.md
#   --target       gfx906 gfx90a gfx942 gfx1030 gfx1100 gfx1201 sm_60 sm_75 sm_80 sm_90 skl tgllp dg2; all without it
#   --program      only cl/FILE.cl
#   --float32      leaves out what reads and writes 16-bit activations
#
# BUILD=DIR (default build-test) is where it builds; OFFLINE=DIR (default ~/.cache/encnet-offline) holds the compilers that
# it downloads and what they said, by the text of the kernel: a second run compiles only what has changed.
# Which kernels and options: tests/offline/launches.c asks the library itself.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh
# shellcheck disable=SC2086
need $BUILD_PACKAGES $TEST_PACKAGES clang-19 libclc-19 python3-pip unzip

home=${OFFLINE:-$HOME/.cache/encnet-offline}

# wheel NAME==VERSION: unpacked, and never on the path of anything else
wheel() {
    [ -e "$home/wheels/$1" ] && return
    rm -rf "$home/download"
    pip download -q --no-deps -d "$home/download" "$1"
    mkdir -p "$home/wheels"
    unzip -q "$home"/download/*.whl -d "$home/wheels/$1.new"
    mv "$home/wheels/$1.new" "$home/wheels/$1"
}
ptxas=nvidia-cuda-nvcc-cu12==12.9.86
nvdisasm=nvidia-cuda-nvdisasm==13.5.37
wheel $ptxas
wheel $nvdisasm

# Intel's compiler comes with its driver, which would become a platform of this machine if it were installed.
intel=$home/intel
if [ ! -e "$intel/usr/bin/ocloc" ]; then
    rm -rf "$home/download" "$intel.new"
    mkdir -p "$home/download" "$intel.new"
    (cd "$home/download" && apt-get download -q intel-opencl-icd libigdgmm12 libigc1 libigdfcl1 libllvmspirvlib14 \
        libopencl-clang14 >/dev/null)
    for package in "$home"/download/*.deb; do dpkg -x "$package" "$intel.new"; done
    ln -s libiga64.so.1 "$intel.new/usr/lib/x86_64-linux-gnu/libiga64.so"
    mv "$intel.new" "$intel"
fi

chmod +x "$home"/wheels/*/nvidia/*/bin/*
[ "${1:-}" != --install ] || exit 0

build=${BUILD:-build-test}
cmake -S . -B "$build" -G Ninja -DENCNET_WERROR=ON >/dev/null
cmake --build "$build" --target launches
python3 ci/offline.py "$build/tests/launches" --cache "$home/kernels" \
    --ptxas "$home/wheels/$ptxas/nvidia/cuda_nvcc/bin/ptxas" --nvdisasm "$home/wheels/$nvdisasm/nvidia/cu13/bin/nvdisasm" \
    --ocloc "$intel/usr/bin/ocloc" "$@"
