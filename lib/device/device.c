/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* device.c - opens and closes a device: context, in-order queue, facts. */
#include "device/internal.h"
#include <encnet/opencl.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"

/* The options that are texts, besides `select`; NULL behind the last. */
static const char **text_at(encnet_device_options *o, int index)
{
    const char **const texts[] = {&o->conv, &o->accuracy, &o->precision, &o->tune};

    return index < (int)COUNT_OF(texts) ? texts[index] : NULL;
}

static const encnet__option *text_row(int index)
{
    const encnet__option *const rows[] = {
        ENCNET__OPTION_ROW(device.conv), ENCNET__OPTION_ROW(device.accuracy),
        ENCNET__OPTION_ROW(device.precision), ENCNET__OPTION_ROW(device.tune)};

    return rows[index];
}

static encnet_status copy_options(encnet_device_options *out, const encnet_device_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet_options all;
    int timeout;
    bool copied;

    encnet_options_default(&all);
    timeout = all.device.timeout;
    if (options) all.device = *options;
    if (all.device.timeout == 0) all.device.timeout = timeout; /* as the empty texts below */
    for (int i = 0; text_at(&all.device, i); i++)
        if (!*text_at(&all.device, i)) *text_at(&all.device, i) = text_row(i)->default_text;
    *out = all.device;
    out->select = encnet__strdup(out->select ? out->select : "");
    copied = out->select != NULL;
    for (int i = 0; text_at(out, i); i++) {
        *text_at(out, i) = encnet__strdup(*text_at(out, i));
        copied &= *text_at(out, i) != NULL;
    }
    if (!copied) FAIL(ENCNET_E_NOMEM, "no memory for the options of a device");
    for (int i = 0; text_at(&all.device, i); i++) TRY(encnet__option_check(&all, text_row(i)));
    TRY(encnet__option_check(&all, ENCNET__OPTION_ROW(device.memory_mb)));
    TRY(encnet__option_check(&all, ENCNET__OPTION_ROW(device.timeout)));
done:
    return rc;
}

/* The ordinals that are taken in this process, one bit each. */
static atomic_uint_fast64_t ordinals_taken;

/* Takes the lowest free ordinal, so that every run finds its programs in the cache.  Beyond 64
 * devices all share the last one. */
static int take_ordinal(void)
{
    uint_fast64_t taken = atomic_load(&ordinals_taken);
    int ordinal;

    do {
        for (ordinal = 0; ordinal < ENCNET__ORDINALS - 1 && taken >> ordinal & 1; ordinal++)
            continue;
    } while (
        !atomic_compare_exchange_weak(&ordinals_taken, &taken, taken | UINT64_C(1) << ordinal));
    return ordinal;
}

static void free_ordinal(int ordinal)
{
    atomic_fetch_and(&ordinals_taken, ~(UINT64_C(1) << ordinal));
}

/* Completes a device that has a context and a queue. */
static void complete(encnet_device *dev)
{
    const encnet_device_info *info = &dev->info;
    encnet__device_facts *facts = &dev->facts;
    const char *sync = getenv("ENCNET_SYNC");
    cl_uint align_bits = 0, width = 0;
    cl_device_fp_config doubles = 0;
    uint64_t left = encnet__memory_left();

    facts->is_cpu = info->is_cpu;
    /* NVIDIA's driver (580.159) ends the process when it releases overlapping sub-buffers, and trained
     * wrongly with them */
    facts->may_overlap = info->is_cpu;
    facts->few_registers = info->is_gpu && strstr(info->vendor, "Intel") != NULL;
    facts->matrix = encnet__matrix_of(
        info, encnet__device_has(dev->id, "cl_intel_subgroup_matrix_multiply_accumulate"));
    if (!strcmp(dev->options.precision, "tf32") && facts->matrix != ENCNET__MATRIX_NVIDIA)
        encnet__say(ENCNET_LOG_INFO,
                    "%s: no matrix units for tf32 are known, it computes in float32", info->name);
    facts->has_double = clGetDeviceInfo(dev->id, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof doubles,
                                        &doubles, NULL) == CL_SUCCESS &&
                        doubles != 0;
    facts->memory_bytes = (size_t)info->memory_bytes;
    facts->max_alloc_bytes = (size_t)info->max_alloc_bytes;
    /* a CPU's memory is the host's, of which a container or `ulimit -v` may leave less; what this
     * process has taken so far does not count */
    if (facts->is_cpu && left < info->memory_bytes / 16 * 15) facts->memory_bytes = (size_t)left;
    if (dev->options.memory_mb > 0 && (uint64_t)dev->options.memory_mb < facts->memory_bytes >> 20)
        facts->memory_bytes = (size_t)dev->options.memory_mb << 20;
    if (facts->max_alloc_bytes > facts->memory_bytes) facts->max_alloc_bytes = facts->memory_bytes;
    facts->local_bytes = (size_t)info->local_bytes;
    facts->max_group = (size_t)info->max_group;
    facts->units = (int)info->units;
    if (clGetDeviceInfo(dev->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL) ==
        CL_SUCCESS)
        facts->vector_floats = (int)width;
    if (clGetDeviceInfo(dev->id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof align_bits, &align_bits,
                        NULL) != CL_SUCCESS ||
        align_bits < 8)
        align_bits = 1024; /* the largest alignment that OpenCL 1.2 may require */
    facts->align_bytes = align_bits / 8;
    facts->name = info->name;
    facts->vendor = info->vendor;
    facts->platform = info->platform_name;
    facts->driver = info->driver;
    if (strcmp(info->platform_name, "Portable Computing Language") == 0)
        dev->ordinal = take_ordinal();
    dev->sync = sync && strcmp(sync, "1") == 0;
    dev->gemm.name = (char *)"sgemm";
    if (clGetPlatformInfo(dev->platform, CL_PLATFORM_VERSION, sizeof dev->platform_version - 1,
                          dev->platform_version, NULL) != CL_SUCCESS)
        dev->platform_version[0] = '\0';
    encnet__cache_open(dev);
    encnet__say(ENCNET_LOG_INFO, "opened %s (%s, driver %s)", info->name, info->platform_name,
                info->driver);
}

/* Makes a device with its options, without a context. */
static encnet_status new_device(encnet_device **out, const encnet_device_options *options)
{
    encnet_device *dev = encnet__alloc(1, sizeof *dev);

    if (!dev) return encnet__fail(ENCNET_E_NOMEM, "no memory for a device");
    *out = dev;
    dev->ordinal = -1;
    dev->users = 1;
    if (pthread_mutex_init(&dev->lock, NULL)) {
        encnet__free(dev);
        *out = NULL;
        return encnet__fail(ENCNET_E_NOMEM, "no lock for a device");
    }
    if (pthread_mutex_init(&dev->lanes_lock, NULL)) {
        pthread_mutex_destroy(&dev->lock);
        encnet__free(dev);
        *out = NULL;
        return encnet__fail(ENCNET_E_NOMEM, "no lock for the lanes of a device");
    }
    return copy_options(&dev->options, options);
}

encnet_status encnet_device_open(encnet_device **out, const encnet_device_options *options)
{
    return encnet_device_open_nth(out, options, 0);
}

static void release(encnet_device *dev);

/* The caller holds the lock of the drivers, here and below. */
static encnet_status open_nth(encnet_device **out, const encnet_device_options *options, int nth)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = NULL;
    cl_int err;

    TRY(new_device(&dev, options));
    TRY(encnet__device_find(&dev->platform, &dev->id, &dev->info, dev->options.select, nth));
    TRY(encnet__device_check_usable(dev->id));
    dev->context =
        clCreateContext((const cl_context_properties[]){CL_CONTEXT_PLATFORM,
                                                        (cl_context_properties)dev->platform, 0},
                        1, &dev->id, NULL, NULL, &err);
    TRY_CL(err, "%s: no context", dev->info.name);
    dev->profile = dev->options.profile;
    dev->queue = clCreateCommandQueue(dev->context, dev->id,
                                      dev->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &err);
    TRY_CL(err, "%s: no command queue", dev->info.name);
    complete(dev);
    *out = dev;
    dev = NULL;
done:
    release(dev);
    return rc;
}

encnet_status encnet_device_open_nth(encnet_device **out, const encnet_device_options *options,
                                     int nth)
{
    encnet_status rc;

    NEED(out);
    encnet__driver_lock();
    rc = open_nth(out, options, nth);
    encnet__driver_unlock();
    return rc;
}

static encnet_status open_cl(encnet_device **out, cl_context context, cl_command_queue queue,
                             const encnet_device_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = NULL;
    cl_command_queue_properties properties = 0;
    cl_context owner = NULL;

    TRY(new_device(&dev, options));
    if (!context || !queue) FAIL(ENCNET_E_ARG, "encnet_device_open_cl: no context or no queue");
    TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof owner, &owner, NULL),
           "encnet_device_open_cl: the queue");
    if (owner != context)
        FAIL(ENCNET_E_ARG, "encnet_device_open_cl: the queue belongs to another context");
    TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL),
           "encnet_device_open_cl: the queue");
    if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        FAIL(ENCNET_E_ARG, "encnet_device_open_cl: the queue is out of order");
    TRY_CL(clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof dev->id, &dev->id, NULL),
           "encnet_device_open_cl: the queue's device");
    TRY_CL(clGetDeviceInfo(dev->id, CL_DEVICE_PLATFORM, sizeof dev->platform, &dev->platform, NULL),
           "encnet_device_open_cl: the queue's platform");
    TRY_CL(clRetainContext(context), "encnet_device_open_cl: the context");
    dev->context = context;
    TRY_CL(clRetainCommandQueue(queue), "encnet_device_open_cl: the queue");
    dev->queue = queue;
    dev->profile = dev->options.profile && (properties & CL_QUEUE_PROFILING_ENABLE);
    encnet__device_info_fill(&dev->info, dev->platform, dev->id);
    dev->info.index = dev->info.platform = dev->info.platform_index = -1; /* not one of the list */
    TRY(encnet__device_check_usable(dev->id));
    complete(dev);
    *out = dev;
    dev = NULL;
done:
    release(dev);
    return rc;
}

encnet_status encnet_device_open_cl(encnet_device **out, cl_context context, cl_command_queue queue,
                                    const encnet_device_options *options)
{
    encnet_status rc;

    NEED(out);
    encnet__driver_lock();
    rc = open_cl(out, context, queue, options);
    encnet__driver_unlock();
    return rc;
}

static void release(encnet_device *dev)
{
    if (!dev) return;
    encnet__profile_drop(dev);
    encnet__programs_keep(dev);
    if (dev->facts.platform && strcmp(dev->facts.platform, "Portable Computing Language") == 0)
        encnet__pocl_seal();
    encnet__kernels_free(dev);
    encnet__programs_free(dev);
    encnet__cache_close(dev);
    if (dev->mark) clReleaseEvent(dev->mark);
    if (dev->queue) clReleaseCommandQueue(dev->queue);
    if (dev->context) clReleaseContext(dev->context);
    if (dev->ordinal >= 0) free_ordinal(dev->ordinal);
    encnet__free((char *)dev->options.select);
    for (int i = 0; text_at(&dev->options, i); i++)
        encnet__free((char *)*text_at(&dev->options, i));
    encnet__choices_free(dev);
    pthread_mutex_destroy(&dev->lanes_lock);
    pthread_mutex_destroy(&dev->lock);
    encnet__free(dev);
}

static void wait_and_release(encnet_device *dev)
{
    if (dev->queue) IN_DRIVER(dev, clFinish(dev->queue));
    encnet__driver_lock();
    release(dev);
    encnet__driver_unlock();
}

/* The program is one user, each model another; the last one releases. */
void encnet_device_close(encnet_device *dev)
{
    if (!dev || atomic_exchange(&dev->closed, true)) return;
    encnet__device_drop(dev);
}

void encnet__device_keep(encnet_device *dev)
{
    if (dev) atomic_fetch_add(&dev->users, 1);
}

void encnet__device_drop(encnet_device *dev)
{
    if (dev && atomic_fetch_sub(&dev->users, 1) == 1) wait_and_release(dev);
}

encnet_status encnet__device_check_open(const encnet_device *dev)
{
    if (dev->parent) dev = dev->parent;
    return atomic_load(&dev->closed)
               ? encnet__fail(ENCNET_E_ARG, "%s: the device has been closed", dev->info.name)
               : ENCNET_OK;
}

void encnet_device_describe(const encnet_device *dev, encnet_device_info *out)
{
    if (out) *out = dev ? dev->info : (encnet_device_info){.index = -1};
}

const encnet__device_facts *encnet__device_facts_of(const encnet_device *dev)
{
    return &dev->facts;
}

const encnet_device_options *encnet__device_options_of(const encnet_device *dev)
{
    return &dev->options;
}
