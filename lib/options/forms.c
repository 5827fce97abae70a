/* forms.c - what texts of a form look like. */
#include "options/options.h"

#include <string.h>

bool encnet__form_ids(const char *text)
{
    return *text == '\0' ||
           (strspn(text, "0123456789, \t") == strlen(text) && encnet__numbers(text, 0, 255) > 0);
}

bool encnet__form_weights(const char *text)
{
    return *text == '\0' || encnet__numbers(text, 0, 1e6) > 0;
}

bool encnet__form_scales(const char *text)
{
    return encnet__numbers(text, 0.05, 8) > 0;
}

bool encnet__form_box(const char *text)
{
    return strcmp(text, "none") == 0 ||
           (strspn(text, "0123456789, \t") == strlen(text) && encnet__numbers(text, 1, 65536) == 2);
}

/* "decode_head.conv_seg,auxiliary_head" */
bool encnet__form_names(const char *text)
{
    size_t size = strlen(text);

    return size == 0 || (text[0] != ',' && text[size - 1] != ',' && !strstr(text, ",,") &&
                         !strpbrk(text, " \t"));
}

/* "backbone:0.1,decode_head.conv_seg:10" */
bool encnet__form_factors(const char *text)
{
    double factor;

    if (*text == '\0') return true;
    for (;;) {
        size_t length = strcspn(text, ":,");
        if (length == 0 || text[length] != ':') return false;
        if (!encnet__number(&factor, text + length + 1, &text)) return false;
        if (!(factor >= 0 && factor <= 1e6)) return false;
        if (*text == '\0') return true;
        if (*text++ != ',') return false;
    }
}

/* "1,12,24,36" */
bool encnet__form_rates(const char *text)
{
    int rates[ENCNET__MAX_RATES];

    return encnet__integers(rates, ENCNET__MAX_RATES, text, ENCNET__RATE_MOST) > 0;
}
