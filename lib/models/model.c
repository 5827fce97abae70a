/* model.c - a model: options, weights, and the graphs laid out so far. */
#include "models/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/internal.h"

/* "0.8,1.2,..." into M numbers; false when there are more, fewer or none. */
static bool parse_class_weights(float *out, const char *text, int classes)
{
    for (int m = 0; m < classes; m++) {
        char *end;
        out[m] = strtof(text, &end);
        if (end == text || *end != (m == classes - 1 ? '\0' : ',')) return false;
        text = end + 1;
    }
    return true;
}

/* -- graphs ------------------------------------------------------------------------------------ */

static encnet_status write_class_weights(encnet__graph *g, const encnet_options *o)
{
    float weights[ENCNET_MAX_CLASSES];
    encnet__tensor t = encnet__graph_tensor(g, "class_weights");

    if (!t.buffer) return ENCNET_OK;
    if (!parse_class_weights(weights, o->train.class_weights, o->model.classes))
        return encnet__fail(ENCNET_E_ARG, "train.class_weights \"%s\" is not a list of %d numbers",
                            o->train.class_weights, o->model.classes);
    return encnet__write(t.buffer, 0, weights, sizeof(float) * (size_t)o->model.classes);
}

void encnet__model_set_ranks(encnet_model *m, struct encnet__ranks *ranks)
{
    m->ranks = ranks;
}

encnet_status encnet__model_training_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                           int w)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {.n = n, .h = h, .w = w};
    encnet__graph *g = NULL;

    if (m->training && !memcmp(&m->training_key, &key, sizeof key)) {
        *out = m->training;
        return ENCNET_OK;
    }
    encnet__graph_free(m->training); /* first, so that both never hold memory at once */
    m->training = NULL;
    TRY(encnet__network_lay_out(&g, m->device, m->weights, &m->options, m->ranks, true, &key));
    TRY(encnet__model_check_fit(m->device, encnet__graph_plan_of(g).activations, &m->options, &key,
                                true));
    TRY(encnet__graph_allocate(g));
    TRY(write_class_weights(g, &m->options));
    m->training_key = key;
    *out = m->training = g;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}

/* The cached graph of this key, moved to the front; NULL = none. */
static encnet__cached_graph *find_cached(encnet_model *m, const encnet__graph_key *key)
{
    for (int i = 0; i < m->n_inference; i++) {
        encnet__cached_graph found = m->inference[i];
        if (memcmp(&found.key, key, sizeof *key)) continue;
        memmove(m->inference + 1, m->inference, (size_t)i * sizeof found);
        m->inference[0] = found;
        return &m->inference[0];
    }
    return NULL;
}

static encnet_status add_cached(encnet_model *m, const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;

    if (m->n_inference == ENCNET__CACHED_GRAPHS)
        encnet__graph_free(m->inference[--m->n_inference].graph);
    TRY(encnet__network_lay_out(&g, m->device, m->weights, &m->options, NULL, false, key));
    if (encnet__model_check_fit(m->device, encnet__graph_plan_of(g).activations, &m->options, key,
                                false) != ENCNET_OK)
        encnet__model_drop_inference(m); /* perhaps it fits without the others */
    TRY(encnet__model_check_fit(m->device, encnet__graph_plan_of(g).activations, &m->options, key,
                                false));
    TRY(encnet__graph_allocate(g));
    memmove(m->inference + 1, m->inference, (size_t)m->n_inference * sizeof *m->inference);
    m->inference[0] = (encnet__cached_graph){.key = *key, .graph = g, .stale = true};
    m->n_inference++;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}

encnet_status encnet__model_inference_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                            int w, int out_h, int out_w, unsigned wants)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {n, h, w, out_h, out_w, wants};
    encnet__cached_graph *found = find_cached(m, &key);

    if (!found) {
        TRY(add_cached(m, &key));
        found = &m->inference[0];
    }
    if (found->stale) TRY(encnet__graph_refresh(found->graph));
    found->stale = false;
    *out = found->graph;
done:
    return rc;
}

void encnet__model_weights_changed(encnet_model *m)
{
    for (int i = 0; i < m->n_inference; i++) m->inference[i].stale = true;
}

void encnet__model_drop_inference(encnet_model *m)
{
    for (int i = 0; i < m->n_inference; i++) encnet__graph_free(m->inference[i].graph);
    m->n_inference = 0;
}

/* -- a model ----------------------------------------------------------------------------------- */

static encnet_status new_model(encnet_model **out, encnet_device *device,
                               const encnet_options *options, bool training)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = encnet__alloc(1, sizeof *m);
    size_t needed;

    if (!m) FAIL(ENCNET_E_NOMEM, "no host memory for a model");
    m->device = device;
    TRY(encnet__options_copy(&m->options, &m->strings, options));
    for (int c = 0; c < ENCNET_MAX_CLASSES; c++)
        snprintf(m->classes[c].name, sizeof m->classes[c].name, "class_%d", c);
    TRY(encnet__weights_new(&m->weights, device));
    TRY(encnet__network_declare(m->weights, &m->options));
    needed = encnet__weights_bytes(m->weights, false) +
             (training ? 2 * encnet__weights_bytes(m->weights, true) : 0);
    TRY(encnet__model_check_fit(device, needed, &m->options, NULL, training));
    TRY(encnet__weights_allocate(m->weights, training));
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    return rc;
}

/* Every prefix in model.fresh must be of some weight. */
static encnet_status check_fresh(const encnet_model *m)
{
    for (const char *p = m->options.model.fresh; *p;) {
        int size = (int)strcspn(p, ","), found = 0;
        for (int i = 0; i < encnet__weights_count(m->weights); i++)
            found += size && !strncmp(encnet__weights_at(m->weights, i)->name, p, (size_t)size);
        if (!found)
            return encnet__fail(ENCNET_E_ARG, "model.fresh: no weight begins with \"%.*s\"", size,
                                p);
        p += size + (p[size] == ',');
    }
    return ENCNET_OK;
}

/* Random weights, over them what model.checkpoint or else model.pretrained names. */
static encnet_status first_weights(encnet_model *m)
{
    encnet_status rc = ENCNET_OK;
    const encnet_model_options *o = &m->options.model;
    bool whole = o->checkpoint[0] && !o->fresh[0] && !o->allow_partial;
    encnet__load how = {.scope = o->checkpoint[0] ? ENCNET__LOAD_ALL : ENCNET__LOAD_BACKBONE,
                        .fresh = o->fresh,
                        .left_out = o->allow_partial ? &m->remarks : NULL};

    TRY(check_fresh(m));
    if (!whole) TRY(encnet__weights_init(m->weights, m->options.train.seed));
    if (o->checkpoint[0])
        TRY(encnet__model_read_file(m, o->checkpoint, &how));
    else if (o->pretrained[0])
        TRY(encnet__model_read_file(m, o->pretrained, &how));
done:
    return rc;
}

static encnet_status make(encnet_model **out, encnet_device *device, const encnet_options *options,
                          bool training)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = NULL;

    TRY(new_model(&m, device, options, training));
    TRY(first_weights(m));
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    return rc;
}

encnet_status encnet_model_new(encnet_model **out, encnet_device *device,
                               const encnet_options *options)
{
    return make(out, device, options, false);
}

encnet_status encnet__model_new_training(encnet_model **out, encnet_device *device,
                                         const encnet_options *options)
{
    return make(out, device, options, true);
}

void encnet_model_free(encnet_model *m)
{
    if (!m) return;
    encnet__graph_free(m->training);
    encnet__model_drop_inference(m);
    encnet__weights_free(m->weights);
    encnet__text_free(&m->remarks);
    encnet__free(m->staging);
    encnet__free(m->strings);
    encnet__free(m);
}

encnet__weights *encnet__model_weights(encnet_model *m)
{
    return m->weights;
}

encnet_device *encnet__model_device(encnet_model *m)
{
    return m->device;
}

const encnet_options *encnet__model_options(const encnet_model *m)
{
    return &m->options;
}

const char *encnet_model_remarks(const encnet_model *m)
{
    return m->remarks.data ? m->remarks.data : "";
}

int encnet_model_classes(const encnet_model *m)
{
    return m->options.model.classes;
}

const char *encnet_model_class_name(const encnet_model *m, int c)
{
    return c >= 0 && c < m->options.model.classes ? m->classes[c].name : "";
}

void encnet__model_name_class(encnet_model *m, int c, const char *name, const uint8_t *rgb)
{
    if (c < 0 || c >= ENCNET_MAX_CLASSES) return;
    snprintf(m->classes[c].name, sizeof m->classes[c].name, "%s", name);
    m->has_colours = rgb != NULL;
    if (rgb) memcpy(m->classes[c].rgb, rgb, sizeof m->classes[c].rgb);
}
