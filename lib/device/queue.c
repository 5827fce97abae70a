/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* queue.c - waits for the queue of a device; says how long the driver takes, and which kernel ran last. */
#include "device/internal.h"

static void note_time(encnet_device *dev)
{
    atomic_store(&dev->moved, (long long)(encnet__now() * 1e9));
}

void encnet__driver_enter(encnet_device *dev)
{
    note_time(dev);
    atomic_fetch_add(&dev->inside, 1);
}

cl_int encnet__driver_leave(encnet_device *dev, cl_int err)
{
    atomic_fetch_sub(&dev->inside, 1);
    note_time(dev);
    return err;
}

static double silence_of(const encnet_device *dev)
{
    if (atomic_load(&dev->inside) == 0) return 0;
    return encnet__now() - 1e-9 * (double)atomic_load(&dev->moved);
}

/* That of the device itself or of one of its lanes, whichever has lasted longer. */
double encnet_device_silence(const encnet_device *device)
{
    encnet_device *root = (encnet_device *)device;
    double longest;

    if (!device) return 0;
    longest = silence_of(device);
    if (device->parent) return longest;
    pthread_mutex_lock(&root->lanes_lock);
    for (const encnet_device *lane = root->lanes; lane; lane = lane->next_lane) {
        double s = silence_of(lane);
        if (s > longest) longest = s;
    }
    pthread_mutex_unlock(&root->lanes_lock);
    return longest;
}

const char *encnet__last_kernel(const encnet_device *dev)
{
    return dev->last ? dev->last->name : "none";
}

encnet_status encnet__finish(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    TRY_CL(IN_DRIVER(dev, clFinish(dev->queue)), "%s: waiting for its work, last kernel %s",
           dev->info.name, encnet__last_kernel(dev));
done:
    return rc;
}

encnet_status encnet__pace(encnet_device *dev, const atomic_bool *stop)
{
    encnet_status rc = ENCNET_OK;
    cl_event before = dev->mark;

    if (!stop) return ENCNET_OK;
    dev->mark = NULL;
    TRY_CL(clEnqueueMarkerWithWaitList(dev->queue, 0, NULL, &dev->mark), "%s: a marker",
           dev->info.name);
    TRY_CL(clFlush(dev->queue), "%s: sending commands off", dev->info.name);
    if (before)
        TRY_CL(IN_DRIVER(dev, clWaitForEvents(1, &before)),
               "%s: waiting for its work, last kernel %s", dev->info.name,
               encnet__last_kernel(dev));
    if (atomic_load(stop)) FAIL(ENCNET_E_STOPPED, "the run was cancelled");
done:
    if (before) clReleaseEvent(before);
    return rc;
}
