/* locale.c - numbers with a decimal point in programs whose locale has a comma. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <locale.h>

encnet__plain_numbers encnet__plain_numbers_begin(void)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);

    if (plain == (locale_t)0) return (encnet__plain_numbers){NULL, NULL};
    return (encnet__plain_numbers){plain, uselocale(plain)};
}

void encnet__plain_numbers_end(encnet__plain_numbers p)
{
    if (!p.plain) return;
    uselocale((locale_t)p.before);
    freelocale((locale_t)p.plain);
}
