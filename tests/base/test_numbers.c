/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_numbers.c - numbers and words in a program whose locale has a decimal comma, and is left as it is.
 * tests/golden/locale/comma is of localedef, with nothing but LC_NUMERIC. */
#include <encnet/log.h>
#include <encnet/options.h>
#include "support/support.h"
#include "base/base.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_comma(void)
{
    char text[16];

    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, "1,5");
}

static void numbers_are_read(void **state)
{
    static const struct {
        const char *text;
        double value;
        const char *rest;
    } rows[] = {{"0.25", 0.25, ""}, {"-1e-3,7", -1e-3, ",7"}, {"1.5x", 1.5, "x"}, {"3", 3, ""}};
    const char *end;
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(encnet__real(&value, rows[i].text, &end));
        assert_true(value == rows[i].value);
        assert_string_equal(end, rows[i].rest);
    }
    assert_false(encnet__real(&value, "x", &end));
    assert_comma();
}

static void on_remark(void *user, encnet_log_level level, const char *line)
{
    (void)level;
    snprintf(user, 32, "%s", line);
    assert_comma(); /* the program's own code runs in its own locale */
}

static void numbers_are_printed(void **state)
{
    encnet__text text = {0};
    char out[32];

    (void)state;
    assert_int_equal(encnet__print(out, sizeof out, "%g|%.2f", 0.5, 2.25), 8);
    assert_string_equal(out, "0.5|2.25");
    encnet__text_add(&text, "%g", 0.5);
    assert_string_equal(text.data, "0.5");
    encnet__text_free(&text);
    assert_int_equal(encnet__fail(ENCNET_E_ARG, "%g", 0.5), ENCNET_E_ARG);
    assert_string_equal(encnet_last_error(), "0.5");
    encnet_log_set(on_remark, out);
    encnet__say(ENCNET_LOG_INFO, "%g", 2.5);
    encnet_log_set(NULL, NULL);
    assert_string_equal(out, "2.5");
    assert_comma();
}

static void options_are_the_same(void **state)
{
    encnet_options o;
    char text[64];

    (void)state;
    encnet_options_default(&o);
    assert_true(o.augment.mean[0] == 123.675);
    assert_ok(encnet_options_set(&o, "optimizer.lr", "0.0125"));
    assert_true(o.optimizer.lr == 0.0125);
    assert_ok(encnet_options_get(text, sizeof text, &o, "augment.std"));
    assert_string_equal(text, "58.395,57.12,57.375");
    assert_fails(encnet_options_set(&o, "optimizer.lr", "0,0125"), ENCNET_E_CONFIG, "0,0125");
    assert_comma();
}

/* By ASCII alone: in Turkish, i and I are no pair. */
static void words_are_compared(void **state)
{
    (void)state;
    assert_true(encnet__same_word("INTEL", "intel"));
    assert_false(encnet__same_word("intel", "intel "));
    assert_false(encnet__same_word("\xc4", "\xe4"));
    assert_true(encnet__has_word("An Intel device", "INTEL"));
    assert_true(encnet__has_word("x", ""));
    assert_false(encnet__has_word("Inte", "intel"));
}

static int set_up(void **state)
{
    (void)state;
    if (setenv("LOCPATH", TEST_DIR "/golden/locale", 1) != 0 || !setlocale(LC_NUMERIC, "comma")) {
        print_error("no locale with a comma\n");
        return -1;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(numbers_are_printed),
        cmocka_unit_test(options_are_the_same),
        cmocka_unit_test(words_are_compared),
    };

    return cmocka_run_group_tests_name("base/numbers", tests, set_up, NULL);
}
