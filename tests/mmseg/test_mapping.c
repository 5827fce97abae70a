/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_mapping.c - configurations of mmsegmentation as ours: tests/golden/mmseg/NAME.py gives NAME.ini,
 * and a change that encnet-cl has no setting for is refused by its name. */
#include "support/scratch.h"

#include <dirent.h>

#include "config/reader.h"
#include "mmseg/mmseg.h"
#include <encnet/convert.h>

#define GOLDEN TEST_DIR "/golden/mmseg"

static void read_text(char **text, const char *path)
{
    size_t size;

    assert_ok(encnet__file_read(text, &size, path, 1 << 20));
}

/* The configuration of NAME.py is NAME.ini, and that loads. */
static void compare(const char *stem)
{
    char in[256], expected[256], out[256], *a, *b;
    encnet_config *config = NULL;

    snprintf(in, sizeof in, "%s/%s.py", GOLDEN, stem);
    snprintf(expected, sizeof expected, "%s/%s.ini", GOLDEN, stem);
    snprintf(out, sizeof out, "%s/%s.ini", dir, stem);
    assert_ok(encnet_convert_config(out, in));
    read_text(&a, out);
    read_text(&b, expected);
    if (strcmp(a, b) != 0) fail_msg("%s is not %s", out, expected);
    assert_ok(encnet_config_load(&config, out, NULL, 0, NULL, NULL));
    encnet_config_free(config);
    encnet__free(a);
    encnet__free(b);
}

static void every_golden_file(void **state)
{
    DIR *d = opendir(GOLDEN);
    struct dirent *entry;
    char stem[64];
    int n = 0;

    (void)state;
    assert_non_null(d);
    while ((entry = readdir(d))) {
        char *dot;
        snprintf(stem, sizeof stem, "%.60s", entry->d_name);
        dot = strrchr(stem, '.');
        if (!dot || strcmp(dot, ".py") != 0) continue;
        *dot = '\0';
        compare(stem);
        n++;
    }
    closedir(d);
    assert_true(n >= 4);
}

/* The golden file on which the changes stand. */
static char *base;

/* `base` and these lines behind it are refused with a sentence that ends so. */
static void refuse(const char *lines, const char *ending)
{
    encnet__mmseg *m = NULL;
    encnet__text text = {0};
    const char *said;

    encnet__text_add(&text, "%s\n%s\n", base, lines);
    assert_ok(encnet__mmseg_parse(&m, "a.py", text.data, text.size));
    assert_int_equal(encnet__mmseg_map(m, ENCNET__MMSEG_ALL), ENCNET_E_CONFIG);
    said = encnet_last_error();
    if (strncmp(said, "a.py:", 5) != 0 || strlen(said) < strlen(ending) ||
        strcmp(said + strlen(said) - strlen(ending), ending) != 0)
        fail_msg("%s: \"%s\", not \"a.py:...%s\"", lines, said, ending);
    encnet__mmseg_free(m);
    encnet__text_free(&text);
}

/* The lines of a dictionary with one key changed. */
static const char *with(const char *name, const char *key, const char *value)
{
    static char line[512];

    snprintf(line, sizeof line, "%s = dict(%s, **{'%s': %s})", name, name, key, value);
    return line;
}

/* The same for model.PART. */
static const char *part(const char *name, const char *key, const char *value)
{
    static char line[512];

    snprintf(line, sizeof line, "model = dict(model, %s=dict(model.%s, **{'%s': %s}))", name, name,
             key, value);
    return line;
}

static void what_the_model_has_else(void **state)
{
    (void)state;
    refuse(with("model", "type", "'DepthEstimator'"),
           ": model.type = 'DepthEstimator': encnet-cl has only "
           "'EncoderDecoder'|'CascadeEncoderDecoder' here");
    refuse(with("model", "neck", "dict(type='FPN')"),
           ": model.neck = {'type': 'FPN'}: encnet-cl has only None here");
    refuse(part("backbone", "type", "'ResNeSt'"),
           ": model.backbone.type = 'ResNeSt': encnet-cl has no such backbone, only ResNet, "
           "ResNetV1c and HRNet");
    refuse(part("backbone", "depth", "152"),
           ": model.backbone.depth = 152: encnet-cl has ResNets of 18, 34, 50 and 101 layers");
    refuse(part("backbone", "style", "'caffe'"),
           ": model.backbone.style = 'caffe': encnet-cl has only 'pytorch' here");
    refuse(part("backbone", "norm_cfg", "dict(type='GN')"),
           ": model.backbone.norm_cfg.type = 'GN': encnet-cl has only SyncBN and BN");
    refuse(part("backbone", "norm_cfg", "dict(type='BN', requires_grad=True)"),
           ": encnet-cl has the same batch norm in all layers");
    refuse(part("backbone", "contract_dilation", "False"),
           ": model.backbone.contract_dilation = False: encnet-cl has dilated stages only with "
           "contract_dilation=True");
    refuse(part("backbone", "dilations", "(1, 1, 1, 1)"), "or (1, 2, 2, 2) and (1, 1, 1, 1)");
    refuse(part("backbone", "surprise", "7"),
           ": model.backbone.surprise = 7: encnet-cl has no such setting");
    refuse(part("decode_head", "type", "'PSPHead'"),
           ": model.decode_head.type = 'PSPHead': encnet-cl has no such head");
    refuse(part("decode_head", "type", "'OCRHead'"),
           ": encnet-cl has it only as the second head of a CascadeEncoderDecoder");
    refuse(part("decode_head", "in_index", "2"),
           ": model.decode_head.in_index = 2: encnet-cl has this head only on feature 3");
    refuse(part("decode_head", "channels", "range(3)"),
           ": model.decode_head.channels = a call of a function: must be an integer of 32 bits");
    refuse(part("decode_head", "loss_decode", "dict(type='DiceLoss')"),
           ": model.decode_head.loss_decode.type = 'DiceLoss': encnet-cl has no such loss");
    refuse(part("decode_head", "loss_decode", "dict(type='CrossEntropyLoss', use_sigmoid=True)"),
           ": model.decode_head.loss_decode.use_sigmoid = True: encnet-cl has only False here");
    refuse(
        part("decode_head", "sampler", "dict(type='Other')"),
        ": model.decode_head.sampler.type = 'Other': encnet-cl has only 'OHEMPixelSampler' here");
    refuse(part("auxiliary_head", "num_classes", "21"),
           ": model.auxiliary_head.num_classes = 21: the main head has 150");
    refuse(part("auxiliary_head", "num_convs", "2"),
           ": model.auxiliary_head.num_convs = 2: encnet-cl has only 1 here");
    refuse(part("auxiliary_head", "dropout_ratio", "0.3"),
           ": model.auxiliary_head.dropout_ratio = 0.3: encnet-cl drops as much in auxiliary heads "
           "as in the main one, or nothing");
}

static void what_the_data_has_else(void **state)
{
    (void)state;
    refuse("data = dict(data, train=dict(type='LoveDADataset'))",
           ": data.train.type = 'LoveDADataset': encnet-cl has no such data set");
    refuse("data = dict(data, val=dict(data.val, ann_dir=['a', 'b']))",
           ": encnet-cl joins only VOC's train and aug");
    refuse("data = dict(data, train=dict(type='ConcatDataset', datasets=[data.val, data.val]))",
           ": encnet-cl joins only VOC's train and aug");
}

static void what_the_pipeline_has_else(void **state)
{
    (void)state;
    refuse("data = dict(data, train=dict(data.train.dataset, pipeline=train_pipeline + "
           "[dict(type='RandomRotate')]))",
           ": data.train.pipeline[10].type = 'RandomRotate': encnet-cl has no such transform");
    refuse("data = dict(data, train=dict(data.train.dataset, pipeline=train_pipeline + "
           "[dict(type='RandomFlip')]))",
           "PhotoMetricDistortion, Normalize, Pad");
    refuse("data = dict(data, train=dict(data.train.dataset, pipeline=[]))",
           ": data.train.pipeline = []: encnet-cl trains on crops of resized images");
    refuse("data = dict(data, train=dict(data.train.dataset, pipeline=[train_pipeline[2], "
           "dict(type='RandomCrop', crop_size=(0, 1))]))",
           ".crop_size = (0, 1): must be two whole numbers of 1 to 65536");
}

static void what_the_run_has_else(void **state)
{
    (void)state;
    refuse(with("optimizer", "type", "'AdamW'"),
           ": optimizer.type = 'AdamW': encnet-cl has only SGD");
    refuse(with("optimizer", "nesterov", "True"),
           ": optimizer.nesterov = True: encnet-cl has only False here");
    refuse(with("lr_config", "policy", "'step'"),
           ": lr_config.policy = 'step': encnet-cl has only 'poly' here");
    refuse("optimizer_config = dict(type='MyOptimizerHook')",
           ": optimizer_config.type = 'MyOptimizerHook': encnet-cl has only "
           "'OptimizerHook'|'Fp16OptimizerHook' here");
    refuse("optimizer_config = dict(grad_clip=dict(max_norm=1))",
           ": optimizer_config.grad_clip = {'max_norm': 1}: encnet-cl has only None here");
    refuse("fp16 = dict(scale=2)", ": fp16.scale = 2: encnet-cl has no such setting");
    refuse("runner = dict(type='EpochBasedRunner', max_epochs=3)",
           ": runner.type = 'EpochBasedRunner': encnet-cl has only 'IterBasedRunner' here");
    refuse("model = 1", ": model = 1: must be a dictionary");
}

static int set_up(void **state)
{
    read_text(&base, GOLDEN "/encnet_old.py");
    return make_dir(state);
}

static int tear_down(void **state)
{
    encnet__free(base);
    return remove_dir(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_golden_file),      cmocka_unit_test(what_the_model_has_else),
        cmocka_unit_test(what_the_data_has_else), cmocka_unit_test(what_the_pipeline_has_else),
        cmocka_unit_test(what_the_run_has_else),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
