/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config_test.h - a configuration from a text, and its problems as one text. */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "config/reader.h"

static encnet__text problems; /* of the last load, one per line */

static void keep_problem(void *user, const char *line)
{
    (void)user;
    encnet__text_add(&problems, "%s\n", line);
}

static inline encnet_status parse(encnet_config **out, const char *text)
{
    encnet__text_free(&problems);
    *out = NULL;
    return encnet__config_parse(out, "a.ini", text, strlen(text), keep_problem, NULL);
}

static inline encnet_status load(encnet_config **out, const char *path, const char *const *set,
                                 int n)
{
    encnet__text_free(&problems);
    *out = NULL;
    return encnet_config_load(out, path, set, n, keep_problem, NULL);
}

/* The text is refused, and these are all its problems. */
static inline void expect_problems(const char *text, const char *lines)
{
    encnet_config *c;

    assert_int_equal(parse(&c, text), ENCNET_E_CONFIG);
    assert_null(c);
    assert_string_equal(problems.data, lines);
    assert_memory_equal(encnet_last_error(), lines, strcspn(lines, "\n"));
}

#endif
