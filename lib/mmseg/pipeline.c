/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pipeline.c - what happens to an image: normalisation, augmentation, evaluation. */
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;

static bool is_type(const place *p, const char *type)
{
    return encnet__mmseg_is(encnet__py_get(p->value, "type"), type);
}

/* The transform of a type in a pipeline; its value is NULL if there is none. */
static place find(const place *pipeline, const char *type)
{
    place p = *pipeline;

    for (int i = 0; encnet__py_item(pipeline->value, i); i++) {
        p = encnet__mmseg_item(pipeline, i);
        if (is_type(&p, type)) return p;
    }
    p.value = NULL;
    return p;
}

/* Two whole numbers of a key; *found is false if it is absent or None. */
static encnet_status read_pair(int out[2], bool *found, const place *p, const char *key)
{
    encnet_status rc = ENCNET_OK;
    place at = encnet__mmseg_at(p, key);
    double pair[2];

    if (encnet__py_is(at.value, ENCNET__PY_LIST) && at.value->n == 1 &&
        encnet__py_is_list(at.value->items[0])) /* one scale in a list */
        at = encnet__mmseg_item(&at, 0);
    *found = at.value && at.value->kind != ENCNET__PY_NONE;
    for (int i = 0; *found && i < 2; i++) {
        const encnet__py *v = at.value->kind == ENCNET__PY_INT ? at.value
                              : at.value->n == 2 && encnet__py_is_list(at.value)
                                  ? at.value->items[i]
                                  : NULL;
        if (!encnet__py_is(v, ENCNET__PY_INT) || !encnet__py_number(&pair[i], v) || pair[i] < 1 ||
            pair[i] > 65536)
            return encnet__mmseg_refuse(&at, "must be two whole numbers of 1 to 65536");
        out[i] = (int)pair[i];
    }
    return rc;
}

/* -- normalisation ----------------------------------------------------------------------------- */

static encnet_status set_reals(const place *p, const char *key, const char *setting)
{
    encnet_status rc = ENCNET_OK;
    place at = encnet__mmseg_at(p, key);
    encnet__text text = {0};

    if (!at.value) return encnet__mmseg_refuse(&at, "encnet-cl normalises every image");
    TRY(encnet__mmseg_join(&text, &at));
    TRY(encnet__mmseg_set(p->m, at.value, setting, "%s", text.data ? text.data : ""));
done:
    encnet__text_free(&text);
    return rc;
}

static encnet_status map_normalisation(const place *p, const char *order)
{
    encnet_status rc = ENCNET_OK;
    place to_rgb = encnet__mmseg_at(p, order);

    if (!encnet__py_true(to_rgb.value))
        return encnet__mmseg_refuse(to_rgb.value ? &to_rgb : p, "encnet-cl has red first: %s=True",
                                    order);
    TRY(set_reals(p, "mean", "augment.mean"));
    TRY(set_reals(p, "std", "augment.std"));
done:
    return rc;
}

static encnet_status map_preprocessor(const place *p)
{
    static const rule rules[] = {
        {"type", "'SegDataPreProcessor'"},
        {"mean", NULL},
        {"std", NULL},
        {"bgr_to_rgb", NULL},
        {"rgb_to_bgr", "False"},
        {"pad_val", "0"},
        {"seg_pad_val", "255"},
        {"size", ""}, /* that of the crops */
        {"size_divisor", "None"},
        {"batch_augments", "None"},
        {"test_cfg", "None"},
    };
    encnet_status rc = ENCNET_OK;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(map_normalisation(p, "bgr_to_rgb"));
done:
    return rc;
}

/* The Normalize of a pipeline of 0.x, or of what MultiScaleFlipAug does in one. */
static place find_normalize(encnet__mmseg *m, const char *split)
{
    place set = encnet__mmseg_dataset(m, split), pipeline = encnet__mmseg_at(&set, "pipeline"),
          scales = find(&pipeline, "'MultiScaleFlipAug'"),
          inner = encnet__mmseg_at(&scales, "transforms");

    return find(scales.value ? &inner : &pipeline, "'Normalize'");
}

encnet_status encnet__mmseg_normalisation(encnet__mmseg *m)
{
    static const rule rules[] = {{"type", NULL}, {"mean", NULL}, {"std", NULL}, {"to_rgb", NULL}};
    encnet_status rc = ENCNET_OK;
    place root = encnet__mmseg_root(m), model = encnet__mmseg_at(&root, "model"),
          preprocessor = encnet__mmseg_at(&model, "data_preprocessor"),
          normalize = find_normalize(m, "val");

    if (preprocessor.value) return map_preprocessor(&preprocessor);
    if (!normalize.value) normalize = find_normalize(m, "test");
    if (!normalize.value) normalize = find_normalize(m, "train");
    if (!normalize.value)
        return encnet__mmseg_refuse(&preprocessor, "and no pipeline has Normalize");
    TRY(encnet__mmseg_check(&normalize, rules, COUNT_OF(rules)));
    TRY(map_normalisation(&normalize, "to_rgb"));
done:
    return rc;
}

/* -- augmentation ------------------------------------------------------------------------------ */

static encnet_status map_load(const place *p)
{
    static const rule rules[] = {{"type", NULL},
                                 {"to_float32", "False|True"},
                                 {"color_type", "'color'"},
                                 {"imdecode_backend", "'cv2'|'pillow'"},
                                 {"ignore_empty", "False"},
                                 {"reduce_zero_label", NULL},
                                 {"file_client_args", ""},
                                 {"backend_args", ""}};
    encnet_status rc = ENCNET_OK;
    bool reduce;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_bool(&reduce, p, "reduce_zero_label", false));
    if (reduce) TRY(encnet__mmseg_set_bool(p->m, p->value, "data.reduce_zero_label", true));
done:
    return rc;
}

static encnet_status map_resize(const place *p)
{
    static const rule rules[] = {
        {"type", NULL},        {"img_scale", NULL},
        {"scale", NULL},       {"multiscale_mode", "'range'"},
        {"ratio_range", NULL}, {"keep_ratio", NULL},
        {"min_size", "None"},  {"resize_type", "'Resize'"},
    };
    encnet_status rc = ENCNET_OK;
    bool old = encnet__py_get(p->value, "img_scale"), found, keep;
    place ratio = encnet__mmseg_at(p, "keep_ratio"),
          scale = encnet__mmseg_at(p, old ? "img_scale" : "scale");
    double range[2] = {1, 1};
    int box[2];

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_bool(&keep, p, "keep_ratio", old));
    if (!keep)
        return encnet__mmseg_refuse(ratio.value ? &ratio : p,
                                    "encnet-cl keeps the ratio of an image");
    TRY(read_pair(box, &found, p, old ? "img_scale" : "scale"));
    if (!found) return encnet__mmseg_refuse(&scale, "encnet-cl fits images into a box");
    TRY(encnet__mmseg_reals(range, &found, p, "ratio_range", 2));
    TRY(encnet__mmseg_set(p->m, p->value, "augment.scale", "%d,%d", box[0], box[1]));
    TRY(encnet__mmseg_set(p->m, p->value, "augment.ratio", "%.10g,%.10g", range[0], range[1]));
done:
    return rc;
}

static encnet_status map_crop(const place *p)
{
    static const rule rules[] = {
        {"type", NULL}, {"crop_size", NULL}, {"cat_max_ratio", NULL}, {"ignore_index", "255"}};
    encnet_status rc = ENCNET_OK;
    place size = encnet__mmseg_at(p, "crop_size");
    int crop[2];
    bool found;
    double ratio;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(read_pair(crop, &found, p, "crop_size"));
    if (!found) return encnet__mmseg_refuse(&size, "must be two whole numbers");
    TRY(encnet__mmseg_real(&ratio, p, "cat_max_ratio", 1));
    TRY(encnet__mmseg_set(p->m, p->value, "augment.crop", "%d,%d", crop[0], crop[1]));
    TRY(encnet__mmseg_set_real(p->m, p->value, "augment.cat_max_ratio", ratio));
done:
    return rc;
}

static encnet_status map_flip(const place *p)
{
    static const rule rules[] = {
        {"type", NULL}, {"prob", NULL}, {"flip_ratio", NULL}, {"direction", "'horizontal'"}};
    encnet_status rc = ENCNET_OK;
    double flip;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_real(&flip, p, "flip_ratio", 0));
    TRY(encnet__mmseg_real(&flip, p, "prob", flip));
    TRY(encnet__mmseg_set_real(p->m, p->value, "augment.flip", flip));
done:
    return rc;
}

static encnet_status map_distortion(const place *p)
{
    static const rule rules[] = {{"type", NULL},
                                 {"brightness_delta", "32"},
                                 {"contrast_range", "[0.5, 1.5]"},
                                 {"saturation_range", "[0.5, 1.5]"},
                                 {"hue_delta", "18"}};
    encnet_status rc = ENCNET_OK;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_set_bool(p->m, p->value, "augment.distort", true));
done:
    return rc;
}

static encnet_status map_pad(const place *p)
{
    static const rule rules[] = {{"type", NULL},
                                 {"size", ""}, /* that of the crop, or Resize would have it */
                                 {"pad_val", "0|{'img': 0, 'seg': 255}"},
                                 {"seg_pad_val", "255"}};
    encnet_status rc = ENCNET_OK;
    place root = encnet__mmseg_root(p->m), model = encnet__mmseg_at(&root, "model");

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    if (encnet__py_get(model.value, "data_preprocessor"))
        TRY(encnet__mmseg_remark(
            p->m,
            "In %s small images are padded with black before they are normalised, "
            "in encnet-cl with the mean colour.",
            p->name));
done:
    return rc;
}

/* What may happen to a training image, in the only order that encnet-cl has. */
static const struct step {
    const char *type;
    encnet_status (*map)(const place *p); /* NULL: nothing to map */
} steps[] = {
    {"'LoadImageFromFile'", map_load},
    {"'LoadAnnotations'", map_load},
    {"'Resize'|'RandomResize'", map_resize},
    {"'RandomCrop'", map_crop},
    {"'RandomFlip'", map_flip},
    {"'PhotoMetricDistortion'", map_distortion},
    {"'Normalize'", NULL},
    {"'Pad'", map_pad},
    {"'DefaultFormatBundle'|'PackSegInputs'", NULL},
    {"'Collect'", NULL},
};

/* Maps a transform; *next is the step that may follow. */
static encnet_status map_step(const place *p, size_t *next)
{
    place type = encnet__mmseg_at(p, "type");

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!is_type(p, steps[i].type)) continue;
        if (i < *next)
            return encnet__mmseg_refuse(&type, "encnet-cl has the order Resize, RandomCrop, "
                                               "RandomFlip, PhotoMetricDistortion, Normalize, Pad");
        *next = i + 1;
        return steps[i].map ? steps[i].map(p) : ENCNET_OK;
    }
    return encnet__mmseg_refuse(&type, "encnet-cl has no such transform");
}

encnet_status encnet__mmseg_augmentation(const place *pipeline)
{
    encnet_status rc = ENCNET_OK;
    place crop = find(pipeline, "'RandomCrop'"), resize = find(pipeline, "'Resize'|'RandomResize'");
    size_t next = 0;

    if (!encnet__py_is_list(pipeline->value))
        return encnet__mmseg_refuse(pipeline, "must be a list of transforms");
    if (!crop.value || !resize.value)
        return encnet__mmseg_refuse(pipeline, "encnet-cl trains on crops of resized images");
    TRY(encnet__mmseg_set_real(pipeline->m, pipeline->value, "augment.flip", 0));
    TRY(encnet__mmseg_set_bool(pipeline->m, pipeline->value, "augment.distort", false));
    for (int i = 0; i < pipeline->value->n; i++) {
        place p = encnet__mmseg_item(pipeline, i);
        TRY(map_step(&p, &next));
    }
done:
    return rc;
}

/* -- evaluation -------------------------------------------------------------------------------- */

static encnet_status map_windows(const place *p)
{
    static const rule rules[] = {
        {"mode", "'whole'|'slide'"}, {"crop_size", NULL}, {"stride", NULL}};
    encnet_status rc = ENCNET_OK;
    bool slide = encnet__mmseg_is(encnet__py_get(p->value, "mode"), "'slide'"), found;
    int crop[2], stride[2];

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_set(p->m, p->value, "eval.mode", slide ? "slide" : "whole"));
    if (!slide) goto done;
    TRY(read_pair(crop, &found, p, "crop_size"));
    if (found) TRY(read_pair(stride, &found, p, "stride"));
    if (!found) return encnet__mmseg_refuse(p, "windows need crop_size and stride");
    TRY(encnet__mmseg_set(p->m, p->value, "eval.crop", "%d,%d", crop[0], crop[1]));
    TRY(encnet__mmseg_set(p->m, p->value, "eval.stride", "%d,%d", stride[0], stride[1]));
done:
    return rc;
}

/* The box of a Resize or MultiScaleFlipAug. */
static encnet_status map_box(const place *p, const char *key)
{
    encnet_status rc = ENCNET_OK;
    bool found;
    int box[2];

    TRY(read_pair(box, &found, p, key));
    if (!found)
        TRY(encnet__mmseg_set(p->m, p->value, "eval.image_scale", "none"));
    else if (box[0] > box[1])
        TRY(encnet__mmseg_set(p->m, p->value, "eval.image_scale", "%d,%d", box[0], box[1]));
    else
        TRY(encnet__mmseg_set(p->m, p->value, "eval.image_scale", "%d,%d", box[1], box[0]));
done:
    return rc;
}

/* The evaluation of 0.x: scales and flipping around Resize and Normalize. */
static encnet_status map_scales(const place *p)
{
    static const rule rules[] = {{"type", NULL},       {"img_scale", NULL},
                                 {"img_ratios", NULL}, {"flip", NULL},
                                 {"transforms", NULL}, {"flip_direction", "'horizontal'"}};
    encnet_status rc = ENCNET_OK;
    place ratios = encnet__mmseg_at(p, "img_ratios"), inner = encnet__mmseg_at(p, "transforms"),
          resize = find(&inner, "'Resize'");
    encnet__text text = {0};
    bool flip, keep;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_bool(&flip, p, "flip", false));
    TRY(encnet__mmseg_bool(&keep, &resize, "keep_ratio", true));
    if (!keep) return encnet__mmseg_refuse(&resize, "encnet-cl keeps the ratio of an image");
    TRY(map_box(p, "img_scale"));
    TRY(encnet__mmseg_set_bool(p->m, p->value, "eval.flip", flip));
    if (encnet__py_is_list(ratios.value)) {
        TRY(encnet__mmseg_join(&text, &ratios));
        TRY(encnet__mmseg_set(p->m, p->value, "eval.scales", "%s", text.data ? text.data : ""));
    }
done:
    encnet__text_free(&text);
    return rc;
}

static encnet_status map_test_resize(const place *p)
{
    static const rule rules[] = {{"type", NULL}, {"scale", NULL}, {"keep_ratio", NULL}};
    encnet_status rc = ENCNET_OK;
    place keep = encnet__mmseg_at(p, "keep_ratio");

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    if (!encnet__mmseg_is(keep.value, "True"))
        return encnet__mmseg_refuse(keep.value ? &keep : p,
                                    "encnet-cl keeps the ratio of an image");
    TRY(map_box(p, "scale"));
done:
    return rc;
}

static encnet_status map_test_pipeline(const place *pipeline)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__mmseg_set(pipeline->m, pipeline->value, "eval.image_scale", "none"));
    for (int i = 0; encnet__py_item(pipeline->value, i); i++) {
        place p = encnet__mmseg_item(pipeline, i), type = encnet__mmseg_at(&p, "type");
        if (is_type(&p, "'MultiScaleFlipAug'"))
            TRY(map_scales(&p));
        else if (is_type(&p, "'Resize'"))
            TRY(map_test_resize(&p));
        else if (is_type(&p, "'LoadImageFromFile'|'LoadAnnotations'"))
            TRY(map_load(&p));
        else if (!is_type(&p, "'PackSegInputs'"))
            return encnet__mmseg_refuse(&type, "encnet-cl has no such transform");
    }
done:
    return rc;
}

encnet_status encnet__mmseg_evaluation(encnet__mmseg *m)
{
    encnet_status rc = ENCNET_OK;
    place root = encnet__mmseg_root(m), model = encnet__mmseg_at(&root, "model"),
          cfg = encnet__mmseg_at(&model, "test_cfg"), set = encnet__mmseg_dataset(m, "val"),
          pipeline = encnet__mmseg_at(&set, "pipeline");

    if (!encnet__py_true(cfg.value)) cfg = encnet__mmseg_at(&root, "test_cfg"); /* of 2020 */
    TRY(map_windows(&cfg));
    if (pipeline.value) TRY(map_test_pipeline(&pipeline));
done:
    return rc;
}
