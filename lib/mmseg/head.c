/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* head.c - model.decode_head and model.auxiliary_head: types, widths, features. */
#include <stdio.h>
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;
typedef encnet__mmseg_head head;

enum { MAX_RULES = 32 };

/* -- what all heads have ----------------------------------------------------------------------- */

/* Checks the keys against those that every head has and those of its type. */
static encnet_status check_keys(const place *p, const rule *own, size_t n_own)
{
    static const rule common[] = {
        {"type", NULL},
        {"in_channels", ""}, /* follows from the backbone */
        {"in_index", NULL},
        {"input_transform", NULL},
        {"channels", NULL},
        {"num_classes", NULL},
        {"out_channels", NULL},
        {"threshold", "None"},
        {"dropout_ratio", NULL},
        {"conv_cfg", "None"},
        {"norm_cfg", NULL},
        {"act_cfg", "{'type': 'ReLU'}|{'type': 'ReLU', 'inplace': True}"},
        {"loss_decode", NULL},
        {"ignore_index", "255"},
        {"sampler", NULL},
        {"align_corners", NULL},
        {"init_cfg", "None|{'type': 'Normal', 'std': 0.01, 'override': {'name': 'conv_seg'}}"},
    };
    rule all[MAX_RULES];

    memcpy(all, common, sizeof common);
    memcpy(all + COUNT_OF(common), own, n_own * sizeof *own);
    return encnet__mmseg_check(p, all, COUNT_OF(common) + n_own);
}

/* Which features the head takes; those of HRNet together, as `joined_by` says. */
static encnet_status read_inputs(head *h, const char *joined_by)
{
    encnet_status rc = ENCNET_OK;
    place index = encnet__mmseg_at(&h->p, "in_index"),
          transform = encnet__mmseg_at(&h->p, "input_transform");

    h->index = -1;
    if (h->joined) {
        if (!encnet__mmseg_is(transform.value, joined_by))
            return encnet__mmseg_refuse(transform.value ? &transform : &h->p,
                                        "encnet-cl has input_transform=%s here", joined_by);
        if (!encnet__mmseg_is(index.value, "[0, 1, 2, 3]"))
            return encnet__mmseg_refuse(&index, "encnet-cl's heads on HRNet take all features");
    } else {
        if (transform.value && transform.value->kind != ENCNET__PY_NONE &&
            !encnet__mmseg_is(transform.value, "'multiple_select'"))
            return encnet__mmseg_refuse(&transform, "encnet-cl has this only on HRNet");
        if (encnet__py_is_list(index.value)) {
            const encnet__py *last = encnet__py_item(index.value, index.value->n - 1);
            if (!encnet__py_is(last, ENCNET__PY_INT) || last->integer != 3)
                return encnet__mmseg_refuse(&index, "the last one must be 3");
            h->index = 3;
        } else {
            TRY(encnet__mmseg_int(&h->index, &h->p, "in_index", -1));
        }
        if (h->index == -1) h->index = 3;
    }
done:
    return rc;
}

static encnet_status read_head(head *h, const place *p, bool joined, const char *joined_by)
{
    encnet_status rc = ENCNET_OK;
    place out = encnet__mmseg_at(p, "out_channels"), channels = encnet__mmseg_at(p, "channels"),
          classes = encnet__mmseg_at(p, "num_classes");
    int out_channels;

    *h = (head){.p = *p, .joined = joined};
    TRY(encnet__mmseg_int(&h->classes, p, "num_classes", 0));
    TRY(encnet__mmseg_int(&h->channels, p, "channels", 0));
    if (h->channels < 1) return encnet__mmseg_refuse(&channels, "must be a number of channels");
    if (h->classes < 2) return encnet__mmseg_refuse(&classes, "must be at least 2");
    TRY(encnet__mmseg_int(&out_channels, p, "out_channels", h->classes));
    if (out_channels != h->classes)
        return encnet__mmseg_refuse(&out, "encnet-cl has a channel for each class");
    TRY(encnet__mmseg_bool(&h->corners, p, "align_corners", false));
    TRY(encnet__mmseg_real(&h->dropout, p, "dropout_ratio", 0.1));
    if (h->dropout < 0) h->dropout = 0;
    TRY(read_inputs(h, joined_by));
    TRY(encnet__mmseg_norm(p));
done:
    return rc;
}

static encnet_status check_index(const head *h, int wanted)
{
    place index = encnet__mmseg_at(&h->p, "in_index");

    if (h->joined || h->index == wanted) return ENCNET_OK;
    return encnet__mmseg_refuse(index.value ? &index : &h->p,
                                "encnet-cl has this head only on feature %d", wanted);
}

/* -- types of heads ---------------------------------------------------------------------------- */

static encnet_status map_fcn(const head *h)
{
    static const rule own[] = {
        {"num_convs", NULL}, {"kernel_size", NULL}, {"concat_input", NULL}, {"dilation", "1"}};
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    int convs, kernel;
    bool concat;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    TRY(encnet__mmseg_int(&convs, &h->p, "num_convs", 2));
    TRY(encnet__mmseg_int(&kernel, &h->p, "kernel_size", 3));
    TRY(encnet__mmseg_bool(&concat, &h->p, "concat_input", true));
    TRY(encnet__mmseg_set(m, h->p.value, "model.network", "fcn"));
    TRY(encnet__mmseg_set_int(m, h->p.value, "model.head_convs", convs));
    TRY(encnet__mmseg_set_bool(m, h->p.value, "model.head_concat", concat));
    if (kernel != 3) TRY(encnet__mmseg_set_int(m, h->p.value, "model.head_kernel", kernel));
done:
    return rc;
}

/* The loss of the classes that an image has. */
static encnet_status map_se_loss(const head *h)
{
    static const rule rules[] = {{"type", "'CrossEntropyLoss'"}, {"use_sigmoid", "True"},
                                 {"loss_weight", NULL},          {"loss_name", ""},
                                 {"reduction", "'mean'"},        {"class_weight", "None"}};
    encnet_status rc = ENCNET_OK;
    place loss = encnet__mmseg_at(&h->p, "loss_se_decode");
    bool use;
    double weight;

    TRY(encnet__mmseg_bool(&use, &h->p, "use_se_loss", true));
    TRY(encnet__mmseg_check(&loss, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_real(&weight, &loss, "loss_weight", loss.value ? 1 : 0.2));
    if (use && loss.value && !encnet__py_get(loss.value, "use_sigmoid"))
        return encnet__mmseg_refuse(&loss, "encnet-cl has this loss only with use_sigmoid=True");
    TRY(encnet__mmseg_set_bool(h->p.m, h->p.value, "model.se_loss", use));
    if (use) TRY(encnet__mmseg_set_real(h->p.m, loss.value, "train.se_weight", weight));
done:
    return rc;
}

static encnet_status map_encnet(const head *h)
{
    static const rule own[] = {{"num_codes", NULL},
                               {"use_se_loss", NULL},
                               {"add_lateral", NULL},
                               {"loss_se_decode", NULL}};
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    int codes;
    bool lateral;
    place index = encnet__mmseg_at(&h->p, "in_index");

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    TRY(encnet__mmseg_int(&codes, &h->p, "num_codes", 32));
    TRY(encnet__mmseg_bool(&lateral, &h->p, "add_lateral", false));
    if (lateral && !encnet__mmseg_is(index.value, "[1, 2, 3]"))
        return encnet__mmseg_refuse(&index, "encnet-cl has lateral connections from features 1 and "
                                            "2");
    TRY(encnet__mmseg_set(m, h->p.value, "model.network", "encnet"));
    TRY(encnet__mmseg_set_int(m, h->p.value, "model.codewords", codes));
    TRY(encnet__mmseg_set_bool(m, h->p.value, "model.lateral", lateral));
    TRY(map_se_loss(h));
done:
    return rc;
}

static encnet_status map_rates(const head *h)
{
    encnet_status rc = ENCNET_OK;
    place rates = encnet__mmseg_at(&h->p, "dilations");
    encnet__text text = {0};

    if (rates.value) TRY(encnet__mmseg_join(&text, &rates));
    TRY(encnet__mmseg_set(h->p.m, rates.value ? rates.value : h->p.value, "model.aspp_rates", "%s",
                          rates.value ? text.data : "1,6,12,18"));
done:
    encnet__text_free(&text);
    return rc;
}

static encnet_status map_deeplabv3(const head *h)
{
    static const rule own[] = {{"dilations", NULL}};
    encnet_status rc = ENCNET_OK;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    TRY(encnet__mmseg_set(h->p.m, h->p.value, "model.network", "deeplabv3"));
    TRY(map_rates(h));
done:
    return rc;
}

static encnet_status map_deeplabv3plus(const head *h)
{
    static const rule own[] = {
        {"dilations", NULL}, {"c1_in_channels", NULL}, {"c1_channels", NULL}};
    encnet_status rc = ENCNET_OK;
    int in, c1;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    TRY(encnet__mmseg_int(&in, &h->p, "c1_in_channels", 0));
    TRY(encnet__mmseg_int(&c1, &h->p, "c1_channels", 0));
    TRY(encnet__mmseg_set(h->p.m, h->p.value, "model.network", "deeplabv3plus"));
    TRY(encnet__mmseg_set_int(h->p.m, h->p.value, "model.c1_channels", in ? c1 : 0));
    TRY(map_rates(h));
done:
    return rc;
}

/* The second head of a cascade; with use_sep_conv, a key of openseg-group's fork, its bottleneck and
 * its fusion are depthwise-separable. */
static encnet_status map_ocr(const head *h)
{
    static const rule own[] = {{"ocr_channels", NULL}, {"scale", "1"}, {"use_sep_conv", NULL}};
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    int channels;
    bool separable;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    TRY(encnet__mmseg_int(&channels, &h->p, "ocr_channels", 256));
    TRY(encnet__mmseg_bool(&separable, &h->p, "use_sep_conv", false));
    TRY(encnet__mmseg_set(m, h->p.value, "model.network", "ocrnet"));
    TRY(encnet__mmseg_set_int(m, h->p.value, "model.ocr_channels", channels));
    if (!separable) goto done;
    TRY(encnet__mmseg_set_bool(m, h->p.value, "model.separable_bottleneck", true));
    TRY(encnet__mmseg_set_bool(m, h->p.value, "model.separable_fusion", true));
done:
    return rc;
}

/* OCRNetPlus of the fork.  With use_sep_conv it was two networks, one after the other, that a
 * configuration does not tell apart. */
static encnet_status map_ocrplus(const head *h)
{
    static const rule own[] = {{"ocr_channels", NULL},
                               {"scale", "1"},
                               {"use_sep_conv", "False"},
                               {"c1_in_channels", ""},
                               {"c1_channels", NULL}};
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = h->p.m;
    int channels, c1;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(check_index(h, 3));
    if (!encnet__py_get(h->p.value, "use_sep_conv"))
        return encnet__mmseg_refuse(&h->p,
                                    "encnet-cl has OCRPlusHead only with use_sep_conv=False");
    TRY(encnet__mmseg_int(&channels, &h->p, "ocr_channels", 256));
    TRY(encnet__mmseg_int(&c1, &h->p, "c1_channels", 48));
    TRY(encnet__mmseg_set(m, h->p.value, "model.network", "ocrnetplus"));
    TRY(encnet__mmseg_set_int(m, h->p.value, "model.ocr_channels", channels));
    TRY(encnet__mmseg_set_int(m, h->p.value, "model.c1_channels", c1));
done:
    return rc;
}

/* The fork's "FCN+Decoder" on HRNet-W48. */
static encnet_status map_fcnplus(const head *h)
{
    static const rule own[] = {{"feature_key", "3"},
                               {"low_level_channels", "[192, 96, 48]"},
                               {"low_level_key", "[2, 1, 0]"},
                               {"low_level_channels_project", "[128, 64, 32]"},
                               {"decoder_channels", "256"}};
    encnet_status rc = ENCNET_OK;

    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    TRY(encnet__mmseg_set(h->p.m, h->p.value, "model.network", "fcnplus"));
done:
    return rc;
}

/* The types of main heads. */
typedef struct head_type {
    const char *name;
    encnet_status (*map)(const head *h);
    bool cascade;          /* the second head of a cascade, or the only head */
    bool resnet, hrnet;    /* the backbones that it is possible on */
    const char *transform; /* of the features of HRNet */
} head_type;

static const head_type types[] = {
    {"'FCNHead'", map_fcn, false, true, true, "'resize_concat'"},
    {"'EncHead'", map_encnet, false, true, false, NULL},
    {"'ASPPHead'", map_deeplabv3, false, true, false, NULL},
    {"'DepthwiseSeparableASPPHead'", map_deeplabv3plus, false, true, false, NULL},
    {"'OCRHead'", map_ocr, true, true, true, "'resize_concat'"},
    {"'OCRPlusHead'", map_ocrplus, true, true, false, NULL},
    {"'FpnDecodeHead'", map_fcnplus, false, false, true, "'multiple_select'"},
};

static encnet_status find_type(const head_type **out, const place *p, bool cascade, bool joined)
{
    place type = encnet__mmseg_at(p, "type");

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (!encnet__mmseg_is(type.value, types[i].name)) continue;
        if (types[i].cascade != cascade)
            return encnet__mmseg_refuse(&type, cascade ? "encnet-cl has only OCRHead and "
                                                         "OCRPlusHead here"
                                                       : "encnet-cl has it only as the second head "
                                                         "of a CascadeEncoderDecoder");
        if (joined ? !types[i].hrnet : !types[i].resnet)
            return encnet__mmseg_refuse(&type, "encnet-cl has this head only on %s",
                                        joined ? "ResNet" : "HRNet");
        *out = &types[i];
        return ENCNET_OK;
    }
    return encnet__mmseg_refuse(&type, "encnet-cl has no such head");
}

/* The auxiliary head, or the first one of a cascade. */
static encnet_status map_aux(const head *h)
{
    static const rule own[] = {
        {"num_convs", "1"}, {"kernel_size", NULL}, {"concat_input", "False"}, {"dilation", "1"}};
    encnet_status rc = ENCNET_OK;
    place type = encnet__mmseg_at(&h->p, "type");
    int kernel;

    if (!encnet__mmseg_is(type.value, "'FCNHead'"))
        return encnet__mmseg_refuse(&type, "encnet-cl has only FCNHead as an auxiliary head");
    TRY(check_keys(&h->p, own, COUNT_OF(own)));
    if (!encnet__py_get(h->p.value, "num_convs") || !encnet__py_get(h->p.value, "concat_input"))
        return encnet__mmseg_refuse(&h->p,
                                    "encnet-cl has auxiliary heads only with num_convs=1 and "
                                    "concat_input=False");
    TRY(check_index(h, 2));
    TRY(encnet__mmseg_int(&kernel, &h->p, "kernel_size", 3));
    if (kernel != 3) TRY(encnet__mmseg_set_int(h->p.m, h->p.value, "model.aux_kernel", kernel));
    TRY(encnet__mmseg_set_int(h->p.m, h->p.value, "model.aux_channels", h->channels));
done:
    return rc;
}

/* -- all heads --------------------------------------------------------------------------------- */

/* Finds the main head and the auxiliary one, which may be absent. */
static encnet_status find_heads(place *main, place *aux, const place *model, bool *cascade)
{
    place type = encnet__mmseg_at(model, "type"), stages = encnet__mmseg_at(model, "num_stages");

    *main = encnet__mmseg_at(model, "decode_head");
    *aux = encnet__mmseg_at(model, "auxiliary_head");
    *cascade = encnet__mmseg_is(type.value, "'CascadeEncoderDecoder'");
    if (encnet__py_is_list(aux->value) && aux->value->n == 1) *aux = encnet__mmseg_item(aux, 0);
    if (aux->value && aux->value->kind == ENCNET__PY_NONE) aux->value = NULL;
    if (encnet__py_is_list(aux->value))
        return encnet__mmseg_refuse(aux, "encnet-cl has one auxiliary head");
    if (*cascade) {
        place heads = *main;
        if (!encnet__mmseg_is(stages.value, "2") || !encnet__py_is_list(heads.value) ||
            heads.value->n != 2)
            return encnet__mmseg_refuse(stages.value ? &stages : model,
                                        "encnet-cl has cascades of 2 heads");
        if (aux->value)
            return encnet__mmseg_refuse(aux, "encnet-cl has no auxiliary head beside a cascade");
        *main = encnet__mmseg_item(&heads, 1);
        *aux = encnet__mmseg_item(&heads, 0);
    }
    if (!encnet__py_is(main->value, ENCNET__PY_DICT))
        return encnet__mmseg_refuse(main, "must be a dictionary");
    return ENCNET_OK;
}

static encnet_status check_alike(const head *main, const head *aux)
{
    place classes = encnet__mmseg_at(&aux->p, "num_classes"),
          corners = encnet__mmseg_at(&aux->p, "align_corners");

    if (aux->classes != main->classes)
        return encnet__mmseg_refuse(&classes, "the main head has %d", main->classes);
    if (aux->corners != main->corners)
        return encnet__mmseg_refuse(corners.value ? &corners : &aux->p,
                                    "encnet-cl aligns corners in all heads or in none");
    return ENCNET_OK;
}

encnet_status encnet__mmseg_heads(const place *model, bool joined, bool run)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = model->m;
    place main_place, aux_place;
    head main, aux;
    const head_type *type = NULL;
    bool cascade;

    TRY(find_heads(&main_place, &aux_place, model, &cascade));
    TRY(find_type(&type, &main_place, cascade, joined));
    TRY(read_head(&main, &main_place, joined, type->transform));
    TRY(type->map(&main));
    TRY(encnet__mmseg_set_int(m, main_place.value, "model.classes", main.classes));
    TRY(encnet__mmseg_set_int(m, main_place.value, "model.channels", main.channels));
    TRY(encnet__mmseg_set_bool(m, main_place.value, "model.align_corners", main.corners));
    if (!aux_place.value) {
        TRY(encnet__mmseg_set_int(m, main_place.value, "model.aux_channels", 0));
        if (run) TRY(encnet__mmseg_losses(&main, NULL));
        goto done;
    }
    TRY(read_head(&aux, &aux_place, joined, "'resize_concat'"));
    TRY(check_alike(&main, &aux));
    TRY(map_aux(&aux));
    if (run) TRY(encnet__mmseg_losses(&main, &aux));
done:
    return rc;
}
