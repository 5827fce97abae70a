/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* utf8.c - which bytes are UTF-8. */
#include "base/base.h"

bool encnet__is_utf8(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + size;

    while (s < end) {
        int more = *s < 0x80   ? 0
                   : *s < 0xC2 ? -1
                   : *s < 0xE0 ? 1
                   : *s < 0xF0 ? 2
                   : *s < 0xF5 ? 3
                               : -1;
        if (more < 0 || end - s <= more) return false;
        if (*s == 0xE0 && s[1] < 0xA0) return false; /* longer than needed */
        if (*s == 0xF0 && s[1] < 0x90) return false;
        if (*s == 0xED && s[1] > 0x9F) return false; /* surrogates */
        if (*s == 0xF4 && s[1] > 0x8F) return false; /* above 10FFFF */
        for (int i = 1; i <= more; i++)
            if ((s[i] & 0xC0) != 0x80) return false;
        s += more + 1;
    }
    return true;
}
