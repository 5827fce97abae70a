/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* weights_file.c - saves the weights of a model to a safetensors file, and loads them from a file
 * of any format, with mmsegmentation's names. */
#include "files/guess.h"
#include "files/safetensors.h"
#include "files/weights_file.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NEAREST = 64 }; /* bytes of names that are compared */

/* Whether a weight is in a file: all are in a file of values, the trainable ones in one of
 * momentum. */
static bool wanted(const encnet__param *p, bool momentum)
{
    return !momentum || p->trainable;
}

/* Allocates a host buffer for the largest weight. */
static float *new_host(const encnet__weights *w)
{
    size_t most = 1;

    for (int i = 0; i < encnet__weights_count(w); i++) {
        size_t count = encnet__param_count(encnet__weights_at(w, i));
        if (count > most) most = count;
    }
    return encnet__alloc(most, sizeof(float));
}

/* -- save -------------------------------------------------------------------------------------- */

static encnet__file_tensor describe(const encnet__param *p)
{
    encnet__file_tensor t = {.name = p->name,
                             .type = p->kind == ENCNET__COUNTER ? ENCNET__I64 : ENCNET__F32};

    t.n_dims = p->n_dims;
    for (int d = 0; d < p->n_dims; d++) t.dims[d] = (uint64_t)p->dims[d];
    return t;
}

uint64_t encnet__weights_file_bytes(const encnet__weights *w, bool momentum)
{
    uint64_t bytes = 0;

    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (wanted(p, momentum))
            bytes += encnet__param_count(p) * encnet__type_bytes(describe(p).type);
    }
    return bytes;
}

static encnet_status put(encnet__st_writer *writer, float *host, const encnet__param *p,
                         bool momentum)
{
    encnet_status rc = ENCNET_OK;

    if (p->kind == ENCNET__COUNTER)
        return encnet__st_writer_put(writer, &p->counter, sizeof p->counter);
    TRY(encnet__param_read(host, p, momentum ? p->momentum : p->value));
    TRY(encnet__st_writer_put(writer, host, encnet__param_count(p) * sizeof *host));
done:
    return rc;
}

encnet_status encnet__weights_save(const encnet__weights *w, const char *path, bool momentum,
                                   const encnet__pair *pairs, int n_pairs)
{
    encnet_status rc = ENCNET_OK;
    int n = encnet__weights_count(w), next;
    size_t count = 0;
    encnet__st_writer *writer = NULL;
    encnet__file_tensor *tensors = encnet__alloc((size_t)n, sizeof *tensors);
    const encnet__param **params = encnet__alloc((size_t)n, sizeof *params);
    float *host = new_host(w);

    if (!tensors || !params || !host) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    for (int i = 0; i < n; i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (!wanted(p, momentum)) continue;
        params[count] = p;
        tensors[count++] = describe(p);
    }
    TRY(encnet__st_writer_new(&writer, path, tensors, count, pairs, (size_t)n_pairs));
    while ((next = encnet__st_writer_next(writer)) >= 0)
        TRY(put(writer, host, params[next], momentum));
    TRY(encnet__st_writer_commit(writer));
done:
    encnet__st_writer_free(writer);
    encnet__free(tensors);
    encnet__free(params);
    encnet__free(host);
    return rc;
}

/* -- load -------------------------------------------------------------------------------------- */

#define COUNTER_LEAF ".num_batches_tracked"

bool encnet__name_begins(const char *name, const char *prefixes)
{
    while (prefixes && *prefixes) {
        size_t size = strcspn(prefixes, ",");
        if (strncmp(name, prefixes, size) == 0) return true;
        prefixes += size + (prefixes[size] == ',');
    }
    return false;
}

/* The beginning of `name` with as many dots as `like`[length] has. */
static size_t as_deep(const char *name, const char *like, size_t length)
{
    size_t size = strcspn(name, ".");

    for (size_t i = 0; i + 1 < length; i++)
        if (like[i] == '.' && name[size] == '.') size += 1 + strcspn(name + size + 1, ".");
    return size;
}

/* Appends the first parts of all names, each once. */
static void add_beginnings(encnet__text *out, const encnet__weights *w)
{
    const char *last = "";

    for (int i = 0; i < encnet__weights_count(w); i++) {
        const char *name = encnet__weights_at(w, i)->name;
        size_t size = strcspn(name, ".");
        if (strcspn(last, ".") == size && strncmp(last, name, size) == 0) continue;
        encnet__text_add(out, "%s%.*s", *last ? ", " : "", (int)size, name);
        last = name;
    }
}

encnet_status encnet__weights_begin(const encnet__weights *w, const char *key, const char *prefix,
                                    size_t length)
{
    encnet_status rc = ENCNET_OK;
    encnet__text there = {0};
    char wanted[NEAREST] = "", at[NEAREST], nearest[NEAREST] = "";
    int least = -1;

    for (int i = 0; i < encnet__weights_count(w); i++)
        if (strncmp(encnet__weights_at(w, i)->name, prefix, length) == 0) return ENCNET_OK;
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, prefix);
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const char *name = encnet__weights_at(w, i)->name;
        int distance;
        snprintf(at, sizeof at, "%.*s", (int)as_deep(name, prefix, length), name);
        distance = encnet__distance(wanted, at);
        if (least >= 0 && distance >= least) continue;
        least = distance;
        memcpy(nearest, at, sizeof nearest);
    }
    add_beginnings(&there, w);
    if (there.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to list the weights", key);
    rc =
        encnet__fail(ENCNET_E_CONFIG,
                     "%s: no weight's name begins with \"%s\"; the nearest is %s, and there are %s",
                     key, wanted, nearest, there.data ? there.data : "none");
done:
    encnet__text_free(&there);
    return rc;
}

/* How a file differs from what a model needs. */
typedef struct misfit {
    encnet__text missing, extra, misshapen; /* names */
    encnet__text layers; /* of weights of another shape, as model.fresh takes them */
    int n_missing, n_extra, n_misshapen, n_fit, n_layers;
    int n_missing_aux, n_missing_backbone; /* ... of those missing, in these parts */
    int most;                              /* names to list, or INT_MAX */
} misfit;

static void list(encnet__text *names, int *count, int most, const char *name)
{
    if ((*count)++ < most) encnet__text_add(names, "%s%s", *count > 1 ? ", " : "", name);
}

/* Says how many names a list lacks. */
static void end_list(encnet__text *names, int count, int most)
{
    if (count > most) encnet__text_add(names, " and %d more", count - most);
}

/* Adds the layer of a weight, its name without the last part, unless it was added last. */
static void add_layer(misfit *m, const char *name)
{
    size_t size = (size_t)(strrchr(name, '.') ? strrchr(name, '.') - name : (long)strlen(name));
    size_t used = m->layers.size;

    if (used >= size && strncmp(m->layers.data + used - size, name, size) == 0) return;
    encnet__text_add(&m->layers, "%s%.*s", m->n_layers++ ? "," : "", (int)size, name);
}

static void add_dims(encnet__text *t, const uint64_t *dims, int n)
{
    encnet__text_add(t, "[");
    for (int d = 0; d < n; d++)
        encnet__text_add(t, "%s%llu", d ? "," : "", (unsigned long long)dims[d]);
    encnet__text_add(t, "]");
}

/* Whether a weight can be loaded from a tensor. */
static bool suits(const encnet__param *p, const encnet__file_tensor *t)
{
    if (t->n_dims != p->n_dims || encnet__type_is_float(t->type) == (p->kind == ENCNET__COUNTER))
        return false;
    for (int d = 0; d < p->n_dims; d++)
        if (t->dims[d] != (uint64_t)p->dims[d]) return false;
    return true;
}

static bool in_scope(const encnet__param *p, const encnet__load *how)
{
    if (encnet__name_begins(p->name, how->fresh)) return false;
    if (how->scope == ENCNET__LOAD_BACKBONE) return encnet__name_begins(p->name, ENCNET__BACKBONE);
    return wanted(p, how->scope == ENCNET__LOAD_MOMENTUM);
}

/* Whether a file counts batches of batch norm.  Paddle does not, nor did early versions of PyTorch.
 */
static bool has_counters(const encnet__tensor_file *f)
{
    size_t size = strlen(COUNTER_LEAF);

    for (size_t i = 0; i < f->n_tensors; i++) {
        size_t length = strlen(f->tensors[i].name);
        if (length > size && !strcmp(f->tensors[i].name + length - size, COUNTER_LEAF)) return true;
    }
    return false;
}

/* Looks in the file for every weight in scope. */
static void compare_weights(misfit *m, const encnet__weights *w, const encnet__tensor_file *f,
                            const encnet__load *how)
{
    bool counters = has_counters(f);

    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        const encnet__file_tensor *t = encnet__tensor_file_find(f, p->name);
        encnet__file_tensor want = describe(p);
        if (!in_scope(p, how)) continue;
        if (!t) {
            if (!counters && p->kind == ENCNET__COUNTER) continue;
            if (encnet__name_begins(p->name, how->spare)) continue;
            list(&m->missing, &m->n_missing, m->most, p->name);
            m->n_missing_aux += encnet__name_begins(p->name, ENCNET__AUXILIARY);
            m->n_missing_backbone += encnet__name_begins(p->name, ENCNET__BACKBONE);
        } else if (suits(p, t)) {
            m->n_fit++;
        } else {
            add_layer(m, p->name);
            list(&m->misshapen, &m->n_misshapen, m->most, p->name);
            if (m->n_misshapen > m->most) continue;
            encnet__text_add(&m->misshapen, " (%s", encnet__type_name(t->type));
            add_dims(&m->misshapen, t->dims, t->n_dims);
            encnet__text_add(&m->misshapen, " in the file, %s", encnet__type_name(want.type));
            add_dims(&m->misshapen, want.dims, want.n_dims);
            encnet__text_add(&m->misshapen, " in the model)");
        }
    }
}

/* Looks for tensors of the file that are no weights in scope. */
static void compare_tensors(misfit *m, const encnet__weights *w, const encnet__tensor_file *f,
                            const encnet__load *how)
{
    for (size_t i = 0; i < f->n_tensors; i++) {
        const char *name = f->tensors[i].name;
        int k = encnet__weights_find(w, name);
        if (encnet__name_begins(name, how->fresh)) continue;
        if (encnet__name_begins(name, how->spare)) continue;
        if (k < 0 || !in_scope(encnet__weights_at(w, k), how))
            list(&m->extra, &m->n_extra, m->most, name);
    }
}

/* Says what the file seems to be of, and which keys would take it. */
static void advise(encnet__text *out, const misfit *m, const encnet__weights *w,
                   const encnet__tensor_file *f)
{
    encnet__guess file, model;
    bool other;

    encnet__guess_file(&file, f);
    encnet__guess_weights(&model, w);
    other = strcmp(file.network, model.network) != 0 && *file.network && *model.network;
    if (other)
        encnet__text_add(out, "; the file seems to be of model.network = %s, this is %s",
                         file.network, model.network);
    if (strcmp(file.backbone, model.backbone) != 0 && *file.backbone && *model.backbone)
        encnet__text_add(out, "; its backbone seems to be %s, this one is %s", file.backbone,
                         model.backbone);
    if (file.classes != model.classes && file.classes && model.classes)
        encnet__text_add(out, "; it is for %d classes, model.classes = %d", file.classes,
                         model.classes);
    if (m->n_misshapen && m->n_missing + m->n_extra == 0 && m->n_layers <= 4)
        encnet__text_add(out, "; model.fresh = %s leaves these layers random", m->layers.data);
    if (m->n_missing && m->n_missing == m->n_missing_aux)
        encnet__text_add(out,
                         "; model.aux_channels = 0 builds the network without an auxiliary head");
    if (m->n_fit && !*file.network && m->n_missing && !m->n_missing_backbone)
        encnet__text_add(out, "; it seems to be a backbone, which model.pretrained takes");
    if (m->n_fit) encnet__text_add(out, "; model.allow_partial = yes loads what fits");
}

encnet_status encnet__weights_check(const encnet__weights *w, const encnet__tensor_file *f,
                                    const encnet__load *how)
{
    enum { SHOWN = 6 }; /* names of a list in an error; a remark has all */
    encnet_status rc = ENCNET_OK;
    encnet__text all = {0};
    misfit m = {.most = how->left_out ? INT_MAX : SHOWN};

    compare_weights(&m, w, f, how);
    if (how->scope != ENCNET__LOAD_BACKBONE) compare_tensors(&m, w, f, how);
    if (m.n_missing + m.n_extra + m.n_misshapen == 0) goto done;
    end_list(&m.misshapen, m.n_misshapen, m.most);
    end_list(&m.missing, m.n_missing, m.most);
    end_list(&m.extra, m.n_extra, m.most);
    if (m.n_misshapen)
        encnet__text_add(&all, "; %d of another shape or type: %s", m.n_misshapen,
                         m.misshapen.data);
    if (m.n_missing) encnet__text_add(&all, "; %d missing: %s", m.n_missing, m.missing.data);
    if (m.n_extra)
        encnet__text_add(&all, "; %d that the model does not have: %s", m.n_extra, m.extra.data);
    if (!how->left_out && how->scope != ENCNET__LOAD_MOMENTUM) advise(&all, &m, w, f);
    if (all.failed || m.missing.failed || m.extra.failed || m.misshapen.failed || m.layers.failed)
        FAIL(ENCNET_E_NOMEM, "%s: no memory to list what does not fit", f->path);
    if (!how->left_out || m.n_fit == 0)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s does not fit the model: %d of its %zu tensors and the model's %d fit%s", f->path,
             m.n_fit, f->n_tensors, encnet__weights_count(w), all.data);
    encnet__text_add(how->left_out, "%s: %d weights of the model's %d are loaded%s\n", f->path,
                     m.n_fit, encnet__weights_count(w), all.data);
    if (how->left_out->failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to tell of it", f->path);
done:
    encnet__text_free(&all);
    encnet__text_free(&m.missing);
    encnet__text_free(&m.extra);
    encnet__text_free(&m.misshapen);
    encnet__text_free(&m.layers);
    return rc;
}

static encnet_status get(encnet__param *p, float *host, const encnet__tensor_file *f,
                         const encnet__file_tensor *t, encnet__load_scope scope)
{
    encnet_status rc = ENCNET_OK;
    size_t at;

    if (p->kind == ENCNET__COUNTER) return encnet__tensor_file_read_ints(f, t, &p->counter);
    TRY(encnet__tensor_file_read_floats(f, t, host));
    if (!encnet__tensor_is_sound(p->name, host, encnet__param_count(p), &at))
        FAIL(ENCNET_E_CHECKPOINT, "%s: number %zu of %s is %g: %s", f->path, at, p->name,
             (double)host[at],
             isfinite(host[at]) ? "no variance is negative"
                                : "the weights of a training that diverged");
    TRY(encnet__param_write(p, scope == ENCNET__LOAD_MOMENTUM ? p->momentum : p->value, host));
done:
    return rc;
}

/* Sets a weight that nobody reads to zero. */
static encnet_status clear(encnet__param *p, float *host)
{
    memset(host, 0, encnet__param_count(p) * sizeof *host);
    return encnet__param_write(p, p->value, host);
}

encnet_status encnet__weights_load(encnet__weights *w, const encnet__tensor_file *f,
                                   const encnet__load *how)
{
    encnet_status rc = ENCNET_OK;
    float *host = new_host(w);

    if (!host) FAIL(ENCNET_E_NOMEM, "%s: no memory to read it", f->path);
    TRY(encnet__weights_check(w, f, how));
    TRY(encnet__tensor_file_verify(f));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        encnet__param *p = encnet__weights_at(w, i);
        const encnet__file_tensor *t = encnet__tensor_file_find(f, p->name);
        if (t && in_scope(p, how) && suits(p, t))
            TRY(get(p, host, f, t, how->scope));
        else if (!t && encnet__name_begins(p->name, how->spare) && p->kind != ENCNET__COUNTER)
            TRY(clear(p, host));
    }
done:
    encnet__free(host);
    return rc;
}
