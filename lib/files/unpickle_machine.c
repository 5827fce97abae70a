/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* unpickle_machine.c - what the opcodes of a pickle work on: memory for values, the bytes that come
 * next, the stack and its marks. */
#include "files/unpickle_machine.h"

#include <string.h>

#include "files/format.h"

#define MAX_VALUES (1u << 20)
#define MIN_CHUNK 2048u /* bytes of the first chunk of memory; each further one is twice as large */
#define MAX_CHUNK 65536u /* up to this size */

typedef encnet__value value;

/* Memory is handed out from chunks and freed with the pickle. */
struct encnet__unpickle_chunk {
    encnet__unpickle_chunk *next;
    size_t used, room;
    max_align_t bytes[];
};

encnet_status encnet__unpickle_wrong(const encnet__unpickled *m, const char *what)
{
    return encnet__fail(ENCNET_E_CHECKPOINT, "%s: pickle, byte %llu: %s", m->f->path,
                        (unsigned long long)m->at, what);
}

encnet_status encnet__unpickle_no_memory(const encnet__unpickled *m)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to read its pickle", m->f->path);
}

/* -- memory ------------------------------------------------------------------------------------ */

void *encnet__unpickle_take(encnet__unpickled *m, size_t size)
{
    encnet__unpickle_chunk *c = m->chunks;
    void *p;

    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!c || size > c->room - c->used) {
        size_t room = c ? c->room * 2 : MIN_CHUNK;
        if (room > MAX_CHUNK) room = MAX_CHUNK;
        if (room < size) room = size;
        c = encnet__alloc(sizeof *c + room, 1);
        if (!c) return NULL;
        c->room = room;
        c->next = m->chunks;
        m->chunks = c;
    }
    p = (char *)c->bytes + c->used;
    c->used += size;
    return p;
}

value *encnet__unpickle_new(encnet__unpickled *m, encnet__value_kind kind)
{
    value *v = m->n_values < MAX_VALUES ? encnet__unpickle_take(m, sizeof *v) : NULL;

    if (!v) return NULL;
    m->n_values++;
    v->kind = kind;
    return v;
}

encnet_status encnet__unpickle_append(encnet__unpickled *m, encnet__unpickle_values *a,
                                      const value *v)
{
    const value **at = encnet__grow(a->at, &a->room, a->n + 1, sizeof *at);

    if (!at) return encnet__unpickle_no_memory(m);
    a->at = at;
    at[a->n++] = v;
    return ENCNET_OK;
}

encnet_status encnet__unpickle_add_item(encnet__unpickled *m, value *to, const value *v)
{
    if (to->n == to->room) {
        size_t room = to->room ? to->room * 2 : 4;
        const value **bigger = encnet__unpickle_take(m, room * sizeof(value *));
        if (!bigger) return encnet__unpickle_no_memory(m);
        if (to->n) memcpy(bigger, to->items, to->n * sizeof(value *));
        to->items = bigger;
        to->room = room;
    }
    to->items[to->n++] = v;
    return ENCNET_OK;
}

void encnet__unpickle_free(encnet__unpickled *p)
{
    if (!p) return;
    while (p->chunks) {
        encnet__unpickle_chunk *next = p->chunks->next;
        encnet__free(p->chunks);
        p->chunks = next;
    }
    encnet__free(p->persistent.at);
    encnet__free(p->stack.at);
    encnet__free(p->marks.at);
    encnet__free(p->memo.at);
    encnet__free(p);
}

/* -- bytes ------------------------------------------------------------------------------------- */

encnet_status encnet__unpickle_bytes(encnet__unpickled *m, void *out, size_t size)
{
    encnet_status rc = ENCNET_OK;

    if (size > m->end - m->at) return encnet__unpickle_wrong(m, "it ends too early");
    if (size > ENCNET__UNPICKLE_WINDOW) {
        TRY(encnet__file_bytes(m->f, out, m->at, size));
    } else if (size) {
        if (m->at < m->window_at || m->at + size > m->window_at + m->window_size) {
            m->window_at = m->at;
            m->window_size = m->end - m->at < ENCNET__UNPICKLE_WINDOW ? (size_t)(m->end - m->at)
                                                                      : ENCNET__UNPICKLE_WINDOW;
            TRY(encnet__file_bytes(m->f, m->window, m->window_at, m->window_size));
        }
        memcpy(out, m->window + (m->at - m->window_at), size);
    }
    m->at += size;
done:
    return rc;
}

/* -- the stack --------------------------------------------------------------------------------- */

encnet_status encnet__unpickle_number(encnet__unpickled *m, uint64_t *out, unsigned size)
{
    encnet_status rc = ENCNET_OK;
    uint8_t bytes[8];

    TRY(encnet__unpickle_bytes(m, bytes, size));
    *out = encnet__little(bytes, size);
done:
    return rc;
}

encnet_status encnet__unpickle_line(encnet__unpickled *m, char out[ENCNET__UNPICKLE_LINE],
                                    size_t *size)
{
    encnet_status rc = ENCNET_OK;

    for (*size = 0; *size < ENCNET__UNPICKLE_LINE; ++*size) {
        TRY(encnet__unpickle_bytes(m, &out[*size], 1));
        if (out[*size] == '\n') {
            out[*size] = '\0';
            goto done;
        }
    }
    return encnet__unpickle_wrong(m, "a line is too long");
done:
    return rc;
}

encnet_status encnet__unpickle_push(encnet__unpickled *m, const value *v)
{
    if (!v && m->n_values >= MAX_VALUES)
        return encnet__unpickle_wrong(m, "more than 1048576 values");
    return v ? encnet__unpickle_append(m, &m->stack, v) : encnet__unpickle_no_memory(m);
}

size_t encnet__unpickle_floor(const encnet__unpickled *m)
{
    return m->marks.n ? m->marks.at[m->marks.n - 1]->n : 0;
}

encnet_status encnet__unpickle_pop(encnet__unpickled *m, const value **out)
{
    if (m->stack.n <= encnet__unpickle_floor(m))
        return encnet__unpickle_wrong(m, "the stack is empty");
    *out = m->stack.at[--m->stack.n];
    return ENCNET_OK;
}

encnet_status encnet__unpickle_pop_mark(encnet__unpickled *m, size_t *from)
{
    if (!m->marks.n) return encnet__unpickle_wrong(m, "there is no mark");
    *from = m->marks.at[--m->marks.n]->n;
    return ENCNET_OK;
}

encnet_status encnet__unpickle_top(encnet__unpickled *m, value **out)
{
    if (m->stack.n <= encnet__unpickle_floor(m))
        return encnet__unpickle_wrong(m, "the stack is empty");
    *out = (value *)m->stack.at[m->stack.n - 1];
    return ENCNET_OK;
}
