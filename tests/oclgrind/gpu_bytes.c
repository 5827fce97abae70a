/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * gpu_bytes.c - launches the kernels that should run at the speed of memory as on a GPU, for ci/bytes.py.
 *
 * Runs forward and backward of each row of `rows` with the options and the division of GPUs.  A line in front of
 * each launch, with tabs between:
 *
 *   launch KERNEL BYTES     bytes of the launch's buffers, each counted once
 *
 * oclgrind --inst-counts prints what the kernel executed behind it.
 */
#include "support/optest.h"

#include "device/internal.h"

#include <stdio.h>
#include <string.h>

#define MAP(channels)                                                                              \
    {                                                                                              \
        1, 32, 32, channels                                                                        \
    }
#define VECTOR(channels)                                                                           \
    {                                                                                              \
        1, 1, 1, channels                                                                          \
    }

/* A shape like those of networks, but small; the attributes are those of a case of the operator's table. */
static const struct row {
    const encnet__op *op;
    const char *attributes_of;
    int n_in;
    encnet__shape in[ENCNET__MAX_INPUTS];
} rows[] = {
    {&encnet__op_batch_norm, "odd, relu", 3, {MAP(64), VECTOR(64), VECTOR(64)}},
    {&encnet__op_batch_norm, "odd, add, relu", 4, {MAP(64), VECTOR(64), VECTOR(64), MAP(64)}},
    {&encnet__op_resize, "eightfold", 1, {{1, 4, 5, 64}}},
    {&encnet__op_cross_entropy, "odd", 2, {MAP(19), MAP(1)}},
    {&encnet__op_resized_cross_entropy, "eightfold", 2, {{1, 8, 8, 19}, {1, 64, 64, 1}}},
    {&encnet__op_encoding, "odd", 3, {{1, 16, 32, 128}, {1, 1, 32, 128}, VECTOR(32)}},
    {&encnet__op_spatial_gather, "odd", 2, {{1, 16, 32, 19}, {1, 16, 32, 128}}},
    {&encnet__op_object_attention, "odd", 3, {{1, 16, 32, 64}, {1, 1, 19, 64}, {1, 1, 19, 64}}},
    {&encnet__op_softmax, "odd", 1, {MAP(19)}},
    {&encnet__op_relu, "odd", 1, {MAP(64)}},
    {&encnet__op_add, "odd", 2, {MAP(64), MAP(64)}},
    {&encnet__op_add_relu, "odd", 2, {MAP(64), MAP(64)}},
    {&encnet__op_concat, "odd", 2, {MAP(64), MAP(32)}},
    {&encnet__op_max_pool, "stem, even", 1, {MAP(64)}},
    {&encnet__op_avg_pool, "whole, odd", 1, {MAP(64)}},
    {&encnet__op_channel_scale, "odd", 2, {MAP(64), VECTOR(64)}},
    {&encnet__op_conv2d, "depthwise, tails", 2, {MAP(19), {3, 3, 1, 19}}},
    {&encnet__op_linear, "odd", 3, {VECTOR(256), {1, 1, 256, 256}, VECTOR(256)}},
};

static bool printing;

encnet_status __wrap_encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                                    const char *options, encnet__grid grid, const encnet__arg *args,
                                    size_t n_args);
encnet_status __real_encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                                    const char *options, encnet__grid grid, const encnet__arg *args,
                                    size_t n_args);

static size_t bytes_of_buffers(const encnet__arg *args, size_t n_args)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n_args; i++) {
        const encnet__buffer *b = args[i].kind == ENCNET__ARG_BUFFER ? args[i].value.buffer : NULL;
        bool seen = !b;
        for (size_t j = 0; j < i && !seen; j++)
            seen = args[j].kind == ENCNET__ARG_BUFFER && args[j].value.buffer == b;
        if (!seen) bytes += b->size_bytes;
    }
    return bytes;
}

encnet_status __wrap_encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                                    const char *options, encnet__grid grid, const encnet__arg *args,
                                    size_t n_args)
{
    encnet_status rc;

    if (printing) printf("launch\t%s\t%zu\n", kernel, bytes_of_buffers(args, n_args));
    fflush(stdout);
    rc = __real_encnet__launch(dev, program, kernel, options, grid, args, n_args);
    return rc == ENCNET_OK ? encnet__finish(dev) : rc;
}

static const void *attributes(const struct row *row)
{
    for (int i = 0; i < row->op->n_cases; i++)
        if (strcmp(row->op->cases[i].what, row->attributes_of) == 0) return row->op->cases[i].attr;
    fail_msg("%s has no case called %s", row->op->name, row->attributes_of);
    return NULL;
}

/* Numbers that need no care: classes from 0 on, or fractions above 0. */
static void fill(const encnet__tensor *t, int classes)
{
    size_t count = encnet__shape_count(t->shape);
    float *values = calloc(count, sizeof *values);

    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        int32_t label = (int32_t)(i % (size_t)classes);
        values[i] = (float)(i * 37 % 101 + 1) / 101;
        if (t->type == ENCNET__I32) memcpy(&values[i], &label, sizeof label);
    }
    optest_put(t, values);
    free(values);
}

static void run(const struct row *row)
{
    optest_node node;

    optest_node_make(&node, row->op, attributes(row), row->n_in, row->in, true);
    for (int i = 0; i < row->n_in; i++)
        if (node.call.in[i].buffer) fill(&node.call.in[i], row->in[0].c);
    fill(&node.call.dout, 1);
    printing = true;
    OPTEST_OK(encnet__op_forward(row->op, &node.call));
    OPTEST_OK(encnet__op_backward(row->op, &node.call));
    printing = false;
    optest_node_free(&node);
}

static void all(void **state)
{
    (void)state;
    optest_take_for_cpu(false);
    /* Small shapes keep one compute unit as busy as those of networks a card. */
    ((encnet__device_facts *)encnet__device_facts_of(optest_device()))->units = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) run(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return optest_group("gpu_bytes", tests, 1);
}
