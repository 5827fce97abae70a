/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_state_dict.c - names, shapes and order of weights are mmsegmentation's; parameter counts are
 * the published ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/models.h"

static encnet_device *device;

/* The options of a text "network=fcn backbone=resnet50 ...", all of [model].  The text must be writable and
 * stays borrowed. */
static encnet_options options_of(char *text)
{
    encnet_options o;
    char *rest = text;

    encnet_options_default(&o);
    for (char *word; (word = strtok_r(rest, " ", &rest));) {
        char *value = strchr(word, '='), key[64];
        assert_non_null(value);
        *value++ = '\0';
        snprintf(key, sizeof key, "model.%s", word);
        if (encnet_options_set(&o, key, value) != ENCNET_OK) fail_msg("%s", encnet_last_error());
    }
    return o;
}

/* The declared weights of a network; nothing is allocated on the device. */
static encnet__weights *declared(const char *options)
{
    encnet__graph_key key = {.n = 2, .h = 64, .w = 64};
    encnet__weights *w = NULL;
    encnet__graph *g = NULL;
    char text[512];
    encnet_options o;

    snprintf(text, sizeof text, "%s", options);
    o = options_of(text);
    assert_int_equal(encnet__weights_new(&w, device), ENCNET_OK);
    if (encnet__network_lay_out(&g, device, w, &o, NULL, ENCNET__FOR_TRAINING, &key) != ENCNET_OK)
        fail_msg("%s: %s", options, encnet_last_error());
    encnet__graph_free(g);
    return w;
}

static void shape_text(char *out, size_t size, const encnet__param *p)
{
    size_t used = 0;

    snprintf(out, size, "scalar");
    for (int i = 0; i < p->n_dims; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "x" : "", p->dims[i]);
}

static void compare(const char *file, const char *options)
{
    encnet__weights *w = declared(options);
    char path[512], line[512], expected[512], shape[64];
    FILE *f;
    int row = 0;

    snprintf(path, sizeof path, "%s/golden/state_dict/%s", TEST_DIR, file);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f)); /* the heading */
    for (; fgets(line, sizeof line, f); row++) {
        const encnet__param *p;
        assert_true(row < encnet__weights_count(w));
        p = encnet__weights_at(w, row);
        shape_text(shape, sizeof shape, p);
        snprintf(expected, sizeof expected, "%s,%s,%s,%zu\n", p->name,
                 p->kind == ENCNET__COUNTER ? "buffer_i64"
                 : p->trainable             ? "param"
                                            : "buffer",
                 shape, encnet__param_count(p));
        assert_string_equal(line, expected);
    }
    assert_int_equal(row, encnet__weights_count(w));
    fclose(f);
    encnet__weights_free(w);
}

static void state_dicts(void **state)
{
    static const struct {
        const char *file, *options;
    } rows[] = {
        {"encnet_r50-d8.K19.csv", "network=encnet backbone=resnet50_v1c"},
        {"encnet_r101-d8.K19.csv", "network=encnet backbone=resnet101_v1c"},
        {"fcn_r50-d8.K19.csv", "network=fcn backbone=resnet50_v1c"},
        {"encnet_r50s-d8_lateral.K19.csv", "network=encnet backbone=resnet50s lateral=yes"},
        {"encnet_r101-vd.K19.csv", "network=encnet backbone=resnet101_vd"},
        {"deeplabv3_r101-d8.K19.csv", "network=deeplabv3 backbone=resnet101_v1c"},
        {"deeplabv3sep_r101-d8.K19.csv",
         "network=deeplabv3plus backbone=resnet101_v1c c1_channels=0"},
        {"deeplabv3plus_r18-d8.K19.csv",
         "network=deeplabv3plus backbone=resnet18_v1c channels=128 aux_channels=64 c1_channels=12"},
        {"deeplabv3plus_r18b-d8.K19.csv",
         "network=deeplabv3plus backbone=resnet18_v1b channels=128 aux_channels=64 c1_channels=12"},
        {"deeplabv3plus_r50-d8.K19.csv", "network=deeplabv3plus backbone=resnet50_v1c"},
        {"deeplabv3plus_r101-d8.K19.csv", "network=deeplabv3plus backbone=resnet101_v1c"},
        {"deeplabv3plus_r101-d8.K19.csv", "network=deeplabv3plus backbone=resnet101_v1c "
                                          "output_stride=16 multi_grid=1,2,4 aspp_rates=1,6,12,18"},
        {"ocrnet_hr18s.K19.csv",
         "network=ocrnet backbone=hrnet_w18s aux_channels=270 aux_kernel=1"},
        {"ocrnet_hr18.K19.csv", "network=ocrnet backbone=hrnet_w18 aux_channels=270 aux_kernel=1"},
        {"fcndec_hr48.K19.csv", "network=fcnplus backbone=hrnet_w48"},
        {"deeplabv3plus_r101b-d8.K19.csv", "network=deeplabv3plus backbone=resnet101_v1b"},
        {"ocrnet_r101-d8.K19.csv", "network=ocrnet backbone=resnet101_v1c"},
        {"ocrnetsep_r101-d8.K19.csv", "network=ocrnet backbone=resnet101_v1c "
                                      "separable_bottleneck=yes separable_fusion=yes"},
        {"ocrnetplusplain_r101-d8.K19.csv", "network=ocrnetplus backbone=resnet101_v1c"},
        {"ocrnetplusdec_r101-d8.K19.csv", "network=ocrnetplus backbone=resnet101_v1c "
                                          "separable_bottleneck=yes separable_decoder=yes"},
        {"ocrnetplusboth_r101-d8.K19.csv",
         "network=ocrnetplus backbone=resnet101_v1c separable_bottleneck=yes separable_fusion=yes "
         "separable_decoder=yes"},
        {"cifar_resnet14_64d.csv", "network=classifier backbone=cifar_resnet14 classes=10"},
        {"cifar_encnet_16k64d.csv", "network=classifier backbone=cifar_encnet classes=10"},
        {"cifar_encnet_32k128d.csv",
         "network=classifier backbone=cifar_encnet classes=10 width=128 block_codewords=32"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) compare(rows[i].file, rows[i].options);
}

/* The FCN head on HRNet, on all maps together. */
#define FCN_ON_HRNET "network=fcn aux_channels=0 head_convs=1 head_kernel=1 head_concat=no "

static long trainable(const char *options)
{
    encnet__weights *w = declared(options);
    long sum = 0;

    for (int i = 0; i < encnet__weights_count(w); i++)
        if (encnet__weights_at(w, i)->trainable)
            sum += (long)encnet__param_count(encnet__weights_at(w, i));
    encnet__weights_free(w);
    return sum;
}

static void parameter_counts(void **state)
{
    static const struct {
        const char *options;
        long count;
    } rows[] = {
        {"network=fcn backbone=resnet50_v1c classes=150", 49598604},
        {"network=fcn backbone=resnet101_v1c classes=19", 68489862},
        {"network=encnet backbone=resnet50_v1c classes=150", 36060034},
        {"network=encnet backbone=resnet101_v1c classes=60", 54936692},
        {"network=encnet backbone=resnet101_v1c classes=19 lateral=yes", 62751481},
        {"network=deeplabv3 backbone=resnet50_v1c classes=150", 68213900},
        {"network=deeplabv3plus backbone=resnet50_v1b classes=21", 43572186},
        {"network=deeplabv3plus backbone=resnet18_v1b channels=128 aux_channels=64 c1_channels=12 "
         "classes=60",
         12457684},
        {"network=deeplabv3plus backbone=resnet101_v1c c1_channels=0 classes=59", 62575318},
        {FCN_ON_HRNET "backbone=hrnet_w18s channels=270 classes=19", 3939309},
        {FCN_ON_HRNET "backbone=hrnet_w18 channels=270 classes=150", 9676350},
        {FCN_ON_HRNET "backbone=hrnet_w48 channels=720 classes=19", 65858659},
        {"network=ocrnet backbone=hrnet_w48 aux_channels=720 aux_kernel=1 classes=60", 70422040},
        {"network=fcnplus backbone=hrnet_w48 classes=150", 65952950},
        {"network=classifier backbone=cifar_resnet14_post classes=10", 2777866},
        {"network=classifier backbone=cifar_seresnet14 classes=10", 2799938},
        {"network=classifier backbone=cifar_seresnet14_post classes=10", 2800322},
        {"network=classifier backbone=cifar_encnet classes=10 block_codewords=32", 4206058},
        {"network=classifier backbone=cifar_encnet classes=10 width=128", 14028458},
        {"network=classifier backbone=resnet50 classes=200 output_stride=32",
         23508032 + 2049 * 200},
        {"network=classifier backbone=resnet18_v1c classes=100", 11195744 + 513 * 100},
        {"network=classifier backbone=hrnet_w18 classes=10", 9562260 + 271 * 10},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long count = trainable(rows[i].options);
        if (count != rows[i].count)
            fail_msg("%s: %ld trainable numbers, published %ld", rows[i].options, count,
                     rows[i].count);
    }
}

static void wrong_options(void **state)
{
    encnet_model *m = NULL;
    encnet_options o;
    (void)state;

    encnet_options_default(&o);
    o.model.network = "segnet";
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.network = segnet: must be one of"));
    assert_non_null(strstr(encnet_last_error(), "the nearest is encnet"));
    encnet_options_default(&o);
    o.model.backbone = "resnet51";
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.backbone = resnet51"));
    encnet_options_default(&o);
    o.model.classes = 1;
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.classes = 1"));
    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    assert_int_equal(encnet_options_set(&o, "model.multi_grid", "1,2,4"), ENCNET_OK);
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.multi_grid = 1,2,4: the last stage of "
                                                "resnet18_v1c has 2 blocks"));
    encnet_options_default(&o);
    o.model.network = "fcnplus";
    o.model.channels = 24;
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.channels = 24: must be a multiple of 16"));
    assert_int_equal(encnet_options_set(&o, "model.multi_grid", "1,2.5"), ENCNET_E_CONFIG);
    assert_int_equal(encnet_options_set(&o, "model.aspp_rates", "1,0"), ENCNET_E_CONFIG);
    assert_int_equal(encnet_options_set(&o, "model.aspp_rates", "1,2,3,4,5,6,7,8"),
                     ENCNET_E_CONFIG);
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(state_dicts),
                                       cmocka_unit_test(parameter_counts),
                                       cmocka_unit_test(wrong_options)};
    int failed;

    if (encnet_device_open(&device, NULL) != ENCNET_OK) return 77;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(device);
    return failed;
}
