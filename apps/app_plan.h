/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_plan.h - prints a plan. */
#ifndef APP_PLAN_H
#define APP_PLAN_H

#include <stdbool.h>
#include <encnet/model.h>

/* Memory and work. */
void app_print_plan(const encnet_plan *plan);
/* The algorithms of the convolutions of a training step or a forward pass, and with `verbose` those of
 * every layer, with their times where device.tune has measured them. */
encnet_status app_print_convolutions(encnet_device *device, const encnet_options *options, int n,
                                     int h, int w, bool inference, bool verbose);
/* The graph of a training step after each pass of its planning. */
encnet_status app_print_passes(encnet_device *device, const encnet_options *options, int n, int h,
                               int w);

#endif
