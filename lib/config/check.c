/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* check.c - finds values that contradict each other, though each is valid by itself. */
#include "config/reader.h"

#include <encnet/data.h>
#include <stdio.h>
#include <string.h>

#include "models/loss.h"
#include "models/network.h"

typedef struct check {
    void (*problem)(void *user, const char *section, const char *key, const char *sentence);
    void *user;
} check;

static void check_augment(const check *c, const encnet_augment_options *o)
{
    char s[160];

    if (o->ratio_min <= o->ratio_max) return;
    encnet__print(s, sizeof s, "augment.ratio = %g,%g: the smaller number comes first",
                  o->ratio_min, o->ratio_max);
    c->problem(c->user, "augment", "ratio", s);
}

static void check_eval(const check *c, const encnet_eval_options *o)
{
    char s[160];

    if (strcmp(o->mode, "slide") != 0) return;
    if (o->stride_h <= o->crop_h && o->stride_w <= o->crop_w) return;
    snprintf(s, sizeof s,
             "eval.stride = %d,%d is more than eval.crop = %d,%d: windows would leave gaps",
             o->stride_h, o->stride_w, o->crop_h, o->crop_w);
    c->problem(c->user, "eval", "stride", s);
}

/* How many classes the data set has; 0: any number. */
static int classes_of(const encnet_data_options *o)
{
    encnet_dataset_info info;

    for (int i = 0; encnet_dataset_at(i, &info); i++)
        if (strcmp(info.name, o->type) == 0)
            return info.classes - (info.has_background && o->reduce_zero_label);
    return 0;
}

static void check_classes(const check *c, const encnet_options *o)
{
    double weights[ENCNET_MAX_CLASSES];
    int n, needed = classes_of(&o->data);
    char s[160];

    if (encnet__class_weights(weights, &n, o) == ENCNET_OK && n && n != o->model.classes) {
        snprintf(s, sizeof s, "train.class_weights has %d numbers, model.classes is %d", n,
                 o->model.classes);
        c->problem(c->user, "train", "class_weights", s);
    }
    if (!needed || o->model.classes == needed) return;
    snprintf(s, sizeof s, "model.classes = %d: %s has %d", o->model.classes, o->data.type, needed);
    c->problem(c->user, "model", "classes", s);
}

typedef struct name_check {
    const check *check;
    const encnet_options *options;
} name_check;

/* Names of weights that there are not. */
static encnet_status check_names(void *user, const encnet__weights *w)
{
    const name_check *n = user;
    const check *c = n->check;

    if (encnet__network_check_fresh(w, n->options) == ENCNET_E_CONFIG)
        c->problem(c->user, "model", "fresh", encnet_last_error());
    if (encnet__network_check_lr_mult(w, n->options) == ENCNET_E_CONFIG)
        c->problem(c->user, "optimizer", "lr_mult", encnet_last_error());
    return ENCNET_OK;
}

/* What only building the network shows: a head that wants more feature maps than the backbone has. */
static void check_network(const check *c, const encnet_options *o)
{
    name_check names = {c, o};
    const char *key = encnet__too_many_classes(o) ? "classes" : "network";

    if (encnet__network_check(o, 0, 0, 0, check_names, &names) == ENCNET_E_CONFIG)
        c->problem(c->user, "model", key, encnet_last_error());
}

void encnet__config_check(const encnet_options *options,
                          void (*problem)(void *user, const char *section, const char *key,
                                          const char *sentence),
                          void *user)
{
    check c = {problem, user};

    check_classes(&c, options);
    check_augment(&c, &options->augment);
    check_eval(&c, &options->eval);
    check_network(&c, options);
}
