/*
 * encnet/opencl.h - interop: run on a context and queue that the program already has.
 *
 * The one public header that includes CL/cl.h.
 */
#ifndef ENCNET_OPENCL_H
#define ENCNET_OPENCL_H

#include <CL/cl.h>
#include <encnet/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens a device on an existing context and in-order queue, which are retained until encnet_device_close().
 *
 * ENCNET_E_ARG     the queue is out of order or belongs to another context
 */
ENCNET_API encnet_status
encnet_device_open_cl(encnet_device **out, cl_context context, cl_command_queue queue,
                      const encnet_device_options *options) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
