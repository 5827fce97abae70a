/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* engine.c - chooses the algorithm of a convolution. */
#include "ops/conv/engine.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "options/options.h"

/* -- choosing ---------------------------------------------------------------------------------- */

/* Whether `auto` passes over an algorithm in silence: it rounds too much, or does not pay. */
static bool leaves_out(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    const encnet__conv_algorithm *algorithm = row->algorithm;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);

    if (encnet__conv_flops(&pass->conv) < (facts->is_cpu ? row->cpu : row->gpu)) return true;
    if (!encnet__conv_accurate(pass, row)) return true;
    return algorithm->pays && (encnet__conv_refusal(pass, row) || !algorithm->pays(pass));
}

/* The order of the algorithms for the class of the device. */
static encnet_status choose_auto(encnet__conv_pass *pass)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__conv_measured(pass));
    if (pass->row) goto done;
    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++) {
        if (leaves_out(pass, row)) continue;
        pass->row = row;
        if (!encnet__conv_refusal(pass, row)) break;
        pass->passed = row;
    }
done:
    return rc;
}

/* Tries the algorithms that the option names, in their order; `auto` stands for the order above.
 * pass->row stays NULL if none of them serves; `reasons` says why. */
static encnet_status choose(encnet__conv_pass *pass, encnet__text *reasons)
{
    encnet_status rc = ENCNET_OK;
    const char *order = encnet__device_options_of(pass->dev)->conv;

    while (*order && !pass->row) {
        int index = encnet__option_choice(ENCNET__OPTION_ROW(device.conv), &order);
        const encnet__conv_row *row;
        const char *reason;

        if (index == 0) {
            TRY(choose_auto(pass));
            continue;
        }
        row = &encnet__conv_rows[index - 1];
        reason = encnet__conv_refusal(pass, row);
        if (reason)
            encnet__text_add(reasons, "%s%s %s", reasons->size ? "; " : "", row->name, reason);
        *(reason ? &pass->passed : &pass->row) = row;
    }
done:
    return rc;
}

encnet_status encnet__conv_plan_pass(encnet__conv_pass *pass, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__text reasons = {0};
    char layer[ENCNET__CONV_TEXT], what[ENCNET__CONV_TEXT];

    TRY(choose(pass, &reasons));
    encnet__conv_layer(layer, sizeof layer, name);
    encnet__conv_describe(what, sizeof what, &pass->conv);
    if (!pass->row)
        FAIL(ENCNET_E_ARG, "device.conv = %s cannot serve %s (%s; %s): %s",
             encnet__device_options_of(pass->dev)->conv, layer, what,
             encnet__conv_direction_names[pass->direction], reasons.data ? reasons.data : "");
    pass->prepare.storage = pass->run.storage = pass->conv.storage;
    TRY(pass->row->algorithm->plan(pass));
done:
    encnet__text_free(&reasons);
    return rc;
}

/* -- for people -------------------------------------------------------------------------------- */

void encnet__conv_describe(char *out, size_t size, const encnet__conv *conv)
{
    char groups[24] = "";

    if (conv->groups > 1) snprintf(groups, sizeof groups, ", groups %d", conv->groups);
    snprintf(out, size, "%dx%d, stride %d, dilation %d%s, %d to %d channels, %dx%d", conv->r,
             conv->s, conv->stride, conv->dilation, groups, conv->c, conv->k, conv->out_h,
             conv->out_w);
}

void encnet__conv_layer(char *out, size_t size, const char *weight)
{
    static const char suffix[] = ".weight";
    size_t length = weight ? strlen(weight) : 0, tail = strlen(suffix);

    if (length > tail && !strcmp(weight + length - tail, suffix)) length -= tail;
    snprintf(out, size, "%.*s", weight ? (int)length : INT_MAX, weight ? weight : "a convolution");
}

void encnet__conv_list(const encnet__conv_pass *pass, const char *weight,
                       void (*row)(void *user, const encnet_plan_row *row), void *user)
{
    char layer[ENCNET__CONV_TEXT], what[ENCNET__CONV_TEXT], reason[ENCNET__CONV_TEXT] = "";

    encnet__conv_layer(layer, sizeof layer, weight);
    encnet__conv_describe(what, sizeof what, &pass->conv);
    if (pass->passed)
        snprintf(reason, sizeof reason, "%s %s", pass->passed->name,
                 encnet__conv_refusal(pass, pass->passed));
    row(user, &(encnet_plan_row){.layer = layer,
                                 .shape = what,
                                 .direction = encnet__conv_direction_names[pass->direction],
                                 .algorithm = pass->row->name,
                                 .reason = reason,
                                 .flops = encnet__conv_flops(&pass->conv),
                                 .seconds = pass->seconds,
                                 .scratch = pass->scratch_bytes,
                                 .prepared = pass->prepared_bytes});
}
