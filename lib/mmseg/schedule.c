/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* schedule.c - optimiser, learning rate, iterations, intervals. */
#include <stdio.h>
#include <string.h>

#include "mmseg/mapping.h"

typedef encnet__mmseg_place place;
typedef encnet__mmseg_rule rule;

/* -- optimiser --------------------------------------------------------------------------------- */

/* Learning rates of parts of the network: mmcv looks for the keys anywhere in a name, encnet-cl at
 * its beginning. */
static encnet_status map_multipliers(const place *keys)
{
    static const rule rules[] = {{"lr_mult", NULL}, {"decay_mult", "1"}};
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};
    double mult;

    for (int i = 0; i < keys->value->n; i++) {
        const char *key = keys->value->keys[i];
        place p = encnet__mmseg_at(keys, key);
        bool head = strcmp(key, "head") == 0;
        if (!head && strcmp(key, "decode_head") != 0 && strcmp(key, "auxiliary_head") != 0 &&
            strcmp(key, "backbone") != 0)
            TRY(encnet__mmseg_refuse(&p, "encnet-cl knows head, decode_head, auxiliary_head and "
                                         "backbone here"));
        TRY(encnet__mmseg_check(&p, rules, COUNT_OF(rules)));
        TRY(encnet__mmseg_real(&mult, &p, "lr_mult", 1));
        if (head)
            encnet__text_add(&text, "%sdecode_head:%.10g,auxiliary_head:%.10g", i ? "," : "", mult,
                             mult);
        else
            encnet__text_add(&text, "%s%s:%.10g", i ? "," : "", key, mult);
    }
    if (text.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for it", keys->name);
    if (text.size)
        TRY(encnet__mmseg_set(keys->m, keys->value, "optimizer.lr_mult", "%s", text.data));
done:
    encnet__text_free(&text);
    return rc;
}

static encnet_status map_paramwise(const place *p)
{
    static const rule rules[] = {{"custom_keys", NULL},
                                 {"bias_lr_mult", "1|None"},
                                 {"bias_decay_mult", "1|None"},
                                 {"norm_decay_mult", "1|None"},
                                 {"bypass_duplicate", "False"}};
    encnet_status rc = ENCNET_OK;
    place keys = encnet__mmseg_at(p, "custom_keys");

    if (!encnet__py_true(p->value)) goto done;
    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    if (encnet__py_is(keys.value, ENCNET__PY_DICT)) TRY(map_multipliers(&keys));
done:
    return rc;
}

static encnet_status map_optimizer(const place *p)
{
    static const rule rules[] = {{"type", NULL},         {"lr", NULL},       {"momentum", NULL},
                                 {"weight_decay", NULL}, {"dampening", "0"}, {"nesterov", "False"},
                                 {"paramwise_cfg", NULL}};
    encnet_status rc = ENCNET_OK;
    place type = encnet__mmseg_at(p, "type"), lr_place = encnet__mmseg_at(p, "lr"),
          paramwise = encnet__mmseg_at(p, "paramwise_cfg");
    double lr, momentum, decay;

    if (!encnet__mmseg_is(type.value, "'SGD'"))
        return encnet__mmseg_refuse(&type, "encnet-cl has only SGD");
    if (!lr_place.value) return encnet__mmseg_refuse(&lr_place, "must be a number");
    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_real(&lr, p, "lr", 0));
    TRY(encnet__mmseg_real(&momentum, p, "momentum", 0));
    TRY(encnet__mmseg_real(&decay, p, "weight_decay", 0));
    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.lr", lr));
    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.momentum", momentum));
    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.weight_decay", decay));
    TRY(map_paramwise(&paramwise));
done:
    return rc;
}

/* Mixed precision.  How the loss is scaled makes no difference but by overflows; ours is scaled as with
 * 'dynamic'. */
static encnet_status map_precision(const place *p, bool bfloat16)
{
    return encnet__mmseg_set(p->m, p->value, "device.precision", "%s", bfloat16 ? "bf16" : "fp16");
}

/* optim_wrapper of 1.x. */
static encnet_status map_wrapper(const place *p)
{
    static const rule rules[] = {{"type", "'OptimWrapper'|'AmpOptimWrapper'"},
                                 {"loss_scale", NULL},
                                 {"dtype", "None|'float16'|'bfloat16'"},
                                 {"optimizer", NULL},
                                 {"clip_grad", "None"},
                                 {"paramwise_cfg", NULL},
                                 {"accumulative_counts", NULL}};
    encnet_status rc = ENCNET_OK;
    place optimizer = encnet__mmseg_at(p, "optimizer"),
          paramwise = encnet__mmseg_at(p, "paramwise_cfg");
    int accumulate;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(map_optimizer(&optimizer));
    TRY(map_paramwise(&paramwise));
    if (encnet__mmseg_is(encnet__py_get(p->value, "type"), "'AmpOptimWrapper'"))
        TRY(map_precision(p, encnet__mmseg_is(encnet__py_get(p->value, "dtype"), "'bfloat16'")));
    TRY(encnet__mmseg_int(&accumulate, p, "accumulative_counts", 1));
    if (accumulate != 1) TRY(encnet__mmseg_set_int(p->m, p->value, "train.accumulate", accumulate));
done:
    return rc;
}

/* optimizer_config and fp16 of 0.x. */
static encnet_status map_hook(const place *root)
{
    static const rule rules[] = {{"type", "'OptimizerHook'|'Fp16OptimizerHook'"},
                                 {"grad_clip", "None"},
                                 {"loss_scale", NULL},
                                 {"distributed", NULL}},
                      half_rules[] = {{"loss_scale", NULL}};
    encnet_status rc = ENCNET_OK;
    place p = encnet__mmseg_at(root, "optimizer_config"), half = encnet__mmseg_at(root, "fp16");
    bool hooked =
        p.value && encnet__mmseg_is(encnet__py_get(p.value, "type"), "'Fp16OptimizerHook'");

    TRY(encnet__mmseg_check(&p, rules, COUNT_OF(rules)));
    if (half.value && !encnet__mmseg_is(half.value, "None"))
        TRY(encnet__mmseg_check(&half, half_rules, COUNT_OF(half_rules)));
    else if (!hooked)
        goto done;
    TRY(map_precision(hooked ? &p : &half, false));
done:
    return rc;
}

/* -- learning rate ----------------------------------------------------------------------------- */

static encnet_status set_schedule(const place *p, double power, double least)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.power", power));
    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.min_lr", least));
done:
    return rc;
}

/* lr_config of 0.x. */
static encnet_status map_lr_config(const place *p)
{
    static const rule rules[] = {{"policy", "'poly'"},
                                 {"power", NULL},
                                 {"min_lr", NULL},
                                 {"by_epoch", "False"},
                                 {"warmup", "None|'linear'"},
                                 {"warmup_iters", NULL},
                                 {"warmup_ratio", NULL},
                                 {"warmup_by_epoch", "False"}};
    encnet_status rc = ENCNET_OK;
    double power, least, ratio;
    int iters;

    if (!p->value) return encnet__mmseg_refuse(p, "encnet-cl has only the policy 'poly'");
    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    if (!encnet__py_get(p->value, "policy") || !encnet__py_get(p->value, "by_epoch"))
        return encnet__mmseg_refuse(p, "encnet-cl has only policy='poly' and by_epoch=False");
    TRY(encnet__mmseg_real(&power, p, "power", 1));
    TRY(encnet__mmseg_real(&least, p, "min_lr", 0));
    TRY(set_schedule(p, power, least));
    if (!encnet__mmseg_is(encnet__py_get(p->value, "warmup"), "'linear'")) goto done;
    TRY(encnet__mmseg_int(&iters, p, "warmup_iters", 0));
    TRY(encnet__mmseg_real(&ratio, p, "warmup_ratio", 0.1));
    TRY(encnet__mmseg_set_int(p->m, p->value, "optimizer.warmup_iters", iters));
    TRY(encnet__mmseg_set_real(p->m, p->value, "optimizer.warmup_ratio", ratio));
done:
    return rc;
}

/* param_scheduler of 1.x. */
static encnet_status map_scheduler(const place *list, int iters)
{
    static const rule rules[] = {{"type", "'PolyLR'"}, {"eta_min", NULL}, {"power", NULL},
                                 {"begin", "0"},       {"end", NULL},     {"by_epoch", "False"}};
    encnet_status rc = ENCNET_OK;
    place p = encnet__py_is_list(list->value) ? encnet__mmseg_item(list, 0) : *list,
          end = encnet__mmseg_at(&p, "end"), type = encnet__mmseg_at(&p, "type");
    double power, least;
    int last;

    if (encnet__py_is_list(list->value) && list->value->n != 1)
        return encnet__mmseg_refuse(list, "encnet-cl has one schedule, PolyLR");
    if (!encnet__py_is(p.value, ENCNET__PY_DICT) || !type.value)
        return encnet__mmseg_refuse(&p, "encnet-cl has only PolyLR");
    TRY(encnet__mmseg_check(&p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_int(&last, &p, "end", 0));
    if (last != iters)
        return encnet__mmseg_refuse(&end, "encnet-cl's schedule ends with the run, after %d",
                                    iters);
    if (!encnet__py_get(p.value, "by_epoch"))
        return encnet__mmseg_refuse(&p, "encnet-cl has only by_epoch=False");
    TRY(encnet__mmseg_real(&power, &p, "power", 1));
    TRY(encnet__mmseg_real(&least, &p, "eta_min", 0));
    TRY(set_schedule(&p, power, least));
done:
    return rc;
}

/* -- iterations -------------------------------------------------------------------------------- */

static encnet_status set_iters(const place *p, const char *key, int iters)
{
    place at = encnet__mmseg_at(p, key);

    if (iters < 1) return encnet__mmseg_refuse(&at, "must be a number of iterations");
    return encnet__mmseg_set_int(p->m, p->value, "train.max_iters", iters);
}

/* train_cfg of 1.x, which also says how often to evaluate. */
static encnet_status map_loop(int *iters, const place *p)
{
    static const rule rules[] = {{"type", "'IterBasedTrainLoop'"},
                                 {"max_iters", NULL},
                                 {"val_interval", NULL},
                                 {"val_begin", "1"}};
    encnet_status rc = ENCNET_OK;
    int interval;

    TRY(encnet__mmseg_check(p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_int(iters, p, "max_iters", 0));
    TRY(set_iters(p, "max_iters", *iters));
    TRY(encnet__mmseg_int(&interval, p, "val_interval", 1000));
    TRY(encnet__mmseg_set_int(p->m, p->value, "train.eval_interval", interval));
done:
    return rc;
}

/* runner of 0.x, or total_iters of 2020. */
static encnet_status map_runner(const place *root)
{
    static const rule rules[] = {{"type", "'IterBasedRunner'"}, {"max_iters", NULL}};
    encnet_status rc = ENCNET_OK;
    place p = encnet__mmseg_at(root, "runner");
    int iters;

    if (!p.value) {
        TRY(encnet__mmseg_int(&iters, root, "total_iters", 0));
        TRY(set_iters(root, "total_iters", iters));
        goto done;
    }
    TRY(encnet__mmseg_check(&p, rules, COUNT_OF(rules)));
    TRY(encnet__mmseg_int(&iters, &p, "max_iters", 0));
    TRY(set_iters(&p, "max_iters", iters));
done:
    return rc;
}

/* An interval in iterations; absent or not positive: nothing is set. */
static encnet_status map_interval(const place *p, const char *setting)
{
    encnet_status rc = ENCNET_OK;
    int interval;

    TRY(encnet__mmseg_int(&interval, p, "interval", 0));
    if (interval > 0) TRY(encnet__mmseg_set_int(p->m, p->value, setting, interval));
done:
    return rc;
}

static encnet_status map_checkpoints(const place *p)
{
    encnet_status rc = ENCNET_OK;
    place by_epoch = encnet__mmseg_at(p, "by_epoch");
    int keep;

    if (p->value && encnet__mmseg_is(by_epoch.value, "True"))
        return encnet__mmseg_refuse(&by_epoch, "encnet-cl counts iterations");
    TRY(map_interval(p, "train.checkpoint_interval"));
    TRY(encnet__mmseg_int(&keep, p, "max_keep_ckpts", 0));
    if (keep > 0) TRY(encnet__mmseg_set_int(p->m, p->value, "train.keep_checkpoints", keep));
done:
    return rc;
}

static encnet_status map_seed(const place *p)
{
    encnet_status rc = ENCNET_OK;
    int seed;

    TRY(encnet__mmseg_int(&seed, p, "seed", -1));
    if (seed >= 0) TRY(encnet__mmseg_set_int(p->m, p->value, "train.seed", seed));
done:
    return rc;
}

/* ---------------------------------------------------------------------------------------------- */

static encnet_status map_new(const place *root)
{
    encnet_status rc = ENCNET_OK;
    place wrapper = encnet__mmseg_at(root, "optim_wrapper"),
          scheduler = encnet__mmseg_at(root, "param_scheduler"),
          loop = encnet__mmseg_at(root, "train_cfg"),
          hooks = encnet__mmseg_at(root, "default_hooks"),
          checkpoint = encnet__mmseg_at(&hooks, "checkpoint"),
          logger = encnet__mmseg_at(&hooks, "logger"),
          randomness = encnet__mmseg_at(root, "randomness");
    int iters = 0;

    TRY(map_wrapper(&wrapper));
    TRY(map_loop(&iters, &loop));
    TRY(map_scheduler(&scheduler, iters));
    TRY(map_checkpoints(&checkpoint));
    TRY(map_interval(&logger, "train.log_interval"));
    TRY(map_seed(&randomness));
done:
    return rc;
}

static encnet_status map_old(const place *root)
{
    encnet_status rc = ENCNET_OK;
    place optimizer = encnet__mmseg_at(root, "optimizer"), lr = encnet__mmseg_at(root, "lr_config"),
          checkpoint = encnet__mmseg_at(root, "checkpoint_config"),
          evaluation = encnet__mmseg_at(root, "evaluation"),
          log = encnet__mmseg_at(root, "log_config");

    TRY(map_optimizer(&optimizer));
    TRY(map_hook(root));
    TRY(map_lr_config(&lr));
    TRY(map_runner(root));
    TRY(map_checkpoints(&checkpoint));
    TRY(map_interval(&evaluation, "train.eval_interval"));
    TRY(map_interval(&log, "train.log_interval"));
    TRY(map_seed(root));
done:
    return rc;
}

encnet_status encnet__mmseg_schedule(encnet__mmseg *m)
{
    encnet_status rc = ENCNET_OK;
    place root = encnet__mmseg_root(m);
    const char *load_from;

    if (encnet__py_get(m->root, "optim_wrapper"))
        TRY(map_new(&root));
    else
        TRY(map_old(&root));
    TRY(encnet__mmseg_text(&load_from, &root, "load_from", NULL));
    if (load_from && strstr(load_from, "://"))
        TRY(encnet__mmseg_remark(m, "The run starts from %s: name that file in model.checkpoint.",
                                 load_from));
    else if (load_from)
        TRY(encnet__mmseg_set(m, NULL, "model.checkpoint", "%s", load_from));
done:
    return rc;
}
