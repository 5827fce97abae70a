/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tune.c - chooses the algorithm of a direction by measurement (device.tune).
 *
 * Every algorithm that comes into question computes the direction once to warm up, has some elements
 * of its result compared with sums in double, and is timed.  The choice is kept under the shape of
 * the convolution; see the choices of device/device.h.
 */
#include "ops/conv/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUICK_RUNS = 2, FULL_RUNS = 5, SAMPLES = 24, KEY_TEXT = 192 };

/* -- measuring --------------------------------------------------------------------------------- */

/* The least time of some runs; an algorithm that takes twice `best` is not run again. */
static encnet_status run(double *seconds, const encnet__conv_pass *pass,
                         const encnet__trial_operands *o, int runs, double best)
{
    encnet_status rc = ENCNET_OK;

    *seconds = INFINITY;
    TRY(encnet__conv_run(pass->dev, &pass->prepare, o->buffers));
    TRY(encnet__conv_run(pass->dev, &pass->run, o->buffers));
    TRY(encnet__trial_check(pass, o, SAMPLES));
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

/* Times one algorithm. */
static encnet_status time_row(double *seconds, const encnet__conv_pass *pass,
                              const encnet__conv_row *row, encnet__trial_operands *o, int runs,
                              double best)
{
    encnet_status rc = ENCNET_OK;
    encnet__conv_pass own = {.dev = pass->dev,
                             .conv = pass->conv,
                             .direction = pass->direction,
                             .prepares = pass->prepares,
                             .row = row};

    TRY(encnet__trial_plan(&own, o));
    TRY(run(seconds, &own, o, runs, best));
done:
    encnet__trial_drop(&own, o);
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
    encnet__trial_operands o = {{NULL}, 0};
    int candidates = 0, measured = 0;

    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++)
        candidates += is_candidate(pass, row);
    if (candidates < 2 || encnet__trial_new(&o, pass) != ENCNET_OK) goto done;
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
    encnet__trial_free(&o);
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
