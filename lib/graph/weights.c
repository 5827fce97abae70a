/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* weights.c - the table of weights: declarations, device memory, initial values, and the orders in
 * files and on the device. */
#include "graph/weights.h"

#include <math.h>
#include <string.h>

#include "base/type.h"

enum { PURPOSE_INIT = 1 }; /* of the random streams of encnet__rng_at() */

/* Weights begin at multiples of this, or of the alignment of the device if that is larger. */
enum { ALIGN = 512 };
/* A bucket is full at 25 MiB, as in PyTorch's gradient exchange; a larger weight gets its own. */
enum { BLOCK_BYTES = 25 << 20 };
/* The bucket of the first weights is small: the backward pass completes it last, so nothing hides
 * its exchange. */
enum { FIRST_BYTES = 4 << 20 };

struct encnet__weights {
    encnet_device *dev;
    encnet__derived *derived;
    encnet__param **params; /* pointers, so that params do not move */
    int count, capacity;
    encnet__bucket *blocks[ENCNET__FIELDS];
    int n_buckets[ENCNET__FIELDS];
    encnet_status failed; /* the first declaration that failed */
};

encnet_status encnet__weights_new(encnet__weights **out, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__alloc(1, sizeof *w);

    if (!w) FAIL(ENCNET_E_NOMEM, "no host memory for the table of weights");
    w->dev = dev;
    TRY(encnet__derived_new(&w->derived, dev));
    *out = w;
    w = NULL;
done:
    encnet__weights_free(w);
    return rc;
}

encnet__derived *encnet__weights_derived(const encnet__weights *w)
{
    return w->derived;
}

void encnet__weights_free(encnet__weights *w)
{
    if (!w) return;
    for (int i = 0; i < w->count; i++) {
        encnet__buffer_free(w->params[i]->value);
        encnet__buffer_free(w->params[i]->grad);
        encnet__buffer_free(w->params[i]->momentum);
        encnet__free(w->params[i]->name);
        encnet__free(w->params[i]);
    }
    for (int f = 0; f < ENCNET__FIELDS; f++) {
        for (int i = 0; i < w->n_buckets[f]; i++) encnet__buffer_free(w->blocks[f][i].buffer);
        encnet__free(w->blocks[f]);
    }
    encnet__derived_free(w->derived);
    encnet__free(w->params);
    encnet__free(w);
}

int encnet__weights_count(const encnet__weights *w)
{
    return w->count;
}

encnet__param *encnet__weights_at(const encnet__weights *w, int i)
{
    return w->params[i];
}

int encnet__weights_find(const encnet__weights *w, const char *name)
{
    for (int i = 0; i < w->count; i++)
        if (!strcmp(w->params[i]->name, name)) return i;
    return -1;
}

size_t encnet__param_count(const encnet__param *p)
{
    size_t count = 1;

    for (int i = 0; i < p->n_dims; i++) count *= (size_t)p->dims[i];
    return count;
}

static int dims_of(encnet__param_kind kind)
{
    switch (kind) {
    case ENCNET__CONV:
        return 4;
    case ENCNET__LINEAR:
    case ENCNET__MATRIX:
        return 2;
    case ENCNET__VECTOR:
        return 1;
    case ENCNET__COUNTER:
        return 0;
    }
    return 0;
}

static encnet__shape device_shape(encnet__param_kind kind, const int *d)
{
    switch (kind) {
    case ENCNET__CONV:
        return (encnet__shape){d[2], d[3], d[1], d[0]};
    case ENCNET__LINEAR:
        return (encnet__shape){1, 1, d[1], d[0]};
    case ENCNET__MATRIX:
        return (encnet__shape){1, 1, d[0], d[1]};
    case ENCNET__VECTOR:
        return (encnet__shape){1, 1, 1, d[0]};
    case ENCNET__COUNTER:
        break;
    }
    return (encnet__shape){1, 1, 1, 1};
}

/* Whether the weights have their memory: no more are declared. */
static bool is_complete(const encnet__weights *w)
{
    return w->n_buckets[ENCNET__VALUES] > 0;
}

/* Keeps the first failure; what encnet__weights_declare() returns for it.  A graph that has failed
 * declares nonsense until its end, which must not spoil a table that other graphs share. */
static int refuse(encnet__weights *w, encnet_status rc)
{
    if (w->failed == ENCNET_OK && !is_complete(w)) w->failed = rc;
    return -1;
}

encnet_status encnet__weights_failed(const encnet__weights *w)
{
    return w->failed;
}

int encnet__weights_declare(encnet__weights *w, const char *name, encnet__param_kind kind,
                            const int *dims, bool trainable, encnet__init init)
{
    int n_dims = dims_of(kind), found = encnet__weights_find(w, name);
    encnet__param *p, **grown;

    if (found >= 0) {
        p = w->params[found];
        if (p->kind == kind && (!n_dims || !memcmp(p->dims, dims, (size_t)n_dims * sizeof *dims)))
            return found;
        return refuse(
            w, encnet__fail(ENCNET_E_SHAPE, "%s: declared twice with different shapes", name));
    }
    if (is_complete(w))
        return refuse(w, encnet__fail(ENCNET_E_SHAPE, "%s: the network has no such weight", name));
    grown = encnet__grow(w->params, &w->capacity, w->count + 1, sizeof *grown);
    if (!grown) goto no_memory;
    w->params = grown;
    p = encnet__alloc(1, sizeof *p);
    if (!p) goto no_memory;
    p->name = encnet__strdup(name);
    if (!p->name) {
        encnet__free(p);
        goto no_memory;
    }
    p->kind = kind;
    p->n_dims = n_dims;
    if (n_dims) memcpy(p->dims, dims, (size_t)n_dims * sizeof *dims);
    p->shape = device_shape(kind, dims);
    p->trainable = trainable;
    p->per_pass = 1;
    p->init = init;
    w->params[w->count] = p;
    return w->count++;
no_memory:
    return refuse(w, encnet__fail(ENCNET_E_NOMEM, "no host memory for the weight %s", name));
}

/* Whether a weight has this field. */
static bool has(const encnet__param *p, encnet__field field)
{
    return p->kind != ENCNET__COUNTER && (p->trainable || field == ENCNET__VALUES);
}

static size_t bytes_of(const encnet__weights *w, const encnet__param *p)
{
    size_t align = encnet__device_facts_of(w->dev)->align_bytes,
           bytes = encnet__shape_bytes(p->shape, ENCNET__F32);

    if (align < ALIGN) align = ALIGN;
    return (bytes + align - 1) / align * align;
}

size_t encnet__weights_bytes(const encnet__weights *w, bool trainable_only)
{
    size_t sum = 0;

    for (int i = 0; i < w->count; i++) {
        const encnet__param *p = w->params[i];
        if (has(p, trainable_only ? ENCNET__GRADIENTS : ENCNET__VALUES)) sum += bytes_of(w, p);
    }
    return sum;
}

static encnet__buffer **field_of(encnet__param *p, encnet__field field)
{
    switch (field) {
    case ENCNET__GRADIENTS:
        return &p->grad;
    case ENCNET__MOMENTUM:
        return &p->momentum;
    default:
        return &p->value;
    }
}

const encnet__bucket *encnet__weights_buckets(const encnet__weights *w, encnet__field field,
                                              int *count)
{
    *count = w->n_buckets[field];
    return w->blocks[field];
}

/* Makes one buffer for the weights [first,end), and their views of it. */
static encnet_status allocate_block(encnet__weights *w, encnet__field field, int first, int end,
                                    size_t bytes)
{
    encnet_status rc = ENCNET_OK;
    int *n = &w->n_buckets[field];
    encnet__bucket *grown = encnet__realloc(w->blocks[field], (size_t)*n + 1, sizeof *grown);
    encnet__bucket *b;
    size_t offset = 0;

    if (!grown) FAIL(ENCNET_E_NOMEM, "no host memory for the table of weights");
    w->blocks[field] = grown;
    b = &grown[*n];
    *b = (encnet__bucket){NULL, bytes / sizeof(float), first, end};
    TRY(encnet__buffer_new(&b->buffer, w->dev, bytes));
    (*n)++;
    TRY(encnet__fill(b->buffer, 0));
    for (int i = first; i < end; i++) {
        encnet__param *p = w->params[i];
        if (!has(p, field)) continue;
        TRY(encnet__buffer_view(field_of(p, field), b->buffer, offset,
                                encnet__shape_bytes(p->shape, ENCNET__F32)));
        offset += bytes_of(w, p);
    }
done:
    return rc;
}

static encnet_status allocate_field(encnet__weights *w, encnet__field field)
{
    encnet_status rc = ENCNET_OK;
    size_t limit = encnet__device_facts_of(w->dev)->max_alloc_bytes;
    size_t left = encnet__weights_bytes(w, field != ENCNET__VALUES), bytes = 0;
    int end = w->count;
    bool is_first = false;

    if (limit > BLOCK_BYTES) limit = BLOCK_BYTES;
    for (int i = w->count - 1; i >= 0; i--) {
        const encnet__param *p = w->params[i];
        if (!has(p, field)) continue;
        if (bytes && (bytes + bytes_of(w, p) > limit || (left <= FIRST_BYTES && !is_first))) {
            TRY(allocate_block(w, field, i + 1, end, bytes));
            end = i + 1;
            bytes = 0;
        }
        is_first = left <= FIRST_BYTES;
        bytes += bytes_of(w, p);
        left -= bytes_of(w, p);
    }
    if (bytes) TRY(allocate_block(w, field, 0, end, bytes));
done:
    return rc;
}

encnet_status encnet__weights_allocate(encnet__weights *w, encnet__purpose purpose)
{
    encnet_status rc = ENCNET_OK;

    TRY(allocate_field(w, ENCNET__VALUES));
    if (purpose == ENCNET__FOR_INFERENCE) goto done;
    if (purpose == ENCNET__FOR_TRAINING) TRY(allocate_field(w, ENCNET__GRADIENTS));
    TRY(allocate_field(w, ENCNET__MOMENTUM));
done:
    return rc;
}

/* Returns the index in the file of element i on the device. */
static size_t file_index(const encnet__param *p, size_t i)
{
    if (p->kind == ENCNET__CONV) {
        size_t k = i % (size_t)p->dims[0], rest = i / (size_t)p->dims[0];
        size_t c = rest % (size_t)p->dims[1], rs = rest / (size_t)p->dims[1];
        size_t area = (size_t)p->dims[2] * (size_t)p->dims[3];
        return (k * (size_t)p->dims[1] + c) * area + rs;
    }
    if (p->kind == ENCNET__LINEAR) {
        size_t k = i % (size_t)p->dims[0], c = i / (size_t)p->dims[0];
        return k * (size_t)p->dims[1] + c;
    }
    return i;
}

/* The numbers of a weight, from one order to the other. */
typedef struct reorder {
    const encnet__param *param;
    float *to;
    const float *from;
} reorder;

static void to_file(void *user, size_t first, size_t end)
{
    const reorder *o = user;

    for (size_t i = first; i < end; i++) o->to[file_index(o->param, i)] = o->from[i];
}

static void to_device(void *user, size_t first, size_t end)
{
    const reorder *o = user;

    for (size_t i = first; i < end; i++) o->to[i] = o->from[file_index(o->param, i)];
}

encnet_status encnet__param_read(float *host, const encnet__param *p, encnet__buffer *buffer)
{
    encnet_status rc = ENCNET_OK;
    size_t count = encnet__param_count(p);
    float *device_order = encnet__alloc(count, sizeof *device_order);

    if (!device_order) FAIL(ENCNET_E_NOMEM, "%s: no host memory for %zu numbers", p->name, count);
    TRY(encnet__read(device_order, buffer, 0, count * sizeof *device_order));
    encnet__parallel(count, to_file, &(reorder){p, host, device_order});
done:
    encnet__free(device_order);
    return rc;
}

encnet_status encnet__param_write(const encnet__param *p, encnet__buffer *buffer, const float *host)
{
    encnet_status rc = ENCNET_OK;
    size_t count = encnet__param_count(p);
    float *device_order = encnet__alloc(count, sizeof *device_order);

    if (!device_order) FAIL(ENCNET_E_NOMEM, "%s: no host memory for %zu numbers", p->name, count);
    encnet__parallel(count, to_device, &(reorder){p, device_order, host});
    TRY(encnet__write(buffer, 0, device_order, count * sizeof *device_order));
done:
    encnet__free(device_order);
    return rc;
}

typedef struct drawing {
    float *out; /* in the order of files */
    encnet__init init;
    encnet__rng rng; /* at its beginning */
} drawing;

/* Draws a part of the numbers of a weight, wherever it begins. */
static void draw(void *user, size_t first, size_t end)
{
    enum { WORDS_OF_NORMAL = 4, WORDS_OF_UNIFORM = 2 };
    const drawing *d = user;
    encnet__rng r = d->rng;
    double a = d->init.a, b = d->init.b;

    switch (d->init.kind) {
    case ENCNET__INIT_CONSTANT:
        for (size_t i = first; i < end; i++) d->out[i] = (float)a;
        break;
    case ENCNET__INIT_NORMAL:
        encnet__rng_seek(&r, (uint64_t)first * WORDS_OF_NORMAL);
        encnet__rng_normals(d->out + first, end - first, a, &r);
        break;
    case ENCNET__INIT_UNIFORM:
        encnet__rng_seek(&r, (uint64_t)first * WORDS_OF_UNIFORM);
        for (size_t i = first; i < end; i++)
            d->out[i] = (float)(a + (b - a) * encnet__rng_uniform(&r));
        break;
    }
}

encnet_status encnet__weights_init(encnet__weights *w, uint64_t seed, const char *loaded)
{
    encnet_status rc = ENCNET_OK;
    float *host = NULL;
    size_t most = 1;

    for (int i = 0; i < w->count; i++) {
        size_t count = encnet__param_count(w->params[i]);
        if (count > most) most = count;
    }
    host = encnet__alloc(most, sizeof *host);
    if (!host) FAIL(ENCNET_E_NOMEM, "no host memory for %zu numbers", most);
    for (int i = 0; i < w->count; i++) {
        encnet__param *p = w->params[i];
        drawing d = {host, p->init, encnet__rng_at(seed, (uint32_t)i, 0, PURPOSE_INIT)};
        if (p->kind == ENCNET__COUNTER) {
            p->counter = (int64_t)p->init.a;
            continue;
        }
        if (loaded && strncmp(p->name, loaded, strlen(loaded)) == 0) continue;
        encnet__parallel(encnet__param_count(p), draw, &d);
        TRY(encnet__param_write(p, p->value, host));
    }
done:
    encnet__free(host);
    return rc;
}
