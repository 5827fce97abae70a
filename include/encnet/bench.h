/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/bench.h - time the steps of a network and what its ranks exchange, and divide a batch
 * among devices of unequal speed.
 */
#ifndef ENCNET_BENCH_H
#define ENCNET_BENCH_H

#include <encnet/comm.h>
#include <encnet/device.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What to time, always on one batch of noise: training steps, or forward passes to class ids. */
typedef struct encnet_bench_case {
    bool inference; /* time forward passes instead of training steps */
    int n, h, w;    /* images per rank (before device.shares divides the batch), height, width */
    int repeats;    /* timed steps, 1..1000000; one untimed step before them plans and compiles */
} encnet_bench_case;

/* The purpose of a collective in a training step. */
typedef enum encnet_exchange_kind {
    ENCNET_EXCHANGE_STATISTICS, /* batch norm's statistics, in the forward pass */
    ENCNET_EXCHANGE_SUMS,       /* batch norm's sums, in the backward pass */
    ENCNET_EXCHANGE_GRADIENTS,  /* a bucket of gradients */
    ENCNET_EXCHANGE_TERMS,      /* the terms of the loss, and whether a rank wants to stop */
    ENCNET_EXCHANGE_KINDS
} encnet_exchange_kind;

/* One collective. */
typedef struct encnet_exchange {
    encnet_exchange_kind kind;
    double bytes;   /* contributed by this rank */
    double sent;    /* bytes that this rank sends if the ranks are processes */
    double began;   /* seconds from the beginning of the step */
    double seconds; /* duration on the rank that arrived last, which waits for nobody */
    double waiting; /* seconds that this rank waited for that one */
} encnet_exchange;

typedef struct encnet_bench_result {
    double best, median;        /* seconds per step; each step ends when the device is idle */
    encnet_exchange *exchanges; /* in the order in which they began; NULL if there is one rank */
    int n_exchanges;
    double hidden; /* fraction of the gradient exchange that overlaps the backward pass; -1 if there
                      is none */
} encnet_bench_result;

/*
 * Times the network of `options`, with random weights.
 *
 *   out      this rank's times; the exchanges are those of the fastest step of rank 0.  Free it
 *            with encnet_bench_result_free(); untouched on failure
 *   device   borrowed for the call
 *   options  borrowed for the call
 *   what     the case to time
 *   comm     the ranks that train together; each rank makes this call.  NULL = a single rank
 *
 * ENCNET_E_ARG     the case has no images or no steps
 * ENCNET_E_NOMEM   not enough host memory
 * ENCNET_E_DEVICE  not enough device memory
 * ENCNET_E_COMM    another rank failed
 */
ENCNET_API encnet_status encnet_bench(encnet_bench_result *out, encnet_device *device,
                                      const encnet_options *options, const encnet_bench_case *what,
                                      const encnet_comm *comm) ENCNET_MUST_CHECK;

/* Like encnet_bench(), on `count` devices of this process, with one rank in one thread per device.
 * `out` is the result of rank 0. */
ENCNET_API encnet_status encnet_bench_on(encnet_bench_result *out, encnet_device *const *devices,
                                         int count, const encnet_options *options,
                                         const encnet_bench_case *what) ENCNET_MUST_CHECK;

/* Frees the exchanges and zeroes the result.  A zeroed result is accepted. */
ENCNET_API void encnet_bench_result_free(encnet_bench_result *result);

/*
 * Computes the device.shares with which devices of unequal speed finish a batch soonest.
 *
 *   shares   [count], filled: each at least 1, without a common divisor; their sum divides `batch`
 *   seconds  [count], the time that each device needs for one image, > 0
 *   count    devices, >= 1
 *   batch    images of all devices together, >= count
 *
 * ENCNET_E_ARG  there are fewer images than devices, or a time is not above 0
 */
ENCNET_API encnet_status encnet_bench_shares(int *shares, const double *seconds, int count,
                                             int batch) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
