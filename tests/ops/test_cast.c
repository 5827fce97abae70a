/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_cast.c - cast against its reference, and every rounding to 16 bits against the host's. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1 << 12 };

/* Ends, ties and their neighbours, then numbers of all sizes. */
static void fill(float *x)
{
    static const float edges[] = {0,
                                  -0.0f,
                                  1,
                                  0x1.002p0f,
                                  0x1.006p0f,
                                  0x1.0020002p0f,
                                  0x1.01p0f,
                                  0x1.03p0f,
                                  65504,
                                  65519,
                                  65520,
                                  -65520,
                                  0x1p-24f,
                                  0x1p-25f,
                                  0x1.8p-25f,
                                  0x1.8p-24f,
                                  0x1p-14f,
                                  0x1.ffcp-15f,
                                  0x1.fffp-15f,
                                  0x1p-133f,
                                  0x1.fffffep127f,
                                  INFINITY,
                                  -INFINITY,
                                  NAN};
    encnet__rng r = encnet__rng_at(1, 2, 3, 4);
    const uint32_t all_ones = 0x7fffffff; /* a NaN that would round to -0 */

    for (size_t i = 0; i < COUNT; i++)
        x[i] = i < COUNT_OF(edges)
                   ? edges[i]
                   : (float)ldexp(encnet__rng_normal(&r), (int)encnet__rng_below(&r, 48) - 28);
    memcpy(&x[COUNT - 1], &all_ones, sizeof all_ones);
}

static void rounds_as_the_host(encnet__type type)
{
    encnet__shape shape = {1, 1, 1, COUNT};
    float *x = malloc(COUNT * sizeof *x), *back = malloc(COUNT * sizeof *back);
    uint16_t *y = malloc(COUNT * sizeof *y), want;
    optest_node node;

    assert_true(x && y && back);
    fill(x);
    optest_node_make(&node, &encnet__op_cast, NULL, 1, &shape, false);
    node.call.out.type = type;
    optest_put(&node.call.in[0], x);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    node.call.dout = node.call.out; /* backward widens */
    node.call.din[0] = node.call.in[0];
    OPTEST_OK(node.op->backward(&node.call));
    optest_get(back, &node.call.in[0]);
    node.call.dout.buffer = node.call.din[0].buffer = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        encnet__number_write(&want, (double)x[i], type);
        if (isnan(x[i])) {
            assert_true(isnan(encnet__number_read(&y[i], type)) && isnan(back[i]));
            continue;
        }
        if (y[i] != want) fail_msg("%a becomes %#x, not %#x", (double)x[i], y[i], want);
        assert_true((double)back[i] == encnet__number_read(&want, type));
    }
    optest_node_free(&node);
    free(x);
    free(y);
    free(back);
}

static void float16(void **state)
{
    (void)state;
    rounds_as_the_host(ENCNET__F16);
}

static void bfloat16(void **state)
{
    (void)state;
    rounds_as_the_host(ENCNET__BF16);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(float16), cmocka_unit_test(bfloat16)};

    return optest_main(&encnet__op_cast, extra, COUNT_OF(extra));
}
