/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* same_floats.c - reads both and compares them. */
#include "support/same_floats.h"

#include "support/support.h"

void same_floats(const encnet__param *a, const encnet__param *b, encnet__buffer *from_a,
                 encnet__buffer *from_b)
{
    size_t bytes = encnet__param_count(a) * sizeof(float);
    float *x = malloc(bytes), *y = malloc(bytes);

    assert_true(x && y);
    assert_ok(encnet__param_read(x, a, from_a));
    assert_ok(encnet__param_read(y, b, from_b));
    if (memcmp(x, y, bytes)) fail_msg("%s differs", a->name);
    free(x);
    free(y);
}
