/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* guard.c - device buffers between guard words. */
#include "selftest/guard.h"

#include <string.h>

enum { MARGIN = 1024 }; /* bytes of the guard behind, and at least as many in front */

/* Bytes from .. to - 1, the pattern being aligned to its four bytes. */
static void fill_bytes(uint8_t *p, uint32_t pattern, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) p[i] = ((const uint8_t *)&pattern)[i % sizeof pattern];
}

static size_t all_bytes(const encnet__guarded *g)
{
    return g->front + g->bytes + MARGIN;
}

encnet_status encnet__guarded_new(encnet__guarded *g, encnet_device *dev, size_t count,
                                  encnet__type type, uint32_t guard)
{
    encnet_status rc = ENCNET_OK;
    size_t align = encnet__device_facts_of(dev)->align_bytes;

    *g = (encnet__guarded){.type = type,
                           .count = count,
                           .front = MARGIN,
                           .bytes = count * encnet__type_bytes(type),
                           .guard = guard};
    if (count == 0) return ENCNET_OK;
    if (align > 0) g->front = (MARGIN + align - 1) / align * align;
    g->all = encnet__alloc(all_bytes(g), 1);
    g->now = encnet__alloc(all_bytes(g), 1);
    if (!g->all || !g->now)
        FAIL(ENCNET_E_NOMEM, "no memory to check a tensor of %zu elements", count);
    fill_bytes(g->all, guard, 0, all_bytes(g));
    TRY(encnet__buffer_new(&g->parent, dev, all_bytes(g)));
    TRY(encnet__buffer_view(&g->view, g->parent, g->front, g->bytes));
    TRY(encnet__guarded_fill(g, ENCNET__UNWRITTEN, false));
done:
    return rc;
}

void encnet__guarded_free(encnet__guarded *g)
{
    encnet__buffer_free(g->view);
    encnet__buffer_free(g->parent);
    encnet__free(g->all);
    encnet__free(g->now);
    *g = (encnet__guarded){0};
}

static size_t place(const encnet__guarded *g, size_t at)
{
    return g->front + at * encnet__type_bytes(g->type);
}

double encnet__guarded_get(const encnet__guarded *g, size_t at)
{
    return encnet__number_read(g->all + place(g, at), g->type);
}

void encnet__guarded_set(encnet__guarded *g, size_t at, double value)
{
    encnet__number_write(g->all + place(g, at), value, g->type);
}

double encnet__guarded_now(const encnet__guarded *g, size_t at)
{
    return encnet__number_read(g->now + place(g, at), g->type);
}

encnet_status encnet__guarded_put(encnet__guarded *g)
{
    return g->count ? encnet__write(g->parent, 0, g->all, all_bytes(g)) : ENCNET_OK;
}

encnet_status encnet__guarded_fill(encnet__guarded *g, uint32_t bits, bool on_device_only)
{
    if (g->count == 0) return ENCNET_OK;
    memcpy(g->now, g->all, all_bytes(g));
    fill_bytes(g->now, bits, g->front, g->front + g->bytes);
    if (!on_device_only) encnet__guarded_keep(g);
    return encnet__write(g->parent, 0, g->now, all_bytes(g));
}

static size_t changed(const encnet__guarded *g, size_t from, size_t to)
{
    size_t n = 0;

    for (size_t i = from; i < to; i++)
        n += g->now[i] != ((const uint8_t *)&g->guard)[i % sizeof g->guard];
    return n;
}

encnet_status encnet__guarded_fetch(encnet__guarded *g)
{
    encnet_status rc = ENCNET_OK;
    size_t before, behind;

    if (g->count == 0) return ENCNET_OK;
    TRY(encnet__read(g->now, g->parent, 0, all_bytes(g)));
    before = changed(g, 0, g->front);
    behind = changed(g, g->front + g->bytes, all_bytes(g));
    if (before) FAIL(ENCNET_E_DEVICE, "%zu bytes in front of the buffer were overwritten", before);
    if (behind) FAIL(ENCNET_E_DEVICE, "%zu bytes behind the buffer were overwritten", behind);
done:
    return rc;
}

encnet_status encnet__guarded_changed(encnet__guarded *g, size_t *at)
{
    encnet_status rc = encnet__guarded_fetch(g);
    size_t size = encnet__type_bytes(g->type);

    *at = 0;
    if (rc != ENCNET_OK || g->count == 0) return rc;
    while (*at < g->count && !memcmp(g->now + place(g, *at), g->all + place(g, *at), size)) ++*at;
    return ENCNET_OK;
}

void encnet__guarded_keep(encnet__guarded *g)
{
    if (g->count) memcpy(g->all, g->now, all_bytes(g));
}
