/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* aspp.h - the pyramid that two heads share. */
#ifndef ENCNET__ASPP_H
#define ENCNET__ASPP_H

#include "models/head.h"

/* Atrous spatial pyramid pooling of the head's feature map (aspp.c has the formula); with
 * `separable`, the dilated blocks are depthwise-separable. */
encnet__node encnet__aspp(const encnet__head *h, bool separable);

#endif
