/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_resize.c - resize against its reference; values that PyTorch gives; sizes that do not fit.
 */
#include "support/optest.h"

#include "ops/attr.h"

static void resize_row(float *y, int wide, const float *x, int from, bool align_corners)
{
    const encnet__resize_attr attr = {1, wide, align_corners};
    encnet__shape shape = {1, 1, from, 1};
    optest_node node;

    optest_node_make(&node, &encnet__op_resize, &attr, 1, &shape, false);
    optest_put(&node.call.in[0], x);
    OPTEST_OK(node.op->forward(&node.call));
    optest_get(y, &node.call.out);
    optest_node_free(&node);
}

/* torch.nn.functional.interpolate(mode='bilinear') of [0, 1, 4] to 6 columns. */
static void agrees_with_pytorch(void **state)
{
    const float x[3] = {0, 1, 4}, centres[6] = {0, 0.25f, 0.75f, 1.75f, 3.25f, 4};
    const float corners[6] = {0, 0.4f, 0.8f, 1.6f, 2.8f, 4};
    float y[6];

    (void)state;
    resize_row(y, 6, x, 3, false);
    for (int i = 0; i < 6; i++) assert_close(y[i], centres[i], 1e-6);
    resize_row(y, 6, x, 3, true);
    for (int i = 0; i < 6; i++) assert_close(y[i], corners[i], 1e-6);
}

static void same_size_copies_bits(void **state)
{
    const float x[5] = {0.1f, -3.3f, 1e-30f, 7e20f, -0.7f};
    float y[5];

    (void)state;
    resize_row(y, 5, x, 5, false);
    assert_memory_equal(y, x, sizeof x);
    resize_row(y, 5, x, 5, true);
    assert_memory_equal(y, x, sizeof x);
}

static void refuses_what_does_not_fit(void **state)
{
    const encnet__resize_attr huge = {40000, 2, false}, none = {0, 2, false};
    encnet__node_shape shape = {.attr = &huge, .n_in = 1, .in = {{1, 40000, 2, 1}}};

    (void)state;
    assert_int_equal(encnet__op_resize.infer(&shape), ENCNET_E_SHAPE);
    assert_string_equal(encnet_last_error(), "resize: [1,40000,2,1] to 40000 x 2 pixels");
    shape.attr = &none;
    assert_int_equal(encnet__op_resize.infer(&shape), ENCNET_E_SHAPE);
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(agrees_with_pytorch),
        cmocka_unit_test(same_size_copies_bits),
        cmocka_unit_test(refuses_what_does_not_fit),
    };

    return optest_main_both(&encnet__op_resize, extra, COUNT_OF(extra));
}
