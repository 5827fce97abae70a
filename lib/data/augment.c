/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * augment.c - mmsegmentation's training pipeline: resize, crop, flip, distort, normalise, pad.
 *
 * The crop is chosen on the label before the image is resized, so that only the pixels of the crop
 * are computed.  Flip and distortion commute, so the picture is mirrored while it is normalised.
 * PyTorch-Encoding's pipeline, by options: augment.side sets the longer or the shorter side of the
 * resized picture, augment.rotate turns it, augment.blur blurs the crop.
 */
#include "data/resize.h"
#include "data/turn.h"

#include <math.h>
#include <string.h>

#include "base/normalise.h"

enum { CROP_TRIES = 10 };

/* Purposes of random numbers; the high bytes are different in other rooms. */
enum { DRAW_STEPS = 0x64610001, DRAW_CROP };

void encnet__scratch_free(encnet__scratch *s)
{
    encnet__picture_free(&s->image);
    encnet__picture_free(&s->label);
    encnet__picture_free(&s->crop);
    encnet__picture_free(&s->rows);
    encnet__picture_free(&s->maps);
    encnet__picture_free(&s->full);
    encnet__picture_free(&s->turned);
}

static bool coin(encnet__rng *r)
{
    return encnet__rng_u32(r) & 1;
}

void encnet__draw(encnet__drawn *out, const encnet_augment_options *options, uint64_t seed,
                  uint32_t epoch, uint32_t sample)
{
    encnet__rng r = encnet__rng_at(seed, epoch, sample, DRAW_STEPS);

    /* Every number is drawn even if it is not used, so that no option changes the others. */
    out->ratio =
        options->ratio_min + encnet__rng_uniform(&r) * (options->ratio_max - options->ratio_min);
    out->flip = encnet__rng_uniform(&r) < options->flip;
    out->brightness = coin(&r);
    out->contrast_first = coin(&r);
    out->contrast = coin(&r);
    out->saturation = coin(&r);
    out->hue = coin(&r);
    out->beta = -32 + 64 * encnet__rng_uniform(&r);
    out->alpha = 0.5 + encnet__rng_uniform(&r);
    out->saturation_factor = 0.5 + encnet__rng_uniform(&r);
    out->hue_shift = (int)encnet__rng_below(&r, 36) - 18;
    out->angle = options->rotate * (2 * encnet__rng_uniform(&r) - 1);
    out->sigma = encnet__rng_uniform(&r) < options->blur ? encnet__rng_uniform(&r) : 0;
}

/* A window of the label, through the maps of the nearest resize; turned around the middle of the
 * resized label. */
typedef struct label_view {
    const encnet__picture *label;
    const int *map_y, *map_x;
    encnet__turn turn;
} label_view;

/* The class of the resized label; outside it, where a turned one reaches to, none. */
static int label_at(const label_view *v, int y, int x)
{
    if (v->turn.angle != 0) {
        double from_y, from_x;
        encnet__turn_back(&from_y, &from_x, &v->turn, y, x);
        y = (int)floor(from_y + 0.5);
        x = (int)floor(from_x + 0.5);
        if (y < 0 || x < 0 || y >= v->turn.h || x >= v->turn.w) return ENCNET_IGNORE;
    }
    return v->label->pixels[(size_t)v->map_y[y] * (size_t)v->label->w + (size_t)v->map_x[x]];
}

/* Whether a window has more than one class, and none that covers `max_ratio` of its labelled pixels
 * or more. */
static bool mixed_enough(const label_view *v, const encnet__window *part, double max_ratio)
{
    int64_t count[256] = {0}, sum = 0, most = 0;
    int classes = 0;

    for (int y = part->y; y < part->y + part->h; y++)
        for (int x = part->x; x < part->x + part->w; x++) count[label_at(v, y, x)]++;
    count[ENCNET_IGNORE] = 0;
    for (int i = 0; i < 256; i++) {
        classes += count[i] > 0;
        sum += count[i];
        if (count[i] > most) most = count[i];
    }
    return classes > 1 && (double)most / (double)sum < max_ratio;
}

static void draw_corner(encnet__window *part, encnet__rng *r)
{
    part->y = (int)encnet__rng_below(r, (uint32_t)(part->full_h - part->h) + 1);
    part->x = (int)encnet__rng_below(r, (uint32_t)(part->full_w - part->w) + 1);
}

/* Draws windows until one passes the check; the one drawn after the last failed check is not
 * checked. */
static void choose_crop(encnet__window *part, const label_view *v, double max_ratio, encnet__rng *r)
{
    draw_corner(part, r);
    if (max_ratio >= 1) return;
    for (int i = 0; i < CROP_TRIES && !mixed_enough(v, part, max_ratio); i++) draw_corner(part, r);
}

/* Writes x and y from the finished crop, mirrored if need be, and pads them right and below. */
static void write_sample(float *x, int32_t *y, const encnet__picture *crop, const label_view *v,
                         const encnet__window *part, const encnet_augment_options *o, bool flip)
{
    encnet__normal normal;

    encnet__normal_set(&normal, o->mean, o->std);
    for (int i = 0; i < o->crop_h; i++, x += 3 * (size_t)o->crop_w, y += o->crop_w) {
        int w = i < part->h ? part->w : 0;
        if (w) encnet__normalise_row(x, crop->pixels + 3 * (size_t)i * (size_t)w, w, flip, &normal);
        for (int j = 0; j < w; j++)
            y[j] = label_at(v, part->y + i, part->x + (flip ? w - 1 - j : j));
        for (int j = w; j < o->crop_w; j++) {
            x[3 * j] = x[3 * j + 1] = x[3 * j + 2] =
                0; /* the mean colour, which is 0 after normalisation */
            y[j] = ENCNET_IGNORE;
        }
    }
}

static void whole(float *x, int32_t *y, const encnet__picture *image, const encnet__picture *label,
                  const encnet_augment_options *options)
{
    encnet__normal normal;
    size_t pitch = 3 * (size_t)image->w;

    encnet__normal_set(&normal, options->mean, options->std);
    for (int i = 0; i < image->h; i++)
        encnet__normalise_row(x + (size_t)i * pitch, image->pixels + (size_t)i * pitch, image->w,
                              false, &normal);
    for (size_t i = 0; i < (size_t)label->h * (size_t)label->w; i++) y[i] = label->pixels[i];
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The size of the picture after the random resize. */
static void resized(int *h_out, int *w_out, int h, int w, const encnet_augment_options *o,
                    double ratio)
{
    int side = (int)(o->scale_w * ratio);

    if (strcmp(o->side, "box") == 0) {
        encnet__keep_ratio(h_out, w_out, h, w, side, (int)(o->scale_h * ratio));
        return;
    }
    if (side < 1) side = 1;
    if ((h > w) == (strcmp(o->side, "long") == 0)) { /* the height is the side that is set */
        *h_out = side;
        *w_out = (int)((double)w * side / h + 0.5);
    } else {
        *w_out = side;
        *h_out = (int)((double)h * side / w + 0.5);
    }
    if (*h_out < 1) *h_out = 1;
    if (*w_out < 1) *w_out = 1;
}

/* The part of the resized picture, turned around its middle; black where it reaches beyond. */
static encnet_status cut_turned(const encnet__picture *image, const encnet__window *part,
                                const encnet__turn *turn, encnet__scratch *scratch)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__picture_resize(&scratch->full, image, part->full_h, part->full_w, false));
    for (int i = 0; i < part->h; i++)
        for (int j = 0; j < part->w; j++)
            encnet__turned_pixel(scratch->crop.pixels +
                                     3 * ((size_t)i * (size_t)part->w + (size_t)j),
                                 &scratch->full, turn, part->y + i, part->x + j);
done:
    return rc;
}

encnet_status encnet__augment(float *x, int32_t *y, const encnet__picture *image,
                              const encnet__picture *label, const encnet_augment_options *o,
                              uint64_t seed, uint32_t epoch, uint32_t sample,
                              encnet__scratch *scratch)
{
    encnet_status rc = ENCNET_OK;
    encnet__rng crop_rng = encnet__rng_at(seed, epoch, sample, DRAW_CROP);
    encnet__window part = {0};
    encnet__drawn drawn;
    encnet__turn turn;
    label_view view;
    int *maps;

    if (!o->enabled) {
        whole(x, y, image, label, o);
        return ENCNET_OK;
    }
    encnet__draw(&drawn, o, seed, epoch, sample);
    resized(&part.full_h, &part.full_w, image->h, image->w, o, drawn.ratio);
    part.h = smaller(part.full_h, o->crop_h);
    part.w = smaller(part.full_w, o->crop_w);

    TRY(encnet__picture_new(&scratch->crop, part.h, part.w, 3));
    TRY(encnet__picture_new(&scratch->maps, 1, part.full_h + part.full_w, (int)sizeof *maps));
    maps = (int *)(void *)scratch->maps.pixels;
    encnet__nearest_map(maps, part.full_h, label->h);
    encnet__nearest_map(maps + part.full_h, part.full_w, label->w);
    encnet__turn_set(&turn, part.full_h, part.full_w, drawn.angle);
    view = (label_view){label, maps, maps + part.full_h, turn};

    choose_crop(&part, &view, o->cat_max_ratio, &crop_rng);
    if (turn.angle != 0)
        TRY(cut_turned(image, &part, &turn, scratch));
    else
        TRY(encnet__resize_linear(scratch->crop.pixels, image, &part, &scratch->rows));
    if (drawn.sigma > 0) TRY(encnet__blur(&scratch->crop, drawn.sigma, &scratch->turned));
    if (o->distort) encnet__distort(scratch->crop.pixels, (size_t)part.h * (size_t)part.w, &drawn);
    write_sample(x, y, &scratch->crop, &view, &part, o, drawn.flip);
done:
    return rc;
}
