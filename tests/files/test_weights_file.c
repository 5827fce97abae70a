/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_weights_file.c - weights to a file and back; what does not fit is listed and changes
 * nothing. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <unistd.h>

#include "files/safetensors.h"
#include "files/weights_file.h"
#include "graph/weights.h"

static encnet_device *dev;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    dev = test_open_device();
    snprintf(path, sizeof path, "encnet-w-%ld.safetensors", (long)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    encnet_device_close(dev);
    return 0;
}

static void declare(encnet__weights *w, const char *name, encnet__param_kind kind, const int *dims,
                    bool trainable)
{
    encnet__init init = {ENCNET__INIT_NORMAL, 1, 0};

    assert_true(encnet__weights_declare(w, name, kind, dims, trainable, init) >= 0);
}

/* A small model; `classes` and `extra` make one that another's file does not fit. */
static encnet__weights *make(int classes, const char *extra, uint64_t seed)
{
    encnet__weights *w = NULL;

    assert_ok(encnet__weights_new(&w, dev));
    declare(w, "backbone.conv1.weight", ENCNET__CONV, (int[]){5, 3, 2, 2}, true);
    declare(w, "backbone.bn1.running_mean", ENCNET__VECTOR, (int[]){5}, false);
    declare(w, "backbone.bn1.num_batches_tracked", ENCNET__COUNTER, NULL, false);
    declare(w, "decode_head.codewords", ENCNET__MATRIX, (int[]){4, 5}, true);
    declare(w, "decode_head.fc.weight", ENCNET__LINEAR, (int[]){classes, 5}, true);
    if (extra) declare(w, extra, ENCNET__VECTOR, (int[]){3}, true);
    assert_ok(encnet__weights_allocate(w, ENCNET__FOR_TRAINING));
    assert_ok(encnet__weights_init(w, seed, NULL));
    return w;
}

/* Whether all weights of two models are the same, counters too; or their momentum. */
static bool same(const encnet__weights *a, const encnet__weights *b, bool momentum)
{
    for (int i = 0; i < encnet__weights_count(a); i++) {
        const encnet__param *p = encnet__weights_at(a, i), *q = encnet__weights_at(b, i);
        float x[64], y[64];
        if (momentum && !p->trainable) continue;
        if (p->kind == ENCNET__COUNTER && p->counter != q->counter) return false;
        if (p->kind == ENCNET__COUNTER) continue;
        assert_ok(encnet__param_read(x, p, momentum ? p->momentum : p->value));
        assert_ok(encnet__param_read(y, q, momentum ? q->momentum : q->value));
        if (memcmp(x, y, encnet__param_count(p) * sizeof *x) != 0) return false;
    }
    return true;
}

static encnet_status load_as(encnet__weights *w, encnet__load how)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;

    TRY(encnet__tensor_file_open(&f, path));
    TRY(encnet__weights_load(w, f, &how));
done:
    encnet__tensor_file_close(f);
    return rc;
}

static encnet_status load(encnet__weights *w, encnet__load_scope scope)
{
    return load_as(w, (encnet__load){.scope = scope});
}

/* The first number of weight i. */
static float first_of(const encnet__weights *w, int i)
{
    float x[64];

    assert_ok(encnet__param_read(x, encnet__weights_at(w, i), encnet__weights_at(w, i)->value));
    return x[0];
}

static void comes_back(void **state)
{
    encnet__weights *a = make(3, NULL, 1), *b = make(3, NULL, 2);
    encnet__pair pair = {"note", "kept"};
    encnet__tensor_file *f = NULL;

    (void)state;
    encnet__weights_at(a, 2)->counter = 1234567890123;
    assert_ok(encnet__weights_save(a, path, false, &pair, 1));
    assert_false(same(a, b, false));
    assert_ok(load(b, ENCNET__LOAD_ALL));
    assert_true(same(a, b, false));
    assert_ok(encnet__tensor_file_open(&f, path));
    assert_string_equal(encnet__tensor_file_metadata(f, "note"), "kept");
    assert_int_equal(f->n_tensors, 5);
    assert_int_equal(encnet__tensor_file_find(f, "backbone.conv1.weight")->dims[0],
                     5); /* the file's order */
    assert_int_equal(encnet__tensor_file_find(f, "backbone.conv1.weight")->dims[1], 3);
    assert_int_equal(encnet__tensor_file_find(f, "backbone.bn1.num_batches_tracked")->n_dims, 0);
    encnet__tensor_file_close(f);
    encnet__weights_free(a);
    encnet__weights_free(b);
}

static void momentum_comes_back(void **state)
{
    encnet__weights *a = make(3, NULL, 1), *b = make(3, NULL, 1);

    (void)state;
    for (int i = 0; i < encnet__weights_count(a); i++) {
        encnet__param *p = encnet__weights_at(a, i);
        if (p->trainable) assert_ok(encnet__fill(p->momentum, 0.5f + (float)i));
    }
    assert_ok(encnet__weights_save(a, path, true, NULL, 0));
    assert_false(same(a, b, true));
    assert_fails(load(b, ENCNET__LOAD_ALL), ENCNET_E_CHECKPOINT,
                 "1 missing: backbone.bn1.running_mean");
    assert_ok(load(b, ENCNET__LOAD_MOMENTUM));
    assert_true(same(a, b, true) && same(a, b, false));
    encnet__weights_free(a);
    encnet__weights_free(b);
}

static void misfits_are_listed(void **state)
{
    encnet__weights *a = make(3, "decode_head.old", 1), *b = make(7, "decode_head.new", 2),
                    *before = make(7, NULL, 2);

    (void)state;
    assert_ok(encnet__weights_save(a, path, false, NULL, 0));
    assert_fails(load(b, ENCNET__LOAD_ALL), ENCNET_E_CHECKPOINT,
                 "1 of another shape or type: decode_head.fc.weight (F32[3,5] in the file, "
                 "F32[7,5] in the model); "
                 "1 missing: decode_head.new; 1 that the model does not have: decode_head.old");
    assert_non_null(strstr(encnet_last_error(), path));
    assert_true(same(before, b, false));
    encnet__weights_free(a);
    encnet__weights_free(b);
    encnet__weights_free(before);
}

static void write_zeros(encnet__file_tensor *tensors, size_t n)
{
    encnet__st_writer *w = NULL;
    double data[64] = {0};
    int next;

    assert_ok(encnet__st_writer_new(&w, path, tensors, n, NULL, 0));
    while ((next = encnet__st_writer_next(w)) >= 0)
        assert_ok(encnet__st_writer_put(w, data, encnet__file_tensor_bytes(&tensors[next])));
    assert_ok(encnet__st_writer_commit(w));
    encnet__st_writer_free(w);
}

/* The backbone alone: other names are left alone. */
static void the_backbone_comes_alone(void **state)
{
    encnet__weights *a = make(3, NULL, 1), *b = make(7, NULL, 2);
    float head = first_of(b, 4);

    (void)state;
    assert_ok(encnet__weights_save(a, path, false, NULL, 0));
    assert_ok(load(b, ENCNET__LOAD_BACKBONE));
    assert_true(first_of(b, 0) == first_of(a, 0));
    assert_true(first_of(b, 4) == head);
    encnet__weights_free(a);
    encnet__weights_free(b);
}

/* A file without any counter of batches is whole; one that has another counter is not. */
static void counters_may_lack_together(void **state)
{
    encnet__file_tensor tensors[] = {
        {.name = "backbone.conv1.weight", .type = ENCNET__F32, .n_dims = 4, .dims = {5, 3, 2, 2}},
        {.name = "backbone.bn1.running_mean", .type = ENCNET__F64, .n_dims = 1, .dims = {5}},
        {.name = "decode_head.codewords", .type = ENCNET__F16, .n_dims = 2, .dims = {4, 5}},
        {.name = "decode_head.fc.weight", .type = ENCNET__BF16, .n_dims = 2, .dims = {3, 5}},
        {.name = "backbone.bn2.num_batches_tracked", .type = ENCNET__I64}};
    encnet__weights *w = make(3, NULL, 1);

    (void)state;
    encnet__weights_at(w, 2)->counter = 17;
    write_zeros(tensors, 4);
    assert_ok(load(w, ENCNET__LOAD_ALL));
    assert_true(first_of(w, 0) == 0 && first_of(w, 4) == 0);
    assert_int_equal(encnet__weights_at(w, 2)->counter, 17);
    write_zeros(tensors, 2);
    assert_ok(load(w, ENCNET__LOAD_BACKBONE));
    write_zeros(tensors, 5);
    assert_fails(load(w, ENCNET__LOAD_ALL), ENCNET_E_CHECKPOINT,
                 "1 missing: backbone.bn1.num_batches_tracked; "
                 "1 that the model does not have: backbone.bn2.num_batches_tracked");
    assert_fails(load(w, ENCNET__LOAD_BACKBONE), ENCNET_E_CHECKPOINT,
                 "1 missing: backbone.bn1.num_batches_tracked");
    encnet__weights_free(w);
}

/* What fits is loaded, the rest is told; a file of which nothing fits is refused all the same. */
static void fits_in_part(void **state)
{
    encnet__weights *a = make(3, "decode_head.old", 1), *b = make(7, "decode_head.new", 2);
    encnet__file_tensor other[] = {
        {.name = "classifier", .type = ENCNET__F32, .n_dims = 1, .dims = {5}},
        {.name = "decode_head.codewords", .type = ENCNET__I32, .n_dims = 2, .dims = {4, 5}}};
    encnet__text left_out = {0};
    encnet__load how = {.scope = ENCNET__LOAD_ALL, .left_out = &left_out};
    float fresh = first_of(b, 4);

    (void)state;
    assert_ok(encnet__weights_save(a, path, false, NULL, 0));
    assert_ok(load_as(b, how));
    assert_true(first_of(b, 0) == first_of(a, 0) && first_of(b, 3) == first_of(a, 3));
    assert_true(first_of(b, 4) == fresh);
    assert_non_null(strstr(left_out.data, path));
    assert_non_null(strstr(left_out.data,
                           ": 4 weights of the model's 6 are loaded; 1 of another shape or type: "
                           "decode_head.fc.weight (F32[3,5] in the file, F32[7,5] in the model); "
                           "1 missing: decode_head.new; 1 that the model does not have: "
                           "decode_head.old\n"));
    encnet__text_free(&left_out);
    assert_ok(load_as(a, how)); /* all of it fits: nothing to tell */
    assert_null(left_out.data);
    write_zeros(other, 2);
    assert_fails(load_as(b, how), ENCNET_E_CHECKPOINT,
                 "1 that the model does not have: classifier");
    assert_null(left_out.data);
    assert_true(first_of(b, 3) == first_of(a, 3));
    encnet__weights_free(a);
    encnet__weights_free(b);
}

/* Names in `fresh` stay as they are, be they of another shape, missing, extra or fitting. */
static void stays_fresh(void **state)
{
    encnet__weights *a = make(3, "decode_head.old", 1), *b = make(7, "decode_head.new", 2);
    encnet__load how = {.scope = ENCNET__LOAD_ALL,
                        .fresh = "backbone.conv1,decode_head.fc,decode_head.new,decode_head.old"};
    float conv = first_of(b, 0), fc = first_of(b, 4);

    (void)state;
    assert_ok(encnet__weights_save(a, path, false, NULL, 0));
    assert_ok(load_as(b, how));
    assert_true(first_of(b, 0) == conv && first_of(b, 4) == fc);
    assert_true(first_of(b, 1) == first_of(a, 1) && first_of(b, 3) == first_of(a, 3));
    how.fresh = "decode_head.fc,decode_head.new";
    assert_fails(load_as(b, how), ENCNET_E_CHECKPOINT,
                 "1 that the model does not have: decode_head.old");
    encnet__weights_free(a);
    encnet__weights_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(momentum_comes_back),
        cmocka_unit_test(misfits_are_listed),
        cmocka_unit_test(the_backbone_comes_alone),
        cmocka_unit_test(counters_may_lack_together),
        cmocka_unit_test(fits_in_part),
        cmocka_unit_test(stays_fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
