/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* ops.c - the table of operators; runs an operator outside of a graph. */
#include "ops/ops.h"

const encnet__op *const encnet__ops[] = {
#define OP(name, operands, source) &encnet__op_##name,
#include "ops/ops.def"
#undef OP
    NULL,
};

encnet_status encnet__op_plan(const encnet__op *op, encnet__node_shape *shape)
{
    return op->plan ? op->plan(&shape->plan, shape) : ENCNET_OK;
}

void encnet__op_plan_free(const encnet__op *op, void *plan)
{
    if (plan) op->plan_free(plan);
}

/* Returns the node of op->sync->contribution for a node of this shape, without its output shape. */
static encnet__node_shape contribution_node(const encnet__op *op, const encnet__node_shape *shape)
{
    encnet__node_shape s = {.dev = shape->dev};

    for (int i = 0; i < shape->n_in; i++)
        if (op->sync->reduced >> i & 1) s.in[s.n_in++] = shape->in[i];
    return s;
}

encnet_status encnet__op_contribution(encnet__shape *out, const encnet__op *op,
                                      const encnet__node_shape *shape)
{
    encnet__node_shape s = contribution_node(op, shape);
    encnet_status rc = op->sync->contribution->infer(&s);

    *out = s.out;
    return rc;
}

size_t encnet__op_scratch_bytes(const encnet__op *op, const encnet__node_shape *shape,
                                bool backward)
{
    size_t own = op->scratch_bytes ? op->scratch_bytes(shape, backward) : 0, other = 0;

    if (op->sync && !backward) {
        encnet__node_shape s = contribution_node(op, shape);
        other = encnet__op_scratch_bytes(op->sync->contribution, &s, false);
    }
    return own > other ? own : other;
}

static encnet_status contribute(const encnet__op *op, const encnet__call *call)
{
    encnet__call c = {.dev = call->dev, .scratch = call->scratch};

    for (int i = 0; i < call->n_in; i++)
        if (op->sync->reduced >> i & 1) c.in[c.n_in++] = call->in[i];
    c.out = call->in[op->sync->exchanged];
    return op->sync->contribution->forward(&c);
}

encnet_status encnet__op_forward(const encnet__op *op, const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;

    if (op->sync) TRY(contribute(op, call));
    TRY(op->forward(call));
done:
    return rc;
}

encnet_status encnet__op_backward(const encnet__op *op, const encnet__call *call)
{
    encnet_status rc = ENCNET_OK;

    if (op->sync) TRY(op->sync->backward_sums(call));
    TRY(op->backward(call));
done:
    return rc;
}
