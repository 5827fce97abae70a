/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* numbers.c - numbers in texts, the same in every locale. */
#include "options/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* Whether the digits of a number are those of zero: 1e-400 is none, and not so small a number either. */
static bool is_zero(const char *text)
{
    text += strspn(text, "+-.0");
    return *text < '1' || *text > '9';
}

bool encnet__number(double *out, const char *text, const char **end)
{
    size_t length = strspn(text, "0123456789+-.eE");

    return encnet__real(out, text, end) && *end == text + length && isfinite(*out) &&
           (*out != 0 || is_zero(text));
}

int encnet__numbers(double *out, const encnet__option *row, const char *text)
{
    int n = 0;

    if (*text == '\0') return row->fewest_numbers == 0 ? 0 : -1;
    for (;;) {
        const char *start = skip_blanks(text);
        double value;

        if (n == row->most_numbers || !encnet__number(&value, start, &text)) return -1;
        if (row->whole && start + strspn(start, "0123456789") != text) return -1;
        if (!(value >= row->least && value <= row->most)) return -1;
        if (out) out[n] = value;
        n++;
        text = skip_blanks(text);
        if (*text == '\0') return n >= row->fewest_numbers ? n : -1;
        if (*text++ != ',') return -1;
    }
}

/* The shortest of the usual precisions that reads back as the same number. */
void encnet__number_print(encnet__text *out, double value)
{
    char text[40];
    const char *end;
    double read;

    for (int digits = 15; digits <= 17; digits++) {
        encnet__print(text, sizeof text, "%.*g", digits, value);
        if (encnet__real(&read, text, &end) && read == value) break;
    }
    encnet__text_add(out, "%s", text);
}
