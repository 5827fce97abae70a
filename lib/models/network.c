/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* network.c - a row of networks.def becomes a graph: backbone, heads in order, losses or outputs. */
#include "models/network.h"

#include "files/weights_file.h"
#include "ops/attr.h"
#include "options/options.h"

#include <string.h>

/* The head of this place, not yet built; `shared` holds what all heads of a graph have in common. */
static encnet__head head_of(const encnet__head *shared, const encnet__place *place,
                            const encnet__head *previous)
{
    const encnet_options *o = shared->options;
    encnet__head h = *shared;

    h.type = place->type;
    h.prefix = place->prefix;
    h.log = place->log;
    h.auxiliary = place->auxiliary;
    h.repeated = place->repeated;
    h.width = place->auxiliary ? o->model.aux_channels : o->model.channels;
    h.weight = place->auxiliary ? o->train.aux_weight : 1;
    h.at = h.features->n - 1 - place->before;
    h.previous = previous;
    return h;
}

/* All maps of the backbone, resized to the first and concatenated. */
static encnet__node join(encnet__graph *g, const encnet__features *features, bool align_corners)
{
    encnet__shape size = encnet__graph_shape(g, features->at[0]);
    encnet__node maps[ENCNET__MAX_FEATURES];

    for (int i = 0; i < features->n; i++)
        maps[i] = encnet__resize_to(g, features->at[i], size.h, size.w, align_corners);
    return encnet__concat(g, maps, features->n);
}

/* Builds all heads of the network; `main` is the one whose logits are the network's. */
static encnet_status build_heads(encnet__head *main, const encnet__network *network,
                                 const encnet__head *shared)
{
    encnet_status rc = ENCNET_OK;
    encnet__head heads[ENCNET__MAX_HEADS];
    const encnet__head *previous = NULL;

    for (int i = 0; i < ENCNET__MAX_HEADS && network->heads[i].type; i++) {
        encnet__head *h = &heads[i];
        *h = head_of(shared, &network->heads[i], previous);
        if (!h->width) continue; /* model.aux_channels = 0 leaves it out */
        if (h->at < 0)
            FAIL(ENCNET_E_ARG, "%s needs %d feature maps; the backbone %s has %d", h->prefix,
                 network->heads[i].before + 1, h->options->model.backbone, h->features->n);
        TRY(h->type->build(h));
        if (!h->auxiliary) *main = *h;
        previous = h;
    }
done:
    return rc;
}

static void add_output(encnet__graph *g, const char *name, encnet__node n)
{
    if (n != ENCNET__NONE) encnet__graph_output(g, name, n);
}

static void add_outputs(encnet__graph *g, const encnet__head *main, const encnet_options *o,
                        const encnet__graph_key *key)
{
    encnet__node logits = main->logits;

    if (!(key->wants & ENCNET__WANT_LOGITS)) {
        encnet__graph_output(g, "scores", logits);
    } else {
        if (!encnet__labels_images(o))
            logits = encnet__resize_to(g, logits, key->h, key->w, o->model.align_corners);
        encnet__graph_output(g, "logits", logits);
    }
    if (key->wants & ENCNET__WANT_ENCODING) {
        add_output(g, "presence", main->presence);
        add_output(g, "factors", main->factors);
        add_output(g, "assignment", main->assignment);
    }
}

/* Appends the nodes of the whole network. */
static encnet_status compose(encnet__graph *g, const encnet_options *o,
                             const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    const encnet__network *network;
    const encnet__backbone *backbone;
    encnet__features features = {0};
    encnet__head shared = {.g = g,
                           .options = o,
                           .features = &features,
                           .label = ENCNET__NONE,
                           .class_weights = ENCNET__NONE,
                           .presence = ENCNET__NONE,
                           .factors = ENCNET__NONE,
                           .assignment = ENCNET__NONE,
                           .logits = ENCNET__NONE,
                           .passed = ENCNET__NONE};
    encnet__head main = shared;
    encnet__node image;
    encnet__shape label = {key->n, key->h, key->w, 1};

    TRY(encnet__options_check(o, "model"));
    if (encnet__graph_training(g)) TRY(encnet__options_check(o, "train"));
    if (encnet__too_many_classes(o))
        FAIL(ENCNET_E_ARG, "model.classes = %d: at most %d where pixels are labelled",
             o->model.classes, ENCNET_MAX_PIXEL_CLASSES);
    network = encnet__network_find(o->model.network);
    backbone = encnet__backbone_find(o->model.backbone);
    image =
        encnet__graph_input(g, "image", (encnet__shape){key->n, key->h, key->w, 3}, ENCNET__F32);
    if (encnet__labels_images(o)) label.h = label.w = 1;
    if (encnet__graph_training(g))
        shared.label = encnet__graph_input(g, "label", label, ENCNET__I32);
    if (encnet__graph_training(g) && o->train.class_weights[0])
        shared.class_weights = encnet__graph_input(
            g, "class_weights", (encnet__shape){1, 1, 1, o->model.classes}, ENCNET__F32);
    TRY(backbone->type->build(&features, g, image, backbone, o));
    if (features.joined) features.all = join(g, &features, o->model.align_corners);
    TRY(build_heads(&main, network, &shared));
    if (!encnet__graph_training(g)) add_outputs(g, &main, o, key);
done:
    return rc;
}

encnet_status encnet__network_declare(encnet__weights *weights, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;
    encnet__graph_key small = {.n = 2, .h = 64, .w = 64};

    TRY(encnet__graph_new(&g, NULL, weights, true));
    TRY(compose(g, options, &small));
    TRY(encnet__graph_built(g));
done:
    encnet__graph_free(g);
    return rc;
}

encnet_status encnet__network_check_fresh(const encnet__weights *w, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;

    for (const char *p = options->model.fresh; *p;) {
        size_t size = strcspn(p, ",");
        TRY(encnet__weights_begin(w, "model.fresh", p, size));
        p += size + (p[size] == ',');
    }
done:
    return rc;
}

encnet_status encnet__network_check_lr_mult(const encnet__weights *w, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    const char *at = options->optimizer.lr_mult;
    encnet__factor entry;

    while (*at && encnet__factor_read(&entry, &at))
        TRY(encnet__weights_begin(w, "optimizer.lr_mult", entry.prefix, entry.length));
done:
    return rc;
}

encnet_status encnet__network_check(const encnet_options *options, int n, int h, int w,
                                    encnet_status (*check)(void *user,
                                                           const encnet__weights *weights),
                                    void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *weights = NULL;
    encnet__graph *g = NULL;
    encnet__graph_key key = {.n = n, .h = h, .w = w};

    TRY(encnet__weights_new(&weights, NULL));
    rc = encnet__network_declare(weights, options);
    if (rc == ENCNET_E_ARG || rc == ENCNET_E_SHAPE)
        FAIL(ENCNET_E_CONFIG, "%s", encnet_last_error());
    TRY(rc);
    if (check) TRY(check(user, weights));
    if (n == 0) goto done;
    TRY(encnet__graph_new(&g, NULL, weights, true));
    TRY(compose(g, options, &key));
    rc = encnet__graph_built(g);
    if (rc == ENCNET_E_ARG || rc == ENCNET_E_SHAPE)
        FAIL(ENCNET_E_CONFIG, "batches of %d images of %d x %d are too small for %s on %s: %s", n,
             h, w, options->model.network, options->model.backbone, encnet_last_error());
done:
    encnet__graph_free(g);
    encnet__weights_free(weights);
    return rc;
}

/* The element type in which device.precision stores activations. */
static encnet__type storage_of(const encnet_device *device)
{
    const char *precision = device ? encnet__device_options_of(device)->precision : "float32";

    if (!strcmp(precision, "fp16")) return ENCNET__F16;
    return !strcmp(precision, "bf16") ? ENCNET__BF16 : ENCNET__F32;
}

static encnet__recompute recompute_of(const encnet_options *options)
{
    if (!strcmp(options->train.recompute, "full")) return ENCNET__RECOMPUTE_FULL;
    return strcmp(options->train.recompute, "none") ? ENCNET__RECOMPUTE_AUTO
                                                    : ENCNET__RECOMPUTE_NONE;
}

encnet_status encnet__network_compose(encnet__graph **out, encnet_device *device,
                                      encnet__weights *weights, const encnet_options *options,
                                      bool training, const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;

    TRY(encnet__graph_new(&g, device, weights, training));
    encnet__graph_set_storage(g, storage_of(device));
    encnet__graph_set_recompute(g, recompute_of(options));
    TRY(compose(g, options, key));
    *out = g;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}

encnet_status encnet__network_lay_out(encnet__graph **out, encnet_device *device,
                                      encnet__weights *weights, const encnet_options *options,
                                      struct encnet__ranks *ranks, encnet__purpose purpose,
                                      const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;

    TRY(encnet__network_compose(&g, device, weights, options, purpose != ENCNET__FOR_INFERENCE,
                                key));
    encnet__graph_set_ranks(g, ranks);
    if (purpose == ENCNET__FOR_UPDATES) encnet__graph_set_updates(g);
    TRY(encnet__graph_make_plan(g, options->train.accumulate > 1));
    *out = g;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}
