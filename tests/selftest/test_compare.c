/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_compare.c - the tests' own comparisons fail on NaN, and on infinity. */
#include "support/support.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct numbers {
    double got, want, allowed;
} numbers;

static const numbers good[] = {{1, 1, 0}, {1, 1.5, 0.5}, {-2, 2, 4}, {1, 1, 1e300}};

static const numbers bad[] = {
    {1, 1.5, 0.25},
    {1.5, 1, 0.25},
    {1, 1, -1},
    {NAN, 1, 1},
    {1, NAN, 1},
    {1, 1, NAN},
    {NAN, NAN, 1},
    {NAN, NAN, NAN},
    {NAN, 1, INFINITY},
    {INFINITY, 1, 1},
    {1, INFINITY, 1},
    {1, 1, INFINITY},
    {INFINITY, 1, 1e308},
    {INFINITY, INFINITY, 0},
    {-INFINITY, 1, INFINITY},
};

static void is_close_wants_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(is_close(good[i].got, good[i].want, good[i].allowed));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(is_close(bad[i].got, bad[i].want, bad[i].allowed));
}

static void compare(void **state)
{
    const numbers *row = *state;

    assert_close(row->got, row->want, row->allowed);
}

/* Whether a test that compares these numbers passes; it runs, silent, in a process of its own. */
static bool passes(const numbers *row)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(compare, (void *)row)};
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool silent = freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr);
        _exit(silent ? cmocka_run_group_tests(tests, NULL, NULL) : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

static void assert_close_fails_a_test(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) assert_true(passes(&good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++) assert_false(passes(&bad[i]));
}

static void extremes_keep_nan(void **state)
{
    const double x[] = {3, -1, NAN, 7};
    double most = x[0], least = x[0];

    (void)state;
    assert_true(max_or_nan(1, 2) == 2 && max_or_nan(2, 1) == 2 && max_or_nan(1, INFINITY) > 1e308);
    assert_true(min_or_nan(1, 2) == 1 && min_or_nan(2, 1) == 1 &&
                min_or_nan(1, -INFINITY) < -1e308);
    for (size_t i = 1; i < COUNT_OF(x); i++) {
        most = max_or_nan(most, x[i]);
        least = min_or_nan(least, x[i]);
    }
    assert_true(isnan(most) && isnan(least));
    assert_true(isnan(max_or_nan(NAN, 1)) && isnan(max_or_nan(1, NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_close_wants_numbers),
        cmocka_unit_test(assert_close_fails_a_test),
        cmocka_unit_test(extremes_keep_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
