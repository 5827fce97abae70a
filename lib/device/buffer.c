/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* buffer.c - device memory: buffers, views, transfers, and their count. */
#define _DEFAULT_SOURCE /* madvise */
#include "device/internal.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGE_BYTES = 4 << 20 }; /* of buffers for which large pages are worth a call */

static double mib(size_t bytes)
{
    return (double)bytes / (1024.0 * 1024.0);
}

/* Counts `bytes` more as held; returns false if the device has no room for them.  Drivers allocate
 * when a buffer is first used, so the limit is checked here. */
static bool take(encnet_device *dev, size_t bytes)
{
    encnet_device *root = encnet__device_root(dev);
    encnet__memory_count *memory = &root->memory;
    bool fits;

    pthread_mutex_lock(&root->lock);
    fits = bytes <= root->facts.memory_bytes - memory->bytes;
    if (fits) {
        memory->bytes += bytes;
        if (memory->bytes > memory->peak_bytes) memory->peak_bytes = memory->bytes;
        memory->buffers_made++;
    }
    pthread_mutex_unlock(&root->lock);
    return fits;
}

static void give_back(encnet_device *dev, size_t bytes)
{
    encnet_device *root = encnet__device_root(dev);

    pthread_mutex_lock(&root->lock);
    root->memory.bytes -= bytes;
    pthread_mutex_unlock(&root->lock);
}

encnet__memory_count encnet__device_memory(const encnet_device *dev)
{
    encnet_device *root = encnet__device_root((encnet_device *)dev);
    encnet__memory_count count;

    pthread_mutex_lock(&root->lock);
    count = root->memory;
    pthread_mutex_unlock(&root->lock);
    return count;
}

/* Asks the system to back the memory of a large buffer on a CPU with large pages, of which a kernel that reads
 * many streams misses fewer.  Nothing depends on it, so no failure is reported. */
static void ask_for_large_pages(const encnet__buffer *b)
{
#ifdef MADV_HUGEPAGE
    size_t page = (size_t)sysconf(_SC_PAGESIZE), skipped;
    cl_command_queue queue = b->dev->queue;
    cl_int err;
    void *host;

    if (!b->dev->facts.is_cpu || b->size_bytes < LARGE_BYTES) return;
    encnet__driver_enter(b->dev);
    host = clEnqueueMapBuffer(queue, b->mem, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0,
                              b->size_bytes, 0, NULL, NULL, &err);
    if (encnet__driver_leave(b->dev, err) != CL_SUCCESS) return;
    skipped = (page - (uintptr_t)host % page) % page;
    (void)madvise((char *)host + skipped, b->size_bytes - skipped, MADV_HUGEPAGE);
    clEnqueueUnmapMemObject(queue, b->mem, host, 0, NULL, NULL);
#else
    (void)b;
#endif
}

encnet_status encnet__buffer_new(encnet__buffer **out, encnet_device *dev, size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;
    const encnet__device_facts *facts = &dev->facts;
    encnet__buffer *b = NULL;
    bool taken = false;
    cl_int err = CL_MEM_OBJECT_ALLOCATION_FAILURE;

    if (size_bytes == 0) FAIL(ENCNET_E_INTERNAL, "%s: a buffer of 0 bytes", dev->info.name);
    b = encnet__alloc(1, sizeof *b);
    if (!b) FAIL(ENCNET_E_NOMEM, "no memory for a buffer");
    taken = take(dev, size_bytes);
    if (taken) b->mem = clCreateBuffer(dev->context, CL_MEM_READ_WRITE, size_bytes, NULL, &err);
    TRY_CL(
        err,
        "%s: no room for a buffer of %.1f MiB: %.1f MiB are held already, the device has %.1f MiB "
        "and at most %.1f MiB in one buffer",
        dev->info.name, mib(size_bytes),
        mib(encnet__device_memory(dev).bytes - (taken ? size_bytes : 0)), mib(facts->memory_bytes),
        mib(facts->max_alloc_bytes));
    b->dev = dev;
    b->size_bytes = size_bytes;
    ask_for_large_pages(b);
    *out = b;
    b = NULL;
    taken = false;
done:
    if (taken) give_back(dev, size_bytes);
    encnet__free(b);
    return rc;
}

/* OpenCL has no sub-buffers of sub-buffers, so a view of a view becomes a view of the root. */
encnet_status encnet__buffer_view(encnet__buffer **out, encnet__buffer *parent, size_t offset_bytes,
                                  size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *root = parent->root ? parent->root : parent, *b = NULL;
    cl_buffer_region region = {parent->offset_bytes + offset_bytes, size_bytes};
    cl_int err;

    if (size_bytes == 0 || offset_bytes > parent->size_bytes ||
        size_bytes > parent->size_bytes - offset_bytes)
        FAIL(ENCNET_E_INTERNAL, "a view of %zu bytes at %zu of a buffer of %zu", size_bytes,
             offset_bytes, parent->size_bytes);
    if (region.origin % parent->dev->facts.align_bytes != 0)
        FAIL(ENCNET_E_INTERNAL, "a view at byte %zu, which is no multiple of the device's %zu",
             region.origin, parent->dev->facts.align_bytes);
    b = encnet__alloc(1, sizeof *b);
    if (!b) FAIL(ENCNET_E_NOMEM, "no memory for a view");
    if (region.origin == 0) {
        b->mem = root->mem;
        err = clRetainMemObject(b->mem);
    } else {
        b->mem = clCreateSubBuffer(root->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                   &region, &err);
    }
    TRY_CL(err, "%s: a view of %zu bytes at byte %zu", parent->dev->info.name, size_bytes,
           region.origin);
    b->dev = parent->dev;
    b->root = root;
    b->offset_bytes = region.origin;
    b->size_bytes = size_bytes;
    *out = b;
    b = NULL;
done:
    encnet__free(b);
    return rc;
}

void encnet__buffer_free(encnet__buffer *b)
{
    if (!b) return;
    if (!b->root && !b->is_foreign) give_back(b->dev, b->size_bytes);
    clReleaseMemObject(b->mem);
    encnet__free(b);
}

static encnet_status check_range(const encnet__buffer *b, const char *verb, size_t offset_bytes,
                                 size_t size_bytes)
{
    if (offset_bytes <= b->size_bytes && size_bytes <= b->size_bytes - offset_bytes)
        return ENCNET_OK;
    return encnet__fail(ENCNET_E_INTERNAL, "%s %zu bytes at %zu of a buffer of %zu", verb,
                        size_bytes, offset_bytes, b->size_bytes);
}

encnet_status encnet__write(encnet__buffer *b, size_t offset_bytes, const void *host,
                            size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_range(b, "writing", offset_bytes, size_bytes));
    if (size_bytes == 0) goto done;
    TRY_CL(IN_DRIVER(b->dev, clEnqueueWriteBuffer(b->dev->queue, b->mem, CL_TRUE, offset_bytes,
                                                  size_bytes, host, 0, NULL, NULL)),
           "%s: writing %zu bytes, last kernel %s", b->dev->info.name, size_bytes,
           encnet__last_kernel(b->dev));
done:
    return rc;
}

encnet_status encnet__read(void *host, encnet__buffer *b, size_t offset_bytes, size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_range(b, "reading", offset_bytes, size_bytes));
    if (size_bytes == 0) goto done;
    TRY_CL(IN_DRIVER(b->dev, clEnqueueReadBuffer(b->dev->queue, b->mem, CL_TRUE, offset_bytes,
                                                 size_bytes, host, 0, NULL, NULL)),
           "%s: reading %zu bytes, last kernel %s", b->dev->info.name, size_bytes,
           encnet__last_kernel(b->dev));
done:
    return rc;
}

encnet_status encnet__fill(encnet__buffer *b, float value)
{
    encnet_status rc = ENCNET_OK;
    size_t whole = b->size_bytes / sizeof value * sizeof value;

    if (whole == 0) goto done;
    TRY_CL(IN_DRIVER(b->dev, clEnqueueFillBuffer(b->dev->queue, b->mem, &value, sizeof value, 0,
                                                 whole, 0, NULL, NULL)),
           "%s: filling %zu bytes", b->dev->info.name, whole);
done:
    return rc;
}

encnet_status encnet__copy(encnet__buffer *to, size_t to_bytes, encnet__buffer *from,
                           size_t from_bytes, size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_range(to, "copying to", to_bytes, size_bytes));
    TRY(check_range(from, "copying from", from_bytes, size_bytes));
    if (size_bytes == 0) goto done;
    TRY_CL(IN_DRIVER(to->dev, clEnqueueCopyBuffer(to->dev->queue, from->mem, to->mem, from_bytes,
                                                  to_bytes, size_bytes, 0, NULL, NULL)),
           "%s: copying %zu bytes", to->dev->info.name, size_bytes);
done:
    return rc;
}

/* -- rows: parts of pictures and of results, whose rows lie apart ------------------------------ */

/* Whether `rows` rows end within a buffer. */
static encnet_status check_rows(const encnet__buffer *b, const char *verb, size_t offset_bytes,
                                size_t pitch_bytes, size_t row_bytes, size_t rows)
{
    size_t size;

    if (rows == 0 || row_bytes == 0 || pitch_bytes < row_bytes ||
        !encnet__mul(&size, pitch_bytes, rows - 1) || size > SIZE_MAX - row_bytes)
        return encnet__fail(ENCNET_E_INTERNAL, "%s %zu rows of %zu bytes, %zu apart", verb, rows,
                            row_bytes, pitch_bytes);
    return check_range(b, verb, offset_bytes, size + row_bytes);
}

/* The pitch and the number of rows of a transfer.  A single row lies apart from nothing, and rows
 * without a gap on either side are one. */
static void one_row(encnet__rows *a, encnet__rows *b, size_t *row_bytes, size_t *rows)
{
    if (a->pitch_bytes == *row_bytes && b->pitch_bytes == *row_bytes) {
        *row_bytes *= *rows;
        *rows = 1;
    }
    if (*rows == 1) a->pitch_bytes = b->pitch_bytes = *row_bytes;
}

encnet_status encnet__read_rows(void *host, encnet__rows to, encnet__buffer *b, encnet__rows from,
                                size_t row_bytes, size_t rows)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_rows(b, "reading", from.offset_bytes, from.pitch_bytes, row_bytes, rows));
    one_row(&to, &from, &row_bytes, &rows);
    TRY_CL(IN_DRIVER(
               b->dev,
               rows == 1
                   ? clEnqueueReadBuffer(b->dev->queue, b->mem, CL_FALSE, from.offset_bytes,
                                         row_bytes, (char *)host + to.offset_bytes, 0, NULL, NULL)
                   : clEnqueueReadBufferRect(
                         b->dev->queue, b->mem, CL_FALSE, (size_t[]){from.offset_bytes, 0, 0},
                         (size_t[]){0, 0, 0}, (size_t[]){row_bytes, rows, 1}, from.pitch_bytes, 0,
                         to.pitch_bytes, 0, (char *)host + to.offset_bytes, 0, NULL, NULL)),
           "%s: reading %zu rows of %zu bytes, last kernel %s", b->dev->info.name, rows, row_bytes,
           encnet__last_kernel(b->dev));
done:
    return rc;
}

encnet_status encnet__write_rows(encnet__buffer *b, encnet__rows to, const void *host,
                                 encnet__rows from, size_t row_bytes, size_t rows)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_rows(b, "writing", to.offset_bytes, to.pitch_bytes, row_bytes, rows));
    one_row(&to, &from, &row_bytes, &rows);
    TRY_CL(IN_DRIVER(b->dev,
                     rows == 1
                         ? clEnqueueWriteBuffer(b->dev->queue, b->mem, CL_TRUE, to.offset_bytes,
                                                row_bytes, (const char *)host + from.offset_bytes,
                                                0, NULL, NULL)
                         : clEnqueueWriteBufferRect(
                               b->dev->queue, b->mem, CL_TRUE, (size_t[]){to.offset_bytes, 0, 0},
                               (size_t[]){0, 0, 0}, (size_t[]){row_bytes, rows, 1}, to.pitch_bytes,
                               0, from.pitch_bytes, 0, (const char *)host + from.offset_bytes, 0,
                               NULL, NULL)),
           "%s: writing %zu rows of %zu bytes, last kernel %s", b->dev->info.name, rows, row_bytes,
           encnet__last_kernel(b->dev));
done:
    return rc;
}

encnet_status encnet__copy_rows(encnet__buffer *out, encnet__rows to, encnet__buffer *b,
                                encnet__rows from, size_t row_bytes, size_t rows)
{
    encnet_status rc = ENCNET_OK;

    TRY(check_rows(b, "copying from", from.offset_bytes, from.pitch_bytes, row_bytes, rows));
    TRY(check_rows(out, "copying to", to.offset_bytes, to.pitch_bytes, row_bytes, rows));
    one_row(&to, &from, &row_bytes, &rows);
    if (rows == 1) return encnet__copy(out, to.offset_bytes, b, from.offset_bytes, row_bytes);
    TRY_CL(clEnqueueCopyBufferRect(
               b->dev->queue, b->mem, out->mem, (size_t[]){from.offset_bytes, 0, 0},
               (size_t[]){to.offset_bytes, 0, 0}, (size_t[]){row_bytes, rows, 1}, from.pitch_bytes,
               0, to.pitch_bytes, 0, 0, NULL, NULL),
           "%s: copying %zu rows of %zu bytes", b->dev->info.name, rows, row_bytes);
done:
    return rc;
}

encnet_status encnet__buffer_adopt(encnet__buffer **out, encnet_device *dev, void *handle)
{
    encnet_status rc = ENCNET_OK;
    encnet__buffer *b = NULL;
    cl_mem mem = handle;
    cl_context context = NULL;
    size_t size = 0;

    TRY_CL(clGetMemObjectInfo(mem, CL_MEM_CONTEXT, sizeof context, &context, NULL),
           "%s: a cl_mem of the program", dev->info.name);
    if (context != dev->context)
        FAIL(ENCNET_E_ARG,
             "a cl_mem of another context than the device's, which encnet_device_open_cl() opens");
    TRY_CL(clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof size, &size, NULL),
           "%s: the size of a cl_mem of the program", dev->info.name);
    b = encnet__alloc(1, sizeof *b);
    if (!b) FAIL(ENCNET_E_NOMEM, "no memory for a buffer");
    TRY_CL(clRetainMemObject(mem), "%s: a cl_mem of the program", dev->info.name);
    *b = (encnet__buffer){.dev = dev, .mem = mem, .size_bytes = size, .is_foreign = true};
    *out = b;
    b = NULL;
done:
    encnet__free(b);
    return rc;
}

size_t encnet__buffer_bytes(const encnet__buffer *b)
{
    return b->size_bytes;
}
