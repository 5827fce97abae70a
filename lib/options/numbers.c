/* numbers.c - numbers in texts, the same in every locale. */
#define _POSIX_C_SOURCE 200809L
#include "options/options.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* Between these two a point is the decimal point, whatever the program's locale says. */
typedef struct locale_guard {
    locale_t c, before;
} locale_guard;

static locale_guard enter(void)
{
    locale_guard l = {.c = newlocale(LC_ALL_MASK, "C", (locale_t)0)};

    if (l.c) l.before = uselocale(l.c);
    return l;
}

static void leave(locale_guard l)
{
    if (!l.c) return;
    uselocale(l.before);
    freelocale(l.c);
}

bool encnet__number(double *out, const char *text, const char **end)
{
    size_t length = strspn(text, "0123456789+-.eE");
    locale_guard l = enter();
    char *stop;

    *out = strtod(text, &stop);
    leave(l);
    *end = stop;
    return length > 0 && stop == text + length && isfinite(*out);
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
    locale_guard l = enter();
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    leave(l);
    encnet__text_add(out, "%s", text);
}
