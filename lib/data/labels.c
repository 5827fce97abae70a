/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* labels.c - stored label values become classes, by the tables of a data set. */
#include "data/dataset.h"

#include <stdlib.h>

/* The error for the first value that is no class. */
static encnet_status outside(const encnet__dataset *d, const encnet__picture *label,
                             const char *path, size_t first)
{
    const char *advice =
        "; --check-data looks at all labels, and says which key would make sense of them";
    int id = label->pixels[first];
    size_t count = 0;

    for (size_t i = first; i < (size_t)label->h * (size_t)label->w; i++)
        count += label->pixels[i] == id;
    return encnet__fail(ENCNET_E_DATA,
                        "%s: id %d is none of the %d classes (%zu pixels, the first at x=%zu, "
                        "y=%zu)%s",
                        path, id, d->classes, count, first % (size_t)label->w,
                        first / (size_t)label->w, d->in_check ? "" : advice);
}

static encnet_status from_ids(const encnet__dataset *d, encnet__picture *label,
                              const encnet__sample *sample)
{
    const uint16_t *class_of = d->class_of[sample->is_raw];
    size_t n = (size_t)label->h * (size_t)label->w, bad = n;

    for (size_t i = n; i-- > 0;) /* backwards, so that `bad` ends as the first */
        if (class_of[label->pixels[i]] == ENCNET__NO_CLASS) bad = i;
    if (bad < n) return outside(d, label, sample->label, bad);
    for (size_t i = 0; i < n; i++) label->pixels[i] = (uint8_t)class_of[label->pixels[i]];
    return ENCNET_OK;
}

static uint32_t rgb_at(const encnet__picture *label, size_t i)
{
    const uint8_t *p = label->pixels + 3 * i;

    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static int by_rgb(const void *a, const void *b)
{
    const struct encnet__colour *x = a, *y = b;

    return x->rgb < y->rgb ? -1 : x->rgb > y->rgb;
}

void encnet__colours_sort(encnet__colours *c)
{
    if (c->count) qsort(c->at, (size_t)c->count, sizeof *c->at, by_rgb);
    for (int i = 1; i < c->count; i++) {
        int a = c->at[i - 1].stands, b = c->at[i].stands;
        if (c->at[i].rgb != c->at[i - 1].rgb) continue;
        c->clash[0] = a < b ? a : b;
        c->clash[1] = a < b ? b : a;
    }
}

static int class_of_colour(const encnet__colours *c, uint32_t rgb)
{
    const struct encnet__colour key = {.rgb = rgb}, *hit = NULL;

    if (c->count) hit = bsearch(&key, c->at, (size_t)c->count, sizeof key, by_rgb);
    return hit ? hit->stands : ENCNET__NO_CLASS;
}

/* What a label of three channels can be read as. */
typedef struct readings {
    bool grey;         /* the three channels are equal */
    bool ids, colours; /* every pixel is one */
    bool differ;       /* the two readings, where both are possible */
    size_t no_colour;  /* the first pixel whose colour is of no class */
} readings;

static readings read_both(const encnet__dataset *d, const encnet__picture *label, bool is_raw)
{
    size_t n = (size_t)label->h * (size_t)label->w;
    readings r = {.grey = true, .ids = true, .colours = true, .no_colour = n};
    uint32_t last = 0;
    int colour = class_of_colour(&d->colours, last);

    for (size_t i = 0; i < n; i++) {
        uint32_t rgb = rgb_at(label, i);
        int id = d->class_of[is_raw][rgb & 255];
        if (rgb != last) colour = class_of_colour(&d->colours, rgb);
        last = rgb;
        r.grey = r.grey && rgb == (rgb & 255) * 0x010101u;
        r.ids = r.ids && id != ENCNET__NO_CLASS;
        r.differ = r.differ || id != colour;
        if (colour == ENCNET__NO_CLASS && r.no_colour == n) r.no_colour = i;
    }
    r.ids = r.ids && r.grey;
    r.colours = r.no_colour == n;
    return r;
}

static int distance(uint32_t a, uint32_t b)
{
    int most = 0;

    for (int shift = 0; shift < 24; shift += 8) {
        int d = abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
        if (d > most) most = d;
    }
    return most;
}

/* Appends what a colour that is of no class may be: that of a class with red and blue exchanged, or one
 * near to it. */
static void explain(encnet__text *out, const encnet__colours *c, uint32_t rgb)
{
    enum { NEAR = 16 };
    uint32_t exchanged = (rgb & 255) << 16 | (rgb & 0xff00) | rgb >> 16;
    const struct encnet__colour *nearest = NULL;

    for (int i = 0; i < c->count; i++) {
        const struct encnet__colour *at = &c->at[i];
        if (at->rgb == exchanged)
            encnet__text_add(out, "; class %d is %u,%u,%u: red and blue may be exchanged",
                             at->stands, at->rgb >> 16, at->rgb >> 8 & 255, at->rgb & 255);
        if (distance(at->rgb, rgb) <= NEAR &&
            (!nearest || distance(at->rgb, rgb) < distance(nearest->rgb, rgb)))
            nearest = at;
    }
    if (nearest && !out->size)
        encnet__text_add(out,
                         "; class %d is %u,%u,%u, near to it: resizing smoothly and JPEG make such "
                         "colours, nearest-neighbour and PNG do not",
                         nearest->stands, nearest->rgb >> 16, nearest->rgb >> 8 & 255,
                         nearest->rgb & 255);
}

/* Says why a label of three channels is not understood. */
static encnet_status not_understood(const encnet__dataset *d, const encnet__picture *label,
                                    const char *path, const readings *r)
{
    uint32_t rgb =
        r->no_colour < (size_t)label->h * (size_t)label->w ? rgb_at(label, r->no_colour) : 0;
    size_t x = r->no_colour % (size_t)label->w, y = r->no_colour / (size_t)label->w;
    encnet__text more = {0};
    encnet_status rc;

    if (d->colours.count == 0 && !r->grey)
        return encnet__fail(
            ENCNET_E_DATA,
            "%s: an RGB image, not class indices; if it has the colours of classes, "
            "data.classes_file = a file of index,name,r,g,b translates them",
            path);
    if (d->colours.clash[0] < d->colours.clash[1])
        return encnet__fail(ENCNET_E_DATA,
                            "%s: a label in colours, but classes %d and %d have the same", path,
                            d->colours.clash[0], d->colours.clash[1]);
    explain(&more, &d->colours, rgb);
    rc = encnet__fail(ENCNET_E_DATA,
                      "%s: the colour %u,%u,%u at x=%zu, y=%zu is that of no class; the classes "
                      "file can state it, also as that of class 255, which is ignored%s%s",
                      path, rgb >> 16, rgb >> 8 & 255, rgb & 255, x, y,
                      r->grey ? " (data.label_format = ids reads grey values as ids)" : "",
                      more.data && !more.failed ? more.data : "");
    encnet__text_free(&more);
    return rc;
}

/* A label of three channels: of ids that were written thrice, or of colours. */
static encnet_status from_colours(const encnet__dataset *d, encnet__picture *label,
                                  const encnet__sample *sample)
{
    size_t n = (size_t)label->h * (size_t)label->w;
    readings r = read_both(d, label, sample->is_raw);
    bool clash = d->colours.clash[0] < d->colours.clash[1];
    bool as_colours = r.colours && !clash && (d->colours.only || !r.ids);

    if (!d->colours.only && r.ids && r.colours && r.differ)
        return encnet__fail(ENCNET_E_DATA,
                            "%s: three equal channels whose values are ids as well as colours of "
                            "classes; data.label_format = ids or colours says which",
                            sample->label);
    if (!as_colours && (d->colours.only || !r.grey || (d->colours.count && !r.ids)))
        return not_understood(d, label, sample->label, &r);
    for (size_t i = 0; i < n; i++) {
        uint32_t rgb = rgb_at(label, i);
        label->pixels[i] =
            (uint8_t)(as_colours ? (uint32_t)class_of_colour(&d->colours, rgb) : rgb);
    }
    label->channels = 1;
    return as_colours ? ENCNET_OK : from_ids(d, label, sample);
}

encnet_status encnet__labels_translate(const encnet__dataset *d, encnet__picture *label,
                                       const encnet__sample *sample)
{
    return label->channels == 3 ? from_colours(d, label, sample) : from_ids(d, label, sample);
}
