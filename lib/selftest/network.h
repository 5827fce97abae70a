/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* network.h - whether the gradient of a whole network is the slope of its loss. */
#ifndef ENCNET__NETWORK_CHECK_H
#define ENCNET__NETWORK_CHECK_H

#include "base/base.h"
#include <encnet/device.h>

/* Trains nothing: takes the gradient of a small EncNet, and moves the weights along it and against it.
 * `error` is the distance of the loss's slope from the gradient's length, in units of what is allowed.
 * ENCNET_E_DEVICE if it is more than 1. */
encnet_status encnet__check_network(double *error, encnet_device *dev) ENCNET_MUST_CHECK;

#endif
