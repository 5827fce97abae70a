# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# What a training step takes on many ranks, computed from the messages of one that was measured on two: docs/scaling.md.
#
#   encnet-cl-bench CONFIG.ini --ranks 2 --json | awk -f ci/scaling.awk -v compute=0.36 -v gbit=10 -v latency=30e-6
#
#   compute  seconds that a rank computes in a step
#   ranks    for which numbers of them, "8 64 512"
#   latency  seconds of a round, gbit: of each rank's link, both ways; message: seconds that one takes to post and receive
#   sync     seconds that a device takes to come to a stop and hand numbers over, in each exchange of batch norm
#   bus      bytes a second between device and host
#   sum      bytes a second that a rank adds up
#   norm     local: batch norm exchanges nothing (model.norm)
#   shared   1: all ranks have the cores, and the link, of one machine among them: everything takes its turn
#
# A row per number of ranks: ranks, seconds (batch norm forward, backward, gradients, what of these backward does not
# hide, step), efficiency.

function value(text, name) {
    if (!match(text, "\"" name "\": [0-9.]+")) return 0
    return substr(text, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
}

# Everybody's bytes to everybody, one message to each.
function gather(bytes) {
    return (latency + (n - 1) * (message + bytes * byte)) * load
}

# As lib/mpi/mpi.c adds up: few numbers in one round; else everybody gets a part, adds it up, and hands the sum to all.
function reduce(bytes,    rounds) {
    if (bytes / 4 <= int(16384 / n)) return gather(bytes)
    rounds = 2 * (int((bytes - 1) / (32 * 1048576)) + 1)
    return (rounds * (latency + (n - 1) * message) + 2 * (n - 1) / n * bytes * byte + bytes / sum) * load
}

function predict(    i, forward, backward, ready, sent, all, terms, exposed, step, bucket) {
    load = shared ? n : 1
    forward = backward = sent = all = 0
    for (i = 1; i <= messages; i++) {
        if (kind[i] == "terms") terms = gather(bytes[i])
        if (norm == "local") continue
        if (kind[i] == "statistics") forward += (sync + n * bytes[i] / bus) * load + gather(bytes[i])
        if (kind[i] == "sums") backward += (sync + 2 * bytes[i] / bus) * load + reduce(bytes[i])
    }
    for (i = 1; i <= messages; i++)
        if (kind[i] == "gradients") {
            # no bucket leaves before it is complete, nor before the one in front of it has arrived
            ready = place[i] * (compute * load * 2 / 3 + backward)
            if (sent < ready) sent = ready
            bucket = 2 * bytes[i] / bus * load + reduce(bytes[i])
            sent += bucket
            all += bucket
        }
    exposed = sent - (compute * load * 2 / 3 + backward)
    if (exposed < 0) exposed = 0
    step = compute * load + forward + backward + exposed + terms
    printf "| %d | %.3f | %.3f | %.3f | %.3f | %.3f | %.0f %% |\n", n, forward, backward, all, exposed, step,
        100 * compute * load / step
}

BEGIN {
    if (!ranks) ranks = "8 64 512"
    if (message == "") message = 1e-6
    if (sync == "") sync = 50e-6
    if (bus == "") bus = 10e9
    if (sum == "") sum = 5e9
    byte = gbit ? 8 / (gbit * 1e9) : 0
}

{
    messages = split($0, part, /\{"kind": "/) - 1
    first = 0
    for (i = 1; i <= messages; i++) {
        kind[i] = substr(part[i + 1], 1, index(part[i + 1], "\"") - 1)
        bytes[i] = value(part[i + 1], "bytes")
        began[i] = value(part[i + 1], "began_s")
        if (kind[i] != "sums") continue
        if (!first) first = began[i]
        last = began[i] + value(part[i + 1], "exchange_s") + value(part[i + 1], "waiting_s")
    }
    # where in backward each bucket was complete
    for (i = 1; i <= messages; i++) {
        place[i] = (began[i] - first) / (last - first)
        if (place[i] > 1) place[i] = 1
    }
    for (i = split(ranks, list, " "); i > 0; i--) ;
    for (i = 1; i in list; i++) {
        n = list[i]
        predict()
    }
}
