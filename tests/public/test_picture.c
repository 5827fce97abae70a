/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_picture.c - pictures through the public functions: what is written reads back, and every refusal
 * names the file. */
#include <encnet/picture.h>
#include "support/scratch.h"

#include <string.h>

enum { H = 5, W = 7 };

static uint8_t rgb[H * W * 3], ids[H * W], palette[768];

static const char *in_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void assert_pixels(const char *path, const uint8_t *want)
{
    uint8_t *got = NULL;
    int h = 0, w = 0;

    assert_ok(encnet_picture_read(&got, &h, &w, path, NULL));
    assert_int_equal(h, H);
    assert_int_equal(w, W);
    assert_memory_equal(got, want, sizeof rgb);
    encnet_free(got);
}

static void what_is_written_reads_back(void **state)
{
    uint8_t coloured[sizeof rgb], grey[sizeof rgb];

    (void)state;
    for (size_t p = 0; p < H * W; p++) {
        memcpy(coloured + 3 * p, palette + 3 * (size_t)ids[p], 3);
        memset(grey + 3 * p, ids[p], 3);
    }
    assert_ok(encnet_picture_write(in_dir("rgb.png"), rgb, H, W, 3, NULL));
    assert_pixels(in_dir("rgb.png"), rgb);
    assert_ok(encnet_picture_write(in_dir("grey.png"), ids, H, W, 1, NULL));
    assert_pixels(in_dir("grey.png"), grey);
    assert_ok(encnet_picture_write(in_dir("palette.png"), ids, H, W, 1, palette));
    assert_pixels(in_dir("palette.png"), coloured);
}

static void in_memory_as_in_a_file(void **state)
{
    void *png = NULL;
    char *file = NULL;
    uint8_t *got = NULL;
    size_t size = 0, file_size;
    int h, w;

    (void)state;
    assert_ok(encnet_picture_encode(&png, &size, ids, H, W, 1, palette));
    assert_ok(encnet_picture_write(in_dir("same.png"), ids, H, W, 1, palette));
    assert_ok(encnet__file_read(&file, &file_size, in_dir("same.png"), 1 << 20));
    assert_int_equal(size, file_size);
    assert_memory_equal(png, file, size);
    encnet__free(file);
    assert_ok(encnet_picture_decode(&got, &h, &w, png, size, NULL, NULL));
    assert_true(h == H && w == W);
    encnet_free(got);
    got = NULL;
    for (size_t cut = 0; cut < size - 12; cut += 7) { /* the last chunk says nothing */
        assert_int_equal(encnet_picture_decode(&got, &h, &w, png, cut, "camera 1", NULL),
                         ENCNET_E_DATA);
        assert_non_null(strstr(encnet_last_error(), "camera 1"));
        assert_null(got);
    }
    encnet_free(png);
}

static void options_say_how(void **state)
{
    encnet_options o;
    uint8_t *got = NULL;
    int h, w, stored_h, stored_w;

    (void)state;
    encnet_options_default(&o);
    o.data.max_pixels = H * W - 1;
    assert_ok(encnet_picture_write(in_dir("large.png"), rgb, H, W, 3, NULL));
    assert_int_equal(encnet_picture_read(&got, &h, &w, in_dir("large.png"), &o), ENCNET_E_DATA);
    assert_non_null(strstr(encnet_last_error(), "large.png"));
    /* a photo that lies on its side */
    assert_ok(encnet_picture_read(&got, &h, &w, TEST_DIR "/golden/data/turned6.jpg", NULL));
    encnet_free(got);
    o.data.max_pixels = 1 << 20;
    o.data.exif_orientation = false;
    assert_ok(
        encnet_picture_read(&got, &stored_h, &stored_w, TEST_DIR "/golden/data/turned6.jpg", &o));
    assert_true(stored_h == w && stored_w == h && h != w);
    encnet_free(got);
}

static void refusals_name_the_file(void **state)
{
    uint8_t *got = NULL;
    int h, w;

    (void)state;
    assert_int_equal(encnet_picture_read(&got, &h, &w, "no-such.png", NULL), ENCNET_E_DATA);
    assert_non_null(strstr(encnet_last_error(), "no-such.png"));
    assert_int_equal(encnet_picture_read(&got, &h, &w, __FILE__, NULL), ENCNET_E_DATA);
    assert_non_null(strstr(encnet_last_error(), "test_picture.c"));
    assert_int_equal(encnet_picture_write("no-such-folder/x.png", ids, H, W, 1, NULL), ENCNET_E_IO);
    assert_non_null(strstr(encnet_last_error(), "no-such-folder"));
    assert_null(got);
}

static int set_up(void **state)
{
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(37 * i + 11);
    for (size_t i = 0; i < sizeof ids; i++) ids[i] = (uint8_t)(53 * i);
    for (size_t i = 0; i < sizeof palette; i++) palette[i] = (uint8_t)(i * i + 3);
    return make_dir(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(in_memory_as_in_a_file),
        cmocka_unit_test(options_say_how),
        cmocka_unit_test(refusals_name_the_file),
    };

    return cmocka_run_group_tests_name("public/picture", tests, set_up, remove_dir);
}
