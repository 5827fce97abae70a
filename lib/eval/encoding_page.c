/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encoding_page.c - a page about what the encoding layer of a network makes of an image.
 *
 *   left    the image and its label
 *   middle  for each class the probability that it occurs, by the SE branch, and a mark where it does;
 *           below, the scaling factors of all channels, sorted
 *   right   maps of soft assignments: how much of each pixel goes to a codeword, for the codewords
 *           whose assignments differ most between pixels
 *
 * Networks without an encoding layer have no page.
 */
#include "eval/eval.h"
#include "eval/segment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/runner.h"

#define SIDE 200 /* longest side of a picture on the page, pixels */
#define GAP 12
#define MARGIN 16
#define TEXT 1.3f
#define LINE 16    /* height of a class */
#define BAR 140    /* width of the probability 1 */
#define LABEL 110  /* width of a class's name */
#define CLASSES 24 /* shown at most: those of the highest probability or that occur */
enum { MAPS = 6, COLUMNS = 3 };

static const encnet__rgb paper = {255, 255, 255}, ink = {32, 36, 44}, faint = {120, 126, 138},
                         rail = {230, 232, 236}, blue = {38, 98, 172}, green = {30, 128, 76};

/* A tensor of the network's outputs on the host. */
typedef struct values {
    encnet__shape shape;
    float *at; /* NULL: the network has no such output */
} values;

static encnet_status read_values(values *out, const encnet__graph *g, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor t = encnet__graph_tensor(g, name);

    *out = (values){t.shape, NULL};
    if (!t.buffer) return ENCNET_OK;
    out->at = encnet__alloc(encnet__shape_count(t.shape), sizeof *out->at);
    if (!out->at) FAIL(ENCNET_E_NOMEM, "no memory for the page of an encoding layer");
    TRY(encnet__runner_read(out->at, g, name));
done:
    return rc;
}

/* -- pictures ---------------------------------------------------------------------------------- */

static void size_of(int *h, int *w, int from_h, int from_w)
{
    double f = (double)SIDE / (from_h > from_w ? from_h : from_w);

    *h = (int)(from_h * f + 0.5) > 0 ? (int)(from_h * f + 0.5) : 1;
    *w = (int)(from_w * f + 0.5) > 0 ? (int)(from_w * f + 0.5) : 1;
}

static encnet_status put(encnet__canvas *c, const encnet__picture *p, int x, int y, bool nearest)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture sized = {0};
    int h, w;

    size_of(&h, &w, p->h, p->w);
    TRY(encnet__picture_resize(&sized, p, h, w, nearest));
    encnet__canvas_put(c, &sized, x, y);
done:
    encnet__picture_free(&sized);
    return rc;
}

/* The assignment of all pixels to codeword k, from white at 0 to blue at the largest. */
static encnet_status put_map(encnet__canvas *c, const values *a, int k, int x, int y)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture p = {0};
    size_t K = (size_t)a->shape.c, pixels = (size_t)a->shape.h * (size_t)a->shape.w;
    float most = 0;

    for (size_t i = 0; i < pixels; i++) most = fmaxf(most, a->at[i * K + (size_t)k]);
    TRY(encnet__picture_new(&p, a->shape.h, a->shape.w, 3));
    for (size_t i = 0; i < pixels; i++) {
        float share = most > 0 ? a->at[i * K + (size_t)k] / most : 0;
        const uint8_t to[3] = {blue.r, blue.g, blue.b};
        for (int n = 0; n < 3; n++)
            p.pixels[3 * i + (size_t)n] = (uint8_t)(255 - share * (float)(255 - to[n]) + 0.5f);
    }
    TRY(put(c, &p, x, y, false));
done:
    encnet__picture_free(&p);
    return rc;
}

/* -- choices ----------------------------------------------------------------------------------- */

typedef struct ranked {
    int index;
    double value;
} ranked;

static int descending(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return (x->value < y->value) - (x->value > y->value);
}

/* The codewords by the variance of their assignments over the pixels. */
static void rank_codewords(ranked *out, const values *a)
{
    size_t K = (size_t)a->shape.c, pixels = (size_t)a->shape.h * (size_t)a->shape.w;

    for (size_t k = 0; k < K; k++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < pixels; i++) mean += (double)a->at[i * K + k] / (double)pixels;
        for (size_t i = 0; i < pixels; i++) square += pow((double)a->at[i * K + k] - mean, 2);
        out[k] = (ranked){(int)k, square};
    }
    qsort(out, K, sizeof *out, descending);
}

/* The classes that occur first, then the others; each by the probability. */
static void rank_classes(ranked *out, const values *presence, const bool *occurs)
{
    int M = presence->shape.c;

    for (int m = 0; m < M; m++) out[m] = (ranked){m, (double)presence->at[m] + (occurs[m] ? 2 : 0)};
    qsort(out, (size_t)M, sizeof *out, descending);
}

/* -- the page ---------------------------------------------------------------------------------- */

static void draw_classes(encnet__canvas *c, int x, int y, const values *presence,
                         const ranked *order, const bool *occurs, const encnet__class *classes)
{
    int M = presence->shape.c;
    char text[16], number[16];

    for (int i = 0; i < M && i < CLASSES; i++, y += LINE) {
        int m = order[i].index;
        float probability = presence->at[m];
        encnet__canvas_text(c, (float)x, (float)y, TEXT, occurs[m] ? ink : faint, false,
                            encnet__class_text(number, classes, m));
        encnet__canvas_rect(c, x + LABEL, y, BAR, LINE - 6, rail);
        encnet__canvas_rect(c, x + LABEL, y, (int)(BAR * probability + 0.5f), LINE - 6, blue);
        if (occurs[m]) encnet__canvas_rect(c, x + LABEL + BAR + 4, y, 8, LINE - 6, green);
        encnet__print(text, sizeof text, "%.2f", (double)probability);
        encnet__canvas_text(c, (float)(x + LABEL + BAR + 18), (float)y, TEXT, faint, false, text);
    }
}

static int descending_float(const void *a, const void *b)
{
    const float *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

/* Factors of all channels in descending order, as columns of a chart. */
static void draw_factors(encnet__canvas *c, int x, int y, int w, int h, values *factors)
{
    int D = factors->shape.c;

    qsort(factors->at, (size_t)D, sizeof *factors->at, descending_float);
    encnet__canvas_rect(c, x, y, w, h, rail);
    for (int i = 0; i < w; i++) {
        int tall = (int)((float)h * factors->at[(size_t)i * (size_t)D / (size_t)w] + 0.5f);
        encnet__canvas_rect(c, x + i, y + h - tall, 1, tall, blue);
    }
}

typedef struct page {
    values presence, factors, assignment;
    const encnet__picture *image, *label;
    const encnet__class *classes;
    bool occurs[256];
    ranked classes_in_order[ENCNET_MAX_CLASSES];
} page;

static encnet_status draw_left(encnet__canvas *c, const page *p)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture coloured = {0};
    uint8_t palette[768];
    int h, w;

    size_of(&h, &w, p->image->h, p->image->w);
    encnet__palette_of(palette, p->classes, p->presence.shape.c);
    TRY(encnet__colour(&coloured, p->label, palette));
    TRY(put(c, p->image, MARGIN, MARGIN + LINE, false));
    TRY(put(c, &coloured, MARGIN, MARGIN + LINE + h + GAP, true));
done:
    encnet__picture_free(&coloured);
    return rc;
}

static encnet_status draw_maps(encnet__canvas *c, const page *p, int x)
{
    encnet_status rc = ENCNET_OK;
    int K = p->assignment.shape.c, h, w;
    ranked *order = encnet__alloc((size_t)K, sizeof *order);
    char text[32];

    if (!order) FAIL(ENCNET_E_NOMEM, "no memory for the page of an encoding layer");
    size_of(&h, &w, p->image->h, p->image->w);
    rank_codewords(order, &p->assignment);
    for (int i = 0; i < K && i < MAPS; i++) {
        int left = x + i % COLUMNS * (SIDE + GAP), top = MARGIN + i / COLUMNS * (h + LINE + GAP);
        snprintf(text, sizeof text, "codeword %d", order[i].index);
        encnet__canvas_text(c, (float)left, (float)top, TEXT, faint, false, text);
        TRY(put_map(c, &p->assignment, order[i].index, left, top + LINE));
    }
done:
    encnet__free(order);
    return rc;
}

static encnet_status draw(const char *path, page *p)
{
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    int middle = MARGIN + SIDE + 2 * GAP, right = middle + LABEL + BAR + 60;
    int M = p->presence.shape.c, bars = (M < CLASSES ? M : CLASSES) * LINE;
    int h, w, height;

    size_of(&h, &w, p->image->h, p->image->w);
    height = 2 * MARGIN + 2 * (h + LINE + GAP);
    if (height < 2 * MARGIN + bars + 110) height = 2 * MARGIN + bars + 110;
    TRY(encnet__canvas_new(&c, height, right + (p->assignment.at ? COLUMNS * (SIDE + GAP) : 0),
                           paper));
    TRY(draw_left(&c, p));
    encnet__canvas_text(&c, (float)middle, MARGIN, TEXT, faint, false,
                        "probability of a class; green: it occurs");
    draw_classes(&c, middle, MARGIN + LINE, &p->presence, p->classes_in_order, p->occurs,
                 p->classes);
    encnet__canvas_text(&c, (float)middle, (float)(MARGIN + bars + 26), TEXT, faint, false,
                        "scaling factors of the channels, sorted, 0 to 1");
    draw_factors(&c, middle, MARGIN + bars + 26 + LINE, LABEL + BAR, 50, &p->factors);
    if (p->assignment.at) TRY(draw_maps(&c, p, right));
    TRY(encnet__picture_write(path, &c.picture, NULL));
done:
    encnet__canvas_free(&c);
    return rc;
}

encnet_status encnet__encoding_page(bool *drawn, const char *dir, const char *name,
                                    encnet_model *model, const encnet_options *options,
                                    const encnet__class *classes, const encnet__picture *image,
                                    const encnet__picture *label)
{
    encnet_status rc = ENCNET_OK;
    const encnet_augment_options *o = &options->augment;
    encnet__cutout whole = {.h = image->h, .w = image->w, .mean = o->mean, .std = o->std};
    encnet_image pixels = encnet__image_of(image);
    encnet__runner *runner = encnet__model_runner(model);
    page *p = encnet__alloc(1, sizeof *p);
    char *folder = encnet__path_join(dir, "encoding"), *path = NULL;
    encnet__graph *g;

    *drawn = false;
    if (!p || !folder) FAIL(ENCNET_E_NOMEM, "%s: no memory for its page", name);
    p->image = image;
    p->label = label;
    p->classes = classes;
    TRY(encnet__pictures_load(&runner->pictures, &pixels, 1));
    TRY(encnet__runner_forward(&g, runner, &whole, ENCNET__WANT_ENCODING));
    TRY(read_values(&p->presence, g, "presence"));
    TRY(read_values(&p->factors, g, "factors"));
    TRY(read_values(&p->assignment, g, "assignment"));
    if (!p->presence.at || !p->factors.at) goto done; /* there is nothing to show */
    for (size_t i = 0; i < (size_t)label->h * (size_t)label->w; i++)
        p->occurs[label->pixels[i]] = true;
    rank_classes(p->classes_in_order, &p->presence, p->occurs);
    TRY(encnet__output_path(&path, folder, name, ".png"));
    TRY(draw(path, p));
    *drawn = true;
done:
    if (p) {
        encnet__free(p->presence.at);
        encnet__free(p->factors.at);
        encnet__free(p->assignment.at);
    }
    encnet__free(p);
    encnet__free(folder);
    encnet__free(path);
    return rc;
}
