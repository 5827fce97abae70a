/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_unwrap.c - names in the wrappings of other programs, and averaged copies beside the weights. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <unistd.h>

#include "files/names.h"
#include "files/safetensors.h"

enum { MOST = 12 };

/* A file with tensors of these names, after translation; `expected` has theirs in any order. */
static void expect_names(const char *const *names, const char *const *expected, const char *remark)
{
    encnet__file_tensor tensors[MOST] = {{0}};
    const encnet__dialect *d;
    encnet__st_writer *writer;
    encnet__tensor_file *f;
    encnet__text remarks = {0};
    char path[64];
    size_t n = 0, m = 0;
    float zero = 0;

    snprintf(path, sizeof path, "encnet-u-%ld.safetensors", (long)getpid());
    for (; names[n]; n++)
        tensors[n] =
            (encnet__file_tensor){.name = names[n], .type = ENCNET__F32, .n_dims = 1, .dims = {1}};
    assert_ok(encnet__st_writer_new(&writer, path, tensors, n, NULL, 0));
    while (encnet__st_writer_next(writer) >= 0)
        assert_ok(encnet__st_writer_put(writer, &zero, sizeof zero));
    assert_ok(encnet__st_writer_commit(writer));
    encnet__st_writer_free(writer);
    assert_ok(encnet__tensor_file_open(&f, path));
    assert_ok(encnet__translate_file(f, &d, &remarks));
    for (; expected[m]; m++)
        if (!encnet__tensor_file_find(f, expected[m])) fail_msg("%s is missing", expected[m]);
    assert_int_equal(f->n_tensors, m);
    if (remark) assert_non_null(strstr(remarks.data, remark));
    if (!remark) assert_int_equal(remarks.size, 0);
    encnet__tensor_file_close(f);
    encnet__text_free(&remarks);
    unlink(path);
}

#define MARK "backbone.layer1.0.conv1.weight"
#define HEAD "decode_head.conv_seg.weight"
#define NAMES(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void prefixes(void **state)
{
    (void)state;
    expect_names(NAMES(MARK, HEAD), NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("module." MARK, "module." HEAD), NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("_orig_mod." MARK, "_orig_mod." HEAD), NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("_orig_mod.module." MARK, "_orig_mod.module." HEAD), NAMES(MARK, HEAD),
                 NULL);
    expect_names(NAMES("module._orig_mod.model." MARK, "module._orig_mod.model." HEAD),
                 NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("model." MARK, "model." HEAD), NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("net.segmentor." MARK, "net.segmentor." HEAD), NAMES(MARK, HEAD), NULL);
    expect_names(NAMES("backbone._orig_mod.layer1.0.conv1.weight", HEAD), NAMES(MARK, HEAD), NULL);
    /* beside the network: the loss and a metric of a Lightning module, the counter of averages (SWA) */
    expect_names(NAMES("model." MARK, "model." HEAD, "loss.weight"), NAMES(MARK, HEAD),
                 "1 tensors beside the network are left aside, such as loss.weight");
    expect_names(NAMES("module." MARK, "module." HEAD, "n_averaged"), NAMES(MARK, HEAD),
                 "left aside, such as n_averaged");
    expect_names(
        NAMES("model.net." MARK, "model.net." HEAD, "model.net.x", "model.iou.confmat", "c"),
        NAMES(MARK, HEAD, "x"), "2 tensors beside the network are left aside");
    /* a backbone with a head of another program: the head is not hidden */
    expect_names(NAMES("encoder.layer1.0.conv1.weight", "encoder.layer1.0.bn1.weight", "decoder.w"),
                 NAMES(MARK, "backbone.layer1.0.bn1.weight", "backbone.decoder.w"), NULL);
    /* torchvision's backbone, wrapped */
    expect_names(NAMES("module.layer1.0.conv1.weight", "module.fc.weight"), NAMES(MARK), NULL);
    /* "backbone." is no wrapper, though torchvision's names stand behind it */
    expect_names(NAMES(MARK, "backbone.layer1.0.bn1.weight"),
                 NAMES(MARK, "backbone.layer1.0.bn1.weight"), NULL);
    /* two networks: neither is chosen */
    expect_names(NAMES("student." MARK, "teacher." MARK), NAMES("student." MARK, "teacher." MARK),
                 NULL);
    /* no dialect: the usual wrappers go */
    expect_names(NAMES("model.net.a.weight", "model.net.b.weight"), NAMES("a.weight", "b.weight"),
                 NULL);
    expect_names(NAMES("model.a.weight", "net.b.weight"), NAMES("model.a.weight", "net.b.weight"),
                 NULL);
}

static void averages(void **state)
{
    (void)state;
    expect_names(
        NAMES(MARK, HEAD, "ema_backbone_layer1_0_conv1_weight", "ema_decode_head_conv_seg_weight"),
        NAMES(MARK, HEAD), "2 averaged copies (EMA) beside the weights are left aside");
    expect_names(NAMES("model." MARK, "model." HEAD, "ema." MARK), NAMES(MARK, HEAD),
                 "1 averaged copies");
    expect_names(NAMES("model." MARK, "model_ema." MARK), NAMES(MARK), "1 averaged copies");
    expect_names(NAMES("ema." MARK, "ema." HEAD), NAMES(MARK, HEAD),
                 NULL); /* nothing but averages */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes),
        cmocka_unit_test(averages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
