/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_encoding.c - encoding against its reference, and where other implementations are
 * inaccurate. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { P = 70, K = 9, D = 40, SIZE_X = P * D, SIZE_C = K * D };

static const encnet__shape shapes[3] = {{1, 7, 10, D}, {1, 1, K, D}, {1, 1, 1, K}};

typedef struct problem {
    optest_node node;
    float in[3][SIZE_X];
    double in64[3][SIZE_X];
    float out[SIZE_C];
    double out64[SIZE_C];
} problem;

/* x and c are normal numbers around `centre`; s[k] = scale (1 + k). */
static void make(problem *t, float centre, float spread, float scale)
{
    encnet__rng r = encnet__rng_at(3, 0, 0, 0);

    optest_node_make(&t->node, &encnet__op_encoding, NULL, 3, shapes, true);
    for (int i = 0; i < SIZE_X; i++) t->in[0][i] = centre + spread * (float)encnet__rng_normal(&r);
    for (int i = 0; i < SIZE_C; i++) t->in[1][i] = centre + spread * (float)encnet__rng_normal(&r);
    for (int k = 0; k < K; k++) t->in[2][k] = scale * (float)(1 + k);
    for (int i = 0; i < 3; i++) {
        optest_put(&t->node.call.in[i], t->in[i]);
        for (size_t j = 0; j < encnet__shape_count(shapes[i]); j++) t->in64[i][j] = t->in[i][j];
    }
}

static void refer(problem *t)
{
    const double *in[3] = {t->in64[0], t->in64[1], t->in64[2]};

    t->node.op->reference(t->out64, in, &t->node.shape);
}

/* Every element of the codes is within `roundings` of the largest. */
static void hold(problem *t, double roundings)
{
    double largest = 0;

    OPTEST_OK(t->node.op->forward(&t->node.call));
    optest_get(t->out, &t->node.call.out);
    refer(t);
    for (int i = 0; i < SIZE_C; i++) largest = max_or_nan(largest, fabs(t->out64[i]));
    for (int i = 0; i < SIZE_C; i++)
        if (!is_close(t->out[i], t->out64[i], roundings * 0x1p-24 * largest))
            fail_msg("e[%d] is %.9g, not %.9g", i, t->out[i], t->out64[i]);
}

/* |x|^2 is a million times |r|^2: the expanded distance would have no digit left. */
static void far_from_the_origin(void **state)
{
    problem *t = calloc(1, sizeof *t);

    (void)state;
    assert_non_null(t);
    make(t, 300, 0.25f, -0.1f);
    hold(t, 16);
    optest_node_free(&t->node);
    free(t);
}

/* Exponents of -1e7: nothing overflows, and every pixel has its one codeword. */
static void hard_assignment(void **state)
{
    problem *t = calloc(1, sizeof *t);

    (void)state;
    assert_non_null(t);
    make(t, 0, 100, -10);
    hold(t, 16);
    optest_node_free(&t->node);
    free(t);
}

/* A code of 1e-30 keeps its digits, and with them its sign, which batch norm and ReLU behind it go
 * by.  Exponents of up to `depth` are off by some roundings of theirs. */
static void faint_codewords(void **state)
{
    problem *t = calloc(1, sizeof *t);
    double depth = 120, faintest = INFINITY;

    (void)state;
    assert_non_null(t);
    make(t, 0, 0.5f, -0.65f);
    OPTEST_OK(t->node.op->forward(&t->node.call));
    optest_get(t->out, &t->node.call.out);
    refer(t);
    for (int k = 0; k < K; k++) {
        double largest = 0;
        for (int i = k; i < SIZE_C; i += K) largest = max_or_nan(largest, fabs(t->out64[i]));
        faintest = min_or_nan(faintest, largest);
        for (int i = k; i < SIZE_C; i += K)
            if (!is_close(t->out[i], t->out64[i], 4 * depth * 0x1p-24 * largest))
                fail_msg("e[%d] is %.9g, not %.9g", i, t->out[i], t->out64[i]);
    }
    assert_true(faintest > 0x1p-120 && faintest < 0x1p-80);
    optest_node_free(&t->node);
    free(t);
}

/* A scale that has become positive prefers far codewords; that is its right. */
static void positive_scale(void **state)
{
    problem *t = calloc(1, sizeof *t);

    (void)state;
    assert_non_null(t);
    make(t, 0, 0.2f, 0.05f);
    hold(t, 32);
    optest_node_free(&t->node);
    free(t);
}

/* At s = 0 the gradient of the scale is a plain number: the distance is not z / s. */
static void zero_scale(void **state)
{
    problem *t = calloc(1, sizeof *t);
    float dout[SIZE_C], ds[K];

    (void)state;
    assert_non_null(t);
    make(t, 0, 0.5f, 0);
    for (int i = 0; i < SIZE_C; i++) dout[i] = (float)(i % 7) - 3;
    optest_put(&t->node.call.dout, dout);
    OPTEST_OK(t->node.op->forward(&t->node.call));
    OPTEST_OK(t->node.op->backward(&t->node.call));
    optest_get(ds, &t->node.call.din[2]);
    for (int k = 0; k < K; k++) {
        double difference = 0, h = 0x1p-20;
        for (int side = -1; side <= 1; side += 2) {
            t->in64[2][k] = side * h;
            refer(t);
            for (int i = 0; i < SIZE_C; i++) difference += side * (double)dout[i] * t->out64[i];
        }
        t->in64[2][k] = 0;
        difference /= 2 * h;
        if (!is_close(ds[k], difference, 1e-5 * (1 + fabs(difference))))
            fail_msg("ds[%d] is %.9g, not %.9g", k, ds[k], difference);
    }
    optest_node_free(&t->node);
    free(t);
}

/* With other factors for backward, dx and dc are those that these would give had the assignments
 * been the same: at one codeword, a = 1 and h = 0, nothing changes; at two of them dc differs by
 * 2 (r - s) sum h r.  The gradient of s stays. */
static void other_factors_for_backward(void **state)
{
    const encnet__shape all[4] = {{1, 7, 10, D}, {1, 1, K, D}, {1, 1, 1, K}, {1, 1, 1, K}};
    problem *t = calloc(1, sizeof *t);
    float dout[SIZE_C], other[K], dc[3][SIZE_C], ds[3][K];

    (void)state;
    assert_non_null(t);
    make(t, 0, 0.5f, -0.1f);
    for (int i = 0; i < SIZE_C; i++) dout[i] = (float)(i % 7) - 3;
    for (int with = 0; with < 3; with++) {
        optest_node_free(&t->node);
        optest_node_make(&t->node, &encnet__op_encoding, NULL, with ? 4 : 3, all, true);
        for (int i = 0; i < 3; i++) optest_put(&t->node.call.in[i], t->in[i]);
        for (int k = 0; k < K; k++) other[k] = with * t->in[2][k]; /* s, then 2 s */
        if (with) optest_put(&t->node.call.in[3], other);
        optest_put(&t->node.call.dout, dout);
        OPTEST_OK(t->node.op->forward(&t->node.call));
        OPTEST_OK(t->node.op->backward(&t->node.call));
        optest_get(dc[with], &t->node.call.din[1]);
        optest_get(ds[with], &t->node.call.din[2]);
    }
    assert_memory_equal(dc[0], dc[1], sizeof dc[0]);
    assert_memory_equal(ds[0], ds[1], sizeof ds[0]);
    assert_memory_equal(ds[0], ds[2], sizeof ds[0]);
    assert_true(memcmp(dc[0], dc[2], sizeof dc[0]) != 0);
    /* dc is linear in the factors of backward: at 0 it is 2 dc(s) - dc(2 s), the part of a g alone */
    for (int k = 0; k < K; k++) other[k] = 0;
    optest_put(&t->node.call.in[3], other);
    OPTEST_OK(t->node.op->backward(&t->node.call));
    optest_get(dc[1], &t->node.call.din[1]);
    for (int i = 0; i < SIZE_C; i++)
        assert_close(dc[1][i], 2 * (double)dc[0][i] - (double)dc[2][i],
                     1e-4 * (1 + fabs(dc[0][i])));
    optest_node_free(&t->node);
    free(t);
}

static void names_what_does_not_fit(void **state)
{
    encnet__node_shape s = {.n_in = 3, .in = {{1, 2, 2, 8}, {1, 1, 4, 9}, {1, 1, 1, 4}}};

    (void)state;
    assert_int_equal(encnet__op_encoding.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "D=8"));
    s.in[1].c = 8;
    s.in[2].c = 5;
    assert_int_equal(encnet__op_encoding.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "K=4"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(far_from_the_origin),
        cmocka_unit_test(hard_assignment),
        cmocka_unit_test(faint_codewords),
        cmocka_unit_test(positive_scale),
        cmocka_unit_test(zero_scale),
        cmocka_unit_test(other_factors_for_backward),
        cmocka_unit_test(names_what_does_not_fit),
    };

    return optest_main_both(&encnet__op_encoding, extra, COUNT_OF(extra));
}
