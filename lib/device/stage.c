/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* stage.c - moves the contents of a buffer to the host and back while the device continues. */
#include "device/internal.h"

#include <string.h>

encnet_status encnet__stage_new(encnet__stage *out, encnet__buffer *b)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = b->dev;
    encnet__stage s = {.buffer = b};
    cl_int err;

    if (!dev->facts.is_cpu) {
        s.pinned = clCreateBuffer(dev->context, CL_MEM_ALLOC_HOST_PTR, b->size_bytes, NULL, &err);
        TRY_CL(err, "%s: %zu bytes of pinned host memory", dev->info.name, b->size_bytes);
        encnet__driver_enter(dev);
        s.host = clEnqueueMapBuffer(dev->queue, s.pinned, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                    b->size_bytes, 0, NULL, NULL, &err);
        TRY_CL(encnet__driver_leave(dev, err), "%s: mapping %zu bytes of host memory",
               dev->info.name, b->size_bytes);
    }
    *out = s;
    s.pinned = NULL;
done:
    if (s.pinned) clReleaseMemObject(s.pinned);
    return rc;
}

void encnet__stage_free(encnet__stage *s)
{
    cl_mem mapped = s->pinned ? s->pinned : s->host ? s->buffer->mem : NULL;

    if (s->event) clReleaseEvent(s->event);
    if (mapped) {
        clEnqueueUnmapMemObject(s->buffer->dev->queue, mapped, s->host, 0, NULL, NULL);
        IN_DRIVER(s->buffer->dev, clFinish(s->buffer->dev->queue)); /* transfers may be pending */
    }
    if (s->pinned) clReleaseMemObject(s->pinned);
    *s = (encnet__stage){0};
}

encnet_status encnet__stage_begin(encnet__stage *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *b = s->buffer;
    cl_command_queue queue = b->dev->queue;
    cl_event event = NULL;
    cl_int err;

    if (s->pinned)
        err = clEnqueueReadBuffer(queue, b->mem, CL_FALSE, 0, b->size_bytes, s->host, 0, NULL,
                                  &event);
    else
        s->host = clEnqueueMapBuffer(queue, b->mem, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                     b->size_bytes, 0, NULL, &event, &err);
    TRY_CL(err, "%s: bringing %zu bytes to the host, last kernel %s", b->dev->info.name,
           b->size_bytes, encnet__last_kernel(b->dev));
    s->event = event;
    TRY_CL(clFlush(queue), "%s: sending commands off", b->dev->info.name);
done:
    return rc;
}

encnet_status encnet__stage_wait(encnet__stage *s)
{
    encnet_status rc = ENCNET_OK;
    cl_event event = s->event;
    cl_int err = IN_DRIVER(s->buffer->dev, clWaitForEvents(1, &event));

    clReleaseEvent(event);
    s->event = NULL;
    TRY_CL(err, "%s: waiting for %zu bytes", s->buffer->dev->info.name, s->buffer->size_bytes);
done:
    return rc;
}

encnet_status encnet__stage_end(encnet__stage *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *b = s->buffer;
    cl_command_queue queue = b->dev->queue;

    if (s->pinned) {
        TRY_CL(
            clEnqueueWriteBuffer(queue, b->mem, CL_FALSE, 0, b->size_bytes, s->host, 0, NULL, NULL),
            "%s: taking %zu bytes back", b->dev->info.name, b->size_bytes);
    } else {
        TRY_CL(clEnqueueUnmapMemObject(queue, b->mem, s->host, 0, NULL, NULL),
               "%s: taking %zu bytes back", b->dev->info.name, b->size_bytes);
        s->host = NULL;
    }
done:
    return rc;
}
