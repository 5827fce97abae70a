/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* data.c - data sets and batches: data of 0.x, the data loaders of 1.x. */
#include <stdio.h>
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;

/* -- finding ----------------------------------------------------------------------------------- */

/* Where a split is described: train_dataloader of 1.x, or data of 0.x. */
static place loader_of(encnet__mmseg *m, const char *split, bool *old)
{
    place root = encnet__mmseg_root(m), loader;
    char key[32];

    snprintf(key, sizeof key, "%s_dataloader", split);
    loader = encnet__mmseg_at(&root, key);
    *old = !loader.value;
    return *old ? encnet__mmseg_at(&root, "data") : loader;
}

static bool is_type(const place *p, const char *type)
{
    return encnet__mmseg_is(encnet__py_get(p->value, "type"), type);
}

/* What wrappers say how often, or with what else, is taken: the first data set within. */
static place unwrap(place p)
{
    for (int i = 0; i < 4; i++) {
        if (is_type(&p, "'RepeatDataset'")) p = encnet__mmseg_at(&p, "dataset");
        if (is_type(&p, "'ConcatDataset'")) {
            place all = encnet__mmseg_at(&p, "datasets");
            p = encnet__mmseg_item(&all, 0);
        }
    }
    return p;
}

/* The data set of a split with its wrappers. */
static place wrapped(encnet__mmseg *m, const char *split)
{
    bool old;
    place loader = loader_of(m, split, &old);

    return encnet__mmseg_at(&loader, old ? split : "dataset");
}

place encnet__mmseg_dataset(encnet__mmseg *m, const char *split)
{
    return unwrap(wrapped(m, split));
}

/* -- data sets --------------------------------------------------------------------------------- */

/* What a data set says, whether of 0.x or of 1.x. */
typedef struct source {
    place p;
    const char *root, *images, *labels, *list;
    bool several; /* more than one folder of labels, or list */
} source;

/* The types of mmsegmentation. */
static const struct type {
    const char *name, *ours;
    bool reduced; /* without a label 0 */
} types[] = {
    {"'CityscapesDataset'", "cityscapes", false},
    {"'ADE20KDataset'", "ade20k", true},
    {"'PascalVOCDataset'", "voc", false},
    {"'PascalContextDataset'", "context", false},
    {"'PascalContextDataset59'", "context", true},
    {"'MapillaryDataset'|'MapillaryDataset_v1'", "mapillary", false},
    {"'CustomDataset'|'BaseSegDataset'", "folder", false},
};

static const struct type *type_of(const place *p)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (is_type(p, types[i].name)) return &types[i];
    return NULL;
}

static encnet_status check_keys(const place *p)
{
    static const rule rules[] = {
        {"type", NULL},           {"data_root", NULL},
        {"pipeline", NULL},       {"img_dir", NULL},
        {"ann_dir", NULL},        {"split", NULL},
        {"data_prefix", NULL},    {"ann_file", NULL},
        {"img_suffix", NULL},     {"seg_map_suffix", NULL},
        {"classes", ""},          {"palette", ""},
        {"metainfo", ""},         {"test_mode", ""},
        {"ignore_index", "255"},  {"reduce_zero_label", NULL},
        {"lazy_init", ""},        {"serialize_data", ""},
        {"file_client_args", ""}, {"backend_args", ""},
        {"max_refetch", ""},      {"indices", "None"},
        {"filter_cfg", "None"},   {"gt_seg_map_loader_cfg", "None"},
    };

    return encnet__mmseg_check(p, rules, COUNT_OF(rules));
}

/* A text, or the first one of a list of texts. */
static encnet_status read_first(const char **out, bool *several, const place *p, const char *key)
{
    place at = encnet__mmseg_at(p, key), first = encnet__mmseg_item(&at, 0);

    if (!encnet__py_is_list(at.value)) return encnet__mmseg_text(out, p, key, *out);
    *several |= at.value->n > 1;
    if (!encnet__py_is(first.value, ENCNET__PY_TEXT))
        return encnet__mmseg_refuse(&at, "must be a path, or a list of paths");
    *out = first.value->text;
    return ENCNET_OK;
}

static encnet_status read_source(source *s, const place *p)
{
    encnet_status rc = ENCNET_OK;
    place prefix = encnet__mmseg_at(p, "data_prefix");

    *s = (source){.p = *p, .images = "", .labels = "", .list = ""};
    TRY(check_keys(p));
    TRY(encnet__mmseg_text(&s->root, p, "data_root", ""));
    TRY(read_first(&s->images, &s->several, p, "img_dir"));
    TRY(read_first(&s->labels, &s->several, p, "ann_dir"));
    TRY(read_first(&s->list, &s->several, p, "split"));
    TRY(encnet__mmseg_text(&s->images, &prefix, "img_path", s->images));
    TRY(encnet__mmseg_text(&s->labels, &prefix, "seg_map_path", s->labels));
    TRY(encnet__mmseg_text(&s->list, p, "ann_file", s->list));
done:
    return rc;
}

/* Whether two paths are the same but for slashes behind them. */
static bool same_path(const char *a, const char *b)
{
    size_t n = strlen(a);

    while (n > 1 && a[n - 1] == '/') n--;
    return strlen(b) == n && memcmp(a, b, n) == 0;
}

/* The data sets that are joined in a split; absent if there is one. */
static place joined(encnet__mmseg *m, const char *split)
{
    place p = wrapped(m, split), sets;

    while (is_type(&p, "'RepeatDataset'")) p = encnet__mmseg_at(&p, "dataset");
    sets = encnet__mmseg_at(&p, "datasets");
    if (!is_type(&p, "'ConcatDataset'") || sets.value->n < 2) sets.value = NULL;
    return sets;
}

/* Two lists and folders in one data set (0.x), or two data sets (1.x), must be those of VOC 2012 with
 * the augmented set; *out is then true. */
static encnet_status check_augmented(bool *out, const source *s, const char *split)
{
    static const char lists[] =
        "['ImageSets/Segmentation/train.txt', 'ImageSets/Segmentation/aug.txt']";
    static const char labels[] = "['SegmentationClass', 'SegmentationClassAug']";
    encnet_status rc = ENCNET_OK;
    place sets = joined(s->p.m, split), second = encnet__mmseg_item(&sets, 1);
    bool voc = is_type(&s->p, "'PascalVOCDataset'") && strcmp(split, "train") == 0;
    source aug;

    *out = false;
    if (s->several) {
        *out = voc && encnet__mmseg_is(encnet__py_get(s->p.value, "split"), lists) &&
               encnet__mmseg_is(encnet__py_get(s->p.value, "ann_dir"), labels);
    } else if (sets.value) {
        TRY(read_source(&aug, &second));
        *out = voc && sets.value->n == 2 && is_type(&second, "'PascalVOCDataset'") &&
               same_path(aug.labels, "SegmentationClassAug") &&
               same_path(aug.list, "ImageSets/Segmentation/aug.txt");
    } else {
        goto done;
    }
    if (!*out)
        return encnet__mmseg_refuse(sets.value ? &sets : &s->p,
                                    "encnet-cl joins only VOC's train and aug");
done:
    return rc;
}

static encnet_status map_folders(const source *s, bool train)
{
    encnet_status rc = ENCNET_OK;
    encnet__mmseg *m = s->p.m;
    const encnet__py *from = s->p.value;

    TRY(encnet__mmseg_set(m, from, train ? "data.train_images" : "data.val_images", "%s",
                          s->images));
    TRY(encnet__mmseg_set(m, from, train ? "data.train_labels" : "data.val_labels", "%s",
                          s->labels));
    if (*s->list)
        TRY(encnet__mmseg_set(m, from, train ? "data.train_list" : "data.val_list", "%s", s->list));
done:
    return rc;
}

/* Endings other than those that the type has; a folder's are found without them. */
static encnet_status map_endings(const source *s, const struct type *t)
{
    encnet_status rc = ENCNET_OK;
    bool folder = strcmp(t->ours, "folder") == 0;
    const char *image, *label;

    TRY(encnet__mmseg_text(&image, &s->p, "img_suffix", ""));
    TRY(encnet__mmseg_text(&label, &s->p, "seg_map_suffix", ""));
    if (folder && (strcmp(image, ".jpg") == 0 || strcmp(image, ".png") == 0)) image = "";
    if (folder && strcmp(label, ".png") == 0) label = "";
    if (*image) TRY(encnet__mmseg_set(s->p.m, s->p.value, "data.image_suffix", "%s", image));
    if (*label) TRY(encnet__mmseg_set(s->p.m, s->p.value, "data.label_suffix", "%s", label));
done:
    return rc;
}

static encnet_status map_split(encnet__mmseg *m, const char *split)
{
    encnet_status rc = ENCNET_OK;
    bool train = strcmp(split, "train") == 0, reduce, augmented = false;
    place p = encnet__mmseg_dataset(m, split), type = encnet__mmseg_at(&p, "type");
    const struct type *t = type_of(&p);
    source s;

    if (!p.value) return encnet__mmseg_refuse(&p, "it is no configuration of a training");
    if (!t) return encnet__mmseg_refuse(&type, "encnet-cl has no such data set");
    TRY(read_source(&s, &p));
    TRY(encnet__mmseg_bool(&reduce, &p, "reduce_zero_label", false));
    TRY(encnet__mmseg_set(m, type.value, "data.type", "%s", t->ours));
    TRY(encnet__mmseg_set(m, p.value, "data.root", "%s", *s.root ? s.root : "."));
    TRY(map_endings(&s, t));
    if (reduce || t->reduced)
        TRY(encnet__mmseg_set_bool(m, p.value, "data.reduce_zero_label", true));
    TRY(check_augmented(&augmented, &s, split));
    if (augmented) TRY(encnet__mmseg_set_bool(m, p.value, "data.train_extra", true));
    TRY(map_folders(&s, train));
done:
    return rc;
}

/* -- batches ----------------------------------------------------------------------------------- */

static encnet_status map_batches(encnet__mmseg *m)
{
    static const rule old_rules[] = {{"samples_per_gpu", NULL},
                                     {"workers_per_gpu", NULL},
                                     {"train", NULL},
                                     {"val", NULL},
                                     {"test", ""},
                                     {"train_dataloader", "{}"},
                                     {"val_dataloader", ""},
                                     {"test_dataloader", ""}};
    static const rule rules[] = {
        {"batch_size", NULL}, {"num_workers", NULL}, {"persistent_workers", ""},
        {"sampler", NULL},    {"dataset", NULL},     {"pin_memory", ""},
        {"drop_last", ""},    {"collate_fn", ""},    {"prefetch_factor", ""}};
    static const rule sampler_rules[] = {
        {"type", "'InfiniteSampler'|'DefaultSampler'"}, {"shuffle", NULL}, {"seed", "None"}};
    encnet_status rc = ENCNET_OK;
    bool old, shuffle;
    place loader = loader_of(m, "train", &old), sampler = encnet__mmseg_at(&loader, "sampler");
    int samples, workers;

    if (old)
        TRY(encnet__mmseg_check(&loader, old_rules, COUNT_OF(old_rules)));
    else
        TRY(encnet__mmseg_check(&loader, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_int(&samples, &loader, old ? "samples_per_gpu" : "batch_size", 1));
    TRY(encnet__mmseg_int(&workers, &loader, old ? "workers_per_gpu" : "num_workers", 1));
    TRY(encnet__mmseg_set_int(m, loader.value, "data.samples_per_device", samples));
    TRY(encnet__mmseg_set_int(m, loader.value, "data.workers", workers < 1 ? 1 : workers));
    if (!sampler.value) goto done;
    TRY(encnet__mmseg_check(&sampler, sampler_rules, COUNT_OF(sampler_rules)));
    TRY(encnet__mmseg_bool(&shuffle, &sampler, "shuffle", true));
    TRY(encnet__mmseg_set_bool(m, sampler.value, "data.shuffle", shuffle));
done:
    return rc;
}

encnet_status encnet__mmseg_data(encnet__mmseg *m)
{
    encnet_status rc = ENCNET_OK;

    TRY(map_split(m, "train"));
    TRY(map_split(m, "val"));
    TRY(map_batches(m));
done:
    return rc;
}
