/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * compare.h - how the tests compare floating-point numbers: NaN fails, on whichever side it stands.
 *
 * Written by hand, `if (distance > allowed) fail()` and fmax() both let NaN pass.
 */
#ifndef TEST_COMPARE_H
#define TEST_COMPARE_H

#include <stdbool.h>

/* Whether |got - want| <= allowed.  False if any of the three is NaN or infinite. */
bool is_close(double got, double want, double allowed);

/* Fails the test unless is_close(). */
#define assert_close(got, want, allowed)                                                           \
    assert_close_at((got), (want), (allowed), #got, __FILE__, __LINE__)
void assert_close_at(double got, double want, double allowed, const char *what, const char *file,
                     int line);

/* The larger and the smaller of two numbers; NaN if either of them is. */
double max_or_nan(double a, double b);
double min_or_nan(double a, double b);

#endif
