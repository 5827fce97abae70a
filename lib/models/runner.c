/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* runner.c - pictures through a model: pixels in, results out. */
#include "models/runner.h"

#include "models/internal.h"

void encnet__runner_init(encnet__runner *r, encnet_model *model, encnet_device *device,
                         encnet__graphs *graphs)
{
    r->model = model;
    r->device = r->pictures.dev = r->results.dev = r->merge.dev = device;
    r->graphs = graphs;
}

void encnet__runner_free(encnet__runner *r)
{
    encnet__pictures_free(&r->pictures);
    encnet__results_free(&r->results);
    encnet__merge_free(&r->merge);
}

encnet__runner *encnet__model_runner(encnet_model *m)
{
    return &m->runner;
}

void encnet__runner_beside(encnet__runner *r, encnet__graphs *graphs, encnet_model *m,
                           encnet_device *lane, const atomic_bool *stop)
{
    graphs->device = lane;
    graphs->weights = m->weights;
    graphs->options = &m->options;
    graphs->stop = r->results.stop = stop;
    encnet__runner_init(r, m, lane, graphs);
}

const encnet_options *encnet__model_options(const encnet_model *m)
{
    return &m->options;
}

encnet_status encnet__runner_forward(encnet__graph **out, encnet__runner *r,
                                     const encnet__cutout *part, unsigned wants)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {r->pictures.n, part->h, part->w, wants};
    encnet__graph *g;

    TRY(encnet__graphs_inference(&g, r->graphs, &key));
    TRY(encnet__pictures_input(&r->pictures, encnet__graph_tensor(g, "image").buffer, part));
    TRY(encnet__graph_forward(g, 0, 0));
    *out = g;
done:
    return rc;
}

encnet_status encnet__runner_results(encnet__runner *r, size_t *bad, const encnet__graph *g, int h,
                                     int w, int H, int W, const encnet__wanted *wanted)
{
    encnet__score_map map = {encnet__graph_tensor(g, "scores"),    h, w, H, W,
                             r->model->options.model.align_corners};

    if (encnet__labels_images(&r->model->options)) map.h = map.w = map.H = map.W = 1;
    return encnet__results_make(&r->results, bad, &map, wanted, &r->pictures);
}

static size_t working_bytes(const encnet__runner *r)
{
    return encnet__pictures_held(&r->pictures) + encnet__results_held(&r->results) +
           encnet__merge_held(&r->merge);
}

size_t encnet__runner_held(const encnet__runner *r)
{
    return encnet__graphs_held(r->graphs) + working_bytes(r);
}

void encnet__runner_trim(encnet__runner *r, const encnet_eval_options *o, size_t reserved)
{
    size_t working = working_bytes(r), most = (size_t)o->held_mb << 20;

    if (most < reserved) most = reserved;
    if (!o->held_mb || encnet__graphs_held(r->graphs) + working <= most) return;
    if (working > most || encnet__graphs_last(r->graphs) > most - working) {
        encnet__pictures_free(&r->pictures);
        encnet__results_free(&r->results);
        encnet__merge_free(&r->merge);
        working = 0;
    }
    encnet__graphs_trim(r->graphs, most - working);
}

encnet_status encnet__runner_read(float *out, const encnet__graph *g, const char *name)
{
    encnet__tensor t = encnet__graph_tensor(g, name);

    return encnet__read(out, t.buffer, 0, encnet__shape_count(t.shape) * sizeof *out);
}

/* -- encnet_model_run() ------------------------------------------------------------------------ */

/* In a thread of the model's own, so that who waits can give up a device that hangs. */
static encnet_status run(void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = user;
    int h = m->run.h, w = m->run.w;
    encnet_image image = {.format = ENCNET_RGB8, .width = w, .height = h, .planes[0] = m->run.rgb};
    encnet__wanted wanted = {.ids.host = m->run.ids, .probs.host = m->run.probs};
    encnet__cutout whole = {
        .h = h, .w = w, .mean = m->options.augment.mean, .std = m->options.augment.std};
    encnet__graph_key key = {1, h, w, 0};
    encnet__graph *g;
    size_t bad;

    TRY(encnet__graphs_reserve(m->runner.graphs, &key)); /* refuses before it reads */
    TRY(encnet__pictures_load(&m->runner.pictures, &image, 1));
    TRY(encnet__runner_forward(&g, &m->runner, &whole, 0));
    TRY(encnet__runner_results(&m->runner, &bad, g, h, w, h, w, &wanted));
    if (bad)
        FAIL(ENCNET_E_DIVERGED,
             "the logits of this image are not finite: the weights are not, or the "
             "statistics of a batch norm");
done:
    encnet__runner_trim(&m->runner, &m->options.eval, 0);
    return rc;
}

encnet_status encnet_model_run(encnet_model *m, uint8_t *ids, float *probs, const uint8_t *rgb,
                               int h, int w)
{
    encnet_status rc = ENCNET_OK;
    encnet_image image = {.format = ENCNET_RGB8, .width = w, .height = h, .planes[0] = rgb};

    NEED(m);
    NEED(rgb);
    TRY(encnet__device_check_open(m->device));
    if (!ids && !probs) FAIL(ENCNET_E_ARG, "an image of %dx%d, nothing asked", h, w);
    TRY(encnet__images_check(&image, 1));
    if (!m->worker) TRY(encnet__worker_new(&m->worker, m->device));
    rc = encnet__worker_wait(m->worker); /* for a run that was given up: whatever came of it */
    if (!encnet__worker_is_idle(m->worker)) goto done;
    m->run.ids = ids;
    m->run.probs = probs;
    m->run.rgb = rgb;
    m->run.h = h;
    m->run.w = w;
    TRY(encnet__worker_run(m->worker, run, m));
done:
    return rc;
}
