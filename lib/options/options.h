/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * options.h - options as rows: one row says the name of an option, its type, default, range, help
 * and scope, and everything that is done with an option goes by its row.
 *
 * There are two kinds of rows.  The rows of include/encnet/options.def are the fields of
 * encnet_options.  A head, a backbone or a network may have rows of its own in its source file,
 *
 *     enum { CODEWORDS, LATERAL };
 *     static const encnet__option rows[] = {
 *         [CODEWORDS] = {.section = "model", .key = "codewords", .kind = ENCNET__KIND_INT,
 *                        .default_text = "32", .least = 1, .most = 4096,
 *                        .scope = ENCNET__SCOPE_IDENTITY,
 *                        .help = "EncNet: codewords of the encoding layer."},
 *         ...
 *
 * names them in its descriptor, `.options = {rows, COUNT_OF(rows)}`, and reads a value with
 * encnet__option_int(options, &rows[CODEWORDS]).  lib/models/option_rows.c lists the rows of all of
 * them, so that files, --set, --help, the reference and checkpoints treat both kinds alike.
 */
#ifndef ENCNET__OPTIONS_H
#define ENCNET__OPTIONS_H

#include "base/base.h"
#include <encnet/options.h>

typedef enum encnet__option_kind {
    ENCNET__KIND_INT,
    ENCNET__KIND_INT64,
    ENCNET__KIND_UINT64,
    ENCNET__KIND_REAL,
    ENCNET__KIND_BOOL,
    ENCNET__KIND_TEXT
} encnet__option_kind;

typedef enum encnet__option_scope {
    ENCNET__SCOPE_RUN,      /* belongs to a run: resuming with another value is reported */
    ENCNET__SCOPE_IDENTITY, /* makes up the network: files of weights record it, and resuming with
                               another value fails */
    ENCNET__SCOPE_RECORDED, /* belongs to a run, and files of weights record it */
    ENCNET__SCOPE_HOST      /* says where a run happens: no difference is reported */
} encnet__option_scope;

typedef struct encnet_option_row {
    const char *section, *key;
    encnet__option_kind kind;
    int count; /* numbers in a row, such as "W,H", at most 4; 0 means 1 */
    const char *default_text;
    double least, most; /* of numbers, but for ENCNET__KIND_UINT64 */
    int fewest_numbers,
        most_numbers;    /* of a text that lists numbers; most_numbers 0: it does not */
    bool whole;          /* the numbers of such a list are integers */
    const char *choices; /* words to choose from, "whole slide", or NULL; with a list
                                         of numbers: words that may stand in its place */
    const char *(*choice)(int index); /* the same as a function, NULL behind the last, or NULL */
    bool several;                     /* of the choices, a comma between them */
    bool (*form)(const char *text);   /* whether a text looks right, or NULL */
    const char *values;               /* what the numbers or the form are called, "W,H", or NULL */
    const char *help;                 /* sentences */
    encnet__option_scope scope;
    bool is_field; /* of encnet_options, at `offset`; otherwise the value is in `owned` */
    size_t offset;
} encnet__option;

/* The rows of one owner. */
typedef struct encnet__option_table {
    const encnet__option *rows;
    size_t count;
} encnet__option_table;

/* -- values ---------------------------------------------------------------------------------- */

/* The value in the options, or the row's default where an owned option is not set. */
encnet_option_value encnet__option_value(const encnet_options *options, const encnet__option *row);
int encnet__option_int(const encnet_options *options, const encnet__option *row);
double encnet__option_real(const encnet_options *options, const encnet__option *row);
bool encnet__option_bool(const encnet_options *options, const encnet__option *row);

/* Parses `text` into the options.  A text value is borrowed, not copied.  ENCNET_E_CONFIG says what
 * the value must be; the options are then unchanged. */
encnet_status encnet__option_set(encnet_options *options, const encnet__option *row,
                                 const char *text) ENCNET_MUST_CHECK;
/* Appends the value as a text that encnet__option_set() takes. */
void encnet__option_print(encnet__text *out, const encnet_options *options,
                          const encnet__option *row);
/* ENCNET_E_ARG when the value is none that encnet__option_set() would have taken. */
encnet_status encnet__option_check(const encnet_options *options,
                                   const encnet__option *row) ENCNET_MUST_CHECK;
bool encnet__option_equal(const encnet_options *a, const encnet_options *b,
                          const encnet__option *row);
/* One value by itself: a text to a value, false when the text is none of what encnet__option_type()
 * says; and a value to such a text. */
bool encnet__option_parse(encnet_option_value *out, const encnet__option *row, const char *text);
void encnet__option_print_value(encnet__text *out, const encnet__option *row,
                                const encnet_option_value *value);
/* Appends what a value must be: "integer 2..255", "one of whole slide". */
void encnet__option_type(encnet__text *out, const encnet__option *row);
/* The error for a text that is no value of the row: returns `rc`. */
encnet_status encnet__option_refuse(encnet_status rc, const encnet__option *row, const char *text);

/* The numbers in a text of a row that lists numbers.  `out` has room for row->most_numbers, or is
 * NULL; *count is 0 when the text is empty or one of the row's words.  ENCNET_E_ARG says what the
 * text must be. */
encnet_status encnet__option_numbers(double *out, int *count, const encnet__option *row,
                                     const char *text) ENCNET_MUST_CHECK;
/* Reads the next of several choices, which commas separate: returns its index in the row's list
 * and moves *at to the next one, or to the end of the text.  -1: the list has no such word. */
int encnet__option_choice(const encnet__option *row, const char **at);

/* -- all options together --------------------------------------------------------------------- */

/* encnet__option_check() for the fields of a section (NULL: of all sections) and every owned option
 * that is set. */
encnet_status encnet__options_check(const encnet_options *options,
                                    const char *section) ENCNET_MUST_CHECK;
/* *to = *from, with every string copied into one block, *strings, which the caller frees with
 * encnet__free().  An absent string becomes "". */
encnet_status encnet__options_copy(encnet_options *to, char **strings,
                                   const encnet_options *from) ENCNET_MUST_CHECK;

/* For the beginning of a public function: a copy of its options in which every text is a text and
 * every value, but for those of [optimizer], one that its row allows.  ENCNET_E_ARG, and nothing to free, where one is not. */
encnet_status encnet__options_take(encnet_options *to, char **strings,
                                   const encnet_options *from) ENCNET_MUST_CHECK;

/* -- lists of rows ---------------------------------------------------------------------------- */

/* The rows of options.def, in its order. */
extern const encnet__option_table encnet__option_fields;
/* The row of a field. */
#define ENCNET__OPTION_ROW(field) encnet__option_of_field(offsetof(encnet_options, field))
const encnet__option *encnet__option_of_field(size_t offset);

/* A list of rows: row `index` from 0, NULL behind the last.  encnet__option_at() of lib/models is
 * the list of all. */
typedef const encnet__option *encnet__option_list(int index);

/* The index of a row; -1: there is none. */
int encnet__option_find(encnet__option_list *list, const char *section, const char *key);
/* The row that was probably meant; NULL: none is near. */
const encnet__option *encnet__option_nearest(encnet__option_list *list, const char *section,
                                             const char *key);

typedef struct encnet__section {
    const char *name, *help;
} encnet__section;

/* The sections in the order of options.def; NULL behind the last. */
const encnet__section *encnet__section_at(int index);
bool encnet__section_known(const char *name);
/* The name that was probably meant; NULL: none is near. */
const char *encnet__section_nearest(const char *name);

/* The names in the lists of other rooms (networks.def, backbones.def, losses.def, datasets.def, and
 * conv.def after "auto"): name `index` from 0, NULL behind the last. */
const char *encnet__network_name(int index);
const char *encnet__backbone_name(int index);
const char *encnet__loss_name(int index);
const char *encnet__data_type_name(int index);
const char *encnet__conv_name(int index);

/* -- texts ------------------------------------------------------------------------------------ */

enum { ENCNET__TEXT_MAX = 4095 }; /* bytes of a text value: as long as a path may be */

/* Why a text cannot stand in an INI file and be read back; NULL when it can. */
const char *encnet__option_text_fault(const char *text);

/* One finite decimal number at the beginning of `text`, in every locale; `end` is what follows it.
 * False for anything else: hexadecimal, "inf", "nan", a blank, what is too large or too small to be one. */
bool encnet__number(double *out, const char *text, const char **end);
/* Appends the number with the digits that it takes to read back as the same, in every locale. */
void encnet__number_print(encnet__text *out, double value);
/* Reads the numbers of a text "1,2,3" as the row wants them into `out`, unless that is NULL, and
 * returns how many there are; -1 when the text is something else. */
int encnet__numbers(double *out, const encnet__option *row, const char *text);

/* An entry of a list "PREFIX:FACTOR,...". */
typedef struct encnet__factor {
    const char *prefix; /* not terminated */
    size_t length;
    double factor;
} encnet__factor;

/* Reads the entry at *at, which is not the end of the text, and moves *at to the next entry, or to
 * the end of the text.  False when there is something else. */
bool encnet__factor_read(encnet__factor *out, const char **at);

/* The forms of the ENCNET_FORM rows of options.def (forms.c). */
/* A path: files and --set may write ~, $NAME and ${NAME} in it, and $$ for a dollar sign; the value has
 * them replaced. */
bool encnet__form_path(const char *text);
bool encnet__form_names(const char *text);
bool encnet__form_factors(const char *text);

#endif
