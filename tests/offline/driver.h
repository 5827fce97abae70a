/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * driver.h - an OpenCL device that computes nothing and records what the library would launch.
 *
 * driver.c stands in for the OpenCL driver, for encnet__launch() and for CLBlast: buffers hold no
 * memory, reading them gives zeros, and a launch is a line of text.  So the library itself says
 * which kernels it builds for a device that is not at hand, with which options, on which grids.
 */
#ifndef DRIVER_H
#define DRIVER_H
#include "device/device.h"

/* Opens the device with these facts; `conv` is the option device.conv. */
encnet_status driver_open(encnet_device **out, const encnet__device_facts *facts,
                          const char *conv) ENCNET_MUST_CHECK;

/* Launches are printed to stdout as
 *
 *   LABEL PROGRAM KERNEL "OPTIONS" LOCAL GROUPS BYTES ARGUMENTS
 *
 * with tabs between: the work-items of a group, the number of groups, the bytes of all buffers, each
 * counted once, and the arguments, where a buffer is the letter b and its bytes.  A product in
 * CLBlast is a launch of `gemm` with m, n and k as its arguments; where the library waits for the
 * device, as at the end of a step, there is a line of LABEL and `end`.  NULL stops printing. */
void driver_label(const char *label);
#endif
