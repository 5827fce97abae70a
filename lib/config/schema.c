/* schema.c - the table of keys: finding a row, text to value, value to text. */
#define _POSIX_C_SOURCE 200809L
#include "config/schema.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- forms: what the texts of FORM rows look like -------------------------------------------- */

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* One finite decimal number; `end` is what follows it.  No hexadecimal, no "inf", no "nan". */
static bool number(double *out, const char *text, const char **end)
{
    size_t length = strspn(text, "0123456789+-.eE");
    char *stop;

    *out = strtod(text, &stop);
    *end = stop;
    return length > 0 && stop == text + length && isfinite(*out);
}

int encnet__numbers(const char *text, double least, double most)
{
    double value;

    for (int n = 1;; n++) {
        if (!number(&value, skip_blanks(text), &text) || value < least || value > most) return -1;
        text = skip_blanks(text);
        if (*text == '\0') return n;
        if (*text++ != ',') return -1;
    }
}

static bool form_ids(const char *text)
{
    return *text == '\0' ||
           (strspn(text, "0123456789, \t") == strlen(text) && encnet__numbers(text, 0, 255) > 0);
}

static bool form_weights(const char *text)
{
    return *text == '\0' || encnet__numbers(text, 0, 1e6) > 0;
}

static bool form_scales(const char *text)
{
    return encnet__numbers(text, 0.05, 8) > 0;
}

static bool form_box(const char *text)
{
    return strcmp(text, "none") == 0 ||
           (strspn(text, "0123456789, \t") == strlen(text) && encnet__numbers(text, 1, 65536) == 2);
}

/* "decode_head.conv_seg,auxiliary_head" */
static bool form_names(const char *text)
{
    size_t size = strlen(text);

    return size == 0 || (text[0] != ',' && text[size - 1] != ',' && !strstr(text, ",,") &&
                         !strpbrk(text, " \t"));
}

/* "backbone:0.1,decode_head.conv_seg:10" */
static bool form_factors(const char *text)
{
    double factor;

    if (*text == '\0') return true;
    for (;;) {
        size_t length = strcspn(text, ":,");
        if (length == 0 || text[length] != ':') return false;
        if (!number(&factor, text + length + 1, &text) || factor < 0 || factor > 1e6) return false;
        if (*text == '\0') return true;
        if (*text++ != ',') return false;
    }
}

/* -- the table ------------------------------------------------------------------------------- */

#define AT(section, field) offsetof(encnet_options, section.field)
#define NUMBER(s, k, f, d, lo, hi, h, kind, word)                                                  \
    {#s, #k, word " " #lo ".." #hi, d, h, ENCNET__KIND_##kind, 1, AT(s, f), lo, hi, NULL, NULL},
#define INT(s, k, f, d, lo, hi, h) NUMBER(s, k, f, d, lo, hi, h, INT, "integer")
#define INT64(s, k, f, d, lo, hi, h) NUMBER(s, k, f, d, lo, hi, h, INT64, "integer")
#define UINT64(s, k, f, d, h)                                                                      \
    {#s,   #k,  "integer 0..18446744073709551615", d, h, ENCNET__KIND_UINT64, 1, AT(s, f), 0, 0,   \
     NULL, NULL},
#define REAL(s, k, f, d, lo, hi, h) NUMBER(s, k, f, d, lo, hi, h, REAL, "number")
#define INTS(s, k, n, f, d, lo, hi, names, h)                                                      \
    {#s,   #k,  names ", integers " #lo ".." #hi, d, h, ENCNET__KIND_INT, n, AT(s, f), lo, hi,     \
     NULL, NULL},
#define REALS(s, k, n, f, d, lo, hi, names, h)                                                     \
    {#s,   #k,  names ", numbers " #lo ".." #hi, d, h, ENCNET__KIND_REAL, n, AT(s, f), lo, hi,     \
     NULL, NULL},
#define BOOL(s, k, f, d, h)                                                                        \
    {#s, #k, "yes or no", d, h, ENCNET__KIND_BOOL, 1, AT(s, f), 0, 0, NULL, NULL},
#define TEXT(s, k, f, d, h)                                                                        \
    {#s, #k, "text", d, h, ENCNET__KIND_TEXT, 1, AT(s, f), 0, 0, NULL, NULL},
#define CHOICE(s, k, f, d, list, h)                                                                \
    {#s, #k, "one of " list, d, h, ENCNET__KIND_TEXT, 1, AT(s, f), 0, 0, list, NULL},
#define PICK(s, k, f, d, list, h)                                                                  \
    {#s, #k, "one of " list, d, h, ENCNET__KIND_INT, 1, AT(s, f), 0, 1e9, list, NULL},
#define FORM(s, k, f, d, form, what, h)                                                            \
    {#s, #k, what, d, h, ENCNET__KIND_TEXT, 1, AT(s, f), 0, 0, NULL, form},

const encnet__key encnet__keys[] = {
#include "config/schema.def"
};
const int encnet__n_keys = COUNT_OF(encnet__keys);

#define SIDE_BY_SIDE(section, a, b, type)                                                          \
    _Static_assert(AT(section, b) == AT(section, a) + sizeof(type), #a " and " #b " are one key")
SIDE_BY_SIDE(augment, scale_w, scale_h, int);
SIDE_BY_SIDE(augment, crop_h, crop_w, int);
SIDE_BY_SIDE(augment, ratio_min, ratio_max, double);
SIDE_BY_SIDE(eval, crop_h, crop_w, int);
SIDE_BY_SIDE(eval, stride_h, stride_w, int);

const encnet__key *encnet__key_find(const char *section, const char *key)
{
    for (int i = 0; i < encnet__n_keys; i++) {
        const encnet__key *k = &encnet__keys[i];
        if (strcmp(k->section, section) == 0 && strcmp(k->key, key) == 0) return k;
    }
    return NULL;
}

/* A key in the wrong section is nearer than any misspelling. */
const encnet__key *encnet__key_nearest(const char *section, const char *key)
{
    const encnet__key *best = encnet__keys;
    int least = -1;

    for (int i = 0; i < encnet__n_keys; i++) {
        const encnet__key *k = &encnet__keys[i];
        int d = 2 * encnet__distance(key, k->key) + (strcmp(section, k->section) != 0);
        if (least >= 0 && d >= least) continue;
        best = k;
        least = d;
    }
    return best;
}

bool encnet__section_known(const char *section)
{
    for (int i = 0; i < encnet__n_keys; i++)
        if (strcmp(encnet__keys[i].section, section) == 0) return true;
    return false;
}

const char *encnet__section_nearest(const char *section)
{
    const char *best = encnet__keys[0].section;

    for (int i = 1; i < encnet__n_keys; i++)
        if (encnet__distance(section, encnet__keys[i].section) < encnet__distance(section, best))
            best = encnet__keys[i].section;
    return best;
}

bool encnet_config_key_at(int index, encnet_config_key *out)
{
    const encnet__key *k;

    if (index < 0 || index >= encnet__n_keys) return false;
    k = &encnet__keys[index];
    *out = (encnet_config_key){k->section, k->key, k->type, k->default_value, k->help};
    return true;
}

/* -- text to value --------------------------------------------------------------------------- */

static bool read_bool(bool *out, const char *text)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *out = i & 1;
        return true;
    }
    return false;
}

static bool is_choice(const char *list, const char *text)
{
    size_t length = strlen(text);

    for (const char *word = list; *word;) {
        size_t n = strcspn(word, " ");
        if (n == length && memcmp(word, text, n) == 0) return true;
        word += n;
        word += strspn(word, " ");
    }
    return false;
}

static const char *nearest_choice(const char *list, const char *text, char out[64])
{
    int least = -1;

    for (const char *word = list; *word;) {
        size_t n = strcspn(word, " ");
        char one[64];
        int d;
        snprintf(one, sizeof one, "%.*s", (int)n, word);
        d = encnet__distance(one, text);
        if (least < 0 || d < least) {
            memcpy(out, one, sizeof one);
            least = d;
        }
        word += n;
        word += strspn(word, " ");
    }
    return out;
}

/* One number of the key's kind to `at`; `end` is what follows it. */
static bool read_number(void *at, const encnet__key *key, const char *text, const char **end)
{
    char *stop = NULL;
    bool plain = *text && strchr("+-0123456789", *text); /* strtoll would skip white space */
    double real;

    errno = 0;
    if (key->kind == ENCNET__KIND_REAL) {
        if (!number(&real, text, end) || real < key->least || real > key->most) return false;
        memcpy(at, &real, sizeof real);
        return true;
    }
    if (key->kind == ENCNET__KIND_UINT64) {
        uint64_t value = strtoull(text, &stop, 10);
        if (!plain || *text == '-' || stop == text || errno) return false;
        memcpy(at, &value, sizeof value);
    } else {
        int64_t value = strtoll(text, &stop, 10);
        int small = (int)value;
        if (!plain || stop == text || errno) return false;
        if ((double)value < key->least || (double)value > key->most) return false;
        if (key->kind == ENCNET__KIND_INT)
            memcpy(at, &small, sizeof small);
        else
            memcpy(at, &value, sizeof value);
    }
    *end = stop;
    return true;
}

static bool read_numbers(char *at, const encnet__key *key, const char *text)
{
    union {
        int ints[4];
        double reals[4];
        int64_t wide;
        uint64_t unsigned_wide;
    } values;
    size_t size = key->kind == ENCNET__KIND_INT ? sizeof(int) : sizeof(double);

    for (int i = 0; i < key->count; i++) {
        if (i && *text++ != ',') return false;
        if (!read_number((char *)&values + (size_t)i * size, key, skip_blanks(text), &text))
            return false;
        text = skip_blanks(text);
    }
    if (*text) return false;
    memcpy(at, &values, (size_t)key->count * size);
    return true;
}

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

/* Why a text cannot stand in an INI file and be read back; NULL when it can. */
static const char *text_fault(const char *text)
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

encnet_status encnet__key_set(encnet_options *options, const encnet__key *key, const char *text)
{
    char *at = (char *)options + key->offset, word[64];
    const char *fault = NULL;
    bool right = true;

    if (key->choices && key->kind == ENCNET__KIND_TEXT && !is_choice(key->choices, text))
        return encnet__fail(ENCNET_E_CONFIG, "%s.%s = %s: must be %s; the nearest is %s",
                            key->section, key->key, text, key->type,
                            nearest_choice(key->choices, text, word));
    if (key->kind == ENCNET__KIND_TEXT) fault = text_fault(text);
    if (fault)
        return encnet__fail(ENCNET_E_CONFIG, "%s.%s = %s: the text %s", key->section, key->key,
                            text, fault);
    if (key->choices) right = is_choice(key->choices, text);
    if (key->form) right = key->form(text);
    if (right && key->kind == ENCNET__KIND_BOOL)
        right = read_bool((bool *)at, text);
    else if (right && key->kind != ENCNET__KIND_TEXT)
        right = read_numbers(at, key, text);
    if (!right)
        return encnet__fail(ENCNET_E_CONFIG, "%s.%s = %s: must be %s", key->section, key->key, text,
                            key->type);
    if (key->kind == ENCNET__KIND_TEXT) memcpy(at, &text, sizeof text);
    return ENCNET_OK;
}

/* -- value to text --------------------------------------------------------------------------- */

/* The shortest of the usual precisions that reads back as the same number. */
static void print_real(encnet__text *out, double value)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    encnet__text_add(out, "%s", text);
}

static void print_number(encnet__text *out, const encnet__key *key, const void *at)
{
    switch (key->kind) {
    case ENCNET__KIND_INT:
        encnet__text_add(out, "%d", *(const int *)at);
        break;
    case ENCNET__KIND_INT64:
        encnet__text_add(out, "%lld", (long long)*(const int64_t *)at);
        break;
    case ENCNET__KIND_UINT64:
        encnet__text_add(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    default:
        print_real(out, *(const double *)at);
    }
}

encnet_status encnet__key_print(encnet__text *out, const encnet_options *options,
                                const encnet__key *key)
{
    const char *at = (const char *)options + key->offset, *fault;
    size_t size = key->kind == ENCNET__KIND_INT ? sizeof(int) : sizeof(double);

    if (key->kind == ENCNET__KIND_BOOL) {
        encnet__text_add(out, "%s", *(const bool *)at ? "yes" : "no");
    } else if (key->kind == ENCNET__KIND_TEXT) {
        const char *text = *(const char *const *)at ? *(const char *const *)at : "";
        fault = text_fault(text);
        if (fault)
            return encnet__fail(ENCNET_E_ARG, "%s.%s: the text %s", key->section, key->key, fault);
        encnet__text_bytes(out, text, strlen(text));
    } else {
        for (int i = 0; i < key->count; i++) {
            if (i) encnet__text_add(out, ",");
            print_number(out, key, at + (size_t)i * size);
        }
    }
    return out->failed ? encnet__fail(ENCNET_E_NOMEM, "no memory for the configuration as text")
                       : ENCNET_OK;
}

/* -- defaults and locale --------------------------------------------------------------------- */

encnet__locale encnet__locale_enter(void)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    encnet__locale l = {c, NULL};

    if (c) l.before = uselocale(c);
    return l;
}

void encnet__locale_leave(encnet__locale l)
{
    if (!l.c) return;
    uselocale((locale_t)l.before);
    freelocale((locale_t)l.c);
}

void encnet_options_default(encnet_options *options)
{
    encnet__locale locale = encnet__locale_enter();

    memset(options, 0, sizeof *options);
    for (int i = 0; i < encnet__n_keys; i++) {
        /* A row whose default its own range refuses is a bug of the table; the tests look at every
         * row. */
        if (encnet__key_set(options, &encnet__keys[i], encnet__keys[i].default_value) != ENCNET_OK)
            continue;
    }
    encnet__locale_leave(locale);
}
