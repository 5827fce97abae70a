/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * history.c - a training log as curves, and axes that suit them.
 *
 * The log is NAME.log.json.  An incomplete line, which a killed run leaves at the end, is ignored.
 * If a resumed run repeats iterations, the later lines count.
 */
#include "eval/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LOG_BYTES ((size_t)256 << 20)
#define SMOOTHING 40 /* the smooth curve averages over 1/40 of the run to each side */

/* -- reading ----------------------------------------------------------------------------------- */

void encnet__curve_free(encnet__curve *c)
{
    encnet__free(c->x);
    encnet__free(c->y);
}

/* Appends a point and drops points from x on, which a resume has repeated. */
static encnet_status add_point(encnet__curve *c, double x, double y)
{
    while (c->count && c->x[c->count - 1] >= x) c->count--;
    if (c->count == c->capacity) {
        int more =
            c->capacity ? 2 * c->capacity : 256; /* a log of 256 MB has fewer than 2^28 lines */
        double *xs = encnet__realloc(c->x, (size_t)more, sizeof *xs);
        double *ys = xs ? encnet__realloc(c->y, (size_t)more, sizeof *ys) : NULL;
        if (xs) c->x = xs;
        if (ys) c->y = ys;
        if (!ys) return encnet__fail(ENCNET_E_NOMEM, "no memory for a curve of %d points", more);
        c->capacity = more;
    }
    c->x[c->count] = x;
    c->y[c->count++] = y;
    return ENCNET_OK;
}

/* Returns the text after "key": in a flat JSON object; NULL if there is none.  A key within a
 * string does not match, because its quotes are escaped. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);

    for (const char *p = line; (p = strstr(p, key)); p += length) {
        const char *after = p + length;
        if (p == line || p[-1] != '"' || *after != '"') continue;
        for (after++; *after == ' '; after++) {
        }
        if (*after != ':') continue;
        for (after++; *after == ' '; after++) {
        }
        return after;
    }
    return NULL;
}

static bool number_of(double *out, const char *line, const char *key)
{
    const char *text = value_of(line, key), *end;

    return text && encnet__real(out, text, &end) && fabs(*out) < 1e30; /* false for NaN */
}

static encnet_status read_line(encnet__history *h, const char *line)
{
    encnet_status rc = ENCNET_OK;
    const char *mode = value_of(line, "mode");
    double iter, value, last = h->loss.count ? h->loss.x[h->loss.count - 1] : 0;

    if (!mode || !number_of(&iter, line, "iter") || iter < 0) goto done;
    if (strncmp(mode, "\"train\"", 7) == 0) {
        if (number_of(&value, line, "loss")) TRY(add_point(&h->loss, iter, value));
        if (number_of(&value, line, "lr")) TRY(add_point(&h->lr, iter, value));
    } else if (strncmp(mode, "\"val\"", 5) == 0 &&
               (number_of(&value, line, "mIoU") || number_of(&value, line, "top1"))) {
        if (value_of(line, "top1")) h->score = "top-1";
        /* mmcv writes the number of validation images as "iter": use the last training line's */
        TRY(add_point(&h->miou, iter > last ? iter : last, 100 * value));
    }
done:
    return rc;
}

void encnet__history_free(encnet__history *h)
{
    encnet__curve_free(&h->loss);
    encnet__curve_free(&h->lr);
    encnet__curve_free(&h->miou);
}

encnet_status encnet__history_read(encnet__history *h, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *text = NULL, *line, *next;
    size_t size;

    *h = (encnet__history){.score = "mIoU"};
    TRY(encnet__file_read(&text, &size, path, MAX_LOG_BYTES));
    for (line = text; line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : NULL;
        line[length] = '\0';
        while (length && (line[length - 1] == '\r' || line[length - 1] == ' ')) length--;
        if (length && line[length - 1] == '}') TRY(read_line(h, line));
    }
    if (h->loss.count == 0) FAIL(ENCNET_E_DATA, "%s: no training line with a loss in it", path);
done:
    encnet__free(text);
    return rc;
}

/* Averages over up to `reach` points to each side. */
encnet_status encnet__curve_smooth(encnet__curve *out, const encnet__curve *in)
{
    encnet_status rc = ENCNET_OK;
    int reach = in->count / SMOOTHING;
    double sum = 0;
    int left = 0, right = 0; /* sum is over left .. right - 1 */

    for (int i = 0; i < in->count; i++) {
        while (right < in->count && right <= i + reach) sum += in->y[right++];
        while (left < i - reach) sum -= in->y[left++];
        TRY(add_point(out, in->x[i], sum / (right - left)));
    }
done:
    return rc;
}

/* -- axes -------------------------------------------------------------------------------------- */

/* Returns the smallest of 1, 2, 5, 10, ... that gives at most `ticks` steps. */
static double nice_step(double span, int ticks)
{
    double step = pow(10, floor(log10(span / ticks)));

    if (step * ticks < span) step *= 2;
    if (step * ticks < span) step *= 2.5;
    if (step * ticks < span) step *= 2;
    return step;
}

encnet__axis encnet__axis_over(double low, double high, int ticks)
{
    encnet__axis a = {low, high, 1};

    if (!(a.high > a.low)) a.high = a.low + (a.low != 0 ? fabs(a.low) : 1);
    a.step = nice_step(a.high - a.low, ticks);
    return a;
}

/* Makes an axis like encnet__axis_over(), widened to whole steps. */
encnet__axis encnet__axis_round(double low, double high, int ticks)
{
    encnet__axis a = encnet__axis_over(low, high, ticks);

    a.low = floor(a.low / a.step) * a.step;
    a.high = ceil(a.high / a.step - 1e-9) * a.step;
    return a;
}

void encnet__tick_text(char *out, size_t size, double value)
{
    if (fabs(value) >= 10000 && fmod(value, 100) == 0)
        encnet__print(out, size, "%gk", value / 1000);
    else
        encnet__print(out, size, "%.4g", fabs(value) < 1e-12 ? 0 : value);
}

void encnet__curve_extremes(double *low, double *high, const encnet__curve *c)
{
    *low = *high = c->y[0];
    for (int i = 1; i < c->count; i++) {
        *low = fmin(*low, c->y[i]);
        *high = fmax(*high, c->y[i]);
    }
}
