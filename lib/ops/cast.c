/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cast - the same numbers in another element type: from float32 to a type of 16 bits, or back.
 *
 *   y  = x     rounded to nearest, ties to even, where y's type is the narrower one
 *   dx = dy    likewise
 *
 * The pass that chooses element types (lib/graph/passes/storage.c) puts it where operators of
 * different types meet, and sets the type of its result.
 */
#include "ops/ops.h"
#include "ops/storage.h"

enum { GROUP = 256 }; /* work-items of a group; one element each */

static encnet_status infer(encnet__node_shape *shape)
{
    shape->out = shape->in[0];
    return ENCNET_OK;
}

static encnet_status convert(const encnet__call *call, const encnet__tensor *to,
                             const encnet__tensor *from)
{
    bool widens = to->type == ENCNET__F32;
    encnet__type storage = widens ? from->type : to->type;
    size_t count = encnet__shape_count(to->shape);

    return LAUNCH(call->dev, "cast", widens ? "cast_widen" : "cast_narrow",
                  encnet__storage(storage, "").text, GRID1(count, GROUP), BUF(to->buffer),
                  BUF(from->buffer), UINT(count));
}

static encnet_status forward(const encnet__call *call)
{
    return convert(call, &call->out, &call->in[0]);
}

static encnet_status backward(const encnet__call *call)
{
    return convert(call, &call->din[0], &call->dout);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) out[i] = in[0][i];
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 1, .in = {{1, 1, 1, 1}}},
    {.what = "odd", .n_in = 1, .in = {{2, 5, 7, 3}}},
    {.what = "group", .n_in = 1, .in = {{1, 1, 1, GROUP}}},
    {.what = "group + 1", .n_in = 1, .in = {{1, 1, 1, GROUP + 1}}},
};

const encnet__op encnet__op_cast = {
    .name = "cast",
    .n_in = 1,
    .gradients = 1,
    .narrow = 1,
    .infer = infer,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
