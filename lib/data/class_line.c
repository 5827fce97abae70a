/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* class_line.c - one line of a file of classes, in the shapes that programs and people write. */
#include "data/class_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define BLANKS " \t"
#define SEPARATORS ",;\t"
#define INDEX_ENDS BLANKS SEPARATORS ":="

static encnet_status fail_shape(const char *name, int at)
{
    return encnet__fail(ENCNET_E_DATA, "%s:%d: expected index,name,r,g,b", name, at);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Parses a number 0..max, which may have spaces around it. */
static bool number(int *out, const char *text, int max)
{
    const char *end;

    return encnet__digits(out, text + strspn(text, BLANKS), max, &end) && !end[strspn(end, BLANKS)];
}

/* -- colours ----------------------------------------------------------------------------------- */

/* Reads three numbers of up to three digits with separators between them.  Returns what follows them,
 * or NULL. */
static const char *three_numbers(int v[3], const char *text)
{
    for (int c = 0; c < 3; c++) {
        size_t gap = c ? strspn(text, BLANKS SEPARATORS) : 0, n = strspn(text + gap, DIGITS);
        if (c && gap == 0) return NULL;
        text += gap;
        if (n < 1 || n > 3) return NULL;
        v[c] = atoi(text);
        text += n;
    }
    return text;
}

/* Reads "#rrggbb", "r,g,b" or "(r, g, b)" up to `end`, as numbers that may be too great. */
static bool colour(int v[3], const char *text, const char *end)
{
    bool bracket = *text == '(' || *text == '[';

    if (*text == '#') {
        unsigned long rgb = strtoul(text + 1, NULL, 16);
        for (int c = 0; c < 3; c++) v[c] = (int)(rgb >> (16 - 8 * c) & 255);
        return end - text == 7 && strspn(text + 1, DIGITS "abcdefABCDEF") >= 6;
    }
    text = three_numbers(v, text + bracket);
    if (text && bracket) text = *text == ')' || *text == ']' ? text + 1 : NULL;
    return text == end;
}

static encnet_status set_colour(encnet__class_line *out, const int v[3], const char *name, int at)
{
    for (int c = 0; c < 3; c++) {
        if (v[c] > 255)
            return encnet__fail(ENCNET_E_DATA, "%s:%d: \"%d\" is no colour 0..255", name, at, v[c]);
        out->rgb[c] = (uint8_t)v[c];
    }
    out->has_rgb = true;
    return ENCNET_OK;
}

/* -- a table ----------------------------------------------------------------------------------- */

enum { COLUMNS = 6 };

/* Takes the field at *line as RFC 4180 has it, in place: in double quotes, a doubled one stands for
 * one.  Spaces around it do not count.  *line becomes what follows its separator, or NULL.  Returns what
 * is wrong, or NULL. */
static const char *take_field(char **out, char **line, char separator)
{
    const char ends[] = {'"', separator, '\0'};
    char *from = *line + strspn(*line, " "), *to = from;

    *out = from;
    if (*from != '"') {
        from += strcspn(from, ends);
        if (*from == '"') return "a quote within a field that does not begin with one";
        for (to = from; to > *out && to[-1] == ' '; to--) continue;
    } else {
        for (from++; *from != '"' || from[1] == '"'; *to++ = *from++) {
            if (*from == '\0') return "a quote that is not closed in its line";
            from += *from == '"';
        }
        from += 1 + strspn(from + 1, " ");
        if (*from && *from != separator)
            return "something between a closing quote and the next field";
    }
    *line = *from ? from + 1 : NULL;
    *to = '\0';
    return NULL;
}

/* Where the quotes that begin a line end; its beginning, if it has none. */
static const char *behind_quotes(const char *line)
{
    if (*line != '"') return line;
    for (line++; *line && (*line != '"' || line[1] == '"'); line++) line += *line == '"';
    return line;
}

/* Splits a line in place.  What follows the first field separates all of them: a comma, or the
 * semicolon or tab of a spreadsheet.  Fields behind the last column are empty. */
static const char *split_table(char *fields[COLUMNS], int *count, char *line)
{
    const char *first = behind_quotes(line + strspn(line, " "));
    char separator = first[strcspn(first, SEPARATORS)], *more;
    const char *fault = NULL;

    *count = 0;
    while (line && !fault) {
        fault = take_field(*count < COLUMNS ? &fields[*count] : &more, &line, separator);
        if (*count < COLUMNS)
            ++*count;
        else if (!fault && *more)
            return "more than six fields";
    }
    return fault;
}

/* Reads the fields behind the name: r,g,b,id, or a colour in one field and an id, or nothing. */
static encnet_status read_fields(encnet__class_line *out, char **fields, int count,
                                 const char *name, int at)
{
    encnet_status rc = ENCNET_OK;
    int v[3], id = 3; /* the field of the submission id */

    if (count == 0) goto done;
    if (colour(v, fields[0], fields[0] + strlen(fields[0])))
        id = 1;
    else if (count < 3)
        FAIL(ENCNET_E_DATA, "%s:%d: a colour is three numbers r,g,b, or #rrggbb", name, at);
    for (int c = 0; c < 3 && id == 3; c++)
        if (!number(&v[c], fields[c], 255))
            FAIL(ENCNET_E_DATA, "%s:%d: \"%s\" is no colour 0..255", name, at, fields[c]);
    TRY(set_colour(out, v, name, at));
    if (count > id && *fields[id] && !number(&out->submit_id, fields[id], 65535))
        FAIL(ENCNET_E_DATA, "%s:%d: \"%s\" is no submission id", name, at, fields[id]);
    for (int i = id + 1; i < count; i++)
        if (*fields[i])
            FAIL(ENCNET_E_DATA, "%s:%d: \"%s\" behind the last field", name, at, fields[i]);
done:
    return rc;
}

static encnet_status parse_table(encnet__class_line *out, char *line, bool indexed,
                                 const char *name, int at)
{
    char *fields[COLUMNS], *colon = line + strspn(line, DIGITS);
    const char *fault;
    int count, first = indexed; /* the field of the name */

    if (indexed && *colon == ':' && colon > line) *colon = line[strcspn(line, SEPARATORS)];
    fault = split_table(fields, &count, line);
    if (fault) return encnet__fail(ENCNET_E_DATA, "%s:%d: %s", name, at, fault);
    if (count <= first || (indexed && !number(&out->index, fields[0], INT32_MAX)))
        return fail_shape(name, at);
    out->name = fields[first];
    return read_fields(out, fields + first + 1, count - first - 1, name, at);
}

/* -- words ------------------------------------------------------------------------------------- */

/* Parses "[index] name [colour]". */
static encnet_status parse_words(encnet__class_line *out, char *line, bool indexed,
                                 const char *name, int at)
{
    encnet_status rc = ENCNET_OK;
    char *behind = line + strspn(line, DIGITS), *end = line + strlen(line);
    int v[3];

    if (indexed) {
        if (!*behind || !strchr(INDEX_ENDS, *behind)) return fail_shape(name, at);
        *behind++ = '\0';
        if (!number(&out->index, line, INT32_MAX)) return fail_shape(name, at);
        line = behind + strspn(behind, INDEX_ENDS);
    }
    out->name = line;
    for (char *word = line; *word; word += strcspn(word, BLANKS)) {
        char *blank = word;
        word += strspn(word, BLANKS);
        if (word > line && colour(v, word, end)) {
            *blank = '\0';
            TRY(set_colour(out, v, name, at));
            break;
        }
    }
done:
    return rc;
}

/* -- shapes of other programs ------------------------------------------------------------------ */

/* Parses CamVid's "r g b name", with any separators.  False: the line is none of these. */
static bool parse_colour_first(encnet__class_line *out, int v[3], const char *line)
{
    const char *behind = three_numbers(v, line), *at = behind;

    if (behind) at += strspn(at, BLANKS SEPARATORS);
    if (at == behind || !*at || is_digit(*at) || *at == '#' || strpbrk(at, SEPARATORS "\""))
        return false;
    out->name = at;
    return true;
}

/* Parses CVAT's "name:r,g,b:parts:actions", where all but the name may lack. */
static bool parse_cvat(encnet__class_line *out, int v[3], char *line)
{
    char *colon[3], *at = line;

    for (int i = 0; i < 3; i++) {
        colon[i] = strchr(at, ':');
        if (!colon[i]) return false;
        at = colon[i] + 1;
    }
    if (strchr(at, ':')) return false;
    if (colon[1] > colon[0] + 1 && !colour(v, colon[0] + 1, colon[1])) return false;
    *colon[0] = '\0';
    out->name = line;
    return true;
}

/* -- a line ------------------------------------------------------------------------------------ */

bool encnet__class_line_is_indexed(const char *line)
{
    encnet__class_line unused;
    int v[3];

    return is_digit(line[line[0] == '"']) && !parse_colour_first(&unused, v, line);
}

bool encnet__class_line_is_heading(const char *line)
{
    static const char *const words[] = {"name",        "names",      "class",      "classes",
                                        "label",       "labels",     "class_name", "class name",
                                        "category",    "label_name", "label name", "name r g b",
                                        "class r g b", "label r g b"};
    bool quoted = line[0] == '"';
    char first[16]; /* longer than every word */

    snprintf(first, sizeof first, "%.*s", (int)strcspn(line + quoted, quoted ? "\"" : SEPARATORS),
             line + quoted);
    if (strncmp(line, "sep=", strlen("sep=")) == 0) return true;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (encnet__same_word(first, words[i])) return true;
    return false;
}

encnet_status encnet__class_line_parse(encnet__class_line *out, char *line, bool indexed,
                                       const char *name, int at)
{
    char *behind = line + strspn(line, DIGITS), *rest = behind + strspn(behind, INDEX_ENDS);
    int v[3] = {-1, -1, -1};

    *out = (encnet__class_line){.index = -1, .submit_id = -1};
    if (!indexed && parse_cvat(out, v, line))
        return v[0] < 0 ? ENCNET_OK : set_colour(out, v, name, at);
    if (parse_colour_first(out, v, indexed ? rest : line)) {
        *behind = '\0';
        if (indexed && !number(&out->index, line, INT32_MAX)) return fail_shape(name, at);
        return set_colour(out, v, name, at);
    }
    return strpbrk(line, SEPARATORS) ? parse_table(out, line, indexed, name, at)
                                     : parse_words(out, line, indexed, name, at);
}
