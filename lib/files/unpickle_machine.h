/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * unpickle_machine.h - the machine that reads a pickle: its stack, memo and memory.  The opcodes
 * (unpickle_opcodes.c, unpickle_memo.c) work on it, and unpickle.c runs them.
 */
#ifndef ENCNET__UNPICKLE_MACHINE_H
#define ENCNET__UNPICKLE_MACHINE_H

#include "files/unpickle.h"

#define ENCNET__UNPICKLE_MAX_OPCODES (4u << 20)
#define ENCNET__UNPICKLE_LINE 4096u   /* bytes of a line of the text opcodes */
#define ENCNET__UNPICKLE_WINDOW 4096u /* bytes of the file read at a time */

typedef struct encnet__unpickle_chunk encnet__unpickle_chunk;

/* A growing array of values. */
typedef struct encnet__unpickle_values {
    const encnet__value **at;
    size_t n;
    int room;
} encnet__unpickle_values;

struct encnet__unpickled {
    const encnet__tensor_file *f;
    uint64_t at, end; /* the next byte to read; where the pickle must end */
    encnet__unpickle_chunk *chunks;
    encnet__unpickle_values persistent;
    const encnet__value *root;
    size_t n_opcodes, n_values;
    /* used while it is read; marks.at[i]->n is the height of the stack at that mark */
    encnet__unpickle_values stack, marks, memo;
    uint64_t window_at;
    size_t window_size;
    uint8_t window[ENCNET__UNPICKLE_WINDOW];
};

/* ENCNET_E_CHECKPOINT; the message names the byte that the machine is at. */
encnet_status encnet__unpickle_wrong(const encnet__unpickled *m, const char *what);
encnet_status encnet__unpickle_no_memory(const encnet__unpickled *m);

/* Zeroed memory that is freed with the pickle; NULL when memory is short. */
void *encnet__unpickle_take(encnet__unpickled *m, size_t size) ENCNET_MUST_CHECK;
/* A new value; NULL when memory is short or there are too many values. */
encnet__value *encnet__unpickle_new(encnet__unpickled *m,
                                    encnet__value_kind kind) ENCNET_MUST_CHECK;
/* Append a value to an array of the machine, and to the items of a LIST, TUPLE or DICT. */
encnet_status encnet__unpickle_append(encnet__unpickled *m, encnet__unpickle_values *a,
                                      const encnet__value *v) ENCNET_MUST_CHECK;
encnet_status encnet__unpickle_add_item(encnet__unpickled *m, encnet__value *to,
                                        const encnet__value *v) ENCNET_MUST_CHECK;

/* Reads the next bytes. */
encnet_status encnet__unpickle_bytes(encnet__unpickled *m, void *out,
                                     size_t size) ENCNET_MUST_CHECK;
/* Reads an unsigned integer of `size` bytes, little endian. */
encnet_status encnet__unpickle_number(encnet__unpickled *m, uint64_t *out,
                                      unsigned size) ENCNET_MUST_CHECK;
/* Reads a line, and replaces its end with a 0. */
encnet_status encnet__unpickle_line(encnet__unpickled *m, char out[ENCNET__UNPICKLE_LINE],
                                    size_t *size) ENCNET_MUST_CHECK;

/* Pushes a value of encnet__unpickle_new(), which may be NULL: the call then fails. */
encnet_status encnet__unpickle_push(encnet__unpickled *m, const encnet__value *v) ENCNET_MUST_CHECK;
encnet_status encnet__unpickle_pop(encnet__unpickled *m,
                                   const encnet__value **out) ENCNET_MUST_CHECK;
/* The height of the stack at the last mark; opcodes must not reach below it. */
size_t encnet__unpickle_floor(const encnet__unpickled *m);

/* Removes the last mark; the values above it are m->stack.at[*from] and up. */
encnet_status encnet__unpickle_pop_mark(encnet__unpickled *m, size_t *from) ENCNET_MUST_CHECK;
/* The value on top, which may still be changed. */
encnet_status encnet__unpickle_top(encnet__unpickled *m, encnet__value **out) ENCNET_MUST_CHECK;

/* The opcodes of the memo.  An index is a number of `size` bytes, or a line if `size` is 0. */
encnet_status encnet__unpickle_memo_put(encnet__unpickled *m, int size) ENCNET_MUST_CHECK;
encnet_status encnet__unpickle_memo_get(encnet__unpickled *m, int size) ENCNET_MUST_CHECK;
encnet_status encnet__unpickle_memoize(encnet__unpickled *m, int unused) ENCNET_MUST_CHECK;

/* Runs one opcode, whose byte has been read. */
encnet_status encnet__unpickle_run(encnet__unpickled *m, uint8_t opcode) ENCNET_MUST_CHECK;

#endif
