/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* lane.c - a device for another thread: a queue and kernels of its own, everything else shared. */
#include "device/internal.h"

encnet_status encnet__lane_open(encnet_device **out, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *lane = encnet__alloc(1, sizeof *lane);
    cl_int err;

    if (!lane) return encnet__fail(ENCNET_E_NOMEM, "no memory for a lane of a device");
    dev = encnet__device_root(dev);
    encnet__device_keep(dev);
    lane->parent = dev;
    lane->options = dev->options;
    lane->info = dev->info;
    lane->facts = dev->facts;
    lane->platform = dev->platform;
    lane->id = dev->id;
    lane->context = dev->context;
    lane->ordinal = dev->ordinal;
    lane->sync = dev->sync;
    lane->profile = dev->profile;
    encnet__driver_lock();
    lane->queue = clCreateCommandQueue(dev->context, dev->id,
                                       lane->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &err);
    encnet__driver_unlock();
    TRY_CL(err, "%s: another command queue", dev->info.name);
    pthread_mutex_lock(&dev->lanes_lock);
    lane->next_lane = dev->lanes;
    dev->lanes = lane;
    pthread_mutex_unlock(&dev->lanes_lock);
    *out = lane;
    lane = NULL;
done:
    encnet__lane_close(lane);
    return rc;
}

static void leave(encnet_device *dev, const encnet_device *lane)
{
    encnet_device **at = &dev->lanes;

    pthread_mutex_lock(&dev->lanes_lock);
    while (*at && *at != lane) at = &(*at)->next_lane;
    if (*at) *at = lane->next_lane;
    pthread_mutex_unlock(&dev->lanes_lock);
}

void encnet__lane_close(encnet_device *lane)
{
    encnet_device *dev = lane ? lane->parent : NULL;

    if (!lane) return;
    if (lane->queue) IN_DRIVER(lane, clFinish(lane->queue));
    if (encnet__profile_drain(lane) != ENCNET_OK) encnet__profile_drop(lane);
    leave(dev, lane);
    if (lane->mark) clReleaseEvent(lane->mark);
    encnet__kernels_free(lane);
    if (lane->queue) clReleaseCommandQueue(lane->queue);
    encnet__free(lane);
    encnet__device_drop(dev);
}
