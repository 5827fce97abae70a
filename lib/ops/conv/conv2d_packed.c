/*
 * conv2d_packed - convolution for CPUs: packed weights, a register tile, one work-item for each
 * tile.
 *
 * Forward and the gradient of the input are one kernel that follows a walk (engine.h); the gradient
 * of the weights is another.  lib/ops/conv2d.md says where the numbers below come from.
 */
#include "ops/conv/engine.h"

enum {
    TILE_P = 12, /* pixels of a tile, TILE_P of cl/conv2d_packed.cl */
    TILE_C = 12, /* input channels of a tile of the weights' gradient */
    VECTOR = 16, /* floats of a vector */
    TILE_K = 32, /* output channels of a tile: two vectors */
    PACK_GROUP = 8,
    CHUNK_BYTES =
        768
        << 10, /* of the input, kept in a second-level cache of 1 to 2 MiB while the weights pass */
    PANEL_BYTES = 1 << 20, /* of one tile's weights, kept there while the pixels pass */
    FILTER_CHANNELS =
        40 * TILE_C,        /* input channels that one sweep of the weights' gradient covers */
    FILTER_BYTES = 1 << 20, /* of x that it covers, */
    FILTER_RUN = 512,       /* but so many pixels at least */
    ITEMS_PER_UNIT = 16     /* work-items per compute unit that even out the load */
};

/* The kernels count pixels, and floats within one image, in 32 bits. */
static bool applicable(const encnet__conv *conv, encnet__conv_direction direction,
                       const encnet__device_facts *facts)
{
    int64_t image = (int64_t)conv->h * conv->w * conv->c,
            out = (int64_t)conv->out_h * conv->out_w * conv->k;
    int64_t pixels = (int64_t)conv->h * conv->w + (int64_t)conv->out_h * conv->out_w;

    (void)direction;
    (void)facts;
    return conv->groups == 1 && image <= INT32_MAX && out <= INT32_MAX &&
           pixels * conv->n <= INT32_MAX / 2;
}

static size_t round_up(int count, int multiple)
{
    return (size_t)encnet__ceil_div(count, multiple) * (size_t)multiple;
}

/* A row of zeros, then a panel for every TILE_K channels that come out. */
static size_t packed_bytes(const encnet__conv *conv, int in, int out)
{
    size_t taps = (size_t)conv->r * (size_t)conv->s;

    return sizeof(float) * (round_up(in, VECTOR) + round_up(out, TILE_K) * taps * (size_t)in);
}

/* 1x1 of stride 1: the whole batch is one row of pixels, with no edges within. */
static encnet__conv flatten(const encnet__conv *conv)
{
    encnet__conv flat = *conv;

    if (encnet__conv_is_gemm(conv)) {
        flat.w = flat.out_w = conv->n * conv->h * conv->w;
        flat.n = flat.h = flat.out_h = 1;
    }
    return flat;
}

/* -- forward, and the gradient of the input -----------------------------------------------------
 */

static encnet_status pack(encnet_device *dev, const encnet__conv *conv, encnet__buffer *packed,
                          encnet__buffer *w)
{
    int taps = conv->r * conv->s;
    encnet__grid grid = {
        {(size_t)encnet__ceil_div(taps * conv->c, PACK_GROUP), round_up(conv->k, TILE_K) / TILE_K},
        {PACK_GROUP, 1}};

    return LAUNCH(dev, "conv2d_packed", "conv2d_pack", "", grid, BUF(packed), BUF(w), INT(taps),
                  INT(conv->c), INT(conv->k));
}

static encnet_status pack_transposed(encnet_device *dev, const encnet__conv *conv,
                                     encnet__buffer *packed, encnet__buffer *w)
{
    int taps = conv->r * conv->s;
    encnet__grid grid = {
        {round_up(conv->k, VECTOR) / VECTOR, (size_t)taps, round_up(conv->c, TILE_K) / TILE_K},
        {1, 1, 1}};

    return LAUNCH(dev, "conv2d_packed", "conv2d_pack_transposed", "", grid, BUF(packed), BUF(w),
                  INT(taps), INT(conv->c), INT(conv->k));
}

/* One walk from `x` with `in` channels to `y` with `out` channels.  Panels of weights that do not
 * fit the cache are gone through in parts: the first part brings bias and addend, the next ones add
 * to y, the last one applies ReLU. */
static encnet_status follow(const encnet__conv_call *call, const encnet__conv_walk *walk,
                            encnet__buffer *x, encnet__buffer *packed, int in, int out)
{
    int taps = call->conv.r * call->conv.s;
    int pixels = walk->images * walk->rows * walk->cols, tiles = encnet__ceil_div(pixels, TILE_P);
    int64_t tile_bytes = (int64_t)TILE_P * walk->step * walk->step * in * (int64_t)sizeof(float);
    int chunk = tile_bytes > CHUNK_BYTES / 8 ? 8 : (int)(CHUNK_BYTES / tile_bytes);
    int64_t panel = (int64_t)taps * in * TILE_K * (int64_t)sizeof(float);
    int part = encnet__ceil_div(in, (int)(panel / PANEL_BYTES + 1));
    encnet_status rc = ENCNET_OK;

    if (pixels == 0) return ENCNET_OK;
    if (chunk > tiles) chunk = tiles;
    encnet__grid grid = {
        {(size_t)chunk, round_up(out, TILE_K) / TILE_K, (size_t)encnet__ceil_div(tiles, chunk)},
        {1, 1, 1}};
    for (int c = 0; rc == ENCNET_OK && c < in; c += part) {
        int end = in - c < part ? in : c + part;
        rc = LAUNCH(call->dev, "conv2d_packed", "conv2d_packed", "", grid, BUF(call->out), BUF(x),
                    BUF(packed), BUF(c ? NULL : call->b), BUF(c ? call->out : call->a),
                    INT(call->relu && end == in), INT(in), INT(out), INT(taps), INT(c), INT(end),
                    INT(chunk), WALK_ARGS(walk));
    }
    return rc;
}

static encnet_status run_forward(const encnet__conv_call *call)
{
    encnet__conv flat = flatten(&call->conv);
    encnet__conv_walk walk = encnet__conv_forward_walk(&flat);
    encnet__buffer *packed = call->prepared ? call->prepared : call->scratch;
    encnet_status rc = ENCNET_OK;

    if (!call->prepared) rc = pack(call->dev, &flat, packed, call->w);
    return rc != ENCNET_OK ? rc : follow(call, &walk, call->x, packed, flat.c, flat.k);
}

static encnet_status run_data(const encnet__conv_call *call)
{
    encnet__conv flat = flatten(&call->conv);
    encnet_status rc = pack_transposed(call->dev, &flat, call->scratch, call->w);

    for (int phase = 0; rc == ENCNET_OK && phase < flat.stride * flat.stride; phase++) {
        encnet__conv_walk walk =
            encnet__conv_data_walk(&flat, phase / flat.stride, phase % flat.stride);
        rc = follow(call, &walk, call->dy, call->scratch, flat.k, flat.c);
    }
    return rc;
}

/* -- the gradient of the weights ----------------------------------------------------------------
 */

typedef struct filter_plan {
    int tile_c, c_tiles, k_tiles; /* c_tiles: of one launch */
    int width;                    /* floats in a row of dy: K, or VECTOR when K is less */
    int splits, run;      /* parts of the pixels summed apart, so that there is work for all units;
                             pixels of one */
    int chunk;            /* pixels of a launch */
    size_t wide, weights; /* floats of the widened dy; floats of dw */
} filter_plan;

static filter_plan plan_filter(const encnet__conv *conv, const encnet__device_facts *facts)
{
    int pixels = conv->n * conv->out_h * conv->out_w;
    int channels = conv->c < FILTER_CHANNELS ? conv->c : FILTER_CHANNELS;
    int64_t row = (int64_t)channels * conv->stride * conv->stride * (int64_t)sizeof(float);
    filter_plan p = {.tile_c = conv->c >= TILE_C ? TILE_C
                               : conv->c >= 3    ? 3
                                                 : 1,
                     .width = conv->k < VECTOR ? VECTOR : conv->k};
    int64_t items, wanted = (int64_t)ITEMS_PER_UNIT * facts->units;

    p.c_tiles = encnet__ceil_div(channels, p.tile_c);
    p.k_tiles = encnet__ceil_div(conv->k, TILE_K);
    items = (int64_t)conv->r * conv->s * p.c_tiles * p.k_tiles;
    p.splits = items < wanted ? (int)((wanted + items - 1) / items) : 1;
    if (p.splits > pixels / FILTER_RUN) p.splits = pixels < FILTER_RUN ? 1 : pixels / FILTER_RUN;
    p.run = encnet__ceil_div(pixels, p.splits);
    p.chunk = row * FILTER_RUN > FILTER_BYTES ? FILTER_RUN : (int)(FILTER_BYTES / row);
    if (p.chunk > p.run) p.chunk = p.run;
    p.wide = conv->k < VECTOR ? (size_t)pixels * VECTOR : 0;
    p.weights = (size_t)conv->r * (size_t)conv->s * (size_t)conv->c * (size_t)conv->k;
    return p;
}

/* Every chunk of pixels is a launch that adds to the one before, first for one block of input
 * channels, then the next. */
static encnet_status sweep(const encnet__conv_call *call, const encnet__conv *t,
                           const filter_plan *p)
{
    encnet__buffer *dy = p->wide ? call->scratch : call->dy;
    encnet__buffer *dw = p->splits > 1 ? call->scratch : call->out;
    size_t at = p->splits > 1 ? p->wide : 0;
    const char *options = p->tile_c == TILE_C ? "" : p->tile_c == 3 ? "-DTILE_C=3" : "-DTILE_C=1";
    int block = p->c_tiles * p->tile_c;
    encnet_status rc = ENCNET_OK;

    for (int c = 0; rc == ENCNET_OK && c < t->c; c += block) {
        int c_tiles = encnet__ceil_div(t->c - c < block ? t->c - c : block, p->tile_c);
        encnet__grid grid = {
            {(size_t)c_tiles * (size_t)(t->r * t->s), (size_t)p->k_tiles, (size_t)p->splits},
            {1, 1, 1}};

        for (int first = 0; rc == ENCNET_OK && first < p->run; first += p->chunk)
            rc =
                LAUNCH(call->dev, "conv2d_packed_filter", "conv2d_packed_filter", options, grid,
                       BUF(dw), BUF(call->x), BUF(dy), UINT(at), INT(first), INT(p->run),
                       INT(p->chunk), INT(first > 0), INT(c), INT(c_tiles), INT(t->n), INT(t->h),
                       INT(t->w), INT(t->c), INT(t->out_h), INT(t->out_w), INT(p->width), INT(t->k),
                       INT(t->r), INT(t->s), INT(t->stride), INT(t->pad), INT(t->dilation));
    }
    return rc;
}

static encnet_status run_filter(const encnet__conv_call *call)
{
    encnet__conv flat = flatten(&call->conv);
    filter_plan p = plan_filter(&flat, encnet__device_facts_of(call->dev));
    int pixels = flat.n * flat.out_h * flat.out_w;
    encnet_status rc = ENCNET_OK;

    if (p.wide)
        TRY(LAUNCH(call->dev, "conv2d_packed_filter", "conv2d_widen", "", GRID1(pixels, PACK_GROUP),
                   BUF(call->scratch), BUF(call->dy), INT(flat.k), INT(pixels)));
    TRY(sweep(call, &flat, &p));
    if (p.splits > 1)
        TRY(encnet__conv_sum(call->dev, call->out, call->scratch, p.wide, p.splits, p.weights));
done:
    return rc;
}

/* -- the algorithm ------------------------------------------------------------------------------
 */

static size_t prepared_bytes(const encnet__conv *conv, const encnet__device_facts *facts)
{
    (void)facts;
    return packed_bytes(conv, conv->c, conv->k);
}

static size_t scratch_bytes(const encnet__conv *conv, encnet__conv_direction direction,
                            const encnet__device_facts *facts)
{
    encnet__conv flat = flatten(conv);
    filter_plan p;

    if (direction == ENCNET__CONV_FORWARD) return packed_bytes(conv, conv->c, conv->k);
    if (direction == ENCNET__CONV_DATA) return packed_bytes(conv, conv->k, conv->c);
    p = plan_filter(&flat, facts);
    return sizeof(float) * (p.wide + (p.splits > 1 ? p.weights * (size_t)p.splits : 0));
}

static encnet_status run(const encnet__conv_call *call)
{
    if (call->direction == ENCNET__CONV_FORWARD) return run_forward(call);
    if (call->direction == ENCNET__CONV_DATA) return run_data(call);
    return run_filter(call);
}

const encnet__conv_algorithm encnet__conv_packed = {
    .name = "packed",
    .applicable = applicable,
    .scratch_bytes = scratch_bytes,
    .prepared_bytes = prepared_bytes,
    .prepare = pack,
    .run = run,
};
