/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_safetensors.c - the strict reader refuses malformed files, and reads what the writer wrote; a
 * full disk. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "files/safetensors.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "encnet-st-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* A file in memory: 8 bytes of length, the JSON, `data_bytes` bytes 0, 1, 2 ... */
typedef struct image {
    uint8_t bytes[2048];
    size_t size;
} image;

static image make(const char *json, size_t data_bytes)
{
    size_t json_bytes = strlen(json);
    image f = {.size = 8 + json_bytes + data_bytes};

    for (int i = 0; i < 8; i++) f.bytes[i] = (uint8_t)((uint64_t)json_bytes >> (8 * i));
    memcpy(f.bytes + 8, json, json_bytes);
    for (size_t i = 0; i < data_bytes; i++) f.bytes[8 + json_bytes + i] = (uint8_t)i;
    return f;
}

#define ENTRY(name, type, shape, a, b)                                                             \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #a "," #b "]}"
#define A ENTRY("a", "F32", "[2]", 0, 8)
#define B ENTRY("b", "F32", "[2]", 8, 16)

static void reads_a_good_file(void **state)
{
    image f =
        make("{\"__metadata__\":{\"format\":\"pt\"}, " ENTRY("b", "F32", "[2,1]", 8, 16) "," ENTRY(
                 "\\u0061\\n\\ud83d\\ude00", "I64", "[]", 0, 8) " , " ENTRY("none", "F32", "[0,7]",
                                                                            16, 16) " } ",
             16);
    encnet__tensor_file *st = NULL;
    const encnet__file_tensor *t;
    int64_t counter = 0;
    float two[2];

    (void)state;
    assert_ok(encnet__tensor_file_open_memory(&st, f.bytes, f.size, "good"));
    assert_int_equal(st->n_tensors, 3);
    assert_string_equal(st->tensors[0].name, "a\n\xf0\x9f\x98\x80");
    assert_string_equal(encnet__tensor_file_metadata(st, "format"), "pt");
    assert_null(encnet__tensor_file_metadata(st, "b"));
    assert_ok(encnet__tensor_file_read_ints(st, &st->tensors[0], &counter));
    assert_true(counter == 0x0706050403020100);
    t = encnet__tensor_file_find(st, "b");
    assert_non_null(t);
    assert_int_equal(t->n_dims, 2);
    assert_ok(encnet__tensor_file_read_floats(st, t, two));
    assert_memory_equal(two, "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 8);
    assert_fails(encnet__tensor_file_read_ints(st, t, &counter), ENCNET_E_CHECKPOINT,
                 "integers are wanted");
    assert_null(encnet__tensor_file_find(st, "c"));
    assert_ok(encnet__tensor_file_verify(st));
    encnet__tensor_file_close(st);
}

/* Wrong headers (with 16 bytes of data behind them) and a word of the message that each must give.
 */
static const struct {
    const char *json, *word;
} wrong[] = {
    {" {" A "," B "}", "no checkpoint"},
    {"{" A "," B "}x", "follows"},
    {"{" A "," B "}\n", "follows"},
    {"{" A "," B, "expected '}'"},
    {"{" A "," B ",}", "expected '\"'"},
    {"{" A " " B "}", "expected '}'"},
    {"[" A "," B "]", "no checkpoint"},
    {"{" A "," ENTRY("a", "F32", "[2]", 8, 16) "}", "two tensors are named a"},
    {"{" A "," ENTRY("\\u0061", "F32", "[2]", 8, 16) "}", "two tensors are named a"},
    {"{" A "," ENTRY("b", "F32", "[2]", 4, 12) "}", "overlapping"},
    {"{" A "," ENTRY("b", "F32", "[1]", 12, 16) "}", "hole"},
    {"{" B "}", "hole"},
    {"{" A "," ENTRY("b", "F32", "[4]", 8, 24) "}", "truncated"},
    {"{" A "}", "16 bytes of data, the tensors have 8"},
    {"{}", "16 bytes of data"},
    {"{" A "," ENTRY("b", "F32", "[3]", 8, 16) "}", "need 12"},
    {"{" A "," ENTRY("b", "F64", "[2]", 8, 16) "}", "need 16"},
    {"{" A "," ENTRY("b", "F32", "[2]", 16, 8) "}", "backwards"},
    {"{" A "," ENTRY("b", "F32", "[4611686018427387904,4]", 8, 16) "}", "overflows"},
    {"{" A "," ENTRY("b", "F32", "[4611686018427387905,4,1]", 8, 12) "}", "overflows"},
    {"{" A "," ENTRY("b", "F32", "[9223372036854775807]", 8, 16) "}", "overflows"},
    {"{" A "," ENTRY("b", "F32", "[9223372036854775808]", 8, 16) "}", "63 bits"},
    {"{" A "," ENTRY("b", "F32", "[2]", 8, 99999999999999999999) "}", "63 bits"},
    {"{" A "," ENTRY("b", "F32", "[-2]", 8, 16) "}", "unsigned"},
    {"{" A "," ENTRY("b", "F32", "[2.0]", 8, 16) "}", "unsigned"},
    {"{" A "," ENTRY("b", "F32", "[2e0]", 8, 16) "}", "unsigned"},
    {"{" A "," ENTRY("b", "F32", "[02]", 8, 16) "}", "leading zero"},
    {"{" A "," ENTRY("b", "F32", "[1,1,1,1,1,1,1,1,2]", 8, 16) "}", "too many"},
    {"{" A "," ENTRY("b", "F32", "[[2]]", 8, 16) "}", "unsigned"},
    {"{" A "," ENTRY("b", "F31", "[2]", 8, 16) "}", "unknown dtype, F31"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2]}}", "lacks"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]}}", "two numbers"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[8,16]}}",
     "twice"},
    {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16],\"x\":1}}",
     "nothing else"},
    {"{" A ",\"b\":{}}", "expected '\"'"},
    {"{" A ",\"b\":null}", "expected '{'"},
    {"{" A "," B ",\"__metadata__\":{\"k\":1}}", "expected '\"'"},
    {"{" A "," B ",\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "two values for k"},
    {"{" A "," B ",\"__metadata__\":{},\"__metadata__\":{}}", "__metadata__ is given twice"},
    {"{" A "," ENTRY("b\n", "F32", "[2]", 8, 16) "}", "control character"},
    {"{" A "," ENTRY("b\\x", "F32", "[2]", 8, 16) "}", "unknown escape"},
    {"{" A "," ENTRY("b\\u00", "F32", "[2]", 8, 16) "}", "hexadecimal"},
    {"{" A "," ENTRY("b\\u0000", "F32", "[2]", 8, 16) "}", "zero character"},
    {"{" A "," ENTRY("b\\ud800x", "F32", "[2]", 8, 16) "}", "surrogate"},
    {"{" A "," ENTRY("b\\udc00", "F32", "[2]", 8, 16) "}", "surrogate"},
    {"{" A "," ENTRY("b\xc0\x80", "F32", "[2]", 8, 16) "}", "not UTF-8"},
    {"{" A "," ENTRY("b\xed\xa0\x80", "F32", "[2]", 8, 16) "}", "not UTF-8"},
    {"{" A "," ENTRY("b\xf4\x90\x80\x80", "F32", "[2]", 8, 16) "}", "not UTF-8"},
    {"{" A "," B "}\xe2\x82", "not UTF-8"},
    {"{\"", "without an end"},
    {"", "no checkpoint"},
};

static void refuses_wrong_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        image f = make(wrong[i].json, 16);
        encnet__tensor_file *st = NULL;
        assert_fails(encnet__tensor_file_open_memory(&st, f.bytes, f.size, wrong[i].json),
                     ENCNET_E_CHECKPOINT, wrong[i].word);
        assert_null(st);
    }
}

/* Every shorter file is refused, and a header length beyond the file before memory is asked for. */
static void refuses_every_truncation(void **state)
{
    image f = make("{" A "," B "}  ", 16);
    encnet__tensor_file *st = NULL;

    (void)state;
    for (size_t size = 0; size < f.size; size++)
        assert_fails(encnet__tensor_file_open_memory(&st, f.bytes, size, "cut"),
                     ENCNET_E_CHECKPOINT, "cut");
    assert_fails(encnet__tensor_file_open_memory(&st, f.bytes, f.size + 1, "long"),
                 ENCNET_E_CHECKPOINT, "17 bytes of data");
    assert_ok(encnet__tensor_file_open_memory(&st, f.bytes, f.size, "whole"));
    encnet__tensor_file_close(st);
    memset(f.bytes, 0xff, 8);
    assert_fails(encnet__tensor_file_open_memory(&st, f.bytes, f.size, "huge"), ENCNET_E_CHECKPOINT,
                 "18446744073709551615");
}

static void converts_numbers(void **state)
{
    static const double wide[2] = {0.1, -1e300};
    static const uint16_t half[6] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000};
    static const uint16_t brain[2] = {0x3fc0, 0xff80};
    static const int16_t whole[2] = {-300, 7};
    image f =
        make("{" ENTRY("d", "F64", "[2]", 0, 16) "," ENTRY("h", "F16", "[6]", 16, 28) "," ENTRY(
                 "b", "BF16", "[2]", 28, 32) "," ENTRY("i", "I16", "[2]", 32,
                                                       36) "," ENTRY("u", "U8", "[1]", 36, 37) "}",
             37);
    uint8_t *data = f.bytes + f.size - 37;
    encnet__tensor_file *st = NULL;
    float out[6];
    int64_t ints[2];

    (void)state;
    memcpy(data, wide, 16);
    memcpy(data + 16, half, 12);
    memcpy(data + 28, brain, 4);
    memcpy(data + 32, whole, 4);
    data[36] = 200;
    assert_ok(encnet__tensor_file_open_memory(&st, f.bytes, f.size, "types"));
    assert_ok(encnet__tensor_file_read_floats(st, encnet__tensor_file_find(st, "d"), out));
    assert_true(out[0] == 0.1f && out[1] == -INFINITY);
    assert_ok(encnet__tensor_file_read_floats(st, encnet__tensor_file_find(st, "h"), out));
    assert_true(out[0] == 1 && out[1] == -2 && out[2] == ldexpf(1, -24) && out[3] == 65504);
    assert_true(out[4] == INFINITY && out[5] == 0 && signbit(out[5]));
    assert_ok(encnet__tensor_file_read_floats(st, encnet__tensor_file_find(st, "b"), out));
    assert_true(out[0] == 1.5f && out[1] == -INFINITY);
    assert_ok(encnet__tensor_file_read_ints(st, encnet__tensor_file_find(st, "i"), ints));
    assert_true(ints[0] == -300 && ints[1] == 7);
    assert_ok(encnet__tensor_file_read_ints(st, encnet__tensor_file_find(st, "u"), ints));
    assert_true(ints[0] == 200);
    encnet__tensor_file_close(st);
}

#define ODD "odd \"name\"\n"

/* Writes a float tensor of an odd count between two counters. */
static encnet_status write_sample(const char *path, float first)
{
    encnet_status rc = ENCNET_OK;
    encnet__file_tensor tensors[] = {
        {.name = "one", .type = ENCNET__I64},
        {.name = ODD, .type = ENCNET__F32, .n_dims = 2, .dims = {3, 341}},
        {.name = "two", .type = ENCNET__I64}};
    encnet__pair pair = {"config", "[model]\nclasses = 3\n"};
    encnet__st_writer *w = NULL;
    float data[3 * 341] = {first, 1, 2};
    int64_t counters[3] = {11, 0, -5};
    int next;

    TRY(encnet__st_writer_new(&w, path, tensors, 3, &pair, 1));
    while ((next = encnet__st_writer_next(w)) >= 0) {
        if (next == 1)
            TRY(encnet__st_writer_put(w, data, sizeof data));
        else
            TRY(encnet__st_writer_put(w, &counters[next], sizeof *counters));
    }
    TRY(encnet__st_writer_commit(w));
done:
    encnet__st_writer_free(w);
    return rc;
}

/* First number of the float tensor in a file that write_sample wrote. */
static float first_of(const char *path)
{
    encnet__tensor_file *st = NULL;
    float data[3 * 341];

    assert_ok(encnet__tensor_file_open(&st, path));
    assert_ok(encnet__tensor_file_verify(st));
    assert_ok(encnet__tensor_file_read_floats(st, encnet__tensor_file_find(st, ODD), data));
    encnet__tensor_file_close(st);
    return data[0];
}

static void writes_what_it_reads(void **state)
{
    char path[96];
    encnet__tensor_file *st = NULL;
    int64_t counter;

    (void)state;
    snprintf(path, sizeof path, "%s/sample.safetensors", dir);
    assert_ok(write_sample(path, 0.5f));
    assert_int_equal(test_unfinished(path), 0);
    assert_true(first_of(path) == 0.5f);
    assert_ok(encnet__tensor_file_open(&st, path));
    assert_int_equal(st->tensors[0].offset % 64, 0);
    for (size_t i = 0; i < st->n_tensors; i++)
        assert_int_equal(st->tensors[i].offset % encnet__type_bytes(st->tensors[i].type), 0);
    assert_string_equal(encnet__tensor_file_metadata(st, "config"), "[model]\nclasses = 3\n");
    assert_ok(encnet__tensor_file_read_ints(st, encnet__tensor_file_find(st, "two"), &counter));
    assert_true(counter == -5);
    encnet__tensor_file_close(st);
}

static void finds_a_flipped_bit(void **state)
{
    char path[96];
    encnet__tensor_file *st = NULL;
    FILE *f;
    int c;

    (void)state;
    snprintf(path, sizeof path, "%s/flipped.safetensors", dir);
    assert_ok(write_sample(path, 0.5f));
    f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, -1000, SEEK_END), 0);
    c = fgetc(f);
    assert_int_equal(fseek(f, -1000, SEEK_END), 0);
    fputc(c ^ 4, f);
    fclose(f);
    assert_ok(encnet__tensor_file_open(&st, path));
    assert_fails(encnet__tensor_file_verify(st), ENCNET_E_CHECKPOINT, "damaged");
    encnet__tensor_file_close(st);
}

/* A full disk, played by a limit on file sizes: the file that was there stays as it was. */
static void full_disk_keeps_the_old_file(void **state)
{
    char path[96];
    struct rlimit before, small;
    encnet_status rc;

    (void)state;
    snprintf(path, sizeof path, "%s/kept.safetensors", dir);
    assert_ok(write_sample(path, 1.5f));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = write_sample(path, 2.5f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_fails(rc, ENCNET_E_IO, path);
    assert_int_equal(test_unfinished(path), 0);
    assert_true(first_of(path) == 1.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_good_file),
        cmocka_unit_test(refuses_wrong_headers),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(converts_numbers),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(finds_a_flipped_bit),
        cmocka_unit_test(full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
