/* buffer.c - device memory: buffers, views, transfers, and their count. */
#include "device/internal.h"

#include <string.h>

static double mib(size_t bytes)
{
    return (double)bytes / (1024.0 * 1024.0);
}

encnet_status encnet__buffer_new(encnet__buffer **out, encnet_device *dev, size_t size_bytes)
{
    encnet_status rc = ENCNET_OK;
    encnet__memory_count *memory = &dev->memory;
    const encnet__device_facts *facts = &dev->facts;
    encnet__buffer *b = NULL;
    cl_int err = CL_SUCCESS;

    if (size_bytes == 0) FAIL(ENCNET_E_INTERNAL, "%s: a buffer of 0 bytes", dev->info.name);
    b = encnet__alloc(1, sizeof *b);
    if (!b) FAIL(ENCNET_E_NOMEM, "no memory for a buffer");
    /* Drivers allocate when a buffer is first used, so the limit is checked here. */
    if (size_bytes > facts->memory_bytes - memory->bytes)
        err = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    else
        b->mem = clCreateBuffer(dev->context, CL_MEM_READ_WRITE, size_bytes, NULL, &err);
    TRY_CL(
        err,
        "%s: no room for a buffer of %.1f MiB: %.1f MiB are held already, the device has %.1f MiB "
        "and at most %.1f MiB in one buffer",
        dev->info.name, mib(size_bytes), mib(memory->bytes), mib(facts->memory_bytes),
        mib(facts->max_alloc_bytes));
    b->dev = dev;
    b->size_bytes = size_bytes;
    memory->bytes += size_bytes;
    if (memory->bytes > memory->peak_bytes) memory->peak_bytes = memory->bytes;
    memory->buffers_made++;
    *out = b;
    b = NULL;
done:
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
    b->mem = clCreateSubBuffer(root->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region,
                               &err);
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
    if (!b->root) b->dev->memory.bytes -= b->size_bytes;
    clReleaseMemObject(b->mem);
    encnet__free(b);
}

encnet__memory_count encnet__device_memory(const encnet_device *dev)
{
    return dev->memory;
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
