/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_rmi.c - rmi against its reference, with doubles and without, and where it has nothing to
 * compare. */
#include "support/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/options.h>
#include "ops/attr.h"

static const encnet__rmi_attr usual = {1e-3f, 0.5f};

static void set_double(bool has_double)
{
    ((encnet__device_facts *)encnet__device_facts_of(optest_device()))->has_double = has_double;
}

/* The loss of z [N,H,W,M]; dz too when it is not NULL. */
static float loss_of(const encnet__shape *shape, const float *z, const int32_t *label, float *dz)
{
    encnet__shape in[2] = {*shape, {shape->n, shape->h, shape->w, 1}};

    return optest_loss(&encnet__op_rmi, &usual, in, z, label, dz);
}

/* The small rows of the table on a device without double, as a CPU and as another one; for oclgrind
 * the first. */
static void without_double(void **state)
{
    bool has_double = encnet__device_facts_of(optest_device())->has_double;
    bool is_cpu = encnet__device_facts_of(optest_device())->is_cpu;

    (void)state;
    for (int i = 0; i < (getenv("ENCNET_TEST_SMALL") ? 1 : encnet__op_rmi.n_cases); i++) {
        const encnet__case *row = &encnet__op_rmi.cases[i];
        if (row->big) continue;
        for (int other = 0; other < 2; other++) {
            encnet__check result = {0};
            encnet_status status;
            set_double(false);
            optest_take_for_cpu(other ? !is_cpu : is_cpu);
            status =
                encnet__check_case(&result, optest_device(), &encnet__op_rmi, row, ENCNET__F32);
            set_double(has_double);
            optest_take_for_cpu(is_cpu);
            OPTEST_OK(status);
        }
    }
}

/* Predictions that almost are the labels, in areas: what is left of the covariances is a millionth of
 * them.  Pairs of floats give the loss and the gradient that doubles give, to float32. */
static void cancellation(void **state)
{
    enum { H = 97, W = 89, M = 3, COUNT = H * W * M };
    static float z[COUNT], dz[2][COUNT];
    static int32_t label[H * W];
    encnet__shape shape = {1, H, W, M};
    encnet__rng r = encnet__rng_at(7, 0, 0, 0);
    float loss[2];
    double largest = 0, distance = 0;
    bool has_double = encnet__device_facts_of(optest_device())->has_double;

    (void)state;
    if (getenv("ENCNET_TEST_SMALL") || !has_double) skip();
    for (int p = 0; p < H * W; p++) {
        label[p] = (p / W / 16 + p % W / 24) % M;
        for (int m = 0; m < M; m++)
            z[p * M + m] = (label[p] == m ? 9 : -9) + (float)encnet__rng_normal(&r);
    }
    loss[1] = loss_of(&shape, z, label, dz[1]);
    set_double(false);
    loss[0] = loss_of(&shape, z, label, dz[0]);
    set_double(has_double);
    for (int i = 0; i < COUNT; i++) {
        largest = max_or_nan(largest, fabs(dz[1][i]));
        distance = max_or_nan(distance, fabs(dz[0][i] - dz[1][i]));
    }
    print_message("    loss %.9g, without double %.9g; largest gradient %.3g, off by %.3g\n",
                  (double)loss[1], (double)loss[0], largest, distance);
    assert_close(loss[0], loss[1], 0x1p-23 * fabs(loss[1]));
    assert_close(distance, 0, 4 * 0x1p-24 * largest);
}

/* Nothing is labelled: Y and Q are constant, and alpha is all that is left. */
static void nothing_labelled(void **state)
{
    enum { H = 8, W = 9, M = 2 };
    encnet__shape shape = {1, H, W, M};
    float z[H * W * M], dz[H * W * M];
    int32_t label[H * W];
    double expected = 0.5 * M * log(sqrt((double)usual.alpha) + 1e-8);

    (void)state;
    for (int i = 0; i < H * W * M; i++) z[i] = (float)(i % 5) - 2;
    for (int p = 0; p < H * W; p++) label[p] = p % 3 == 0 ? -1 : p % 3 == 1 ? M : ENCNET_IGNORE;
    assert_close(loss_of(&shape, z, label, dz), expected, -4 * 0x1p-24 * expected);
    for (int i = 0; i < H * W * M; i++) assert_true(dz[i] == 0);
}

/* Logits of +-1e30 stay finite; a NaN shows. */
static void extremes(void **state)
{
    enum { H = 10, W = 10, M = 2 };
    encnet__shape shape = {1, H, W, M};
    float z[H * W * M], dz[H * W * M];
    int32_t label[H * W];

    (void)state;
    for (int p = 0; p < H * W; p++) {
        label[p] = p / 3 % 2;
        for (int m = 0; m < M; m++) z[p * M + m] = label[p] == m ? 1e30f : -1e30f;
    }
    assert_true(isfinite(loss_of(&shape, z, label, dz)));
    for (int i = 0; i < H * W * M; i++) assert_true(dz[i] == 0);
    z[37] = NAN;
    assert_true(isnan(loss_of(&shape, z, label, NULL)));
}

static void names_what_does_not_fit(void **state)
{
    encnet__rmi_attr attr = {1e-3f, 0.5f};
    encnet__node_shape s = {.attr = &attr, .n_in = 2, .in = {{1, 9, 6, 8}, {1, 9, 5, 1}}};

    (void)state;
    assert_int_equal(encnet__op_rmi.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "[1,9,5,1]"));
    s.in[1].w = 6;
    assert_int_equal(encnet__op_rmi.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "smaller than 7x7"));
    attr.alpha = 0;
    assert_int_equal(encnet__op_rmi.infer(&s), ENCNET_E_SHAPE);
    assert_non_null(strstr(encnet_last_error(), "alpha 0"));
}

int main(void)
{
    const struct CMUnitTest extra[] = {
        cmocka_unit_test(without_double),          cmocka_unit_test(cancellation),
        cmocka_unit_test(nothing_labelled),        cmocka_unit_test(extremes),
        cmocka_unit_test(names_what_does_not_fit),
    };

    return optest_main_both(&encnet__op_rmi, extra, COUNT_OF(extra));
}
