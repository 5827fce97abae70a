/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_checkpoints.c - files that PyTorch and Paddle have written (tests/golden/files/make.py):
 * every tensor with its numbers, the metadata, and files that are not checkpoints. */
#include "support/support.h"

#include "files/format.h"

/* Tensor k of a file, as make.py writes them: element i is (7 i + k) mod 23 - 11. */
typedef struct expected {
    const char *name;
    int k;
    encnet__type type;
    int n_dims;
    uint64_t dims[4];
} expected;

static const expected of_torch[] = {
    {"conv.weight", 0, ENCNET__F32, 4, {4, 3, 3, 3}},
    {"channels_last.weight", 1, ENCNET__F32, 4, {4, 3, 3, 3}},
    {"transposed", 2, ENCNET__F32, 2, {5, 7}},
    {"inside", 3, ENCNET__F32, 2, {3, 4}},
    {"every_other", 4, ENCNET__F32, 3, {3, 4, 2}},
    {"parameter", 5, ENCNET__F32, 1, {6}},
    {"bn.num_batches_tracked", 6, ENCNET__I64, 0, {0}},
    {"empty", 7, ENCNET__F32, 2, {0, 3}},
    {"a.float16", 8, ENCNET__F16, 1, {5}},
    {"a.bfloat16", 9, ENCNET__BF16, 1, {5}},
    {"a.float64", 10, ENCNET__F64, 1, {5}},
    {"a.int32", 11, ENCNET__I32, 1, {5}},
    {"a.int16", 12, ENCNET__I16, 1, {5}},
    {"a.int8", 13, ENCNET__I8, 1, {5}},
    {"a.uint8", 14, ENCNET__U8, 1, {5}},
    {"a.bool", 15, ENCNET__BOOL, 1, {5}},
    {"both", 16, ENCNET__F32, 2, {2, 6}},
    {"tied", 16, ENCNET__F32, 2, {2, 6}},
    {"with attributes", 17, ENCNET__F32, 1, {3}},
    {"parameter with attributes", 18, ENCNET__F32, 1, {3}},
    {"second half", 16 + 42, ENCNET__F32, 1, {6}}, /* begins at element 6 of "both" */
};

static const expected of_paddle[] = {
    {"conv.weight", 0, ENCNET__F32, 4, {4, 3, 3, 3}},
    {"linear.weight", 1, ENCNET__F32, 2, {5, 7}},
    {"bn._mean", 2, ENCNET__F32, 1, {6}},
    {"half", 3, ENCNET__F16, 1, {4}},
    {"wide", 4, ENCNET__F64, 1, {4}},
    {"whole", 5, ENCNET__I64, 1, {4}},
    {"scalar", 6, ENCNET__F32, 0, {0}},
    {"empty", 7, ENCNET__F32, 2, {0, 3}},
    {"bfloat16", 8, ENCNET__BF16, 1, {4}},
};

static const expected of_mmengine[] = {
    {"w", 0, ENCNET__F32, 2, {2, 3}},
    {"b", 1, ENCNET__F32, 1, {2}},
};

static encnet_status open_golden(encnet__tensor_file **out, const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/golden/files/%s", TEST_DIR, name);
    return encnet__tensor_file_open(out, path);
}

static int64_t number(const expected *e, uint64_t i)
{
    int64_t n = (int64_t)((7 * i + (uint64_t)e->k) % 23);

    return e->type == ENCNET__BOOL ? n % 2 : e->type == ENCNET__U8 ? n : n - 11;
}

static void check_tensor(const encnet__tensor_file *f, const expected *e)
{
    const encnet__file_tensor *t = encnet__tensor_file_find(f, e->name);
    float floats[128];
    int64_t ints[128];
    uint64_t count = 1;

    if (!t) fail_msg("%s lacks %s", f->path, e->name);
    assert_int_equal(t->type, e->type);
    assert_int_equal(t->n_dims, e->n_dims);
    for (int d = 0; d < e->n_dims; d++) {
        assert_int_equal(t->dims[d], e->dims[d]);
        count *= e->dims[d];
    }
    assert_int_equal(t->count, count);
    if (encnet__tensor_file_read_floats(f, t, floats) == ENCNET_OK) {
        for (uint64_t i = 0; i < count; i++)
            if (floats[i] != (float)number(e, i))
                fail_msg("%s of %s: element %d is %g", e->name, f->path, (int)i, (double)floats[i]);
        return;
    }
    assert_ok(encnet__tensor_file_read_ints(f, t, ints));
    for (uint64_t i = 0; i < count; i++) assert_int_equal(ints[i], number(e, i));
}

static void check_file(const char *name, const expected *e, size_t n)
{
    encnet__tensor_file *f = NULL;

    assert_ok(open_golden(&f, name));
    assert_ok(encnet__tensor_file_verify(f));
    for (size_t i = 0; i < n; i++) check_tensor(f, &e[i]);
    encnet__tensor_file_close(f);
}

static void reads_pytorch(void **state)
{
    static const char *const names[] = {"mmcv.pth", "mmcv_legacy.pth", "mmcv_legacy4.pth",
                                        "root.pth"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) check_file(names[i], of_torch, COUNT_OF(of_torch));
    check_file("mmengine.pth", of_mmengine, COUNT_OF(of_mmengine));
    check_file("no_checksums.pth", of_mmengine, 1);
}

static void reads_paddle(void **state)
{
    static const char *const names[] = {"paddle2.pdparams", "paddle3.pdparams", "paddle4.pdparams",
                                        "paddle_pieces.pdparams", "paddle_pairs.pdparams"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        encnet__tensor_file *f = NULL;
        check_file(names[i], of_paddle, COUNT_OF(of_paddle));
        assert_ok(open_golden(&f, names[i]));
        assert_int_equal(f->n_tensors, COUNT_OF(of_paddle));
        encnet__tensor_file_close(f);
    }
}

/* A broadcast view, and what stands beside the weights: only state_dict counts. */
static void reads_what_stands_beside(void **state)
{
    static const char classes[] = "road\nside walk\nsky";
    encnet__tensor_file *f = NULL;
    float four[4];

    (void)state;
    assert_ok(open_golden(&f, "mmcv.pth"));
    assert_int_equal(f->n_tensors, COUNT_OF(of_torch) + 1);
    assert_ok(encnet__tensor_file_read_floats(f, encnet__tensor_file_find(f, "expanded"), four));
    assert_true(four[0] == 5 && four[1] == 5 && four[3] == 5);
    assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY), classes);
    assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__ITERATION_KEY), "40000");
    encnet__tensor_file_close(f);
    f = NULL;
    assert_ok(open_golden(&f, "mmengine.pth"));
    assert_int_equal(f->n_tensors, 2);
    assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY), classes);
    assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__ITERATION_KEY), "7");
    encnet__tensor_file_close(f);
}

static void renames_and_transposes(void **state)
{
    encnet__tensor_file *f = NULL;
    const encnet__file_tensor *t;
    float numbers[35];
    size_t i;

    (void)state;
    assert_ok(open_golden(&f, "paddle3.pdparams"));
    t = encnet__tensor_file_find(f, "linear.weight");
    i = (size_t)(t - f->tensors);
    assert_ok(encnet__tensor_file_rename(f, i, "bn._mean"));
    assert_fails(encnet__tensor_file_sort(f), ENCNET_E_CHECKPOINT,
                 "two tensors are named bn._mean");
    assert_ok(encnet__tensor_file_rename(f, i, "fc.weight"));
    encnet__tensor_file_transpose(f, i);
    assert_ok(encnet__tensor_file_sort(f));
    assert_null(encnet__tensor_file_find(f, "linear.weight"));
    t = encnet__tensor_file_find(f, "fc.weight");
    assert_non_null(t);
    assert_true(t->dims[0] == 7 && t->dims[1] == 5);
    assert_ok(encnet__tensor_file_read_floats(f, t, numbers));
    for (int row = 0; row < 7; row++)
        for (int column = 0; column < 5; column++)
            assert_true(numbers[row * 5 + column] ==
                        (float)number(&of_paddle[1], (uint64_t)(column * 7 + row)));
    encnet__tensor_file_close(f);
}

static void says_what_is_no_checkpoint(void **state)
{
    encnet__tensor_file *f = NULL;

    (void)state;
    assert_fails(open_golden(&f, "module.pth"), ENCNET_E_CHECKPOINT,
                 "a whole object of torch.nn.modules.linear.Linear");
    assert_ok(open_golden(&f, "nothing.pth")); /* {"model": {"w": ...}, "epoch": 3} */
    assert_non_null(encnet__tensor_file_find(f, "w"));
    encnet__tensor_file_close(f);
    f = NULL;
    assert_fails(open_golden(&f, "make.py"), ENCNET_E_CHECKPOINT, "begin like none of safetensors");
    for (int i = 0; encnet__file_format_at(i); i++)
        assert_non_null(strstr(encnet_last_error(), encnet__file_format_at(i)->name));
    assert_fails(open_golden(&f, "none.pth"), ENCNET_E_CHECKPOINT, "No such file");
    assert_fails(open_golden(&f, "."), ENCNET_E_CHECKPOINT, "not a regular file");
    assert_null(f);
}

/* The whole of a golden file, freed by the caller. */
static uint8_t *contents(const char *name, size_t *size)
{
    char path[512], *data = NULL;

    snprintf(path, sizeof path, "%s/golden/files/%s", TEST_DIR, name);
    assert_ok(encnet__file_read(&data, size, path, 1 << 20));
    return (uint8_t *)data;
}

static const char *const whole[] = {"mmcv.pth", "mmcv_legacy.pth", "mmcv_legacy4.pth",
                                    "paddle2.pdparams", "paddle4.pdparams"};

static void refuses_every_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(whole); i++) {
        encnet__tensor_file *f = NULL;
        size_t size;
        uint8_t *data = contents(whole[i], &size);
        for (size_t cut = 0; cut < size; cut++)
            assert_fails(encnet__tensor_file_open_memory(&f, data, cut, "cut short"),
                         ENCNET_E_CHECKPOINT, "cut short");
        encnet__free(data);
    }
}

/* A byte that is not what it was: refused, or every tensor can still be read.  In a zip archive the
 * checksums find every change of a number. */
static void survives_every_flipped_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(whole); i++) {
        size_t size, opened = 0;
        uint8_t *data = contents(whole[i], &size);
        for (size_t at = 0; at < size; at++) {
            encnet__tensor_file *f = NULL;
            uint8_t raw[8192];
            data[at] ^= 0x41;
            if (encnet__tensor_file_open_memory(&f, data, size, "flipped") == ENCNET_OK) {
                opened++;
                for (size_t k = 0; k < f->n_tensors; k++)
                    if (encnet__file_tensor_bytes(&f->tensors[k]) <= sizeof raw)
                        assert_ok(encnet__tensor_file_read(f, &f->tensors[k], raw));
            } else {
                assert_non_null(strstr(encnet_last_error(), "flipped"));
            }
            encnet__tensor_file_close(f);
            data[at] ^= 0x41;
        }
        assert_true(opened > 0 && opened < size);
        encnet__free(data);
    }
}

static void finds_a_changed_number(void **state)
{
    encnet__tensor_file *f = NULL;
    size_t size;
    uint8_t *data = contents("mmcv.pth", &size);

    (void)state;
    assert_ok(encnet__tensor_file_open_memory(&f, data, size, "whole"));
    data[encnet__tensor_file_find(f, "conv.weight")->offset + 5] ^= 4;
    assert_fails(encnet__tensor_file_verify(f), ENCNET_E_CHECKPOINT,
                 "the 432 bytes of entry mmcv/data/0 have checksum");
    encnet__tensor_file_close(f);
    encnet__free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_pytorch),
        cmocka_unit_test(reads_paddle),
        cmocka_unit_test(reads_what_stands_beside),
        cmocka_unit_test(renames_and_transposes),
        cmocka_unit_test(says_what_is_no_checkpoint),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_flipped_byte),
        cmocka_unit_test(finds_a_changed_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
