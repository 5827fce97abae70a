/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pretrained.h - published weights of backbones.
 */
#ifndef ENCNET__PRETRAINED_H
#define ENCNET__PRETRAINED_H

#include "base/base.h"

/* The address of weights for a backbone, trained on ImageNet; NULL: none are known. */
const char *encnet__pretrained_of(const char *backbone);
/* ENCNET_E_CHECKPOINT: `path` is an address, such as open-mmlab://resnet50_v1c, and no file, or has the
 * name of published weights and is not there; the message says what to download. */
encnet_status encnet__pretrained_check(const char *path) ENCNET_MUST_CHECK;

#endif
