/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_torch_write.c - files for PyTorch: the same bytes as a file that PyTorch has read, the same
 * values through our own reader, a full disk. */
#define _POSIX_C_SOURCE 200809L
#include "support/scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "files/torch_write.h"
#include "files/zip_write.h"

enum { COUNT = 6 };

static char path[96];

static int set_up(void **state)
{
    if (make_dir(state) != 0) return -1;
    snprintf(path, sizeof path, "%s/written.pth", dir);
    return 0;
}

static const int64_t ints[] = {
    0,         255,      256, 65535, 65536, -1, INT32_MAX, INT32_MIN, (int64_t)INT32_MAX + 1,
    INT64_MAX, INT64_MIN};

/* 0, 1 ... 5 in every type that PyTorch has a storage of. */
typedef struct sample {
    encnet__type type;
    const void *data;
} sample;

static const uint8_t bools[COUNT] = {0, 1, 1, 1, 1, 1}, u8[COUNT] = {0, 1, 2, 3, 4, 5};
static const int16_t i16[COUNT] = {0, 1, 2, 3, 4, 5};
static const int32_t i32[COUNT] = {0, 1, 2, 3, 4, 5};
static const int64_t i64[COUNT] = {0, 1, 2, 3, 4, 5}, minus_seven = -7;
static const uint16_t f16[COUNT] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500};
static const uint16_t bf16[COUNT] = {0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0};
static const float f32[COUNT] = {0, 1, 2, 3, 4, 5};
static const double f64[COUNT] = {0, 1, 2, 3, 4, 5};
static const sample samples[] = {
    {ENCNET__BOOL, bools}, {ENCNET__U8, u8},   {ENCNET__I8, u8},   {ENCNET__I16, i16},
    {ENCNET__I32, i32},    {ENCNET__I64, i64}, {ENCNET__F16, f16}, {ENCNET__BF16, bf16},
    {ENCNET__F32, f32},    {ENCNET__F64, f64},
};

static encnet__file_tensor sample_tensor(const sample *s)
{
    return (encnet__file_tensor){
        .name = encnet__type_name(s->type), .type = s->type, .n_dims = 3, .dims = {2, 1, 3}};
}

static void describe_values(encnet__pickle *p)
{
    encnet__pickle_text(p, "ints");
    encnet__pickle_list(p);
    encnet__pickle_mark(p);
    for (size_t i = 0; i < COUNT_OF(ints); i++) encnet__pickle_int(p, ints[i]);
    encnet__pickle_append_items(p);
    encnet__pickle_text(p, "other");
    encnet__pickle_mark(p);
    encnet__pickle_none(p);
    encnet__pickle_bool(p, true);
    encnet__pickle_bool(p, false);
    encnet__pickle_text(p, "caf\xc3\xa9");
    encnet__pickle_text(p, "");
    encnet__pickle_dict(p);
    encnet__pickle_list(p);
    encnet__pickle_tuple(p);
}

/* {"ints": [...], "other": (...), "tensors": OrderedDict of samples, a scalar and an empty one} */
static encnet_status write_object(void)
{
    encnet_status rc = ENCNET_OK;
    encnet__torch_writer *w = NULL;
    encnet__pickle *p;
    encnet__file_tensor scalar = {.name = "scalar", .type = ENCNET__I64},
                        empty = {.name = "empty", .type = ENCNET__F32, .n_dims = 2, .dims = {0, 3}};

    TRY(encnet__torch_writer_new(&w, path));
    p = encnet__torch_writer_object(w);
    encnet__pickle_dict(p);
    encnet__pickle_mark(p);
    describe_values(p);
    encnet__pickle_text(p, "tensors");
    encnet__pickle_ordered_dict(p);
    encnet__pickle_mark(p);
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        encnet__file_tensor t = sample_tensor(&samples[i]);
        encnet__pickle_text(p, t.name);
        TRY(encnet__torch_writer_tensor(w, &t));
    }
    encnet__pickle_text(p, "scalar");
    TRY(encnet__torch_writer_tensor(w, &scalar));
    encnet__pickle_text(p, "empty");
    TRY(encnet__torch_writer_tensor(w, &empty));
    encnet__pickle_set_items(p);
    encnet__pickle_set_items(p);
    TRY(encnet__torch_writer_begin(w));
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        TRY(encnet__torch_writer_put(w, samples[i].data,
                                     COUNT * encnet__type_bytes(samples[i].type)));
    TRY(encnet__torch_writer_put(w, &minus_seven, sizeof minus_seven));
    TRY(encnet__torch_writer_put(w, "", 0));
    TRY(encnet__torch_writer_commit(w));
done:
    encnet__torch_writer_free(w);
    return rc;
}

/* tests/golden/files/check_written.py has shown the golden file to PyTorch, old and new. */
static void writes_what_pytorch_reads(void **state)
{
    char *wrote = NULL, *golden = NULL;
    size_t size, golden_size;

    (void)state;
    assert_ok(write_object());
    assert_ok(encnet__file_read(&wrote, &size, path, 1 << 20));
    assert_ok(
        encnet__file_read(&golden, &golden_size, TEST_DIR "/golden/files/written.pth", 1 << 20));
    assert_int_equal(size, golden_size);
    assert_memory_equal(wrote, golden, size);
    encnet__free(wrote);
    encnet__free(golden);
}

/* PyTorch 1.13's weights_only knows no floats, so the golden file has none. */
static void writes_floats(void **state)
{
    encnet__pickle p = {0};

    (void)state;
    encnet__pickle_float(&p, 0.1);
    assert_int_equal(p.size, 9);
    assert_memory_equal(p.data, "G\x3f\xb9\x99\x99\x99\x99\x99\x9a", 9);
    encnet__text_free(&p);
}

static void refuses_what_pytorch_cannot_hold(void **state)
{
    encnet__torch_writer *w = NULL;
    encnet__file_tensor t = {.name = "small", .type = ENCNET__F8_E4M3, .n_dims = 1, .dims = {4}};

    (void)state;
    assert_ok(encnet__torch_writer_new(&w, path));
    assert_fails(encnet__torch_writer_tensor(w, &t), ENCNET_E_CHECKPOINT,
                 "small is of type F8_E4M3");
    encnet__torch_writer_free(w);
}

/* What is put must be what was described, and all of it. */
static void refuses_wrong_calls(void **state)
{
    encnet__torch_writer *w = NULL;
    encnet__file_tensor t = {.name = "t", .type = ENCNET__F32, .n_dims = 1, .dims = {4}};

    (void)state;
    assert_ok(encnet__torch_writer_new(&w, path));
    assert_ok(encnet__torch_writer_tensor(w, &t));
    assert_ok(encnet__torch_writer_begin(w));
    assert_fails(encnet__torch_writer_put(w, f32, 12), ENCNET_E_INTERNAL, "12 bytes for storage 0");
    assert_fails(encnet__torch_writer_commit(w), ENCNET_E_INTERNAL, "0 of 1 tensors");
    assert_ok(encnet__torch_writer_put(w, f32, 16));
    assert_fails(encnet__torch_writer_put(w, f32, 16), ENCNET_E_INTERNAL, "storage 1 of 1");
    assert_int_equal(test_unfinished(path), 1);
    encnet__torch_writer_free(w);
    assert_int_equal(test_unfinished(path), 0);
}

/* A full disk, played by a limit on file sizes: the file that was there stays as it was. */
static void full_disk_keeps_the_old_file(void **state)
{
    struct rlimit before, small;
    char *kept = NULL, *now = NULL;
    size_t size, size_now;
    encnet_status rc;

    (void)state;
    assert_ok(write_object());
    assert_ok(encnet__file_read(&kept, &size, path, 1 << 20));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (rlim_t limit = 0; limit < size; limit += 100) {
        small = before;
        small.rlim_cur = limit;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        rc = write_object();
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_fails(rc, ENCNET_E_IO, "written.pth: ");
    }
    assert_ok(encnet__file_read(&now, &size_now, path, 1 << 20));
    assert_int_equal(size_now, size);
    assert_memory_equal(now, kept, size);
    encnet__free(kept);
    encnet__free(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_pytorch_reads),        cmocka_unit_test(writes_floats),
        cmocka_unit_test(refuses_what_pytorch_cannot_hold), cmocka_unit_test(refuses_wrong_calls),
        cmocka_unit_test(full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, set_up, remove_dir);
}
