/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* scan.c - golden numbers, whatever locale the test runs in (ci/locale.sh). */
#define _POSIX_C_SOURCE 200809L
#include "support/scan.h"
#include "support/support.h"

#include <locale.h>

/* Makes the locale "C" that of this thread; returns the one before. */
static locale_t enter(void)
{
    static locale_t plain;

    if (!plain) plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    assert_true(plain != (locale_t)0);
    return uselocale(plain);
}

int scan_file(FILE *f, const char *format, ...)
{
    locale_t before = enter();
    va_list ap;
    int n;

    va_start(ap, format);
    n = vfscanf(f, format, ap);
    va_end(ap);
    uselocale(before);
    return n;
}

int scan_text(const char *text, const char *format, ...)
{
    locale_t before = enter();
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsscanf(text, format, ap);
    va_end(ap);
    uselocale(before);
    return n;
}

double scan_real(const char **text)
{
    double number;

    assert_true(encnet__real(&number, *text, text));
    return number;
}
