/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * augment_image.c - the training pipeline of pictures that have one class as a whole: crop, flip,
 * distort, normalise.
 *
 *   augment.area = none     black pixels, augment.pad on each side, then a crop at a random place;
 *                           a side that is shorter than the crop gets as many more as it lacks
 *   augment.area = MIN,MAX  a random part of the picture, resized to the crop (torchvision's
 *                           RandomResizedCrop, bilinear): its area is uniform in MIN..MAX of the
 *                           picture's, the logarithm of its ratio of sides uniform in 3/4..4/3.
 *                           After ten draws that do not fit it is the largest part in the middle
 *                           whose ratio is in that range.
 */
#include "data/resize.h"

#include <math.h>
#include <string.h>

#include "base/normalise.h"
#include "options/options.h"

enum { TRIES = 10, DRAW_PART = 0x64610003 }; /* beside augment.c's purposes */

/* A part of a picture; it may extend over the edges. */
typedef struct part {
    int y, x, h, w;
} part;

static part padded_part(const encnet__picture *image, const encnet_augment_options *o,
                        encnet__rng *r)
{
    part p = {.h = o->crop_h, .w = o->crop_w};
    int room_h = image->h + 2 * o->pad - p.h, room_w = image->w + 2 * o->pad - p.w;

    /* without room the picture is in the middle */
    p.y =
        room_h > 0 ? (int)encnet__rng_below(r, (uint32_t)room_h + 1) - o->pad : room_h / 2 - o->pad;
    p.x =
        room_w > 0 ? (int)encnet__rng_below(r, (uint32_t)room_w + 1) - o->pad : room_w / 2 - o->pad;
    return p;
}

/* The largest part in the middle whose ratio of sides is in least..most. */
static part middle_part(const encnet__picture *image, double least, double most)
{
    double ratio = (double)image->w / image->h;
    part p = {.h = image->h, .w = image->w};

    if (ratio < least) p.h = (int)(p.w / least + 0.5);
    if (ratio > most) p.w = (int)(p.h * most + 0.5);
    if (p.h > image->h) p.h = image->h;
    if (p.w > image->w) p.w = image->w;
    p.y = (image->h - p.h) / 2;
    p.x = (image->w - p.w) / 2;
    return p;
}

static part area_part(const encnet__picture *image, const double area[2], encnet__rng *r)
{
    const double least = 3.0 / 4, most = 4.0 / 3;
    double pixels = (double)image->h * image->w;

    for (int i = 0; i < TRIES; i++) {
        double target = pixels * (area[0] + encnet__rng_uniform(r) * (area[1] - area[0]));
        double ratio = exp(log(least) + encnet__rng_uniform(r) * (log(most) - log(least)));
        part p = {.h = (int)(sqrt(target / ratio) + 0.5), .w = (int)(sqrt(target * ratio) + 0.5)};
        if (p.h < 1 || p.w < 1 || p.h > image->h || p.w > image->w) continue;
        p.y = (int)encnet__rng_below(r, (uint32_t)(image->h - p.h) + 1);
        p.x = (int)encnet__rng_below(r, (uint32_t)(image->w - p.w) + 1);
        return p;
    }
    return middle_part(image, least, most);
}

/* Copies the part; what lies outside the picture is black. */
static encnet_status cut(encnet__picture *out, const encnet__picture *image, const part *p)
{
    encnet_status rc = ENCNET_OK;
    int first = p->x < 0 ? -p->x : 0, last = p->x + p->w > image->w ? image->w - p->x : p->w;

    TRY(encnet__picture_new(out, p->h, p->w, 3));
    memset(out->pixels, 0, 3 * (size_t)p->h * (size_t)p->w);
    for (int i = 0; i < p->h && first < last; i++) {
        int y = p->y + i;
        if (y < 0 || y >= image->h) continue;
        memcpy(out->pixels + 3 * ((size_t)i * (size_t)p->w + (size_t)first),
               image->pixels + 3 * ((size_t)y * (size_t)image->w + (size_t)(p->x + first)),
               3 * (size_t)(last - first));
    }
done:
    return rc;
}

encnet_status encnet__augment_image(float *x, const encnet__picture *image,
                                    const encnet_augment_options *o, uint64_t seed, uint32_t epoch,
                                    uint32_t sample, encnet__scratch *scratch)
{
    encnet_status rc = ENCNET_OK;
    encnet__rng r = encnet__rng_at(seed, epoch, sample, DRAW_PART);
    encnet__picture *crop = &scratch->crop;
    encnet__normal normal;
    encnet__drawn drawn;
    double area[2];
    int count;
    part p;

    TRY(encnet__option_numbers(area, &count, ENCNET__OPTION_ROW(augment.area), o->area));
    encnet__draw(&drawn, o, seed, epoch, sample);
    p = count ? area_part(image, area, &r) : padded_part(image, o, &r);
    TRY(cut(crop, image, &p));
    if (count) {
        TRY(encnet__picture_resize(&scratch->label, crop, o->crop_h, o->crop_w, false));
        crop = &scratch->label;
    }
    if (o->distort) encnet__distort(crop->pixels, (size_t)o->crop_h * (size_t)o->crop_w, &drawn);
    encnet__normal_set(&normal, o->mean, o->std);
    for (int i = 0; i < o->crop_h; i++)
        encnet__normalise_row(x + 3 * (size_t)i * (size_t)o->crop_w,
                              crop->pixels + 3 * (size_t)i * (size_t)o->crop_w, o->crop_w,
                              drawn.flip, &normal);
done:
    return rc;
}
