/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_opencl - a device on a context and a queue that the program already has. */
#include "support/support.h"
#include "device/device.h"
#include <encnet/opencl.h>

static cl_device_id id;
static cl_context context;

static cl_command_queue queue_of(cl_context c, cl_command_queue_properties properties)
{
    cl_int err;
    cl_command_queue queue = clCreateCommandQueue(c, id, properties, &err);

    return err == CL_SUCCESS ? queue : NULL;
}

static void computes_on_a_borrowed_queue(void **state)
{
    cl_command_queue queue = queue_of(context, 0);
    encnet_device *dev;
    encnet_device_info info;
    encnet__buffer *x;
    cl_uint before, during;
    float values[3] = {-1, 0, 1};

    (void)state;
    assert_int_equal(clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, 4, &before, NULL), 0);
    assert_ok(encnet_device_open_cl(&dev, context, queue, NULL));
    clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, 4, &during, NULL);
    encnet_device_describe(dev, &info);
    assert_true(info.name[0] && info.memory_bytes > 0);
    assert_ok(encnet__buffer_new(&x, dev, sizeof values));
    assert_ok(encnet__write(x, 0, values, sizeof values));
    assert_ok(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(3, 4), BUF(x), BUF(x), UINT(3)));
    assert_ok(encnet__read(values, x, 0, sizeof values));
    assert_true(values[0] == 0 && values[1] == 0 && values[2] == 1);
    encnet__buffer_free(x);
    encnet_device_close(dev);
    assert_true(before < during);
    assert_int_equal(clFinish(queue), CL_SUCCESS); /* still the program's */
    clReleaseCommandQueue(queue);
}

static void refuses_other_queues(void **state)
{
    cl_int err;
    cl_context other = clCreateContext(NULL, 1, &id, NULL, NULL, &err);
    cl_command_queue strange = queue_of(other, 0);
    cl_command_queue unordered = queue_of(context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    encnet_device *dev = NULL;

    (void)state;
    assert_fails(encnet_device_open_cl(&dev, context, strange, NULL), ENCNET_E_ARG,
                 "another context");
    if (unordered) { /* not every driver has them */
        assert_fails(encnet_device_open_cl(&dev, context, unordered, NULL), ENCNET_E_ARG,
                     "out of order");
        clReleaseCommandQueue(unordered);
    }
    assert_fails(encnet_device_open_cl(&dev, context, NULL, NULL), ENCNET_E_ARG, "no queue");
    assert_null(dev);
    clReleaseCommandQueue(strange);
    clReleaseContext(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_on_a_borrowed_queue),
        cmocka_unit_test(refuses_other_queues),
    };
    cl_platform_id platform;
    cl_int err;
    int failed;

    if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &id, NULL) != CL_SUCCESS)
        return 77;
    context = clCreateContext(NULL, 1, &id, NULL, NULL, &err);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    clReleaseContext(context);
    return failed;
}
