/*
 * test_conv2d.c - convolution: the device's own choice on every row, then every algorithm forced in
 * turn, the choice itself, and shapes that do not fit.
 */
#include "support/optest.h"

#include "ops/attr.h"
#include "ops/conv/engine.h"

#include <stdlib.h>
#include <string.h>

/* The device of the other tests, opened once more with one algorithm forced. */
static encnet_device *open_forced(const char *algorithm)
{
    encnet_device_options options = *encnet__device_options_of(optest_device());
    encnet_device *dev = NULL;

    options.conv = algorithm;
    OPTEST_OK(encnet_device_open(&dev, &options));
    return dev;
}

static void check_forced(void **state)
{
    encnet__check result = {0};
    encnet_device *dev = open_forced(*state);
    bool small_only = getenv("ENCNET_TEST_SMALL") != NULL;
    encnet_status rc = encnet__check_op(&result, dev, &encnet__op_conv2d, small_only);

    encnet_device_close(dev);
    OPTEST_OK(rc);
    print_message("    worst error / tolerance %.3g at %s\n", result.worst, result.where);
}

static const encnet__conv small_1x1 = {2, 6, 7, 16, 20, 1, 1, 1, 0, 1, 1, 6, 7},
                          same_3x3 = {1, 8, 8, 16, 32, 3, 3, 1, 1, 1, 1, 8, 8},
                          grouped = {1, 8, 8, 16, 32, 3, 3, 1, 1, 1, 2, 8, 8};

static const char *choice(const encnet__conv *conv, encnet_device *dev)
{
    const char *name = encnet__conv_choose(conv, ENCNET__CONV_FORWARD, dev)->name;

    assert_string_equal(name, encnet__conv_choose(conv, ENCNET__CONV_DATA, dev)->name);
    assert_string_equal(name, encnet__conv_choose(conv, ENCNET__CONV_FILTER, dev)->name);
    return name;
}

/* What is forced is taken where it applies; else the device's own choice, and the reference for
 * what nobody else does. */
static void falls_back(void **state)
{
    static const char *const names[] = {"reference", "packed", "tiled", "gemm"};
    const char *own = choice(&same_3x3, optest_device());

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        encnet_device *dev = open_forced(names[i]);
        assert_string_equal(choice(&small_1x1, dev), names[i]);
        assert_string_equal(choice(&same_3x3, dev), strcmp(names[i], "gemm") ? names[i] : own);
        assert_string_equal(choice(&grouped, dev), "reference");
        encnet_device_close(dev);
    }
}

static encnet_status infer(const encnet__conv2d_attr *attr, encnet__shape x, encnet__shape w,
                           encnet__shape b, encnet__shape a)
{
    encnet__node_shape shape = {.attr = attr, .n_in = 4, .in = {x, w, b, a}};

    return encnet__op_conv2d.infer(&shape);
}

static void expect(encnet_status got, encnet_status expected, const char *message)
{
    assert_int_equal(got, expected);
    assert_string_equal(encnet_last_error(), message);
}

static void refuses_shapes(void **state)
{
    static const encnet__conv2d_attr same = {1, 1, 1, 1, false}, pairs = {1, 1, 1, 2, false},
                                     still = {0, 1, 1, 1, false}, far = {1, 1, 4, 1, false};
    const encnet__shape x = {1, 8, 6, 16}, w = {3, 3, 16, 20}, none = {0};

    (void)state;
    expect(infer(&same, x, (encnet__shape){3, 3, 12, 20}, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=12 and K=20, groups is 1");
    expect(infer(&pairs, x, w, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=16 and K=20, groups is 2");
    expect(infer(&pairs, x, (encnet__shape){3, 3, 8, 21}, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=8 and K=21, groups is 2");
    expect(infer(&still, x, w, none, none), ENCNET_E_ARG,
           "conv2d: stride 0, pad 1, dilation 1, groups 1");
    expect(infer(&far, x, w, none, none), ENCNET_E_SHAPE,
           "conv2d: a kernel of 3x3, dilation 4, does not fit x of 8x6 with padding 1");
    expect(infer(&same, x, w, (encnet__shape){1, 1, 1, 16}, none), ENCNET_E_SHAPE,
           "conv2d: w has K=20, b is [1,1,1,16]");
    expect(infer(&same, x, w, none, x), ENCNET_E_SHAPE,
           "conv2d: the output is [1,8,6,20], a is [1,8,6,16]");
    OPTEST_OK(infer(&same, x, w, (encnet__shape){1, 1, 1, 20}, (encnet__shape){1, 8, 6, 20}));
}

/* Folding leaves nothing of an addend or a ReLU for backward to see. */
static void refuses_backward(void **state)
{
    static const encnet__conv2d_attr relu = {1, 0, 1, 1, true};
    const encnet__shape in[2] = {{1, 2, 2, 3}, {1, 1, 3, 4}};
    optest_node node;

    (void)state;
    optest_node_make(&node, &encnet__op_conv2d, &relu, 2, in, true);
    expect(node.op->backward(&node.call), ENCNET_E_ARG,
           "conv2d: an addend or a ReLU within the convolution has no backward pass");
    optest_node_free(&node);
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        {"all rows, reference", check_forced, NULL, NULL, (void *)"reference"},
        {"all rows, packed", check_forced, NULL, NULL, (void *)"packed"},
        {"all rows, tiled", check_forced, NULL, NULL, (void *)"tiled"},
        {"all rows, gemm", check_forced, NULL, NULL, (void *)"gemm"},
        {"all rows, winograd", check_forced, NULL, NULL, (void *)"winograd"},
        cmocka_unit_test(falls_back),
        cmocka_unit_test(refuses_shapes),
        cmocka_unit_test(refuses_backward),
    };

    return optest_main(&encnet__op_conv2d, extra, COUNT_OF(extra));
}
