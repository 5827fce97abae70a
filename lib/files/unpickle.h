/*
 * unpickle.h - a Python pickle as inert data: protocols 0 to 5, nothing executed.
 *
 * Python runs a pickle as a program that imports names and calls them.  Here the same opcodes build
 * a graph of values in which an imported name is two strings and a call is a note of who would have
 * been called with what.  What the note means is for the reader of a format to say, for the few
 * names that it knows; everything else stays a note.
 *
 * The graph may share values and may have cycles, so a reader must not recurse without a bound.
 * Reading is one loop without recursion; opcodes, values and memo are counted against limits, and
 * no memory is taken for a size that the file only claims.
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
    ENCNET__VALUE_LIST,   /* also a set */
    ENCNET__VALUE_TUPLE,
    ENCNET__VALUE_DICT,       /* also an OrderedDict */
    ENCNET__VALUE_GLOBAL,     /* an imported name */
    ENCNET__VALUE_CALL,       /* an object made by a call, or of a class */
    ENCNET__VALUE_PERSISTENT, /* something outside the pickle */
    ENCNET__VALUE_OPAQUE      /* whatever else: an integer beyond 63 bits ... */
} encnet__value_kind;

typedef struct encnet__value encnet__value;
struct encnet__value {
    encnet__value_kind kind;
    size_t n, room;             /* LIST, TUPLE: items; DICT: keys and values */
    const encnet__value *state; /* what BUILD gave the object; or NULL */
    union {
        int64_t integer; /* INT, BOOL */
        double real;
        const encnet__value **items; /* DICT: key, value, key, value ... */
        const encnet__value *id;     /* PERSISTENT */
        struct {
            uint64_t at, size; /* bytes in the file */
            const char *text;  /* ends in 0; NULL: too long for a name, or holds a 0 */
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

/* Reads the pickle that begins at byte `at` of the file and ends at or before byte `end`.
 * ENCNET_E_CHECKPOINT says at which byte it is wrong, or what is too much.  `out` is owned by the
 * caller. */
encnet_status encnet__unpickle_read(encnet__unpickled **out, const encnet__tensor_file *f,
                                    uint64_t at, uint64_t end) ENCNET_MUST_CHECK;
void encnet__unpickle_free(encnet__unpickled *p); /* takes NULL; its values go with it */

const encnet__value *encnet__unpickle_root(const encnet__unpickled *p);
uint64_t encnet__unpickle_end(const encnet__unpickled *p); /* the byte behind it */
/* The values from outside, in the order in which they are named; NULL behind the last. */
const encnet__value *encnet__unpickle_persistent(const encnet__unpickled *p, size_t i);

/* What these ask for, or NULL; all take NULL. */
const char *encnet__value_text(const encnet__value *v);
const encnet__value *encnet__value_item(const encnet__value *v, size_t i); /* of LIST, TUPLE */
const encnet__value *encnet__value_get(const encnet__value *v, const char *key); /* of DICT */
/* The arguments, when `v` is a call of module.name, where `module` may also be the beginning of a
 * dotted name. */
const encnet__value *encnet__value_call_of(const encnet__value *v, const char *module,
                                           const char *name);
bool encnet__value_is(const encnet__value *v, encnet__value_kind kind);
/* An integer of at least 0; false: it is something else. */
bool encnet__value_count(uint64_t *out, const encnet__value *v);

#endif
