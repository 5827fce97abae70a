/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* trial.c - computes one direction of a convolution on noise, and compares some elements of the result
 * with sums in double. */
#include "ops/conv/trial.h"

#include <math.h>

enum {
    PERIOD = 65521,     /* of the noise; a prime, so that no extent divides it */
    TRIAL_SAMPLES = 211 /* of a small result; a prime, so that many channels are met */
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

void encnet__trial_free(encnet__trial_operands *o)
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

encnet_status encnet__trial_new(encnet__trial_operands *o, const encnet__conv_pass *pass)
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

/* -- one algorithm ----------------------------------------------------------------------------- */

/* Compares elements from all over the result. */
encnet_status encnet__trial_check(const encnet__conv_pass *pass, const encnet__trial_operands *o,
                                  int samples)
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

encnet_status encnet__trial_plan(encnet__conv_pass *pass, encnet__trial_operands *o)
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

void encnet__trial_drop(encnet__conv_pass *pass, encnet__trial_operands *o)
{
    encnet__buffer_free(o->buffers[CONV_SCRATCH]);
    encnet__buffer_free(o->buffers[CONV_PREPARED]);
    o->buffers[CONV_SCRATCH] = o->buffers[CONV_PREPARED] = NULL;
    encnet__conv_pass_free(pass);
}

encnet_status encnet__conv_try(encnet_device *dev, const encnet__conv *conv,
                               encnet__conv_direction direction, const encnet__conv_row *row)
{
    encnet_status rc = ENCNET_OK;
    encnet__conv_pass own = {.dev = dev, .conv = *conv, .direction = direction, .row = row};
    encnet__trial_operands o = {{NULL}, 0};

    TRY(encnet__trial_new(&o, &own));
    TRY(encnet__trial_plan(&own, &o));
    TRY(encnet__conv_run(dev, &own.run, o.buffers));
    TRY(encnet__trial_check(&own, &o, TRIAL_SAMPLES));
done:
    encnet__trial_drop(&own, &o);
    encnet__trial_free(&o);
    return rc;
}
