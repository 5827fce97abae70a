/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* value.c - the value of one option: where it is kept, text to value, value to text. */
#include "options/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHOICE = 64 };

/* -- where it is kept -------------------------------------------------------------------------- */

static int count_of(const encnet__option *row)
{
    return row->count ? row->count : 1;
}

static size_t element_size(const encnet__option *row)
{
    static const size_t sizes[] = {
        [ENCNET__KIND_INT] = sizeof(int),         [ENCNET__KIND_INT64] = sizeof(int64_t),
        [ENCNET__KIND_UINT64] = sizeof(uint64_t), [ENCNET__KIND_REAL] = sizeof(double),
        [ENCNET__KIND_BOOL] = sizeof(bool),       [ENCNET__KIND_TEXT] = sizeof(char *),
    };

    return sizes[row->kind];
}

/* The slot of an owned option, or the first free one; NULL: all belong to others. */
static const encnet_owned_option *slot_of(const encnet_options *options, const encnet__option *row)
{
    for (int i = 0; i < ENCNET_MAX_OWNED_OPTIONS; i++) {
        const encnet_owned_option *slot = &options->owned[i];
        if (!slot->row || slot->row == row) return slot;
    }
    return NULL;
}

encnet_option_value encnet__option_value(const encnet_options *options, const encnet__option *row)
{
    encnet_option_value value = {0};
    const encnet_owned_option *slot = NULL;

    if (!row->is_field) slot = slot_of(options, row);
    if (row->is_field)
        memcpy(&value, (const char *)options + row->offset,
               element_size(row) * (size_t)count_of(row));
    else if (slot && slot->row)
        value = slot->value;
    else if (!encnet__option_parse(&value, row, row->default_text))
        value = (encnet_option_value){0}; /* a bug of the row; the tests look at every row */
    if (row->kind == ENCNET__KIND_TEXT && !value.text) value.text = "";
    return value;
}

static encnet_status keep(encnet_options *options, const encnet__option *row,
                          encnet_option_value value)
{
    encnet_owned_option *slot;

    if (row->is_field) {
        memcpy((char *)options + row->offset, &value, element_size(row) * (size_t)count_of(row));
        return ENCNET_OK;
    }
    slot = (encnet_owned_option *)slot_of(options, row);
    if (!slot)
        return encnet__fail(ENCNET_E_INTERNAL, "%s.%s: more than %d options of heads are set",
                            row->section, row->key, ENCNET_MAX_OWNED_OPTIONS);
    *slot = (encnet_owned_option){row, value};
    return ENCNET_OK;
}

int encnet__option_int(const encnet_options *options, const encnet__option *row)
{
    return encnet__option_value(options, row).ints[0];
}

double encnet__option_real(const encnet_options *options, const encnet__option *row)
{
    return encnet__option_value(options, row).reals[0];
}

bool encnet__option_bool(const encnet_options *options, const encnet__option *row)
{
    return encnet__option_value(options, row).on;
}

bool encnet__option_equal(const encnet_options *a, const encnet_options *b,
                          const encnet__option *row)
{
    encnet_option_value x = encnet__option_value(a, row), y = encnet__option_value(b, row);

    if (row->kind == ENCNET__KIND_TEXT) return strcmp(x.text, y.text) == 0;
    return memcmp(&x, &y, element_size(row) * (size_t)count_of(row)) == 0;
}

/* -- what a value must be ---------------------------------------------------------------------- */

/* Word `index` of the list, cut to fit; false behind the last. */
static bool choice_at(char out[MAX_CHOICE], const encnet__option *row, int index)
{
    const char *word = row->choice ? row->choice(index) : row->choices;
    size_t size;

    if (!word) return false;
    for (int i = 0; !row->choice && i < index; i++) {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    size = row->choice ? strlen(word) : strcspn(word, " ");
    if (size >= MAX_CHOICE) size = MAX_CHOICE - 1;
    memcpy(out, word, size);
    out[size] = '\0';
    return size > 0;
}

static bool has_choices(const encnet__option *row)
{
    return row->choices || row->choice;
}

int encnet__option_choice(const encnet__option *row, const char **at)
{
    size_t size = row->several ? strcspn(*at, ",") : strlen(*at);
    char word[MAX_CHOICE];

    for (int i = 0; choice_at(word, row, i); i++) {
        if (strlen(word) != size || memcmp(word, *at, size) != 0) continue;
        if ((*at)[size] == ',' && (*at)[++size] == '\0') return -1;
        *at += size;
        return i;
    }
    return -1;
}

static bool are_choices(const encnet__option *row, const char *text)
{
    do
        if (encnet__option_choice(row, &text) < 0) return false;
    while (*text);
    return true;
}

static void nearest_choice(char out[MAX_CHOICE], const encnet__option *row, const char *text)
{
    char word[MAX_CHOICE];
    int least = -1;

    for (int i = 0; choice_at(word, row, i); i++) {
        int distance = encnet__distance(word, text);
        if (least >= 0 && distance >= least) continue;
        memcpy(out, word, MAX_CHOICE);
        least = distance;
    }
}

static bool is_list(const encnet__option *row)
{
    return row->most_numbers > 0;
}

static void print_range(encnet__text *out, const encnet__option *row)
{
    bool whole = is_list(row) ? row->whole : row->kind != ENCNET__KIND_REAL;

    if (row->values) encnet__text_add(out, "%s, ", row->values);
    encnet__text_add(out, "%s%s ", whole ? "integer" : "number",
                     row->values || is_list(row) ? "s" : "");
    if (row->kind == ENCNET__KIND_UINT64) {
        encnet__text_add(out, "0..%llu", (unsigned long long)UINT64_MAX);
        return;
    }
    encnet__number_print(out, row->least);
    encnet__text_add(out, "..");
    encnet__number_print(out, row->most);
}

void encnet__option_type(encnet__text *out, const encnet__option *row)
{
    char word[MAX_CHOICE];

    if (is_list(row)) {
        for (int i = 0; choice_at(word, row, i); i++) encnet__text_add(out, "%s or ", word);
        print_range(out, row);
        if (row->fewest_numbers < row->most_numbers)
            encnet__text_add(out, ", at most %d", row->most_numbers);
        if (row->fewest_numbers == 0) encnet__text_add(out, ", or empty");
    } else if (has_choices(row)) {
        encnet__text_add(out, row->several ? "one or more of" : "one of");
        for (int i = 0; choice_at(word, row, i); i++) encnet__text_add(out, " %s", word);
        if (row->several) encnet__text_add(out, ", with commas between them");
    } else if (row->kind == ENCNET__KIND_BOOL) {
        encnet__text_add(out, "yes or no");
    } else if (row->kind == ENCNET__KIND_TEXT) {
        encnet__text_add(out, "%s", row->values ? row->values : "text");
    } else {
        print_range(out, row);
    }
}

/* -- text to value ----------------------------------------------------------------------------- */

static bool parse_bool(bool *out, const char *text)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *out = i & 1;
        return true;
    }
    return false;
}

static bool in_range(const encnet__option *row, double value)
{
    return value >= row->least && value <= row->most;
}

/* One number to member `i`; `end` is what follows it. */
static bool parse_number(encnet_option_value *out, int i, const encnet__option *row,
                         const char *text, const char **end)
{
    bool begins = *text && strchr("+-0123456789", *text); /* strtoll would skip white space */
    long long wide;
    char *stop;

    if (row->kind == ENCNET__KIND_REAL)
        return encnet__number(&out->reals[i], text, end) && in_range(row, out->reals[i]);
    errno = 0;
    if (row->kind == ENCNET__KIND_UINT64) {
        out->uint64 = strtoull(text, &stop, 10);
        *end = stop;
        return begins && *text != '-' && stop != text && !errno;
    }
    wide = strtoll(text, &stop, 10);
    *end = stop;
    if (!begins || stop == text || errno || !in_range(row, (double)wide)) return false;
    if (row->kind == ENCNET__KIND_INT)
        out->ints[i] = (int)wide;
    else
        out->int64 = wide;
    return true;
}

static bool parse_numbers(encnet_option_value *out, const encnet__option *row, const char *text)
{
    for (int i = 0; i < count_of(row); i++) {
        if (i && *text++ != ',') return false;
        text += strspn(text, " \t");
        if (!parse_number(out, i, row, text, &text)) return false;
        text += strspn(text, " \t");
    }
    return *text == '\0';
}

bool encnet__option_parse(encnet_option_value *out, const encnet__option *row, const char *text)
{
    bool is_word = has_choices(row) && are_choices(row, text);

    *out = (encnet_option_value){0};
    if (!is_word && is_list(row) && encnet__numbers(NULL, row, text) < 0) return false;
    if (!is_word && !is_list(row) && has_choices(row)) return false;
    if (row->form && !row->form(text)) return false;
    if (row->kind == ENCNET__KIND_BOOL) return parse_bool(&out->on, text);
    if (row->kind != ENCNET__KIND_TEXT) return parse_numbers(out, row, text);
    out->text = text;
    return true;
}

encnet_status encnet__option_refuse(encnet_status rc, const encnet__option *row, const char *text)
{
    encnet__text type = {0};
    char word[MAX_CHOICE] = "";

    encnet__option_type(&type, row);
    if (row->kind == ENCNET__KIND_TEXT && has_choices(row) && !row->several && !is_list(row)) {
        nearest_choice(word, row, text);
        encnet__text_add(&type, "; the nearest is %s", word);
    }
    if (type.failed)
        rc = encnet__fail(ENCNET_E_NOMEM, "no memory to say what %s.%s must be", row->section,
                          row->key);
    else
        encnet__fail(rc, "%s.%s = %s: must be %s", row->section, row->key, text, type.data);
    encnet__text_free(&type);
    return rc;
}

/* A text has to come back from the INI file that a run keeps of its options. */
static encnet_status check_text(encnet_status rc, const encnet__option *row, const char *text)
{
    const char *fault = encnet__option_text_fault(text);

    if (!fault) return ENCNET_OK;
    return encnet__fail(rc, "%s.%s = %s: the text %s", row->section, row->key, text, fault);
}

encnet_status encnet__option_set(encnet_options *options, const encnet__option *row,
                                 const char *text)
{
    encnet_option_value value;
    encnet_status rc = ENCNET_OK;

    if (row->kind == ENCNET__KIND_TEXT) rc = check_text(ENCNET_E_CONFIG, row, text);
    if (rc != ENCNET_OK) return rc;
    if (!encnet__option_parse(&value, row, text))
        return encnet__option_refuse(ENCNET_E_CONFIG, row, text);
    return keep(options, row, value);
}

encnet_status encnet__option_numbers(double *out, int *count, const encnet__option *row,
                                     const char *text)
{
    if (!text) text = "";
    *count = has_choices(row) && are_choices(row, text) ? 0 : encnet__numbers(out, row, text);
    return *count < 0 ? encnet__option_refuse(ENCNET_E_ARG, row, text) : ENCNET_OK;
}

/* -- value to text ----------------------------------------------------------------------------- */

static void print_number(encnet__text *out, const encnet__option *row,
                         const encnet_option_value *value, int i)
{
    if (row->kind == ENCNET__KIND_INT)
        encnet__text_add(out, "%d", value->ints[i]);
    else if (row->kind == ENCNET__KIND_INT64)
        encnet__text_add(out, "%lld", (long long)value->int64);
    else if (row->kind == ENCNET__KIND_UINT64)
        encnet__text_add(out, "%llu", (unsigned long long)value->uint64);
    else
        encnet__number_print(out, value->reals[i]);
}

void encnet__option_print_value(encnet__text *out, const encnet__option *row,
                                const encnet_option_value *value)
{
    if (row->kind == ENCNET__KIND_BOOL) {
        encnet__text_add(out, "%s", value->on ? "yes" : "no");
    } else if (row->kind == ENCNET__KIND_TEXT) {
        encnet__text_bytes(out, value->text, strlen(value->text));
    } else {
        for (int i = 0; i < count_of(row); i++) {
            if (i) encnet__text_add(out, ",");
            print_number(out, row, value, i);
        }
    }
}

void encnet__option_print(encnet__text *out, const encnet_options *options,
                          const encnet__option *row)
{
    encnet_option_value value = encnet__option_value(options, row);

    encnet__option_print_value(out, row, &value);
}

/* A value is right when its text would be: there is no second set of rules. */
encnet_status encnet__option_check(const encnet_options *options, const encnet__option *row)
{
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};
    encnet_option_value value = encnet__option_value(options, row);

    if (row->kind == ENCNET__KIND_TEXT) TRY(check_text(ENCNET_E_ARG, row, value.text));
    encnet__option_print(&text, options, row);
    if (text.failed) FAIL(ENCNET_E_NOMEM, "no memory to check %s.%s", row->section, row->key);
    if (!encnet__option_parse(&value, row, text.data))
        rc = encnet__option_refuse(ENCNET_E_ARG, row, text.data);
done:
    encnet__text_free(&text);
    return rc;
}
