/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_values.c - the messages about wrong values, and about values that contradict each other. */
#include "config_test.h"

#include <locale.h>
#include <math.h>

static void defaults_are_the_documented_ones(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    assert_string_equal(o.model.network, "encnet");
    assert_string_equal(o.model.backbone, "resnet50_v1c");
    assert_int_equal(o.model.channels, 512);
    assert_true(o.model.dropout == 0.1);
    assert_int_equal(o.augment.scale_w, 2048);
    assert_int_equal(o.augment.scale_h, 1024);
    assert_int_equal(o.augment.crop_h, 512);
    assert_int_equal(o.augment.crop_w, 1024);
    assert_true(o.augment.mean[2] == 103.53 && o.augment.std[0] == 58.395);
    assert_true(o.optimizer.lr == 0.01 && o.optimizer.min_lr == 1e-4 &&
                o.optimizer.weight_decay == 5e-4);
    assert_string_equal(o.eval.image_scale, "none");
    assert_string_equal(o.output.work_dir, "");
    assert_true(o.output.tensorboard && o.device.cache && !o.device.profile);
    assert_int_equal(o.device.memory_mb, 0);
}

/* Whatever the program's locale does to decimal points. */
static void numbers_ignore_the_locale(void **state)
{
    encnet_options o;
    char *text;

    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        print_message("no German locale here, the test says little\n");
    encnet_options_default(&o);
    text = encnet_options_print(&o);
    assert_true(o.optimizer.lr == 0.01);
    assert_non_null(strstr(text, "\nlr = 0.01\n"));
    free(text);
    setlocale(LC_ALL, "C");
}

static const struct {
    const char *set, *sentence;
} wrong[] = {
    {"model.classes=1", "model.classes = 1: must be integer 2..1000"},
    {"model.classes=1001", "model.classes = 1001: must be integer 2..1000"},
    {"model.classes=3x", "model.classes = 3x: must be integer 2..1000"},
    {"model.classes=", "model.classes = : must be integer 2..1000"},
    {"model.classes=4294967298", "model.classes = 4294967298: must be integer 2..1000"},
    {"model.output_stride=12", "model.output_stride = 12: must be one of 8 16 32"},
    {"model.dropout=nan", "model.dropout = nan: must be number 0..0.9"},
    {"model.dropout=0x.1p0", "model.dropout = 0x.1p0: must be number 0..0.9"},
    {"model.se_loss=maybe", "model.se_loss = maybe: must be yes or no"},
    {"device.conv=packed,fast",
     "device.conv = packed,fast: must be one or more of auto winograd_lanes winograd strassen "
     "windows packed matrix "
     "winograd_tiled winograd_tiled_2x2 tiled gemm depthwise grouped reference, with commas "
     "between them"},
    {"device.conv=packed,",
     "device.conv = packed,: must be one or more of auto winograd_lanes winograd strassen "
     "windows packed matrix "
     "winograd_tiled winograd_tiled_2x2 tiled gemm depthwise grouped reference, with commas "
     "between them"},
    {"train.recompute=some",
     "train.recompute = some: must be one of auto none full; the nearest is none"},
    {"train.recompute=", "train.recompute = : must be one of auto none full; the nearest is auto"},
    {"data.seed=-1", "data.seed = -1: must be integer 0..18446744073709551615"},
    {"data.seed=18446744073709551616",
     "data.seed = 18446744073709551616: must be integer 0..18446744073709551615"},
    {"data.ignore_labels=11,256",
     "data.ignore_labels = 11,256: must be label ids, integers 0..255, at most 256, or empty"},
    {"data.ignore_labels=1.5",
     "data.ignore_labels = 1.5: must be label ids, integers 0..255, at most 256, or empty"},
    {"augment.crop=512", "augment.crop = 512: must be H,W, integers 1..16384"},
    {"augment.crop=512,1,2", "augment.crop = 512,1,2: must be H,W, integers 1..16384"},
    {"augment.crop=0,8", "augment.crop = 0,8: must be H,W, integers 1..16384"},
    {"augment.std=1,0,1", "augment.std = 1,0,1: must be R,G,B, numbers 0.001..1000"},
    {"eval.image_scale=2048",
     "eval.image_scale = 2048: must be none or LONG,SHORT, integers 1..65536"},
    {"eval.scales=1,,2", "eval.scales = 1,,2: must be numbers 0.05..8, at most 32"},
    {"eval.scales=", "eval.scales = : must be numbers 0.05..8, at most 32"},
    {"optimizer.lr_mult=decode_head",
     "optimizer.lr_mult = decode_head: must be PREFIX:FACTOR,..., or empty"},
    {"model.fresh=a,,b", "model.fresh = a,,b: must be PREFIX,..., or empty"},
    {"model.fresh=a,", "model.fresh = a,: must be PREFIX,..., or empty"},
    {"eval.scales=0.5 1", "eval.scales = 0.5 1: must be numbers 0.05..8, at most 32"},
    {"data.ignore_labels=1 1",
     "data.ignore_labels = 1 1: must be label ids, integers 0..255, at most 256, or empty"},
    {"model.fresh=decode head", "model.fresh = decode head: must be PREFIX,..., or empty"},
    {"optimizer.lr_mult=back bone:1",
     "optimizer.lr_mult = back bone:1: must be PREFIX:FACTOR,..., or empty"},
    {"optimizer.lr=1e-400", "optimizer.lr = 1e-400: must be number 0..1000"},
    {"optimizer.lr=0.0001e-330", "optimizer.lr = 0.0001e-330: must be number 0..1000"},
    {"optimizer.lr_mult=backbone:1e-400",
     "optimizer.lr_mult = backbone:1e-400: must be PREFIX:FACTOR,..., or empty"},
    {"device.shares=3 1",
     "device.shares = 3 1: must be integers 1..1000000, at most 1024, or empty"},
    {"device.shares=3,1,",
     "device.shares = 3,1,: must be integers 1..1000000, at most 1024, or empty"},
    {"device.shares=0,1",
     "device.shares = 0,1: must be integers 1..1000000, at most 1024, or empty"},
    {"device.shares=2147483649",
     "device.shares = 2147483649: must be integers 1..1000000, at most 1024, or empty"},
    {"model.fresh=decode_haed",
     "model.fresh: no weight's name begins with \"decode_haed\"; the nearest is decode_head, and "
     "there are backbone, decode_head, auxiliary_head"},
    {"optimizer.lr_mult=bckbone:0.1",
     "optimizer.lr_mult: no weight's name begins with \"bckbone\"; the nearest is backbone, and "
     "there are backbone, decode_head, auxiliary_head"},
    {"optimizer.lr_mult=a:1,", "optimizer.lr_mult = a:1,: must be PREFIX:FACTOR,..., or empty"},
    {"output.work_dir=a ; b", "output.work_dir = a ; b: the text holds a ; that begins a comment"},
    {"output.work_dir=a\nb", "output.work_dir = a?b: the text holds a control character"},
    {"output.work_dir=a\\", "output.work_dir = a\\: the text ends in a blank or a backslash"},
    {"output.work_dir=\xE9", "output.work_dir = \xE9: the text is not UTF-8"},
};

static void wrong_values_are_refused_with_their_range(void **state)
{
    encnet_config *c;
    char line[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(load(&c, NULL, &wrong[i].set, 1), ENCNET_E_CONFIG);
        snprintf(line, sizeof line, "--set: %s\n", wrong[i].sentence);
        assert_string_equal(problems.data, line);
    }
}

/* The list between the two ends grows with networks.def. */
static void a_name_in_no_list_is_refused_with_the_nearest(void **state)
{
    static const char *const set = "model.network=encent";
    static const char begins[] = "--set: model.network = encent: must be one of encnet fcn ",
                      ends[] = "; the nearest is encnet\n";
    encnet_config *c;
    size_t length;

    (void)state;
    assert_int_equal(load(&c, NULL, &set, 1), ENCNET_E_CONFIG);
    length = strlen(problems.data);
    assert_true(length > sizeof begins + sizeof ends);
    assert_memory_equal(problems.data, begins, sizeof begins - 1);
    assert_string_equal(problems.data + length - (sizeof ends - 1), ends);
}

static void right_values_are_taken(void **state)
{
    static const char *const set[] = {
        "model.classes = 255",
        "model.output_stride=16",
        "data.seed=18446744073709551615",
        "data.ignore_labels= 0 , 11 ",
        "augment.crop=8, 16",
        "augment.ratio=1,1",
        "eval.scales=0.5, 1",
        "optimizer.min_lr=0.0e5",
        "optimizer.lr=1e-3",
        "optimizer.lr_mult= decode_head : 10 ,	auxiliary:0.5",
        "model.se_loss=off",
        "train.recompute=full",
        "eval.flip=1",
        "data.root=/a=b.c d",
        "model.classes=254",
        "device.memory_mb=123456",
        "eval.image_scale=2048,512",
        "device.conv=packed, auto",
        "device.shares=3, 1",
    };
    const encnet_options *o;
    encnet_config *c;
    char text[8];

    (void)state;
    assert_int_equal(load(&c, NULL, set, COUNT_OF(set)), ENCNET_OK);
    o = encnet_config_options(c);
    assert_int_equal(o->model.classes, 254);
    assert_int_equal(encnet_options_get(text, sizeof text, o, "model.output_stride"), ENCNET_OK);
    assert_string_equal(text, "16");
    assert_true(o->data.seed == UINT64_MAX);
    assert_string_equal(o->data.ignore_labels, "0,11");
    assert_int_equal(o->augment.crop_h, 8);
    assert_int_equal(o->augment.crop_w, 16);
    assert_true(o->augment.ratio_min == 1 && o->augment.ratio_max == 1);
    assert_string_equal(o->eval.scales, "0.5,1");
    assert_true(o->optimizer.lr == 1e-3);
    assert_true(o->eval.flip);
    assert_string_equal(o->data.root, "/a=b.c d");
    assert_int_equal(o->device.memory_mb, 123456);
    assert_string_equal(o->device.conv, "packed,auto");
    encnet_config_free(c);
}

static void contradictions_are_found(void **state)
{
    (void)state;
    expect_problems("[augment]\nratio = 2,0.5\n",
                    "a.ini:2: augment.ratio = 2,0.5: the smaller number comes first\n");
    expect_problems("[eval]\nmode = slide\nstride = 800,513\n",
                    "a.ini:3: eval.stride = 800,513 is more than eval.crop = 769,769: windows "
                    "would leave gaps\n");
    expect_problems("[model]\nclasses=3\n[train]\nclass_weights = 1,2\n",
                    "a.ini:4: train.class_weights has 2 numbers, model.classes is 3\n");
    expect_problems("[model]\nclasses=3\n[train]\nclass_weights = cityscapes\n",
                    "a.ini:4: train.class_weights has 19 numbers, model.classes is 3\n");
    expect_problems("[model]\nclasses=11\n[data]\ntype = cityscapes\n",
                    "a.ini:2: model.classes = 11: cityscapes has 19\n");
    expect_problems("[model]\nclasses=149\n[data]\ntype = ade20k\n",
                    "a.ini:2: model.classes = 149: ade20k has 150\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(numbers_ignore_the_locale),
        cmocka_unit_test(wrong_values_are_refused_with_their_range),
        cmocka_unit_test(a_name_in_no_list_is_refused_with_the_nearest),
        cmocka_unit_test(right_values_are_taken),
        cmocka_unit_test(contradictions_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
