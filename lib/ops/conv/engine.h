/*
 * engine.h - convolution: one descriptor, three directions, a list of algorithms.
 *
 * An algorithm is one file here, lib/ops/conv/conv2d_NAME.c, with its kernels in cl/conv2d_NAME.cl,
 * and one row in the table of engine.c.  Which one runs is chosen by encnet__conv_choose() from the
 * device's class, or forced by the device option `conv`.
 */
#ifndef ENCNET__CONV_ENGINE_H
#define ENCNET__CONV_ENGINE_H

#include "ops/ops.h"

/* y[N,H',W',K] = conv(x[N,H,W,C], w[R,S,C/groups,K]); all that an algorithm needs to know before it
 * sees data. */
typedef struct encnet__conv {
    int n, h, w, c;
    int k, r, s;
    int stride, pad, dilation, groups;
    int out_h, out_w; /* H', W' */
} encnet__conv;

typedef enum encnet__conv_direction {
    ENCNET__CONV_FORWARD, /* y from x and w */
    ENCNET__CONV_DATA,    /* dx from dy and w */
    ENCNET__CONV_FILTER,  /* dw from x and dy */
    ENCNET__CONV_DIRECTIONS
} encnet__conv_direction;

/* One run of one direction.  What the direction does not read is NULL. */
typedef struct encnet__conv_call {
    encnet_device *dev;
    encnet__conv conv;
    encnet__conv_direction direction;
    encnet__buffer *out; /* y, dx or dw: written, never added to */
    encnet__buffer *x, *w, *dy;
    encnet__buffer *b, *a; /* forward: bias and addend, or NULL */
    bool relu;             /* forward */
    encnet__buffer *scratch;
    encnet__buffer
        *prepared; /* forward: what prepare() made of w; NULL: run() does it in scratch */
} encnet__conv_call;

typedef struct encnet__conv_algorithm {
    const char *name; /* what the device option `conv` says */
    bool (*applicable)(const encnet__conv *conv, encnet__conv_direction direction,
                       const encnet__device_facts *facts);
    size_t (*scratch_bytes)(const encnet__conv *conv, encnet__conv_direction direction,
                            const encnet__device_facts *facts); /* NULL = 0 */
    /* Forward with weights that stay the same: both NULL when there is nothing to prepare. */
    size_t (*prepared_bytes)(const encnet__conv *conv, const encnet__device_facts *facts);
    encnet_status (*prepare)(encnet_device *dev, const encnet__conv *conv, encnet__buffer *prepared,
                             encnet__buffer *w);
    encnet_status (*run)(const encnet__conv_call *call);
    double rounding; /* its error beside that of a direct sum; 0 = the same */
} encnet__conv_algorithm;

extern const encnet__conv_algorithm encnet__conv_reference, encnet__conv_packed, encnet__conv_tiled,
    encnet__conv_gemm, encnet__conv_winograd;

/* The algorithm for one direction on this device: the forced one where it applies, else the first
 * of the device class's list that does.  Never NULL: the reference applies always. */
const encnet__conv_algorithm *
encnet__conv_choose(const encnet__conv *conv, encnet__conv_direction direction, encnet_device *dev);

/* Multiplications and additions of any one direction, counted as the formula has them. */
double encnet__conv_flops(const encnet__conv *conv);

/* A 1x1 convolution that moves no pixel: a matrix product of [N*H*W,C] and [C,K]. */
bool encnet__conv_is_gemm(const encnet__conv *conv);

/* How the output pixels of one launch meet the input: see cl/conv2d_map.clh, which names the same
 * numbers. */
typedef struct encnet__conv_map {
    int images, in_h, in_w, rows, cols, step, out_h, out_w, out_step, out_h0, out_w0;
    int taps_h, taps_w, h0, w0, h_step, w_step, tap0, tap_h, tap_w;
} encnet__conv_map;

/* Forward is one map. */
encnet__conv_map encnet__conv_forward_map(const encnet__conv *conv);

/* The gradient of the input is stride * stride maps over dy, one for each row and column phase (0
 * <= phase < stride): the pixels of one phase meet the same kernel positions, so no product with a
 * zero between two pixels is made.  A phase may have no taps (its gradient is zero) or no pixels
 * (rows or cols 0: nothing to launch). */
encnet__conv_map encnet__conv_data_map(const encnet__conv *conv, int row_phase, int col_phase);

/* The arguments of the macro MAP of cl/conv2d_map.clh, in its order. */
#define MAP_ARGS(k)                                                                                \
    INT((k)->images), INT((k)->in_h), INT((k)->in_w), INT((k)->rows), INT((k)->cols),              \
        INT((k)->step), INT((k)->out_h), INT((k)->out_w), INT((k)->out_step), INT((k)->out_h0),    \
        INT((k)->out_w0), INT((k)->taps_h), INT((k)->taps_w), INT((k)->h0), INT((k)->w0),          \
        INT((k)->h_step), INT((k)->w_step), INT((k)->tap0), INT((k)->tap_h), INT((k)->tap_w)

/* Weights with c and k exchanged as the packed kernels read them (cl/conv2d_packed.cl), and the
 * bytes of packed weights from `in` to `out` channels: a row of zeros, then panels of outputs. */
encnet_status encnet__conv_pack_transposed(encnet_device *dev, const encnet__conv *conv,
                                           encnet__buffer *packed,
                                           encnet__buffer *w) ENCNET_MUST_CHECK;
size_t encnet__conv_packed_bytes(const encnet__conv *conv, int in, int out,
                                 const encnet__device_facts *facts);

/* out[i] = parts[0][i] + parts[1][i] + ..., i < count, in this order. */
encnet_status encnet__conv_sum(encnet_device *dev, encnet__buffer *out, encnet__buffer *parts,
                               int n_parts, size_t count) ENCNET_MUST_CHECK;

static inline int encnet__ceil_div(int a, int b)
{
    return (int)(((int64_t)a + b - 1) / b);
}

#endif
