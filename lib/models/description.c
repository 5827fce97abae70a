/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * description.c - what a file says of its network, as lines of metadata: the options that are
 * needed to build it again ("encnet.network" = "fcn", ...), its normalisation, names and colours of
 * its classes.
 */
#include "models/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/safetensors.h"
#include "models/mmseg_meta.h"
#include "models/option_rows.h"

#define PREFIX "encnet."
#define NETWORK_KEY PREFIX "network"

/* Whether files record the option. */
static bool is_recorded(const encnet__option *row)
{
    return row->scope == ENCNET__SCOPE_IDENTITY || row->scope == ENCNET__SCOPE_RECORDED;
}

static void key_of(char out[ENCNET__MAX_LINE_KEY], const encnet__option *row)
{
    snprintf(out, ENCNET__MAX_LINE_KEY, PREFIX "%s", row->key);
}

/* -- writing ----------------------------------------------------------------------------------- */

static encnet_status add_option(encnet__metadata *m, const encnet_options *options,
                                const encnet__option *row)
{
    encnet_status rc = ENCNET_OK;
    encnet__text value = {0};

    encnet__option_print(&value, options, row);
    if (value.failed) FAIL(ENCNET_E_NOMEM, "no host memory to describe the network");
    if (m->n + 3 >= ENCNET__MAX_DESCRIPTION || value.size >= sizeof m->values[0])
        FAIL(ENCNET_E_INTERNAL, "%s.%s = %s: no room for it in a file's metadata", row->section,
             row->key, value.data);
    key_of(m->keys[m->n], row);
    memcpy(m->values[m->n], value.data, value.size + 1);
    m->pairs[m->n] = (encnet__pair){m->keys[m->n], m->values[m->n]};
    m->n++;
done:
    encnet__text_free(&value);
    return rc;
}

static encnet_status add_options(encnet__metadata *m, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    const encnet__option *row;

    for (int i = 0; (row = encnet__option_at(i)); i++)
        if (is_recorded(row) && encnet__option_applies(options, row))
            TRY(add_option(m, options, row));
done:
    return rc;
}

encnet_status encnet__description_write(encnet__metadata *out, const encnet__description *d)
{
    encnet_status rc = ENCNET_OK;

    *out = (encnet__metadata){.n = 0};
    if (d->has_network) TRY(add_options(out, &d->options));
    for (int c = 0; c < d->n_names; c++)
        encnet__text_add(&out->names, "%s%s", c ? "\n" : "", d->classes[c].name);
    for (int c = 0; c < d->n_colours; c++)
        encnet__text_add(&out->colours, "%s%d,%d,%d", c ? "\n" : "", d->classes[c].rgb[0],
                         d->classes[c].rgb[1], d->classes[c].rgb[2]);
    if (out->names.failed || out->colours.failed)
        FAIL(ENCNET_E_NOMEM, "no host memory for the names of the classes");
    if (d->n_names) out->pairs[out->n++] = (encnet__pair){ENCNET__CLASS_NAMES_KEY, out->names.data};
    if (d->n_colours) out->pairs[out->n++] = (encnet__pair){ENCNET__PALETTE_KEY, out->colours.data};
    if (d->has_network)
        out->pairs[out->n++] = (encnet__pair){ENCNET__VERSION_KEY, encnet_version()};
done:
    if (rc != ENCNET_OK) encnet__metadata_free(out);
    return rc;
}

void encnet__metadata_free(encnet__metadata *m)
{
    encnet__text_free(&m->names);
    encnet__text_free(&m->colours);
}

/* -- reading ----------------------------------------------------------------------------------- */

static encnet_status read_options(encnet_options *out, const encnet__tensor_file *f)
{
    char key[ENCNET__MAX_LINE_KEY];
    const encnet__option *row;

    for (int i = 0; (row = encnet__option_at(i)); i++) {
        const char *text;
        key_of(key, row);
        text = is_recorded(row) ? encnet__tensor_file_metadata(f, key) : NULL;
        if (text && encnet__option_set(out, row, text) != ENCNET_OK)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: metadata %s: %s", f->path, key,
                                encnet_last_error());
    }
    return ENCNET_OK;
}

static bool is_known(const char *key)
{
    static const char *const others[] = {ENCNET__CLASS_NAMES_KEY, ENCNET__PALETTE_KEY,
                                         ENCNET__ITERATION_KEY, ENCNET__ST_CRC_KEY,
                                         ENCNET__VERSION_KEY};
    char known[ENCNET__MAX_LINE_KEY];
    const encnet__option *row;

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(key, others[i]) == 0) return true;
    for (int i = 0; (row = encnet__option_at(i)); i++) {
        key_of(known, row);
        if (is_recorded(row) && strcmp(key, known) == 0) return true;
    }
    return false;
}

/* A file of a later version may describe a network that this one cannot build. */
static encnet_status refuse_unknown(const encnet__tensor_file *f)
{
    for (size_t i = 0; i < f->n_pairs; i++) {
        const char *key = f->pairs[i].key;
        bool ours = strncmp(key, PREFIX, strlen(PREFIX)) == 0;
        if (ours && !strchr(key + strlen(PREFIX), '.') && !is_known(key))
            return encnet__fail(
                ENCNET_E_CHECKPOINT,
                "%s: its network has %s = %s, which this version (%s) does not know", f->path, key,
                f->pairs[i].value, encnet_version());
    }
    return ENCNET_OK;
}

/* The line at *at, without its end, cut at `size`; false behind the last. */
static bool next_line(char *out, size_t size, const char **at)
{
    size_t length;

    if (!*at) return false;
    length = strcspn(*at, "\n");
    snprintf(out, size, "%.*s", (int)length, *at);
    *at = (*at)[length] ? *at + length + 1 : NULL;
    return true;
}

static bool parse_colour(uint8_t rgb[3], const char *text)
{
    unsigned v[3];
    int used = 0;

    if (sscanf(text, "%3u,%3u,%3u%n", &v[0], &v[1], &v[2], &used) != 3 || text[used]) return false;
    for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)v[i];
    return v[0] < 256 && v[1] < 256 && v[2] < 256;
}

static void read_classes(encnet__description *d, const encnet__tensor_file *f)
{
    const char *names = encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY),
               *colours = encnet__tensor_file_metadata(f, ENCNET__PALETTE_KEY);
    char colour[16];

    while (d->n_names < ENCNET_MAX_CLASSES &&
           next_line(d->classes[d->n_names].name, sizeof d->classes->name, &names))
        d->n_names++;
    while (d->n_colours < d->n_names && next_line(colour, sizeof colour, &colours) &&
           parse_colour(d->classes[d->n_colours].rgb, colour))
        d->n_colours++;
    if (d->n_colours < d->n_names) d->n_colours = 0; /* all or none */
}

/* The network that mmsegmentation trained.  One that this library does not have leaves the file
 * without a description, and the reason. */
static encnet_status read_mmseg(encnet__description *d, encnet__tensor_file *f)
{
    encnet_status rc =
        encnet__mmseg_options_of_file(&d->options, &d->has_network, f, ENCNET__MMSEG_NETWORK);

    if (rc == ENCNET_E_CONFIG) {
        encnet_options_default(&d->options);
        d->has_network = false;
        snprintf(d->reason, sizeof d->reason, "%s", encnet_last_error());
        rc = ENCNET_OK;
    }
    d->from_mmseg = d->has_network;
    if (d->has_network && d->n_names != d->options.model.classes) d->n_names = d->n_colours = 0;
    return rc;
}

encnet_status encnet__description_read(encnet__description *out, encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;

    *out = (encnet__description){.n_names = 0};
    encnet_options_default(&out->options);
    out->has_network = encnet__tensor_file_metadata(f, NETWORK_KEY) != NULL;
    if (out->has_network) {
        TRY(read_options(&out->options, f));
        TRY(refuse_unknown(f));
    }
    read_classes(out, f);
    if (!out->has_network) TRY(read_mmseg(out, f));
done:
    return rc;
}
