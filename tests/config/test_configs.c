/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_configs.c - the files in configs/ load, name the result that they aim at, and have the options
 * of the published runs. */
#include "published.h"

#include <dirent.h>

static void read_first_line(char *line, int size, const char *name)
{
    char path[1024];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s.ini", configs, name);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, size, f));
    fclose(f);
}

static void every_file_loads_and_says_what_it_aims_at(void **state)
{
    DIR *d = opendir(configs);
    struct dirent *e;
    char name[256], line[512];
    int n = 0;

    (void)state;
    assert_non_null(d);
    while ((e = readdir(d))) {
        size_t length = strlen(e->d_name);
        if (length < 5 || strcmp(e->d_name + length - 4, ".ini") != 0) continue;
        snprintf(name, sizeof name, "%.*s", (int)length - 4, e->d_name);
        encnet_config_free(load_named(name));
        read_first_line(line, sizeof line, name);
        if (strncmp(line, "# Published by ", 15) != 0 &&
            strncmp(line, "# Nothing published: ", 21) != 0)
            fail_msg("%s.ini begins with %s", name, line);
        n++;
    }
    closedir(d);
    assert_true(n >= 110);
}

/* -- the published tables */

/* What the options must be where a column says `says`. */
typedef struct recipe {
    const char *says, *key, *value;
} recipe;

static void expect_option(const encnet_config *c, const char *file, const char *key,
                          const char *value)
{
    char is[256];

    assert_int_equal(encnet_options_get(is, sizeof is, encnet_config_options(c), key), ENCNET_OK);
    if (strcmp(is, value) != 0) fail_msg("%s.ini: %s is %s, not %s", file, key, is, value);
}

/* Every recipe whose text the column is; one at least. */
static void expect_recipe(const encnet_config *c, const char *file, const recipe *list, int n,
                          const char *column)
{
    int found = 0;

    for (int i = 0; i < n; i++) {
        if (strcmp(list[i].says, column) != 0) continue;
        expect_option(c, file, list[i].key, list[i].value);
        found++;
    }
    if (!found) fail_msg("%s: nothing is known of \"%s\"", file, column);
}

static const recipe methods[] = {
    {"encnet", "model.network", "encnet"},
    {"encnet", "train.loss", "cross_entropy"},
    {"DeepLabV3", "model.network", "deeplabv3"},
    {"DeepLabv3", "model.network", "deeplabv3"},
    {"DeepLabv3 (w/ SepDepthWiseConv)", "model.network", "deeplabv3plus"},
    {"DeepLabv3 (w/ SepDepthWiseConv)", "model.c1_channels", "0"},
    {"DeepLabV3+", "model.network", "deeplabv3plus"},
    {"DeepLabv3+", "model.network", "deeplabv3plus"},
    {"OCRNet", "model.network", "ocrnet"},
    {"OCRNet", "train.loss", "cross_entropy"},
    {"OCRNet (w/ dropout)", "model.network", "ocrnet"},
    {"OCRNet (w/ dropout)", "model.dropout", "0.1"},
    {"OCRNet (w/ dropout)", "model.aux_dropout", "yes"},
    {"OCRNet (w/ dropout)", "model.align_corners", "yes"},
    {"OCRNet (replace the 1x1 Conv (fusion) with 3x3 SepDepthWiseConv)", "model.network", "ocrnet"},
    {"OCRNet + RMI", "model.network", "ocrnet"},
    {"OCRNet + RMI", "train.loss", "rmi"},
    {"OCRNet + RMI + Mapillary", "train.loss", "rmi"},
    {"OCRNet + RMI + Mapillary", "optimizer.lr", "0.02"},
    {"OCRNet + RMI + Mapillary", "model.fresh", "decode_head.0.conv_seg,decode_head.1.conv_seg"},
    {"OCRNet + RMI + Mapillary + Small-LR", "train.loss", "rmi"},
    {"OCRNet + RMI + Mapillary + Small-LR", "optimizer.lr", "0.002"},
    {"OCRNet + RMI + Mapillary + Small-LR", "optimizer.min_lr", "2e-05"},
    {"OCRNetPlus", "model.network", "ocrnetplus"},
    {"OCRNet+", "model.network", "ocrnetplus"},
    {"OCRNetPlus (Decoder w/ SepDepthWiseConv)", "model.network", "ocrnetplus"},
    {"OCRNetPlus (OCR & Decoder w/ SepDepthWiseConv)", "model.network", "ocrnetplus"},
    {"FCN", "model.network", "fcn"},
    {"FCN", "model.align_corners", "yes"},
    {"FCN+Decoder", "model.network", "fcnplus"},
};

static const recipe variants[] = {
    {"", "optimizer.momentum", "0.9"},
    {"DeepLabV3-sep", "model.c1_channels", "0"},
    {"FpnDecodeHead", "model.network", "fcnplus"},
    {"S (likely)", "model.separable_bottleneck", "yes"},
    {"S (likely)", "model.separable_fusion", "yes"},
    {"P0", "model.separable_bottleneck", "no"},
    {"P0", "model.separable_fusion", "no"},
    {"P0", "model.separable_decoder", "no"},
    {"P1", "model.separable_bottleneck", "yes"},
    {"P1", "model.separable_fusion", "no"},
    {"P1", "model.separable_decoder", "yes"},
    {"P2", "model.separable_bottleneck", "yes"},
    {"P2", "model.separable_fusion", "yes"},
    {"P2", "model.separable_decoder", "yes"},
};

/* A backbone sets its own options only; those of another one keep their defaults. */
static const recipe backbones[] = {
    {"R-18-D8", "model.backbone", "resnet18_v1c"},
    {"R-18-D8", "model.channels", "128"},
    {"R-18-D8", "model.aux_channels", "64"},
    {"R-18-D8", "model.c1_channels", "12"},
    {"R-18b-D8", "model.backbone", "resnet18_v1b"},
    {"R-18b-D8", "model.c1_channels", "12"},
    {"R-50-D8", "model.backbone", "resnet50_v1c"},
    {"R-50-D8", "model.output_stride", "8"},
    {"R-50-D8", "model.channels", "512"},
    {"R-50b-D8", "model.backbone", "resnet50_v1b"},
    {"R-101-D8", "model.backbone", "resnet101_v1c"},
    {"R-101-D8", "model.output_stride", "8"},
    {"R-101-D8", "model.aspp_rates", "1,12,24,36"},
    {"R-101-D8", "model.aux_channels", "256"},
    {"R-101b-D8", "model.backbone", "resnet101_v1b"},
    {"R-101-D16", "model.backbone", "resnet101_v1c"},
    {"R-101-D16", "model.output_stride", "16"},
    {"R-101-D16", "model.multi_grid", ""},
    {"R-101-D16-MG124", "model.backbone", "resnet101_v1c"},
    {"R-101-D16-MG124", "model.output_stride", "16"},
    {"R-101-D16-MG124", "model.multi_grid", "1,2,4"},
    {"R-101-D16-MG124", "model.aspp_rates", "1,6,12,18"},
    {"R-101-D16-MG124", "train.loss", "ohem"},
    {"R-101-D16-MG124", "train.ohem_min_kept", "100000"},
    {"HRNetV2p-W18-Small", "model.backbone", "hrnet_w18s"},
    {"HRNetV2p-W18-Small", "model.aux_channels", "270"},
    {"HRNetV2p-W18-Small", "model.dropout", "0"},
    {"HRNetV2p-W18", "model.aux_kernel", "1"},
    {"HRNetV2p-W48", "model.backbone", "hrnet_w48"},
};

static const recipe datasets[] = {
    {"Cityscapes", "data.type", "cityscapes"},
    {"Cityscapes", "model.classes", "19"},
    {"Cityscapes", "optimizer.weight_decay", "0.0005"},
    {"ADE20K", "data.type", "ade20k"},
    {"ADE20K", "model.classes", "150"},
    {"ADE20K", "data.samples_per_device", "4"},
    {"ADE20K", "augment.scale", "2048,512"},
    {"Pascal VOC 2012 + Aug", "data.type", "voc"},
    {"Pascal VOC 2012 + Aug", "model.classes", "21"},
    {"Pascal VOC 2012 + Aug", "data.samples_per_device", "4"},
    {"Pascal VOC 2012 + Aug", "augment.scale", "2048,512"},
    {"Pascal Context", "data.type", "context"},
    {"Pascal Context", "model.classes", "60"},
    {"Pascal Context", "optimizer.lr", "0.004"},
    {"Pascal Context", "optimizer.weight_decay", "0.0001"},
    {"Pascal Context", "augment.scale", "520,520"},
};

static const recipe crops[] = {
    {"512x1024", "augment.scale", "2048,1024"}, {"512x1024", "eval.mode", "whole"},
    {"769x769", "augment.scale", "2049,1025"},  {"769x769", "model.align_corners", "yes"},
    {"769x769", "eval.mode", "slide"},          {"769x769", "eval.crop", "769,769"},
    {"769x769", "eval.stride", "513,513"},      {"512x512", "model.align_corners", "no"},
    {"480x480", "model.align_corners", "no"},
};

/* The file's first comment has every published number, which several runs may share. */
static void expect_numbers(const char *file, char *numbers)
{
    char line[512];

    read_first_line(line, sizeof line, file);
    for (char *each = strtok(numbers, ";"); each; each = strtok(NULL, ";"))
        if (!strstr(line, each)) fail_msg("%s.ini does not name %s: %s", file, each, line);
}

static void every_published_row_is_a_recipe(void **state)
{
    FILE *f = open_published();
    char line[512], *column[COLUMNS], text[64];
    int n = 0;

    (void)state;
    while (fgets(line, sizeof line, f)) {
        encnet_config *c;
        int h, w, iterations;
        if (*line == '#') continue;
        split(line, column);
        const char *file = column[FILE_NAME];
        assert_int_equal(strncmp(file, column[NAME], strlen(column[NAME])), 0);
        c = load_named(file);
        expect_recipe(c, file, methods, COUNT_OF(methods), column[METHOD]);
        expect_recipe(c, file, variants, COUNT_OF(variants), column[VARIANT]);
        if (strncmp(column[METHOD], "OCRNet + RMI", 12) != 0) /* the table's W18 is a W48 */
            expect_recipe(c, file, backbones, COUNT_OF(backbones), column[BACKBONE]);
        expect_recipe(c, file, datasets, COUNT_OF(datasets), column[DATASET]);
        expect_recipe(c, file, crops, COUNT_OF(crops), column[CROP]);
        assert_int_equal(sscanf(column[CROP], "%dx%d", &h, &w), 2);
        snprintf(text, sizeof text, "%d,%d", h, w);
        expect_option(c, file, "augment.crop", text);
        iterations = atoi(column[ITERATIONS]);
        expect_option(c, file, "train.max_iters", column[ITERATIONS]);
        snprintf(text, sizeof text, "%d", iterations / 10);
        expect_option(c, file, "train.eval_interval", text);
        expect_option(c, file, "train.checkpoint_interval", text);
        if (!strcmp(column[DATASET], "Cityscapes") && !strstr(file, "lr2e-3"))
            expect_option(c, file, "optimizer.lr", !strcmp(column[BATCH], "16") ? "0.02" : "0.01");
        expect_numbers(file, column[MIOU]);
        expect_numbers(file, column[MIOU_FLIP]);
        encnet_config_free(c);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 121);
}

static void cityscapes_769_is_the_published_recipe(void **state)
{
    encnet_config *c = load_named("encnet_r101-d8_769x769_80k_cityscapes");
    const encnet_options *o = encnet_config_options(c);

    (void)state;
    assert_string_equal(o->model.network, "encnet");
    assert_string_equal(o->model.backbone, "resnet101_v1c");
    assert_int_equal(o->model.classes, 19);
    assert_true(o->model.align_corners);
    assert_string_equal(o->model.pretrained, "");
    assert_int_equal(o->data.samples_per_device, 2);
    assert_int_equal(o->augment.scale_w, 2049);
    assert_int_equal(o->augment.scale_h, 1025);
    assert_int_equal(o->augment.crop_h, 769);
    assert_int_equal(o->train.max_iters, 80000);
    assert_int_equal(o->train.eval_interval, 8000);
    assert_string_equal(o->eval.mode, "slide");
    assert_string_equal(o->eval.image_scale, "2049,1025");
    assert_int_equal(o->eval.stride_w, 513);
    assert_string_equal(o->output.work_dir, "work_dirs/encnet_r101-d8_769x769_80k_cityscapes");
    encnet_config_free(c);
}

static void ade20k_is_the_published_recipe(void **state)
{
    encnet_config *c = load_named("fcn_r50-d8_512x512_160k_ade20k");
    const encnet_options *o = encnet_config_options(c);

    (void)state;
    assert_string_equal(o->model.network, "fcn");
    assert_string_equal(o->model.backbone, "resnet50_v1c");
    assert_int_equal(o->model.classes, 150);
    assert_true(o->data.reduce_zero_label && !o->model.align_corners);
    assert_int_equal(o->data.samples_per_device, 4);
    assert_int_equal(o->augment.scale_h, 512);
    assert_int_equal(o->train.max_iters, 160000);
    assert_string_equal(o->eval.image_scale, "2048,512");
    assert_true(o->optimizer.lr == 0.01 && o->optimizer.weight_decay == 5e-4);
    encnet_config_free(c);
}

static void camvid_is_the_reference_run(void **state)
{
    encnet_config *c = load_named("encnet_r18-d8_camvid");
    const encnet_options *o = encnet_config_options(c);
    char codewords[16];

    (void)state;
    assert_string_equal(o->model.backbone, "resnet18_v1c");
    assert_int_equal(o->model.channels, 128);
    assert_int_equal(o->model.aux_channels, 64);
    assert_int_equal(encnet_options_get(codewords, sizeof codewords, o, "model.codewords"),
                     ENCNET_OK);
    assert_string_equal(codewords, "32");
    assert_int_equal(o->model.classes, 11);
    assert_int_equal(o->data.samples_per_device, 4);
    assert_string_equal(o->data.ignore_labels, "11");
    assert_int_equal(o->augment.scale_w, 480);
    assert_int_equal(o->augment.scale_h, 360);
    assert_int_equal(o->augment.crop_h, 240);
    assert_true(o->optimizer.lr == 0.01 && o->optimizer.min_lr == 1e-4);
    assert_int_equal(o->train.max_iters, 400);
    assert_string_equal(o->eval.image_scale, "none");
    encnet_config_free(c);
}

/* What mmsegmentation's configurations of these data sets say. */
static void data_sets_are_those_of_the_published_recipes(void **state)
{
    static const struct {
        const char *name, *type;
        int classes, samples, scale[2], crop[2];
        bool extra, reduced;
        const char *mode, *image_scale;
        int stride;
    } rows[] = {
        {"cityscapes",
         "cityscapes",
         19,
         2,
         {2048, 1024},
         {512, 1024},
         false,
         false,
         "whole",
         "2048,1024",
         0},
        {"cityscapes_769x769",
         "cityscapes",
         19,
         2,
         {2049, 1025},
         {769, 769},
         false,
         false,
         "slide",
         "2049,1025",
         513},
        {"ade20k", "ade20k", 150, 4, {2048, 512}, {512, 512}, false, true, "whole", "2048,512", 0},
        {"pascal_voc12",
         "voc",
         21,
         4,
         {2048, 512},
         {512, 512},
         false,
         false,
         "whole",
         "2048,512",
         0},
        {"pascal_voc12_aug",
         "voc",
         21,
         4,
         {2048, 512},
         {512, 512},
         true,
         false,
         "whole",
         "2048,512",
         0},
        {"pascal_context",
         "context",
         60,
         4,
         {520, 520},
         {480, 480},
         false,
         false,
         "slide",
         "520,520",
         320},
        {"pascal_context_59",
         "context",
         59,
         4,
         {520, 520},
         {480, 480},
         false,
         true,
         "slide",
         "520,520",
         320},
        {"mapillary",
         "mapillary",
         66,
         2,
         {2048, 1024},
         {1024, 1024},
         false,
         false,
         "whole",
         "2048,1024",
         0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const encnet_options *o;
        char name[64];
        encnet_config *c;

        snprintf(name, sizeof name, "_base_/datasets/%s", rows[i].name);
        c = load_named(name);
        o = encnet_config_options(c);
        assert_string_equal(o->data.type, rows[i].type);
        assert_int_equal(o->model.classes, rows[i].classes);
        assert_int_equal(o->data.samples_per_device, rows[i].samples);
        assert_int_equal(o->augment.scale_w, rows[i].scale[0]);
        assert_int_equal(o->augment.scale_h, rows[i].scale[1]);
        assert_int_equal(o->augment.crop_h, rows[i].crop[0]);
        assert_int_equal(o->augment.crop_w, rows[i].crop[1]);
        assert_true(o->augment.ratio_min == 0.5 && o->augment.ratio_max == 2);
        assert_int_equal(o->data.train_extra, rows[i].extra);
        assert_int_equal(o->data.reduce_zero_label, rows[i].reduced);
        assert_string_equal(o->eval.mode, rows[i].mode);
        assert_string_equal(o->eval.image_scale, rows[i].image_scale);
        if (rows[i].stride) {
            assert_int_equal(o->eval.crop_h, rows[i].crop[0]);
            assert_int_equal(o->eval.stride_h, rows[i].stride);
            assert_int_equal(o->eval.stride_w, rows[i].stride);
        }
        encnet_config_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_loads_and_says_what_it_aims_at),
        cmocka_unit_test(every_published_row_is_a_recipe),
        cmocka_unit_test(cityscapes_769_is_the_published_recipe),
        cmocka_unit_test(ade20k_is_the_published_recipe),
        cmocka_unit_test(camvid_is_the_reference_run),
        cmocka_unit_test(data_sets_are_those_of_the_published_recipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
