/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* plan.h - whether a network fits on a device. */
#ifndef ENCNET__PLAN_H
#define ENCNET__PLAN_H

#include "models/network.h"

/* What one of `ranks` ranks trains its weights for: each is updated within the backward pass unless all gradients are
 * needed at once, because ranks exchange them, batches accumulate, or float16 may have overflowed. */
encnet__purpose encnet__training_purpose(const encnet_options *options, const encnet_device *device,
                                         int ranks);

/* Whether the device has room for `bytes` more than it holds now.  If not, ENCNET_E_DEVICE gives
 * both sizes and, for a graph, the batch or the image size that would fit; without a `key`, the
 * bytes are those of the weights. */
encnet_status encnet__plan_check_fit(encnet_device *device, size_t bytes,
                                     const encnet_options *options, const encnet__graph_key *key,
                                     encnet__purpose purpose) ENCNET_MUST_CHECK;

/* The bytes of the activations of the graph of this key, which is planned but gets no memory, and of the
 * weights that it has folded and packed. */
encnet_status encnet__plan_activations(size_t *out, encnet_device *device,
                                       const encnet_options *options, const encnet__graph_key *key,
                                       encnet__purpose purpose) ENCNET_MUST_CHECK;

/* The shape of the scores of that graph. */
encnet_status encnet__plan_scores(encnet__shape *out, encnet_device *device,
                                  const encnet_options *options,
                                  const encnet__graph_key *key) ENCNET_MUST_CHECK;

/* Whether the device gives a buffer of `bytes`; if not, ENCNET_E_DEVICE likewise says what would fit. */
encnet_status encnet__plan_check_largest(encnet_device *device, size_t bytes,
                                         const encnet_options *options,
                                         const encnet__graph_key *key,
                                         encnet__purpose purpose) ENCNET_MUST_CHECK;

#endif
