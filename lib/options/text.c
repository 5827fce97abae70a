/* text.c - which texts can stand in an INI file. */
#include "options/options.h"

#include <string.h>

bool encnet__utf8_valid(const char *text, size_t size)
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

const char *encnet__option_text_fault(const char *text)
{
    size_t size = strlen(text);

    if (size > ENCNET__TEXT_MAX) return "has more than 4095 bytes";
    if (!encnet__utf8_valid(text, size)) return "is not UTF-8";
    for (size_t i = 0; i < size; i++) {
        bool blank = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127)
            return "holds a control character";
        if (blank && text[i] == ';') return "holds a ; that begins a comment";
    }
    if (size && strchr(" \t", text[0])) return "begins with a blank";
    if (size && strchr(" \t\\", text[size - 1])) return "ends in a blank or a backslash";
    return NULL;
}
