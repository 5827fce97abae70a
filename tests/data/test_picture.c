/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_picture.c - pictures are read as OpenCV and Pillow read them, written, and refused if they are
 * damaged. */
#include "data_test.h"

static void reads_what_others_read(void **state)
{
    FILE *list = golden("pictures.txt");
    char name[64], rgb[16], indices[16], path[512], crc[16];
    encnet__picture p = {0};
    int h, w, stated_h, stated_w, files = 0;

    (void)state;
    assert_false(encnet__picture_size(&h, &w, GOLDEN "pictures.txt"));
    while (fscanf(list, "%63s %d %d %15s %15s", name, &h, &w, rgb, indices) == 5) {
        snprintf(path, sizeof path, "%s%s", GOLDEN, name);
        assert_ok(encnet__picture_read(&p, path, MAX_PIXELS, ENCNET__READ_UPRIGHT));
        assert_int_equal(p.h, h);
        assert_int_equal(p.w, w);
        assert_int_equal(p.channels, 3);
        assert_true(encnet__picture_size(&stated_h, &stated_w, path)); /* a photo may be turned */
        assert_int_equal(stated_h + stated_w, h + w);
        assert_int_equal(stated_h * stated_w, h * w);
        snprintf(crc, sizeof crc, "%08x", crc_of_picture(&p));
        if (strcmp(crc, rgb) != 0) fail_msg("%s: RGB %s, not %s", name, crc, rgb);
        if (strcmp(indices, "-") != 0) {
            assert_ok(encnet__picture_read(&p, path, MAX_PIXELS, ENCNET__READ_LABEL));
            assert_int_equal(p.channels, 1);
            snprintf(crc, sizeof crc, "%08x", crc_of_picture(&p));
            if (strcmp(crc, indices) != 0) fail_msg("%s: indices %s, not %s", name, crc, indices);
        }
        files++;
    }
    assert_int_equal(files, 48);
    fclose(list);
    encnet__picture_free(&p);
}

static void writes_what_it_reads(void **state)
{
    encnet__picture a = {0}, b = {0};
    encnet__text png = {0};
    uint8_t palette[768];

    (void)state;
    for (int i = 0; i < 768; i++) palette[i] = (uint8_t)(i * 7);
    for (int c = 1; c <= 3; c += 2) {
        noise(&a, 11, 17, c, 1);
        assert_ok(encnet__picture_encode(&png, &a, NULL));
        assert_ok(encnet__picture_decode(&b, png.data, png.size, "memory", MAX_PIXELS,
                                         c == 1 ? ENCNET__READ_LABEL : ENCNET__READ_STORED));
        assert_int_equal(b.channels, c);
        assert_int_equal(crc_of_picture(&a), crc_of_picture(&b));
        encnet__text_free(&png);
    }
    noise(&a, 11, 17, 1, 2);
    assert_ok(encnet__picture_encode(&png, &a, palette));
    assert_ok(
        encnet__picture_decode(&b, png.data, png.size, "memory", MAX_PIXELS, ENCNET__READ_LABEL));
    assert_int_equal(crc_of_picture(&a), crc_of_picture(&b));
    assert_ok(
        encnet__picture_decode(&b, png.data, png.size, "memory", MAX_PIXELS, ENCNET__READ_UPRIGHT));
    for (int i = 0; i < 11 * 17; i++)
        assert_memory_equal(b.pixels + 3 * i, palette + 3 * a.pixels[i], 3);
    assert_int_equal(encnet__picture_encode(&png, &b, palette),
                     ENCNET_E_ARG); /* RGB with a palette */
    encnet__text_free(&png);
    encnet__picture_free(&a);
    encnet__picture_free(&b);
}

static void memory_is_used_again(void **state)
{
    encnet__picture p = {0};
    uint8_t *pixels;

    (void)state;
    assert_ok(encnet__picture_new(&p, 10, 10, 3));
    pixels = p.pixels;
    assert_ok(encnet__picture_new(&p, 20, 15, 1));
    assert_ptr_equal(p.pixels, pixels);
    assert_ok(encnet__picture_new(&p, 20, 16, 1));
    assert_true(p.capacity >= 320);
    encnet__picture_free(&p);
    assert_null(p.pixels);
    assert_int_equal(encnet__picture_new(&p, 0, 4, 3), ENCNET_E_ARG);
}

/* Every beginning of a file is refused, and the sentence names it; but for a JPEG of one scan that lacks
 * its end mark or half of it, whose pixels are all there. */
static void truncated(void **state)
{
    static const char *const names[] = {"palette4_interlaced.png", "rgb8.png", "420.jpg",
                                        "420_progressive.jpg"};
    encnet__picture p = {0}, whole = {0};
    char *bytes, path[512];
    size_t size;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s%s", GOLDEN, names[i]);
        assert_ok(encnet__file_read(&bytes, &size, path, 1 << 20));
        assert_ok(
            encnet__picture_decode(&whole, bytes, size, "whole", MAX_PIXELS, ENCNET__READ_UPRIGHT));
        for (size_t n = 0; n < size; n++) {
            char *copy =
                malloc(n ? n : 1); /* of this size exactly: address sanitizer sees a read beyond */
            encnet_status rc;
            memcpy(copy, bytes, n);
            rc = encnet__picture_decode(&p, copy, n, "cut.file", MAX_PIXELS, ENCNET__READ_UPRIGHT);
            if (strcmp(names[i], "420.jpg") == 0 && n + 2 >= size) {
                assert_ok(rc);
                assert_memory_equal(p.pixels, whole.pixels, (size_t)(3 * p.h * p.w));
            } else {
                assert_fails(rc, ENCNET_E_DATA, "cut.file");
            }
            free(copy);
        }
        encnet__free(bytes);
    }
    encnet__picture_free(&p);
    encnet__picture_free(&whole);
}

/* A JPEG whose data ends early, but properly with an end marker. */
static void ends_early(void **state)
{
    encnet__picture p = {0};
    char *bytes;
    size_t size;

    (void)state;
    assert_ok(encnet__file_read(&bytes, &size, GOLDEN "444.jpg", 1 << 20));
    memcpy(bytes + size - 200, "\xff\xd9", 2);
    assert_fails(encnet__picture_decode(&p, bytes, size - 198, "early.jpg", MAX_PIXELS,
                                        ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA, "early.jpg: damaged JPEG (Corrupt JPEG data: premature end");
    encnet__free(bytes);
    encnet__picture_free(&p);
}

/* A changed byte never crashes; in a PNG it never passes unseen. */
static void flipped_bytes(void **state)
{
    encnet__picture p = {0};
    char *bytes;
    size_t size;

    (void)state;
    assert_ok(encnet__file_read(&bytes, &size, GOLDEN "rgb8_interlaced.png", 1 << 20));
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(
            encnet__picture_decode(&p, bytes, size, "f", MAX_PIXELS, ENCNET__READ_UPRIGHT),
            ENCNET_E_DATA);
        bytes[i] ^= 0x10;
    }
    encnet__free(bytes);
    assert_ok(encnet__file_read(&bytes, &size, GOLDEN "420_progressive.jpg", 1 << 20));
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        (void)!encnet__picture_decode(&p, bytes, size, "f", MAX_PIXELS, ENCNET__READ_UPRIGHT);
        bytes[i] ^= 0x10;
    }
    encnet__free(bytes);
    encnet__picture_free(&p);
}

static void not_pictures(void **state)
{
    encnet__picture p = {0};
    char dir[256];

    (void)state;
    folder_make(dir);
    put_text(dir, "empty.png", "");
    put_text(dir, "text.png", "hello, I am a text\n");
    assert_fails(encnet__picture_read(&p, in(dir, "none.png"), MAX_PIXELS, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA, "none.png: No such file");
    assert_fails(encnet__picture_read(&p, in(dir, "empty.png"), MAX_PIXELS, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA, "empty.png: the file is empty");
    assert_fails(encnet__picture_read(&p, in(dir, "text.png"), MAX_PIXELS, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA, "text.png: neither PNG nor JPEG");
    assert_fails(encnet__picture_read(&p, dir, MAX_PIXELS, ENCNET__READ_UPRIGHT), ENCNET_E_DATA,
                 "Is a directory");
    put_text(dir, "short.png", "\x89PNG\r\n\x1a\n");
    assert_fails(encnet__picture_read(&p, in(dir, "short.png"), MAX_PIXELS, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA, "short.png: truncated PNG, it ends after 8 bytes");
    folder_remove(dir);
    assert_null(p.pixels);
}

/* What is a picture, but of a format that is not read, is called by its name. */
static void foreign_formats(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *sentence;
    } files[] = {
        {"BM\x9a\0\0\0\0\0", 8, "x.png: a BMP picture, neither PNG nor JPEG"},
        {"II*\0\x08\0\0\0", 8, "a TIFF picture"},
        {"MM\0*\0\0\0\x08", 8, "a TIFF picture"},
        {"RIFF\x24\0\0\0WEBPVP8 ", 16, "a WebP picture"},
        {"GIF89a\1\0", 8, "a GIF picture"},
        {"\0\0\0\x1c"
         "ftypavif\0\0\0\0",
         16, "an AVIF picture"},
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0",
         16, "a HEIC picture"},
        {"P6\n2 2\n255\n", 11, "a PNM picture"},
        {"P6x is a text", 13, "x.png: neither PNG nor JPEG"},
        {"version https://git-lfs.github.com", 34,
         "neither PNG nor JPEG, but a pointer of Git LFS"},
        {"<!DOCTYPE html>", 15, "but a web page; the download went wrong"},
        {"\x93NUMPY\1\0", 8, "but a NumPy array; save it as PNG"},
        {"{\"shapes\": []}", 14, "but a JSON text, such as outlines"},
    };
    encnet__picture p = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        for (int reading = 0; reading <= ENCNET__READ_LABEL; reading++)
            assert_fails(encnet__picture_decode(&p, files[i].bytes, files[i].size, "x.png",
                                                MAX_PIXELS, (encnet__reading)reading),
                         ENCNET_E_DATA, files[i].sentence);
    assert_null(p.pixels);
}

/* Labels are not turned, and photos only where that is wanted. */
static void turned_on_request(void **state)
{
    encnet__picture p = {0};

    (void)state;
    assert_ok(encnet__picture_read(&p, GOLDEN "turned6.jpg", MAX_PIXELS, ENCNET__READ_STORED));
    assert_int_equal(p.h, 11);
    assert_int_equal(p.w, 17);
    assert_ok(encnet__picture_read(&p, GOLDEN "turned8.png", MAX_PIXELS, ENCNET__READ_STORED));
    assert_int_equal(p.h, 7);
    encnet__picture_free(&p);
}

/* The header alone decides: nothing is allocated for the pixels. */
static void huge(void **state)
{
    static const uint8_t png[] =
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0";
    static const uint8_t jpeg[] =
        "\xff\xd8\xff\xc0\0\x11\x08\x75\x30\x75\x30\x03\x01\x11\0\x02\x11\0\x03\x11\0"
        "\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\x3f\0";
    encnet__picture p = {0};
    uint8_t file[64];
    size_t size = sizeof png - 1;
    uint32_t crc = crc_of(png + 12, 17);
    char dir[256];

    (void)state;
    memcpy(file, png, size);
    for (int i = 0; i < 4; i++) file[size++] = (uint8_t)(crc >> (24 - 8 * i));
    memcpy(file + size, "\0\0\0\0IDAT\x35\xaf\x06\x1e",
           12); /* libpng reads on to the first data chunk */
    size += 12;
    assert_fails(encnet__picture_decode(&p, file, size, "big.png", 268435456, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA,
                 "big.png: 30000 x 30000 pixels, more than data.max_pixels=268435456");
    folder_make(dir);
    put_bytes(dir, "big.png", file, size);
    assert_fails(encnet__picture_read(&p, in(dir, "big.png"), 268435456, ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA,
                 "big.png: 30000 x 30000 pixels, more than data.max_pixels=268435456");
    folder_remove(dir);
    assert_fails(encnet__picture_decode(&p, jpeg, sizeof jpeg - 1, "big.jpg", 268435456,
                                        ENCNET__READ_UPRIGHT),
                 ENCNET_E_DATA,
                 "big.jpg: 30000 x 30000 pixels, more than data.max_pixels=268435456");
    assert_null(p.pixels);
}

static void labels_that_are_none(void **state)
{
    encnet__picture p = {0};

    (void)state;
    assert_fails(encnet__picture_read(&p, GOLDEN "rgb16.png", MAX_PIXELS, ENCNET__READ_LABEL),
                 ENCNET_E_DATA, "rgb16.png: a label in colours of 16 bits");
    assert_fails(encnet__picture_read(&p, GOLDEN "420.jpg", MAX_PIXELS, ENCNET__READ_LABEL),
                 ENCNET_E_DATA, "420.jpg: a JPEG, which changes");
    assert_fails(encnet__picture_read(&p, GOLDEN "grey16.png", MAX_PIXELS, ENCNET__READ_LABEL),
                 ENCNET_E_DATA, "at x=0, y=0 is no class index");
    encnet__picture_free(&p);
}

static void writing_fails_cleanly(void **state)
{
    encnet__picture p = {0};

    (void)state;
    noise(&p, 2, 2, 3, 1);
    assert_fails(encnet__picture_write("/nonexistent/a.png", &p, NULL), ENCNET_E_IO,
                 "/nonexistent/a.png");
    encnet__picture_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_others_read), cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(memory_is_used_again),   cmocka_unit_test(truncated),
        cmocka_unit_test(flipped_bytes),          cmocka_unit_test(ends_early),
        cmocka_unit_test(not_pictures),           cmocka_unit_test(foreign_formats),
        cmocka_unit_test(turned_on_request),      cmocka_unit_test(huge),
        cmocka_unit_test(labels_that_are_none),   cmocka_unit_test(writing_fails_cleanly),
    };

    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}
