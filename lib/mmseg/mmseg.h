/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * mmseg.h - configurations of mmsegmentation, of its versions 0.x and 1.x, as options of ours.
 *
 * A configuration is read as text (python.h); it is a file NAME.py, or what a checkpoint says under
 * meta.config or meta.cfg.  The result is a list of settings "section.key" = "value" for
 * encnet_options_set(), which does what mmsegmentation would do; whatever it says that encnet-cl
 * does not have is an error that names the key, its value and its line.
 */
#ifndef ENCNET__MMSEG_H
#define ENCNET__MMSEG_H

#include "base/base.h"

typedef struct encnet__mmseg encnet__mmseg;

typedef struct encnet__mmseg_setting {
    const char *key, *value; /* "model.network", "encnet" */
    const char *file;        /* where the configuration says so */
    int line;
} encnet__mmseg_setting;

/* What to take from a configuration. */
typedef enum encnet__mmseg_parts {
    ENCNET__MMSEG_NETWORK = 1, /* the network, and how its input is normalised */
    ENCNET__MMSEG_EVAL = 2,    /* how images are evaluated */
    ENCNET__MMSEG_RUN = 4,     /* data, augmentation, losses and schedule of a training */
    ENCNET__MMSEG_ALL = 7
} encnet__mmseg_parts;

/* Reads NAME.py and the files that its _base_ names.  `out` is owned by the caller.
 * ENCNET_E_CONFIG: it is no Python, or has statements other than NAME = VALUE; ENCNET_E_IO: it, or
 * one of them, cannot be read. */
encnet_status encnet__mmseg_read(encnet__mmseg **out, const char *path) ENCNET_MUST_CHECK;
/* Reads a text; `name` stands for its path in messages. */
encnet_status encnet__mmseg_parse(encnet__mmseg **out, const char *name, const char *text,
                                  size_t size) ENCNET_MUST_CHECK;
void encnet__mmseg_free(encnet__mmseg *m); /* takes NULL */

/* Collects the settings of these parts, once.  ENCNET_E_CONFIG: the configuration says something
 * that encnet-cl does not have; the message has file, line, key and value. */
encnet_status encnet__mmseg_map(encnet__mmseg *m, int parts) ENCNET_MUST_CHECK;

/* Setting `index` from 0, in no particular order, each key once; NULL behind the last.  All strings
 * live as long as `m`. */
const encnet__mmseg_setting *encnet__mmseg_setting_at(const encnet__mmseg *m, int index);
/* What the reader of the result should know, a sentence each; NULL behind the last. */
const char *encnet__mmseg_remark_at(const encnet__mmseg *m, int index);

#endif
