/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_session_cl.c - sessions on the context of the program: images and results in its buffers. */
#include <CL/cl.h>

#include <encnet/encnet.h>
#include <encnet/opencl.h>
#include "support/support.h"

enum { H = 37, W = 29, M = 4, P = H * W, GAP = 128, STRIDE = 4 * W + 12 };

static uint8_t rgb[3 * P], bgra[GAP + STRIDE * H];

static void buffers_of_the_program(void **state)
{
    static uint8_t ids[P], expected[P], overlay[3 * P], expected_overlay[3 * P];
    static float probs[M * P], expected_probs[M * P];
    encnet_options o;
    encnet_device *device;
    encnet_model *model;
    encnet_session *s;
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_mem in, out[3], small;
    encnet_image image = {.format = ENCNET_RGB8, .width = W, .height = H, .planes = {rgb}};
    encnet_results want = {.ids = expected, .probs = expected_probs, .overlay = expected_overlay};
    (void)state;

    for (int p = 0; p < 3 * P; p++) rgb[p] = (uint8_t)(p * 7919 >> 3);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < 3; c++)
                bgra[GAP + y * STRIDE + 4 * x + c] = rgb[3 * (y * W + x) + 2 - c];
    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = M;
    o.model.channels = o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    if (clGetPlatformIDs(1, &platform, NULL) ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &id, NULL))
        exit(77);
    context = clCreateContext(NULL, 1, &id, NULL, NULL, NULL);
    queue = clCreateCommandQueue(context, id, 0, NULL);
    assert_ok(encnet_device_open_cl(&device, context, queue, NULL));
    assert_ok(encnet_model_new(&model, device, &o));
    assert_ok(encnet_session_new(&s, model, NULL));
    assert_ok(encnet_session_run(s, &image, 1, &want));

    in = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof bgra, bgra, NULL);
    small = clCreateBuffer(context, 0, P - 1, NULL, NULL);
    out[0] = clCreateBuffer(context, 0, sizeof ids, NULL, NULL);
    out[1] = clCreateBuffer(context, 0, sizeof probs, NULL, NULL);
    out[2] = clCreateBuffer(context, 0, sizeof overlay, NULL, NULL);
    image = (encnet_image){.format = ENCNET_BGRA8,
                           .width = W,
                           .height = H,
                           .planes = {in},
                           .strides = {STRIDE},
                           .offset = GAP,
                           .in_device = true};
    want = (encnet_results){.ids = (void *)out[0],
                            .probs = (void *)out[1],
                            .overlay = (void *)out[2],
                            .in_device = true};
    assert_ok(encnet_session_run(s, &image, 1, &want));
    clEnqueueReadBuffer(queue, out[0], CL_TRUE, 0, sizeof ids, ids, 0, NULL, NULL);
    clEnqueueReadBuffer(queue, out[1], CL_TRUE, 0, sizeof probs, probs, 0, NULL, NULL);
    clEnqueueReadBuffer(queue, out[2], CL_TRUE, 0, sizeof overlay, overlay, 0, NULL, NULL);
    assert_memory_equal(ids, expected, sizeof ids);
    assert_memory_equal(probs, expected_probs, sizeof probs);
    assert_memory_equal(overlay, expected_overlay, sizeof overlay);

    want = (encnet_results){.ids = (void *)small, .in_device = true};
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "ids take");
    want.ids = (void *)out[0];
    image.offset = GAP + 13; /* the last row needs no gap behind it */
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "its cl_mem has");
    encnet_session_free(s);
    encnet_model_free(model);
    encnet_device_close(device);
    clReleaseMemObject(in);
    clReleaseMemObject(small);
    for (int i = 0; i < 3; i++) clReleaseMemObject(out[i]);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(buffers_of_the_program)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
