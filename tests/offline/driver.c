/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* driver.c - an OpenCL device that computes nothing; see driver.h. */
#include "offline/driver.h"

#include <stdio.h>
#include <string.h>

#include "device/internal.h"

static const char *label;

void driver_label(const char *text)
{
    label = text;
}

encnet_status driver_open(encnet_device **out, const encnet__device_facts *facts, const char *conv)
{
    encnet_options options;
    encnet_status rc;

    encnet_options_default(&options);
    options.device.conv = conv;
    options.device.cache = false;
    if (facts->matrix == ENCNET__MATRIX_NVIDIA)
        options.device.precision = "tf32"; /* float32 tensors then use the units too */
    rc = encnet_device_open(out, &options.device);
    if (rc != ENCNET_OK) return rc;
    (*out)->facts = *facts;
    (*out)->facts.name = (*out)->info.name;
    (*out)->facts.vendor = (*out)->info.vendor;
    (*out)->facts.platform = (*out)->info.platform_name;
    (*out)->facts.driver = (*out)->info.driver;
    for (int t = ENCNET__F32; t <= ENCNET__BF16; t++)
        encnet__matrix_tried(*out, (encnet__type)t, ENCNET__TRIAL_PASSED);
    return ENCNET_OK;
}

/* -- the library's launches: the linker puts these in front of the real ones (--wrap) -- */

encnet_status __wrap_encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                                    const char *options, encnet__grid grid, const encnet__arg *args,
                                    size_t n_args);
encnet_status __wrap_encnet__gemm_run(encnet_device *dev, const encnet__gemm *g);
encnet_status __wrap_encnet__gemm_scratch(size_t *size_bytes, encnet_device *dev,
                                          const encnet__gemm *g);

static size_t axis(size_t extent)
{
    return extent ? extent : 1;
}

/* Whether an argument before `i` is the same buffer. */
static bool seen(const encnet__arg *args, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (args[j].kind == ENCNET__ARG_BUFFER && args[j].value.buffer == args[i].value.buffer)
            return true;
    return false;
}

static size_t bytes_of(const encnet__arg *args, size_t n_args)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n_args; i++)
        if (args[i].kind == ENCNET__ARG_BUFFER && args[i].value.buffer && !seen(args, i))
            bytes += args[i].value.buffer->size_bytes;
    return bytes;
}

static void print_argument(const encnet__arg *arg)
{
    switch (arg->kind) {
    case ENCNET__ARG_BUFFER:
        printf(" b%zu", arg->value.buffer ? arg->value.buffer->size_bytes : 0);
        return;
    case ENCNET__ARG_INT:
        printf(" %d", (int)arg->value.i);
        return;
    case ENCNET__ARG_UINT:
        printf(" %u", (unsigned)arg->value.u);
        return;
    case ENCNET__ARG_FLOAT:
        printf(" %g", (double)arg->value.f);
    }
}

encnet_status __wrap_encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                                    const char *options, encnet__grid grid, const encnet__arg *args,
                                    size_t n_args)
{
    size_t local = 1, groups = 1;

    (void)dev;
    if (!label) return ENCNET_OK;
    for (int i = 0; i < 3; i++) {
        local *= axis(grid.local[i]);
        groups *= axis(grid.groups[i]);
    }
    printf("%s\t%s\t%s\t\"%s\"\t%zu\t%zu\t%zu\t", label, program, kernel, options, local, groups,
           bytes_of(args, n_args));
    for (size_t i = 0; i < n_args; i++) print_argument(&args[i]);
    printf("\n");
    return ENCNET_OK;
}

encnet_status __wrap_encnet__gemm_run(encnet_device *dev, const encnet__gemm *g)
{
    size_t floats = g->m * g->k + g->k * g->n + g->m * g->n;

    (void)dev;
    if (label)
        printf("%s\tCLBlast\tgemm\t\"\"\t0\t0\t%zu\t %zu %zu %zu\n", label, sizeof(float) * floats,
               g->m, g->n, g->k);
    return ENCNET_OK;
}

encnet_status __wrap_encnet__gemm_scratch(size_t *size_bytes, encnet_device *dev,
                                          const encnet__gemm *g)
{
    (void)dev;
    (void)g;
    *size_bytes = 0;
    return ENCNET_OK;
}

/* Nothing is computed from the numbers, so they need not be random, which takes long for a network. */
double __wrap_encnet__rng_normal(encnet__rng *r);
double __wrap_encnet__rng_uniform(encnet__rng *r);

double __wrap_encnet__rng_normal(encnet__rng *r)
{
    (void)r;
    return 0;
}

double __wrap_encnet__rng_uniform(encnet__rng *r)
{
    (void)r;
    return 0;
}

/* -- OpenCL: every object is this one, every query fails, so that the library takes defaults -- */

static char object;

#define MADE(type) (*(err ? err : &(cl_int){0}) = CL_SUCCESS, (type)(void *)&object)

cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *out, cl_uint *count)
{
    if (n) out[0] = (cl_platform_id)(void *)&object;
    if (count) *count = 1;
    return CL_SUCCESS;
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *out,
                      cl_uint *count)
{
    (void)platform;
    (void)type;
    if (n) out[0] = (cl_device_id)(void *)&object;
    if (count) *count = 1;
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size, void *out,
                         size_t *need)
{
    (void)platform, (void)what, (void)size, (void)out, (void)need;
    return CL_INVALID_VALUE;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *out, size_t *need)
{
    (void)id, (void)what, (void)size, (void)out, (void)need;
    return CL_INVALID_VALUE;
}

cl_context clCreateContext(const cl_context_properties *p, cl_uint n, const cl_device_id *ids,
                           void(CL_CALLBACK *f)(const char *, const void *, size_t, void *),
                           void *user, cl_int *err)
{
    (void)p, (void)n, (void)ids, (void)f, (void)user;
    return MADE(cl_context);
}

cl_command_queue clCreateCommandQueue(cl_context c, cl_device_id id, cl_command_queue_properties p,
                                      cl_int *err)
{
    (void)c, (void)id, (void)p;
    return MADE(cl_command_queue);
}

cl_mem clCreateBuffer(cl_context c, cl_mem_flags f, size_t n, void *host, cl_int *err)
{
    (void)c, (void)f, (void)n, (void)host;
    return MADE(cl_mem);
}

cl_mem clCreateSubBuffer(cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *region,
                         cl_int *err)
{
    (void)m, (void)f, (void)t, (void)region;
    return MADE(cl_mem);
}

cl_int clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool wait, size_t at, size_t n,
                           void *out, cl_uint n_events, const cl_event *events, cl_event *event)
{
    (void)q, (void)m, (void)wait, (void)at, (void)n_events, (void)events, (void)event;
    memset(out, 0, n);
    return CL_SUCCESS;
}

cl_int clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool wait, size_t at, size_t n,
                            const void *from, cl_uint n_events, const cl_event *events,
                            cl_event *event)
{
    (void)q, (void)m, (void)wait, (void)at, (void)n, (void)from, (void)n_events, (void)events;
    (void)event;
    return CL_SUCCESS;
}

cl_int clEnqueueFillBuffer(cl_command_queue q, cl_mem m, const void *pattern, size_t pattern_size,
                           size_t at, size_t n, cl_uint n_events, const cl_event *events,
                           cl_event *event)
{
    (void)q, (void)m, (void)pattern, (void)pattern_size, (void)at, (void)n, (void)n_events;
    (void)events, (void)event;
    return CL_SUCCESS;
}

cl_int clEnqueueCopyBuffer(cl_command_queue q, cl_mem from, cl_mem to, size_t at, size_t to_at,
                           size_t n, cl_uint n_events, const cl_event *events, cl_event *event)
{
    (void)q, (void)from, (void)to, (void)at, (void)to_at, (void)n, (void)n_events, (void)events;
    (void)event;
    return CL_SUCCESS;
}

cl_int clFinish(cl_command_queue q)
{
    (void)q;
    if (label) printf("%s\tend\n", label);
    return CL_SUCCESS;
}

cl_int clRetainMemObject(cl_mem m)
{
    (void)m;
    return CL_SUCCESS;
}

cl_int clReleaseMemObject(cl_mem m)
{
    (void)m;
    return CL_SUCCESS;
}

cl_int clReleaseCommandQueue(cl_command_queue q)
{
    (void)q;
    return CL_SUCCESS;
}

cl_int clReleaseContext(cl_context c)
{
    (void)c;
    return CL_SUCCESS;
}
