/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fuzz_folder.c - a whole data set on disk: folders, pictures, labels, lists and links that the input describes,
 * one a line.
 *
 *   t NAME         data.type
 *   p PATH V       a PNG of 3x2 pixels of the value V
 *   f PATH TEXT    a file with this text; "//" in TEXT ends a line
 *   d PATH         a folder
 *   l PATH TARGET  a symbolic link
 *   o KEY TEXT     an option of [data] that is a path, a list of names, or a number
 *
 * It is checked, listed and read, or refused with a sentence.
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <encnet/data.h>
#include "data/dataset.h"
#include "options/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_LINES = 40 };

static char root[] = "/tmp/encnet-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    return at->level ? remove(path) : 0;
}

static void make_root(void)
{
    static bool made;

    if (!made && !mkdtemp(root)) abort();
    made = true;
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path that stays below the root, and the folders above it. */
static bool place(char *out, size_t size, const char *path)
{
    char *slash;

    if (!*path || strstr(path, "..") || strlen(path) > 100) return false;
    snprintf(out, size, "%s/%s", root, path);
    for (slash = out + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(out, 0700);
        *slash = '/';
    }
    return true;
}

static void make_picture(const char *path, int value)
{
    uint8_t pixels[6];
    encnet__picture p = {.h = 2, .w = 3, .channels = 1, .pixels = pixels};
    encnet__text png = {0};
    FILE *f;

    memset(pixels, value, sizeof pixels);
    if (encnet__picture_encode(&png, &p, NULL) == ENCNET_OK && (f = fopen(path, "wb"))) {
        fwrite(png.data, 1, png.size, f); /* without the fsync of encnet__picture_write() */
        fclose(f);
    }
    encnet__text_free(&png);
}

static void make_file(const char *path, char *text)
{
    FILE *f = fopen(path, "wb");

    for (char *c = text; *c; c++)
        if (*c == '/' && c[1] == '/') c[0] = c[1] = '\n';
    if (f) fwrite(text, 1, strlen(text), f);
    if (f) fclose(f);
}

static void set(encnet_options *o, const char *key, const char *text)
{
    for (size_t i = 0; i < encnet__option_fields.count; i++) {
        const encnet__option *row = &encnet__option_fields.rows[i];
        if (strcmp(row->section, "data") == 0 && strcmp(row->key, key) == 0)
            (void)!encnet__option_set(o, row, text);
    }
}

/* Does what a line says; the strings stay until the input has been tried. */
static void obey(encnet_options *o, char *line)
{
    char path[256], *first = line + 2, *second = strlen(line) > 2 ? strchr(first, ' ') : NULL;

    if (line[0] == '\0' || line[1] != ' ') return;
    if (second) *second++ = '\0';
    if (line[0] == 't') {
        o->data.type = first;
        return;
    }
    if (!place(path, sizeof path, first)) return;
    if (line[0] == 'p') make_picture(path, second ? atoi(second) : 0);
    if (line[0] == 'd') mkdir(path, 0700);
    if (line[0] == 'f') make_file(path, second ? second : first);
    if (line[0] == 'l' && second && *second && *second != '/' && !strstr(second, ".."))
        (void)!symlink(second, path);
}

static void read_all(const encnet__dataset *d, int classes)
{
    encnet__picture image = {0}, label = {0};
    int sample, h, w;

    if (encnet__dataset_largest(&sample, &h, &w, d) == ENCNET_OK && (sample < 0 || h < 0)) abort();
    for (int i = 0; i < encnet__dataset_size(d) && i < 8; i++) {
        if (!*encnet__dataset_name(d, i)) abort();
        if (encnet__dataset_read(d, i, &image, &label) != ENCNET_OK ||
            encnet__dataset_labels_images(d))
            continue;
        if (label.h != image.h || label.w != image.w || label.channels != 1) abort();
        for (int p = 0; p < label.h * label.w; p++)
            if (label.pixels[p] >= classes && label.pixels[p] != ENCNET_IGNORE) abort();
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest;
    encnet_data_summary summary;
    encnet_options o;
    int lines = 0;

    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    make_root();
    encnet_options_default(&o);
    o.data.type = "folder";
    o.data.root = root;
    o.model.classes = 3;
    for (char *line = strtok_r(text, "\n", &rest); line && lines++ < MOST_LINES;
         line = strtok_r(NULL, "\n", &rest)) {
        char *value = line[0] == 'o' && line[1] == ' ' ? strchr(line + 2, ' ') : NULL;
        if (value) {
            *value++ = '\0';
            if (strcmp(line + 2, "root") != 0 && !strstr(value, "..") && *value != '/')
                set(&o, line + 2, value);
        } else {
            obey(&o, line);
        }
    }
    (void)!encnet_data_check(&o, &summary, NULL, NULL, NULL);
    encnet_data_summary_free(&summary);
    for (int split = 0; split < 2; split++) {
        encnet__dataset *d = NULL;
        if (encnet__dataset_open(&d, &o, (encnet__split)split) == ENCNET_OK)
            read_all(d, o.model.classes);
        encnet__dataset_close(d);
    }
    free(text);
    return 0;
}
