/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_ranks.c - assigns devices to ranks. */
#include "app_ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include "app_common.h"
#include "app_watch.h"

encnet_status app_open_rank(encnet_comm **comm, const app_program *program, const encnet_options *o)
{
    static char name[64];
    encnet_status rc = encnet_comm_open_mpi(comm, NULL, o->device.timeout);

    if (rc != ENCNET_OK) return rc;
    snprintf(name, sizeof name, "%s rank %d", program->name, (*comm)->rank);
    app_set_name(name);
    if ((*comm)->rank) app_progress_off();
    return rc;
}

encnet_status app_open_local(encnet_device **device, const encnet_comm *comm,
                             encnet_device_options o)
{
    char message[200];
    int count = 0;
    encnet_status rc;

    if (!*o.select && comm->local_size > 1) o.select = "all";
    rc = encnet_device_count(&count, o.select);
    if (rc != ENCNET_OK) return rc;
    if (comm->local_rank < count) {
        rc = encnet_device_open_nth(device, &o, comm->local_rank);
        if (rc == ENCNET_OK) app_watch(device, 1, o.timeout, comm->size > 1);
        return rc;
    }
    snprintf(message, sizeof message,
             "%d ranks on this host, but %d device%s; a list such as 0,0 lets two ranks share one",
             comm->local_size, count, count == 1 ? "" : "s");
    return encnet_comm_fail(ENCNET_E_NO_DEVICE, message);
}

void app_close_local(encnet_device *device)
{
    app_unwatch();
    encnet_device_close(device);
}

encnet_status app_open_devices(encnet_device ***devices, int count, const encnet_device_options *o)
{
    int selected = 0;
    encnet_status rc = encnet_device_count(&selected, o->select);

    *devices = calloc((size_t)count, sizeof **devices);
    if (!*devices) return encnet_comm_fail(ENCNET_E_NOMEM, "no memory for the devices");
    for (int i = 0; rc == ENCNET_OK && i < count; i++)
        rc = encnet_device_open_nth(&(*devices)[i], o, i % selected);
    if (rc == ENCNET_OK) app_name_device((*devices)[0], o->select);
    if (rc == ENCNET_OK && count == 1) app_say_tuning(o->tune);
    if (rc == ENCNET_OK) app_watch(*devices, count, o->timeout, count > 1);
    return rc;
}

void app_close_devices(encnet_device **devices, int count)
{
    app_unwatch();
    for (int i = 0; devices && i < count; i++) encnet_device_close(devices[i]);
    free(devices);
}
