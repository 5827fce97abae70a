/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* data_test.h - what the tests of this room share: test patterns, golden lists, folders of files.
 */
#ifndef DATA_TEST_H
#define DATA_TEST_H

#include "support/support.h"
#include "data/dataset.h"
#include "data/resize.h"

#define GOLDEN TEST_DIR "/golden/data/"
#define MAX_PIXELS (1 << 24)

static inline uint32_t crc_of(const void *data, size_t size)
{
    return encnet__crc(ENCNET__CRC32, 0, data, size);
}

static inline uint32_t crc_of_picture(const encnet__picture *p)
{
    return crc_of(p->pixels, (size_t)p->h * (size_t)p->w * (size_t)p->channels);
}

/* noise() of golden/data/make.py */
static inline void noise(encnet__picture *out, int h, int w, int c, uint32_t seed)
{
    assert_ok(encnet__picture_new(out, h, w, c));
    for (size_t i = 0; i < (size_t)h * (size_t)w * (size_t)c; i++) {
        seed = seed * 1664525u + 1013904223u;
        out->pixels[i] = (uint8_t)(seed >> 24);
    }
}

static inline FILE *golden(const char *name)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s%s", GOLDEN, name);
    f = fopen(path, "r");
    if (!f) fail_msg("%s is missing", path);
    return f;
}

/* -- folders of files -- */

/* A new folder; the test program leaves it behind only when it fails. */
static inline void folder_make(char path[256])
{
    snprintf(path, 256, "%s/encnet-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(path)) fail_msg("no folder %s", path);
}

static inline void folder_remove(const char *path)
{
    char command[320];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

/* "root/name"; the caller's four latest are good. */
static inline const char *in(const char *root, const char *name)
{
    static char paths[4][512];
    static int next;

    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", root, name);
    return paths[next];
}

static inline void parents(const char *path)
{
    char dir[512];

    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = '\0';
    assert_ok(encnet__make_dirs(dir));
}

static inline void put_bytes(const char *root, const char *name, const void *bytes, size_t size)
{
    const char *path = in(root, name);

    parents(path);
    assert_ok(encnet__file_write(path, bytes, size));
}

static inline void put_text(const char *root, const char *name, const char *text)
{
    put_bytes(root, name, text, strlen(text));
}

/* An h x w PNG of c channels, every value `v`. */
static inline void put_plain(const char *root, const char *name, int h, int w, int c, int v)
{
    const char *path = in(root, name);
    encnet__picture p = {0};

    parents(path);
    assert_ok(encnet__picture_new(&p, h, w, c));
    memset(p.pixels, v, (size_t)h * (size_t)w * (size_t)c);
    assert_ok(encnet__picture_write(path, &p, NULL));
    encnet__picture_free(&p);
}

/* A 4 x 4 label. */
static inline void put_values(const char *root, const char *name, const int *values)
{
    const char *path = in(root, name);
    encnet__picture p = {0};

    parents(path);
    assert_ok(encnet__picture_new(&p, 4, 4, 1));
    for (int i = 0; i < 16; i++) p.pixels[i] = (uint8_t)values[i];
    assert_ok(encnet__picture_write(path, &p, NULL));
    encnet__picture_free(&p);
}

#endif
