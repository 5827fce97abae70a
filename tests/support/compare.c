/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* compare.c - comparisons of floating-point numbers that fail on NaN. */
#include "support/compare.h"

#include <math.h>

#include "support/support.h"

bool is_close(double got, double want, double allowed)
{
    return isfinite(allowed) && fabs(got - want) <= allowed;
}

void assert_close_at(double got, double want, double allowed, const char *what, const char *file,
                     int line)
{
    if (is_close(got, want, allowed)) return;
    print_error("%s is %.17g, not %.17g: off by %.3g, allowed %.3g\n", what, got, want,
                fabs(got - want), allowed);
    _fail(file, line);
}

double max_or_nan(double a, double b)
{
    if (isnan(a) || isnan(b)) return NAN;
    return a > b ? a : b;
}

double min_or_nan(double a, double b)
{
    return -max_or_nan(-a, -b);
}
