/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* numbers.c - numbers and names in texts, the same whatever the program's locale says. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A locale with decimal points, made once and kept until the process ends; 0 if there is no memory
 * for it. */
static locale_t plain;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Makes it the locale of this thread; returns the one before. */
static locale_t enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_plain);
    return plain ? uselocale(plain) : (locale_t)0;
}

static void leave(locale_t before)
{
    if (before) uselocale(before);
}

bool encnet__real(double *out, const char *text, const char **end)
{
    locale_t before = enter();
    char *stop;

    *out = strtod(text, &stop);
    leave(before);
    *end = stop;
    return stop != text;
}

bool encnet__digits(int *out, const char *text, int most, const char **end)
{
    long long value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9' && value <= most; at++) value = 10 * value + (*at - '0');
    if (at == text || value > most) return false;
    *out = (int)value;
    *end = at;
    return true;
}

int encnet__vprint(char *out, size_t size, const char *format, va_list ap)
{
    locale_t before = enter();
    int length = vsnprintf(out, size, format, ap);

    leave(before);
    return length;
}

int encnet__print(char *out, size_t size, const char *format, ...)
{
    va_list ap;
    int length;

    va_start(ap, format);
    length = encnet__vprint(out, size, format, ap);
    va_end(ap);
    return length;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool encnet__same_word(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}

bool encnet__has_word(const char *text, const char *word)
{
    for (; *text; text++) {
        size_t n = 0;
        while (word[n] && lower(text[n]) == lower(word[n])) n++;
        if (!word[n]) return true;
    }
    return !*word;
}

bool encnet__ends_in(const char *text, const char *ending)
{
    size_t size = strlen(text), n = strlen(ending);

    return size >= n && strcmp(text + size - n, ending) == 0;
}
