/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* loss.c - losses, samplers and dropout of the heads. */
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;
typedef encnet__mmseg_head head;

/* What a loss says. */
typedef struct loss {
    place p;
    double weight;
    const char *name; /* for train.loss */
    bool non_ignored;
    encnet__text class_weights;
} loss;

static encnet_status read_sampler(loss *l, const head *h)
{
    static const rule rules[] = {
        {"type", "'OHEMPixelSampler'"}, {"thresh", NULL}, {"min_kept", NULL}};
    encnet_status rc = ENCNET_OK;
    place sampler = encnet__mmseg_at(&h->p, "sampler");
    double thresh;
    int kept;

    if (!encnet__py_true(sampler.value)) return ENCNET_OK;
    if (strcmp(l->name, "cross_entropy") != 0)
        return encnet__mmseg_refuse(&sampler, "encnet-cl has it only with CrossEntropyLoss");
    TRY(encnet__mmseg_check(&sampler, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_real(&thresh, &sampler, "thresh", 0));
    TRY(encnet__mmseg_int(&kept, &sampler, "min_kept", 100000));
    TRY(encnet__mmseg_set_real(h->p.m, sampler.value, "train.ohem_thresh", thresh));
    TRY(encnet__mmseg_set_int(h->p.m, sampler.value, "train.ohem_min_kept", kept));
    l->name = "ohem";
done:
    return rc;
}

static encnet_status read_cross_entropy(loss *l)
{
    static const rule rules[] = {
        {"type", NULL},          {"use_sigmoid", "False"}, {"use_mask", "False"},
        {"reduction", "'mean'"}, {"class_weight", NULL},   {"loss_weight", NULL},
        {"loss_name", ""},       {"avg_non_ignore", NULL},
    };
    encnet_status rc = ENCNET_OK;
    place weights = encnet__mmseg_at(&l->p, "class_weight");

    TRY(encnet__mmseg_check(&l->p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_bool(&l->non_ignored, &l->p, "avg_non_ignore", false));
    if (weights.value && weights.value->kind != ENCNET__PY_NONE)
        TRY(encnet__mmseg_join(&l->class_weights, &weights));
done:
    return rc;
}

/* The fork's loss of region mutual information. */
static encnet_status read_rmi(loss *l, int classes)
{
    static const rule rules[] = {
        {"type", NULL},           {"num_classes", NULL},
        {"loss_weight", NULL},    {"rmi_radius", "3"},
        {"rmi_pool_way", "0"},    {"rmi_pool_size", "3"},
        {"rmi_pool_stride", "3"}, {"lambda_way", "1"},
        {"use_sigmoid", "False"}, {"loss_weight_lambda", NULL},
    };
    encnet_status rc = ENCNET_OK;
    place count = encnet__mmseg_at(&l->p, "num_classes");
    double lambda;
    int n;

    l->name = "rmi";
    TRY(encnet__mmseg_check(&l->p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_int(&n, &l->p, "num_classes", 19));
    if (n != classes) return encnet__mmseg_refuse(&count, "the head has %d", classes);
    TRY(encnet__mmseg_real(&lambda, &l->p, "loss_weight_lambda", 0.5));
    TRY(encnet__mmseg_set_real(l->p.m, l->p.value, "train.rmi_lambda", lambda));
done:
    return rc;
}

static encnet_status read_loss(loss *l, const head *h)
{
    encnet_status rc = ENCNET_OK;
    place p = encnet__mmseg_at(&h->p, "loss_decode"), type;

    *l = (loss){.weight = 1, .name = "cross_entropy"};
    if (encnet__py_is_list(p.value) && p.value->n == 1) p = encnet__mmseg_item(&p, 0);
    if (encnet__py_is_list(p.value))
        return encnet__mmseg_refuse(&p, "encnet-cl has one loss for a head");
    l->p = p;
    type = encnet__mmseg_at(&p, "type");
    if (encnet__mmseg_is(type.value, "'RMILoss'"))
        TRY(read_rmi(l, h->classes));
    else if (!p.value || encnet__mmseg_is(type.value, "'CrossEntropyLoss'"))
        TRY(read_cross_entropy(l));
    else
        return encnet__mmseg_refuse(&type, "encnet-cl has no such loss");
    TRY(encnet__mmseg_real(&l->weight, &p, "loss_weight", 1));
    TRY(read_sampler(l, h));
done:
    return rc;
}

/* The weights of the classes; "" if there are none. */
static const char *weights_of(const loss *l)
{
    return l->class_weights.size ? l->class_weights.data : "";
}

static encnet_status map_main_loss(const head *h, loss *l)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    place weight;

    TRY(read_loss(l, h));
    weight = encnet__mmseg_at(&l->p, "loss_weight");
    if (l->weight != 1)
        return encnet__mmseg_refuse(&weight,
                                    "encnet-cl weights only the losses of auxiliary heads");
    if (l->non_ignored)
        TRY(encnet__mmseg_set_bool(m, l->p.value, "train.average_non_ignored", true));
    if (l->class_weights.size) {
        TRY(encnet__mmseg_set(m, l->p.value, "train.class_weights", "%s", weights_of(l)));
        if (encnet__py_get(m->root, "optim_wrapper"))
            TRY(encnet__mmseg_remark(m, "Mmsegmentation 1.x divides a loss with class weights by "
                                        "their sum over the pixels, encnet-cl by the pixels."));
    }
    if (strcmp(l->name, "cross_entropy") != 0)
        TRY(encnet__mmseg_set(m, l->p.value, "train.loss", "%s", l->name));
    TRY(encnet__mmseg_set_real(m, h->p.value, "model.dropout", h->dropout));
done:
    return rc;
}

static encnet_status map_aux_loss(const head *h, const loss *main, double main_dropout)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    place dropout = encnet__mmseg_at(&h->p, "dropout_ratio");
    loss l;

    TRY(read_loss(&l, h));
    if (l.non_ignored != main->non_ignored || strcmp(weights_of(&l), weights_of(main)) != 0)
        TRY(encnet__mmseg_refuse(&l.p, "encnet-cl averages and weights the losses of all heads "
                                       "alike"));
    TRY(encnet__mmseg_set_real(m, l.p.value, "train.aux_weight", l.weight));
    if (strcmp(l.name, "cross_entropy") != 0)
        TRY(encnet__mmseg_set(m, l.p.value, "train.aux_loss", "%s", l.name));
    if (h->dropout == 0 && main_dropout > 0)
        TRY(encnet__mmseg_set_bool(m, h->p.value, "model.aux_dropout", false));
    else if (h->dropout != main_dropout)
        TRY(encnet__mmseg_refuse(dropout.value ? &dropout : &h->p,
                                 "encnet-cl drops as much in auxiliary heads as in the main one, "
                                 "or nothing"));
done:
    encnet__text_free(&l.class_weights);
    return rc;
}

encnet_status encnet__mmseg_losses(const head *main, const head *aux)
{
    encnet_status rc = ENCNET_OK;
    loss l = {0};

    TRY(map_main_loss(main, &l));
    if (aux) TRY(map_aux_loss(aux, &l, main->dropout));
done:
    encnet__text_free(&l.class_weights);
    return rc;
}
