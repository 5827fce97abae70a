/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_text_file.c - text files of other systems, and paths with ~ and variables. */
#include "support/support.h"

static void expect_clean(const char *text, size_t size, const char *expected)
{
    char copy[64];

    memcpy(copy, text, size);
    copy[size] = 'x';
    assert_ok(encnet__text_clean(copy, &size, "a.txt"));
    assert_int_equal(size, strlen(expected));
    assert_string_equal(copy, expected);
}

static void cleans(void **state)
{
    char utf16[] = "\xff\xfe"
                   "a\0\n\0",
         other[] = "\xfe\xff\0a";
    size_t size = 6;

    (void)state;
    expect_clean("", 0, "");
    expect_clean("a\nb", 3, "a\nb");
    expect_clean("a\r\nb\r\n", 6, "a\nb\n");
    expect_clean("\xef\xbb\xbf"
                 "a\r\n",
                 6, "a\n");
    expect_clean("\xef\xbb\xbf", 3, "");
    expect_clean("a\rb\r", 4, "a\nb\n");
    expect_clean("a\rb\n", 4, "a\rb\n"); /* no end of a line: whoever reads it may refuse it */
    expect_clean("\r\n\r\n", 4, "\n\n");
    assert_fails(encnet__text_clean(utf16, &size, "a.txt"), ENCNET_E_DATA, "a.txt: UTF-16 text");
    size = 4;
    assert_fails(encnet__text_clean(other, &size, "a.txt"), ENCNET_E_DATA, "save it as UTF-8");
    size = 4;
    assert_fails(encnet__text_clean(utf16 + 2, &size, "a.txt"), ENCNET_E_DATA, "UTF-16");
    assert_fails(encnet__text_clean((char[]){"\0a\0b"}, &size, "a.txt"), ENCNET_E_DATA, "UTF-16");
}

static void expect_path(const char *path, const char *expected)
{
    char *got;

    assert_ok(encnet__path_expand(&got, path));
    assert_string_equal(got, expected);
    encnet__free(got);
}

static void expands(void **state)
{
    char *got;

    (void)state;
    setenv("HOME", "/home/me", 1);
    setenv("ENCNET_TEST_DATA", "/data", 1);
    unsetenv("ENCNET_TEST_NONE");
    expect_path("\"a b\"", "a b");
    expect_path("\"", "\"");
    expect_path("", "");
    expect_path("a b/c", "a b/c");
    expect_path("~", "/home/me");
    expect_path("~/x", "/home/me/x");
    expect_path("~you/x", "~you/x");
    expect_path("a/~", "a/~");
    expect_path("$ENCNET_TEST_DATA/x", "/data/x");
    expect_path("a${ENCNET_TEST_DATA}b", "a/datab");
    expect_path("cost$$5", "cost$5");
    assert_fails(encnet__path_expand(&got, "$ENCNET_TEST_NONE/x"), ENCNET_E_CONFIG,
                 "the environment has no ENCNET_TEST_NONE");
    assert_fails(encnet__path_expand(&got, "a$/x"), ENCNET_E_CONFIG, "no name of a variable");
    assert_fails(encnet__path_expand(&got, "${HOME"), ENCNET_E_CONFIG, "no name of a variable");
    unsetenv("HOME");
    assert_fails(encnet__path_expand(&got, "~/x"), ENCNET_E_CONFIG, "the environment has no HOME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans),
        cmocka_unit_test(expands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
