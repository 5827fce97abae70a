/* app_plan.h - prints a plan. */
#ifndef APP_PLAN_H
#define APP_PLAN_H

#include <stdbool.h>
#include <encnet/model.h>

/* Memory and work. */
void app_print_plan(const encnet_plan *plan);
/* The algorithms of a training step's convolutions, and with `verbose` those of every layer. */
encnet_status app_print_convolutions(encnet_device *device, const encnet_options *options, int n,
                                     int h, int w, bool verbose);
/* The graph of a training step after each pass of its planning. */
encnet_status app_print_passes(encnet_device *device, const encnet_options *options, int n, int h,
                               int w);

#endif
