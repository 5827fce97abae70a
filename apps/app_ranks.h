/* app_ranks.h - which devices ranks take. */
#ifndef APP_RANKS_H
#define APP_RANKS_H

#include <encnet/comm.h>
#include <encnet/device.h>
#include <encnet/options.h>
#include "app_options.h"

/* This process as one of those that mpirun or the like has started: its messages tell its rank, and
 * only the first shows progress. */
encnet_status app_join(encnet_comm **comm, const app_program *program, const encnet_options *o);

/* The device of this process among those of its host: each process there takes another one of those
 * that are selected. ENCNET_E_NO_DEVICE: they are too few. */
encnet_status app_open_local(encnet_device **device, const encnet_comm *comm,
                             encnet_device_options o);

/* The first `count` of the selected devices; after the last, the first again.  Both are the
 * caller's, also after a failure: app_close_devices(). */
encnet_status app_open_devices(encnet_device ***devices, int count, const encnet_device_options *o);
void app_close_devices(encnet_device **devices, int count);

#endif
