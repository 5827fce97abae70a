/* weights_file.c - the weights of a model to a safetensors file, and from a file of any format,
 * under mmsegmentation's names. */
#include "graph/files/safetensors.h"
#include "graph/weights.h"

#include <string.h>

#define BACKBONE "backbone."

/* Whether a weight is in a file of momentum (trainable ones) or of values (all). */
static bool wanted(const encnet__param *p, bool momentum)
{
    return !momentum || p->trainable;
}

/* A host buffer for the largest weight. */
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

/* The names that keep a file from fitting, one list per reason. */
typedef struct misfit {
    encnet__text missing, extra, misshapen;
    int n_missing, n_extra, n_misshapen;
} misfit;

static void list(encnet__text *names, int *count, const char *name)
{
    encnet__text_add(names, "%s%s", (*count)++ ? ", " : "", name);
}

static void add_dims(encnet__text *t, const uint64_t *dims, int n)
{
    encnet__text_add(t, "[");
    for (int d = 0; d < n; d++)
        encnet__text_add(t, "%s%llu", d ? "," : "", (unsigned long long)dims[d]);
    encnet__text_add(t, "]");
}

static bool same_dims(const encnet__file_tensor *a, const encnet__file_tensor *b)
{
    if (a->n_dims != b->n_dims) return false;
    for (int d = 0; d < a->n_dims; d++)
        if (a->dims[d] != b->dims[d]) return false;
    return true;
}

static bool is_float(encnet__dtype type)
{
    return type == ENCNET__F32 || type == ENCNET__F16 || type == ENCNET__BF16 ||
           type == ENCNET__F64;
}

/* The tensor of a weight: by its name, or, for the backbone alone, also without "backbone.". */
static const encnet__file_tensor *tensor_of(const encnet__tensor_file *f, const encnet__param *p,
                                            encnet__load_scope scope)
{
    const encnet__file_tensor *t = encnet__tensor_file_find(f, p->name);

    if (!t && scope == ENCNET__LOAD_BACKBONE)
        t = encnet__tensor_file_find(f, p->name + strlen(BACKBONE));
    return t;
}

static bool in_scope(const encnet__param *p, encnet__load_scope scope)
{
    if (scope == ENCNET__LOAD_BACKBONE) return strncmp(p->name, BACKBONE, strlen(BACKBONE)) == 0;
    return wanted(p, scope == ENCNET__LOAD_MOMENTUM);
}

/* One weight against the file. */
static void compare(misfit *m, const encnet__tensor_file *f, const encnet__param *p,
                    encnet__load_scope scope)
{
    const encnet__file_tensor *t = tensor_of(f, p, scope);
    encnet__file_tensor want = describe(p);
    bool counter = p->kind == ENCNET__COUNTER;

    if (!t) {
        /* backbones from before batch norm counted its batches lack the counters; they stay as they
         * are */
        if (!(counter && scope == ENCNET__LOAD_BACKBONE)) list(&m->missing, &m->n_missing, p->name);
        return;
    }
    if (same_dims(t, &want) && is_float(t->type) != counter) return;
    list(&m->misshapen, &m->n_misshapen, p->name);
    encnet__text_add(&m->misshapen, " (%s", encnet__dtype_name(t->type));
    add_dims(&m->misshapen, t->dims, t->n_dims);
    encnet__text_add(&m->misshapen, " in the file, %s", encnet__dtype_name(want.type));
    add_dims(&m->misshapen, want.dims, want.n_dims);
    encnet__text_add(&m->misshapen, " in the model)");
}

/* Every weight in scope against the file and, unless only a part is wanted, every tensor against
 * the weights. */
static encnet_status check(const encnet__weights *w, const encnet__tensor_file *f,
                           encnet__load_scope scope)
{
    encnet_status rc = ENCNET_OK;
    encnet__text all = {0};
    misfit m = {0};

    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (in_scope(p, scope)) compare(&m, f, p, scope);
    }
    for (size_t i = 0; i < f->n_tensors && scope != ENCNET__LOAD_BACKBONE; i++) {
        int k = encnet__weights_find(w, f->tensors[i].name);
        if (k < 0 || !in_scope(encnet__weights_at(w, k), scope))
            list(&m.extra, &m.n_extra, f->tensors[i].name);
    }
    if (m.n_missing + m.n_extra + m.n_misshapen == 0) goto done;
    if (m.n_misshapen)
        encnet__text_add(&all, "; %d of another shape or type: %s", m.n_misshapen,
                         m.misshapen.data);
    if (m.n_missing) encnet__text_add(&all, "; %d missing: %s", m.n_missing, m.missing.data);
    if (m.n_extra)
        encnet__text_add(&all, "; %d that the model does not have: %s", m.n_extra, m.extra.data);
    if (all.failed || m.missing.failed || m.extra.failed || m.misshapen.failed)
        FAIL(ENCNET_E_NOMEM, "%s: no memory to list what does not fit", f->path);
    FAIL(ENCNET_E_CHECKPOINT, "%s does not fit the model: of its %zu tensors and the model's %d%s",
         f->path, f->n_tensors, encnet__weights_count(w), all.data);
done:
    encnet__text_free(&all);
    encnet__text_free(&m.missing);
    encnet__text_free(&m.extra);
    encnet__text_free(&m.misshapen);
    return rc;
}

static encnet_status get(encnet__param *p, float *host, const encnet__tensor_file *f,
                         const encnet__file_tensor *t, encnet__load_scope scope)
{
    encnet_status rc = ENCNET_OK;

    if (p->kind == ENCNET__COUNTER) return encnet__tensor_file_read_ints(f, t, &p->counter);
    TRY(encnet__tensor_file_read_floats(f, t, host));
    TRY(encnet__param_write(p, scope == ENCNET__LOAD_MOMENTUM ? p->momentum : p->value, host));
done:
    return rc;
}

encnet_status encnet__weights_load(encnet__weights *w, const encnet__tensor_file *f,
                                   encnet__load_scope scope)
{
    encnet_status rc = ENCNET_OK;
    float *host = new_host(w);

    if (!host) FAIL(ENCNET_E_NOMEM, "%s: no memory to read it", f->path);
    TRY(check(w, f, scope));
    TRY(encnet__tensor_file_verify(f));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        encnet__param *p = encnet__weights_at(w, i);
        const encnet__file_tensor *t = in_scope(p, scope) ? tensor_of(f, p, scope) : NULL;
        if (t) TRY(get(p, host, f, t, scope));
    }
done:
    encnet__free(host);
    return rc;
}
