/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* trial.h - computes one direction of a convolution on noise: for encnet__conv_try() and for tune.c. */
#ifndef ENCNET__CONV_TRIAL_H
#define ENCNET__CONV_TRIAL_H

#include "ops/conv/engine.h"

/* Buffers with noise, and that of the result; scratch and prepared weights belong to an algorithm. */
typedef struct encnet__trial_operands {
    encnet__buffer *buffers[CONV_OPERANDS];
    size_t result; /* elements */
} encnet__trial_operands;

/* For the direction of `pass`.  To be freed after a failure too; takes {0}. */
encnet_status encnet__trial_new(encnet__trial_operands *o,
                                const encnet__conv_pass *pass) ENCNET_MUST_CHECK;
void encnet__trial_free(encnet__trial_operands *o);

/* Plans pass->row and makes its buffers; the pair is dropped after a failure too. */
encnet_status encnet__trial_plan(encnet__conv_pass *pass,
                                 encnet__trial_operands *o) ENCNET_MUST_CHECK;
void encnet__trial_drop(encnet__conv_pass *pass, encnet__trial_operands *o);

/* Compares elements from all over the result.  ENCNET_E_DEVICE if one is wrong. */
encnet_status encnet__trial_check(const encnet__conv_pass *pass, const encnet__trial_operands *o,
                                  int samples) ENCNET_MUST_CHECK;

#endif
