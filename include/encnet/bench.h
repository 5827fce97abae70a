/*
 * encnet/bench.h - how long steps take, what they cost ranks in exchanges, and how to share a batch.
 */
#ifndef ENCNET_BENCH_H
#define ENCNET_BENCH_H

#include <encnet/comm.h>
#include <encnet/device.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is timed: steps of the training loop, or with `inference` forward passes to class ids, on one batch of noise. */
typedef struct encnet_bench_case {
    bool inference;
    int n, h, w; /* images, of each rank before device.shares */
    int repeats; /* steps that are timed, after one that is not (it plans and compiles) */
} encnet_bench_case;

/* What a training step's ranks tell each other. */
typedef enum encnet_exchange_kind {
    ENCNET_EXCHANGE_STATISTICS, /* of batch norm, forward */
    ENCNET_EXCHANGE_SUMS,       /* of batch norm, backward */
    ENCNET_EXCHANGE_GRADIENTS,
    ENCNET_EXCHANGE_TERMS, /* of the loss, and the wish to stop */
    ENCNET_EXCHANGE_KINDS
} encnet_exchange_kind;

/* One call of a collective. */
typedef struct encnet_exchange {
    encnet_exchange_kind kind;
    double bytes;   /* that this rank brings */
    double sent;    /* that it sends, where ranks are processes */
    double began;   /* after the step */
    double seconds; /* on the rank that came last */
    double waiting; /* of this rank, for that one */
} encnet_exchange;

typedef struct encnet_bench_result {
    double best, median;        /* seconds of a step; each waits for the device */
    encnet_exchange *exchanges; /* in the order in which they began; NULL where there is one rank */
    int n_exchanges;
    /* share of the gradients' exchange that lies before backward's last one; -1: it has none */
    double hidden;
} encnet_bench_result;

/*
 * Times the network of `options`; weights are random.
 *
 *   comm  the ranks that train together, each in a call of its own; NULL = this one alone
 *   out   as this rank saw it; the exchanges are those of the step that was rank 0's best; freed with
 *         encnet_bench_result_free()
 *
 * ENCNET_E_ARG     no images or no steps
 * ENCNET_E_DEVICE  not enough device memory
 * ENCNET_E_COMM    another rank failed
 */
ENCNET_API encnet_status encnet_bench(encnet_bench_result *out, encnet_device *device,
                                      const encnet_options *options, const encnet_bench_case *what,
                                      const encnet_comm *comm) ENCNET_MUST_CHECK;

/* The same on several devices of this process, a rank in a thread for each. */
ENCNET_API encnet_status encnet_bench_on(encnet_bench_result *out, encnet_device *const *devices,
                                         int count, const encnet_options *options,
                                         const encnet_bench_case *what) ENCNET_MUST_CHECK;

/* Takes a result that is all zeros. */
ENCNET_API void encnet_bench_result_free(encnet_bench_result *result);

/*
 * The device.shares by which devices of unequal speed are done with a batch soonest.
 *
 *   shares   [count], each at least 1, without a common divisor; their sum divides the batch
 *   seconds  [count], that each device takes for an image, > 0
 *   batch    images of all devices
 *
 * ENCNET_E_ARG  fewer images than devices, or a time that is none
 */
ENCNET_API encnet_status encnet_bench_shares(int *shares, const double *seconds, int count,
                                             int batch) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
