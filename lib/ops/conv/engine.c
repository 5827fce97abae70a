/* engine.c - which algorithm computes a convolution, and the geometry that they share. */
#include "ops/conv/engine.h"

#include <string.h>

/* Rows of the order in which a class of devices tries the algorithms; `least_flops` keeps an
 * algorithm with a high cost per call from small problems.  A measured choice would sort these rows
 * per shape. */
typedef struct candidate {
    const encnet__conv_algorithm *algorithm;
    double least_flops;
} candidate;

/* CLBlast's generic tuning reaches a tenth of the packed kernel on CPUs (algorithms-and-drivers),
 * so it is not listed. */
static const candidate cpu_order[] = {
    {&encnet__conv_packed, 0},
    {&encnet__conv_reference, 0},
};

/* Below some 10^8 operations CLBlast's padding and transposing kernels cost more than its tile
 * saves. */
static const candidate gpu_order[] = {
    {&encnet__conv_gemm, 1e8},
    {&encnet__conv_tiled, 0},
    {&encnet__conv_reference, 0},
};

const encnet__conv_algorithm *
encnet__conv_choose(const encnet__conv *conv, encnet__conv_direction direction, encnet_device *dev)
{
    const encnet__device_facts *facts = encnet__device_facts_of(dev);
    const char *forced = encnet__device_options_of(dev)->conv;
    const candidate *order = facts->is_cpu ? cpu_order : gpu_order;
    size_t count = facts->is_cpu ? COUNT_OF(cpu_order) : COUNT_OF(gpu_order);
    static const encnet__conv_algorithm *const all[] = {&encnet__conv_reference,
                                                        &encnet__conv_packed, &encnet__conv_tiled,
                                                        &encnet__conv_gemm, &encnet__conv_winograd};

    for (size_t i = 0; forced && i < COUNT_OF(all); i++)
        if (!strcmp(forced, all[i]->name) && all[i]->applicable(conv, direction, facts))
            return all[i];
    for (size_t i = 0; i < count; i++)
        if (encnet__conv_flops(conv) >= order[i].least_flops &&
            order[i].algorithm->applicable(conv, direction, facts))
            return order[i].algorithm;
    return &encnet__conv_reference;
}

double encnet__conv_flops(const encnet__conv *conv)
{
    return 2.0 * conv->n * conv->out_h * conv->out_w * conv->k * conv->r * conv->s *
           (conv->c / conv->groups);
}

bool encnet__conv_is_gemm(const encnet__conv *conv)
{
    return conv->r == 1 && conv->s == 1 && conv->stride == 1 && conv->pad == 0 && conv->groups == 1;
}

encnet__conv_map encnet__conv_forward_map(const encnet__conv *conv)
{
    encnet__conv_map map = {.images = conv->n,
                            .in_h = conv->h,
                            .in_w = conv->w,
                            .rows = conv->out_h,
                            .cols = conv->out_w,
                            .step = conv->stride,
                            .out_h = conv->out_h,
                            .out_w = conv->out_w,
                            .out_step = 1,
                            .taps_h = conv->r,
                            .taps_w = conv->s,
                            .h0 = -conv->pad,
                            .w0 = -conv->pad,
                            .h_step = conv->dilation,
                            .w_step = conv->dilation,
                            .tap0 = 0,
                            .tap_h = conv->s,
                            .tap_w = 1};

    return map;
}

/* One axis of a phase: the kernel positions first, first + every, ... that meet it, and the offset
 * of the pixel of dy that each of them reads. */
typedef struct axis {
    int pixels, first, every, taps, offset, offset_step;
} axis;

/* Input pixel i*stride + phase is fed by output pixel o through kernel position r where
 * o*stride = i*stride + phase + pad - r*dilation, so r takes part when the stride divides phase +
 * pad - r*dilation.  The smallest such r repeats after stride / gcd(stride, dilation) positions. */
static axis axis_of(const encnet__conv *conv, int size, int kernel, int phase)
{
    axis a = {.pixels = size > phase ? encnet__ceil_div(size - phase, conv->stride) : 0,
              .first = 0,
              .every = 1};

    while (a.first < kernel && (phase + conv->pad - a.first * conv->dilation) % conv->stride)
        a.first++;
    while (a.every * conv->dilation % conv->stride) a.every++;
    a.taps = a.first < kernel ? encnet__ceil_div(kernel - a.first, a.every) : 0;
    a.offset = (phase + conv->pad - a.first * conv->dilation) / conv->stride;
    a.offset_step = -(a.every * conv->dilation / conv->stride);
    return a;
}

encnet__conv_map encnet__conv_data_map(const encnet__conv *conv, int row_phase, int col_phase)
{
    axis row = axis_of(conv, conv->h, conv->r, row_phase);
    axis col = axis_of(conv, conv->w, conv->s, col_phase);
    encnet__conv_map map = {.images = conv->n,
                            .in_h = conv->out_h,
                            .in_w = conv->out_w,
                            .rows = row.pixels,
                            .cols = col.pixels,
                            .step = 1,
                            .out_h = conv->h,
                            .out_w = conv->w,
                            .out_step = conv->stride,
                            .out_h0 = row_phase,
                            .out_w0 = col_phase,
                            .taps_h = col.taps ? row.taps : 0,
                            .taps_w = col.taps,
                            .h0 = row.offset,
                            .w0 = col.offset,
                            .h_step = row.offset_step,
                            .w_step = col.offset_step,
                            .tap0 = row.first * conv->s + col.first,
                            .tap_h = row.every * conv->s,
                            .tap_w = col.every};

    return map;
}

encnet_status encnet__conv_sum(encnet_device *dev, encnet__buffer *out, encnet__buffer *parts,
                               int n_parts, size_t count)
{
    enum { GROUP = 64 };

    return LAUNCH(dev, "conv2d", "conv2d_sum", "", GRID1(count, GROUP), BUF(out), BUF(parts),
                  INT(n_parts), UINT(count));
}
