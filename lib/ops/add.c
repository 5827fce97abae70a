/*
 * add - sum of two tensors.
 *
 *   y = a + b        a, b, y [N,H,W,C]
 *   da = db = dy     copies; backward reads nothing else
 *
 * The sum behind a batch norm is that op's addend instead.
 */
#include "ops/ops.h"

enum { GROUP = 256 }; /* work-items of a group; one element each */

static encnet_status infer(encnet__node_shape *shape)
{
    if (!encnet__shape_equal(shape->in[0], shape->in[1]))
        return encnet__fail(ENCNET_E_SHAPE, "add: a is " SHAPE_FMT ", but b is " SHAPE_FMT,
                            SHAPE_ARG(shape->in[0]), SHAPE_ARG(shape->in[1]));
    shape->out = shape->in[0];
    return ENCNET_OK;
}

static encnet_status forward(const encnet__call *call)
{
    size_t count = encnet__shape_count(call->out.shape);

    return LAUNCH(call->dev, "add", "add_fwd", "", GRID1(count, GROUP), BUF(call->out.buffer),
                  BUF(call->in[0].buffer), BUF(call->in[1].buffer), UINT(count));
}

static encnet_status backward(const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t bytes = sizeof(float) * encnet__shape_count(call->out.shape);

    for (int i = 0; i < 2; i++)
        if (call->din[i].buffer)
            TRY(encnet__copy(call->din[i].buffer, 0, call->dout.buffer, 0, bytes));
done:
    return rc;
}

static double flops(const encnet__node_shape *shape)
{
    return (double)encnet__shape_count(shape->out);
}

static void reference(double *out, const double *const *in, const encnet__node_shape *shape)
{
    for (size_t i = 0; i < encnet__shape_count(shape->out); i++) out[i] = in[0][i] + in[1][i];
}

static const encnet__case cases[] = {
    {.what = "one", .n_in = 2, .in = {{1, 1, 1, 1}, {1, 1, 1, 1}}},
    {.what = "odd", .n_in = 2, .in = {{2, 5, 7, 3}, {2, 5, 7, 3}}},
    {.what = "group", .n_in = 2, .in = {{1, 1, 1, GROUP}, {1, 1, 1, GROUP}}},
    {.what = "group + 1", .n_in = 2, .in = {{1, 1, 1, GROUP + 1}, {1, 1, 1, GROUP + 1}}},
};

const encnet__op encnet__op_add = {
    .name = "add",
    .n_in = 2,
    .gradients = 3,
    .infer = infer,
    .forward = forward,
    .recompute = forward,
    .backward = backward,
    .flops = flops,
    .reference = reference,
    .cases = cases,
    .n_cases = COUNT_OF(cases),
};
