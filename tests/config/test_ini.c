/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_ini.c - the lines that the reader passes to libinih, and those that it refuses. */
#include "config_test.h"

static void reads_what_editors_write(void **state)
{
    static const char *const texts[] = {
        "[model]\nclasses = 7\n",
        "[model]\r\nclasses = 7\r\n",
        "\xEF\xBB\xBF[model]\nclasses=7",
        "# a\n; b\n\n[model] ; c\n\n  classes : 7 ; d\n",
        "[model]\nnetwork = fcn\n\tclasses = 7\n",
        "[model]\nclasses = \\\n   7\n",
        "[data]\nroot = x\n[model]\nclasses = 7\n[data]\ntype = folder\n",
    };
    encnet_config *c;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_int_equal(parse(&c, texts[i]), ENCNET_OK);
        assert_int_equal(encnet_config_options(c)->model.classes, 7);
        encnet_config_free(c);
    }
}

static void joins_lines(void **state)
{
    encnet_config *c;

    (void)state;
    assert_int_equal(parse(&c, "[data]\nroot = /a/long/\\\n    path/\xC3\xA4 b=[c]#\\\n/end\n"),
                     ENCNET_OK);
    assert_string_equal(encnet_config_options(c)->data.root, "/a/long/path/\xC3\xA4 b=[c]#/end");
    encnet_config_free(c);
}

static void takes_long_comments(void **state)
{
    encnet__text t = {0};
    encnet_config *c;

    (void)state;
    encnet__text_add(&t, "# ");
    for (int i = 0; i < 60; i++) encnet__text_add(&t, "classes = 3 ");
    encnet__text_add(&t, "\n[model]\nclasses = 7\n");
    assert_int_equal(parse(&c, t.data), ENCNET_OK);
    assert_int_equal(encnet_config_options(c)->model.classes, 7);
    encnet_config_free(c);
    encnet__text_free(&t);
}

/* libinih alone would cut at 199 bytes and read the rest as a key. */
static void takes_long_lines(void **state)
{
    encnet__text t = {0}, path = {0};
    encnet_config *c;

    (void)state;
    for (int n = 100; n < 900; n += 13) { /* every place for the cuts */
        path.size = t.size = 0;
        for (int i = 0; i < n; i++)
            encnet__text_add(&path, "%s", i % 7 ? "x" : i % 3 ? " a" : "\xC3\xA4#;");
        encnet__text_add(&path, "e");
        encnet__text_add(&t, "[data]\n  root = %s ; a comment\\ of = any ; length %0300d\n",
                         path.data, 1);
        encnet__text_add(&t, "[model]\nclasses = 7\n");
        assert_int_equal(parse(&c, t.data), ENCNET_OK);
        assert_string_equal(encnet_config_options(c)->data.root, path.data);
        assert_int_equal(encnet_config_options(c)->model.classes, 7);
        encnet_config_free(c);
    }
    t.size = 0;
    encnet__text_add(&t, "[data]\nroot = a%300s\n", "b");
    expect_problems(t.data, "a.ini:2: more than 190 blanks in a row\n");
    t.size = 0;
    encnet__text_add(&t, "[data]\n%0300d = a\n", 1);
    expect_problems(t.data, "a.ini:2: a key of more than 190 bytes\n");
    t.size = 0;
    encnet__text_add(&t, "[%0300d]\n", 1);
    expect_problems(t.data, "a.ini:1: a section of more than 190 bytes\n");
    encnet__text_free(&t);
    encnet__text_free(&path);
}

static void refuses_what_is_no_text(void **state)
{
    static const char zero[] = "[model]\nclasses = 7\0\n";
    encnet_config *c;

    (void)state;
    expect_problems("[model]\rclasses = 7\r", "a.ini:1: a carriage return without a line feed\n");
    expect_problems("[data]\nroot = \xE9t\xE9\n", "a.ini:2: not UTF-8\n");
    expect_problems("[data]\nroot = \xED\xA0\x80\n", "a.ini:2: not UTF-8\n");
    expect_problems("[data]\nroot = a\x1b[1m\n", "a.ini:2: a control character\n");
    encnet__text_free(&problems);
    assert_int_equal(encnet__config_parse(&c, "a.ini", zero, sizeof zero - 1, keep_problem, NULL),
                     ENCNET_E_CONFIG);
    assert_string_equal(problems.data, "a.ini:2: a zero byte: this is no text file\n");
}

static void refuses_what_is_no_ini(void **state)
{
    (void)state;
    expect_problems("[model\nclasses = 7\n", "a.ini:1: a section without its ]\n");
    expect_problems("[model] classes = 7\n",
                    "a.ini:1: something stands behind the ] of a section\n");
    expect_problems("[model]\nclasses\nnetwork = fcn\n7\n",
                    "a.ini:2: neither [section] nor key = value\n"
                    "a.ini:4: neither [section] nor key = value\n");
    expect_problems("classes = 7\n", "a.ini:1: classes stands above the first [section]\n");
    expect_problems("[model]\n= 7\n", "a.ini:2: a value without a key\n");
    expect_problems("[model]\nclasses = 7\\\n", "a.ini:2: the last line ends in a backslash\n");
    expect_problems("[model]\nclasses = 7\\\n# 8\n",
                    "a.ini:3: the line before ends in a backslash, but does not go on here\n");
}

/* A file of garbage is not answered by thousands of lines. */
static void stops_counting_aloud(void **state)
{
    encnet__text t = {0};
    encnet_config *c;
    int lines = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) encnet__text_add(&t, "%d\n", i);
    assert_int_equal(parse(&c, t.data), ENCNET_E_CONFIG);
    for (const char *p = problems.data; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 101);
    assert_non_null(strstr(problems.data, "and 900 problems more"));
    encnet__text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_editors_write), cmocka_unit_test(joins_lines),
        cmocka_unit_test(takes_long_comments),      cmocka_unit_test(takes_long_lines),
        cmocka_unit_test(refuses_what_is_no_text),  cmocka_unit_test(refuses_what_is_no_ini),
        cmocka_unit_test(stops_counting_aloud),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
