/*
 * check.h - holds an op against its double-precision reference on a device.
 *
 * Used by tests/ops and by `encnet-cl-info --self-test`.  Outputs start as NaN, guard words stand before and behind every
 * buffer, the device's gradients are compared with central differences of the reference.
 */
#ifndef ENCNET__CHECK_H
#define ENCNET__CHECK_H
#include "ops/ops.h"

typedef struct encnet__check {
    double worst;      /* largest error / tolerance over everything compared; <= 1 is good */
    char where[160];   /* "backward dx[17]: 0.25 against 0.2501" of the worst element */
} encnet__check;

/* One row of the op's table.  ENCNET_E_DEVICE when an element is off by more than the tolerance, is left NaN, or a guard
 * word was overwritten; the message names op, case and element. */
encnet_status encnet__check_case(encnet__check *result, encnet_device *dev, const encnet__op *op,
                                 const encnet__case *row) ENCNET_MUST_CHECK;

/* All rows; `small_only` leaves the big ones out. */
encnet_status encnet__check_op(encnet__check *result, encnet_device *dev, const encnet__op *op,
                               bool small_only) ENCNET_MUST_CHECK;
#endif
