#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Runs a command with Intel's CPU runtime for OpenCL, alone or together with PoCL.
#
#   ci/intel.sh alone|beside COMMAND...     INTEL_CL=DIR holds the runtime (default ~/.cache/encnet-intel-cl)
#
# The runtime is installed from PyPI into a virtual environment of its own, which the programs do not use.
set -euo pipefail
. "$(dirname "$0")/packages.sh"

venv=${INTEL_CL:-${HOME}/.cache/encnet-intel-cl}
if [ ! -e "$venv/lib/libintelocl.so" ]; then
    need python3-venv
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q intel-opencl-rt intel-cmplr-lib-rt
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/lib" "$scratch/vendors"
# its loader would replace that of the system
find "$venv/lib" -maxdepth 1 -name '*' ! -name 'libOpenCL.so*' ! -name 'python*' -exec ln -s {} "$scratch/lib" \;
export LD_LIBRARY_PATH=$scratch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
echo "$venv/lib/libintelocl.so" >"$scratch/vendors/intel.icd"
[ "$1" = alone ] || cp /etc/OpenCL/vendors/pocl.icd "$scratch/vendors"
export OCL_ICD_VENDORS=$scratch/vendors
"${@:2}"
