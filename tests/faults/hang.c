/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * hang.c - a device that hangs (LD_PRELOAD): from call HANG_AT of the function HANG_IN on, which waits for the
 * device, nothing comes back.
 */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <CL/cl.h>

static void pass(const char *name)
{
    static atomic_int calls;
    const char *in = getenv("HANG_IN"), *at = getenv("HANG_AT");

    if (!in || strcmp(in, name) || ++calls < atoi(at)) return;
    for (;;) pause();
}

cl_int clFinish(cl_command_queue queue)
{
    pass("clFinish");
    return ((cl_int(*)(cl_command_queue))dlsym(RTLD_NEXT, "clFinish"))(queue);
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem mem, cl_bool wait, size_t offset,
                           size_t size, void *to, cl_uint n, const cl_event *events,
                           cl_event *event)
{
    typedef cl_int function(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint,
                            const cl_event *, cl_event *);

    pass("clEnqueueReadBuffer");
    return ((function *)dlsym(RTLD_NEXT, "clEnqueueReadBuffer"))(queue, mem, wait, offset, size, to,
                                                                 n, events, event);
}
