/*
 * conv2d_winograd - 3x3 convolutions of stride 1 through Winograd's F(4x4,3x3), on CPUs with wide
 * registers.
 *
 * Weights, then the tiles of the input, are transformed; 36 matrix products; the tiles of the
 * output are transformed back.  The tiles go through in chunks, so that scratch stays small.  Only
 * on request (the device option `conv`): it rounds more than the direct algorithms, see
 * lib/ops/conv2d.md.
 */
#include "ops/conv/engine.h"

enum {
    PLACES = 36, /* of a transformed tile */
    TILE = 4,    /* outputs of a tile along each axis */
    VECTOR = 16,
    TILE_P = 12, /* tiles, and output channels, of a work-item of the products, as in the kernels */
    TILE_K = 32,
    CHUNK_BYTES = 24 << 20 /* of transformed input and output */
};

/* One direction as the kernels see it: from x [in_h,in_w,in] to y [out_h,out_w,out]. */
typedef struct plan {
    int in, out, in_h, in_w, out_h, out_w, pad;
    int rows, cols, tiles, chunk; /* tiles along a map of one remainder; in all; at a time */
    int blocks;                   /* of TILE_K output channels */
    size_t packed, u, v, m;       /* parts of scratch; packed for the gradient of the input only */
} plan;

static plan plan_for(const encnet__conv *t, encnet__conv_direction direction,
                     const encnet__device_facts *facts)
{
    bool forward = direction == ENCNET__CONV_FORWARD;
    int d = t->dilation;
    plan p = {.in = forward ? t->c : t->k,
              .out = forward ? t->k : t->c,
              .in_h = forward ? t->h : t->out_h,
              .in_w = forward ? t->w : t->out_w,
              .out_h = forward ? t->out_h : t->h,
              .out_w = forward ? t->out_w : t->w,
              .pad = forward ? t->pad : 2 * d - t->pad};
    size_t tile_bytes = sizeof(float) * PLACES * (size_t)(p.in + p.out);

    p.rows = encnet__ceil_div(encnet__ceil_div(p.out_h, d), TILE);
    p.cols = encnet__ceil_div(encnet__ceil_div(p.out_w, d), TILE);
    p.tiles = t->n * d * d * p.rows * p.cols;
    p.chunk = encnet__ceil_div((int)(CHUNK_BYTES / tile_bytes), TILE_P) * TILE_P;
    if (p.chunk > p.tiles) p.chunk = p.tiles;
    p.blocks = encnet__ceil_div(p.out, TILE_K);
    p.packed = forward ? 0 : encnet__conv_packed_bytes(t, p.in, p.out, facts) / sizeof(float);
    p.u = (size_t)PLACES * (size_t)p.blocks * TILE_K * (size_t)p.in;
    p.v = (size_t)PLACES * (size_t)p.chunk * (size_t)p.in;
    p.m = (size_t)PLACES * (size_t)p.chunk * (size_t)p.out;
    return p;
}

/* Offsets into scratch are 32 bits, and so are the tiles' numbers. */
static bool applicable(const encnet__conv *t, encnet__conv_direction direction,
                       const encnet__device_facts *facts)
{
    int64_t pixels =
        (int64_t)t->n * (t->out_h + TILE * t->dilation) * (t->out_w + TILE * t->dilation);

    return direction != ENCNET__CONV_FILTER && t->r == 3 && t->s == 3 && t->stride == 1 &&
           t->groups == 1 && t->c % VECTOR == 0 && t->k % VECTOR == 0 && facts->is_cpu &&
           facts->vector_floats >= VECTOR && pixels <= INT32_MAX &&
           (int64_t)PLACES * (t->c + TILE_K) * (t->k + TILE_K) <= INT32_MAX;
}

/* From the weights as they are, or turned and with c and k exchanged. */
static encnet_status transform_weights(const encnet__conv_call *call, const plan *p,
                                       encnet__buffer *u)
{
    bool forward = call->direction == ENCNET__CONV_FORWARD;
    int zeros = encnet__ceil_div(p->in, VECTOR) * VECTOR;
    encnet__grid grid = {{(size_t)p->in * (TILE_K / VECTOR), (size_t)p->blocks}, {1, 1}};
    encnet_status rc = ENCNET_OK;

    if (forward)
        return LAUNCH(call->dev, "conv2d_winograd", "conv2d_winograd_weights", "", grid, BUF(u),
                      UINT(0), BUF(call->w), UINT(0), INT(p->in * p->out), INT(p->out), INT(TILE_K),
                      INT(0), INT(p->in), INT(p->out));
    TRY(encnet__conv_pack_transposed(call->dev, &call->conv, call->scratch, call->w));
    TRY(LAUNCH(call->dev, "conv2d_winograd", "conv2d_winograd_weights", "", grid, BUF(u),
               UINT(p->packed), BUF(call->scratch), UINT(zeros), INT(p->in * TILE_K), INT(TILE_K),
               INT(9 * p->in * TILE_K), INT(1), INT(p->in), INT(p->out)));
done:
    return rc;
}

/* Tiles first .. first + tiles - 1, there, multiplied, and back. */
static encnet_status run_chunk(const encnet__conv_call *call, const plan *p, encnet__buffer *u,
                               size_t u_at, int first, int tiles)
{
    encnet__buffer *x = call->direction == ENCNET__CONV_FORWARD ? call->x : call->dy;
    encnet__buffer *scratch = call->scratch;
    size_t v = p->packed + p->u, m = v + p->v;
    int d = call->conv.dilation;
    encnet__grid in = {{(size_t)(p->in / VECTOR), (size_t)tiles}, {1, 1}};
    encnet__grid out = {{(size_t)(p->out / VECTOR), (size_t)tiles}, {1, 1}};
    encnet__grid product = {{(size_t)encnet__ceil_div(tiles, TILE_P), (size_t)p->blocks, PLACES},
                            {1, 1, 1}};
    encnet_status rc = ENCNET_OK;

    TRY(LAUNCH(call->dev, "conv2d_winograd", "conv2d_winograd_input", "", in, BUF(scratch), UINT(v),
               BUF(x), INT(first), INT(tiles), INT(p->rows), INT(p->cols), INT(d), INT(p->pad),
               INT(p->in_h), INT(p->in_w), INT(p->in)));
    TRY(LAUNCH(call->dev, "conv2d_winograd", "conv2d_winograd_multiply", "", product, BUF(scratch),
               UINT(m), BUF(scratch), UINT(v), BUF(u), UINT(u_at), INT(tiles), INT(p->in),
               INT(p->out)));
    TRY(LAUNCH(call->dev, "conv2d_winograd", "conv2d_winograd_output", "", out, BUF(call->out),
               BUF(scratch), UINT(m), BUF(call->b), BUF(call->a), INT(call->relu), INT(first),
               INT(tiles), INT(p->rows), INT(p->cols), INT(d), INT(p->out_h), INT(p->out_w),
               INT(p->out)));
done:
    return rc;
}

static encnet_status run(const encnet__conv_call *call)
{
    plan p = plan_for(&call->conv, call->direction, encnet__device_facts_of(call->dev));
    encnet__buffer *u = call->prepared ? call->prepared : call->scratch;
    encnet_status rc = ENCNET_OK;

    if (!call->prepared) TRY(transform_weights(call, &p, u));
    for (int first = 0; first < p.tiles; first += p.chunk) {
        int tiles = p.tiles - first < p.chunk ? p.tiles - first : p.chunk;
        TRY(run_chunk(call, &p, u, p.packed, first, tiles));
    }
done:
    return rc;
}

static encnet_status prepare(encnet_device *dev, const encnet__conv *conv, encnet__buffer *prepared,
                             encnet__buffer *w)
{
    plan p = plan_for(conv, ENCNET__CONV_FORWARD, encnet__device_facts_of(dev));
    encnet__conv_call call = {.dev = dev, .conv = *conv, .w = w};

    return transform_weights(&call, &p, prepared);
}

static size_t prepared_bytes(const encnet__conv *conv, const encnet__device_facts *facts)
{
    return sizeof(float) * plan_for(conv, ENCNET__CONV_FORWARD, facts).u;
}

static size_t scratch_bytes(const encnet__conv *conv, encnet__conv_direction direction,
                            const encnet__device_facts *facts)
{
    plan p = plan_for(conv, direction, facts);

    return sizeof(float) * (p.packed + p.u + p.v + p.m);
}

const encnet__conv_algorithm encnet__conv_winograd = {
    .name = "winograd",
    .applicable = applicable,
    .scratch_bytes = scratch_bytes,
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .run = run,
    .rounding = 4,
};
