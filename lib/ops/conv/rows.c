/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* rows.c - the rows of conv.def, and which of them may compute a direction. */
#include "ops/conv/engine.h"

#include <math.h>
#include <string.h>

#define NEVER INFINITY

const encnet__conv_row encnet__conv_rows[] = {
#define CONV(name, cpu, gpu, about) {#name, about, cpu, gpu, &encnet__conv_##name},
#include "ops/conv/conv.def"
#undef CONV
    {NULL},
};

const char *const encnet__conv_direction_names[ENCNET__CONV_DIRECTIONS] = {"forward", "data",
                                                                           "filter"};

const char *encnet__conv_refusal(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    const encnet__conv_algorithm *algorithm = row->algorithm;
    const char *reason =
        algorithm->refuses(&pass->conv, pass->direction, encnet__device_facts_of(pass->dev));

    return reason || !algorithm->doubts ? reason : algorithm->doubts(pass, row);
}

bool encnet__conv_accurate(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    return (row->algorithm->rounding <= 0 && !row->algorithm->rounds_operands) ||
           strcmp(encnet__device_options_of(pass->dev)->accuracy, "strict") != 0;
}
