#!/usr/bin/env bash
# Holds the rooms to the map: which room includes which, CL/ in one place, internal names inside.
set -euo pipefail
cd "$(dirname "$0")/.."

# room: the rooms it may include (itself is understood)
allowed="base:
device:base
comm:base
mpi:comm
ops:base device comm
graph:base device ops
models:base device ops graph
data:base
eval:base device comm data graph models ops
train:base device comm data graph models eval ops
config:base"

bad=0
complain() { echo "$1" >&2; bad=1; }

while IFS=: read -r room may; do
    while IFS=: read -r file header; do
        case " $room $may " in
        *" ${header%%/*} "*) ;;
        *) complain "$file includes $header: $room may include: ${may:-nothing}" ;;
        esac
    done < <(grep -RoE '^#include "[a-z_]+/[a-z0-9_/]+\.h"' "lib/$room" | sed -E 's/#include "(.*)"/\1/')
done <<< "$allowed"

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
exit $bad
