/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* schedule.c - the learning rate of an iteration and of a weight. */
#include "train/train.h"

#include <math.h>
#include <string.h>

#include "options/options.h"

enum { MOST_STEPS = 16 };

/* The rate that remains of `lr` after the steps up to `at`. */
static double stepped(const encnet_optimizer_options *o, double lr, int at)
{
    double steps[MOST_STEPS];
    int n = 0;

    /* a text that lists no numbers has been refused at the start of the run */
    if (encnet__option_numbers(steps, &n, ENCNET__OPTION_ROW(optimizer.steps), o->steps) !=
        ENCNET_OK)
        return lr;
    for (int i = 0; i < n; i++)
        if (at >= steps[i]) lr *= o->gamma;
    return fmax(lr, o->min_lr);
}

double encnet__lr_at(const encnet_optimizer_options *o, double mult, int at, int total)
{
    double done = fmin((double)at / total, 1), lr = o->lr * mult;

    if (mult == 0) return 0;
    if (strcmp(o->schedule, "cosine") == 0)
        lr = (lr - o->min_lr) * (1 + cos(acos(-1) * done)) / 2 + o->min_lr;
    else if (strcmp(o->schedule, "step") == 0)
        lr = stepped(o, lr, at);
    else
        lr = (lr - o->min_lr) * pow(1 - done, o->power) + o->min_lr;
    if (at < o->warmup_iters) lr *= 1 - (1 - (double)at / o->warmup_iters) * (1 - o->warmup_ratio);
    return lr;
}

double encnet__decay_mult(const encnet_optimizer_options *o, const encnet__weights *w, int i)
{
    const char *name = encnet__weights_at(w, i)->name, *dot = strrchr(name, '.');
    encnet__text mean = {0};
    bool norm;

    if (!dot || (o->norm_decay && o->bias_decay)) return 1;
    encnet__text_add(&mean, "%.*s.running_mean", (int)(dot - name), name);
    norm = mean.data && encnet__weights_find(w, mean.data) >= 0;
    encnet__text_free(&mean);
    if (norm) return o->norm_decay;
    return strcmp(dot, ".bias") == 0 ? o->bias_decay : 1;
}

bool encnet__by_epoch(const encnet_optimizer_options *o)
{
    return strcmp(o->unit, "epoch") == 0;
}

double encnet__lr_of(const encnet_optimizer_options *o, double mult, int it, int max_iters,
                     int epoch_iters)
{
    int unit = encnet__by_epoch(o) ? epoch_iters : 1;

    return encnet__lr_at(o, mult, it / unit, (max_iters + unit - 1) / unit);
}

int encnet__max_iters(const encnet_train_options *o, int epoch_iters)
{
    return o->epochs ? o->epochs * epoch_iters : o->max_iters;
}

encnet_status encnet__lr_mult(double *mult, const char *list, const char *name)
{
    const char *at = list ? list : "";
    encnet__factor entry;
    size_t longest = 0;

    *mult = 1;
    while (*at) {
        if (!encnet__factor_read(&entry, &at))
            return encnet__option_refuse(ENCNET_E_CONFIG, ENCNET__OPTION_ROW(optimizer.lr_mult),
                                         list);
        if (strncmp(name, entry.prefix, entry.length) == 0 && entry.length >= longest) {
            longest = entry.length;
            *mult = entry.factor;
        }
    }
    return ENCNET_OK;
}
