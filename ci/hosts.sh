#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# Trains one network through Open MPI on two hosts, which are network namespaces of this machine with a cable between them.
# Then the cable is cut: the run must end in time with exit code 10, and resume once the cable is back.
#
#   ENCNET_BIN=DIR ci/hosts.sh      DIR: absolute path of a build with Open MPI.  Needs root and iproute2.
. "$(dirname "$0")/../tests/cli/common.inc"
need_device
hosts=(encnet1 encnet2)

remove_hosts() {
    local host
    for host in "${hosts[@]}"; do
        # shellcheck disable=SC2046
        [ -e "/run/netns/$host" ] && kill -9 $(ip netns pids "$host") 2>/dev/null
        ip netns del "$host" 2>/dev/null
    done
}
make_hosts() {
    local i
    for i in 0 1; do
        ip netns add "${hosts[i]}" && ip -n "${hosts[i]}" link set lo up || return
    done
    ip link add name cable netns "${hosts[0]}" type veth peer name cable netns "${hosts[1]}" || return
    for i in 0 1; do
        ip -n "${hosts[i]}" addr add 10.77.0.$((i + 1))/24 dev cable && ip -n "${hosts[i]}" link set cable up || return
        # else mpirun itself waits a quarter of an hour for its daemon on a host that is cut off
        ip netns exec "${hosts[i]}" sh -c 'echo 4 >/proc/sys/net/ipv4/tcp_retries2' || return
    done
}
trap 'remove_hosts; rm -rf "$work"' EXIT
remove_hosts
if ! command -v ip >/dev/null || ! make_hosts 2>why; then
    echo "no network namespaces can be made here: $(cat why 2>/dev/null)"
    exit 77
fi

# Replaces ssh for mpirun: agent ADDRESS COMMAND...
cat >agent <<'SH'
#!/bin/sh
name=encnet${1##*.}
shift
exec ip netns exec "$name" unshare --uts sh -c "hostname $name; $*"
SH
chmod +x agent
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_hwloc_base_binding_policy=none
write_config small.ini
launch() { # launch OPTION...: on both hosts
    timeout 200 ./agent 10.77.0.1 mpirun --mca plm_rsh_agent "$PWD/agent" --host 10.77.0.1,10.77.0.2 -n 2 \
        -x XDG_CACHE_HOME -x OCL_ICD_VENDORS -x NO_COLOR "$train" small.ini --work-dir two "$@" </dev/null
}

expect 0 launch
err_has 'rank 0: encnet1, '
err_has 'rank 1: encnet2, '
expect 0 "$train" small.ini --device 0,0 --work-dir one
cmp -s one/latest/weights.safetensors two/latest/weights.safetensors || fail "two hosts train other weights than one"

rm -rf two
launch --set device.timeout=10 --set train.max_iters=100000 --set train.checkpoint_interval=1 >out 2>err &
for _ in $(seq 300); do
    grep -q 'Saved two/iter_2' err && break
    sleep 0.2
done
ip -n "${hosts[1]}" link set cable down
wait $!
code=$?
[ $code = 10 ] || fail "a host is cut off: exit code $code: $(tail -20 err)"
err_matches 'rank [01] did not come to [a-z]* within 10 s'
sleep 10 # for the other host to notice
[ -z "$(ip netns pids "${hosts[0]}")$(ip netns pids "${hosts[1]}")" ] || fail "processes stay behind: $(ps x | grep small.ini)"
last=$(readlink two/latest)
ip -n "${hosts[1]}" link set cable up
expect 0 launch --resume auto --set train.max_iters=$((${last#iter_} + 1))
err_has "resumed from two/$last: "

finish
