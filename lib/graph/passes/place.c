/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * place.c - places slots in memory: the largest first, each in the tightest gap that is free during
 * its whole life.  Where views may not overlap, a gap is a whole arena.
 *
 * These are the greedy-by-size heuristics of Pisarchyk and Lee (arXiv:2001.03288), for offsets and for
 * shared objects; the optimum is NP-hard to find.  Offsets are tried again in other orders, of which some begin
 * with what lives longest or earliest, while they take more than what lives at one moment.
 */
#include "graph/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct order {
    const slot *slots;
    int index;
} order;

static int larger_first(const void *a, const void *b)
{
    const order *x = a, *y = b;
    size_t s = x->slots[x->index].bytes, t = y->slots[y->index].bytes;

    if (s != t) return s < t ? 1 : -1;
    return x->index - y->index;
}

static int longer_first(const void *a, const void *b)
{
    const order *x = a, *y = b;
    const slot *s = &x->slots[x->index], *t = &y->slots[y->index];
    int more = (t->last - t->first) - (s->last - s->first);

    return more ? more : larger_first(a, b);
}

static int earlier_first(const void *a, const void *b)
{
    const order *x = a, *y = b;
    const slot *s = &x->slots[x->index], *t = &y->slots[y->index];

    return s->first != t->first ? s->first - t->first : larger_first(a, b);
}

static bool live_together(const slot *a, const slot *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Returns the offset of the tightest gap for `s` in arena `a`, given the placed slots in order of
 * offset; SIZE_MAX if it does not fit. */
static size_t find_gap(const slot *slots, const int *placed, int n_placed, const slot *s, int a,
                       size_t limit)
{
    size_t end = 0, best = SIZE_MAX, best_gap = SIZE_MAX;

    for (int i = 0; i < n_placed; i++) {
        const slot *p = &slots[placed[i]];
        if (p->arena != a || !live_together(p, s)) continue;
        if (p->offset >= end + s->bytes && p->offset - end < best_gap) {
            best = end;
            best_gap = p->offset - end;
        }
        if (p->offset + p->bytes > end) end = p->offset + p->bytes;
    }
    if (best == SIZE_MAX && (end + s->bytes <= limit || end == 0)) best = end;
    return best;
}

static void insert_by_offset(const slot *slots, int *placed, int n_placed, int index)
{
    int at = n_placed;

    while (at > 0 && slots[placed[at - 1]].offset > slots[index].offset) at--;
    memmove(placed + at + 1, placed + at, (size_t)(n_placed - at) * sizeof *placed);
    placed[at] = index;
}

/* Returns an arena of which no slot lives together with `s`, the last and hence smallest one; the
 * number of arenas if there is none. */
static int find_free(const slot *slots, const int *placed, int n_placed, const slot *s, int arenas)
{
    for (int a = arenas - 1; a >= 0; a--) {
        int i = 0;
        while (i < n_placed &&
               (slots[placed[i]].arena != a || !live_together(&slots[placed[i]], s)))
            i++;
        if (i == n_placed) return a;
    }
    return arenas;
}

/* Times that a packing is tried again from an order, at most and at least, and pairs of slots that are looked at
 * between: a plan is to take milliseconds, also of a network of a thousand slots. */
enum { TRIES = 64, LEAST_TRIES = 8, PAIRS = 1500000 };

typedef struct packing {
    slot *slots;
    int *order; /* [n], in which slots are placed */
    int *placed;
    int n, n_slots; /* that are placed; all */
    size_t limit;
    bool may_overlap;
    size_t *bytes; /* [n] of each arena */
    int arenas;
} packing;

/* Places the slots in order, until all arenas together have `most` bytes or more.  Returns the index in
 * the order of the slot with which they have; n if there is none. */
static int pack(packing *p, size_t most)
{
    size_t total = 0;

    p->arenas = 0;
    memset(p->bytes, 0, (size_t)p->n * sizeof *p->bytes);
    for (int i = 0; i < p->n; i++) {
        slot *s = &p->slots[p->order[i]];
        size_t offset = SIZE_MAX;
        int a = p->may_overlap ? 0 : find_free(p->slots, p->placed, i, s, p->arenas);
        while (p->may_overlap && a < p->arenas &&
               (offset = find_gap(p->slots, p->placed, i, s, a, p->limit)) == SIZE_MAX)
            a++;
        if (offset == SIZE_MAX) offset = 0;
        if (a == p->arenas) p->arenas++;
        s->arena = a;
        s->offset = offset;
        if (offset + s->bytes > p->bytes[a]) {
            total += offset + s->bytes - p->bytes[a];
            p->bytes[a] = offset + s->bytes;
        }
        if (total >= most) return i;
        insert_by_offset(p->slots, p->placed, i, p->order[i]);
    }
    return p->n;
}

static size_t packed_bytes(const packing *p)
{
    size_t total = 0;

    for (int a = 0; a < p->arenas; a++) total += p->bytes[a];
    return total;
}

static void sort(packing *p, order *orders, int (*compare)(const void *a, const void *b))
{
    for (int i = 0; i < p->n; i++) orders[i] = (order){p->slots, p->order[i]};
    qsort(orders, (size_t)p->n, sizeof *orders, compare);
    for (int i = 0; i < p->n; i++) p->order[i] = orders[i].index;
}

encnet_status encnet__slots_alive(size_t **out, int *n_commands, const slot *slots, int n_slots)
{
    int end = 0;
    size_t *alive;

    for (int i = 0; i < n_slots; i++)
        if (slots[i].last > end) end = slots[i].last;
    alive = encnet__alloc((size_t)end + 2, sizeof *alive); /* differences first, modulo 2^64 */
    if (!alive) return encnet__fail(ENCNET_E_NOMEM, "no host memory to plan %d tensors", n_slots);
    for (int i = 0; i < n_slots; i++) {
        if (slots[i].key) continue;
        alive[slots[i].first] += slots[i].bytes;
        alive[slots[i].last + 1] -= slots[i].bytes;
    }
    for (int t = 1; t <= end; t++) alive[t] += alive[t - 1];
    *out = alive;
    *n_commands = end + 1;
    return ENCNET_OK;
}

/* The most bytes that live in arenas at one moment. */
static encnet_status most_alive(size_t *most, const slot *slots, int n_slots)
{
    encnet_status rc;
    size_t *alive;
    int n;

    TRY(encnet__slots_alive(&alive, &n, slots, n_slots));
    *most = 0;
    for (int t = 0; t < n; t++)
        if (alive[t] > *most) *most = alive[t];
    encnet__free(alive);
done:
    return rc;
}

/* Packs again and again with the slot first that was one too many for less than `least` bytes, until no
 * order can need less than `most` or there have been enough.  Keeps the best order. */
static void pack_again(packing *p, int *best, size_t *least, size_t most)
{
    int tries = (int)(PAIRS / ((size_t)p->n * (size_t)p->n + 1));

    if (tries < LEAST_TRIES) tries = LEAST_TRIES;
    if (tries > TRIES) tries = TRIES;
    for (int i = 0; i<tries && * least> most; i++) {
        int at = pack(p, *least), top;
        if (at == p->n) {
            *least = packed_bytes(p);
            memcpy(best, p->order, (size_t)p->n * sizeof *best);
            continue;
        }
        top = p->order[at];
        memmove(p->order + 1, p->order, (size_t)at * sizeof top);
        p->order[0] = top;
    }
}

/* Begins with several orders, the first by size, and keeps the best of what they lead to. */
static encnet_status pack_well(packing *p)
{
    int (*const orders[])(const void *a, const void *b) = {larger_first, longer_first,
                                                           earlier_first};
    encnet_status rc = ENCNET_OK;
    order *sorted = encnet__alloc((size_t)p->n + 1, sizeof *sorted);
    int *best = encnet__alloc((size_t)p->n + 1, sizeof *best);
    size_t least, most = 0;

    if (!sorted || !best) FAIL(ENCNET_E_NOMEM, "no host memory to plan %d tensors", p->n);
    sort(p, sorted, larger_first);
    pack(p, SIZE_MAX);
    if (!p->may_overlap) goto done;
    TRY(most_alive(&most, p->slots, p->n_slots));
    least = packed_bytes(p);
    memcpy(best, p->order, (size_t)p->n * sizeof *best);
    for (size_t i = 0; i < COUNT_OF(orders) && least > most; i++) {
        sort(p, sorted, orders[i]);
        pack_again(p, best, &least, most);
    }
    memcpy(p->order, best, (size_t)p->n * sizeof *best);
    pack(p, SIZE_MAX);
done:
    encnet__free(sorted);
    encnet__free(best);
    return rc;
}

encnet_status encnet__arena_assign(slot *slots, int n_slots, size_t align, size_t limit,
                                   bool may_overlap, size_t **bytes, int *n_arenas)
{
    encnet_status rc = ENCNET_OK;
    packing p = {.slots = slots, .n_slots = n_slots, .limit = limit, .may_overlap = may_overlap};

    p.order = encnet__alloc((size_t)n_slots + 1, sizeof *p.order);
    p.placed = encnet__alloc((size_t)n_slots + 1, sizeof *p.placed);
    p.bytes = encnet__alloc((size_t)n_slots + 1, sizeof *p.bytes);
    if (!p.order || !p.placed || !p.bytes)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d tensors", n_slots);
    for (int i = 0; i < n_slots; i++) {
        slots[i].bytes = (slots[i].bytes + align - 1) / align * align;
        if (!slots[i].key) p.order[p.n++] = i;
    }
    TRY(pack_well(&p));
    *bytes = p.bytes;
    *n_arenas = p.arenas;
    p.bytes = NULL;
done:
    encnet__free(p.order);
    encnet__free(p.placed);
    encnet__free(p.bytes);
    return rc;
}

void encnet__slots_extend_kept(encnet__graph *g)
{
    int end = g->n_commands;

    for (int n = 0; n < g->n_nodes; n++) {
        const node *v = &g->nodes[n];
        if (v->kind == NODE_INPUT && v->value >= 0) {
            g->slots[v->value].first = 0;
            g->slots[v->value].last = end;
        }
        if (v->kept && v->value >= 0) g->slots[v->value].last = end;
        if (v->constant && v->value >= 0 && g->slots[v->value].last >= g->n_refresh)
            g->slots[v->value].key = v->key;
    }
    for (int t = 0; g->training && t < g->n_terms; t++)
        if (g->terms[t].is_loss) g->slots[g->nodes[g->terms[t].node].grad].last = end;
}

encnet_status encnet__pass_place(encnet__graph *g)
{
    const encnet__device_facts *facts = encnet__device_facts_of(g->dev);

    encnet__slots_extend_kept(g);
    return encnet__arena_assign(g->slots, g->n_slots, facts->align_bytes, facts->max_alloc_bytes,
                                facts->may_overlap, &g->arena_bytes, &g->n_arenas);
}
