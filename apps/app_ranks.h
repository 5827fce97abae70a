/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_ranks.h - assigns devices to ranks. */
#ifndef APP_RANKS_H
#define APP_RANKS_H

#include <encnet/comm.h>
#include <encnet/device.h>
#include <encnet/options.h>
#include "app_options.h"

/* Makes this process a rank of the job that mpirun or a similar launcher started: error lines name
 * the rank, and only rank 0 shows progress. */
encnet_status app_open_rank(encnet_comm **comm, const app_program *program,
                            const encnet_options *o);

/* Opens and watches the device of this rank: each rank of a host takes another one of the selected
 * devices.
 * ENCNET_E_NO_DEVICE if there are fewer devices than ranks. */
encnet_status app_open_local(encnet_device **device, const encnet_comm *comm,
                             encnet_device_options o);
void app_close_local(encnet_device *device); /* takes NULL */

/* Opens and watches `count` of the selected devices, starting over after the last one.  The caller releases
 * them with app_close_devices(), also after a failure. */
encnet_status app_open_devices(encnet_device ***devices, int count, const encnet_device_options *o);
void app_close_devices(encnet_device **devices, int count);

#endif
