/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * class_line.h - one line of a file of classes, in the shapes that programs and people write:
 *
 *   0,road,128,64,128,7   road,128,64,128   0;road   road      a table: index, name, colour, submission id
 *   0: road   0 road   0 road 128 64 128   road #804080        the same in words
 *   128 64 128  road                                           CamVid's: the colour first
 *   road:128,64,128:parts:actions                              CVAT's label map
 *
 * A colour is three numbers 0..255, or #rrggbb.
 */
#ifndef ENCNET__CLASS_LINE_H
#define ENCNET__CLASS_LINE_H

#include "data/dataset.h"

typedef struct encnet__class_line {
    int index;        /* -1: the line does not state it */
    const char *name; /* lies in the text of the line; empty: there is none */
    uint8_t rgb[3];
    bool has_rgb;
    int submit_id; /* -1: the line does not state it */
} encnet__class_line;

/* Whether a line states the index of its class. */
bool encnet__class_line_is_indexed(const char *line);

/* Whether a line without an index names the columns, or the separator, as spreadsheets do. */
bool encnet__class_line_is_heading(const char *line);

/* Splits a line in place; `indexed` says that it has to state an index.  ENCNET_E_DATA: it has another
 * shape, and the message begins with `name` and the number of the line. */
encnet_status encnet__class_line_parse(encnet__class_line *out, char *line, bool indexed,
                                       const char *name, int at) ENCNET_MUST_CHECK;

#endif
