/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* legend.c - the colours of classes and their names, in lines. */
#include "eval/eval.h"

static const encnet__rgb ink = {32, 36, 44}, frame = {120, 126, 138};

int encnet__legend(encnet__canvas *c, const encnet__class *classes, int M, const bool *shown,
                   int top, int width, int margin, float unit)
{
    const int side = (int)(8 * unit), gap = (int)(4 * unit), line = (int)(15 * unit);
    int x = margin, y = top;

    for (int m = 0; m < M; m++) {
        char number[16];
        const char *name = encnet__class_text(number, classes, m);
        const uint8_t *rgb = classes[m].rgb;
        int wide = side + gap + (int)encnet__canvas_text_width(unit, name) + 4 * gap;
        if (shown && !shown[m]) continue;
        if (x > margin && x + wide - 4 * gap > width - margin) x = margin, y += line;
        if (c) {
            encnet__canvas_rect(c, x, y, side + 1, side + 1, frame);
            encnet__canvas_rect(c, x + 1, y + 1, side - 1, side - 1,
                                (encnet__rgb){rgb[0], rgb[1], rgb[2]});
            encnet__canvas_text(c, (float)(x + side + gap + 1), (float)y + unit, unit, ink, false,
                                name);
        }
        x += wide;
    }
    return y + line - top;
}
