/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * loss_scale.h - with device.precision = fp16: the factor that keeps gradients in float16's range.
 *
 * Below 2^-24 the gradient of an activation would be stored as zero.  The backward pass starts from
 * scale * loss, and the optimiser divides the gradients by the scale, a power of two.  A step whose
 * gradients are not finite is left out and halves the scale; 2000 steps without one double it.
 * PyTorch's GradScaler has the same numbers.
 */
#ifndef ENCNET__LOSS_SCALE_H
#define ENCNET__LOSS_SCALE_H

#include "device/device.h"
#include "graph/weights.h"
#include "train/train.h"

/* Sets the scale of a run that begins or resumes on this device; 0 = losses are not scaled.  Makes
 * room for the device's answers, owned by the caller; NULL if losses are not scaled. */
encnet_status encnet__loss_scale_begin(encnet__buffer **answer, encnet__train_state *s,
                                       encnet_device *dev) ENCNET_MUST_CHECK;
/* Returns the factor of the losses: 1 if they are not scaled. */
double encnet__loss_scale_of(const encnet__train_state *s);
/* Waits for the gradients, and sets *finite if all of them are. */
encnet_status encnet__gradients_finite(bool *finite, const encnet__weights *w, encnet_device *dev,
                                       encnet__buffer *answer) ENCNET_MUST_CHECK;
/* Adapts the scale after a step.  ENCNET_E_DIVERGED: gradients are not finite at a scale of 1. */
encnet_status encnet__loss_scale_adapt(encnet__train_state *s, bool finite) ENCNET_MUST_CHECK;

#endif
