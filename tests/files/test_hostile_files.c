/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_hostile_files.c - malformed checkpoints: tensors beyond their storages, zip archives with a
 * wrong directory, impossible sizes.  Each is refused with a message before memory of the claimed
 * size is allocated. */
#include "support/support.h"

#include "files/tensor_file.h"

/* Files are put together here. */
typedef struct image {
    uint8_t bytes[16384];
    size_t size;
} image;

static void put(image *f, const void *bytes, size_t size)
{
    assert_true(f->size + size <= sizeof f->bytes);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

/* A little-endian number. */
static void put_number(image *f, uint64_t number, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < 8; i++) bytes[i] = (uint8_t)(number >> (8 * i));
    put(f, bytes, size);
}

static void refuse(const image *f, const char *word)
{
    encnet__tensor_file *out = NULL;

    assert_fails(encnet__tensor_file_open_memory(&out, f->bytes, f->size, "a.pth"),
                 ENCNET_E_CHECKPOINT, word);
    assert_non_null(strstr(encnet_last_error(), "a.pth"));
    assert_null(out);
}

static void accept(const image *f)
{
    encnet__tensor_file *out = NULL;

    assert_ok(encnet__tensor_file_open_memory(&out, f->bytes, f->size, "a.pth"));
    encnet__tensor_file_close(out);
}

/* -- tensors that lie, in PyTorch's legacy format ---------------------------------------------- */

#define STORAGE(type, key, count)                                                                  \
    "(S'storage'\nctorch\n" type "\nS'" key "'\nS'cpu'\nI" count "\nNtQ"
#define TENSOR(storage, offset, size, stride)                                                      \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage "I" offset "\n(" size "t(" stride "tI00\n}tR"
#define FOUR STORAGE("FloatStorage", "0", "4")
#define GOOD TENSOR(FOUR, "0", "I4\n", "I1\n")
#define W(tensor) "}S'w'\n" tensor "s"
#define KEYS "]S'0'\na"

/* A legacy file: the object, the keys, one storage of `count` floats; no storage without keys. */
static image legacy(const char *object, const char *keys, uint64_t count, size_t data_bytes)
{
    static const char magic[] = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
                                "\x80\x02}(U\x0dlittle_endian\x88u.";
    image f = {.size = 0};

    put(&f, magic, sizeof magic - 1);
    put(&f, object, strlen(object));
    put(&f, ".", 1);
    put(&f, keys ? keys : "]", keys ? strlen(keys) : 1);
    put(&f, ".", 1);
    if (!keys) return f;
    put_number(&f, count, 8);
    put(&f, (uint8_t[64]){0}, data_bytes);
    return f;
}

static const struct {
    const char *object, *word;
} lies[] = {
    {W(TENSOR(FOUR, "1", "I4\n", "I1\n")), "no view of its storage 0 of 4 elements"},
    {W(TENSOR(FOUR, "-1", "I4\n", "I1\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I5\n", "I1\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I-4\n", "I1\n")), "no view"},
    {W(TENSOR(FOUR, "3", "I4\n", "I-1\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I2\n", "I4\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I2\nI2\n", "I1\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\n",
              "I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\n")),
     "no view"},
    {W(TENSOR(FOUR, "0", "I4611686018427387904\nI4\n", "I0\nI0\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I3\n", "I9223372036854775807\n")), "no view"},
    {W(TENSOR(FOUR, "9223372036854775807", "I3\n", "I4611686018427387904\n")), "no view"},
    {W(TENSOR(FOUR, "0", "S'4'\n", "I1\n")), "no view"},
    {W(TENSOR(FOUR, "0", "I1099511627776\n", "I0\n")),
     "would take 4398046511104 bytes, more than 16 times the file's"},
    {"}(S'w'\n" GOOD "S'v'\n" TENSOR("N", "0", "I4\n", "I1\n") "u", "it has no storage"},
    {"}(S'w'\n" GOOD "S'v'\n" TENSOR("(S'module'\nNtQ", "0", "I4\n", "I1\n") "u",
     "it has no storage"},
    {W(TENSOR(STORAGE("FloatStorage", "0", "-4"), "0", "I4\n", "I1\n")), "storage 0 is listed"},
    {W(TENSOR(STORAGE("FloatStorage", "0", "5"), "0", "I4\n", "I1\n")),
     "storage 0 has 4 elements, not the 5"},
    {W(TENSOR(STORAGE("ComplexFloatStorage", "0", "4"), "0", "I4\n", "I1\n")),
     "storage 0 is listed and of no type that is known"},
    {"}(S'w'\n" GOOD "S'v'\n" TENSOR(STORAGE("HalfStorage", "0", "4"), "0", "I4\n", "I1\n") "u",
     "storage 0 is given as 4 of one type and 4 of another"},
    {"}(S'w'\n" GOOD "S'v'\n" TENSOR(STORAGE("FloatStorage", "1", "4"), "0", "I4\n", "I1\n") "u",
     "the storage 1 of v is not in the file"},
    {"}(S'w'\n" GOOD "S'w'\n" GOOD "u", "two tensors are named w"},
    {"}U\3a\nb" TENSOR(FOUR, "1", "I4\n", "I1\n") "s", "a?b is no view"},
    {"}U\5\x1b[2Ja" TENSOR(FOUR, "1", "I4\n", "I1\n") "s", "?[2Ja is no view"},
    {"}I1\n" GOOD "s", "the name of tensor 0 is no text"},
    {"}S'\xff'\n" GOOD "s", "the name of tensor 0 is no text"},
    {"}S'state_dict'\n]s", "no tensors, neither under state_dict or model nor beside state_dict"},
    {"]" GOOD "a", "what it holds is no dictionary of tensors"},
    {"}", "no tensors"},
    {W("N"), "no tensors, neither under state_dict or model nor beside w"},
    {GOOD, "a whole object of torch._utils._rebuild_tensor_v2"},
};

static void refuses_tensors_that_lie(void **state)
{
    image f = legacy(W(GOOD), KEYS, 4, 16);

    (void)state;
    accept(&f);
    f = legacy("}(S'w'\n" GOOD "S'parameter'\nctorch._utils\n_rebuild_parameter\n(" GOOD
               "I01\n}tRu",
               KEYS, 4, 16);
    accept(&f);
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        bool alone = !strstr(lies[i].object, "storage");
        f = legacy(lies[i].object, alone ? NULL : KEYS, 4, 16);
        refuse(&f, lies[i].word);
    }
}

static void refuses_storages_that_lie(void **state)
{
    static const char huge[] =
        W(TENSOR(STORAGE("FloatStorage", "0", "2305843009213693952"), "0", "I4\n", "I1\n"));
    image f = legacy(W(GOOD), "]", 4, 16);

    (void)state;
    refuse(&f, "24 bytes follow the last storage");
    f = legacy(W(GOOD), "N", 4, 16);
    refuse(&f, "no list of at most 100000 storages");
    f = legacy(W(GOOD), "](S'0'\nS'0'\ne", 4, 16);
    refuse(&f, "storage 0 is listed twice");
    f = legacy(W(GOOD), "](S'0'\nS'9'\ne", 4, 16);
    refuse(&f, "storage 9 is listed and of no type that is known");
    f = legacy(W(GOOD), "]Na", 4, 16);
    refuse(&f, "storage (no text) is listed");
    f = legacy(W(GOOD), KEYS, 4, 15);
    refuse(&f, "truncated: storage 0 of 4 elements of F32");
    f = legacy(W(GOOD), KEYS, 4, 17);
    refuse(&f, "1 bytes follow the last storage");
    f = legacy(huge, KEYS, 2305843009213693952u, 16);
    refuse(&f, "truncated: storage 0 of 2305843009213693952 elements");
}

/* A storage that is part of another one, as old files have them. */
static void reads_a_view_of_a_storage(void **state)
{
    static const char object[] =
        W(TENSOR("(S'storage'\nctorch.cuda\nFloatStorage\nS'0'\nS'cuda:0'\nI4\n"
                 "(S'1'\nI2\nI2\nttQ",
                 "1", "I1\n", "I1\n"));
    image f = legacy(object, KEYS, 4, 0);
    encnet__tensor_file *out = NULL;
    float number = 0;

    (void)state;
    put(&f, (float[4]){5, 6, 7, 8}, 16);
    assert_ok(encnet__tensor_file_open_memory(&out, f.bytes, f.size, "a.pth"));
    assert_ok(encnet__tensor_file_read_floats(out, encnet__tensor_file_find(out, "w"), &number));
    assert_true(number == 8);
    encnet__tensor_file_close(out);
}

/* A few numbers far from each other in a large storage. */
static void reads_what_lies_far_apart(void **state)
{
    static const char object[] =
        W(TENSOR(STORAGE("FloatStorage", "0", "2100"), "7", "I2\nI3\n", "I2000\nI4\n"));
    static const float expected[6] = {7, 11, 15, 2007, 2011, 2015};
    image f = legacy(object, KEYS, 2100, 0);
    encnet__tensor_file *out = NULL;
    float storage[2100], numbers[6];

    (void)state;
    for (int i = 0; i < 2100; i++) storage[i] = (float)i;
    put(&f, storage, sizeof storage);
    assert_ok(encnet__tensor_file_open_memory(&out, f.bytes, f.size, "a.pth"));
    assert_ok(encnet__tensor_file_read_floats(out, encnet__tensor_file_find(out, "w"), numbers));
    assert_memory_equal(numbers, expected, sizeof expected);
    encnet__tensor_file_close(out);
}

static void bounds_the_number_of_tensors(void **state)
{
    encnet__text t = {0};
    encnet__tensor_file *out = NULL;
    image head = legacy("", "", 0, 0);

    (void)state;
    encnet__text_bytes(&t, head.bytes, head.size - 10); /* up to the object */
    encnet__text_add(&t, "}(S'w'\n" GOOD "p1\n");
    for (int i = 0; i < 100001; i++) encnet__text_add(&t, "S'%d'\ng1\n", i);
    encnet__text_add(&t, "u." KEYS ".");
    encnet__text_bytes(&t, "\4\0\0\0\0\0\0\0", 8);
    encnet__text_bytes(&t, (char[16]){0}, 16);
    assert_fails(encnet__tensor_file_open_memory(&out, t.data, t.size, "a.pth"),
                 ENCNET_E_CHECKPOINT, "more than 100000 tensors");
    encnet__text_free(&t);
}

/* -- zip archives that lie --------------------------------------------------------------------- */

enum { N_ENTRIES = 3, EXTRA_BYTES = 34 };

/* Where the parts of an archive begin. */
typedef struct archive {
    image f;
    size_t local[N_ENTRIES], central[N_ENTRIES], end;
} archive;

/* A field of another kind, then that of 64-bit numbers. */
static void put_extra(image *f, uint64_t bytes, uint64_t header_at)
{
    put(f, "FB\2\0ZZ\1\0\x18\0", 10);
    put_number(f, bytes, 8);
    put_number(f, bytes, 8);
    put_number(f, header_at, 8);
}

/* The third entry is whatever is asked for; `wide` entries have their sizes and places in an extra
 * field of 64-bit numbers, as beyond 4 GiB. */
static archive make_archive_with(const char *third, const char *text, bool wide)
{
    static const char pickle[] = W(GOOD) ".";
    static const float numbers[4] = {1, 2, 3, 4};
    const char *names[N_ENTRIES] = {"a/data.pkl", "a/data/0", third};
    const void *data[N_ENTRIES] = {pickle, numbers, text};
    const size_t sizes[N_ENTRIES] = {sizeof pickle - 1, 16, strlen(text)};
    archive a = {.end = 0};

    for (int i = 0; i < N_ENTRIES; i++) {
        a.local[i] = a.f.size;
        put(&a.f, "PK\3\4\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 26);
        put_number(&a.f, strlen(names[i]), 2);
        put_number(&a.f, 0, 2);
        put(&a.f, names[i], strlen(names[i]));
        put(&a.f, data[i], sizes[i]);
    }
    for (int i = 0; i < N_ENTRIES; i++) {
        a.central[i] = a.f.size;
        put(&a.f, "PK\1\2\0\0\0\0\x08\x08\0\0\0\0\0\0", 16);
        put_number(&a.f, encnet__crc(ENCNET__CRC32, 0, data[i], sizes[i]), 4);
        put_number(&a.f, wide ? UINT32_MAX : sizes[i], 4);
        put_number(&a.f, wide ? UINT32_MAX : sizes[i], 4);
        put_number(&a.f, strlen(names[i]), 2);
        put_number(&a.f, wide ? EXTRA_BYTES : 0, 2);
        put_number(&a.f, 0, 6);
        put_number(&a.f, 0, 4);
        put_number(&a.f, wide ? UINT32_MAX : a.local[i], 4);
        put(&a.f, names[i], strlen(names[i]));
        if (wide) put_extra(&a.f, sizes[i], a.local[i]);
    }
    a.end = a.f.size;
    put(&a.f, "PK\5\6\0\0\0\0", 8);
    put_number(&a.f, N_ENTRIES, 2);
    put_number(&a.f, N_ENTRIES, 2);
    put_number(&a.f, a.end - a.central[0], 4);
    put_number(&a.f, a.central[0], 4);
    put_number(&a.f, 0, 2);
    return a;
}

static archive make_archive(void)
{
    return make_archive_with("a/data/1", "sixteen bytes...", false);
}

typedef enum part { LOCAL, CENTRAL, END } part;

/* A number at an offset of a part of entry 1 (of the archive, for END) that is not the truth. */
typedef struct lie {
    part part;
    size_t offset, size;
    uint64_t number;
} lie;

static void tell(archive *a, int entry, const lie *l)
{
    size_t begin = l->part == LOCAL     ? a->local[entry]
                   : l->part == CENTRAL ? a->central[entry]
                                        : a->end;

    for (size_t i = 0; i < l->size; i++)
        a->f.bytes[begin + l->offset + i] = (uint8_t)(l->number >> (8 * i));
}

static const struct {
    lie lies[2];
    const char *word;
} archives[] = {
    {{{CENTRAL, 24, 4, 1000000}}, "has 1000000 bytes and is stored in 16"},
    {{{CENTRAL, 24, 4, 1000000}, {CENTRAL, 20, 4, 1000000}}, "is said to have 1000000 bytes at"},
    {{{CENTRAL, 24, 4, 20}, {CENTRAL, 20, 4, 20}}, "entries a/data/0 and a/data/1 overlap"},
    {{{CENTRAL, 24, 4, 12}, {CENTRAL, 20, 4, 12}}, "storage 0 has 12 bytes, its 4 elements"},
    {{{CENTRAL, 24, 4, 0xffffffff}}, "lacks its sizes"},
    {{{CENTRAL, 42, 4, 0xffffffff}}, "lacks its sizes"},
    {{{CENTRAL, 30, 2, 7}}, "lacks its sizes"},
    {{{CENTRAL, 10, 2, 8}}, "is compressed (method 8)"},
    {{{CENTRAL, 8, 2, 1}}, "is encrypted"},
    {{{CENTRAL, 42, 4, 7}}, "is not at byte 7"},
    {{{CENTRAL, 42, 4, 0}}, "is not at byte 0"},
    {{{CENTRAL, 42, 4, 0x7fffffff}}, "is said to be at byte 2147483647"},
    {{{CENTRAL, 28, 2, 5000}}, "directory is damaged"},
    {{{CENTRAL, 28, 2, 60}}, "holds a zero"},
    {{{CENTRAL, 32, 2, 1}}, "directory is damaged"},
    {{{CENTRAL, 0, 4, 0}}, "directory is damaged"},
    {{{CENTRAL, 46 + 7, 1, 0}}, "holds a zero"},
    {{{CENTRAL, 46 + 7, 1, '1'}}, "is not at byte"},
    {{{CENTRAL, 46 + 7, 1, '1'}, {LOCAL, 30 + 7, 1, '1'}}, "two entries are named a/data/1"},
    {{{LOCAL, 0, 4, 0}}, "is not at byte"},
    {{{LOCAL, 8, 2, 8}}, "is not at byte"},
    {{{LOCAL, 26, 2, 9}}, "is not at byte"},
    {{{LOCAL, 28, 2, 60000}}, "is said to have 16 bytes at"},
    {{{END, 0, 4, 0}}, "a zip archive without its end"},
    {{{END, 20, 2, 1}}, "a zip archive without its end"},
    {{{END, 4, 2, 1}}, "on several"},
    {{{END, 10, 2, 2}}, "its 2 entries take"},
    {{{END, 10, 2, 4}}, "directory of 4 entries"},
    {{{END, 10, 2, 60000}}, "directory of 60000 entries"},
    {{{END, 12, 4, 1}}, "is said to have 1 bytes"},
    {{{END, 12, 4, 0xffffffff}}, "is said to have 4294967295 bytes"},
    {{{END, 16, 4, 0xffffffff}}, "at 4294967295"},
    {{{END, 16, 4, 0}}, "bytes at 0"},
};

static void refuses_archives_that_lie(void **state)
{
    archive a = make_archive();

    (void)state;
    accept(&a.f);
    for (size_t i = 0; i < COUNT_OF(archives); i++) {
        a = make_archive();
        tell(&a, 1, &archives[i].lies[0]);
        if (archives[i].lies[1].size) tell(&a, 1, &archives[i].lies[1]);
        refuse(&a.f, archives[i].word);
    }
    a = make_archive();
    tell(&a, 0, &(lie){CENTRAL, 16, 4, 1});
    refuse(&a.f, "damaged: the");
    a = make_archive();
    a.f.bytes[a.local[0]] = 'X'; /* no longer begins as an archive does */
    refuse(&a.f, "no checkpoint");
    a = make_archive();
    a.f.bytes[a.local[0] + 34] = a.f.bytes[a.central[0] + 50] = 'D';
    refuse(&a.f, "without data.pkl");
}

static void reads_64_bit_entries(void **state)
{
    enum { EXTRA = 46 + 8 }; /* behind the name of entry 1 */
    archive a = make_archive_with("a/data/1", "", true);

    (void)state;
    accept(&a.f);
    tell(&a, 1, &(lie){CENTRAL, EXTRA + 8, 2, 23}); /* too short for three */
    refuse(&a.f, "lacks its sizes");
    a = make_archive_with("a/data/1", "", true);
    tell(&a, 1, &(lie){CENTRAL, EXTRA + 8, 2, 25}); /* beyond all fields */
    refuse(&a.f, "lacks its sizes");
    a = make_archive_with("a/data/1", "", true);
    tell(&a, 1, &(lie){CENTRAL, EXTRA + 10, 8, UINT64_MAX});
    tell(&a, 1, &(lie){CENTRAL, EXTRA + 18, 8, UINT64_MAX});
    refuse(&a.f, "is said to have 18446744073709551615 bytes");
    a = make_archive_with("a/data/1", "", true);
    tell(&a, 1, &(lie){CENTRAL, EXTRA + 26, 8, UINT64_MAX});
    refuse(&a.f, "is said to be at byte 18446744073709551615");
}

static void refuses_what_pytorch_writes_else(void **state)
{
    enum { VERSION = 18, IS_LITTLE = 40 }; /* bytes of a legacy file */
    archive a = make_archive_with("a/byteorder", "little", false);
    image f = legacy(W(GOOD), KEYS, 4, 16);

    (void)state;
    accept(&a.f);
    a = make_archive_with("a/byteorder", "big", false);
    refuse(&a.f, "written on a machine of another byte order");
    a = make_archive_with("a/constants.pkl", "N.", false);
    refuse(&a.f, "a TorchScript program");
    assert_int_equal(f.bytes[IS_LITTLE], 0x88);
    f.bytes[IS_LITTLE] = 0x89; /* False */
    refuse(&f, "written on a machine of another byte order");
    f.bytes[VERSION]++;
    refuse(&f, "version 1002 of PyTorch's legacy format, 1001 is read");
}

/* -- what is taken for a checkpoint ------------------------------------------------------------ */

static void says_what_to_do_instead(void **state)
{
    image f = {.size = 600};

    (void)state;
    refuse(&f, "its 600 bytes begin like none of safetensors, PyTorch zip, PyTorch legacy, Paddle");
    memcpy(f.bytes + 257, "ustar", 5);
    refuse(&f, "load it with torch.load()");
    f.size = 259;
    refuse(&f, "begin like none of");
    f = (image){.bytes = "\x1f\x8b", .size = 2};
    refuse(&f, "gzip");
    f = (image){.bytes = "<!DOCTYPE html>", .size = 15};
    refuse(&f, "a web page");
    f = (image){.bytes = "version https://git-lfs.github.com/spec/v1", .size = 42};
    refuse(&f, "git lfs pull");
    f.size = 0;
    refuse(&f, "its 0 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_tensors_that_lie),
        cmocka_unit_test(refuses_storages_that_lie),
        cmocka_unit_test(reads_a_view_of_a_storage),
        cmocka_unit_test(reads_what_lies_far_apart),
        cmocka_unit_test(bounds_the_number_of_tensors),
        cmocka_unit_test(refuses_archives_that_lie),
        cmocka_unit_test(reads_64_bit_entries),
        cmocka_unit_test(refuses_what_pytorch_writes_else),
        cmocka_unit_test(says_what_to_do_instead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
