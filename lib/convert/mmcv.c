/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* mmcv.c - writes the object from the outside in. */
#include "convert/mmcv.h"

static void add_classes(encnet__pickle *p, const encnet__description *d)
{
    encnet__pickle_text(p, "CLASSES");
    encnet__pickle_mark(p);
    for (int c = 0; c < d->n_names; c++) encnet__pickle_text(p, d->classes[c].name);
    encnet__pickle_tuple(p);
    encnet__pickle_text(p, "PALETTE"); /* mmsegmentation reads it wherever CLASSES is */
    if (!d->n_colours) {
        encnet__pickle_none(p);
        return;
    }
    encnet__pickle_list(p);
    encnet__pickle_mark(p);
    for (int c = 0; c < d->n_colours; c++) {
        encnet__pickle_list(p);
        encnet__pickle_mark(p);
        for (int i = 0; i < 3; i++) encnet__pickle_int(p, d->classes[c].rgb[i]);
        encnet__pickle_append_items(p);
    }
    encnet__pickle_append_items(p);
}

static void add_meta(encnet__pickle *p, const encnet__mmcv_checkpoint *c)
{
    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    if (c->description->n_names) add_classes(p, c->description);
    if (c->iter >= 0) {
        encnet__pickle_text(p, "iter");
        encnet__pickle_int(p, c->iter);
        encnet__pickle_text(p, "epoch"); /* mmcv needs one to resume, though it counts iterations */
        encnet__pickle_int(p, 1);
    }
    for (size_t i = 0; i < c->n_texts; i++) {
        encnet__pickle_text(p, c->texts[i].key);
        encnet__pickle_text(p, c->texts[i].value);
    }
    encnet__pickle_set_items(p);
}

static encnet_status add_weights(encnet__torch_writer *w, const encnet__mmcv_checkpoint *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__pickle *p = encnet__torch_writer_object(w);

    encnet__pickle_ordered_dict(p);
    encnet__pickle_mark(p);
    for (size_t i = 0; i < c->n_weights; i++) {
        encnet__pickle_text(p, c->weights[i].name);
        TRY(encnet__torch_writer_tensor(w, &c->weights[i]));
    }
    encnet__pickle_set_items(p);
done:
    return rc;
}

static encnet_status add_momenta(encnet__torch_writer *w, const encnet__mmcv_checkpoint *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__pickle *p = encnet__torch_writer_object(w);

    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    for (size_t i = 0; i < c->n_params; i++) {
        encnet__pickle_int(p, (int64_t)i);
        encnet__pickle_dict(p);
        encnet__pickle_mark(p);
        encnet__pickle_text(p, "momentum_buffer");
        TRY(encnet__torch_writer_tensor(w, c->params[i].momentum));
        encnet__pickle_set_items(p);
    }
    encnet__pickle_set_items(p);
done:
    return rc;
}

static void add_number(encnet__pickle *p, const char *key, double value)
{
    encnet__pickle_text(p, key);
    encnet__pickle_float(p, value);
}

static void add_bool(encnet__pickle *p, const char *key, bool value)
{
    encnet__pickle_text(p, key);
    encnet__pickle_bool(p, value);
}

static void add_none(encnet__pickle *p, const char *key)
{
    encnet__pickle_text(p, key);
    encnet__pickle_none(p);
}

/* Adds parameters first .. last-1 as a group, with the keys of all versions of PyTorch's SGD; a
 * version ignores those that it does not know. */
static void add_group(encnet__pickle *p, const encnet__mmcv_checkpoint *c, size_t first,
                      size_t last)
{
    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    add_number(p, "lr", c->params[first].lr);
    add_number(p, "momentum", c->momentum);
    add_number(p, "dampening", 0);
    add_number(p, "weight_decay", c->weight_decay);
    add_bool(p, "nesterov", false);
    add_bool(p, "maximize", false);
    add_none(p, "foreach");
    add_bool(p, "differentiable", false);
    add_none(p, "fused");
    add_number(p, "initial_lr", c->params[first].initial_lr); /* for mmcv's schedules */
    encnet__pickle_text(p, "params");
    encnet__pickle_list(p);
    encnet__pickle_mark(p);
    for (size_t i = first; i < last; i++) encnet__pickle_int(p, (int64_t)i);
    encnet__pickle_append_items(p);
    encnet__pickle_set_items(p);
}

static encnet_status add_optimizer(encnet__torch_writer *w, const encnet__mmcv_checkpoint *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__pickle *p = encnet__torch_writer_object(w);

    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    encnet__pickle_text(p, "state");
    TRY(add_momenta(w, c));
    encnet__pickle_text(p, "param_groups");
    encnet__pickle_list(p);
    encnet__pickle_mark(p);
    for (size_t i = 0; c->group_each && i < c->n_params; i++) add_group(p, c, i, i + 1);
    if (!c->group_each) add_group(p, c, 0, c->n_params);
    encnet__pickle_append_items(p);
    encnet__pickle_set_items(p);
done:
    return rc;
}

encnet_status encnet__mmcv_write(encnet__torch_writer *w, const encnet__mmcv_checkpoint *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__pickle *p = encnet__torch_writer_object(w);

    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    encnet__pickle_text(p, "meta");
    add_meta(p, c);
    encnet__pickle_text(p, "state_dict");
    TRY(add_weights(w, c));
    if (c->params) {
        encnet__pickle_text(p, "optimizer");
        TRY(add_optimizer(w, c));
    }
    encnet__pickle_set_items(p);
    TRY(encnet__torch_writer_begin(w));
done:
    return rc;
}
