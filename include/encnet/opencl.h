/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/opencl.h - interoperation: use an OpenCL context and queue of the program.
 *
 * This is the only public header that includes CL/cl.h.
 *
 * Images and results of encnet/session.h may be buffers (cl_mem) of that context, cast to the types of
 * their fields.  Sessions have queues of their own: work of the program that writes such an image, or uses
 * such a result, must have finished before the run begins, and when the run is done so are its results.
 */
#ifndef ENCNET_OPENCL_H
#define ENCNET_OPENCL_H

#include <CL/cl.h>
#include <encnet/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens a device on an existing context and in-order queue.
 *
 *   out             owned by the caller; close it with encnet_device_close().  Untouched on failure
 *   context, queue  retained until the device is closed
 *   options         copied; NULL = defaults.  options->select is ignored, and options->profile
 *                   needs a queue with CL_QUEUE_PROFILING_ENABLE
 *
 * ENCNET_E_ARG        the queue is out of order or belongs to another context
 * ENCNET_E_NO_DEVICE  the device cannot run kernels
 * ENCNET_E_DEVICE     the driver failed
 * ENCNET_E_NOMEM      not enough memory
 */
ENCNET_API encnet_status
encnet_device_open_cl(encnet_device **out, cl_context context, cl_command_queue queue,
                      const encnet_device_options *options) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
