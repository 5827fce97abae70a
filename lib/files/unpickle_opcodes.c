/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* unpickle_opcodes.c - what each opcode of a pickle does to the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/unpickle_machine.h"

#define MAX_TEXT 1024u /* longer strings are not kept as text */

typedef encnet__unpickled machine;
typedef encnet__value value;

static bool is_object(const value *v)
{
    return v->kind == ENCNET__VALUE_CALL || v->kind == ENCNET__VALUE_PERSISTENT ||
           v->kind == ENCNET__VALUE_OPAQUE || v->kind == ENCNET__VALUE_GLOBAL;
}

/* -- constants, numbers, strings --------------------------------------------------------------- */

static encnet_status op_none(machine *m, int kind)
{
    return encnet__unpickle_push(m, encnet__unpickle_new(m, (encnet__value_kind)kind));
}

static encnet_status op_bool(machine *m, int which)
{
    value *v = encnet__unpickle_new(m, ENCNET__VALUE_BOOL);

    if (v) v->integer = which;
    return encnet__unpickle_push(m, v);
}

static encnet_status push_integer(machine *m, int64_t integer)
{
    value *v = encnet__unpickle_new(m, ENCNET__VALUE_INT);

    if (v) v->integer = integer;
    return encnet__unpickle_push(m, v);
}

/* Pushes an integer of 1, 2 or 4 bytes, of which only the last is signed. */
static encnet_status op_integer(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t number;

    TRY(encnet__unpickle_number(m, &number, (unsigned)size));
    TRY(push_integer(m, size == 4 ? (int32_t)(uint32_t)number : (int64_t)number));
done:
    return rc;
}

/* Pushes an integer of any length, in two's complement after its length; opaque beyond 8 bytes. */
static encnet_status op_long(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t length, number;

    TRY(encnet__unpickle_number(m, &length, (unsigned)size));
    if (length > m->end - m->at)
        return encnet__unpickle_wrong(m, "an integer is longer than the file");
    if (length > 8) {
        m->at += length;
        return op_none(m, ENCNET__VALUE_OPAQUE);
    }
    TRY(encnet__unpickle_number(m, &number, (unsigned)length));
    if (length && length < 8 && number >> (8 * length - 1)) number |= UINT64_MAX << (8 * length);
    TRY(push_integer(m, (int64_t)number));
done:
    return rc;
}

/* Pushes a decimal integer from a line; "00" and "01" are the booleans of protocol 1. */
static encnet_status op_integer_line(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    char line[ENCNET__UNPICKLE_LINE], *end;
    size_t size;
    long long number;

    (void)unused;
    TRY(encnet__unpickle_line(m, line, &size));
    if (!strcmp(line, "00") || !strcmp(line, "01")) return op_bool(m, line[1] - '0');
    number = strtoll(line, &end, 10);
    if (end == line || (*end && strcmp(end, "L") != 0))
        return encnet__unpickle_wrong(m, "a line is no integer");
    TRY(push_integer(m, number));
done:
    return rc;
}

/* Pushes a float from eight bytes, big endian, or from a line. */
static encnet_status op_float(machine *m, int is_line)
{
    encnet_status rc = ENCNET_OK;
    char line[ENCNET__UNPICKLE_LINE];
    const char *end;
    uint64_t bits;
    size_t size;
    double real;
    value *v;

    if (is_line) {
        TRY(encnet__unpickle_line(m, line, &size));
        if (!encnet__real(&real, line, &end) || *end)
            return encnet__unpickle_wrong(m, "a line is no number");
    } else {
        TRY(encnet__unpickle_number(m, &bits, 8));
        bits = __builtin_bswap64(bits);
        memcpy(&real, &bits, sizeof real);
    }
    v = encnet__unpickle_new(m, ENCNET__VALUE_FLOAT);
    if (v) v->real = real;
    TRY(encnet__unpickle_push(m, v));
done:
    return rc;
}

/* Pushes the next `size` bytes as a string.  One that could be a name is kept as text. */
static encnet_status push_string(machine *m, uint64_t size)
{
    encnet_status rc = ENCNET_OK;
    value *v;
    char *text;

    if (size > m->end - m->at) return encnet__unpickle_wrong(m, "a string is longer than the file");
    v = encnet__unpickle_new(m, ENCNET__VALUE_STRING);
    TRY(encnet__unpickle_push(m, v));
    v->string.at = m->at;
    v->string.size = size;
    if (size <= MAX_TEXT) {
        text = encnet__unpickle_take(m, (size_t)size + 1);
        if (!text) return encnet__unpickle_no_memory(m);
        TRY(encnet__unpickle_bytes(m, text, (size_t)size));
        text[size] = '\0';
        if (strlen(text) == size) v->string.text = text;
    } else {
        m->at += size;
    }
done:
    return rc;
}

static encnet_status op_string(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t length;

    TRY(encnet__unpickle_number(m, &length, (unsigned)size));
    TRY(push_string(m, length));
done:
    return rc;
}

/* Pushes a string from a line, with `quotes` quotes around it.  Escapes are not decoded. */
static encnet_status op_string_line(machine *m, int quotes)
{
    encnet_status rc = ENCNET_OK;
    uint64_t start = m->at, end, quote = (uint64_t)quotes;
    char line[ENCNET__UNPICKLE_LINE];
    size_t size;

    TRY(encnet__unpickle_line(m, line, &size));
    if (size < 2 * quote || (quote && line[0] != line[size - 1]))
        return encnet__unpickle_wrong(m, "a string lacks its quotes");
    end = m->at;
    m->at = start + quote;
    TRY(push_string(m, size - 2 * quote));
    m->at = end;
done:
    return rc;
}

static encnet_status op_mark(machine *m, int unused)
{
    value *mark = encnet__unpickle_new(m, ENCNET__VALUE_OPAQUE);

    (void)unused;
    if (!mark) return encnet__unpickle_push(m, NULL);
    mark->n = m->stack.n;
    return encnet__unpickle_append(m, &m->marks, mark);
}

static encnet_status op_pop(machine *m, int unused)
{
    const value *v;

    (void)unused;
    if (m->marks.n && m->stack.n == encnet__unpickle_floor(m)) {
        m->marks.n--; /* POP also removes a mark */
        return ENCNET_OK;
    }
    return encnet__unpickle_pop(m, &v);
}

static encnet_status op_pop_mark(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    size_t from = 0;

    (void)unused;
    TRY(encnet__unpickle_pop_mark(m, &from));
    m->stack.n = from;
done:
    return rc;
}

static encnet_status op_duplicate(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    value *v = NULL;

    (void)unused;
    TRY(encnet__unpickle_top(m, &v));
    TRY(encnet__unpickle_push(m, v));
done:
    return rc;
}

/* Moves everything above height `from` of the stack to the items of `to`. */
static encnet_status move_items(machine *m, value *to, size_t from)
{
    encnet_status rc = ENCNET_OK;

    for (size_t i = from; i < m->stack.n; i++)
        TRY(encnet__unpickle_add_item(m, to, m->stack.at[i]));
    m->stack.n = from;
done:
    return rc;
}

/* Pushes a container of everything above the mark. */
static encnet_status op_collect(machine *m, int kind)
{
    encnet_status rc = ENCNET_OK;
    value *v;
    size_t from = 0;

    TRY(encnet__unpickle_pop_mark(m, &from));
    if (kind == ENCNET__VALUE_DICT && (m->stack.n - from) % 2)
        return encnet__unpickle_wrong(m, "a key without a value");
    v = encnet__unpickle_new(m, (encnet__value_kind)kind);
    if (!v) return encnet__unpickle_push(m, NULL);
    TRY(move_items(m, v, from));
    TRY(encnet__unpickle_push(m, v));
done:
    return rc;
}

/* Pushes a tuple of the `count` values on top. */
static encnet_status op_tuple(machine *m, int count)
{
    encnet_status rc = ENCNET_OK;
    value *v;

    if (m->stack.n - encnet__unpickle_floor(m) < (size_t)count)
        return encnet__unpickle_wrong(m, "the stack is empty");
    v = encnet__unpickle_new(m, ENCNET__VALUE_TUPLE);
    if (!v) return encnet__unpickle_push(m, NULL);
    TRY(move_items(m, v, m->stack.n - (size_t)count));
    TRY(encnet__unpickle_push(m, v));
done:
    return rc;
}

/* Moves everything above height `from` into the container below, which must be of that kind.  If it
 * is an object, the values are dropped. */
static encnet_status put_into(machine *m, encnet__value_kind kind, size_t from)
{
    encnet_status rc = ENCNET_OK;
    value *to;

    if (from <= encnet__unpickle_floor(m)) return encnet__unpickle_wrong(m, "the stack is empty");
    to = (value *)m->stack.at[from - 1];
    if (kind == ENCNET__VALUE_DICT && (m->stack.n - from) % 2)
        return encnet__unpickle_wrong(m, "a key without a value");
    if (to->kind == kind)
        TRY(move_items(m, to, from));
    else if (is_object(to))
        m->stack.n = from;
    else
        return encnet__unpickle_wrong(m, kind == ENCNET__VALUE_DICT
                                             ? "an item is set in what is no dictionary"
                                             : "an item is added to what is no list");
done:
    return rc;
}

static encnet_status op_put(machine *m, int kind)
{
    size_t items = kind == ENCNET__VALUE_DICT ? 2 : 1;

    if (m->stack.n - encnet__unpickle_floor(m) <= items)
        return encnet__unpickle_wrong(m, "the stack is empty");
    return put_into(m, (encnet__value_kind)kind, m->stack.n - items);
}

static encnet_status op_put_all(machine *m, int kind)
{
    encnet_status rc = ENCNET_OK;
    size_t from = 0;

    TRY(encnet__unpickle_pop_mark(m, &from));
    TRY(put_into(m, (encnet__value_kind)kind, from));
done:
    return rc;
}

static encnet_status push_global(machine *m, const char *module, const char *name)
{
    value *v = encnet__unpickle_new(m, ENCNET__VALUE_GLOBAL);

    if (v) {
        v->global.module = module;
        v->global.name = name;
    }
    return encnet__unpickle_push(m, v);
}

static encnet_status read_name(machine *m, const char **out)
{
    encnet_status rc = ENCNET_OK;
    char line[ENCNET__UNPICKLE_LINE], *copy;
    size_t size;

    TRY(encnet__unpickle_line(m, line, &size));
    copy = encnet__unpickle_take(m, size + 1);
    if (!copy) return encnet__unpickle_no_memory(m);
    *out = memcpy(copy, line, size + 1);
done:
    return rc;
}

static encnet_status op_global(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    const char *module, *name;

    (void)unused;
    TRY(read_name(m, &module));
    TRY(read_name(m, &name));
    TRY(push_global(m, module, name));
done:
    return rc;
}

static encnet_status op_stack_global(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    const value *name = NULL, *module = NULL;

    (void)unused;
    TRY(encnet__unpickle_pop(m, &name));
    TRY(encnet__unpickle_pop(m, &module));
    if (!encnet__value_text(name) || !encnet__value_text(module))
        return encnet__unpickle_wrong(m, "an imported name is no text");
    TRY(push_global(m, module->string.text, name->string.text));
done:
    return rc;
}

/* Pushes a name that is given by its number in a registry, which only the writer knows. */
static encnet_status op_extension(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t number;

    TRY(encnet__unpickle_number(m, &number, (unsigned)size));
    TRY(op_none(m, ENCNET__VALUE_OPAQUE));
done:
    return rc;
}

/* Python 2 makes an OrderedDict by a call with a list of pairs, Python 3 by a call without one. */
static bool is_pairs(const value *list)
{
    if (!list || list->kind != ENCNET__VALUE_LIST) return false;
    for (size_t i = 0; i < list->n; i++)
        if (!encnet__value_item(list->items[i], 1) || list->items[i]->n != 2) return false;
    return true;
}

static encnet_status push_call(machine *m, const value *callee, const value *args)
{
    encnet_status rc = ENCNET_OK;
    value *v = encnet__unpickle_new(m, ENCNET__VALUE_CALL);
    const value *pairs;

    TRY(encnet__unpickle_push(m, v));
    v->call.callee = callee;
    v->call.args = args;
    if (!encnet__value_call_of(v, "collections", "OrderedDict")) goto done;
    pairs = encnet__value_item(args, 0);
    if (pairs) m->n_opcodes += pairs->n; /* copying counts, because the list may be shared */
    if (m->n_opcodes > ENCNET__UNPICKLE_MAX_OPCODES || (args->n && !is_pairs(pairs))) goto done;
    v->kind = ENCNET__VALUE_DICT;
    v->items = NULL;
    for (size_t i = 0; pairs && i < pairs->n; i++) {
        TRY(encnet__unpickle_add_item(m, v, pairs->items[i]->items[0]));
        TRY(encnet__unpickle_add_item(m, v, pairs->items[i]->items[1]));
    }
done:
    return rc;
}

/* Pushes a call.  The stack holds the callee, the tuple of its arguments and, with `keywords`, a
 * dictionary of further ones. */
static encnet_status op_call(machine *m, int keywords)
{
    encnet_status rc = ENCNET_OK;
    const value *callee, *args, *unused;

    if (keywords) TRY(encnet__unpickle_pop(m, &unused));
    TRY(encnet__unpickle_pop(m, &args));
    TRY(encnet__unpickle_pop(m, &callee));
    if (!is_object(callee)) return encnet__unpickle_wrong(m, "what is called is no name");
    if (args->kind != ENCNET__VALUE_TUPLE && !is_object(args))
        return encnet__unpickle_wrong(m, "a call without a tuple of arguments");
    TRY(push_call(m, callee, args));
done:
    return rc;
}

/* Protocol 0: pushes an object of a class, made from everything above the mark.  The class is named
 * by the opcode, or is the first value above the mark. */
static encnet_status op_instance(machine *m, int is_named)
{
    encnet_status rc = ENCNET_OK;
    const value *callee = NULL, *args;

    if (is_named) {
        TRY(op_global(m, 0));
        TRY(encnet__unpickle_pop(m, &callee));
    }
    TRY(op_collect(m, ENCNET__VALUE_TUPLE));
    TRY(encnet__unpickle_pop(m, &args));
    if (!is_named) {
        callee = encnet__value_item(args, 0);
        if (!callee || !is_object(callee))
            return encnet__unpickle_wrong(m, "what is called is no name");
    }
    TRY(push_call(m, callee, args));
done:
    return rc;
}

static encnet_status op_build(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    const value *state = NULL;
    value *v = NULL;

    (void)unused;
    TRY(encnet__unpickle_pop(m, &state));
    TRY(encnet__unpickle_top(m, &v));
    if (v->kind != ENCNET__VALUE_DICT && !is_object(v))
        return encnet__unpickle_wrong(m, "a state is given to what is no object");
    v->state = state;
done:
    return rc;
}

static encnet_status push_persistent(machine *m, const value *id)
{
    encnet_status rc = ENCNET_OK;
    value *v = encnet__unpickle_new(m, ENCNET__VALUE_PERSISTENT);

    TRY(encnet__unpickle_push(m, v));
    v->id = id;
    TRY(encnet__unpickle_append(m, &m->persistent, v));
done:
    return rc;
}

static encnet_status op_persistent(machine *m, int is_line)
{
    encnet_status rc = ENCNET_OK;
    const value *id;

    if (is_line) TRY(op_string_line(m, 0));
    TRY(encnet__unpickle_pop(m, &id));
    TRY(push_persistent(m, id));
done:
    return rc;
}

static encnet_status op_protocol(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    uint64_t protocol;

    (void)unused;
    TRY(encnet__unpickle_number(m, &protocol, 1));
    if (protocol > 5) return encnet__unpickle_wrong(m, "a protocol newer than 5");
done:
    return rc;
}

static encnet_status op_frame(machine *m, int unused)
{
    encnet_status rc = ENCNET_OK;
    uint64_t size;

    (void)unused;
    TRY(encnet__unpickle_number(m, &size, 8));
    if (size > m->end - m->at) return encnet__unpickle_wrong(m, "a frame is longer than the file");
done:
    return rc;
}

/* -- the table --------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    encnet_status (*run)(machine *m, int argument);
    int argument;
} opcodes    [256] = {
    ['N'] = {op_none, ENCNET__VALUE_NONE},
    [0x88] = {op_bool, 1},
    [0x89] = {op_bool, 0},
    ['K'] = {op_integer, 1},
    ['M'] = {op_integer, 2},
    ['J'] = {op_integer, 4},
    [0x8a] = {op_long, 1},
    [0x8b] = {op_long, 4},
    ['I'] = {op_integer_line, 0},
    ['L'] = {op_integer_line, 0},
    ['G'] = {op_float, 0},
    ['F'] = {op_float, 1},
    ['S'] = {op_string_line, 1},
    ['V'] = {op_string_line, 0},
    ['T'] = {op_string, 4}, /* of Python 2 */
    ['U'] = {op_string, 1},
    ['X'] = {op_string, 4}, /* text */
    [0x8c] = {op_string, 1},
    [0x8d] = {op_string, 8},
    ['B'] = {op_string, 4}, /* bytes */
    ['C'] = {op_string, 1},
    [0x8e] = {op_string, 8},
    [0x96] = {op_string, 8},
    ['('] = {op_mark, 0},
    ['0'] = {op_pop, 0},
    ['1'] = {op_pop_mark, 0},
    ['2'] = {op_duplicate, 0},
    [']'] = {op_none, ENCNET__VALUE_LIST},
    ['l'] = {op_collect, ENCNET__VALUE_LIST},
    ['a'] = {op_put, ENCNET__VALUE_LIST},
    ['e'] = {op_put_all, ENCNET__VALUE_LIST},
    [')'] = {op_none, ENCNET__VALUE_TUPLE},
    ['t'] = {op_collect, ENCNET__VALUE_TUPLE},
    [0x85] = {op_tuple, 1},
    [0x86] = {op_tuple, 2},
    [0x87] = {op_tuple, 3},
    ['}'] = {op_none, ENCNET__VALUE_DICT},
    ['d'] = {op_collect, ENCNET__VALUE_DICT},
    ['s'] = {op_put, ENCNET__VALUE_DICT},
    ['u'] = {op_put_all, ENCNET__VALUE_DICT},
    [0x8f] = {op_none, ENCNET__VALUE_LIST}, /* a set */
    [0x90] = {op_put_all, ENCNET__VALUE_LIST},
    [0x91] = {op_collect, ENCNET__VALUE_LIST},
    ['c'] = {op_global, 0},
    [0x93] = {op_stack_global, 0},
    [0x82] = {op_extension, 1},
    [0x83] = {op_extension, 2},
    [0x84] = {op_extension, 4},
    ['R'] = {op_call, 0},
    [0x81] = {op_call, 0}, /* of a class: a new object */
    [0x92] = {op_call, 1},
    ['i'] = {op_instance, 1},
    ['o'] = {op_instance, 0},
    ['b'] = {op_build, 0},
    ['P'] = {op_persistent, 1},
    ['Q'] = {op_persistent, 0},
    ['p'] = {encnet__unpickle_memo_put, 0},
    ['q'] = {encnet__unpickle_memo_put, 1},
    ['r'] = {encnet__unpickle_memo_put, 4},
    ['g'] = {encnet__unpickle_memo_get, 0},
    ['h'] = {encnet__unpickle_memo_get, 1},
    ['j'] = {encnet__unpickle_memo_get, 4},
    [0x94] = {encnet__unpickle_memoize, 0},
    [0x80] = {op_protocol, 0},
    [0x95] = {op_frame, 0},
};
/* clang-format on */

encnet_status encnet__unpickle_run(machine *m, uint8_t opcode)
{
    char what[64];

    if (opcodes[opcode].run) return opcodes[opcode].run(m, opcodes[opcode].argument);
    snprintf(what, sizeof what, "opcode 0x%02x in front of it is not known", opcode);
    return encnet__unpickle_wrong(m, what);
}
