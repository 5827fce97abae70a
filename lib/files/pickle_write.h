/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pickle_write.h - write Python objects as a pickle of protocol 2, which every reader knows.
 *
 * A pickle is a program for a stack machine.  Each call appends the opcodes that put one value on
 * the stack, so a dict is written as
 *
 *     encnet__pickle_dict(p);                      {}
 *     encnet__pickle_mark(p);
 *     encnet__pickle_text(p, "iter");              key, value, key, value ...
 *     encnet__pickle_int(p, 40000);
 *     encnet__pickle_set_items(p);                 ... into the dict
 *
 * No value refers to another, so no memo is used.  After a failed allocation, `p->failed` is set.
 */
#ifndef ENCNET__PICKLE_WRITE_H
#define ENCNET__PICKLE_WRITE_H

#include "base/base.h"

typedef encnet__text encnet__pickle;

void encnet__pickle_begin(encnet__pickle *p);
void encnet__pickle_end(encnet__pickle *p); /* there must be one value on the stack */

void encnet__pickle_none(encnet__pickle *p);
void encnet__pickle_bool(encnet__pickle *p, bool value);
void encnet__pickle_int(encnet__pickle *p, int64_t value);
void encnet__pickle_float(encnet__pickle *p, double value);
void encnet__pickle_text(encnet__pickle *p, const char *utf8);
void encnet__pickle_global(encnet__pickle *p, const char *module, const char *name);

/* collections.OrderedDict() */
void encnet__pickle_ordered_dict(encnet__pickle *p);
/* Push empty containers; the values after a mark are then added to them, as pairs or one by one. */
void encnet__pickle_dict(encnet__pickle *p);
void encnet__pickle_list(encnet__pickle *p);
void encnet__pickle_mark(encnet__pickle *p);
void encnet__pickle_set_items(encnet__pickle *p);
void encnet__pickle_append_items(encnet__pickle *p);
/* Makes a tuple of the values after the mark. */
void encnet__pickle_tuple(encnet__pickle *p);
/* Replaces a function and a tuple of arguments by the result of the call. */
void encnet__pickle_call(encnet__pickle *p);
/* Replaces a tuple by what the reader's persistent_load() returns for it. */
void encnet__pickle_persistent(encnet__pickle *p);

#endif
