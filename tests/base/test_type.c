/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_type.c - names, sizes, and numbers of 16 bits on the host. */
#include "support/support.h"

#include "base/type.h"
#include <math.h>

static void names_and_sizes(void **state)
{
    encnet__type type;

    (void)state;
    assert_true(encnet__type_find(&type, "BF16") && type == ENCNET__BF16);
    assert_false(encnet__type_find(&type, "F31"));
    assert_string_equal(encnet__type_name(ENCNET__F16), "F16");
    assert_int_equal(encnet__type_bytes(ENCNET__F16), 2);
    assert_int_equal(encnet__type_bytes(ENCNET__U8), 1);
    assert_int_equal(encnet__shape_bytes((encnet__shape){2, 3, 5, 7}, ENCNET__BF16), 420);
}

/* Every number of 16 bits comes back as it was. */
static void all_come_back(void **state)
{
    const encnet__type types[] = {ENCNET__F16, ENCNET__BF16};

    (void)state;
    for (size_t t = 0; t < COUNT_OF(types); t++)
        for (int i = 0; i < 1 << 16; i++) {
            uint16_t from = (uint16_t)i, to;
            double value = encnet__number_read(&from, types[t]);
            encnet__number_write(&to, value, types[t]);
            if (isnan(value))
                assert_true(isnan(encnet__number_read(&to, types[t])));
            else
                assert_int_equal(from, to);
        }
}

static uint16_t half(double value)
{
    uint16_t bits;

    encnet__number_write(&bits, value, ENCNET__F16);
    return bits;
}

static uint16_t bfloat(double value)
{
    uint16_t bits;

    encnet__number_write(&bits, value, ENCNET__BF16);
    return bits;
}

/* IEEE 754: to nearest, ties to even; bfloat16 likewise. */
static void rounds_to_nearest_even(void **state)
{
    (void)state;
    assert_int_equal(half(1), 0x3c00);
    assert_int_equal(half(-2), 0xc000);
    assert_int_equal(half(1 + 0x1p-11), 0x3c00);
    assert_int_equal(half(1 + 0x1.8p-10), 0x3c02);
    assert_int_equal(half(1 + 0x1.001p-11), 0x3c01);
    assert_int_equal(half(65519.99), 0x7bff);
    assert_int_equal(half(65520), 0x7c00);
    assert_int_equal(half(0x1p-24), 1);
    assert_int_equal(half(0x1p-25), 0);
    assert_int_equal(half(0x1.8p-24), 2);
    assert_int_equal(half(0x1.ffep-15), 0x0400);
    assert_int_equal(bfloat(1), 0x3f80);
    assert_int_equal(bfloat(1 + 0x1p-8), 0x3f80);
    assert_int_equal(bfloat(1 + 0x1.8p-7), 0x3f82);
    assert_int_equal(bfloat(3.4028234e38), 0x7f80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_sizes),
        cmocka_unit_test(all_come_back),
        cmocka_unit_test(rounds_to_nearest_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
