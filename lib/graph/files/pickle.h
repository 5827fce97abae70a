/*
 * pickle.h - a Python pickle as inert data: protocols 0 to 5, nothing executed.
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
#ifndef ENCNET__PICKLE_H
#define ENCNET__PICKLE_H

#include "graph/files/tensor_file.h"

typedef enum encnet__pickle_kind {
    ENCNET__PICKLE_NONE,
    ENCNET__PICKLE_BOOL,
    ENCNET__PICKLE_INT,
    ENCNET__PICKLE_FLOAT,
    ENCNET__PICKLE_STRING, /* text or bytes */
    ENCNET__PICKLE_LIST,   /* also a set */
    ENCNET__PICKLE_TUPLE,
    ENCNET__PICKLE_DICT,       /* also an OrderedDict */
    ENCNET__PICKLE_GLOBAL,     /* an imported name */
    ENCNET__PICKLE_CALL,       /* an object made by a call, or of a class */
    ENCNET__PICKLE_PERSISTENT, /* something outside the pickle */
    ENCNET__PICKLE_OPAQUE      /* whatever else: an integer beyond 63 bits ... */
} encnet__pickle_kind;

typedef struct encnet__pickle_value encnet__pickle_value;
struct encnet__pickle_value {
    encnet__pickle_kind kind;
    size_t n, room;                    /* LIST, TUPLE: items; DICT: keys and values */
    const encnet__pickle_value *state; /* what BUILD gave the object; or NULL */
    union {
        int64_t integer; /* INT, BOOL */
        double real;
        const encnet__pickle_value **items; /* DICT: key, value, key, value ... */
        const encnet__pickle_value *id;     /* PERSISTENT */
        struct {
            uint64_t at, size; /* bytes in the file */
            const char *text;  /* ends in 0; NULL: too long for a name, or holds a 0 */
        } string;
        struct {
            const char *module, *name;
        } global;
        struct {
            const encnet__pickle_value *callee, *args;
        } call;
    };
};

typedef struct encnet__pickle encnet__pickle;

/* Reads the pickle that begins at byte `at` of the file and ends at or before byte `end`.
 * ENCNET_E_CHECKPOINT says at which byte it is wrong, or what is too much.  `out` is owned by the
 * caller. */
encnet_status encnet__pickle_read(encnet__pickle **out, const encnet__tensor_file *f, uint64_t at,
                                  uint64_t end) ENCNET_MUST_CHECK;
void encnet__pickle_free(encnet__pickle *p); /* takes NULL; its values go with it */

const encnet__pickle_value *encnet__pickle_root(const encnet__pickle *p);
uint64_t encnet__pickle_end(const encnet__pickle *p); /* the byte behind it */
/* The values from outside, in the order in which they are named; NULL behind the last. */
const encnet__pickle_value *encnet__pickle_persistent(const encnet__pickle *p, size_t i);

/* What these ask for, or NULL; all take NULL. */
const char *encnet__pickle_text(const encnet__pickle_value *v);
const encnet__pickle_value *encnet__pickle_item(const encnet__pickle_value *v,
                                                size_t i); /* of LIST, TUPLE */
const encnet__pickle_value *encnet__pickle_get(const encnet__pickle_value *v,
                                               const char *key); /* of DICT */
/* The arguments, when `v` is a call of module.name, where `module` may also be the beginning of a
 * dotted name. */
const encnet__pickle_value *encnet__pickle_call_of(const encnet__pickle_value *v,
                                                   const char *module, const char *name);
bool encnet__pickle_is(const encnet__pickle_value *v, encnet__pickle_kind kind);
/* An integer of at least 0; false: it is something else. */
bool encnet__pickle_count(uint64_t *out, const encnet__pickle_value *v);

#endif
