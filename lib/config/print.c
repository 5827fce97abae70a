/* print.c - options back to INI text that loads to the same options. */
#include "config/schema.h"

#include <string.h>

enum { PIECE = 150 }; /* bytes of a long value in one line */

/* Where a long value may be broken: not in a character, not beside a blank, which would be trimmed
 * away, and not in front of what would begin a comment. */
static size_t piece_length(const char *value, size_t size)
{
    size_t last = 0;

    if (size <= PIECE) return size;
    for (size_t i = 1; i <= PIECE; i++) {
        bool whole = ((unsigned char)value[i] & 0xC0) != 0x80;
        if (!whole || strchr(" \t;#", value[i]) || strchr(" \t", value[i - 1])) continue;
        last = i;
        if (value[i - 1] == ',' && i > PIECE / 2) return i;
    }
    return last;
}

/* "key = value", a long value in several lines that end in a backslash; the column of the last
 * line's end, 0 when there were several. */
static encnet_status print_entry(encnet__text *out, size_t *column, const char *key,
                                 const char *value)
{
    size_t size = strlen(value), start = out->size, length = piece_length(value, size);

    encnet__text_add(out, "%s = %.*s", key, (int)length, value);
    *column = out->size - start;
    while (length && length < size) {
        value += length;
        size -= length;
        length = piece_length(value, size);
        encnet__text_add(out, "\\\n    %.*s", (int)length, value);
        *column = 0;
    }
    return size && !length ? encnet__fail(ENCNET_E_ARG, "%s: 150 blanks in a row", key) : ENCNET_OK;
}

/* What may stand in a comment of a file that must be UTF-8 without control characters. */
static void print_origin(encnet__text *out, const char *origin)
{
    bool valid = encnet__utf8_valid(origin, strlen(origin));

    for (; *origin; origin++) {
        bool odd = (unsigned char)*origin < ' ' || *origin == 127 ||
                   (!valid && (unsigned char)*origin > 127);
        encnet__text_bytes(out, odd ? "?" : origin, 1);
    }
}

/* Behind the value where the line stays short enough; in a line of its own otherwise. */
static void print_line(encnet__text *out, const char *entry, size_t column, const char *origin)
{
    enum { COMMENT_COLUMN = 44 };

    if (origin && column && column + strlen(origin) + 8 <= ENCNET__LINE_MAX) {
        int pad = column < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - column) : 1;
        encnet__text_add(out, "%s%*s; ", entry, pad, "");
        print_origin(out, origin);
    } else {
        if (origin) {
            encnet__text_add(out, "; ");
            print_origin(out, origin);
            encnet__text_add(out, "\n");
        }
        encnet__text_bytes(out, entry, strlen(entry));
    }
    encnet__text_add(out, "\n");
}

static encnet_status print_options(encnet__text *out, const encnet_options *options,
                                   const encnet_config *origins)
{
    encnet__text value = {0}, entry = {0};
    encnet_status rc = ENCNET_OK;
    size_t column = 0;

    for (int i = 0; i < encnet__n_keys; i++) {
        const encnet__key *k = &encnet__keys[i];
        const char *origin = origins ? encnet__config_origin(origins, i) : NULL;

        if (i == 0 || strcmp(k->section, k[-1].section) != 0)
            encnet__text_add(out, "%s[%s]\n", i ? "\n" : "", k->section);
        value.size = entry.size = 0;
        encnet__text_bytes(&value, "", 0);
        TRY(encnet__key_print(&value, options, k));
        TRY(print_entry(&entry, &column, k->key, value.data));
        if (entry.failed) break;
        print_line(out, entry.data, column, origin || !origins ? origin : "default");
    }
    if (value.failed || entry.failed || out->failed)
        FAIL(ENCNET_E_NOMEM, "no memory for the configuration as text");
done:
    encnet__text_free(&value);
    encnet__text_free(&entry);
    return rc;
}

char *encnet_options_print(const encnet_options *options)
{
    encnet__locale locale = encnet__locale_enter();
    encnet__text out = {0};

    if (print_options(&out, options, NULL) != ENCNET_OK) encnet__text_free(&out);
    encnet__locale_leave(locale);
    return out.data;
}

const char *encnet_config_print(encnet_config *config, bool origins)
{
    encnet__locale locale = encnet__locale_enter();
    encnet__text *out = encnet__config_text(config);

    encnet__text_free(out);
    if (print_options(out, encnet_config_options(config), origins ? config : NULL) != ENCNET_OK)
        encnet__text_free(out);
    encnet__locale_leave(locale);
    return out->data;
}
