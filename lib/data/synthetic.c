/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * synthetic.c - scenes drawn from numbers: textured shapes that hide one another on one of two
 * grounds.
 *
 * The scenes are made for training.  A "twin" is one class on the meadow and another one on the
 * water, though it looks the same, so its own pixels do not tell which it is.  Only the scene does,
 * which is what context encoding is about.  Colours, light and textures vary from picture to
 * picture; some shapes have an ignored band along their border.
 *
 * A picture depends on (seed, split, index, size, classes) alone, and has the same bytes on every
 * machine, because all arithmetic is integer.  Lengths are in sixteenths of a pixel and grow with
 * the shorter side of the picture, so a larger picture shows the same kind of scene in more detail.
 */
#include "data/synthetic.h"

#include <stdio.h>
#include <string.h>

enum { SUB = 16, TURN = 64, ONE = 1024 }; /* subpixels; directions; fixed-point 1 */
enum { MAX_CORNERS = 16 };
enum { DRAW_SCENE = 0x64610101 };
enum { MEADOW, WATER };

/* -- classes ----------------------------------------------------------------------------------- */

/* What the M classes are: first grounds, then things, then pairs of twins. */
typedef struct cast {
    int grounds, things, pairs;
} cast;

static cast cast_of(int classes)
{
    cast c = {.grounds = classes >= 4 ? 2 : 1, .pairs = classes < 10 ? 1 : (classes - 2) / 4};

    if (classes == 2) return (cast){1, 1, 1}; /* too few for a pair of twins; see class_of() */
    c.things = classes - c.grounds - 2 * c.pairs;
    return c;
}

/* The class of a look in a scene.  The first looks are things, the others twins.  With two classes,
 * the only twin is class 1 on the meadow, and counts as ground on the water. */
static int class_of(const cast *c, int classes, int look, int scene)
{
    if (look < c->things) return c->grounds + look;
    if (classes == 2) return scene == MEADOW ? 1 : 0;
    return c->grounds + c->things + 2 * (look - c->things) + scene;
}

/* A colour of medium saturation, by its hue 0..1535 on the colour wheel. */
static void hue_colour(int rgb[3], int hue, int low, int high)
{
    int step = (high - low) * (hue % 256) / 256, rise = low + step, fall = high - step;
    const int wheel[6][3] = {{high, rise, low}, {fall, high, low}, {low, high, rise},
                             {low, fall, high}, {rise, low, high}, {high, low, fall}};

    for (int c = 0; c < 3; c++) rgb[c] = wheel[hue / 256 % 6][c];
}

/* The two colours of a look's texture.  The hues of successive looks differ by the golden ratio. */
static void look_colours(int a[3], int b[3], int look)
{
    int hue = (100 + look * 949) % 1536;

    hue_colour(a, hue, 70, 215);
    hue_colour(b, (hue + 120) % 1536, 40, 150);
}

static void ground_colours(int a[3], int b[3], int scene)
{
    static const int colour[2][2][3] = {{{108, 142, 66}, {64, 98, 44}},
                                        {{86, 128, 168}, {52, 86, 130}}};

    memcpy(a, colour[scene][0], sizeof colour[0][0]);
    memcpy(b, colour[scene][1], sizeof colour[0][0]);
}

void encnet__synthetic_class(encnet__class *out, int index, int classes)
{
    static const char *const scene_name[2] = {"meadow", "water"};
    cast c = cast_of(classes);
    int a[3], b[3], twin = index - c.grounds - c.things;

    out->submit_id = index;
    if (index < c.grounds) {
        ground_colours(a, b, index);
        snprintf(out->name, sizeof out->name, "%s", c.grounds == 2 ? scene_name[index] : "ground");
    } else if (twin < 0) {
        look_colours(a, b, index - c.grounds);
        snprintf(out->name, sizeof out->name, "thing_%d", index - c.grounds + 1);
    } else {
        look_colours(a, b, c.things + twin / 2);
        snprintf(out->name, sizeof out->name, "twin_%d_%s", twin / 2 + 1, scene_name[twin % 2]);
    }
    /* The second twin of a pair is paler, so that pictures of predictions show which one it is. */
    for (int k = 0; k < 3; k++)
        out->rgb[k] = (uint8_t)(twin >= 0 && twin % 2 ? (a[k] + 2 * 235) / 3 : a[k]);
}

/* -- integer geometry and noise ---------------------------------------------------------------- */

static int sine(int direction)
{
    static const int quarter[TURN / 4 + 1] = {0,   100, 200, 297, 392, 483,  569,  650, 724,
                                              792, 851, 903, 946, 980, 1004, 1019, 1024};
    int i = direction & (TURN - 1), within = i & (TURN / 4 - 1);

    switch (i / (TURN / 4)) {
    case 0:
        return quarter[within];
    case 1:
        return quarter[TURN / 4 - within];
    case 2:
        return -quarter[within];
    default:
        return -quarter[TURN / 4 - within];
    }
}

static int cosine(int direction)
{
    return sine(direction + TURN / 4);
}

static int64_t root(int64_t v)
{
    int64_t r = 0;

    for (int64_t bit = (int64_t)1 << 30; bit; bit >>= 1)
        if ((r + bit) * (r + bit) <= v) r += bit;
    return r;
}

/* A hash of a point. */
static uint32_t scramble(uint32_t key, int x, int y)
{
    uint32_t h = key ^ ((uint32_t)x * 0x9E3779B1u) ^ ((uint32_t)y * 0x85EBCA77u);

    h = (h ^ (h >> 16)) * 0x7FEB352Du;
    h = (h ^ (h >> 15)) * 0x846CA68Bu;
    return h ^ (h >> 16);
}

static int floor_div(int a, int b)
{
    return a / b - (a % b < 0);
}

/* Smooth noise 0..255, with one random value for each cell; x, y and cell are in subpixels. */
static int noise(uint32_t key, int x, int y, int cell)
{
    int cx = floor_div(x, cell), cy = floor_div(y, cell);
    int fx = (x - cx * cell) * 256 / cell, fy = (y - cy * cell) * 256 / cell, v[4];

    fx = fx * fx * (768 - 2 * fx) >> 16; /* 3 t^2 - 2 t^3 */
    fy = fy * fy * (768 - 2 * fy) >> 16;
    for (int k = 0; k < 4; k++) v[k] = (int)(scramble(key, cx + (k & 1), cy + (k >> 1)) & 255);
    return ((v[0] * (256 - fx) + v[1] * fx) * (256 - fy) + (v[2] * (256 - fx) + v[3] * fx) * fy) >>
           16;
}

/* -- textures ---------------------------------------------------------------------------------- */

typedef struct texture {
    int kind, direction, period; /* period in subpixels */
    uint32_t key;
    int a[3], b[3];
} texture;

enum {
    STRIPES,
    CHECKS,
    DOTS,
    RINGS,
    LOOK_KINDS,
    SPECKLE = LOOK_KINDS,
    WAVES
}; /* the last two are of grounds */

/* The share of colour b, 0..255, at x and y from the centre of the shape. */
static int pattern(const texture *t, int x, int y)
{
    int u = (int)(((int64_t)x * cosine(t->direction) + (int64_t)y * sine(t->direction)) / ONE);
    int v = (int)(((int64_t)y * cosine(t->direction) - (int64_t)x * sine(t->direction)) / ONE);
    int p = t->period, in_u = u - floor_div(u, p) * p, in_v = v - floor_div(v, p) * p, half = p / 2;

    switch (t->kind) {
    case STRIPES:
        return in_u < half ? 0 : 255;
    case CHECKS:
        return (in_u < half) == (in_v < half) ? 0 : 255;
    case DOTS:
        return (in_u - half) * (in_u - half) + (in_v - half) * (in_v - half) < p * p / 9 ? 255 : 0;
    case RINGS:
        return (int)root((int64_t)x * x + (int64_t)y * y) % p < half ? 0 : 255;
    case SPECKLE:
        return noise(t->key, x, y, p / 2) < 128 ? 0 : 255;
    default: /* waves: soft stripes, bent by noise */
        u += noise(t->key, x, y, 3 * p) * p / 256;
        in_u = u - floor_div(u, p) * p;
        return (in_u < half ? in_u : p - in_u) * 510 / p;
    }
}

/* A look has one kind of texture, whose direction and period vary. */
static texture texture_of(encnet__rng *r, int kind, int unit)
{
    texture t = {.kind = kind};

    t.direction = (int)encnet__rng_below(r, TURN);
    t.period = unit * (7 + (int)encnet__rng_below(r, 5));
    t.key = encnet__rng_u32(r);
    return t;
}

static void vary(texture *t, encnet__rng *r)
{
    for (int c = 0; c < 3; c++) {
        int gain = 224 + (int)encnet__rng_below(r, 65); /* 0.875 .. 1.125 */
        t->a[c] = t->a[c] * gain / 256;
        t->b[c] = t->b[c] * gain / 256;
    }
}

/* -- shapes ------------------------------------------------------------------------------------ */

/* A convex polygon.  For a point inside, the distance from every edge is positive. */
typedef struct shape {
    int corners, x, y, reach; /* the centre, and the farthest distance from it */
    int nx[MAX_CORNERS], ny[MAX_CORNERS];
    int64_t offset[MAX_CORNERS];
    int label, band; /* band: how much is ignored along the border, in subpixels */
    texture look;
} shape;

static void edges_of(shape *s, const int *px, const int *py)
{
    for (int i = 0; i < s->corners; i++) {
        int j = (i + 1) % s->corners, ex = px[j] - px[i], ey = py[j] - py[i];
        int64_t size = root((int64_t)ex * ex + (int64_t)ey * ey);
        if (size < 1) size = 1;
        s->nx[i] = (int)((int64_t)-ey * ONE / size);
        s->ny[i] = (int)((int64_t)ex * ONE / size);
        s->offset[i] = (int64_t)s->nx[i] * px[i] + (int64_t)s->ny[i] * py[i];
    }
}

/* The distance of a point from the border, positive inside. */
static int depth_at(const shape *s, int x, int y)
{
    int64_t depth = INT32_MAX;

    for (int i = 0; i < s->corners; i++) {
        int64_t d = ((int64_t)s->nx[i] * x + (int64_t)s->ny[i] * y - s->offset[i]) / ONE;
        if (d < depth) depth = d;
    }
    return (int)depth;
}

/* Makes a polygon with its corners on a rotated ellipse of half axes a and b. */
static void polygon(shape *s, encnet__rng *r, int corners, int a, int b)
{
    int px[MAX_CORNERS], py[MAX_CORNERS], turn = (int)encnet__rng_below(r, TURN);

    s->corners = corners;
    s->reach = a > b ? a : b;
    for (int i = 0; i < corners; i++) {
        int t = i * TURN / corners + TURN / 8;
        int64_t u = (int64_t)a * cosine(t) / ONE, v = (int64_t)b * sine(t) / ONE;
        px[i] = s->x + (int)((u * cosine(turn) - v * sine(turn)) / ONE);
        py[i] = s->y + (int)((u * sine(turn) + v * cosine(turn)) / ONE);
    }
    edges_of(s, px, py);
}

/* Places a shape of a size that a network with stride 8 can see, anywhere in the picture. */
static void place_shape(shape *s, encnet__rng *r, const encnet__drawing *d, int unit)
{
    static const int corners[4] = {3, 4, 6, MAX_CORNERS};
    int kind = (int)encnet__rng_below(r, 4);
    int a = unit * (20 + (int)encnet__rng_below(r, 13)),
        b = a * (176 + (int)encnet__rng_below(r, 81)) / 256;

    if (corners[kind] == 3) b = a = a * 5 / 4; /* a triangle fills less of its circle */
    s->x = (int)encnet__rng_below(r, (uint32_t)d->w) * SUB;
    s->y = (int)encnet__rng_below(r, (uint32_t)d->h) * SUB;
    polygon(s, r, corners[kind], a, b);
}

/* -- painting ---------------------------------------------------------------------------------- */

/* The light of a picture. */
typedef struct scene {
    int kind, gain[3], slope_x, slope_y; /* gain in 1/256; slope across the picture */
    uint32_t grain;
} scene;

static int clip(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

static void texture_colour(int rgb[3], const texture *t, int x, int y)
{
    int share = pattern(t, x, y);

    for (int c = 0; c < 3; c++) rgb[c] = (t->a[c] * (255 - share) + t->b[c] * share) / 255;
}

static void paint_ground(encnet__picture *image, encnet__picture *label, const texture *t,
                         int class)
{
    uint8_t *p = image->pixels;
    int rgb[3];

    memset(label->pixels, class, (size_t)label->h * (size_t)label->w);
    for (int y = 0; y < image->h; y++)
        for (int x = 0; x < image->w; x++) {
            texture_colour(rgb, t, x * SUB, y * SUB);
            for (int c = 0; c < 3; c++) *p++ = (uint8_t)clip(rgb[c]);
        }
}

/* Paints one pixel of a shape: a smooth border, a darker rim, and the label if its centre is
 * inside. */
static void paint_point(uint8_t *rgb, uint8_t *label, const shape *s, int depth, int x, int y)
{
    int cover = depth + SUB / 2 < SUB ? depth + SUB / 2 : SUB, colour[3];

    texture_colour(colour, &s->look, x - s->x, y - s->y);
    for (int c = 0; c < 3; c++) {
        int v = depth < 2 * SUB ? colour[c] * 3 / 4 : colour[c];
        rgb[c] = (uint8_t)clip((rgb[c] * (SUB - cover) + v * cover) / SUB);
    }
    if (depth >= 0) *label = (uint8_t)(depth < s->band ? ENCNET_IGNORE : s->label);
}

static int bound(int v, int high)
{
    return v < 0 ? 0 : v > high ? high : v;
}

static void paint_shape(encnet__picture *image, encnet__picture *label, const shape *s)
{
    int y1 = bound((s->y + s->reach) / SUB + 2, image->h),
        x1 = bound((s->x + s->reach) / SUB + 2, image->w);

    for (int y = bound((s->y - s->reach) / SUB - 2, image->h); y < y1; y++)
        for (int x = bound((s->x - s->reach) / SUB - 2, image->w); x < x1; x++) {
            size_t i = (size_t)y * (size_t)image->w + (size_t)x;
            int depth = depth_at(s, x * SUB, y * SUB);
            if (depth > -SUB / 2)
                paint_point(image->pixels + 3 * i, label->pixels + i, s, depth, x * SUB, y * SUB);
        }
}

/* Applies light and grain to the whole picture. */
static void paint_light(encnet__picture *image, const scene *s)
{
    uint8_t *p = image->pixels;

    for (int y = 0; y < image->h; y++)
        for (int x = 0; x < image->w; x++) {
            int slope = (2 * x - image->w) * s->slope_x / image->w +
                        (2 * y - image->h) * s->slope_y / image->h;
            int grain = (int)(scramble(s->grain, x, y) & 15) - 8;
            for (int c = 0; c < 3; c++, p++)
                *p = (uint8_t)clip(*p * (s->gain[c] + slope) / 256 + grain);
        }
}

static scene scene_of(encnet__rng *r)
{
    scene s = {.kind = (int)encnet__rng_below(r, 2)};
    int light = 216 + (int)encnet__rng_below(r, 81);

    for (int c = 0; c < 3; c++) s.gain[c] = light - 12 + (int)encnet__rng_below(r, 25);
    s.slope_x = (int)encnet__rng_below(r, 61) - 30;
    s.slope_y = (int)encnet__rng_below(r, 61) - 30;
    s.grain = encnet__rng_u32(r);
    return s;
}

encnet_status encnet__synthetic_draw(encnet__picture *image, encnet__picture *label,
                                     const encnet__drawing *d, int index)
{
    encnet_status rc = ENCNET_OK;
    encnet__rng r = encnet__rng_at(d->seed, (uint32_t)d->split, (uint32_t)index, DRAW_SCENE);
    int shorter = d->h < d->w ? d->h : d->w, unit = (shorter > 96 ? shorter : 96) * SUB / 128;
    cast c = cast_of(d->classes);
    scene s = scene_of(&r);
    texture ground = texture_of(&r, s.kind == MEADOW ? SPECKLE : WAVES, unit);
    int shapes = 4 + (int)encnet__rng_below(&r, 5);

    TRY(encnet__picture_new(image, d->h, d->w, 3));
    TRY(encnet__picture_new(label, d->h, d->w, 1));
    ground_colours(ground.a, ground.b, s.kind);
    vary(&ground, &r);
    paint_ground(image, label, &ground, c.grounds == 2 ? s.kind : 0);
    for (int i = 0; i < shapes; i++) {
        int tickets =
            c.things + 2 * c.pairs; /* a twin is two classes, so it is drawn twice as often */
        int look = (int)encnet__rng_below(&r, (uint32_t)tickets);
        shape it = {0};
        if (look >= c.things) look = c.things + (look - c.things) / 2;
        it.label = class_of(&c, d->classes, look, s.kind);
        it.look = texture_of(&r, look % LOOK_KINDS, unit);
        look_colours(it.look.a, it.look.b, look);
        vary(&it.look, &r);
        it.band = encnet__rng_below(&r, 3) == 0 ? unit * 2 : 0;
        place_shape(&it, &r, d, unit);
        paint_shape(image, label, &it);
    }
    paint_light(image, &s);
done:
    return rc;
}
