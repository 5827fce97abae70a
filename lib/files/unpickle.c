/* unpickle.c - a pickle from its first opcode to its last: the machine, and questions about what it
 * built. */
#include "files/unpickle.h"

#include <string.h>

#include "files/format.h"
#include "files/unpickle_machine.h"

#define MAX_VALUES (1u << 20)
#define MIN_CHUNK 2048u  /* bytes of memory taken at a time: twice as many as before, */
#define MAX_CHUNK 65536u /* up to this */

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

/* Appends to an array of the reader's own. */
encnet_status encnet__unpickle_append(encnet__unpickled *m, encnet__unpickle_values *a,
                                      const value *v)
{
    if (a->n == a->room) {
        size_t room = a->room ? a->room * 2 : 256;
        const value **bigger = encnet__realloc(a->at, room, sizeof(value *));
        if (!bigger) return encnet__unpickle_no_memory(m);
        a->at = bigger;
        a->room = room;
    }
    a->at[a->n++] = v;
    return ENCNET_OK;
}

/* Appends to the items of a LIST, TUPLE or DICT. */
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

/* An unsigned integer of `size` bytes, little endian. */
encnet_status encnet__unpickle_number(encnet__unpickled *m, uint64_t *out, unsigned size)
{
    encnet_status rc = ENCNET_OK;
    uint8_t bytes[8];

    TRY(encnet__unpickle_bytes(m, bytes, size));
    *out = encnet__little(bytes, size);
done:
    return rc;
}

/* A line without its end. */
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

/* The height below which an opcode must not reach: that of the last mark. */
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

/* Takes the last mark off; what was pushed since is at m->stack.at[*from] and up. */
encnet_status encnet__unpickle_pop_mark(encnet__unpickled *m, size_t *from)
{
    if (!m->marks.n) return encnet__unpickle_wrong(m, "there is no mark");
    *from = m->marks.at[--m->marks.n]->n;
    return ENCNET_OK;
}

/* The value on top, which the machine made and may still fill. */
encnet_status encnet__unpickle_top(encnet__unpickled *m, value **out)
{
    if (m->stack.n <= encnet__unpickle_floor(m))
        return encnet__unpickle_wrong(m, "the stack is empty");
    *out = (value *)m->stack.at[m->stack.n - 1];
    return ENCNET_OK;
}

/* -- the whole --------------------------------------------------------------------------------- */

static encnet_status run(encnet__unpickled *m)
{
    encnet_status rc = ENCNET_OK;
    uint8_t opcode = 0;

    for (;;) {
        TRY(encnet__unpickle_bytes(m, &opcode, 1));
        if (opcode == '.') return encnet__unpickle_pop(m, &m->root);
        if (++m->n_opcodes > ENCNET__UNPICKLE_MAX_OPCODES)
            return encnet__unpickle_wrong(m, "more than 4194304 opcodes");
        TRY(encnet__unpickle_run(m, opcode));
    }
done:
    return rc;
}

encnet_status encnet__unpickle_read(encnet__unpickled **out, const encnet__tensor_file *f,
                                    uint64_t at, uint64_t end)
{
    encnet_status rc = ENCNET_OK;
    encnet__unpickled *m = encnet__alloc(1, sizeof *m);

    if (!m) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to read its pickle", f->path);
    m->f = f;
    m->at = at;
    m->end = end;
    TRY(run(m));
    *out = m;
    m = NULL;
done:
    encnet__unpickle_free(m);
    return rc;
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

/* -- questions --------------------------------------------------------------------------------- */

const value *encnet__unpickle_root(const encnet__unpickled *p)
{
    return p->root;
}

uint64_t encnet__unpickle_end(const encnet__unpickled *p)
{
    return p->at;
}

const value *encnet__unpickle_persistent(const encnet__unpickled *p, size_t i)
{
    return i < p->persistent.n ? p->persistent.at[i] : NULL;
}

bool encnet__value_is(const value *v, encnet__value_kind kind)
{
    return v && v->kind == kind;
}

const char *encnet__value_text(const value *v)
{
    return encnet__value_is(v, ENCNET__VALUE_STRING) ? v->string.text : NULL;
}

bool encnet__value_count(uint64_t *out, const value *v)
{
    if (!encnet__value_is(v, ENCNET__VALUE_INT) || v->integer < 0) return false;
    *out = (uint64_t)v->integer;
    return true;
}

const value *encnet__value_item(const value *v, size_t i)
{
    if (!encnet__value_is(v, ENCNET__VALUE_LIST) && !encnet__value_is(v, ENCNET__VALUE_TUPLE))
        return NULL;
    return i < v->n ? v->items[i] : NULL;
}

const value *encnet__value_get(const value *v, const char *key)
{
    if (!encnet__value_is(v, ENCNET__VALUE_DICT)) return NULL;
    for (size_t i = v->n; i; i -= 2) { /* what was set last counts */
        const char *text = encnet__value_text(v->items[i - 2]);
        if (text && strcmp(text, key) == 0) return v->items[i - 1];
    }
    return NULL;
}

const value *encnet__value_call_of(const value *v, const char *module, const char *name)
{
    size_t size = strlen(module);
    const value *callee;

    if (!encnet__value_is(v, ENCNET__VALUE_CALL)) return NULL;
    callee = v->call.callee;
    if (callee->kind != ENCNET__VALUE_GLOBAL || strcmp(callee->global.name, name) != 0 ||
        strncmp(callee->global.module, module, size) != 0 ||
        (callee->global.module[size] && callee->global.module[size] != '.'))
        return NULL;
    return v->call.args;
}
