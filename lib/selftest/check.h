/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * check.h - holds an op against its double-precision reference on a device.
 *
 * Used by tests/ops and by `encnet-cl-info --self-test`.  A row of an op's case table goes through:
 *
 *   forward    Every element against the reference.  A second run, over other garbage in scratch,
 *              gives the same bits.
 *   recompute  (Ops that have it.)  The same bits as forward, `saved` unchanged, no scratch.
 *   prepared   (Ops that have it.)  Forward from prepared state, every element.
 *   backward   With a random dout: up to 48 elements of each gradient against central differences
 *              of the reference; and each whole gradient, times a random direction of +1 and -1,
 *              against one difference, which no wrong element escapes.  A second run gives the same
 *              bits, and so does each gradient asked for alone.
 *
 * Throughout, outputs, `saved` and scratch start as NaN, every buffer is a view between guard words
 * (one NaN around what is read, another around what is written), and every tensor that a pass may
 * only read is read back and compared.  During backward, what op->backward_reads() does not list
 * holds NaN.
 *
 * `storage`, F32, F16 or BF16, is the type of those tensors of the op that may be narrow.
 *
 * Tolerance: op->tolerance(shape, scale), where scale is the largest magnitude in the tensor at
 * hand, an output or a gradient; default 32 * 2^-24 * scale; with storage of 16 bits, its roundings
 * besides.  The step is h = 2^-20: in double,
 * truncation and rounding are both below 1e-9 then, and h is far below the distance that
 * ENCNET__FILL_KINKED keeps from kinks.
 */
#ifndef ENCNET__CHECK_H
#define ENCNET__CHECK_H
#include "ops/ops.h"

typedef struct encnet__check {
    double worst;    /* largest error / tolerance over everything compared; <= 1 is good */
    char where[160]; /* "odd: backward din[0][17]: 0.25 against 0.2501" of the worst element */
} encnet__check;

/* One row of the op's table.  ENCNET_E_DEVICE when an element is off by more than the tolerance, is
 * left NaN, or a guard word was overwritten; the message names op, case and element.  `result`
 * starts as {0} and keeps the worst of all rows that it is passed to. */
encnet_status encnet__check_case(encnet__check *result, encnet_device *dev, const encnet__op *op,
                                 const encnet__case *row, encnet__type storage) ENCNET_MUST_CHECK;

/* All rows; `small_only` leaves the big ones out. */
encnet_status encnet__check_op(encnet__check *result, encnet_device *dev, const encnet__op *op,
                               encnet__type storage, bool small_only) ENCNET_MUST_CHECK;
#endif
