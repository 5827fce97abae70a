/*
 * pickle_write.h - Python objects as a pickle of protocol 2, which every reader understands.
 *
 * A pickle is a program for a stack machine: each call appends what puts one value on the stack, so
 * a dict is written as
 *
 *     encnet__pickle_dict(p);                      {}
 *     encnet__pickle_mark(p);
 *     encnet__pickle_text(p, "iter");              key, value, key, value ...
 *     encnet__pickle_int(p, 40000);
 *     encnet__pickle_set_items(p);                 ... into the dict
 *
 * No value is written by reference: readers need no memo.  A failed allocation is remembered in
 * `p->failed`.
 */
#ifndef ENCNET__PICKLE_WRITE_H
#define ENCNET__PICKLE_WRITE_H

#include "base/base.h"

typedef encnet__text encnet__pickle;

void encnet__pickle_begin(encnet__pickle *p);
void encnet__pickle_end(encnet__pickle *p); /* the one value on the stack is the pickle's */

void encnet__pickle_none(encnet__pickle *p);
void encnet__pickle_bool(encnet__pickle *p, bool value);
void encnet__pickle_int(encnet__pickle *p, int64_t value);
void encnet__pickle_float(encnet__pickle *p, double value);
void encnet__pickle_text(encnet__pickle *p, const char *utf8);
void encnet__pickle_global(encnet__pickle *p, const char *module, const char *name);

/* collections.OrderedDict() */
void encnet__pickle_ordered_dict(encnet__pickle *p);
/* Empty containers, and what came after the mark into them: pairs into a dict, values onto a list.
 */
void encnet__pickle_dict(encnet__pickle *p);
void encnet__pickle_list(encnet__pickle *p);
void encnet__pickle_mark(encnet__pickle *p);
void encnet__pickle_set_items(encnet__pickle *p);
void encnet__pickle_append_items(encnet__pickle *p);
/* What came after the mark as a tuple. */
void encnet__pickle_tuple(encnet__pickle *p);
/* function, tuple of arguments -> result */
void encnet__pickle_call(encnet__pickle *p);
/* tuple -> whatever the reader's persistent_load() makes of it */
void encnet__pickle_persistent(encnet__pickle *p);

#endif
