/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_names.c - every tensor of every dialect becomes one weight of our networks, and every weight
 * comes from one tensor.
 *
 * The test builds the foreign names block by block, as those programs compose their networks, and
 * beside each the name of our weight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/network.h"
#include "files/names.h"

enum { MAX_NAMES = 1000 };

/* A file of another program: its names and what they must become ("" = left out). */
typedef struct file {
    char *theirs[MAX_NAMES], *ours[MAX_NAMES];
    int n;
    const char *mean, *var; /* what it calls running statistics */
    bool counts;            /* whether its batch norms count their batches */
} file;

static encnet_device *device;
static bool checked[64]; /* the rows of dialects.def that a file was made for */

static char *joined(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 2;
    char *s = malloc(size);

    assert_non_null(s);
    snprintf(s, size, *a && *b ? "%s.%s" : "%s%s", a, b);
    return s;
}

/* THEIRS.LEAF is OURS.LEAF. */
static void add(file *f, const char *theirs, const char *their_leaf, const char *ours,
                const char *our_leaf)
{
    assert_true(f->n < MAX_NAMES);
    f->theirs[f->n] = joined(theirs, their_leaf);
    f->ours[f->n++] = joined(ours, our_leaf);
}

static void add_norm(file *f, const char *theirs, const char *ours)
{
    add(f, theirs, "weight", ours, "weight");
    add(f, theirs, "bias", ours, "bias");
    add(f, theirs, f->mean, ours, "running_mean");
    add(f, theirs, f->var, ours, "running_var");
    if (f->counts) add(f, theirs, "num_batches_tracked", ours, "num_batches_tracked");
}

static void add_affine(file *f, const char *theirs, const char *ours)
{
    add(f, theirs, "weight", ours, "weight");
    add(f, theirs, "bias", ours, "bias");
}

static void free_file(file *f)
{
    for (int i = 0; i < f->n; i++) {
        free(f->theirs[i]);
        free(f->ours[i]);
    }
    free(f);
}

static file *new_file(const char *mean, const char *var, bool counts)
{
    file *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->mean = mean;
    f->var = var;
    f->counts = counts;
    return f;
}

/* -- the other programs' networks -------------------------------------------------------------- */

/* The n-th convolution of a block and its batch norm in torchvision's names. */
static void add_conv(file *f, const char *prefix, int stage, int block, int n)
{
    char conv[80], norm[80], our_conv[80], our_norm[80];

    snprintf(conv, sizeof conv, "%slayer%d.%d.conv%d", prefix, stage, block, n);
    snprintf(norm, sizeof norm, "%slayer%d.%d.bn%d", prefix, stage, block, n);
    snprintf(our_conv, sizeof our_conv, "backbone.layer%d.%d.conv%d", stage, block, n);
    snprintf(our_norm, sizeof our_norm, "backbone.layer%d.%d.bn%d", stage, block, n);
    add(f, conv, "weight", our_conv, "weight");
    add_norm(f, norm, our_norm);
}

/* Stages of ResNet-50 (6 blocks in the third) or -101 (23) in torchvision's names behind `prefix`.
 */
static void add_stages(file *f, const char *prefix, int third)
{
    int blocks[4] = {3, 4, third, 3};

    for (int stage = 1; stage <= 4; stage++)
        for (int b = 0; b < blocks[stage - 1]; b++) {
            char theirs[80], ours[80];
            for (int n = 1; n <= 3; n++) add_conv(f, prefix, stage, b, n);
            if (b > 0) continue;
            snprintf(theirs, sizeof theirs, "%slayer%d.0.downsample", prefix, stage);
            snprintf(ours, sizeof ours, "backbone.layer%d.0.downsample", stage);
            add(f, theirs, "0.weight", ours, "0.weight");
            snprintf(theirs, sizeof theirs, "%slayer%d.0.downsample.1", prefix, stage);
            snprintf(ours, sizeof ours, "backbone.layer%d.0.downsample.1", stage);
            add_norm(f, theirs, ours);
        }
}

/* PyTorch-Encoding's three convolutions in a row, `prefix` before them. */
static void add_wide_stem(file *f, const char *prefix)
{
    char name[64];
    static const char *const conv[] = {"conv1.0", "conv1.3", "conv1.6"},
                             *const norm[] = {"conv1.1", "conv1.4", "bn1"},
                             *const our_conv[] = {"0", "3", "6"},
                             *const our_norm[] = {"1", "4", "7"};

    for (int i = 0; i < 3; i++) {
        char ours[64];
        snprintf(name, sizeof name, "%s%s", prefix, conv[i]);
        snprintf(ours, sizeof ours, "backbone.stem.%s", our_conv[i]);
        add(f, name, "weight", ours, "weight");
        snprintf(name, sizeof name, "%s%s", prefix, norm[i]);
        snprintf(ours, sizeof ours, "backbone.stem.%s", our_norm[i]);
        add_norm(f, name, ours);
    }
}

/* A convolution and its batch norm, numbers 0 and 1 of a sequence. */
static void add_pair(file *f, const char *theirs, const char *ours)
{
    char conv[80], norm[80], our_conv[80], our_norm[80];

    snprintf(conv, sizeof conv, "%s.0", theirs);
    snprintf(norm, sizeof norm, "%s.1", theirs);
    snprintf(our_conv, sizeof our_conv, "%s.conv", ours);
    snprintf(our_norm, sizeof our_norm, "%s.bn", ours);
    add(f, conv, "weight", our_conv, "weight");
    add_norm(f, norm, our_norm);
}

/* PyTorch-Encoding's EncHead and FCNHead, which the Paddle port has taken over. */
static void add_heads(file *f, bool lateral)
{
    add_pair(f, "head.conv5", "decode_head.bottleneck");
    if (lateral) {
        add_pair(f, "head.connect.0", "decode_head.lateral_convs.0");
        add_pair(f, "head.connect.1", "decode_head.lateral_convs.1");
        add_pair(f, "head.fusion", "decode_head.fusion");
    }
    add_pair(f, "head.encmodule.encoding", "decode_head.enc_module.encoding_project");
    add(f, "head.encmodule.encoding.3", "codewords", "decode_head.enc_module.encoding.0",
        "codewords");
    add(f, "head.encmodule.encoding.3", "scale", "decode_head.enc_module.encoding.0", "scale");
    add_norm(f, "head.encmodule.encoding.4", "decode_head.enc_module.encoding.1");
    add_affine(f, "head.encmodule.fc.0", "decode_head.enc_module.fc.0");
    add_affine(f, "head.encmodule.selayer", "decode_head.se_layer");
    add_affine(f, "head.conv6.1", "decode_head.conv_seg");
    add_pair(f, "auxlayer.conv5", "auxiliary_head.convs.0");
    add_affine(f, "auxlayer.conv5.4", "auxiliary_head.conv_seg");
}

/* PaddleSeg's ConvBNLayer. */
static void add_paddle_layer(file *f, const char *theirs, const char *our_conv,
                             const char *our_norm)
{
    char name[80];

    snprintf(name, sizeof name, "%s._conv", theirs);
    add(f, name, "weight", our_conv, "weight");
    snprintf(name, sizeof name, "%s._batch_norm", theirs);
    add_norm(f, name, our_norm);
}

static void add_paddle_backbone(file *f, const char *prefix, int third)
{
    int blocks[4] = {3, 4, third, 3};
    char name[80], conv[80], norm[80];

    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%sconv1_%d", prefix, i + 1);
        snprintf(conv, sizeof conv, "backbone.stem.%d", 3 * i);
        snprintf(norm, sizeof norm, "backbone.stem.%d", 3 * i + 1);
        add_paddle_layer(f, name, conv, norm);
    }
    for (int s = 0; s < 4; s++)
        for (int b = 0; b < blocks[s]; b++) {
            for (int n = 0; n < 3; n++) {
                snprintf(name, sizeof name, "%sbb_%d_%d.conv%d", prefix, s, b, n);
                snprintf(conv, sizeof conv, "backbone.layer%d.%d.conv%d", s + 1, b, n + 1);
                snprintf(norm, sizeof norm, "backbone.layer%d.%d.bn%d", s + 1, b, n + 1);
                add_paddle_layer(f, name, conv, norm);
            }
            if (b > 0) continue;
            snprintf(name, sizeof name, "%sbb_%d_%d.short", prefix, s, b);
            snprintf(conv, sizeof conv, "backbone.layer%d.%d.downsample.1", s + 1, b);
            snprintf(norm, sizeof norm, "backbone.layer%d.%d.downsample.2", s + 1, b);
            add_paddle_layer(f, name, conv, norm);
        }
}

static void add_classifier(file *f, const char *name)
{
    add(f, name, "weight", "", "");
    add(f, name, "bias", "", "");
}

/* -- ours -------------------------------------------------------------------------------------- */

static encnet__weights *declared(const char *backbone, bool lateral)
{
    encnet__graph_key key = {.n = 2, .h = 64, .w = 64};
    encnet__weights *w = NULL;
    encnet__graph *g = NULL;
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = backbone;
    assert_int_equal(encnet_options_set(&o, "model.lateral", lateral ? "yes" : "no"), ENCNET_OK);
    assert_int_equal(encnet__weights_new(&w, device), ENCNET_OK);
    if (encnet__network_lay_out(&g, device, w, &o, NULL, ENCNET__FOR_TRAINING, &key) != ENCNET_OK)
        fail_msg("%s", encnet_last_error());
    encnet__graph_free(g);
    return w;
}

static bool is_linear(const encnet__weights *w, const char *name)
{
    int i = encnet__weights_find(w, name);

    return i >= 0 && encnet__weights_at(w, i)->kind == ENCNET__LINEAR;
}

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Which of our weights a file of this form must hold. */
static bool expected(const file *f, const encnet__param *p, bool backbone_only)
{
    return (f->counts || p->kind != ENCNET__COUNTER) &&
           (!backbone_only || begins(p->name, "backbone."));
}

static const encnet__dialect *dialect_of(const char *const *names, size_t n)
{
    encnet__file_tensor *tensors = calloc(n + 1, sizeof *tensors);
    encnet__tensor_file f = {.tensors = tensors, .n_tensors = n};
    const encnet__dialect *d;

    assert_non_null(tensors);
    for (size_t i = 0; i < n; i++) tensors[i].name = names[i];
    d = encnet__dialect_of(&f);
    free(tensors);
    return d;
}

static void mark(const encnet__dialect *d)
{
    int row = 0;

    while (encnet__dialect_at(row) != d) row++;
    assert_in_range(row, 0, COUNT_OF(checked) - 1);
    checked[row] = true;
}

/* Every name becomes what it must, and together they are all weights of the network. */
static void check(file *f, const char *dialect, const char *backbone, bool lateral,
                  bool backbone_only)
{
    const encnet__dialect *d = dialect_of((const char *const *)f->theirs, (size_t)f->n);
    bool paddle = strcmp(dialect, "Paddle") == 0;
    encnet__weights *w = declared(backbone, lateral);
    bool met[MAX_NAMES] = {false};
    int n_met = 0, left_out = 0, weights = 0;

    assert_non_null(d);
    assert_string_equal(encnet__dialect_name(d), dialect);
    mark(d);
    assert_int_equal(encnet__dialect_is_foreign(d), strcmp(dialect, "mmsegmentation") != 0);
    for (int i = 0; i < f->n; i++) {
        encnet__translation t;
        int k;
        assert_true(encnet__translate(&t, d, f->theirs[i]));
        assert_int_equal(t.left_out, f->ours[i][0] == '\0');
        left_out += t.left_out;
        if (t.left_out) continue;
        assert_string_equal(t.name, f->ours[i]);
        assert_int_equal(t.transposed, paddle && is_linear(w, t.name));
        k = encnet__weights_find(w, t.name);
        assert_true(k >= 0 && k < MAX_NAMES);
        assert_false(met[k]);
        met[k] = true;
        n_met++;
    }
    for (int i = 0; i < encnet__weights_count(w); i++)
        weights += expected(f, encnet__weights_at(w, i), backbone_only);
    assert_int_equal(n_met + left_out, f->n);
    assert_int_equal(n_met, weights);
    print_message("%s: %d of %d tensors for %d weights of %s\n", dialect, n_met, f->n, weights,
                  backbone);
    encnet__weights_free(w);
    free_file(f);
}

/* -- tests ------------------------------------------------------------------------------------- */

static void mmsegmentation(void **state)
{
    encnet__weights *w = declared("resnet50_v1c", true);
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const char *name = encnet__weights_at(w, i)->name;
        add(f, i % 2 ? "" : "module", name, "", name); /* from DataParallel, or not */
    }
    encnet__weights_free(w);
    check(f, "mmsegmentation", "resnet50_v1c", true, false);
}

static void pytorch_encoding(const char *backbone, int third, bool lateral, bool counts,
                             const char *wrapper)
{
    file *f = new_file("running_mean", "running_var", counts);

    add_wide_stem(f, "pretrained.");
    add_stages(f, "pretrained.", third);
    add_classifier(f, "pretrained.fc");
    add_heads(f, lateral);
    for (int i = 0; i < f->n && *wrapper; i++) {
        char *name = joined(wrapper, f->theirs[i]);
        free(f->theirs[i]);
        f->theirs[i] = name;
    }
    check(f, "PyTorch-Encoding", backbone, lateral, false);
}

static void encoding_r50(void **state)
{
    (void)state;
    pytorch_encoding("resnet50s", 6, true, false, "");
}

static void encoding_r101_wrapped(void **state)
{
    (void)state;
    pytorch_encoding("resnet101s", 23, false, true, "module");
}

static void encoding_plain_stem(void **state)
{
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    add(f, "pretrained.conv1", "weight", "backbone.conv1", "weight");
    add_norm(f, "pretrained.bn1", "backbone.bn1");
    add_stages(f, "pretrained.", 6);
    add_heads(f, false);
    check(f, "PyTorch-Encoding with a plain stem", "resnet50", false, false);
}

static void paddle(const char *backbone, int third, bool lateral)
{
    file *f = new_file("_mean", "_variance", false);

    add_paddle_backbone(f, "backbone.", third);
    add_heads(f, lateral);
    check(f, "Paddle", backbone, lateral, false);
}

static void paddle_r50(void **state)
{
    (void)state;
    paddle("resnet50_vd", 6, true);
}

static void paddle_r101(void **state)
{
    (void)state;
    paddle("resnet101_vd", 23, false);
}

static void torchvision(void **state)
{
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    add(f, "conv1", "weight", "backbone.conv1", "weight");
    add_norm(f, "bn1", "backbone.bn1");
    add_stages(f, "", 23);
    add_classifier(f, "fc");
    check(f, "torchvision's or open-mmlab's backbone", "resnet101", false, true);
}

static void open_mmlab_v1c(void **state)
{
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    for (int i = 0; i < 3; i++) {
        char theirs[32], ours[32];
        snprintf(theirs, sizeof theirs, "stem.%d", 3 * i);
        snprintf(ours, sizeof ours, "backbone.stem.%d", 3 * i);
        add(f, theirs, "weight", ours, "weight");
        snprintf(theirs, sizeof theirs, "stem.%d", 3 * i + 1);
        snprintf(ours, sizeof ours, "backbone.stem.%d", 3 * i + 1);
        add_norm(f, theirs, ours);
    }
    add_stages(f, "", 6);
    add_classifier(f, "fc");
    check(f, "torchvision's or open-mmlab's backbone", "resnet50_v1c", false, true);
}

/* HRNet's authors, timm and open-mmlab give the backbone the names that it has in mmsegmentation. */
static void hrnet(void **state)
{
    encnet__weights *w = declared("hrnet_w18s", false);
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const char *name = encnet__weights_at(w, i)->name;
        if (begins(name, "backbone.")) add(f, name + strlen("backbone."), "", name, "");
    }
    encnet__weights_free(w);
    add(f, "incre_modules.0.0.conv1", "weight", "", "");
    add(f, "downsamp_modules.2.0", "weight", "", "");
    add(f, "final_layer.0", "weight", "", "");
    add_classifier(f, "classifier");
    check(f, "torchvision's or open-mmlab's backbone", "hrnet_w18s", false, true);
}

static void backbones_of_the_others(void **state)
{
    file *f = new_file("running_mean", "running_var", true);

    (void)state;
    add_wide_stem(f, "");
    add_stages(f, "", 23);
    add_classifier(f, "fc");
    check(f, "PyTorch-Encoding's backbone", "resnet101s", false, true);
    f = new_file("_mean", "_variance", false);
    add_paddle_backbone(f, "", 23);
    add_classifier(f, "fc");
    check(f, "Paddle's backbone", "resnet101_vd", false, true);
}

/* Every name of these networks begins with "model.", which stays. */
static void cifar_networks(void **state)
{
    static const char *const names[] = {"model.0.weight", "model.3.0.conv1.weight"};
    const encnet__dialect *d = dialect_of(names, 2);
    encnet__translation t;

    (void)state;
    assert_non_null(d);
    assert_string_equal(encnet__dialect_name(d), "PyTorch-Encoding's networks for CIFAR-10");
    mark(d);
    for (int i = 0; i < 2; i++) {
        assert_true(encnet__translate(&t, d, names[i]));
        assert_string_equal(t.name, names[i]);
    }
    assert_true(encnet__translate(&t, d, "module.model.0.weight"));
    assert_string_equal(t.name, "model.0.weight");
}

/* Names that no rule knows stay, so that a strict load can list them; very long ones too. */
static void unknown_names(void **state)
{
    static const char *const names[] = {"pretrained.conv1.0.weight", "head.other.0.weight"};
    const encnet__dialect *d = dialect_of(names, 2);
    encnet__translation t;
    char longest[ENCNET__NAME_SIZE], longer[ENCNET__NAME_SIZE + 1];

    (void)state;
    assert_true(encnet__translate(&t, d, "head.other.0.weight"));
    assert_string_equal(t.name, "head.other.0.weight");
    assert_true(encnet__translate(&t, d, "module.head.conv5.0"));
    assert_string_equal(t.name, "head.conv5.0"); /* no part of a rule's pattern is optional */
    assert_null(dialect_of(names + 1, 1));
    assert_null(dialect_of(NULL, 0));
    assert_true(encnet__translate(&t, NULL, "module.anything"));
    assert_string_equal(t.name, "anything");
    assert_true(encnet__translate(&t, NULL, ""));
    assert_string_equal(t.name, "");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_true(encnet__translate(&t, d, longest));
    assert_string_equal(t.name, longest);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_false(encnet__translate(&t, d, longer));
    memcpy(longest, "head.conv6.1.", 13); /* grows: its translation is too long */
    assert_false(encnet__translate(&t, d, longest));
}

/* Comes last: a row of dialects.def is worth as much as the file that it was tried on. */
static void every_dialect_is_tested(void **state)
{
    (void)state;
    for (int row = 0; encnet__dialect_at(row); row++) {
        const char *name = encnet__dialect_name(encnet__dialect_at(row));
        if (!checked[row]) fail_msg("no test makes a file of %s", name);
        assert_true(*encnet__dialect_about(encnet__dialect_at(row)));
    }
    assert_null(encnet__dialect_at(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mmsegmentation),
        cmocka_unit_test(encoding_r50),
        cmocka_unit_test(encoding_r101_wrapped),
        cmocka_unit_test(encoding_plain_stem),
        cmocka_unit_test(paddle_r50),
        cmocka_unit_test(paddle_r101),
        cmocka_unit_test(torchvision),
        cmocka_unit_test(open_mmlab_v1c),
        cmocka_unit_test(hrnet),
        cmocka_unit_test(backbones_of_the_others),
        cmocka_unit_test(cifar_networks),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(every_dialect_is_tested),
    };
    int failed;

    if (encnet_device_open(&device, NULL) != ENCNET_OK) return 77;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(device);
    return failed;
}
