/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_peer.h - times another program by its own account. */
#ifndef APP_PEER_H
#define APP_PEER_H

#include <stdbool.h>
#include <encnet/bench.h>

/* Seconds of a step. */
typedef struct app_times {
    double best, median;
} app_times;

/* Runs `command` in a shell, with MODE (train or infer), SIZE (HxW), BATCH and REPEAT of `what` in
 * its environment, and reads its times from the last line of its output that has one: the numbers
 * behind "best_s": and "median_s": (without the latter the former again), or a number alone.  False
 * after app_error() if the command fails or says no time above 0. */
bool app_peer_times(app_times *out, const char *command, const encnet_bench_case *what);

#endif
