/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_windows - the gradient of the weights on CPUs where x has few channels.
 *
 * The pixels that a kernel row meets at an output are one run of S*C floats, so that vectors are full
 * where vectors of one pixel's C or K channels would not be.  lib/ops/conv2d.md has the figures.
 */
#include "ops/conv/engine.h"

enum {
    LINE = 16,             /* floats of a cache line, and of the longest vector */
    MOST_FLOATS = 16384,   /* of a row of x, which stays in the first- or second-level cache */
    LEAST_ROWS = 4,        /* of x, of a work-item: its sums are added to those of the others */
    ITEMS_PER_UNIT = 4,    /* work-items per compute unit that even out the load */
    MOST_BYTES = 64 << 20, /* of the sums of all work-items, roughly */
    MOST_CHANNELS = 24     /* of x, for auto: with 36, panels of channels are as fast */
};

/* Registers, and the kernel options for them: 24 sums of 16 floats, or 12 of 8. */
static int register_floats(const encnet__device_facts *facts)
{
    return facts->vector_floats >= 16 ? 16 : 8;
}

static const char *options_for(const encnet__device_facts *facts)
{
    return register_floats(facts) == 16 ? "" : "-DVEC=8 -DTILE_K=3";
}

/* How the work is divided, with the names of cl/conv2d_windows.cl. */
typedef struct windows {
    int window, e; /* floats of a window, and with those that fill its last vector */
    int floats;    /* of a row of x between its zeros */
    int parts;     /* of the rows of x, each with its own sums */
} windows;

static windows divide(const encnet__conv *t, const encnet__device_facts *facts)
{
    windows v = {.window = t->s * t->c, .e = encnet__round_up(t->s * t->c, register_floats(facts))};
    int row = (t->w + 2 * t->pad) * t->c, last = (t->out_w - 1) * t->stride * t->c + v.e;
    size_t sums = sizeof(float) * (size_t)t->r * (size_t)t->k * (size_t)v.e;

    v.floats = encnet__round_up(last > row ? last : row, LINE) + LINE;
    v.parts =
        encnet__least(ITEMS_PER_UNIT * facts->units, encnet__ceil_div(t->n * t->h, LEAST_ROWS));
    v.parts = encnet__least(v.parts, (int)(MOST_BYTES / sums) + 1);
    return v;
}

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t row = ((int64_t)conv->w + 2 * (int64_t)conv->pad) * conv->c;

    if (direction != ENCNET__CONV_FILTER) return "takes the gradient of weights";
    if (!facts->is_cpu) return "takes CPUs";
    if (conv->groups != 1 || (conv->dilation != 1 && conv->r * conv->s > 1))
        return "takes groups 1 and dilation 1";
    if (conv->storage != ENCNET__F32) return "takes float32";
    if (row > MOST_FLOATS || (int64_t)conv->s * conv->c > MOST_FLOATS)
        return "takes rows of at most 16384 floats";
    return (int64_t)conv->n * conv->h <= INT32_MAX ? NULL : "takes at most 2^31 rows";
}

/* Scratch: the sums of the parts, then their rows. */
static encnet_status plan(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    const encnet__conv *t = &pass->conv;
    const char *options = options_for(facts);
    windows v = divide(t, facts);
    encnet__grid grid = {{(size_t)v.parts}, {1}}, ends = {{(size_t)t->k, (size_t)t->r}, {1, 1}};
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = sizeof(float) * (size_t)v.parts *
                          ((size_t)t->r * (size_t)t->k * (size_t)v.e + (size_t)v.floats);
    TRY(STEP(&pass->run, "conv2d_windows", "conv2d_windows", options, grid, OPERAND(CONV_SCRATCH),
             OPERAND(CONV_X), OPERAND(CONV_COEFFICIENTS), OPERAND(CONV_DY), INT(t->n), INT(t->h),
             INT(t->w), INT(t->c), INT(t->out_h), INT(t->out_w), INT(t->k), INT(t->r), INT(v.e),
             INT(t->stride), INT(t->pad), INT(v.floats)));
    TRY(STEP(&pass->run, "conv2d_windows", "conv2d_windows_end", options, ends, OPERAND(CONV_OUT),
             OPERAND(CONV_SCRATCH), INT(v.parts), INT(t->k), INT(t->r), INT(v.e), INT(v.window)));
done:
    return rc;
}

static bool pays(const encnet__conv_pass *pass)
{
    return pass->conv.s > 1 && pass->conv.c <= MOST_CHANNELS;
}

const encnet__conv_algorithm encnet__conv_windows = {
    .refuses = refuses,
    .pays = pays,
    .plan = plan,
    .normalises = 1u << ENCNET__CONV_FILTER,
};
