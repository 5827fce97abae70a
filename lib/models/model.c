/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* model.c - a model: options, weights, names of classes, and the graphs that run them. */
#include "models/internal.h"

#include <stdio.h>
#include <string.h>

#include "models/plan.h"
#include "models/read_weights.h"

/* The bytes of the weights, and of what training keeps with them. */
static size_t bytes_for(const encnet__weights *w, encnet__purpose purpose)
{
    size_t all = encnet__weights_bytes(w, false), trained = encnet__weights_bytes(w, true);

    if (purpose == ENCNET__FOR_INFERENCE) return all;
    return all + (purpose == ENCNET__FOR_TRAINING ? 2 * trained : trained);
}

static encnet_status new_model(encnet_model **out, encnet_device *device,
                               const encnet_options *options, encnet__purpose purpose)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = encnet__alloc(1, sizeof *m);

    if (!m) FAIL(ENCNET_E_NOMEM, "no host memory for a model");
    m->users = 1;
    m->device = m->graphs.device = device;
    encnet__device_keep(device);
    m->graphs.options = &m->options;
    m->graphs.purpose = purpose;
    encnet__runner_init(&m->runner, m, device, &m->graphs);
    TRY(encnet__options_take(&m->options, &m->strings, options));
    for (int c = 0; c < ENCNET_MAX_CLASSES; c++)
        snprintf(m->classes[c].name, sizeof m->classes[c].name, "class_%d", c);
    TRY(encnet__weights_new(&m->weights, device));
    m->graphs.weights = m->weights;
    TRY(encnet__network_declare(m->weights, &m->options));
    TRY(encnet__plan_check_fit(device, bytes_for(m->weights, purpose), &m->options, NULL, purpose));
    TRY(encnet__weights_allocate(m->weights, purpose));
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    return rc;
}

/* Reads the weights of `f`, which must fit, or, if that is NULL, those that model.checkpoint, or else
 * model.pretrained, names.  Random ones are drawn only where none are certain to be read. */
static encnet_status first_weights(encnet_model *m, encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    const encnet_model_options *o = &m->options.model;
    bool all = f || o->checkpoint[0];
    bool fits = f || !(o->fresh[0] || o->allow_partial);
    const char *read = all ? "" : o->pretrained[0] ? ENCNET__BACKBONE : NULL;
    encnet__load how = {.scope = all ? ENCNET__LOAD_ALL : ENCNET__LOAD_BACKBONE,
                        .fresh = fits ? NULL : o->fresh,
                        .left_out = !fits && o->allow_partial ? &m->remarks : NULL,
                        .spare =
                            m->graphs.purpose == ENCNET__FOR_INFERENCE ? ENCNET__AUXILIARY : NULL};

    TRY(encnet__network_check_fresh(m->weights, &m->options));
    TRY(encnet__weights_init(m->weights, m->options.train.seed, fits ? read : NULL));
    if (f)
        TRY(encnet__read_weights_of(m->weights, &m->remarks, f, &how));
    else if (o->checkpoint[0])
        TRY(encnet__read_weights(m->weights, &m->remarks, o->checkpoint, &how));
    else if (o->pretrained[0])
        TRY(encnet__read_weights(m->weights, &m->remarks, o->pretrained, &how));
done:
    return rc;
}

encnet_status encnet__model_new_from(encnet_model **out, encnet_device *device,
                                     const encnet_options *options, encnet__purpose purpose,
                                     encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = NULL;

    TRY(new_model(&m, device, options, purpose));
    TRY(first_weights(m, f));
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    return rc;
}

encnet_status encnet_model_new(encnet_model **out, encnet_device *device,
                               const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;

    NEED(out);
    NEED(device);
    NEED(options);
    TRY(encnet__device_check_open(device));
    rc = encnet__model_new_from(out, device, options, ENCNET__FOR_INFERENCE, NULL);
done:
    return rc;
}

encnet_status encnet__model_new_training(encnet_model **out, encnet_device *device,
                                         const encnet_options *options)
{
    return encnet__model_new_from(out, device, options, ENCNET__FOR_TRAINING, NULL);
}

static void release(encnet_model *m)
{
    if (!encnet__worker_free(m->worker))
        return; /* its thread is in the driver and uses all of it */
    encnet__graphs_free(&m->graphs);
    encnet__weights_free(m->weights);
    encnet__text_free(&m->remarks);
    encnet__runner_free(&m->runner);
    encnet__free(m->strings);
    encnet__device_drop(m->device);
    encnet__free(m);
}

/* The program is one user, each session another; the last one releases. */
void encnet_model_free(encnet_model *m)
{
    if (!m || atomic_exchange(&m->freed, true)) return;
    encnet__model_drop(m);
}

void encnet__model_keep(encnet_model *m)
{
    atomic_fetch_add(&m->users, 1);
}

void encnet__model_drop(encnet_model *m)
{
    if (m && atomic_fetch_sub(&m->users, 1) == 1) release(m);
}

/* -- graphs ------------------------------------------------------------------------------------ */

void encnet__model_set_ranks(encnet_model *m, struct encnet__ranks *ranks)
{
    m->graphs.ranks = ranks;
}

encnet_status encnet__model_training_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                           int w)
{
    return encnet__graphs_training(out, &m->graphs, &(encnet__graph_key){.n = n, .h = h, .w = w});
}

encnet_status encnet__model_inference_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                            int w, unsigned wants)
{
    return encnet__graphs_inference(out, &m->graphs, &(encnet__graph_key){n, h, w, wants});
}

void encnet__model_weights_changed(encnet_model *m)
{
    encnet__derived_expire(encnet__weights_derived(m->weights));
}

bool encnet__model_has_inference(const encnet_model *m)
{
    return m->graphs.n_inference > 0;
}

void encnet__model_drop_inference(encnet_model *m)
{
    encnet__graphs_drop_inference(&m->graphs);
    encnet__derived_trim(encnet__weights_derived(m->weights));
}

/* -- properties -------------------------------------------------------------------------------- */

encnet__weights *encnet__model_weights(encnet_model *m)
{
    return m->weights;
}

encnet_device *encnet__model_device(const encnet_model *m)
{
    return m->device;
}

encnet_status encnet__model_check_open(const encnet_model *m)
{
    if (atomic_load(&m->freed))
        return encnet__fail(ENCNET_E_ARG, "the model of this session has been freed");
    return encnet__device_check_open(m->device);
}

const char *encnet_model_remarks(const encnet_model *m)
{
    return m && m->remarks.data ? m->remarks.data : "";
}

int encnet_model_classes(const encnet_model *m)
{
    return m ? m->options.model.classes : 0;
}

bool encnet_model_labels_images(const encnet_model *m)
{
    return m && encnet__labels_images(&m->options);
}

const char *encnet_model_class_name(const encnet_model *m, int c)
{
    return c >= 0 && c < encnet_model_classes(m) ? m->classes[c].name : "";
}

void encnet__model_name_class(encnet_model *m, int c, const char *name, const uint8_t *rgb)
{
    if (c < 0 || c >= ENCNET_MAX_CLASSES) return;
    snprintf(m->classes[c].name, sizeof m->classes[c].name, "%s", name);
    m->has_colours = rgb != NULL;
    if (rgb) memcpy(m->classes[c].rgb, rgb, sizeof m->classes[c].rgb);
}

void encnet_model_class_colour(uint8_t rgb[3], const encnet_model *m, int c)
{
    if (!rgb) return;
    memset(rgb, 0, 3);
    if (c < 0 || c >= encnet_model_classes(m)) return;
    if (!encnet__model_colour(rgb, m, c))
        encnet__voc_colour(rgb, c + 1); /* black is for what is ignored */
}

const encnet_options *encnet_model_get_options(const encnet_model *m)
{
    return m ? &m->options : NULL;
}

uint64_t encnet_model_parameters(const encnet_model *m)
{
    uint64_t count = 0;

    for (int i = 0; m && i < encnet__weights_count(m->weights); i++) {
        const encnet__param *p = encnet__weights_at(m->weights, i);
        if (p->kind != ENCNET__COUNTER) count += encnet__param_count(p);
    }
    return count;
}

bool encnet__model_colour(uint8_t rgb[3], const encnet_model *m, int c)
{
    if (!m->has_colours || c < 0 || c >= m->options.model.classes) return false;
    memcpy(rgb, m->classes[c].rgb, sizeof m->classes[c].rgb);
    return true;
}
