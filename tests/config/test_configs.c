/* test_configs.c - the files in configs/ load, name the result that they aim at, and have the options
 * of the published runs. */
#include "config_test.h"

#include <dirent.h>

static const char *const configs = TEST_DIR "/../configs";

static encnet_config *load_named(const char *name)
{
    char path[1024];
    encnet_config *c;

    snprintf(path, sizeof path, "%s/%s.ini", configs, name);
    if (load(&c, path, NULL, 0) != ENCNET_OK) fail_msg("%s", problems.data);
    return c;
}

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
    char name[256], line[256];
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
    assert_true(n >= 26);
}

/* Each row of the table has its file, whose first comment gives both numbers. */
static void the_encnet_table_is_complete(void **state)
{
    FILE *f = fopen(TEST_DIR "/golden/config/encnet_table.csv", "r");
    char row[256], name[128], line[256], miou[16], flip[16], text[128];
    int n = 0;

    (void)state;
    assert_non_null(f);
    while (fgets(row, sizeof row, f)) {
        if (*row == '#') continue;
        assert_int_equal(sscanf(row, "%127[^,],%15[^,],%15s", name, miou, flip), 3);
        encnet_config_free(load_named(name));
        read_first_line(line, sizeof line, name);
        snprintf(text, sizeof text, "mIoU %s; with scales 0.5 to 1.75 and flip %s.", miou, flip);
        assert_non_null(strstr(line, text));
        n++;
    }
    fclose(f);
    assert_int_equal(n, 12);
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
        cmocka_unit_test(the_encnet_table_is_complete),
        cmocka_unit_test(cityscapes_769_is_the_published_recipe),
        cmocka_unit_test(ade20k_is_the_published_recipe),
        cmocka_unit_test(camvid_is_the_reference_run),
        cmocka_unit_test(data_sets_are_those_of_the_published_recipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
