/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* plan.c - the device memory that a network needs, computed without allocating any. */
#include "models/plan.h"
#include "models/internal.h"

#include <stdio.h>
#include <string.h>
#include <encnet/model.h>

#include "models/results.h"

encnet__purpose encnet__training_purpose(const encnet_options *options, const encnet_device *device,
                                         int ranks)
{
    bool scales = !strcmp(encnet__device_options_of(device)->precision, "fp16");

    return ranks > 1 || options->train.accumulate > 1 || scales ? ENCNET__FOR_TRAINING
                                                                : ENCNET__FOR_UPDATES;
}

/* A network that is planned, without device memory. */
typedef struct layout {
    encnet_options options;
    char *strings; /* of options */
    encnet__weights *weights;
    encnet__graph *g;
} layout;

static encnet_status check_size(int n, int h, int w)
{
    if (n >= 1 && h >= 1 && w >= 1 && encnet__shape_valid((encnet__shape){n, h, w, 3}))
        return ENCNET_OK;
    return encnet__fail(ENCNET_E_ARG, "a plan for %d images of %d x %d", n, h, w);
}

static void layout_free(layout *l)
{
    encnet__graph_free(l->g);
    encnet__weights_free(l->weights);
    encnet__free(l->strings);
}

/* Plans the graph of this key; `l` is to be freed also on failure.  `listing`, unless NULL, gets the
 * graph after every pass. */
static encnet_status layout_make(layout *l, encnet_device *device, const encnet_options *options,
                                 const encnet__graph_key *key, encnet__purpose purpose,
                                 encnet__text *listing)
{
    encnet_status rc = ENCNET_OK;

    *l = (layout){.g = NULL};
    TRY(encnet__device_check_open(device));
    TRY(check_size(key->n, key->h, key->w));
    TRY(encnet__options_take(&l->options, &l->strings, options));
    TRY(encnet__weights_new(&l->weights, device));
    TRY(encnet__network_compose(&l->g, device, l->weights, &l->options,
                                purpose != ENCNET__FOR_INFERENCE, key));
    if (purpose == ENCNET__FOR_UPDATES) encnet__graph_set_updates(l->g);
    encnet__graph_set_listing(l->g, listing);
    TRY(encnet__graph_make_plan(l->g, l->options.train.accumulate > 1));
done:
    return rc;
}

encnet_status encnet__plan_activations(size_t *out, encnet_device *device, const encnet_options *o,
                                       const encnet__graph_key *key, encnet__purpose purpose)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_plan p;
    layout l;

    TRY(layout_make(&l, device, o, key, purpose, NULL));
    p = encnet__graph_plan_of(l.g);
    *out = p.activations + p.derived;
done:
    layout_free(&l);
    return rc;
}

encnet_status encnet__plan_scores(encnet__shape *out, encnet_device *device,
                                  const encnet_options *o, const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    layout l;

    TRY(layout_make(&l, device, o, key, ENCNET__FOR_INFERENCE, NULL));
    *out = encnet__graph_tensor(l.g, "scores").shape;
done:
    layout_free(&l);
    return rc;
}

/* Whether the activations of this graph take no more than `room`, in buffers that the device gives. */
static bool fits(encnet_device *device, const encnet_options *o, encnet__graph_key key,
                 encnet__purpose purpose, size_t room)
{
    encnet__graph_plan p = {.activations = 0};
    layout l;
    bool made = layout_make(&l, device, o, &key, purpose, NULL) == ENCNET_OK;

    if (made) p = encnet__graph_plan_of(l.g);
    layout_free(&l);
    return made && p.activations <= room &&
           p.largest <= encnet__device_facts_of(device)->max_alloc_bytes;
}

/* Writes that the step fits if activations are recomputed; "" if they are already, or if it does not. */
static void advise_recompute(char *out, size_t size, encnet_device *device, const encnet_options *o,
                             encnet__graph_key key, encnet__purpose purpose, size_t room)
{
    encnet_options full = *o;

    out[0] = '\0';
    if (!strcmp(o->train.recompute, "full")) return;
    full.train.recompute = "full";
    if (fits(device, &full, key, purpose, room))
        snprintf(out, size, "; train.recompute = full fits, at the cost of time");
}

/* Writes what would fit into `room` bytes of activations: recomputing them, and the largest batch, or else the
 * largest image in steps of an eighth of the size. */
static void advise(char *out, size_t size, encnet_device *device, const encnet_options *o,
                   encnet__graph_key key, encnet__purpose purpose, size_t room)
{
    bool training = purpose != ENCNET__FOR_INFERENCE;
    size_t full;

    out[0] = '\0';
    if (training) advise_recompute(out, size, device, o, key, purpose, room);
    full = strlen(out);
    out += full;
    size -= full;
    for (int low = 1, high = key.n - 1; low <= high;) {
        int n = low + (high - low) / 2;
        encnet__graph_key smaller = key;
        smaller.n = n;
        if (fits(device, o, smaller, purpose, room)) {
            snprintf(out, size,
                     training ? "; data.samples_per_device = %d fits (with train.accumulate for "
                                "the same batch)"
                              : "; a batch of %d fits",
                     n);
            low = n + 1;
        } else {
            high = n - 1;
        }
    }
    for (int eighths = 7; eighths >= 1 && !out[0]; eighths--) {
        encnet__graph_key smaller = key;
        smaller.n = 1;
        smaller.h = (int)((int64_t)key.h * eighths / 8);
        smaller.w = (int)((int64_t)key.w * eighths / 8);
        if (smaller.h < 32 || smaller.w < 32) break;
        if (fits(device, o, smaller, purpose, room))
            snprintf(out, size, "; one image of %dx%d fits (%s)", smaller.h, smaller.w,
                     training ? "augment.crop" : "eval.mode = slide with a smaller eval.crop");
    }
    if (!out[0] && !full) snprintf(out, size, "; nothing of this network fits");
}

/* "for one image of 512x1024, " */
static void describe(char *out, size_t size, const encnet__graph_key *key)
{
    if (key->n == 1)
        snprintf(out, size, "for an image of %dx%d the graph", key->h, key->w);
    else
        snprintf(out, size, "for %d images of %dx%d the graph", key->n, key->h, key->w);
}

encnet_status encnet__plan_check_fit(encnet_device *device, size_t bytes,
                                     const encnet_options *options, const encnet__graph_key *key,
                                     encnet__purpose purpose)
{
    const encnet__device_facts *facts = encnet__device_facts_of(device);
    size_t held = encnet__device_memory(device).bytes;
    size_t room = facts->memory_bytes > held ? facts->memory_bytes - held : 0;
    char advice[200] = "", what[80] = "the model's weights";

    if (bytes <= room) return ENCNET_OK;
    if (key) advise(advice, sizeof advice, device, options, *key, purpose, room);
    if (key) describe(what, sizeof what, key);
    return encnet__fail(
        ENCNET_E_DEVICE,
        "%s needs %.1f MiB more on %s, which has %.1f MiB, of which %.1f MiB are taken%s", what,
        (double)bytes / 1048576, facts->name, (double)facts->memory_bytes / 1048576,
        (double)held / 1048576, advice);
}

encnet_status encnet__plan_check_largest(encnet_device *device, size_t bytes,
                                         const encnet_options *options,
                                         const encnet__graph_key *key, encnet__purpose purpose)
{
    const encnet__device_facts *facts = encnet__device_facts_of(device);
    char advice[200], what[80];

    if (bytes <= facts->max_alloc_bytes) return ENCNET_OK;
    advise(advice, sizeof advice, device, options, *key, purpose, facts->memory_bytes);
    describe(what, sizeof what, key);
    return encnet__fail(
        ENCNET_E_DEVICE,
        "%s needs a buffer of %.1f MiB on %s, which gives at most %.1f MiB in one buffer%s", what,
        (double)bytes / 1048576, facts->name, (double)facts->max_alloc_bytes / 1048576, advice);
}

static void count_weights(encnet_plan *out, const encnet__weights *w, encnet__purpose purpose)
{
    size_t trained = encnet__weights_bytes(w, true);

    out->weights = encnet__weights_bytes(w, false);
    out->gradients = purpose == ENCNET__FOR_TRAINING ? trained : 0;
    out->momentum = purpose == ENCNET__FOR_INFERENCE ? 0 : trained;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (p->kind != ENCNET__COUNTER) out->parameters++;
        if (p->trainable) out->trainable += encnet__param_count(p);
    }
}

/* What class ids take besides the graph. */
static size_t results_bytes(const encnet_options *options, int h, int w)
{
    if (encnet__labels_images(options)) h = w = 1;
    return encnet__results_bytes(h, w, h, w, options->model.classes, false);
}

/* Of a single rank. */
static encnet__purpose purpose_of(const encnet_options *options, const encnet_device *device,
                                  bool inference)
{
    return inference ? ENCNET__FOR_INFERENCE : encnet__training_purpose(options, device, 1);
}

encnet_status encnet_plan_list(encnet_device *device, const encnet_options *options, int n, int h,
                               int w, bool inference,
                               void (*row)(void *user, const encnet_plan_row *row), void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {n, h, w, 0};
    layout l;

    NEED(device);
    NEED(options);
    NEED(row);
    TRY(layout_make(&l, device, options, &key, purpose_of(options, device, inference), NULL));
    encnet__graph_list_plan(l.g, row, user);
done:
    layout_free(&l);
    return rc;
}

encnet_status encnet_plan_passes(encnet_device *device, const encnet_options *options, int n, int h,
                                 int w, bool inference, void (*print)(void *user, const char *text),
                                 void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {n, h, w, 0};
    encnet__text listing = {0};
    layout l;

    NEED(device);
    NEED(options);
    NEED(print);
    TRY(layout_make(&l, device, options, &key, purpose_of(options, device, inference), &listing));
    if (listing.failed) FAIL(ENCNET_E_NOMEM, "no host memory to list the passes");
    print(user, listing.data);
done:
    encnet__text_free(&listing);
    layout_free(&l);
    return rc;
}

static encnet_status plan(encnet_plan *out, encnet_device *device, const encnet_options *options,
                          int n, int h, int w, encnet__purpose purpose)
{
    bool inference = purpose == ENCNET__FOR_INFERENCE;
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {n, h, w, 0};
    layout l;
    encnet__graph_plan p;
    size_t fixed, device_total;
    char advice[200];

    device_total = encnet__device_facts_of(device)->memory_bytes;
    TRY(layout_make(&l, device, options, &key, purpose, NULL));
    p = encnet__graph_plan_of(l.g);
    *out = (encnet_plan){.activations = p.activations,
                         .activations_stored = p.activations_stored,
                         .activations_read = p.activations_read,
                         .activations_written = p.activations_written,
                         .prepared = p.derived,
                         .results = inference ? results_bytes(&l.options, h, w) : 0,
                         .largest_buffer = p.largest,
                         .nodes = p.nodes,
                         .flops = p.flops,
                         .device_total = device_total};
    count_weights(out, l.weights, purpose);
    fixed = out->weights + out->gradients + out->momentum + out->prepared + out->results;
    out->total = fixed + p.activations;
    if (out->total > device_total) {
        advise(advice, sizeof advice, device, options, key, purpose,
               device_total > fixed ? device_total - fixed : 0);
        FAIL(ENCNET_E_DEVICE, "the plan needs %.1f MiB, %s has %.1f MiB%s",
             (double)out->total / 1048576, encnet__device_facts_of(device)->name,
             (double)device_total / 1048576, advice);
    }
    TRY(encnet__plan_check_largest(device, p.largest, options, &key, purpose));
done:
    layout_free(&l);
    return rc;
}

encnet_status encnet_plan_make(encnet_plan *out, encnet_device *device,
                               const encnet_options *options, int n, int h, int w, bool inference)
{
    encnet_status rc = ENCNET_OK;

    NEED(out);
    NEED(device);
    NEED(options);
    TRY(encnet__device_check_open(device));
    rc = plan(out, device, options, n, h, w, purpose_of(options, device, inference));
done:
    return rc;
}

encnet_status encnet_plan_make_rank(encnet_plan *out, encnet_device *device,
                                    const encnet_options *options, int ranks, int n, int h, int w)
{
    encnet_status rc = ENCNET_OK;

    NEED(out);
    NEED(device);
    NEED(options);
    TRY(encnet__device_check_open(device));
    if (ranks < 1) FAIL(ENCNET_E_ARG, "a plan for %d ranks", ranks);
    rc = plan(out, device, options, n, h, w, encnet__training_purpose(options, device, ranks));
done:
    return rc;
}

encnet_status encnet_model_plan(encnet_plan *out, const encnet_model *m, int n, int h, int w)
{
    NEED(out);
    NEED(m);
    return encnet_plan_make(out, m->device, &m->options, n, h, w, true);
}
