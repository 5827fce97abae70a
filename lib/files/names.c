/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* names.c - the dialects of checkpoint files: which one a file has, and the rules of one applied.
 */
#include "files/names.h"

#include <string.h>

enum { MAX_STEPS = 4, MAX_PARTS = 3 };

#define WRAPPER "module." /* of PyTorch's DataParallel, in front of every name */

typedef struct rule {
    const char *from, *to;
} rule;

struct encnet__dialect {
    const char *name, *mark, *about;
    const char *const *matrices;
    const rule *steps[MAX_STEPS];
};

#define RULES(list, ...) static const rule list[] = {__VA_ARGS__, {NULL, NULL}};
#define MATRICES(list, ...) static const char *const list[] = {__VA_ARGS__, NULL};
#define DIALECT(...)
#include "files/dialects.def"
#undef RULES
#undef MATRICES
#undef DIALECT

static const encnet__dialect dialects[] = {
#define RULES(...)
#define MATRICES(...)
#define DIALECT(name, mark, about, matrices, ...) {name, mark, about, matrices, {__VA_ARGS__}},
#include "files/dialects.def"
#undef RULES
#undef MATRICES
#undef DIALECT
};

static const char *unwrapped(const char *name)
{
    size_t size = strlen(WRAPPER);

    return strncmp(name, WRAPPER, size) == 0 ? name + size : name;
}

static bool has(const encnet__tensor_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_tensors; i++)
        if (strcmp(unwrapped(f->tensors[i].name), name) == 0) return true;
    return false;
}

const encnet__dialect *encnet__dialect_of(const encnet__tensor_file *f)
{
    for (size_t i = 0; i < COUNT_OF(dialects); i++)
        if (has(f, dialects[i].mark)) return &dialects[i];
    return NULL;
}

const encnet__dialect *encnet__dialect_at(int index)
{
    return index >= 0 && (size_t)index < COUNT_OF(dialects) ? &dialects[index] : NULL;
}

const char *encnet__dialect_name(const encnet__dialect *d)
{
    return d->name;
}

const char *encnet__dialect_mark(const encnet__dialect *d)
{
    return d->mark;
}

const char *encnet__dialect_about(const encnet__dialect *d)
{
    return d->about;
}

bool encnet__dialect_is_foreign(const encnet__dialect *d)
{
    return d->steps[0] != NULL;
}

bool encnet__dialect_has_heads(const encnet__dialect *d)
{
    return d->steps[0] != alone;
}

/* -- translation ------------------------------------------------------------------------------- */

typedef struct part {
    const char *at;
    size_t size;
} part;

/* Whether `name` fits `pattern`, and what the stars stand for. */
static bool fits(part *parts, const char *pattern, const char *name)
{
    for (; *pattern != '*'; pattern++, name++) {
        if (*pattern != *name) return false;
        if (*pattern == '\0') return true;
    }
    parts->at = name;
    for (parts->size = 0;; parts->size++) {
        if (fits(parts + 1, pattern + 1, name + parts->size)) return true;
        if (name[parts->size] == '\0') return false;
    }
}

/* Writes `to` with its stars filled in; false: the result is too long. */
static bool fill(char out[ENCNET__NAME_SIZE], const char *to, const part *parts)
{
    size_t used = 0;

    for (; *to; to++) {
        part next = *to == '*' ? *parts++ : (part){to, 1};
        if (used + next.size >= ENCNET__NAME_SIZE) return false;
        memcpy(out + used, next.at, next.size);
        used += next.size;
    }
    out[used] = '\0';
    return true;
}

/* Applies the first rule of the list that fits. */
static bool apply(encnet__translation *t, const rule *r)
{
    part parts[MAX_PARTS];
    char name[ENCNET__NAME_SIZE];

    while (r->from && !fits(parts, r->from, t->name)) r++;
    if (!r->from) return true;
    t->left_out = !r->to;
    if (t->left_out) return true;
    if (!fill(name, r->to, parts)) return false;
    memcpy(t->name, name, sizeof name);
    return true;
}

bool encnet__translate(encnet__translation *out, const encnet__dialect *d, const char *name)
{
    encnet__translation t = {.left_out = false};
    part whole = {unwrapped(name), strlen(unwrapped(name))};

    if (!fill(t.name, "*", &whole)) return false;
    for (int i = 0; d && i < MAX_STEPS && d->steps[i] && !t.left_out; i++)
        if (!apply(&t, d->steps[i])) return false;
    for (const char *const *m = d ? d->matrices : NULL; m && *m; m++)
        t.transposed |= strcmp(*m, t.name) == 0;
    *out = t;
    return true;
}
