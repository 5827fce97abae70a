/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* backbone.c - model.backbone: ResNet and HRNet. */
#include <stdio.h>
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;

encnet_status encnet__mmseg_norm(const place *p)
{
    static const rule rules[] = {
        {"type", NULL},
        {"requires_grad", "True"},
        {"eps", "1e-05"},
        {"momentum", "0.1"},
    };
    encnet_status rc = ENCNET_OK;
    place norm = encnet__mmseg_at(p, "norm_cfg"), type = encnet__mmseg_at(&norm, "type");
    bool sync = encnet__mmseg_is(type.value, "'SyncBN'");
    const char *word = sync ? "sync" : "local";

    TRY(encnet__mmseg_check(&norm, rules, COUNT_OF(rules)));
    if (norm.value && !sync && !encnet__mmseg_is(type.value, "'BN'"))
        return encnet__mmseg_refuse(&type, "encnet-cl has only SyncBN and BN");
    for (int i = 0; i < p->m->n_settings; i++) {
        const encnet__mmseg_setting *s = &p->m->settings[i];
        if (strcmp(s->key, "model.norm") == 0 && strcmp(s->value, word) != 0)
            return encnet__mmseg_refuse(&norm, "encnet-cl has the same batch norm in all layers");
    }
    TRY(encnet__mmseg_set(p->m, norm.value, "model.norm", "%s", word));
done:
    return rc;
}

/* -- ResNet ------------------------------------------------------------------------------------ */

/* Strides and dilations of the stages. */
static encnet_status output_stride(const place *p)
{
    static const struct {
        const char *strides, *dilations;
        int stride;
    } known[] = {
        {"[1, 2, 1, 1]", "[1, 1, 2, 4]", 8},
        {"[1, 2, 2, 1]", "[1, 1, 1, 2]", 16},
        {"[1, 2, 2, 2]", "[1, 1, 1, 1]", 32},
    };
    encnet_status rc = ENCNET_OK;
    place strides = encnet__mmseg_at(p, "strides"), dilations = encnet__mmseg_at(p, "dilations"),
          contract = encnet__mmseg_at(p, "contract_dilation");
    bool contracted;

    TRY(encnet__mmseg_bool(&contracted, p, "contract_dilation", false));
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        bool plain = known[i].stride == 32; /* the default */
        if (!encnet__mmseg_is(strides.value, known[i].strides) && (strides.value || !plain))
            continue;
        if (!encnet__mmseg_is(dilations.value, known[i].dilations) && (dilations.value || !plain))
            continue;
        if (!plain && !contracted)
            return encnet__mmseg_refuse(contract.value ? &contract : p,
                                        "encnet-cl has dilated stages only with "
                                        "contract_dilation=True");
        return encnet__mmseg_set_int(p->m, strides.value, "model.output_stride", known[i].stride);
    }
    return encnet__mmseg_refuse(
        dilations.value ? &dilations : p,
        "encnet-cl has strides and dilations (1, 2, 1, 1) and (1, 1, 2, 4), "
        "(1, 2, 2, 1) and (1, 1, 1, 2), or (1, 2, 2, 2) and (1, 1, 1, 1)");
done:
    return rc;
}

static encnet_status multi_grid(const place *p)
{
    encnet_status rc = ENCNET_OK;
    place grid = encnet__mmseg_at(p, "multi_grid");
    encnet__text text = {0};

    if (!encnet__py_true(grid.value)) goto done;
    TRY(encnet__mmseg_join(&text, &grid));
    TRY(encnet__mmseg_set(p->m, grid.value, "model.multi_grid", "%s", text.data));
done:
    encnet__text_free(&text);
    return rc;
}

/* Depth and stem. */
static encnet_status resnet_name(const place *p, bool deep_stem)
{
    encnet_status rc = ENCNET_OK;
    place depth = encnet__mmseg_at(p, "depth"), stem = encnet__mmseg_at(p, "stem_channels");
    int layers, width;
    const char *ending = deep_stem ? "_v1c" : "";

    TRY(encnet__mmseg_int(&layers, p, "depth", 0));
    TRY(encnet__mmseg_int(&width, p, "stem_channels", 64));
    if (layers != 18 && layers != 34 && layers != 50 && layers != 101)
        return encnet__mmseg_refuse(&depth, "encnet-cl has ResNets of 18, 34, 50 and 101 layers");
    if (width == 128 && deep_stem && layers >= 50)
        ending = "s";
    else if (width != 64)
        return encnet__mmseg_refuse(&stem,
                                    "encnet-cl has only 64 here, or 128 with ResNetV1c of 50 "
                                    "and 101 layers");
    TRY(encnet__mmseg_set(p->m, depth.value, "model.backbone", "resnet%d%s", layers, ending));
done:
    return rc;
}

/* Whether activations are checkpointed: memory for time. */
static encnet_status checkpoints(const place *p)
{
    encnet_status rc;
    bool with_cp;

    TRY(encnet__mmseg_bool(&with_cp, p, "with_cp", false));
    if (with_cp)
        TRY(encnet__mmseg_set(p->m, encnet__py_get(p->value, "with_cp"), "train.recompute",
                              "full"));
done:
    return rc;
}

static encnet_status resnet(const place *p, bool deep_stem)
{
    static const rule rules[] = {
        {"type", NULL},
        {"depth", NULL},
        {"in_channels", "3"},
        {"stem_channels", NULL},
        {"base_channels", "64"},
        {"num_stages", "4"},
        {"strides", NULL},
        {"dilations", NULL},
        {"out_indices", "[0, 1, 2, 3]"},
        {"style", "'pytorch'"},
        {"deep_stem", NULL},
        {"avg_down", "False"},
        {"frozen_stages", "-1"},
        {"conv_cfg", "None"},
        {"norm_cfg", NULL},
        {"norm_eval", "False"},
        {"dcn", "None"},
        {"stage_with_dcn", "[False, False, False, False]"},
        {"plugins", "None"},
        {"multi_grid", NULL},
        {"contract_dilation", NULL},
        {"with_cp", NULL},
        {"zero_init_residual", "True"},
        {"pretrained", NULL},
        {"init_cfg", NULL},
    };
    encnet_status rc = ENCNET_OK;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_bool(&deep_stem, p, "deep_stem", deep_stem));
    TRY(resnet_name(p, deep_stem));
    TRY(output_stride(p));
    TRY(multi_grid(p));
    TRY(encnet__mmseg_norm(p));
    TRY(checkpoints(p));
done:
    return rc;
}

/* -- HRNet ------------------------------------------------------------------------------------- */

/* Whether a stage has so many modules of `branches` branches, each of so many blocks. */
static encnet_status check_stage(bool *same, const place *extra, int stage, int modules, int blocks,
                                 int width)
{
    static const rule rules[] = {{"num_modules", NULL},  {"num_branches", NULL},
                                 {"block", NULL},        {"num_blocks", NULL},
                                 {"num_channels", NULL}, {"fuse_method", "'SUM'"}};
    encnet_status rc = ENCNET_OK;
    char key[16], numbers[2][64] = {"[", "["}, count[2][16];
    place p;

    snprintf(key, sizeof key, "stage%d", stage);
    p = encnet__mmseg_at(extra, key);
    TRY(encnet__mmseg_check(&p, rules, COUNT_OF(rules)));
    for (int i = 0; i < stage; i++) {
        size_t n = strlen(numbers[0]), m = strlen(numbers[1]);
        snprintf(numbers[0] + n, sizeof numbers[0] - n, "%s%d", i ? ", " : "", blocks);
        snprintf(numbers[1] + m, sizeof numbers[1] - m, "%s%d", i ? ", " : "", width << i);
    }
    for (int i = 0; i < 2; i++) strcat(numbers[i], "]");
    snprintf(count[0], sizeof count[0], "%d", modules);
    snprintf(count[1], sizeof count[1], "%d", stage);
    *same = encnet__mmseg_is(encnet__py_get(p.value, "num_modules"), count[0]) &&
            encnet__mmseg_is(encnet__py_get(p.value, "num_branches"), count[1]) &&
            encnet__mmseg_is(encnet__py_get(p.value, "block"),
                             stage == 1 ? "'BOTTLENECK'" : "'BASIC'") &&
            encnet__mmseg_is(encnet__py_get(p.value, "num_blocks"), numbers[0]) &&
            encnet__mmseg_is(encnet__py_get(p.value, "num_channels"), numbers[1]);
done:
    return rc;
}

static encnet_status hrnet_name(const place *extra)
{
    static const struct {
        const char *name;
        int width, blocks, modules[4];
    } known[] = {
        {"hrnet_w18s", 18, 2, {1, 1, 3, 2}},
        {"hrnet_w18", 18, 4, {1, 1, 4, 3}},
        {"hrnet_w48", 48, 4, {1, 1, 4, 3}},
    };
    encnet_status rc = ENCNET_OK;

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        bool same = true;
        for (int stage = 1; stage <= 4 && same; stage++)
            TRY(check_stage(&same, extra, stage, known[i].modules[stage - 1], known[i].blocks,
                            stage == 1 ? 64 : known[i].width));
        if (same)
            return encnet__mmseg_set(extra->m, extra->value, "model.backbone", "%s", known[i].name);
    }
    return encnet__mmseg_refuse(extra, "encnet-cl has HRNetV2p W18-Small, W18 and W48");
done:
    return rc;
}

static encnet_status hrnet(const place *p)
{
    static const rule rules[] = {
        {"type", NULL},
        {"extra", NULL},
        {"in_channels", "3"},
        {"conv_cfg", "None"},
        {"norm_cfg", NULL},
        {"norm_eval", "False"},
        {"with_cp", NULL},
        {"frozen_stages", "-1"},
        {"zero_init_residual", "False"},
        {"multiscale_output", "True"},
        {"pretrained", NULL},
        {"init_cfg", NULL},
    };
    static const rule stages[] = {
        {"stage1", NULL}, {"stage2", NULL}, {"stage3", NULL}, {"stage4", NULL}};
    encnet_status rc = ENCNET_OK;
    place extra = encnet__mmseg_at(p, "extra");

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_check(&extra, stages, COUNT_OF(stages)));
    TRY(hrnet_name(&extra));
    TRY(encnet__mmseg_norm(p));
    TRY(checkpoints(p));
done:
    return rc;
}

/* ---------------------------------------------------------------------------------------------- */

encnet_status encnet__mmseg_backbone(bool *joined, const place *p)
{
    place type = encnet__mmseg_at(p, "type");

    *joined = encnet__mmseg_is(type.value, "'HRNet'");
    if (*joined) return hrnet(p);
    if (encnet__mmseg_is(type.value, "'ResNet'")) return resnet(p, false);
    if (encnet__mmseg_is(type.value, "'ResNetV1c'")) return resnet(p, true);
    return encnet__mmseg_refuse(&type, "encnet-cl has no such backbone, only ResNet, ResNetV1c and "
                                       "HRNet");
}
