/* guard.c - device buffers between guard words. */
#include "selftest/guard.h"

#include <string.h>

enum { MARGIN = 256 }; /* guard words behind, and at least as many in front */

static void fill_words(uint32_t *p, uint32_t value, size_t count)
{
    for (size_t i = 0; i < count; i++) p[i] = value;
}

static size_t all_bytes(const encnet__guarded *g)
{
    return (g->front + g->words + MARGIN) * sizeof *g->all;
}

encnet_status encnet__guarded_new(encnet__guarded *g, encnet_device *dev, size_t words,
                                  uint32_t guard)
{
    encnet_status rc = ENCNET_OK;
    size_t align = encnet__device_facts_of(dev)->align_bytes / sizeof *g->all;

    *g = (encnet__guarded){.words = words, .guard = guard, .front = MARGIN};
    if (words == 0) return ENCNET_OK;
    if (align > 0) g->front = (MARGIN + align - 1) / align * align;
    g->all = encnet__alloc(g->front + words + MARGIN, sizeof *g->all);
    g->now = encnet__alloc(g->front + words + MARGIN, sizeof *g->now);
    if (!g->all || !g->now)
        FAIL(ENCNET_E_NOMEM, "no memory to check a tensor of %zu elements", words);
    fill_words(g->all, guard, g->front + words + MARGIN);
    TRY(encnet__buffer_new(&g->parent, dev, all_bytes(g)));
    TRY(encnet__buffer_view(&g->view, g->parent, g->front * sizeof *g->all,
                            words * sizeof *g->all));
    TRY(encnet__guarded_fill(g, ENCNET__UNWRITTEN));
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

uint32_t *encnet__guarded_bits(const encnet__guarded *g)
{
    return g->all ? g->all + g->front : NULL;
}

const uint32_t *encnet__guarded_now(const encnet__guarded *g)
{
    return g->now ? g->now + g->front : NULL;
}

encnet_status encnet__guarded_put(encnet__guarded *g)
{
    return g->words ? encnet__write(g->parent, 0, g->all, all_bytes(g)) : ENCNET_OK;
}

encnet_status encnet__guarded_fill(encnet__guarded *g, uint32_t bits)
{
    if (g->words) fill_words(encnet__guarded_bits(g), bits, g->words);
    return encnet__guarded_put(g);
}

encnet_status encnet__guarded_fetch(encnet__guarded *g)
{
    encnet_status rc = ENCNET_OK;
    size_t before = 0, behind = 0;

    if (g->words == 0) return ENCNET_OK;
    TRY(encnet__read(g->now, g->parent, 0, all_bytes(g)));
    for (size_t i = 0; i < g->front; i++) before += g->now[i] != g->guard;
    for (size_t i = 0; i < MARGIN; i++) behind += g->now[g->front + g->words + i] != g->guard;
    if (before) FAIL(ENCNET_E_DEVICE, "%zu words in front of the buffer were overwritten", before);
    if (behind) FAIL(ENCNET_E_DEVICE, "%zu words behind the buffer were overwritten", behind);
done:
    return rc;
}

encnet_status encnet__guarded_changed(encnet__guarded *g, size_t *at)
{
    encnet_status rc = encnet__guarded_fetch(g);

    *at = 0;
    if (rc != ENCNET_OK || g->words == 0) return rc;
    while (*at < g->words && g->now[g->front + *at] == g->all[g->front + *at]) ++*at;
    return ENCNET_OK;
}

void encnet__guarded_keep(encnet__guarded *g)
{
    if (g->words) memcpy(g->all, g->now, all_bytes(g));
}
