/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_faults.c - every OpenCL call may fail; each failure gives a message and leaks nothing.
 *
 * The functions below are called in place of the driver's.  A scenario runs once to count its calls, and
 * then once per call with that call failing.  Leaks are found by the address sanitizer's build.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "support/support.h"
#include "device/internal.h"

#include <dlfcn.h>

static int calls, failing; /* how many so far; which one fails, 0 = none */
static cl_int fault = CL_OUT_OF_RESOURCES;

static bool fails_now(void)
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

/* Everything a run does with a device.  The last failure counts; whatever was made is freed. */
static encnet_status scenario(void)
{
    encnet_status rc = ENCNET_OK;
    encnet_device *dev = NULL;
    encnet__buffer *x = NULL, *y = NULL, *view = NULL;
    float in[1024] = {-1, 2}, out[1024];
    int count;

    TRY(encnet_device_open(
        &dev, &(encnet_device_options){.select = getenv("TEST_DEVICE"), .profile = true}));
    TRY(encnet__buffer_new(&x, dev, sizeof in));
    TRY(encnet__buffer_new(&y, dev, sizeof in));
    TRY(encnet__buffer_view(&view, y, 2048, 1024));
    TRY(encnet__write(x, 0, in, sizeof in));
    TRY(encnet__fill(y, 3.0f));
    TRY(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(1024, 64), BUF(x), BUF(x), UINT(1024)));
    TRY(encnet__copy(y, 0, x, 0, 1024));
    TRY(encnet__read(out, y, 0, sizeof out));
    if (out[0] != 0 || out[1] != 2 || out[512] != 3) FAIL(ENCNET_E_INTERNAL, "wrong results");
    TRY(encnet__finish(dev));
    TRY(encnet_device_profile(dev, NULL, 0, &count));
done:
    encnet__buffer_free(view);
    encnet__buffer_free(y);
    encnet__buffer_free(x);
    encnet_device_close(dev);
    return rc;
}

static void every_call_may_fail(void **state)
{
    int all, survived = 0;

    (void)state;
    calls = failing = 0;
    assert_ok(scenario());
    all = calls;
    assert_true(all > 15);
    for (failing = 1; failing <= all; failing++) {
        encnet_status rc;
        calls = 0;
        encnet__fail(ENCNET_OK, "nothing");
        rc = scenario();
        if (rc == ENCNET_OK) {
            survived++; /* what a driver says of arguments, and the wait before closing, may fail */
            continue;
        }
        if (rc != ENCNET_E_DEVICE && rc != ENCNET_E_KERNEL)
            fail_msg("call %d: status %d, %s", failing, rc, encnet_last_error());
        if (!strstr(encnet_last_error(), "CL_OUT_OF_RESOURCES (-5)"))
            fail_msg("call %d: \"%s\" names no code", failing, encnet_last_error());
    }
    if (survived > all / 3) fail_msg("%d of %d failures went unnoticed", survived, all);
}

static void host_memory_is_another_status(void **state)
{
    encnet_status rc = ENCNET_OK;

    (void)state;
    fault = CL_OUT_OF_HOST_MEMORY;
    calls = 0;
    failing = 3; /* the first buffer */
    rc = scenario();
    fault = CL_OUT_OF_RESOURCES;
    failing = 0;
    assert_int_equal(rc, ENCNET_E_NOMEM);
}

static void waiting_names_the_kernel(void **state)
{
    encnet_device *dev;
    encnet__buffer *x;

    (void)state;
    calls = failing = 0;
    setenv("ENCNET_SYNC", "1", 1);
    assert_ok(encnet_device_open(&dev, &(encnet_device_options){.select = getenv("TEST_DEVICE")}));
    unsetenv("ENCNET_SYNC");
    assert_ok(encnet__buffer_new(&x, dev, 256));
    assert_ok(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x), UINT(64)));
    calls = 0;
    failing = 5; /* three arguments, the launch, the wait */
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x), UINT(64)),
                 ENCNET_E_DEVICE, "last kernel relu_fwd");
    failing = 0;
    encnet__buffer_free(x);
    encnet_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(host_memory_is_another_status),
        cmocka_unit_test(waiting_names_the_kernel),
    };

    encnet_device_close(test_open_device());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
