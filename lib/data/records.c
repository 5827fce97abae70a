/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* records.c - pictures in files of records.  Only the labels are read when a data set is opened. */
#define _POSIX_C_SOURCE 200809L
#include "data/records.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 32, PIXELS = SIDE * SIDE, BYTES = 3 * PIXELS };

static long record_bytes(const encnet__records *r)
{
    return r->label_bytes + BYTES;
}

/* Reads the class of the record that comes next. */
static encnet_status next_class(int *label, FILE *f, const char *path, const encnet__records *r)
{
    encnet_status rc = ENCNET_OK;

    errno = 0;
    for (int i = 0; i < r->label_bytes; i++) {
        int byte = fgetc(f);
        if (byte == EOF)
            FAIL(ENCNET_E_DATA, "%s: %s", path,
                 ferror(f) ? strerror(errno) : "it shrank while it was read");
        if (i == r->label_at) *label = byte;
    }
    if (fseek(f, BYTES, SEEK_CUR) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
done:
    return rc;
}

static encnet_status add_records(encnet__dataset *d, encnet__problems *problems, FILE *f,
                                 long count, const char *path, const encnet__records *r)
{
    encnet_status rc = ENCNET_OK;
    const char *base = encnet__base_name(path);
    int stem = (int)strcspn(base, ".");

    for (long i = 0; i < count; i++) {
        encnet__text name = {0};
        int label = 0;
        TRY(next_class(&label, f, path, r));
        if (label >= d->classes) {
            encnet__problem(problems, "%s: record %ld has the label %d, and there are %d classes",
                            path, i, label, d->classes);
            continue;
        }
        encnet__text_add(&name, "%.*s/%05ld", stem, base, i);
        TRY(encnet__dataset_add(d, (encnet__sample){.name = name.failed ? NULL : name.data,
                                                    .image = encnet__strdup(path),
                                                    .class_index = label,
                                                    .record = (int)i}));
    }
done:
    return rc;
}

/* Adds the records of a file; *found counts the files. */
static encnet_status add_file(encnet__dataset *d, encnet__problems *problems, const char *path,
                              const encnet__records *r, int *found)
{
    encnet_status rc = ENCNET_OK;
    struct stat st;
    FILE *f = fopen(path, "rb");

    if (!f && errno == ENOENT) return ENCNET_OK;
    if (!f) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    ++*found;
    if (fstat(fileno(f), &st) != 0) FAIL(ENCNET_E_DATA, "%s: %s", path, strerror(errno));
    if (st.st_size == 0 || st.st_size % record_bytes(r))
        encnet__problem(problems, "%s: %lld bytes are not whole records of %ld", path,
                        (long long)st.st_size, record_bytes(r));
    TRY(add_records(d, problems, f, (long)(st.st_size / record_bytes(r)), path, r));
done:
    if (f) fclose(f);
    return rc;
}

encnet_status encnet__records_find(encnet__dataset *d, const encnet_options *options,
                                   encnet__problems *problems)
{
    static const char *const whats[ENCNET__SPLITS] = {"training records", "validation records",
                                                      "test records"};
    encnet_status rc = ENCNET_OK;
    const encnet_data_options *o = &options->data;
    const encnet__records *r = d->type->records;
    const encnet__split_options said = encnet__split_options_of(o, d->split);
    const char *named = said.images, *files = named && *named ? named : r->files[d->split];
    char *list = NULL, *path = NULL;
    int found = 0;
    size_t size;

    if (!files) TRY(encnet__split_missing(d->type, d->split, said.images_key));
    list = encnet__strdup(files);
    if (!list) FAIL(ENCNET_E_NOMEM, "no memory for the names of files");
    size = strlen(list);
    if (list[0] == ',' || (size && list[size - 1] == ',') || strstr(list, ",,"))
        FAIL(ENCNET_E_CONFIG, "%s = %s: a name is empty", said.images_key, list);
    for (char *rest, *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        int before = found;
        encnet__free(path);
        path = encnet__path_join(o->root && *o->root ? o->root : ".", name);
        if (!path) FAIL(ENCNET_E_NOMEM, "%s: no memory for its path", name);
        TRY(add_file(d, problems, path, r, &found));
        if (named && *named && found == before)
            encnet__layout_missing(problems, d->type, whats[d->split], said.images_key, path);
    }
    if (!found && !(named && *named))
        encnet__layout_missing(problems, d->type, whats[d->split], said.images_key, path);
done:
    encnet__free(path);
    encnet__free(list);
    return rc;
}

encnet_status encnet__records_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label)
{
    encnet_status rc = ENCNET_OK;
    const encnet__records *r = d->type->records;
    const encnet__sample *s = &d->samples[i];
    uint8_t planes[BYTES];
    FILE *f = fopen(s->image, "rb");

    (void)label;
    if (!f) FAIL(ENCNET_E_DATA, "%s: %s", s->image, strerror(errno));
    errno = 0;
    if (fseek(f, s->record * record_bytes(r) + r->label_bytes, SEEK_SET) != 0 ||
        fread(planes, 1, BYTES, f) != BYTES)
        FAIL(ENCNET_E_DATA, "%s: record %d cannot be read%s%s", s->image, s->record,
             errno ? ": " : "", errno ? strerror(errno) : "");
    TRY(encnet__picture_new(image, SIDE, SIDE, 3));
    for (int p = 0; p < PIXELS; p++)
        for (int c = 0; c < 3; c++) image->pixels[3 * p + c] = planes[c * PIXELS + p];
done:
    if (f) fclose(f);
    return rc;
}
