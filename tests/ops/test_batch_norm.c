/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_batch_norm.c - batch norm: table, channels whose mean is a thousand deviations away, running
 * statistics. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>

#include "ops/attr.h"

enum { Z, GAMMA, BETA, A, MEAN, VAR, INPUTS };

static const encnet__batch_norm_attr attr = {1e-5f, 0.1f, false};

static void make(optest_node *node, encnet__shape z)
{
    encnet__shape in[INPUTS] = {z,   {1, 1, 1, z.c}, {1, 1, 1, z.c},
                                {0}, {1, 1, 1, z.c}, {1, 1, 1, z.c}};

    optest_node_make(node, &encnet__op_batch_norm, &attr, INPUTS, in, true);
}

/* z = mean + deviation normal; gamma = 1, beta = 0, running mean = 0 and variance = 1. */
static void put(optest_node *node, float *z, double mean)
{
    encnet__rng r = encnet__rng_at(1, 2, 3, 4);
    size_t count = encnet__shape_count(node->shape.in[Z]);

    optest_put_all(&node->call.in[GAMMA], 1);
    optest_put_all(&node->call.in[BETA], 0);
    optest_put_all(&node->call.in[MEAN], 0);
    optest_put_all(&node->call.in[VAR], 1);
    for (size_t i = 0; i < count; i++) z[i] = (float)(mean + encnet__rng_normal(&r));
    optest_put(&node->call.in[Z], z);
}

/* Mean and biased variance of channel c in double. */
static void statistics(double *mean, double *var, const float *z, encnet__shape s, int c)
{
    size_t rows = (size_t)s.n * (size_t)s.h * (size_t)s.w;

    *mean = *var = 0;
    for (size_t r = 0; r < rows; r++)
        *mean += (double)z[r * (size_t)s.c + (size_t)c] / (double)rows;
    for (size_t r = 0; r < rows; r++)
        *var += pow((double)z[r * (size_t)s.c + (size_t)c] - *mean, 2) / (double)rows;
}

/*
 * With E[z^2] - E[z]^2 in float the variance would be lost altogether: 1000^2 2^-24 = 0.06 per
 * term.  Here nothing depends on the mean, nor on how many blocks were merged: one rounding each of a
 * chunk's result, of their sum and of the division is left.
 */
static void far_means(optest_node *node)
{
    encnet__shape s = node->shape.in[Z];
    size_t count = encnet__shape_count(s);
    double rows = (double)(s.n * s.h * s.w), unbias = rows / (rows - 1);
    float *z = calloc(count, sizeof *z), saved[3 * 8];

    assert_non_null(z);
    for (double far = 10; far <= 1000; far *= 10) {
        put(node, z, far);
        OPTEST_OK(encnet__op_forward(node->op, &node->call));
        OPTEST_OK(encnet__read(saved, node->call.saved, 0, 3 * sizeof(float) * (size_t)s.c));
        for (int c = 0; c < s.c; c++) {
            double mean, var;
            statistics(&mean, &var, z, s, c);
            assert_close(saved[c], mean, 2 * 0x1p-24 * far);
            assert_close((double)saved[2 * s.c + c] / (var * unbias), 1, 4 * 0x1p-24);
            assert_close((double)saved[s.c + c] * sqrt(var + 1e-5), 1, 16 * 0x1p-24);
        }
    }
    free(z);
}

static void keeps_variance_of_far_means(void **state)
{
    bool is_cpu = encnet__device_facts_of(optest_device())->is_cpu;
    optest_node node;

    (void)state;
    if (getenv("ENCNET_TEST_SMALL")) skip();
    for (int other = 1; other >= 0; other--) {
        optest_take_for_cpu(other ? !is_cpu : is_cpu);
        make(&node, (encnet__shape){2, 61, 47, 8});
        far_means(&node);
        optest_node_free(&node);
    }
    optest_take_for_cpu(is_cpu);
}

static void update_mixes_running_statistics(void **state)
{
    encnet__shape s = {2, 3, 5, 4};
    float z[2 * 3 * 5 * 4], running_mean[4], running_var[4];
    optest_node node;

    (void)state;
    make(&node, s);
    put(&node, z, 3);
    OPTEST_OK(encnet__op_forward(node.op, &node.call));
    OPTEST_OK(node.op->update(&node.call));
    optest_get(running_mean, &node.call.in[MEAN]);
    optest_get(running_var, &node.call.in[VAR]);
    for (int c = 0; c < 4; c++) {
        double mean, var;
        statistics(&mean, &var, z, s, c);
        assert_close(running_mean[c], 0.1 * mean, 8 * 0x1p-24 * 3);
        assert_close(running_var[c], 0.9 + 0.1 * var * 30 / 29, 8 * 0x1p-24 * 2);
    }
    optest_node_free(&node);
}

/* One value per channel has no unbiased variance: 0 enters the running one, and no infinity. */
static void update_survives_one_value(void **state)
{
    float z[2], running_var[2];
    optest_node node;

    (void)state;
    make(&node, (encnet__shape){1, 1, 1, 2});
    put(&node, z, 0);
    OPTEST_OK(encnet__op_forward(node.op, &node.call));
    OPTEST_OK(node.op->update(&node.call));
    optest_get(running_var, &node.call.in[VAR]);
    assert_close(running_var[0], 0.9, 1e-6);
    optest_node_free(&node);
}

static void refuses_wrong_shapes(void **state)
{
    encnet__node_shape shape = {
        .attr = &attr, .n_in = 3, .in = {{1, 2, 2, 8}, {1, 1, 1, 7}, {1, 1, 1, 8}}};

    (void)state;
    assert_int_equal(encnet__op_batch_norm.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(), "batch_norm: z is [1,2,2,8], but gamma is [1,1,1,7]");
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(keeps_variance_of_far_means),
        cmocka_unit_test(update_mixes_running_statistics),
        cmocka_unit_test(update_survives_one_value),
        cmocka_unit_test(refuses_wrong_shapes),
    };

    return optest_main_both(&encnet__op_batch_norm, extra, COUNT_OF(extra));
}
