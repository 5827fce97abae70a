/* ops.c - the table of operators, and one of them outside of a graph. */
#include "ops/ops.h"

#include "ops/ranks.h"

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

/* The message of one node alone; its buffer stays. */
static size_t set_message(const encnet__op *op, encnet__call *call, bool backward)
{
    encnet__node_shape shape = {.dev = call->dev, .attr = call->attr, .n_in = call->n_in};
    const encnet_comm *comm = call->ranks && !backward ? call->ranks->comm : NULL;

    for (int i = 0; i < call->n_in; i++) shape.in[i] = call->in[i].shape;
    call->message.at = 0;
    call->message.stride = op->message_floats(&shape, backward);
    call->message.parts = comm ? comm->size : 1;
    call->message.own = comm ? comm->rank : 0;
    return call->message.stride;
}

encnet_status encnet__op_forward(const encnet__op *op, encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t floats;

    if (op->reduce) {
        floats = set_message(op, call, false);
        TRY(op->reduce(call));
        if (call->ranks) TRY(encnet__ranks_gather(call->ranks, call->message.buffer, floats));
    }
    TRY(op->forward(call));
done:
    return rc;
}

encnet_status encnet__op_backward(const encnet__op *op, encnet__call *call)
{
    encnet_status rc = ENCNET_OK;
    size_t floats;

    if (op->reduce) {
        floats = set_message(op, call, true);
        TRY(op->reduce_backward(call));
        if (call->ranks) TRY(encnet__ranks_sum(call->ranks, call->message.buffer, floats));
    }
    TRY(op->backward(call));
done:
    return rc;
}
