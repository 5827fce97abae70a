/*
 * conv2d_winograd - 3x3 convolutions of stride 1 through Winograd's F(4x4,3x3), on CPUs with wide
 * registers.
 *
 * The weights and the tiles of the input are transformed, 36 matrix products are computed, and the
 * tiles of the output are transformed back.  Tiles are processed in chunks, so that scratch stays
 * small.  The algorithm is used only on request (device option `conv`), because it rounds more than
 * the direct ones: see lib/ops/conv2d.md.
 */
#include "ops/conv/engine.h"

enum {
    PLACES = 36, /* elements of a transformed tile */
    TILE = 4,    /* outputs of a tile along each axis */
    VEC = 16,
    TILE_P = 12,           /* tiles of a work-item of the products, as in the kernels */
    TILE_K = 32,           /* output channels of it */
    CHUNK_BYTES = 24 << 20 /* of transformed input and output */
};

/* One direction, from x [in_h,in_w,in] to y [out_h,out_w,out]. */
typedef struct layout {
    int in, out, in_h, in_w, out_h, out_w, pad;
    int rows, cols, tiles,
        chunk;  /* tiles of the outputs of one remainder by the dilation; in all; at a time */
    int blocks; /* of TILE_K output channels */
    encnet__conv_operand x, u; /* input; transformed weights */
    size_t u_at, v_at, m_at;   /* in floats; V and M of one chunk are in scratch */
    size_t u_floats, v_floats, m_floats;
} layout;

static layout lay_out(const encnet__conv *t, encnet__conv_direction direction)
{
    bool forward = direction == ENCNET__CONV_FORWARD;
    int d = t->dilation;
    layout l = {.in = forward ? t->c : t->k,
                .out = forward ? t->k : t->c,
                .in_h = forward ? t->h : t->out_h,
                .in_w = forward ? t->w : t->out_w,
                .out_h = forward ? t->out_h : t->h,
                .out_w = forward ? t->out_w : t->w,
                .pad = forward ? t->pad : 2 * d - t->pad,
                .x = forward ? CONV_X : CONV_DY};
    size_t tile_bytes = sizeof(float) * PLACES * (size_t)(l.in + l.out);

    l.rows = encnet__ceil_div(encnet__ceil_div(l.out_h, d), TILE);
    l.cols = encnet__ceil_div(encnet__ceil_div(l.out_w, d), TILE);
    l.tiles = t->n * d * d * l.rows * l.cols;
    l.chunk = encnet__ceil_div((int)(CHUNK_BYTES / tile_bytes), TILE_P) * TILE_P;
    if (l.chunk > l.tiles) l.chunk = l.tiles;
    l.blocks = encnet__ceil_div(l.out, TILE_K);
    l.u_floats = (size_t)PLACES * (size_t)l.blocks * TILE_K * (size_t)l.in;
    l.v_floats = (size_t)PLACES * (size_t)l.chunk * (size_t)l.in;
    l.m_floats = (size_t)PLACES * (size_t)l.chunk * (size_t)l.out;
    return l;
}

/* Offsets into scratch are 32 bits, and so are the tiles' numbers. */
static const char *refuses(const encnet__conv *t, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t pixels =
        (int64_t)t->n * (t->out_h + TILE * t->dilation) * (t->out_w + TILE * t->dilation);

    if (direction == ENCNET__CONV_FILTER) return "takes the directions forward and data";
    if (t->r != 3 || t->s != 3 || t->stride != 1) return "takes 3x3 kernels of stride 1";
    if (t->groups != 1) return "takes groups 1";
    if (t->c % VEC || t->k % VEC) return "takes channels in multiples of 16";
    if (!facts->is_cpu || facts->vector_floats < VEC)
        return "takes CPUs with registers of 16 floats";
    if (pixels > INT32_MAX) return "takes at most 2^31 pixels";
    return (int64_t)PLACES * (t->c + TILE_K) * (t->k + TILE_K) <= INT32_MAX
               ? NULL
               : "takes weights of at most 2^31 transformed elements";
}

/* Transforms the weights. */
static encnet_status transform_weights(encnet__conv_steps *steps, const layout *l)
{
    encnet__grid grid = {{(size_t)l->in * (TILE_K / VEC), (size_t)l->blocks}, {1, 1}};

    return STEP(steps, "conv2d_winograd", "conv2d_winograd_weights", "", grid, OPERAND(l->u),
                UINT(0), OPERAND(CONV_W), UINT(0), INT(l->in * l->out), INT(l->out), INT(TILE_K),
                INT(0), INT(l->in), INT(l->out));
}

/* Transforms the weights rotated and with c and k exchanged, which are packed in front of U. */
static encnet_status transform_packed(encnet__conv_steps *steps, const layout *l)
{
    int zeros = encnet__ceil_div(l->in, VEC) * VEC;
    encnet__grid grid = {{(size_t)l->in * (TILE_K / VEC), (size_t)l->blocks}, {1, 1}};

    return STEP(steps, "conv2d_winograd", "conv2d_winograd_weights", "", grid, OPERAND(l->u),
                UINT(l->u_at), OPERAND(CONV_SCRATCH), UINT(zeros), INT(l->in * TILE_K), INT(TILE_K),
                INT(9 * l->in * TILE_K), INT(1), INT(l->in), INT(l->out));
}

/* Transforms tiles first .. first + tiles - 1, multiplies them, and transforms them back. */
static encnet_status add_chunk(encnet__conv_pass *pass, const layout *l, int first, int tiles)
{
    int d = pass->conv.dilation;
    encnet__grid in = {{(size_t)(l->in / VEC), (size_t)tiles}, {1, 1}};
    encnet__grid out = {{(size_t)(l->out / VEC), (size_t)tiles}, {1, 1}};
    encnet__grid product = {{(size_t)encnet__ceil_div(tiles, TILE_P), (size_t)l->blocks, PLACES},
                            {1, 1, 1}};
    encnet_status rc = ENCNET_OK;

    TRY(STEP(&pass->run, "conv2d_winograd", "conv2d_winograd_input", "", in, OPERAND(CONV_SCRATCH),
             UINT(l->v_at), OPERAND(l->x), INT(first), INT(tiles), INT(l->rows), INT(l->cols),
             INT(d), INT(l->pad), INT(l->in_h), INT(l->in_w), INT(l->in)));
    TRY(STEP(&pass->run, "conv2d_winograd", "conv2d_winograd_multiply", "", product,
             OPERAND(CONV_SCRATCH), UINT(l->m_at), OPERAND(CONV_SCRATCH), UINT(l->v_at),
             OPERAND(l->u), UINT(l->u_at), INT(tiles), INT(l->in), INT(l->out)));
    TRY(STEP(&pass->run, "conv2d_winograd", "conv2d_winograd_output", "", out, OPERAND(CONV_OUT),
             OPERAND(CONV_SCRATCH), UINT(l->m_at), OPERAND(CONV_B), OPERAND(CONV_A),
             INT(pass->conv.relu), INT(first), INT(tiles), INT(l->rows), INT(l->cols), INT(d),
             INT(l->out_h), INT(l->out_w), INT(l->out)));
done:
    return rc;
}

/* Scratch: packed weights (data), then U (unless it is prepared), V and M. */
static encnet_status plan(encnet__conv_pass *pass)
{
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    layout l = lay_out(&pass->conv, pass->direction);
    encnet_status rc = ENCNET_OK;

    if (pass->direction == ENCNET__CONV_FORWARD) {
        encnet__conv_steps *steps = encnet__conv_weights(pass, &l.u, sizeof(float) * l.u_floats);
        TRY(transform_weights(steps, &l));
    } else {
        l.u = CONV_SCRATCH;
        l.u_at = encnet__conv_packed_bytes(&pass->conv, l.in, l.out, facts) / sizeof(float);
        pass->scratch_bytes = sizeof(float) * (l.u_at + l.u_floats);
        TRY(encnet__conv_pack_transposed(&pass->run, &pass->conv, facts));
        TRY(transform_packed(&pass->run, &l));
    }
    l.v_at = pass->scratch_bytes / sizeof(float);
    l.m_at = l.v_at + l.v_floats;
    pass->scratch_bytes += sizeof(float) * (l.v_floats + l.m_floats);
    for (int first = 0; first < l.tiles; first += l.chunk)
        TRY(add_chunk(pass, &l, first, l.tiles - first < l.chunk ? l.tiles - first : l.chunk));
done:
    return rc;
}

const encnet__conv_algorithm encnet__conv_winograd = {
    .refuses = refuses,
    .plan = plan,
    .rounding = 4,
};
