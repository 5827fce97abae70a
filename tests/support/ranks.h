/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* ranks.h - what tests of several ranks share: devices, opened for a group of tests, and a small
 * network. */
#ifndef TRAIN_RANKS_H
#define TRAIN_RANKS_H

#include "support/support.h"
#include <encnet/options.h>

enum { MAX_RANKS = 8 };
static encnet_device *devices[MAX_RANKS];

static inline int open_devices(void **state)
{
    (void)state;
    for (int i = 0; i < MAX_RANKS; i++) assert_ok(encnet_device_open(&devices[i], NULL));
    return 0;
}

static inline int close_devices(void **state)
{
    (void)state;
    for (int i = 0; i < MAX_RANKS; i++) encnet_device_close(devices[i]);
    return 0;
}

static inline encnet_options small_network(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18";
    o.model.classes = 4;
    assert_ok(encnet_options_set(&o, "model.output_stride", "16"));
    o.model.channels = o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    return o;
}
#endif
