/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_utf8.c - the bytes that are UTF-8, at the edges of every range. */
#include "support/support.h"

/* Checks a copy with nothing behind it, so that a sanitizer notices a read beyond the end. */
static bool check(const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size + !size);
    bool valid;

    assert_non_null(copy);
    memcpy(copy, text, size);
    valid = encnet__is_utf8(copy, size);
    free(copy);
    return valid;
}

static void valid(void **state)
{
    static const char *const texts[] = {
        "",
        "plain \t\x7f",
        "\xC2\x80 \xDF\xBF",
        "\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF",
        "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!check(texts[i])) fail_msg("text %zu", i);
    assert_true(encnet__is_utf8("a\0b", 3));
}

static void invalid(void **state)
{
    static const char *const texts[] = {
        "\x80", /* no first byte */
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x9F\xBF",
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",
        "\xED\xBF\xBF", /* surrogates */
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF", /* above 10FFFF */
        "\xC2",
        "\xE1\x80",
        "\xF1\x80\x80", /* truncated */
        "\xC2\x41",
        "\xE1\x80\x41",
        "\xE1\x41\x80",
        "\xF1\x80\x80\xC0", /* no continuation */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (check(texts[i])) fail_msg("text %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid),
        cmocka_unit_test(invalid),
    };

    return cmocka_run_group_tests_name("UTF-8", tests, NULL, NULL);
}
