/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_crc.c - both polynomials against their published check values, and in pieces. */
#include "support/support.h"

static void check_values(void **state)
{
    (void)state;
    assert_int_equal(encnet__crc(ENCNET__CRC32, 0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(encnet__crc(ENCNET__CRC32C, 0, "123456789", 9), 0xe3069283u);
    assert_int_equal(encnet__crc(ENCNET__CRC32, 0, "", 0), 0);
}

/* Cut anywhere, at any alignment, with the other polynomial in between: the same. */
static void pieces_make_the_whole(void **state)
{
    unsigned char bytes[67];
    uint32_t whole;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * i * 37 + 11);
    whole = encnet__crc(ENCNET__CRC32, 0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        uint32_t crc = encnet__crc(ENCNET__CRC32, 0, bytes, cut);
        (void)encnet__crc(ENCNET__CRC32C, 0, bytes, 9);
        assert_int_equal(encnet__crc(ENCNET__CRC32, crc, bytes + cut, sizeof bytes - cut), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values),
        cmocka_unit_test(pieces_make_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
