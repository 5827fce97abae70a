/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pickle_write.c - writes a pickle, one or a few opcodes per call. */
#include "files/pickle_write.h"

#include <string.h>

static void opcode(encnet__pickle *p, char code)
{
    encnet__text_bytes(p, &code, 1);
}

void encnet__pickle_begin(encnet__pickle *p)
{
    encnet__text_bytes(p, "\x80\x02", 2); /* PROTO 2 */
}

void encnet__pickle_end(encnet__pickle *p)
{
    opcode(p, '.'); /* STOP */
}

void encnet__pickle_none(encnet__pickle *p)
{
    opcode(p, 'N');
}

void encnet__pickle_bool(encnet__pickle *p, bool value)
{
    opcode(p, value ? '\x88' : '\x89'); /* NEWTRUE, NEWFALSE */
}

void encnet__pickle_int(encnet__pickle *p, int64_t value)
{
    if (value >= 0 && value < 256) {
        opcode(p, 'K'); /* BININT1 */
        encnet__text_little(p, (uint64_t)value, 1);
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
        opcode(p, 'J'); /* BININT */
        encnet__text_little(p, (uint64_t)value, 4);
    } else {
        encnet__text_bytes(p, "\x8a\x08", 2); /* LONG1, 8 bytes of two's complement */
        encnet__text_little(p, (uint64_t)value, 8);
    }
}

void encnet__pickle_float(encnet__pickle *p, double value)
{
    uint64_t bits;
    uint8_t big[8];

    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++) big[i] = (uint8_t)(bits >> (56 - 8 * i));
    opcode(p, 'G'); /* BINFLOAT, the one number that is big-endian */
    encnet__text_bytes(p, big, sizeof big);
}

void encnet__pickle_text(encnet__pickle *p, const char *utf8)
{
    size_t size = strlen(utf8);

    opcode(p, 'X'); /* BINUNICODE */
    encnet__text_little(p, size, 4);
    encnet__text_bytes(p, utf8, size);
    if (size > UINT32_MAX) p->failed = true;
}

void encnet__pickle_global(encnet__pickle *p, const char *module, const char *name)
{
    encnet__text_add(p, "c%s\n%s\n", module, name); /* GLOBAL */
}

void encnet__pickle_dict(encnet__pickle *p)
{
    opcode(p, '}'); /* EMPTY_DICT */
}

void encnet__pickle_ordered_dict(encnet__pickle *p)
{
    encnet__pickle_global(p, "collections", "OrderedDict");
    encnet__pickle_mark(p);
    encnet__pickle_tuple(p);
    encnet__pickle_call(p);
}

void encnet__pickle_list(encnet__pickle *p)
{
    opcode(p, ']'); /* EMPTY_LIST */
}

void encnet__pickle_mark(encnet__pickle *p)
{
    opcode(p, '(');
}

void encnet__pickle_set_items(encnet__pickle *p)
{
    opcode(p, 'u');
}

void encnet__pickle_append_items(encnet__pickle *p)
{
    opcode(p, 'e');
}

void encnet__pickle_tuple(encnet__pickle *p)
{
    opcode(p, 't');
}

void encnet__pickle_call(encnet__pickle *p)
{
    opcode(p, 'R'); /* REDUCE */
}

void encnet__pickle_persistent(encnet__pickle *p)
{
    opcode(p, 'Q'); /* BINPERSID */
}
