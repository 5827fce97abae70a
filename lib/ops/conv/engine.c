/* engine.c - chooses the algorithm of a convolution. */
#include "ops/conv/engine.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "options/options.h"

#define NEVER INFINITY

const encnet__conv_row encnet__conv_rows[] = {
#define CONV(name, cpu, gpu, about) {#name, about, cpu, gpu, &encnet__conv_##name},
#include "ops/conv/conv.def"
#undef CONV
    {NULL},
};

const char *const encnet__conv_direction_names[ENCNET__CONV_DIRECTIONS] = {"forward", "data",
                                                                           "filter"};

/* -- choosing ---------------------------------------------------------------------------------- */

static const char *refusal(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    return row->algorithm->refuses(&pass->conv, pass->direction,
                                   encnet__device_facts_of(pass->dev));
}

/* Whether `auto` passes over an algorithm in silence: it rounds too much, or does not pay. */
static bool leaves_out(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    const encnet__conv_algorithm *algorithm = row->algorithm;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    bool strict = !strcmp(encnet__device_options_of(pass->dev)->accuracy, "strict");

    if (encnet__conv_flops(&pass->conv) < (facts->is_cpu ? row->cpu : row->gpu)) return true;
    if (strict && algorithm->rounding > 0) return true;
    return algorithm->pays && (refusal(pass, row) || !algorithm->pays(pass));
}

/* The order of the algorithms for the class of the device. */
static void choose_auto(encnet__conv_pass *pass)
{
    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++) {
        if (leaves_out(pass, row)) continue;
        pass->row = row;
        if (!refusal(pass, row)) return;
        pass->passed = row;
    }
}

/* Tries the algorithms that the option names, in their order; `auto` stands for the order above.
 * pass->row stays NULL if none of them serves; `reasons` says why. */
static void choose(encnet__conv_pass *pass, encnet__text *reasons)
{
    const char *order = encnet__device_options_of(pass->dev)->conv;

    while (*order && !pass->row) {
        int index = encnet__option_choice(ENCNET__OPTION_ROW(device.conv), &order);
        const encnet__conv_row *row;
        const char *reason;

        if (index == 0) {
            choose_auto(pass);
            continue;
        }
        row = &encnet__conv_rows[index - 1];
        reason = refusal(pass, row);
        if (reason)
            encnet__text_add(reasons, "%s%s %s", reasons->size ? "; " : "", row->name, reason);
        *(reason ? &pass->passed : &pass->row) = row;
    }
}

encnet_status encnet__conv_plan_pass(encnet__conv_pass *pass, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__text reasons = {0};
    char layer[ENCNET__CONV_TEXT], what[ENCNET__CONV_TEXT];

    choose(pass, &reasons);
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

void encnet__conv_pass_free(encnet__conv_pass *pass)
{
    encnet__conv_steps_free(&pass->prepare);
    encnet__conv_steps_free(&pass->run);
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
        snprintf(reason, sizeof reason, "%s %s", pass->passed->name, refusal(pass, pass->passed));
    row(user, &(encnet_plan_row){.layer = layer,
                                 .shape = what,
                                 .direction = encnet__conv_direction_names[pass->direction],
                                 .algorithm = pass->row->name,
                                 .reason = reason,
                                 .flops = encnet__conv_flops(&pass->conv),
                                 .scratch = pass->scratch_bytes,
                                 .prepared = pass->prepared_bytes});
}
