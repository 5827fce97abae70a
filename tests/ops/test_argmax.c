/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_argmax.c - argmax against its reference, ties and NaN. */
#include "support/optest.h"

#include <math.h>

enum { M = 35 };

static void put_row(float *row, float rest, int at, float value)
{
    for (int m = 0; m < M; m++) row[m] = rest;
    row[at] = value;
}

static void ties_and_nans(void **state)
{
    const encnet__shape in = {1, 1, 8, M};
    static float z[8 * M];
    int32_t y[8];
    optest_node node;

    (void)state;
    put_row(z, 1, 0, 1);          /* all equal: the first */
    put_row(z + M, 0, 34, 1);     /* the last, in the tail of the row */
    put_row(z + 2 * M, 0, 33, 1); /* two of them, a vector apart */
    z[2 * M + 17] = 1;
    put_row(z + 3 * M, -3.2e38f, 20, -3e38f);
    put_row(z + 4 * M, NAN, 18, -1); /* the only number */
    put_row(z + 5 * M, NAN, 0, NAN);
    put_row(z + 6 * M, 1, 34, NAN); /* a single one, in the tail */
    put_row(z + 7 * M, 1, 3, INFINITY);
    optest_node_make(&node, &encnet__op_argmax, NULL, 1, &in, false);
    optest_put(&node.call.in[0], z);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    assert_int_equal(y[0], 0);
    assert_int_equal(y[1], 34);
    assert_int_equal(y[2], 17);
    assert_int_equal(y[3], 20);
    for (int i = 4; i < 8; i++) assert_int_equal(y[i], -1);
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {cmocka_unit_test(ties_and_nans)};

    return optest_main(&encnet__op_argmax, extra, COUNT_OF(extra));
}
