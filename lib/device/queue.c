/* queue.c - waits for the queue of a device; names the kernel that ran last. */
#include "device/internal.h"

const char *encnet__last_kernel(const encnet_device *dev)
{
    return dev->last ? dev->last->name : "none";
}

encnet_status encnet__finish(encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;

    TRY_CL(clFinish(dev->queue), "%s: waiting for its work, last kernel %s", dev->info.name,
           encnet__last_kernel(dev));
done:
    return rc;
}
