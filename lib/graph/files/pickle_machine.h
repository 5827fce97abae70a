/*
 * pickle_machine.h - the machine that reads a pickle: its stack, memo and memory, shared by the
 * opcodes (pickle_opcodes.c) and the loop that runs them (pickle.c).
 */
#ifndef ENCNET__PICKLE_MACHINE_H
#define ENCNET__PICKLE_MACHINE_H

#include "graph/files/pickle.h"

#define ENCNET__PICKLE_MAX_OPCODES (4u << 20)
#define ENCNET__PICKLE_LINE 4096u    /* bytes of a line of the text opcodes */
#define ENCNET__PICKLE_WINDOW 16384u /* bytes of the file read at a time */

typedef struct encnet__pickle_chunk encnet__pickle_chunk;

/* A growing array of values. */
typedef struct encnet__pickle_values {
    const encnet__pickle_value **at;
    size_t n, room;
} encnet__pickle_values;

struct encnet__pickle {
    const encnet__tensor_file *f;
    uint64_t at, end; /* the next byte to read; where the pickle must end */
    encnet__pickle_chunk *chunks;
    encnet__pickle_values persistent;
    const encnet__pickle_value *root;
    size_t n_opcodes, n_values;
    /* while it is read; marks.at[i]->n is the height of the stack at that mark */
    encnet__pickle_values stack, marks, memo;
    uint64_t window_at;
    size_t window_size;
    uint8_t window[ENCNET__PICKLE_WINDOW];
};

/* ENCNET_E_CHECKPOINT, with the byte that the machine is at. */
encnet_status encnet__pickle_wrong(const encnet__pickle *m, const char *what);
encnet_status encnet__pickle_no_memory(const encnet__pickle *m);

/* Memory that is freed with the pickle, zeroed; NULL: there is none. */
void *encnet__pickle_take(encnet__pickle *m, size_t size) ENCNET_MUST_CHECK;
/* NULL: there is no memory, or there are too many values. */
encnet__pickle_value *encnet__pickle_new(encnet__pickle *m,
                                         encnet__pickle_kind kind) ENCNET_MUST_CHECK;
/* To an array of the machine's own; to the items of a LIST, TUPLE or DICT. */
encnet_status encnet__pickle_append(encnet__pickle *m, encnet__pickle_values *a,
                                    const encnet__pickle_value *v) ENCNET_MUST_CHECK;
encnet_status encnet__pickle_add_item(encnet__pickle *m, encnet__pickle_value *to,
                                      const encnet__pickle_value *v) ENCNET_MUST_CHECK;

encnet_status encnet__pickle_bytes(encnet__pickle *m, void *out, size_t size) ENCNET_MUST_CHECK;
/* An unsigned integer of `size` bytes, little endian. */
encnet_status encnet__pickle_number(encnet__pickle *m, uint64_t *out,
                                    unsigned size) ENCNET_MUST_CHECK;
/* A line without its end, and a 0. */
encnet_status encnet__pickle_line(encnet__pickle *m, char out[ENCNET__PICKLE_LINE],
                                  size_t *size) ENCNET_MUST_CHECK;

/* Takes what encnet__pickle_new() gave. */
encnet_status encnet__pickle_push(encnet__pickle *m,
                                  const encnet__pickle_value *v) ENCNET_MUST_CHECK;
encnet_status encnet__pickle_pop(encnet__pickle *m,
                                 const encnet__pickle_value **out) ENCNET_MUST_CHECK;
/* The height below which an opcode must not reach: that of the last mark. */
size_t encnet__pickle_floor(const encnet__pickle *m);

/* Takes the last mark off; what was pushed since is at m->stack.at[*from] and up. */
encnet_status encnet__pickle_pop_mark(encnet__pickle *m, size_t *from) ENCNET_MUST_CHECK;
/* The value on top, which the machine made and may still fill. */
encnet_status encnet__pickle_top(encnet__pickle *m, encnet__pickle_value **out) ENCNET_MUST_CHECK;

/* Runs one opcode, whose byte was read. */
encnet_status encnet__pickle_run(encnet__pickle *m, uint8_t opcode) ENCNET_MUST_CHECK;

#endif
