/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tune.c - chooses the algorithm of a direction by measurement (device.tune).
 *
 * Every algorithm that comes into question computes the direction once to warm up, has some elements
 * of its result compared with sums in double, and is timed.  The choice is kept under the shape of
 * the convolution; see the choices of device/device.h.
 */
#include "ops/conv/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUICK_RUNS = 2,
    FULL_RUNS = 5,
    SAMPLES = 24,
    TRIAL_SAMPLES =
        211,        /* of a small convolution; a prime, so that they are not all in one channel */
    PERIOD = 65521, /* of the noise; a prime, so that no extent divides it */
    KEY_TEXT = 192
};

/* -- noise, and what comes of it --------------------------------------------------------------- */

double encnet__conv_noise(encnet__conv_operand operand, size_t i)
{
    uint32_t at[2] = {(uint32_t)operand, (uint32_t)(i % PERIOD)};

    return ((int)(encnet__hash(ENCNET__FNV, at, sizeof at) >> 8 & 31) - 16) / 16.0;
}

/* A sum of products of noise. */
typedef struct sum {
    double value, size; /* size: of the absolute products */
    double terms;
} sum;

static void add(sum *s, encnet__conv_operand a, size_t a_at, encnet__conv_operand b, size_t b_at)
{
    double product = encnet__conv_noise(a, a_at) * encnet__conv_noise(b, b_at);

    s->value += product;
    s->size += fabs(product);
    s->terms++;
}

static bool inside(int i, int extent)
{
    return i >= 0 && i < extent;
}

/* Element (n, i, j, c) of a tensor [N,H,W,C]. */
static size_t at_of(int n, int i, int j, int c, int h, int w, int channels)
{
    return (((size_t)n * (size_t)h + (size_t)i) * (size_t)w + (size_t)j) * (size_t)channels +
           (size_t)c;
}

/* The reverse: `at` as (n, i, j, c). */
static void split(int index[4], size_t at, int h, int w, int channels)
{
    const int extents[4] = {0, h, w, channels};

    for (int d = 3; d > 0; d--) {
        index[d] = (int)(at % (size_t)extents[d]);
        at /= (size_t)extents[d];
    }
    index[0] = (int)at;
}

static sum forward_at(const encnet__conv *t, size_t at)
{
    int y[4], group = t->c / t->groups, first;
    sum s = {0};

    split(y, at, t->out_h, t->out_w, t->k);
    first = y[3] / (t->k / t->groups) * group;
    for (int r = 0; r < t->r; r++)
        for (int q = 0; q < t->s; q++) {
            int h = y[1] * t->stride + r * t->dilation - t->pad,
                w = y[2] * t->stride + q * t->dilation - t->pad;
            if (!inside(h, t->h) || !inside(w, t->w)) continue;
            for (int c = 0; c < group; c++)
                add(&s, CONV_X, at_of(y[0], h, w, first + c, t->h, t->w, t->c), CONV_W,
                    at_of(r, q, c, y[3], t->s, group, t->k));
        }
    if (t->bias) s.value += encnet__conv_noise(CONV_B, (size_t)y[3]);
    if (t->addend) s.value += encnet__conv_noise(CONV_A, at);
    if (t->relu && s.value < 0) s.value = 0;
    return s;
}

static sum data_at(const encnet__conv *t, size_t at)
{
    int x[4], group = t->c / t->groups, outputs = t->k / t->groups, first;
    sum s = {0};

    split(x, at, t->h, t->w, t->c);
    first = x[3] / group * outputs;
    for (int r = 0; r < t->r; r++)
        for (int q = 0; q < t->s; q++) {
            int h = x[1] + t->pad - r * t->dilation, w = x[2] + t->pad - q * t->dilation;
            if (h % t->stride || w % t->stride) continue;
            if (!inside(h / t->stride, t->out_h) || !inside(w / t->stride, t->out_w)) continue;
            for (int k = first; k < first + outputs; k++)
                add(&s, CONV_DY,
                    at_of(x[0], h / t->stride, w / t->stride, k, t->out_h, t->out_w, t->k), CONV_W,
                    at_of(r, q, x[3] % group, k, t->s, group, t->k));
        }
    return s;
}

static sum filter_at(const encnet__conv *t, size_t at)
{
    int w[4], group = t->c / t->groups, c;
    sum s = {0};

    split(w, at, t->s, group, t->k);
    c = w[3] / (t->k / t->groups) * group + w[2];
    for (int n = 0; n < t->n; n++)
        for (int i = 0; i < t->out_h; i++)
            for (int j = 0; j < t->out_w; j++) {
                int h = i * t->stride + w[0] * t->dilation - t->pad,
                    v = j * t->stride + w[1] * t->dilation - t->pad;
                if (inside(h, t->h) && inside(v, t->w))
                    add(&s, CONV_X, at_of(n, h, v, c, t->h, t->w, t->c), CONV_DY,
                        at_of(n, i, j, w[3], t->out_h, t->out_w, t->k));
            }
    return s;
}

/* The type of the result: gradients of weights are float32. */
static encnet__type result_type(const encnet__conv_pass *pass)
{
    return pass->direction == ENCNET__CONV_FILTER ? ENCNET__F32 : pass->conv.storage;
}

/* A chain of m terms rounds m times, and the errors grow with sqrt(m); then the result is rounded. */
bool encnet__conv_agrees(const encnet__conv_pass *pass, size_t at, double value)
{
    static sum (*const sums[ENCNET__CONV_DIRECTIONS])(const encnet__conv *t, size_t at) = {
        [ENCNET__CONV_FORWARD] = forward_at,
        [ENCNET__CONV_DATA] = data_at,
        [ENCNET__CONV_FILTER] = filter_at};
    sum s = sums[pass->direction](&pass->conv, at);
    encnet__type type = result_type(pass);
    double step = type == ENCNET__F16    ? 0x1p-10
                  : type == ENCNET__BF16 ? 0x1p-7
                                         : 0x1p-23,
           chain = sqrt(s.terms + 1),
           allowed = fmax(1, pass->row->algorithm->rounding) * (6 + chain) * 0x1p-24 *
                         (1 + s.size / chain) +
                     step * fabs(s.value);

    return fabs(value - s.value) <= allowed;
}

/* -- operands ---------------------------------------------------------------------------------- */

typedef struct operands {
    encnet__buffer *buffers[CONV_OPERANDS];
    size_t result; /* elements */
} operands;

static void free_operands(operands *o)
{
    for (int i = 0; i < CONV_OPERANDS; i++) encnet__buffer_free(o->buffers[i]);
}

/* A buffer of `count` elements of noise. */
static encnet_status make_noise(encnet__buffer **out, encnet_device *dev,
                                encnet__conv_operand operand, size_t count, encnet__type type)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes = encnet__type_bytes(type), period = count < PERIOD ? count : PERIOD;
    char *noise = encnet__alloc(period, bytes);

    if (!noise) FAIL(ENCNET_E_NOMEM, "no host memory to measure a convolution");
    for (size_t i = 0; i < period; i++)
        encnet__number_write(noise + i * bytes, encnet__conv_noise(operand, i), type);
    TRY(encnet__buffer_new(out, dev, count * bytes));
    for (size_t at = 0; at < count; at += period)
        TRY(encnet__write(*out, at * bytes, noise,
                          (count - at < period ? count - at : period) * bytes));
done:
    encnet__free(noise);
    return rc;
}

static encnet_status make_operands(operands *o, const encnet__conv_pass *pass)
{
    encnet_status rc = ENCNET_OK;
    const encnet__conv *t = &pass->conv;
    size_t x = at_of(t->n, 0, 0, 0, t->h, t->w, t->c),
           y = at_of(t->n, 0, 0, 0, t->out_h, t->out_w, t->k),
           w = at_of(t->r, 0, 0, 0, t->s, t->c / t->groups, t->k);
    bool forward = pass->direction == ENCNET__CONV_FORWARD,
         data = pass->direction == ENCNET__CONV_DATA;
    const struct {
        encnet__conv_operand operand;
        bool read;
        size_t count;
        encnet__type type;
    } rows[] = {
        {CONV_X, !data, x, t->storage},
        {CONV_W, forward || data, w, ENCNET__F32},
        {CONV_DY, !forward, y, t->storage},
        {CONV_B, forward && t->bias, (size_t)t->k, ENCNET__F32},
        {CONV_A, forward && t->addend, y, t->storage},
    };

    o->result = forward ? y : data ? x : w;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].read)
            TRY(make_noise(&o->buffers[rows[i].operand], pass->dev, rows[i].operand, rows[i].count,
                           rows[i].type));
    TRY(encnet__buffer_new(&o->buffers[CONV_OUT], pass->dev,
                           o->result * encnet__type_bytes(result_type(pass))));
done:
    return rc;
}

/* -- measuring --------------------------------------------------------------------------------- */

/* Compares elements from all over the result. */
static encnet_status check(const encnet__conv_pass *pass, const operands *o, int samples)
{
    encnet_status rc = ENCNET_OK;
    encnet__type type = result_type(pass);
    size_t bytes = encnet__type_bytes(type);
    char element[8];

    for (int i = 0; i < samples; i++) {
        size_t at = (size_t)((double)(o->result - 1) * i / (samples - 1));
        double value;
        TRY(encnet__read(element, o->buffers[CONV_OUT], at * bytes, bytes));
        value = encnet__number_read(element, type);
        if (!encnet__conv_agrees(pass, at, value))
            FAIL(ENCNET_E_DEVICE, "%s: element %zu of a convolution is %g", pass->row->name, at,
                 value);
    }
done:
    return rc;
}

/* The least time of some runs; an algorithm that takes twice `best` is not run again. */
static encnet_status run(double *seconds, const encnet__conv_pass *pass, const operands *o,
                         int runs, double best)
{
    encnet_status rc = ENCNET_OK;

    *seconds = INFINITY;
    TRY(encnet__conv_run(pass->dev, &pass->prepare, o->buffers));
    TRY(encnet__conv_run(pass->dev, &pass->run, o->buffers));
    TRY(check(pass, o, SAMPLES));
    for (int i = 0; i<runs && * seconds> 0 && (i == 0 || *seconds < 2 * best); i++) {
        double began = encnet__now(), took;
        TRY(encnet__conv_run(pass->dev, &pass->run, o->buffers));
        TRY(encnet__finish(pass->dev));
        took = encnet__now() - began;
        if (took < *seconds) *seconds = took;
    }
done:
    return rc;
}

static encnet_status plan_row(encnet__conv_pass *pass, operands *o)
{
    encnet_status rc = ENCNET_OK;

    pass->prepare.storage = pass->run.storage = pass->conv.storage;
    TRY(pass->row->algorithm->plan(pass));
    if (pass->scratch_bytes)
        TRY(encnet__buffer_new(&o->buffers[CONV_SCRATCH], pass->dev, pass->scratch_bytes));
    if (pass->prepared_bytes)
        TRY(encnet__buffer_new(&o->buffers[CONV_PREPARED], pass->dev, pass->prepared_bytes));
done:
    return rc;
}

static void free_row(encnet__conv_pass *pass, operands *o)
{
    encnet__buffer_free(o->buffers[CONV_SCRATCH]);
    encnet__buffer_free(o->buffers[CONV_PREPARED]);
    o->buffers[CONV_SCRATCH] = o->buffers[CONV_PREPARED] = NULL;
    encnet__conv_pass_free(pass);
}

/* Times one algorithm. */
static encnet_status time_row(double *seconds, const encnet__conv_pass *pass,
                              const encnet__conv_row *row, operands *o, int runs, double best)
{
    encnet_status rc = ENCNET_OK;
    encnet__conv_pass own = {.dev = pass->dev,
                             .conv = pass->conv,
                             .direction = pass->direction,
                             .prepares = pass->prepares,
                             .row = row};

    TRY(plan_row(&own, o));
    TRY(run(seconds, &own, o, runs, best));
done:
    free_row(&own, o);
    return rc;
}

encnet_status encnet__conv_try(encnet_device *dev, const encnet__conv *conv,
                               encnet__conv_direction direction, const encnet__conv_row *row)
{
    encnet_status rc = ENCNET_OK;
    encnet__conv_pass own = {.dev = dev, .conv = *conv, .direction = direction, .row = row};
    operands o = {{NULL}, 0};

    TRY(make_operands(&o, &own));
    TRY(plan_row(&own, &o));
    TRY(encnet__conv_run(dev, &own.run, o.buffers));
    TRY(check(&own, &o, TRIAL_SAMPLES));
done:
    free_row(&own, &o);
    free_operands(&o);
    return rc;
}

static bool may_take(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    return encnet__conv_accurate(pass, row) && !encnet__conv_refusal(pass, row);
}

static bool is_full(const encnet__conv_pass *pass)
{
    return strcmp(encnet__device_options_of(pass->dev)->tune, "full") == 0;
}

/* Whether an algorithm comes into question: quick tries those for the kind of device. */
static bool is_candidate(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    double least = encnet__device_facts_of(pass->dev)->is_cpu ? row->cpu : row->gpu;

    return row->algorithm != &encnet__conv_reference && (is_full(pass) || isfinite(least)) &&
           may_take(pass, row);
}

/* Sets pass->row to the fastest; NULL if fewer than two algorithms could be measured.  One that cannot
 * be measured, for want of memory, is none. */
static void measure(encnet__conv_pass *pass)
{
    int runs = is_full(pass) ? FULL_RUNS : QUICK_RUNS;
    const encnet__conv_row *fastest = NULL;
    double best = INFINITY, seconds;
    operands o = {{NULL}, 0};
    int candidates = 0, measured = 0;

    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++)
        candidates += is_candidate(pass, row);
    if (candidates < 2 || make_operands(&o, pass) != ENCNET_OK) goto done;
    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++) {
        if (!is_candidate(pass, row)) continue;
        if (time_row(&seconds, pass, row, &o, runs, best) != ENCNET_OK) continue;
        measured++;
        if (seconds >= best) continue;
        best = seconds;
        fastest = row;
    }
    if (measured < 2) goto done;
    pass->row = fastest;
    pass->seconds = best;
done:
    free_operands(&o);
}

/* -- choices ----------------------------------------------------------------------------------- */

/* Everything that the choice depends on, short enough for a line of an INI file. */
static void key_of(char key[KEY_TEXT], const encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;

    snprintf(
        key, KEY_TEXT,
        "conv2d %s %dx%d stride %d pad %d dilation %d groups %d, %dx%dx%dx%d to %d%s%s%s%s, %s %s",
        encnet__conv_direction_names[pass->direction], t->r, t->s, t->stride, t->pad, t->dilation,
        t->groups, t->n, t->h, t->w, t->c, t->k, t->bias ? " bias" : "", t->addend ? " addend" : "",
        t->relu ? " relu" : "", pass->prepares ? " prepared" : "",
        t->tf32 ? "tf32" : encnet__type_name(t->storage),
        encnet__device_options_of(pass->dev)->accuracy);
}

/* "winograd 1230": the name, and microseconds. */
static void take(encnet__conv_pass *pass, const char *value)
{
    size_t length = strcspn(value, " ");

    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++) {
        if (strlen(row->name) != length || strncmp(row->name, value, length) != 0) continue;
        if (!may_take(pass, row)) continue;
        pass->row = row;
        pass->seconds = 1e-6 * (double)strtol(value + length, NULL, 10);
    }
}

encnet_status encnet__conv_measured(encnet__conv_pass *pass)
{
    encnet_status rc = ENCNET_OK;
    char key[KEY_TEXT], value[80];
    const char *known;
    double began;

    key_of(key, pass);
    known = encnet__choice_find(pass->dev, key);
    if (known) take(pass, known);
    if (pass->row || !encnet__device_tunes(pass->dev)) goto done;
    began = encnet__now();
    measure(pass);
    encnet__device_tuned(pass->dev, encnet__now() - began);
    if (!pass->row) goto done;
    snprintf(value, sizeof value, "%s %ld", pass->row->name, lround(1e6 * pass->seconds));
    TRY(encnet__choice_keep(pass->dev, key, value, true));
    known = encnet__choice_find(pass->dev, key);
    if (known) take(pass, known); /* another thread's, if it was kept first */
done:
    return rc;
}
