# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# ci/packages.sh - sourced by the other scripts; installs missing packages on Debian 12, as root or with sudo.
#
#   need PACKAGE...     installs the packages that are missing

need() {
    local missing=() package root=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "missing: ${missing[*]} (run as root, or install sudo)" >&2; return 1; }
        root=(sudo)
    fi
    echo "installing ${missing[*]}"
    "${root[@]}" apt-get update -q >/dev/null
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
}

# The packages that the library and the programs need to build and run on a CPU.
BUILD_PACKAGES="gcc g++ libc6-dev cmake ninja-build pkg-config ocl-icd-opencl-dev opencl-headers libclblast-dev
    libpng-dev libjpeg62-turbo-dev libinih-dev libfreetype-dev zlib1g-dev pocl-opencl-icd"
# The packages that the tests need in addition; dpkg-dev and file are for making Debian packages,
# abigail-tools for comparing interfaces.
TEST_PACKAGES="libcmocka-dev libopenmpi-dev openmpi-bin dpkg-dev file abigail-tools"

# Use only PoCL unless the caller has chosen: another driver might change which device comes first.
if [ -z "${OCL_ICD_VENDORS:-}" ]; then export OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd; fi
