/*
 * conv2d_tiled - convolution for GPUs: implicit matrix products whose tiles pass through local
 * memory.
 *
 * Two tiles: 128 x 128 outputs per group where that leaves work for all compute units, else 64
 * x 64.
 */
#include "ops/conv/engine.h"

enum {
    GROUP = 256, /* work-items, as in cl/conv2d_tiled.cl */
    SMALL = 64,
    LARGE = 128,
    LOCAL_BYTES = 2 * 16 * (LARGE + 4) * 4, /* the two slices of the large tile */
    GROUPS_PER_UNIT =
        2, /* below this many groups on each compute unit the large tile leaves some idle */
    FILTER_RUN = 1024 /* pixels, at least, that one group sums */
};

/* The kernels count pixels in 32 bits, and offsets within an image too. */
static bool applicable(const encnet__conv *conv, encnet__conv_direction direction,
                       const encnet__device_facts *facts)
{
    int64_t pixels = (int64_t)conv->h * conv->w + (int64_t)conv->out_h * conv->out_w;

    (void)direction;
    return conv->groups == 1 && facts->max_group >= GROUP && facts->local_bytes >= LOCAL_BYTES &&
           pixels * conv->n <= INT32_MAX / 2;
}

static int64_t tiles(int64_t rows, int cols, int tile)
{
    return (rows + tile - 1) / tile * encnet__ceil_div(cols, tile);
}

static int choose_tile(int64_t rows, int cols, const encnet__device_facts *facts)
{
    return tiles(rows, cols, LARGE) >= (int64_t)GROUPS_PER_UNIT * facts->units ? LARGE : SMALL;
}

static const char *options_for(int tile, const encnet__conv *conv)
{
    if (conv->c % 4 || conv->k % 4) return tile == LARGE ? "-DPER=8" : "-DPER=4";
    return tile == LARGE ? "-DPER=8 -DALIGNED=1" : "-DPER=4 -DALIGNED=1";
}

static encnet_status run_forward(const encnet__conv_call *call)
{
    const encnet__conv *t = &call->conv;
    encnet__conv_map map = encnet__conv_forward_map(t);
    int pixels = map.images * map.rows * map.cols;
    int tile = choose_tile(pixels, t->k, encnet__device_facts_of(call->dev));
    encnet__grid grid = {
        {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->k, tile)}, {GROUP, 1}};

    return LAUNCH(call->dev, "conv2d_tiled", "conv2d_tiled_fwd", options_for(tile, t), grid,
                  BUF(call->out), BUF(call->x), BUF(call->w), BUF(call->b), BUF(call->a),
                  INT(call->relu), INT(t->c), INT(t->k), MAP_ARGS(&map));
}

static encnet_status run_data(const encnet__conv_call *call)
{
    const encnet__conv *t = &call->conv;
    encnet_status rc = ENCNET_OK;

    for (int phase = 0; rc == ENCNET_OK && phase < t->stride * t->stride; phase++) {
        encnet__conv_map map = encnet__conv_data_map(t, phase / t->stride, phase % t->stride);
        int pixels = map.images * map.rows * map.cols;
        int tile = choose_tile(pixels, t->c, encnet__device_facts_of(call->dev));
        encnet__grid grid = {
            {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->c, tile)},
            {GROUP, 1}};

        if (pixels == 0) continue;
        rc = LAUNCH(call->dev, "conv2d_tiled", "conv2d_tiled_data", options_for(tile, t), grid,
                    BUF(call->out), BUF(call->dy), BUF(call->w), INT(t->c), INT(t->k),
                    MAP_ARGS(&map));
    }
    return rc;
}

typedef struct filter_plan {
    int tile, c_tiles, k_tiles, parts, run;
    size_t weights;
} filter_plan;

/* Few weights and many pixels are the rule, so the pixels are split until every compute unit has
 * its groups. */
static filter_plan plan_filter(const encnet__conv *t, const encnet__device_facts *facts)
{
    int pixels = t->n * t->out_h * t->out_w, taps = t->r * t->s;
    int most = pixels < FILTER_RUN ? 1 : pixels / FILTER_RUN;
    int64_t wanted = (int64_t)GROUPS_PER_UNIT * facts->units;
    filter_plan p = {.tile = t->c > SMALL && t->k > SMALL ? LARGE : SMALL};
    int64_t groups = taps * tiles(t->c, t->k, p.tile);

    p.c_tiles = encnet__ceil_div(t->c, p.tile);
    p.k_tiles = encnet__ceil_div(t->k, p.tile);
    p.parts = groups < wanted ? (int)((wanted + groups - 1) / groups) : 1;
    if (p.parts > most) p.parts = most;
    p.run = encnet__ceil_div(pixels, p.parts);
    p.weights = (size_t)taps * (size_t)t->c * (size_t)t->k;
    return p;
}

static encnet_status run_filter(const encnet__conv_call *call)
{
    const encnet__conv *t = &call->conv;
    encnet__conv_map map = encnet__conv_forward_map(t);
    filter_plan p = plan_filter(t, encnet__device_facts_of(call->dev));
    encnet__buffer *dw = p.parts > 1 ? call->scratch : call->out;
    encnet__grid grid = {
        {(size_t)p.k_tiles, (size_t)p.c_tiles * (size_t)(t->r * t->s), (size_t)p.parts},
        {GROUP, 1, 1}};
    encnet_status rc = ENCNET_OK;

    TRY(LAUNCH(call->dev, "conv2d_tiled", "conv2d_tiled_filter", options_for(p.tile, t), grid,
               BUF(dw), BUF(call->x), BUF(call->dy), INT(p.run), INT(p.c_tiles), INT(t->c),
               INT(t->k), MAP_ARGS(&map)));
    if (p.parts > 1) TRY(encnet__conv_sum(call->dev, call->out, dw, p.parts, p.weights));
done:
    return rc;
}

static size_t scratch_bytes(const encnet__conv *conv, encnet__conv_direction direction,
                            const encnet__device_facts *facts)
{
    filter_plan p;

    if (direction != ENCNET__CONV_FILTER) return 0;
    p = plan_filter(conv, facts);
    return p.parts > 1 ? sizeof(float) * p.weights * (size_t)p.parts : 0;
}

static encnet_status run(const encnet__conv_call *call)
{
    if (call->direction == ENCNET__CONV_FORWARD) return run_forward(call);
    if (call->direction == ENCNET__CONV_DATA) return run_data(call);
    return run_filter(call);
}

const encnet__conv_algorithm encnet__conv_tiled = {
    .name = "tiled", .applicable = applicable, .scratch_bytes = scratch_bytes, .run = run};
