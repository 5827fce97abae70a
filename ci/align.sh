#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Compares the programs with mmsegmentation and writes docs/alignment.md and alignment.csv.  A row that is repeated replaces
# its lines.  A row fails if it is more than 3 times as far from float64 as PyTorch's float32; one of 16 bits, as its autocast.
#
#   ORACLE=DIR/oracle.py ci/align.sh [--list] [ROW|NETWORK|PATTERN]...     default all rows: three hours on 2 cores
#
#   ORACLE    oracle.py: mmsegmentation's own logits, losses and gradients as files
#   EXTRA     extra.py: the same of networks and losses that mmsegmentation does not have (default beside ORACLE)
#   PYTHON    with PyTorch and mmsegmentation (default ~/.cache/encnet-oracle/bin/python)
#   CAMVID    the folder of CamVid, for encnet_r18/camvid
#   INTEL_CL  see ci/intel.sh, for encnet_r18/vendors
#   BUILD     where the programs are built (default build-align); also holds scratch files
#   THREADS   of PyTorch (default 1)
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/packages.sh

python=${PYTHON:-$HOME/.cache/encnet-oracle/bin/python}
export BUILD=${BUILD:-build-align} PYTHONDONTWRITEBYTECODE=1
[ -x "$python" ] || { echo "no Python at $python: set PYTHON" >&2; exit 2; }
[ -f "${ORACLE:-}" ] || { echo "set ORACLE to oracle.py" >&2; exit 2; }
# shellcheck disable=SC2086
need $BUILD_PACKAGES

cmake -S . -B "$BUILD" -G Ninja -DENCNET_TESTS=OFF >/dev/null
cmake --build "$BUILD" -- --quiet
"$python" -W ignore tests/align/test_distance.py
exec "$python" -W ignore tests/align/align.py --oracle "$ORACLE" --extra "${EXTRA:-$(dirname "$ORACLE")/extra.py}" --scratch "$BUILD/align" "$@"
