/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * place.c - places slots in memory: the largest first, each in the tightest gap that is free during
 * its whole life.  Where views may not overlap, a gap is a whole arena.
 *
 * These are the greedy-by-size heuristics of Pisarchyk and Lee (arXiv:2001.03288), for offsets and for
 * shared objects; the optimum is NP-hard to find.
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

encnet_status encnet__arena_assign(slot *slots, int n_slots, size_t align, size_t limit,
                                   bool may_overlap, size_t **bytes, int *n_arenas)
{
    encnet_status rc = ENCNET_OK;
    order *orders = encnet__alloc((size_t)n_slots, sizeof *orders);
    int *placed = encnet__alloc((size_t)n_slots, sizeof *placed);
    size_t *sizes = encnet__alloc((size_t)n_slots, sizeof *sizes);
    int arenas = 0, n = 0;

    if (!orders || !placed || !sizes)
        FAIL(ENCNET_E_NOMEM, "no host memory to plan %d tensors", n_slots);
    for (int i = 0; i < n_slots; i++) {
        slots[i].bytes = (slots[i].bytes + align - 1) / align * align;
        if (!slots[i].key) orders[n++] = (order){slots, i};
    }
    qsort(orders, (size_t)n, sizeof *orders, larger_first);
    for (int i = 0; i < n; i++) {
        slot *s = &slots[orders[i].index];
        size_t offset = SIZE_MAX;
        int a = may_overlap ? 0 : find_free(slots, placed, i, s, arenas);
        while (may_overlap && a < arenas &&
               (offset = find_gap(slots, placed, i, s, a, limit)) == SIZE_MAX)
            a++;
        if (offset == SIZE_MAX) offset = 0;
        if (a == arenas) arenas++;
        s->arena = a;
        s->offset = offset;
        if (offset + s->bytes > sizes[a]) sizes[a] = offset + s->bytes;
        insert_by_offset(slots, placed, i, orders[i].index);
    }
    *bytes = sizes;
    *n_arenas = arenas;
    sizes = NULL;
done:
    encnet__free(orders);
    encnet__free(placed);
    encnet__free(sizes);
    return rc;
}

/* Extends the life of slots that the caller writes or reads.  What refresh() computes for the forward
 * pass gets its key: it is kept with the weights. */
static void extend_kept(encnet__graph *g)
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

    extend_kept(g);
    return encnet__arena_assign(g->slots, g->n_slots, facts->align_bytes, facts->max_alloc_bytes,
                                facts->may_overlap, &g->arena_bytes, &g->n_arenas);
}
