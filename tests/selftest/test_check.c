/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_check.c - the checker finds every kind of error.
 *
 * Each test breaks one thing in relu and expects a failure whose message names it.
 */
#include "support/optest.h"

#include <string.h>

static const encnet__case *small_row(void)
{
    return &encnet__op_relu.cases[1];
}

/* Runs one row of a broken op; the sentence holds `expected`. */
static void expect(const encnet__op *op, const char *expected)
{
    encnet__check result = {0};

    assert_int_equal(encnet__check_case(&result, optest_device(), op, small_row(), ENCNET__F32),
                     ENCNET_E_DEVICE);
    if (!strstr(encnet_last_error(), expected))
        fail_msg("\"%s\" lacks \"%s\"", encnet_last_error(), expected);
}

static size_t count_of(const encnet__call *call)
{
    return encnet__shape_count(call->out.shape);
}

/* Changes element `at` of a buffer to what `change` makes of it. */
static encnet_status poke(encnet__buffer *b, size_t at, float factor, float add)
{
    encnet_status rc;
    float f;

    TRY(encnet__read(&f, b, 4 * at, 4));
    f = f * factor + add;
    TRY(encnet__write(b, 4 * at, &f, 4));
done:
    return rc;
}

/* A launch that covers `extra` elements more than there are. */
static encnet_status forward_of(const encnet__call *call, encnet__buffer *y, size_t count)
{
    return LAUNCH(call->dev, "relu", "relu_fwd", "", GRID1(count, 256), BUF(y),
                  BUF(call->in[0].buffer), UINT(count));
}

static encnet_status forward_off(const encnet__call *call)
{
    encnet_status rc = encnet__op_relu.forward(call);

    return rc == ENCNET_OK ? poke(call->out.buffer, 17, 1, 1e-3f) : rc;
}

static encnet_status forward_short(const encnet__call *call)
{
    return forward_of(call, call->out.buffer, count_of(call) - 1);
}

static encnet_status forward_long(const encnet__call *call)
{
    return forward_of(call, call->out.buffer, count_of(call) + 3);
}

static encnet_status forward_in_place(const encnet__call *call)
{
    encnet_status rc;

    TRY(forward_of(call, call->in[0].buffer, count_of(call)));
    TRY(encnet__copy(call->out.buffer, 0, call->in[0].buffer, 0, 4 * count_of(call)));
done:
    return rc;
}

static encnet_status forward_restless(const encnet__call *call)
{
    static float change;
    encnet_status rc = encnet__op_relu.forward(call);

    change += 1e-7f;
    return rc == ENCNET_OK ? poke(call->out.buffer, 0, 1, change) : rc;
}

static encnet_status backward_sign(const encnet__call *call)
{
    encnet_status rc;

    TRY(encnet__op_relu.backward(call));
    for (size_t i = 0; i < count_of(call); i++) TRY(poke(call->din[0].buffer, i, -1, 0));
done:
    return rc;
}

/* One element of 210 is off by a thousandth: the direction finds it even when the sample does not.
 */
static encnet_status backward_off(const encnet__call *call)
{
    encnet_status rc = encnet__op_relu.backward(call);

    return rc == ENCNET_OK ? poke(call->din[0].buffer, 101, 1, 1e-3f) : rc;
}

static encnet_status backward_adds(const encnet__call *call)
{
    encnet_status rc;
    float before, after;

    TRY(encnet__read(&before, call->din[0].buffer, 0, 4));
    TRY(encnet__op_relu.backward(call));
    TRY(encnet__read(&after, call->din[0].buffer, 0, 4));
    TRY(poke(call->din[0].buffer, 0, 1, before));
done:
    return rc;
}

static encnet_status backward_spoils(const encnet__call *call)
{
    encnet_status rc = encnet__op_relu.backward(call);

    return rc == ENCNET_OK ? poke(call->in[0].buffer, 3, 1, 1) : rc;
}

static unsigned reads_nothing(const encnet__node_shape *shape)
{
    (void)shape;
    return 0;
}

#define BROKEN(test, field, value, expected)                                                       \
    static void test(void **state)                                                                 \
    {                                                                                              \
        encnet__op op = encnet__op_relu;                                                           \
        (void)state;                                                                               \
        op.field = value;                                                                          \
        expect(&op, expected);                                                                     \
    }

BROKEN(finds_wrong_element, forward, forward_off, "relu (odd, F32): forward out[17] is")
BROKEN(finds_unwritten_element, forward, forward_short, "forward out[209] is nan")
BROKEN(finds_write_behind, forward, forward_long,
       "forward, out: 6 bytes behind the buffer were overwritten")
BROKEN(finds_changed_input, forward, forward_in_place, "forward, in[0][")
BROKEN(finds_other_bits, forward, forward_restless, "second forward, out[0]: the bits differ")
BROKEN(finds_wrong_recompute, recompute, forward_off, "recompute, out[17]: the bits differ")
BROKEN(finds_wrong_sign, backward, backward_sign, "backward din[0][")
BROKEN(finds_wrong_gradient, backward, backward_off, "backward din[0]")
BROKEN(finds_adding, backward, backward_adds, "backward din[0][0] is nan")
BROKEN(finds_spoilt_input, backward, backward_spoils, "backward, in[0][3]: the bits differ")
BROKEN(finds_undeclared_read, backward_reads, reads_nothing, "backward din[0]")

static void passes_the_right_one(void **state)
{
    encnet__check result = {0};

    (void)state;
    OPTEST_OK(
        encnet__check_case(&result, optest_device(), &encnet__op_relu, small_row(), ENCNET__F32));
    assert_true(result.worst <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_the_right_one),    cmocka_unit_test(finds_wrong_element),
        cmocka_unit_test(finds_unwritten_element), cmocka_unit_test(finds_write_behind),
        cmocka_unit_test(finds_changed_input),     cmocka_unit_test(finds_other_bits),
        cmocka_unit_test(finds_wrong_recompute),   cmocka_unit_test(finds_wrong_sign),
        cmocka_unit_test(finds_wrong_gradient),    cmocka_unit_test(finds_adding),
        cmocka_unit_test(finds_spoilt_input),      cmocka_unit_test(finds_undeclared_read),
    };

    return optest_group("check", tests, COUNT_OF(tests));
}
