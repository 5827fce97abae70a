/* conv2d_reference - the algorithm that always applies: one work-item for each element of the
 * result. */
#include "ops/conv/engine.h"

enum { GROUP = 64 };

static bool applicable(const encnet__conv *conv, encnet__conv_direction direction,
                       const encnet__device_facts *facts)
{
    (void)conv;
    (void)direction;
    (void)facts;
    return true;
}

/* The arguments of the macro SHAPE of cl/conv2d_reference.cl, in its order. */
#define SHAPE_ARGS(t)                                                                              \
    INT((t)->h), INT((t)->w), INT((t)->c), INT((t)->out_h), INT((t)->out_w), INT((t)->k),          \
        INT((t)->r), INT((t)->s), INT((t)->stride), INT((t)->pad), INT((t)->dilation),             \
        INT((t)->groups)

static encnet_status run(const encnet__conv_call *call)
{
    const encnet__conv *t = &call->conv;
    size_t y_count = (size_t)t->n * (size_t)t->out_h * (size_t)t->out_w * (size_t)t->k;
    size_t x_count = (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c;
    size_t w_count = (size_t)t->r * (size_t)t->s * (size_t)(t->c / t->groups) * (size_t)t->k;

    if (call->direction == ENCNET__CONV_FORWARD)
        return LAUNCH(call->dev, "conv2d_reference", "conv2d_reference_fwd", "",
                      GRID1(y_count, GROUP), BUF(call->out), BUF(call->x), BUF(call->w),
                      BUF(call->b), BUF(call->a), INT(call->relu), UINT(y_count), SHAPE_ARGS(t));
    if (call->direction == ENCNET__CONV_DATA)
        return LAUNCH(call->dev, "conv2d_reference", "conv2d_reference_data", "",
                      GRID1(x_count, GROUP), BUF(call->out), BUF(call->dy), BUF(call->w),
                      UINT(x_count), SHAPE_ARGS(t));
    return LAUNCH(call->dev, "conv2d_reference", "conv2d_reference_filter", "",
                  GRID1(w_count, GROUP), BUF(call->out), BUF(call->x), BUF(call->dy), UINT(w_count),
                  INT(t->n), SHAPE_ARGS(t));
}

const encnet__conv_algorithm encnet__conv_reference = {
    .name = "reference", .applicable = applicable, .run = run};
