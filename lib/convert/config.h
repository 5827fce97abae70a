/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config.h - the configuration of mmsegmentation in a checkpoint, as INI text. */
#ifndef ENCNET__CONVERT_CONFIG_H
#define ENCNET__CONVERT_CONFIG_H

#include "base/base.h"

/*
 * Appends the configuration of the checkpoint `in`.
 *
 *   dir  a folder, which is made; if the data set is one whose classes encnet-cl does not know, their
 *        names and colours are written there.  NULL: they are left out
 *
 * ENCNET_E_CHECKPOINT: the checkpoint cannot be read, or has no such configuration.
 * ENCNET_E_CONFIG: encnet-cl does not have what it says.
 */
encnet_status encnet__convert_print(encnet__text *out, const char *in,
                                    const char *dir) ENCNET_MUST_CHECK;

#endif
