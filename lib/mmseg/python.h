/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * python.h - Python literals as data: what is left of a configuration of mmsegmentation when nothing
 * in it is executed.
 *
 * Values are immutable once they are built, and shared: a name that is used twice is one value.  All
 * of them belong to one memory and are freed with it.  An expression that would have to be executed,
 * such as a comprehension, becomes a value of the kind UNKNOWN, which is an error only where someone
 * needs it.
 */
#ifndef ENCNET__PYTHON_H
#define ENCNET__PYTHON_H

#include "base/base.h"

typedef enum encnet__py_kind {
    ENCNET__PY_NONE,
    ENCNET__PY_BOOL,
    ENCNET__PY_INT,
    ENCNET__PY_REAL,
    ENCNET__PY_TEXT,
    ENCNET__PY_LIST, /* or a set */
    ENCNET__PY_TUPLE,
    ENCNET__PY_DICT,
    ENCNET__PY_UNKNOWN /* its text names the construct, such as "a comprehension" */
} encnet__py_kind;

typedef struct encnet__py encnet__py;
struct encnet__py {
    encnet__py_kind kind;
    int depth;        /* levels of lists and dictionaries below this one */
    const char *file; /* where it begins */
    int line;
    union {
        int64_t integer; /* INT, BOOL */
        double real;
        const char *text; /* TEXT, UNKNOWN */
        struct {          /* LIST, TUPLE, DICT */
            int n, room;
            const encnet__py **items;
            const char **keys; /* DICT */
        };
    };
};

/* -- value.c: memory and values ---------------------------------------------------------------- */

typedef struct encnet__py_memory encnet__py_memory;

encnet__py_memory *encnet__py_memory_new(void) ENCNET_MUST_CHECK; /* NULL: no memory */
void encnet__py_memory_free(encnet__py_memory *m);                /* takes NULL */
/* Zeroed bytes, at most 32 MiB in all; NULL: no memory, or more than that. */
void *encnet__py_alloc(encnet__py_memory *m, size_t count, size_t size) ENCNET_MUST_CHECK;
char *encnet__py_text(encnet__py_memory *m, const char *text, size_t size) ENCNET_MUST_CHECK;

/* A new value at a place; NULL as above. */
encnet__py *encnet__py_new(encnet__py_memory *m, encnet__py_kind kind, const char *file,
                           int line) ENCNET_MUST_CHECK;
/* Values that are complete; the texts are borrowed from the memory.  A number that is not finite
 * becomes UNKNOWN. */
encnet_status encnet__py_new_int(const encnet__py **out, encnet__py_memory *m, const char *file,
                                 int64_t x, int line) ENCNET_MUST_CHECK;
encnet_status encnet__py_new_real(const encnet__py **out, encnet__py_memory *m, const char *file,
                                  double x, int line) ENCNET_MUST_CHECK;
encnet_status encnet__py_new_text(const encnet__py **out, encnet__py_memory *m, const char *file,
                                  const char *x, int line) ENCNET_MUST_CHECK;
encnet_status encnet__py_new_unknown(const encnet__py **out, encnet__py_memory *m, const char *file,
                                     const char *x, int line) ENCNET_MUST_CHECK;
/* Appends to a list or tuple that is being built.  ENCNET_E_CONFIG: it becomes too long or too deep;
 * the message names the place. */
encnet_status encnet__py_append(encnet__py_memory *m, encnet__py *list,
                                const encnet__py *item) ENCNET_MUST_CHECK;
/* Appends every item of `from`; one that is no list is an error at this line. */
encnet_status encnet__py_append_all(encnet__py_memory *m, encnet__py *list, const encnet__py *from,
                                    int line) ENCNET_MUST_CHECK;
/* Sets a key of a dictionary that is being built; `key` is borrowed from the memory. */
encnet_status encnet__py_set(encnet__py_memory *m, encnet__py *dict, const char *key,
                             const encnet__py *value) ENCNET_MUST_CHECK;

/* These return NULL where `v` is NULL, of another kind, or has no such item. */
const encnet__py *encnet__py_get(const encnet__py *dict, const char *key);
const encnet__py *encnet__py_item(const encnet__py *list, int i);
bool encnet__py_is(const encnet__py *v, encnet__py_kind kind); /* takes NULL */
bool encnet__py_is_list(const encnet__py *v);                  /* LIST or TUPLE */
bool encnet__py_number(double *out, const encnet__py *v);      /* INT or REAL */
bool encnet__py_true(const encnet__py *v);                     /* as bool(v); NULL is false */

/* Appends the value as Python writes it, cut after about 200 bytes.  With `plain` every sequence is
 * in brackets and a whole number has no fraction, so that equal values have the same text. */
void encnet__py_print(encnet__text *out, const encnet__py *v, bool plain);

/* -- arithmetic.c: what Python's operators do; operands of other kinds give UNKNOWN ------------- */

encnet_status encnet__py_add(const encnet__py **out, encnet__py_memory *m, const encnet__py *a,
                             const encnet__py *b) ENCNET_MUST_CHECK;
encnet_status encnet__py_negate(const encnet__py **out, encnet__py_memory *m,
                                const encnet__py *a) ENCNET_MUST_CHECK;
encnet_status encnet__py_multiply(const encnet__py **out, encnet__py_memory *m, const encnet__py *a,
                                  const encnet__py *b) ENCNET_MUST_CHECK;
encnet_status encnet__py_divide(const encnet__py **out, encnet__py_memory *m, const encnet__py *a,
                                const encnet__py *b, bool floored) ENCNET_MUST_CHECK;
encnet_status encnet__py_power(const encnet__py **out, encnet__py_memory *m, const encnet__py *a,
                               const encnet__py *b) ENCNET_MUST_CHECK;

/* -- expression.c ------------------------------------------------------------------------------ */

/* A text under way, one token ahead; encnet__py_begin() (lexer.c) fills it in. */
typedef enum encnet__py_token_kind {
    ENCNET__PY_END,
    ENCNET__PY_NEWLINE,
    ENCNET__PY_WORD, /* a name or a keyword */
    ENCNET__PY_DIGITS,
    ENCNET__PY_QUOTED,   /* a string with its prefix and quotes */
    ENCNET__PY_SIGN,     /* an operator or a bracket */
    ENCNET__PY_REFERENCE /* {{NAME}} */
} encnet__py_token_kind;

typedef struct encnet__py_reader {
    encnet__py_memory *memory;
    const char *file; /* for messages; lives as long as the memory */
    const char *at, *end;
    int line, brackets;
    bool fresh; /* at the beginning of a line of code */
    struct {
        encnet__py_token_kind kind;
        const char *at;
        size_t size;
        int line;
    } token;
    const encnet__py *names; /* what names stand for */
    int depth;               /* of expressions */
} encnet__py_reader;

/* -- lexer.c ----------------------------------------------------------------------------------- */

/* Begins a text and reads its first token.  Everything is borrowed. */
encnet_status encnet__py_begin(encnet__py_reader *r, const char *text,
                               size_t size) ENCNET_MUST_CHECK;
encnet_status encnet__py_next(encnet__py_reader *r) ENCNET_MUST_CHECK;
/* Whether the token is this word or sign. */
bool encnet__py_at(const encnet__py_reader *r, const char *text);
/* The characters of a QUOTED token, or NULL with *what set: what kind of string is not read. */
encnet_status encnet__py_unquote(const char **out, const char **what,
                                 const encnet__py_reader *r) ENCNET_MUST_CHECK;

/* Reads an expression at the token.  ENCNET_E_CONFIG: it is none; the message has file and line. */
encnet_status encnet__py_expression(const encnet__py **out, encnet__py_reader *r) ENCNET_MUST_CHECK;

#endif
