/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* safetensors_header.c - parses the header of a safetensors file, which is three levels of JSON,
 * and checks it against the size of the file.  JSON that the format does not need is refused. */
#include "files/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "files/format.h"

#define MAX_INTEGER ((uint64_t)INT64_MAX) /* larger numbers in a header are refused */

/* -- the header, as JSON ----------------------------------------------------------------------- */

typedef struct parser {
    encnet__tensor_file *file;
    char *start, *at, *end;
    uint64_t data_at;
} parser;

static encnet_status wrong(const parser *p, const char *what)
{
    return encnet__fail(ENCNET_E_CHECKPOINT, "%s: header byte %zu: %s", p->file->path,
                        (size_t)(p->at - p->start), what);
}

static void skip_space(parser *p)
{
    while (p->at < p->end && strchr(" \t\n\r", *p->at) && *p->at) p->at++;
}

/* Skips `c` if it comes next; returns whether it did. */
static bool take(parser *p, char c)
{
    skip_space(p);
    if (p->at == p->end || *p->at != c) return false;
    p->at++;
    return true;
}

static encnet_status expect(parser *p, char c)
{
    char what[] = "expected ' '";

    what[10] = c;
    return take(p, c) ? ENCNET_OK : wrong(p, what);
}

static int hex4(const char *s)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)s[i], d;
        if (c >= '0' && c <= '9')
            d = c - '0';
        else if (c >= 'a' && c <= 'f')
            d = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            d = c - 'A' + 10;
        else
            return -1;
        value = value * 16 + d;
    }
    return value;
}

/* Reads \uXXXX (p->at is after the u), or a surrogate pair of them, and writes it as UTF-8. */
static encnet_status unicode_escape(parser *p, char **to)
{
    long code = p->end - p->at >= 4 ? hex4(p->at) : -1;
    char *t = *to;

    if (code < 0) return wrong(p, "\\u needs four hexadecimal digits");
    p->at += 4;
    if (code >= 0xD800 && code < 0xDC00) {
        long low =
            p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u' ? hex4(p->at + 2) : -1;
        if (low < 0xDC00 || low > 0xDFFF) return wrong(p, "half of a surrogate pair");
        p->at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return wrong(p, "half of a surrogate pair");
    }
    if (code == 0) return wrong(p, "a zero character in a string");
    if (code < 0x80) {
        *t++ = (char)code;
    } else if (code < 0x800) {
        *t++ = (char)(0xC0 | code >> 6);
        *t++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *t++ = (char)(0xE0 | code >> 12);
        *t++ = (char)(0x80 | (code >> 6 & 63));
        *t++ = (char)(0x80 | (code & 63));
    } else {
        *t++ = (char)(0xF0 | code >> 18);
        *t++ = (char)(0x80 | (code >> 12 & 63));
        *t++ = (char)(0x80 | (code >> 6 & 63));
        *t++ = (char)(0x80 | (code & 63));
    }
    *to = t;
    return ENCNET_OK;
}

/* Reads a string.  It is decoded in place, which works because no escape gets longer, and ends in a
 * 0 that overwrites at most the closing quote. */
static encnet_status string(parser *p, const char **out)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    encnet_status rc = ENCNET_OK;
    char *to;

    TRY(expect(p, '"'));
    *out = to = p->at;
    while (p->at < p->end && *p->at != '"') {
        unsigned char c = (unsigned char)*p->at++;
        if (c < 0x20) {
            p->at--;
            return wrong(p, "a control character in a string");
        }
        if (c != '\\') {
            *to++ = (char)c;
        } else if (p->at < p->end && *p->at == 'u') {
            p->at++;
            TRY(unicode_escape(p, &to));
        } else {
            const char *e = p->at < p->end && *p->at ? strchr(escapes, *p->at) : NULL;
            if (!e) return wrong(p, "an unknown escape in a string");
            *to++ = meant[e - escapes];
            p->at++;
        }
    }
    if (p->at == p->end) return wrong(p, "a string without an end");
    p->at++;
    *to = '\0';
done:
    return rc;
}

/* Reads an unsigned integer without sign, fraction, exponent and leading zeros. */
static encnet_status integer(parser *p, uint64_t *out)
{
    uint64_t value = 0;
    const char *first;

    skip_space(p);
    first = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
        unsigned digit = (unsigned)(*p->at - '0');
        if (value > (MAX_INTEGER - digit) / 10) return wrong(p, "a number beyond 63 bits");
        value = value * 10 + digit;
        p->at++;
    }
    if (p->at == first) return wrong(p, "expected an unsigned integer");
    if (p->at - first > 1 && *first == '0') return wrong(p, "a number with a leading zero");
    if (p->at < p->end && (*p->at == '.' || *p->at == 'e' || *p->at == 'E'))
        return wrong(p, "expected an unsigned integer");
    *out = value;
    return ENCNET_OK;
}

/* Reads an array of at most `room` unsigned integers. */
static encnet_status integers(parser *p, uint64_t *out, int room, int *count)
{
    encnet_status rc = ENCNET_OK;

    *count = 0;
    TRY(expect(p, '['));
    if (take(p, ']')) return ENCNET_OK;
    do {
        if (*count == room) return wrong(p, "too many numbers in a list");
        TRY(integer(p, &out[*count]));
        ++*count;
    } while (take(p, ','));
    TRY(expect(p, ']'));
done:
    return rc;
}

static encnet_status metadata(parser *p)
{
    encnet_status rc = ENCNET_OK;

    TRY(expect(p, '{'));
    if (take(p, '}')) return ENCNET_OK;
    do {
        encnet__pair pair;
        TRY(string(p, &pair.key));
        TRY(expect(p, ':'));
        TRY(string(p, &pair.value));
        TRY(encnet__file_add_pair(p->file, pair));
    } while (take(p, ','));
    TRY(expect(p, '}'));
done:
    return rc;
}

static encnet_status dtype(parser *p, encnet__file_tensor *t)
{
    encnet_status rc = ENCNET_OK;
    const char *name;

    TRY(string(p, &name));
    if (!encnet__type_find(&t->type, name))
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: header byte %zu: %s is of an unknown dtype, %s: store it as F32", p->file->path,
             (size_t)(p->at - p->start), t->name, name);
done:
    return rc;
}

/* Compares the size that the shape and the type give with that between the offsets. */
static encnet_status place(const parser *p, encnet__file_tensor *t, const uint64_t range[2])
{
    if (range[0] > range[1]) return wrong(p, "data_offsets run backwards");
    if (!encnet__file_tensor_pack(t))
        return encnet__fail(ENCNET_E_CHECKPOINT, "%s: the shape of %s overflows", p->file->path,
                            t->name);
    if (encnet__file_tensor_bytes(t) != range[1] - range[0])
        return encnet__fail(
            ENCNET_E_CHECKPOINT, "%s: %s has %llu bytes of data, its shape and dtype %s need %llu",
            p->file->path, t->name, (unsigned long long)(range[1] - range[0]),
            encnet__type_name(t->type), (unsigned long long)encnet__file_tensor_bytes(t));
    t->offset = p->data_at + range[0]; /* both below 2^63 */
    return ENCNET_OK;
}

/* Reads the members of one tensor: dtype, shape and data_offsets, each once, in any order. */
static encnet_status tensor(parser *p, encnet__file_tensor *t)
{
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    encnet_status rc = ENCNET_OK;
    uint64_t range[2] = {0, 0};
    unsigned seen = 0, bit;
    int count = 0;

    TRY(expect(p, '{'));
    do {
        const char *key;
        TRY(string(p, &key));
        TRY(expect(p, ':'));
        if (strcmp(key, "dtype") == 0) {
            bit = DTYPE;
            TRY(dtype(p, t));
        } else if (strcmp(key, "shape") == 0) {
            bit = SHAPE;
            TRY(integers(p, t->dims, ENCNET__MAX_DIMS, &t->n_dims));
        } else if (strcmp(key, "data_offsets") == 0) {
            bit = OFFSETS;
            TRY(integers(p, range, 2, &count));
            if (count != 2) return wrong(p, "data_offsets needs two numbers");
        } else {
            return wrong(p, "a tensor has dtype, shape and data_offsets, nothing else");
        }
        if (seen & bit) return wrong(p, "a member of a tensor is given twice");
        seen |= bit;
    } while (take(p, ','));
    TRY(expect(p, '}'));
    if (seen != (DTYPE | SHAPE | OFFSETS))
        return wrong(p, "a tensor lacks dtype, shape or data_offsets");
    TRY(place(p, t, range));
done:
    return rc;
}

/* Reads {"name": tensor, ..., "__metadata__": {...}}, after which only spaces may follow. */
static encnet_status parse_json(parser *p)
{
    encnet_status rc = ENCNET_OK;
    bool has_metadata = false;

    if (p->at == p->end || *p->at != '{') return wrong(p, "expected '{'");
    p->at++;
    if (take(p, '}')) goto padding;
    do {
        encnet__file_tensor t = {0};
        TRY(string(p, &t.name));
        TRY(expect(p, ':'));
        if (strcmp(t.name, "__metadata__") == 0) {
            if (has_metadata) return wrong(p, "__metadata__ is given twice");
            has_metadata = true;
            TRY(metadata(p));
            continue;
        }
        TRY(tensor(p, &t));
        TRY(encnet__file_add_tensor(p->file, &t));
    } while (take(p, ','));
    TRY(expect(p, '}'));
padding:
    while (p->at < p->end && *p->at == ' ') p->at++;
    if (p->at < p->end) return wrong(p, "something follows the closing '}'");
done:
    return rc;
}

/* -- what the header says of the data ---------------------------------------------------------- */

static int by_offset(const void *a, const void *b)
{
    const encnet__file_tensor *s = a, *t = b;

    if (s->offset != t->offset) return s->offset < t->offset ? -1 : 1;
    return (s->count > t->count) - (s->count < t->count); /* empty tensors first */
}

/* Fails unless the tensors cover all bytes of the data, without a gap and without an overlap. */
static encnet_status check_cover(encnet__tensor_file *f, uint64_t data_at)
{
    uint64_t at = 0, data_bytes = f->bytes - data_at;

    if (f->n_tensors) qsort(f->tensors, f->n_tensors, sizeof *f->tensors, by_offset);
    for (size_t i = 0; i < f->n_tensors; i++) {
        const encnet__file_tensor *t = &f->tensors[i];
        uint64_t offset = t->offset - data_at;
        if (offset != at)
            return encnet__fail(
                ENCNET_E_CHECKPOINT, "%s: the data of %s begins at %llu, %s at %llu", f->path,
                t->name, (unsigned long long)offset,
                offset > at ? "leaving a hole" : "overlapping what ends", (unsigned long long)at);
        at += encnet__file_tensor_bytes(t); /* both below 2^63 */
        if (at > data_bytes)
            return encnet__fail(
                ENCNET_E_CHECKPOINT,
                "%s: truncated: %s ends at byte %llu of the data, the file has %llu", f->path,
                t->name, (unsigned long long)at, (unsigned long long)data_bytes);
    }
    if (at != data_bytes)
        return encnet__fail(ENCNET_E_CHECKPOINT, "%s: %llu bytes of data, the tensors have %llu",
                            f->path, (unsigned long long)data_bytes, (unsigned long long)at);
    return ENCNET_OK;
}

encnet_status encnet__st_parse_header(encnet__tensor_file *f, char *header, size_t size,
                                      uint64_t data_at)
{
    encnet_status rc = ENCNET_OK;
    parser p = {.file = f, .start = header, .at = header, .end = header + size, .data_at = data_at};

    if (!encnet__is_utf8(header, size))
        FAIL(ENCNET_E_CHECKPOINT, "%s: its header is not UTF-8", f->path);
    TRY(parse_json(&p));
    TRY(check_cover(f, data_at));
done:
    return rc;
}
