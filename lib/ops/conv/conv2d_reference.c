/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* conv2d_reference - serves every convolution, with one work-item per element of the result. */
#include "ops/conv/engine.h"

enum { GROUP = 64 };

static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    (void)conv;
    (void)direction;
    (void)facts;
    return NULL;
}

/* The arguments of the macro SHAPE of cl/conv2d_reference.cl, in its order. */
#define SHAPE_ARGS(t)                                                                              \
    INT((t)->h), INT((t)->w), INT((t)->c), INT((t)->out_h), INT((t)->out_w), INT((t)->k),          \
        INT((t)->r), INT((t)->s), INT((t)->stride), INT((t)->pad), INT((t)->dilation),             \
        INT((t)->groups)

static encnet_status plan(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    size_t y_count = (size_t)t->n * (size_t)t->out_h * (size_t)t->out_w * (size_t)t->k;
    size_t x_count = (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c;
    size_t w_count = (size_t)t->r * (size_t)t->s * (size_t)(t->c / t->groups) * (size_t)t->k;

    if (pass->direction == ENCNET__CONV_FORWARD)
        return STEP(&pass->run, "conv2d_reference", "conv2d_reference_fwd", "",
                    GRID1(y_count, GROUP), OPERAND(CONV_OUT), OPERAND(CONV_X), OPERAND(CONV_W),
                    OPERAND(CONV_B), OPERAND(CONV_A), INT(t->relu), UINT(y_count), SHAPE_ARGS(t));
    if (pass->direction == ENCNET__CONV_DATA)
        return STEP(&pass->run, "conv2d_reference", "conv2d_reference_data", "",
                    GRID1(x_count, GROUP), OPERAND(CONV_OUT), OPERAND(CONV_DY), OPERAND(CONV_W),
                    UINT(x_count), SHAPE_ARGS(t));
    return STEP(&pass->run, "conv2d_reference", "conv2d_reference_filter", "",
                GRID1(w_count, GROUP), OPERAND(CONV_OUT), OPERAND(CONV_X), OPERAND(CONV_DY),
                UINT(w_count), INT(t->n), SHAPE_ARGS(t));
}

const encnet__conv_algorithm encnet__conv_reference = {.refuses = refuses, .plan = plan};
