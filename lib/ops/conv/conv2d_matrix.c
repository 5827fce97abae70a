/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * conv2d_matrix - convolution on matrix units: implicit matrix products of operands in 16 bits, or in
 * TF32 if device.precision allows it.
 *
 * Weights are copied into rows of terms in the type of the operands: once for inference, else in every
 * call.  A group computes a tile of 128 x 128 outputs where it pays, else of 64 x 64; docs/gpu.md has
 * the times of both on an H100.
 */
#include "ops/conv/engine.h"
#include "ops/conv/map.h"

enum {
    SMALL = 64, /* outputs of a group along each axis, as in cl/conv2d_matrix.cl */
    LARGE = 128,
    VECTOR_BYTES = 16, /* the widest load of an item */
    WORDS = 16,        /* of 32 bits, in a row of a slice */
    EXCHANGED = 16,    /* at most, by an item of emulated units */
    PIECE = 16,        /* terms of the weights that an item copies */
    WEIGHTS_GROUP = 64,
    LEAST_CHANNELS = 16, /* with fewer, most of a tile would be zeros */
    LARGE_TERMS = 512    /* least terms for which forward and data take the large tile */
};

/* Local memory of a group: two buffers of two slices, the sources of a tile's rows, and what emulated units
 * exchange. */
static size_t local_bytes(int tile, const encnet__device_facts *facts)
{
    int slices = 2 * 2 * WORDS * (tile + 8) + 4 * tile;
    int exchange = facts->matrix_emulated ? 2 * tile * EXCHANGED : 0;

    return sizeof(uint32_t) * (size_t)(slices + exchange);
}

static bool fits(int tile, const encnet__device_facts *facts)
{
    return facts->max_group >= (size_t)(2 * tile) && facts->local_bytes >= local_bytes(tile, facts);
}

/* The kernels count pixels, and offsets within an image, in 32 bits. */
static const char *refuses(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts)
{
    int64_t pixels = (int64_t)conv->h * conv->w + (int64_t)conv->out_h * conv->out_w;

    (void)direction;
    if (facts->matrix == ENCNET__MATRIX_NONE) return "takes devices with matrix units";
    if (conv->storage == ENCNET__F32 && facts->matrix != ENCNET__MATRIX_NVIDIA)
        return "takes activations of 16 bits";
    if (conv->storage == ENCNET__F32 && !conv->tf32)
        return "takes activations of 16 bits, or device.precision = tf32";
    if (conv->groups != 1) return "takes groups 1";
    if (!fits(SMALL, facts)) return "takes devices with groups of 128 and 19 KiB of local memory";
    return pixels * conv->n <= INT32_MAX / 2 ? NULL : "takes at most 2^30 pixels";
}

static bool pays(const encnet__conv_pass *pass)
{
    return pass->conv.c >= LEAST_CHANNELS && pass->conv.k >= LEAST_CHANNELS;
}

/* Tails of the tiles, taps outside of the map, and channels that are not multiples of a vector. */
static const char *doubts(const encnet__conv_pass *pass, const encnet__conv_row *row)
{
    static const encnet__conv trials[] = {
        {.n = 2, .h = 9, .w = 11, .c = 40, .k = 72, .r = 3, .s = 3, .pad = 1},
        {.n = 1, .h = 12, .w = 12, .c = 66, .k = 130, .r = 1, .s = 1},
    };
    encnet_status rc = ENCNET_OK;
    encnet__type type = pass->conv.storage;
    encnet__trial known = encnet__matrix_trial(pass->dev, type);

    if (known == ENCNET__TRIAL_NONE) {
        for (size_t i = 0; rc == ENCNET_OK && i < COUNT_OF(trials); i++) {
            encnet__conv conv = trials[i];
            conv.stride = conv.dilation = conv.groups = 1;
            conv.out_h = conv.h;
            conv.out_w = conv.w;
            conv.storage = type;
            conv.tf32 = pass->conv.tf32;
            for (int d = 0; rc == ENCNET_OK && d < ENCNET__CONV_DIRECTIONS; d++)
                rc = encnet__conv_try(pass->dev, &conv, (encnet__conv_direction)d, row);
        }
        known = rc == ENCNET_OK ? ENCNET__TRIAL_PASSED : ENCNET__TRIAL_FAILED;
        encnet__matrix_tried(pass->dev, type, known);
        if (rc != ENCNET_OK)
            encnet__say(ENCNET_LOG_WARNING, "%s: matrix units are not used for %s: %s",
                        encnet__device_facts_of(pass->dev)->name,
                        type == ENCNET__F32 ? "tf32" : encnet__type_name(type),
                        encnet_last_error());
    }
    return known == ENCNET__TRIAL_PASSED ? NULL : "computed a trial wrongly on this device";
}

/* -- options ----------------------------------------------------------------------------------- */

/* Its sums do not fit a GPU of few registers. */
static bool takes_large(const encnet__device_facts *facts)
{
    return fits(LARGE, facts) && !facts->few_registers;
}

/* With few terms the large tile waits for memory longer than it multiplies. */
static int choose_tile(int rows, int cols, int terms, const encnet__device_facts *facts)
{
    return terms >= LARGE_TERMS && takes_large(facts) &&
                   encnet__conv_large_tile_pays(rows, cols, SMALL, facts)
               ? LARGE
               : SMALL;
}

/* Bytes that an item reads at once of rows of channels: a vector, a word or a number. */
static int read_bytes(int channels, encnet__type type)
{
    int bytes = channels * (int)encnet__type_bytes(type);

    return bytes % VECTOR_BYTES == 0 ? VECTOR_BYTES : bytes % 4 == 0 ? 4 : 2;
}

/* ... and that it writes at once: a vector or a number. */
static int write_bytes(int channels, encnet__type type)
{
    int size = (int)encnet__type_bytes(type);

    return channels * size % VECTOR_BYTES == 0 ? VECTOR_BYTES : size;
}

/* `read` and `write`: bytes. */
static encnet__options options_for(const encnet__device_facts *facts, int tile, int read, int write)
{
    static const char *const units[ENCNET__MATRIX_KINDS] = {
        [ENCNET__MATRIX_NVIDIA] = "NVIDIA",         [ENCNET__MATRIX_AMD_WMMA] = "AMD_WMMA",
        [ENCNET__MATRIX_AMD_WMMA12] = "AMD_WMMA12", [ENCNET__MATRIX_AMD_MFMA] = "AMD_MFMA",
        [ENCNET__MATRIX_INTEL_DPAS] = "INTEL_DPAS",
    };
    const char *more = facts->matrix_emulated ? " -DEMULATED=1"
                       : facts->matrix == ENCNET__MATRIX_INTEL_DPAS
                           ? " -cl-intel-256-GRF-per-thread"
                           : ""; /* else it spills */
    encnet__options out;

    encnet__print(out.text, sizeof out.text, "-DMATRIX=%s -DTILE=%d -DREAD=%d -DWRITE=%d%s",
                  units[facts->matrix], tile, read, write, more);
    return out;
}

/* -- weights ----------------------------------------------------------------------------------- */

/* Terms of a slice. */
static int slice_terms(const encnet__conv *t)
{
    return WORDS * 4 / (int)encnet__type_bytes(t->storage);
}

static int padded_terms(const encnet__conv *t, int terms)
{
    return encnet__ceil_div(terms, slice_terms(t)) * slice_terms(t);
}

static size_t weights_bytes(const encnet__conv *t, int rows, int terms)
{
    return encnet__type_bytes(t->storage) * (size_t)(t->r * t->s) * (size_t)rows *
           (size_t)padded_terms(t, terms);
}

/* Records the copy: rows of outputs k and terms c, or the reverse. */
static encnet_status copy_weights(encnet__conv_steps *steps, const encnet__conv *t,
                                  const encnet__device_facts *facts, encnet__conv_operand out,
                                  bool forward)
{
    int rows = forward ? t->k : t->c, terms = forward ? t->c : t->k;
    int padded = padded_terms(t, terms);
    encnet__options options = options_for(facts, SMALL, VECTOR_BYTES, VECTOR_BYTES);
    encnet__grid grid = {{(size_t)encnet__ceil_div(rows, WEIGHTS_GROUP), (size_t)(padded / PIECE),
                          (size_t)(t->r * t->s)},
                         {WEIGHTS_GROUP, 1, 1}};

    return STEP(steps, "conv2d_matrix", "conv2d_matrix_weights", options.text, grid, OPERAND(out),
                OPERAND(CONV_W), INT(rows), INT(terms), INT(padded), INT(forward ? 1 : t->k),
                INT(forward ? t->k : 1));
}

/* -- forward and data -------------------------------------------------------------------------- */

static encnet_status plan_forward(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv_map map = encnet__conv_forward_map(t);
    int pixels = encnet__conv_map_pixels(&map);
    int tile = choose_tile(pixels, t->k, map.taps_h * map.taps_w * t->c, facts);
    encnet__options options =
        options_for(facts, tile, read_bytes(t->c, t->storage), write_bytes(t->k, t->storage));
    encnet__grid grid = {
        {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->k, tile)},
        {(size_t)(2 * tile), 1}};
    encnet__conv_operand weights;
    encnet__conv_steps *steps = encnet__conv_weights(pass, &weights, weights_bytes(t, t->k, t->c));
    encnet_status rc = ENCNET_OK;

    TRY(copy_weights(steps, t, facts, weights, true));
    TRY(STEP(&pass->run, "conv2d_matrix", "conv2d_matrix_map", options.text, grid,
             OPERAND(CONV_OUT), OPERAND(CONV_X), OPERAND(weights), OPERAND(CONV_B), OPERAND(CONV_A),
             INT(t->relu), INT(t->c), INT(t->k), INT(padded_terms(t, t->c)),
             INT(encnet__conv_band(&map)), INDEX_MAP_ARGS(&map)));
done:
    return rc;
}

static encnet_status plan_data(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet_status rc = ENCNET_OK;

    pass->scratch_bytes = weights_bytes(t, t->c, t->k);
    TRY(copy_weights(&pass->run, t, facts, CONV_SCRATCH, false));
    for (int phase = 0; phase < t->stride * t->stride; phase++) {
        encnet__conv_map map = encnet__conv_data_map(t, phase / t->stride, phase % t->stride);
        int pixels = encnet__conv_map_pixels(&map);
        int tile = choose_tile(pixels, t->c, map.taps_h * map.taps_w * t->k, facts);
        encnet__options options =
            options_for(facts, tile, read_bytes(t->k, t->storage), write_bytes(t->c, t->storage));
        encnet__grid grid = {
            {(size_t)encnet__ceil_div(pixels, tile), (size_t)encnet__ceil_div(t->c, tile)},
            {(size_t)(2 * tile), 1}};

        if (pixels == 0) continue;
        TRY(STEP(&pass->run, "conv2d_matrix", "conv2d_matrix_map", options.text, grid,
                 OPERAND(CONV_OUT), OPERAND(CONV_DY), OPERAND(CONV_SCRATCH), OPERAND(CONV_NULL),
                 OPERAND(CONV_NULL), INT(0), INT(t->k), INT(t->c), INT(padded_terms(t, t->k)),
                 INT(encnet__conv_band(&map)), INDEX_MAP_ARGS(&map)));
    }
done:
    return rc;
}

/* -- filter ------------------------------------------------------------------------------------ */

static encnet_status plan_filter(encnet__conv_pass *pass)
{
    const encnet__conv *t = &pass->conv;
    const encnet__device_facts *facts = encnet__device_facts_of(pass->dev);
    encnet__conv_map map = encnet__conv_forward_map(t);
    encnet__conv_split p = encnet__conv_split_filter(t, SMALL, takes_large(facts), facts);
    int x_bytes = read_bytes(t->c, t->storage), y_bytes = read_bytes(t->k, t->storage);
    encnet__options options =
        options_for(facts, p.tile, x_bytes < y_bytes ? x_bytes : y_bytes, t->k % 2 ? 4 : 8);
    encnet__grid grid = {{(size_t)p.k_tiles, (size_t)p.row_tiles, (size_t)p.parts},
                         {(size_t)(2 * p.tile), 1, 1}};
    encnet_status rc = ENCNET_OK;

    TRY(STEP(&pass->run, "conv2d_matrix", "conv2d_matrix_filter", options.text, grid,
             OPERAND(p.parts > 1 ? CONV_SCRATCH : CONV_OUT), OPERAND(CONV_X), OPERAND(CONV_DY),
             INT(p.run), INT(t->c), INT(t->k), INDEX_MAP_ARGS(&map)));
    if (p.parts > 1) {
        pass->scratch_bytes = sizeof(float) * p.weights * (size_t)p.parts;
        TRY(encnet__conv_add_sum(&pass->run, p.parts, p.weights));
    }
done:
    return rc;
}

static encnet_status plan(encnet__conv_pass *pass)
{
    if (pass->direction == ENCNET__CONV_FORWARD) return plan_forward(pass);
    if (pass->direction == ENCNET__CONV_DATA) return plan_data(pass);
    return plan_filter(pass);
}

const encnet__conv_algorithm encnet__conv_matrix = {
    .refuses = refuses, .doubts = doubts, .pays = pays, .plan = plan, .rounds_operands = true};
