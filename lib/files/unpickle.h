/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * unpickle.h - read a Python pickle (protocols 0 to 5) as data, without executing anything.
 *
 * To Python a pickle is a program that imports names and calls them.  Here the same opcodes build a
 * graph of values, in which an imported name is two strings and a call is a record of the callee
 * and its arguments.  The reader of a format interprets the calls of the few names that it knows.
 *
 * Values may be shared and the graph may have cycles, so whoever walks it must bound the depth.
 * Reading itself is one loop without recursion; opcodes, values and the memo are limited, and no
 * memory is allocated for a size that the file merely claims.
 */
#ifndef ENCNET__UNPICKLE_H
#define ENCNET__UNPICKLE_H

#include "files/tensor_file.h"

typedef enum encnet__value_kind {
    ENCNET__VALUE_NONE,
    ENCNET__VALUE_BOOL,
    ENCNET__VALUE_INT,
    ENCNET__VALUE_FLOAT,
    ENCNET__VALUE_STRING, /* text or bytes */
    ENCNET__VALUE_LIST,   /* or a set */
    ENCNET__VALUE_TUPLE,
    ENCNET__VALUE_DICT,       /* or an OrderedDict */
    ENCNET__VALUE_GLOBAL,     /* an imported name */
    ENCNET__VALUE_CALL,       /* an object that a call makes */
    ENCNET__VALUE_PERSISTENT, /* something outside the pickle */
    ENCNET__VALUE_OPAQUE      /* anything else, such as an integer of more than 64 bits */
} encnet__value_kind;

typedef struct encnet__value encnet__value;
struct encnet__value {
    encnet__value_kind kind;
    size_t n, room;             /* LIST, TUPLE: items; DICT: keys and values */
    const encnet__value *state; /* the argument of BUILD, or NULL */
    union {
        int64_t integer; /* INT, BOOL */
        double real;
        const encnet__value **items; /* DICT: key, value, key, value ... */
        const encnet__value *id;     /* PERSISTENT */
        struct {
            uint64_t at, size; /* bytes in the file */
            const char *text;  /* ends in 0; NULL if it is too long for a name or has a 0 in it */
        } string;
        struct {
            const char *module, *name;
        } global;
        struct {
            const encnet__value *callee, *args;
        } call;
    };
};

typedef struct encnet__unpickled encnet__unpickled;

/* Reads the pickle that begins at byte `at` of the file and ends at or before byte `end`.  `out` is
 * owned by the caller.  ENCNET_E_CHECKPOINT: it is damaged or exceeds a limit; the message names
 * the byte. */
encnet_status encnet__unpickle_read(encnet__unpickled **out, const encnet__tensor_file *f,
                                    uint64_t at, uint64_t end) ENCNET_MUST_CHECK;
void encnet__unpickle_free(encnet__unpickled *p); /* takes NULL; frees the values, too */

const encnet__value *encnet__unpickle_root(const encnet__unpickled *p);
uint64_t encnet__unpickle_end(const encnet__unpickled *p); /* the byte after it */
/* Value i of those outside the pickle, in the order of their first mention; NULL behind the last.
 */
const encnet__value *encnet__unpickle_persistent(const encnet__unpickled *p, size_t i);

/* These return NULL if the value is not of that kind, or has no such item; they take NULL. */
const char *encnet__value_text(const encnet__value *v);
const encnet__value *encnet__value_item(const encnet__value *v, size_t i); /* of LIST, TUPLE */
const encnet__value *encnet__value_get(const encnet__value *v, const char *key); /* of DICT */
/* The arguments of a call of module.name.  `module` may also be a package that the module is in. */
const encnet__value *encnet__value_call_of(const encnet__value *v, const char *module,
                                           const char *name);
bool encnet__value_is(const encnet__value *v, encnet__value_kind kind);
/* Returns false if `v` is no integer of at least 0. */
bool encnet__value_count(uint64_t *out, const encnet__value *v);

#endif
