/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* agree.c - do all ranks say the same of themselves? */
#include "comm/comm.h"

#include <string.h>

enum { MAX_TOLD = 5 /* differences in a message */ };

/* The value of `name` in lines "name = value"; NULL: there is none. */
static const char *value_of(const char *facts, const char *name, size_t size)
{
    for (const char *line = facts; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, name, size) == 0 && strncmp(line + size, " = ", 3) == 0)
            return line + size + 3;
    return NULL;
}

static int length(const char *value)
{
    return (int)strcspn(value, "\n");
}

static bool are_equal(const char *a, const char *b)
{
    return a && b && length(a) == length(b) && strncmp(a, b, (size_t)length(a)) == 0;
}

/* Appends what `facts` say otherwise than `others`.  One of the two are those of rank r; where they are
 * those of rank 0, only what rank r does not say at all. */
static void add_differences(encnet__text *out, int *count, int r, const char *facts,
                            const char *others, bool are_first)
{
    for (const char *line = facts; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *equals = strstr(line, " = "), *value, *other, *mine, *first;
        size_t size = equals ? (size_t)(equals - line) : 0;
        if (!size) continue;
        value = equals + 3;
        other = value_of(others, line, size);
        if (are_equal(value, other) || (are_first && other) || ++*count > MAX_TOLD) continue;
        mine = are_first ? "none" : value;
        first = are_first ? value : other ? other : "none";
        encnet__text_add(out, "%srank %d has %.*s = %.*s, rank 0 %.*s", *count > 1 ? "; " : "", r,
                         (int)size, line, length(mine), mine, length(first), first);
    }
}

static encnet_status compare(const encnet_comm *comm, encnet_status status, const char *all,
                             const size_t *sizes)
{
    encnet_status rc = ENCNET_OK;
    encnet__text differences = {0};
    const char *at = all;
    int count = 0;

    for (int r = 0; r < comm->size; at += sizes[r++]) {
        if (r == 0) continue;
        add_differences(&differences, &count, r, at, all, false);
        add_differences(&differences, &count, r, all, at, true);
    }
    if (count > MAX_TOLD) encnet__text_add(&differences, "; and %d more", count - MAX_TOLD);
    if (differences.failed) FAIL(ENCNET_E_NOMEM, "no memory to compare the ranks");
    if (count) FAIL(status, "%s", differences.data);
done:
    encnet__text_free(&differences);
    return rc;
}

encnet_status encnet__comm_agree(const encnet_comm *comm, encnet_status status, const char *facts)
{
    encnet_status rc = ENCNET_OK;
    size_t ranks = (size_t)comm->size, total = 0;
    uint64_t mine = strlen(facts) + 1, *lengths = NULL;
    size_t *sizes = NULL;
    char *all = NULL;

    if (ranks == 1) return ENCNET_OK;
    lengths = encnet__alloc(ranks, sizeof *lengths);
    sizes = encnet__alloc(ranks, sizeof *sizes);
    if (!lengths || !sizes) FAIL(ENCNET_E_NOMEM, "no memory to compare %zu ranks", ranks);
    for (size_t r = 0; r < ranks; r++) sizes[r] = sizeof mine;
    TRY(comm->allgather(comm, lengths, &mine, sizes));
    for (size_t r = 0; r < ranks; r++) total += sizes[r] = (size_t)lengths[r];
    all = encnet__alloc(total, 1);
    if (!all) FAIL(ENCNET_E_NOMEM, "no memory to compare %zu ranks", ranks);
    TRY(comm->allgather(comm, all, facts, sizes));
    TRY(compare(comm, status, all, sizes));
done:
    encnet__free(lengths);
    encnet__free(sizes);
    encnet__free(all);
    return rc;
}
