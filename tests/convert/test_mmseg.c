/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_mmseg.c - checkpoints of mmsegmentation with the text of a configuration: what they become,
 * and what is said of those that encnet-cl does not have. */
#include "support/scratch.h"

#include <encnet/config.h>
#include <encnet/convert.h>
#include <encnet/model.h>

#include "convert/mmcv.h"
#include "files/weights_file.h"
#include "models/network.h"

static char pth[96], folder[96], safetensors[96], ini[96];

/* What meta.config or meta.cfg says: FCN on ResNet-18, three classes. */
static const char network[] =
    "model = dict(\n"
    "    type='EncoderDecoder',\n"
    "    backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='SyncBN')),\n"
    "    decode_head=dict(type='FCNHead', in_index=3, channels=8, num_convs=1, "
    "concat_input=False,\n"
    "                     num_classes=3, norm_cfg=dict(type='SyncBN')),\n"
    "    data_preprocessor=dict(mean=[1, 2, 3], std=[4, 5, 6], bgr_to_rgb=True),\n"
    "    test_cfg=dict(mode='slide', crop_size=(64, 48), stride=(32, 24)))\n";

/* And the rest of a training on a folder. */
static const char training[] =
    "pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),\n"
    "            dict(type='RandomResize', scale=(64, 48), ratio_range=(0.5, 2.0), "
    "keep_ratio=True),\n"
    "            dict(type='RandomCrop', crop_size=(32, 32)), dict(type='PackSegInputs')]\n"
    "data_set = dict(type='BaseSegDataset', data_prefix=dict(img_path='i', seg_map_path='l'),\n"
    "                pipeline=pipeline)\n"
    "train_dataloader = dict(batch_size=2, dataset=data_set)\n"
    "val_dataloader = dict(dataset=dict(data_set, pipeline=[]))\n"
    "train_cfg = dict(type='IterBasedTrainLoop', max_iters=9, val_interval=3)\n"
    "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))\n"
    "param_scheduler = [dict(type='PolyLR', end=9, by_epoch=False)]\n";

static int set_up(void **state)
{
    if (make_dir(state) != 0) return -1;
    snprintf(pth, sizeof pth, "%s/in.pth", dir);
    snprintf(folder, sizeof folder, "%s/out", dir);
    snprintf(safetensors, sizeof safetensors, "%s/out.safetensors", dir);
    snprintf(ini, sizeof ini, "%s/out/config.ini", dir);
    return 0;
}

/* The weights of the network, all zero. */
static encnet__file_tensor *new_tensors(size_t *n, encnet__weights *w)
{
    encnet__file_tensor *t;

    *n = (size_t)encnet__weights_count(w);
    t = calloc(*n, sizeof *t);
    assert_non_null(t);
    for (size_t i = 0; i < *n; i++) {
        const encnet__param *p = encnet__weights_at(w, (int)i);
        t[i] = (encnet__file_tensor){.name = p->name, .type = ENCNET__F32, .n_dims = p->n_dims};
        if (p->kind == ENCNET__COUNTER) t[i].type = ENCNET__I64;
        for (int d = 0; d < p->n_dims; d++) t[i].dims[d] = (uint64_t)p->dims[d];
        assert_true(encnet__file_tensor_pack(&t[i]));
    }
    return t;
}

/* Writes in.pth with a text under meta.KEY. */
static void write_checkpoint(const char *key, const char *text)
{
    static encnet__description classes = {
        .n_names = 3,
        .n_colours = 3,
        .classes = {{"sky", {1, 2, 3}}, {"a, b", {4, 5, 6}}, {"road", {7, 8, 255}}}};
    encnet__pair pair = {key, text};
    encnet_options o;
    encnet__weights *w = NULL;
    encnet__torch_writer *writer = NULL;
    encnet__mmcv_checkpoint object = {.description = &classes, .texts = &pair, .n_texts = 1};
    encnet__file_tensor *tensors;
    void *zeros = calloc(1 << 20, 16);

    assert_non_null(zeros);
    encnet_options_default(&o);
    o.model.network = "fcn";
    o.model.backbone = "resnet18";
    o.model.classes = 3;
    o.model.channels = 8;
    o.model.aux_channels = 0;
    assert_ok(encnet_options_set(&o, "model.output_stride", "32"));
    assert_ok(encnet_options_set(&o, "model.head_convs", "1"));
    assert_ok(encnet_options_set(&o, "model.head_concat", "no"));
    assert_ok(encnet__weights_new(&w, NULL));
    assert_ok(encnet__network_declare(w, &o));
    tensors = new_tensors(&object.n_weights, w);
    object.weights = tensors;
    assert_ok(encnet__torch_writer_new(&writer, pth));
    assert_ok(encnet__mmcv_write(writer, &object));
    for (size_t i = 0; i < object.n_weights; i++)
        assert_ok(encnet__torch_writer_put(writer, zeros,
                                           (size_t)encnet__file_tensor_bytes(&tensors[i])));
    assert_ok(encnet__torch_writer_commit(writer));
    encnet__torch_writer_free(writer);
    encnet__weights_free(w);
    free(tensors);
    free(zeros);
}

static char *joined(const char *a, const char *b)
{
    static char text[4096];

    snprintf(text, sizeof text, "%s%s", a, b);
    return text;
}

static void expect_option(const encnet_options *o, const char *key, const char *expected)
{
    char value[256];

    assert_ok(encnet_options_get(value, sizeof value, o, key));
    assert_string_equal(value, expected);
}

/* A file describes its network, whichever version wrote it, and what it becomes does so, too. */
static void files_describe_their_network(void **state)
{
    static const char *const keys[] = {"config", "cfg"};
    encnet_converted done;
    encnet__tensor_file *f = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        write_checkpoint(keys[i], network);
        assert_ok(encnet_convert(&done, safetensors, pth, NULL));
        assert_true(done.described);
        assert_ok(encnet__tensor_file_open(&f, safetensors));
        assert_string_equal(encnet__tensor_file_metadata(f, "encnet.backbone"), "resnet18");
        assert_string_equal(encnet__tensor_file_metadata(f, "encnet.output_stride"), "32");
        assert_string_equal(encnet__tensor_file_metadata(f, "encnet.mean"), "1,2,3");
        assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY),
                            "sky\na, b\nroad");
        assert_string_equal(encnet__tensor_file_metadata(f, keys[i]), network);
        encnet__tensor_file_close(f);
    }
}

static void a_folder_gets_weights_and_configuration(void **state)
{
    encnet_converted done;
    encnet_config *config = NULL;
    char path[128], *csv;
    size_t size;

    (void)state;
    write_checkpoint("cfg", joined(network, training));
    snprintf(path, sizeof path, "%s/", folder);
    assert_ok(encnet_convert(&done, path, pth, NULL));
    assert_true(done.described);
    assert_ok(encnet_config_load(&config, ini, NULL, 0, NULL, NULL));
    expect_option(encnet_config_options(config), "eval.stride", "32,24");
    expect_option(encnet_config_options(config), "train.max_iters", "9");
    snprintf(path, sizeof path, "%s/classes.csv", folder);
    expect_option(encnet_config_options(config), "data.classes_file", path);
    assert_ok(encnet__file_read(&csv, &size, path, 1000));
    assert_string_equal(csv, "index,name,r,g,b\n0,sky,1,2,3\n1,\"a, b\",4,5,6\n2,road,7,8,255\n");
    encnet__free(csv);
    encnet_config_free(config);
    assert_fails(encnet_convert(NULL, folder, folder, NULL), ENCNET_E_ARG,
                 "is a checkpoint directory, and ");
}

static void a_checkpoint_brings_its_configuration(void **state)
{
    const char *set[] = {"eval.flip=yes"}, *wrong[] = {"eval.flop=yes"};
    encnet_config *config = NULL;
    const encnet_options *o;

    (void)state;
    write_checkpoint("config",
                     joined(network, "data = dict(val=dict(type='CityscapesDataset'))\n"));
    assert_ok(encnet_config_load_checkpoint(&config, pth, set, 1, NULL, NULL));
    o = encnet_config_options(config);
    expect_option(o, "model.backbone", "resnet18");
    expect_option(o, "eval.mode", "slide");
    expect_option(o, "eval.flip", "yes");
    expect_option(o, "data.type", "folder");
    encnet_config_free(config);
    assert_fails(encnet_config_load_checkpoint(&config, pth, wrong, 1, NULL, NULL), ENCNET_E_CONFIG,
                 "--set: unknown key eval.flop");

    assert_ok(encnet_convert(NULL, safetensors, pth, NULL));
    assert_ok(encnet_config_load_checkpoint(&config, safetensors, set, 1, NULL, NULL));
    o = encnet_config_options(config);
    expect_option(o, "model.channels", "8");
    expect_option(o, "model.head_convs", "1");
    expect_option(o, "augment.std", "4,5,6");
    expect_option(o, "data.type", "folder");
    encnet_config_free(config);
}

static void a_model_is_built_from_it(void **state)
{
    encnet_device *device = test_open_device();
    encnet_model *m = NULL;
    uint8_t rgb[32 * 32 * 3] = {0}, ids[32 * 32];

    (void)state;
    write_checkpoint("cfg", network);
    assert_ok(encnet_model_load(&m, device, pth));
    assert_int_equal(encnet_model_classes(m), 3);
    assert_string_equal(encnet_model_class_name(m, 1), "a, b");
    assert_ok(encnet_model_run(m, ids, NULL, rgb, 32, 32));
    encnet_model_free(m);
    encnet_device_close(device);
}

/* Another network converts as before, without a description; whoever needs one hears why. */
static void what_encnet_cl_does_not_have(void **state)
{
    const char *text = joined(network, "model = dict(model, decode_head=dict(type='PSPHead'))\n");
    const char *why =
        "in.pth[meta.cfg]:8: model.decode_head.type = 'PSPHead': encnet-cl has no such "
        "head";
    encnet_device *device = test_open_device();
    encnet_converted done;
    encnet_config *config = NULL;
    encnet_model *m = NULL;

    (void)state;
    write_checkpoint("cfg", text);
    assert_ok(encnet_convert(&done, safetensors, pth, NULL));
    assert_false(done.described);
    assert_fails(encnet_convert(NULL, folder, pth, NULL), ENCNET_E_CONFIG, why);
    assert_fails(encnet_config_load_checkpoint(&config, pth, NULL, 0, NULL, NULL),
                 ENCNET_E_CHECKPOINT, why);
    assert_fails(encnet_model_load(&m, device, pth), ENCNET_E_CHECKPOINT, why);
    write_checkpoint("cfg", "import os\n");
    assert_fails(encnet_model_load(&m, device, pth), ENCNET_E_CHECKPOINT, "[meta.cfg]:1: import: ");
    encnet_device_close(device);
}

static void no_configuration(void **state)
{
    encnet_config *config = NULL;
    char path[128];

    (void)state;
    write_checkpoint("env", "linux");
    snprintf(path, sizeof path, "%s/new/", dir);
    assert_fails(encnet_convert(NULL, path, pth, NULL), ENCNET_E_CHECKPOINT,
                 "has no configuration of mmsegmentation under meta.config or meta.cfg");
    snprintf(path, sizeof path, "%s/new.ini", dir);
    assert_fails(encnet_convert_config(path, pth), ENCNET_E_CHECKPOINT, "has no configuration");
    assert_fails(encnet_config_load_checkpoint(&config, pth, NULL, 0, NULL, NULL),
                 ENCNET_E_CHECKPOINT, "does not say which network it is");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_describe_their_network),
        cmocka_unit_test(a_folder_gets_weights_and_configuration),
        cmocka_unit_test(a_checkpoint_brings_its_configuration),
        cmocka_unit_test(a_model_is_built_from_it),
        cmocka_unit_test(what_encnet_cl_does_not_have),
        cmocka_unit_test(no_configuration),
    };

    return cmocka_run_group_tests(tests, set_up, remove_dir);
}
