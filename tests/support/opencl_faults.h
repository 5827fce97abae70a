/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* opencl_faults.h - functions that are called in place of the driver's, of which one call fails; what a program
 * asks before it has opened a device does not.  The file that
 * includes it defines _GNU_SOURCE first, for RTLD_NEXT. */
#ifndef TEST_OPENCL_FAULTS_H
#define TEST_OPENCL_FAULTS_H

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <CL/cl.h>

static atomic_long calls; /* so far */
static long failing;      /* which one fails; 0: none */
static cl_int fault = CL_OUT_OF_RESOURCES;

static inline bool fails_now(void)
{
    return ++calls == failing;
}

/* FRONT: a function that returns its code; FRONT_MAKE: one that returns an object and stores its
 * code. */
#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))
#define FRONT(name, parameters, arguments)                                                         \
    cl_int name parameters                                                                         \
    {                                                                                              \
        return fails_now() ? fault : REAL(name) arguments;                                         \
    }
#define FRONT_MAKE(type, name, parameters, arguments)                                              \
    type name parameters                                                                           \
    {                                                                                              \
        if (!fails_now()) return REAL(name) arguments;                                             \
        if (err) *err = fault;                                                                     \
        return NULL;                                                                               \
    }

FRONT_MAKE(cl_context, clCreateContext,
           (const cl_context_properties *p, cl_uint n, const cl_device_id *ids,
            void(CL_CALLBACK *f)(const char *, const void *, size_t, void *), void *user,
            cl_int *err),
           (p, n, ids, f, user, err))
FRONT_MAKE(cl_command_queue, clCreateCommandQueue,
           (cl_context c, cl_device_id id, cl_command_queue_properties p, cl_int *err),
           (c, id, p, err))
FRONT_MAKE(cl_mem, clCreateBuffer, (cl_context c, cl_mem_flags f, size_t n, void *h, cl_int *err),
           (c, f, n, h, err))
FRONT_MAKE(cl_mem, clCreateSubBuffer,
           (cl_mem m, cl_mem_flags f, cl_buffer_create_type t, const void *r, cl_int *err),
           (m, f, t, r, err))
FRONT_MAKE(cl_program, clCreateProgramWithSource,
           (cl_context c, cl_uint n, const char **s, const size_t *l, cl_int *err),
           (c, n, s, l, err))
FRONT_MAKE(cl_kernel, clCreateKernel, (cl_program p, const char *name, cl_int *err), (p, name, err))
FRONT(clBuildProgram,
      (cl_program p, cl_uint n, const cl_device_id *ids, const char *o,
       void(CL_CALLBACK *f)(cl_program, void *), void *user),
      (p, n, ids, o, f, user))
FRONT(clGetProgramBuildInfo,
      (cl_program p, cl_device_id id, cl_program_build_info i, size_t n, void *v, size_t *r),
      (p, id, i, n, v, r))
FRONT(clGetProgramInfo, (cl_program p, cl_program_info i, size_t n, void *v, size_t *r),
      (p, i, n, v, r))
FRONT(clGetKernelInfo, (cl_kernel k, cl_kernel_info i, size_t n, void *v, size_t *r),
      (k, i, n, v, r))
FRONT(clGetKernelArgInfo,
      (cl_kernel k, cl_uint a, cl_kernel_arg_info i, size_t n, void *v, size_t *r),
      (k, a, i, n, v, r))
FRONT(clSetKernelArg, (cl_kernel k, cl_uint i, size_t n, const void *v), (k, i, n, v))
FRONT(clEnqueueNDRangeKernel,
      (cl_command_queue q, cl_kernel k, cl_uint d, const size_t *o, const size_t *g,
       const size_t *l, cl_uint n, const cl_event *w, cl_event *e),
      (q, k, d, o, g, l, n, w, e))
FRONT(clEnqueueReadBuffer,
      (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t s, void *p, cl_uint n,
       const cl_event *w, cl_event *e),
      (q, m, b, o, s, p, n, w, e))
FRONT(clEnqueueWriteBuffer,
      (cl_command_queue q, cl_mem m, cl_bool b, size_t o, size_t s, const void *p, cl_uint n,
       const cl_event *w, cl_event *e),
      (q, m, b, o, s, p, n, w, e))
FRONT(clEnqueueFillBuffer,
      (cl_command_queue q, cl_mem m, const void *v, size_t vn, size_t o, size_t s, cl_uint n,
       const cl_event *w, cl_event *e),
      (q, m, v, vn, o, s, n, w, e))
FRONT(clEnqueueCopyBuffer,
      (cl_command_queue q, cl_mem a, cl_mem b, size_t ao, size_t bo, size_t s, cl_uint n,
       const cl_event *w, cl_event *e),
      (q, a, b, ao, bo, s, n, w, e))
FRONT(clFinish, (cl_command_queue q), (q))
FRONT_MAKE(cl_program, clCreateProgramWithBinary,
           (cl_context c, cl_uint n, const cl_device_id *ids, const size_t *l,
            const unsigned char **b, cl_int *s, cl_int *err),
           (c, n, ids, l, b, s, err))
FRONT_MAKE(void *, clEnqueueMapBuffer,
           (cl_command_queue q, cl_mem m, cl_bool b, cl_map_flags f, size_t o, size_t s, cl_uint n,
            const cl_event *w, cl_event *e, cl_int *err),
           (q, m, b, f, o, s, n, w, e, err))
FRONT(clEnqueueUnmapMemObject,
      (cl_command_queue q, cl_mem m, void *p, cl_uint n, const cl_event *w, cl_event *e),
      (q, m, p, n, w, e))
FRONT(clEnqueueCopyBufferRect,
      (cl_command_queue q, cl_mem a, cl_mem b, const size_t *ao, const size_t *bo, const size_t *r,
       size_t ar, size_t as, size_t br, size_t bs, cl_uint n, const cl_event *w, cl_event *e),
      (q, a, b, ao, bo, r, ar, as, br, bs, n, w, e))
FRONT(clEnqueueReadBufferRect,
      (cl_command_queue q, cl_mem m, cl_bool b, const size_t *mo, const size_t *ho, const size_t *r,
       size_t mr, size_t ms, size_t hr, size_t hs, void *p, cl_uint n, const cl_event *w,
       cl_event *e),
      (q, m, b, mo, ho, r, mr, ms, hr, hs, p, n, w, e))
FRONT(clEnqueueWriteBufferRect,
      (cl_command_queue q, cl_mem m, cl_bool b, const size_t *mo, const size_t *ho, const size_t *r,
       size_t mr, size_t ms, size_t hr, size_t hs, const void *p, cl_uint n, const cl_event *w,
       cl_event *e),
      (q, m, b, mo, ho, r, mr, ms, hr, hs, p, n, w, e))
FRONT(clEnqueueMarkerWithWaitList, (cl_command_queue q, cl_uint n, const cl_event *w, cl_event *e),
      (q, n, w, e))
FRONT(clFlush, (cl_command_queue q), (q))
FRONT(clWaitForEvents, (cl_uint n, const cl_event *e), (n, e))
FRONT(clGetEventProfilingInfo, (cl_event e, cl_profiling_info i, size_t n, void *v, size_t *r),
      (e, i, n, v, r))

#endif
