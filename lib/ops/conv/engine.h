/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * engine.h - convolution: one descriptor, three directions, a list of algorithms (conv.def).
 *
 * A convolution is planned once.  The plan says which algorithm computes each direction, how much
 * memory it takes, and every launch with its grid and arguments; only the buffers are missing.
 * Running a direction binds the buffers and enqueues its launches.
 */
#ifndef ENCNET__CONV_ENGINE_H
#define ENCNET__CONV_ENGINE_H

#include "ops/ops.h"
#include "ops/storage.h"

/* A convolution, y[N,H',W',K] = conv(x[N,H,W,C], w[R,S,C/groups,K]): everything that an algorithm
 * needs to know before it sees data. */
typedef struct encnet__conv {
    int n, h, w, c;
    int k, r, s;
    int stride, pad, dilation, groups;
    int out_h, out_w;        /* H', W' */
    bool bias, addend, relu; /* what forward adds to the sums and applies to them */
    encnet__type storage;    /* of x, y and a, and of their gradients */
    bool tf32; /* float32: operands of products may be rounded to 10 bits of mantissa */
} encnet__conv;

typedef enum encnet__conv_direction {
    ENCNET__CONV_FORWARD, /* y from x and w */
    ENCNET__CONV_DATA,    /* dx from dy and w */
    ENCNET__CONV_FILTER,  /* dw from x and dy */
    ENCNET__CONV_DIRECTIONS
} encnet__conv_direction;

/* -- launches without their buffers ------------------------------------------------------------ */

/* The buffers that launches refer to; those that a direction does not use are NULL when it runs. */
typedef enum encnet__conv_operand {
    CONV_NULL,         /* always NULL */
    CONV_OUT,          /* y, dx, dw or db: written, never added to */
    CONV_X,            /* forward, filter */
    CONV_W,            /* forward, data, prepare */
    CONV_DY,           /* data, filter, bias */
    CONV_B,            /* forward: bias; may be absent */
    CONV_A,            /* forward: addend; data, if it adds: CONV_OUT; may be absent */
    CONV_COEFFICIENTS, /* of a normalisation that x lacks (encnet__op.may_defer); may be absent */
    CONV_SCRATCH,
    CONV_PREPARED, /* computed from w by prepare */
    CONV_OPERANDS
} encnet__conv_operand;

/* In a list of launch arguments: the buffer of an operand. */
#define OPERAND(which)                                                                             \
    {                                                                                              \
        ENCNET__ARG_BUFFER,                                                                        \
        {                                                                                          \
            .u = (which)                                                                           \
        }                                                                                          \
    }

/* One launch, or one product in CLBlast (kernel NULL). */
typedef struct encnet__conv_step {
    const char *program, *kernel; /* static strings */
    encnet__options options;
    encnet__grid grid;
    int first_arg, n_args; /* in encnet__conv_steps.args */
    encnet__gemm product;  /* its buffers are a, b, CONV_OUT and CONV_SCRATCH */
    encnet__conv_operand a, b;
} encnet__conv_step;

/* Launches in order. */
typedef struct encnet__conv_steps {
    encnet__type storage; /* of the activations that the kernels read and write */
    encnet__conv_step *steps;
    encnet__arg *args; /* of all steps; a buffer's `value.u` is its operand */
    int n_steps, n_args, cap_steps, cap_args;
} encnet__conv_steps;

/* STEP(steps, "conv2d_tiled", "conv2d_tiled_fwd", "", grid, OPERAND(CONV_OUT), ...): as LAUNCH, for
 * later; the options get the storage type of `steps`. */
#define STEP(steps, program, kernel, options, grid, ...)                                           \
    encnet__conv_add((steps),                                                                      \
                     &(encnet__conv_step){(program), (kernel),                                     \
                                          encnet__storage((steps)->storage, (options)), (grid)},   \
                     (const encnet__arg[]){__VA_ARGS__},                                           \
                     sizeof((const encnet__arg[]){__VA_ARGS__}) / sizeof(encnet__arg))

encnet_status encnet__conv_add(encnet__conv_steps *steps, const encnet__conv_step *step,
                               const encnet__arg *args, size_t n_args) ENCNET_MUST_CHECK;
/* CONV_OUT = product of `a` and `b`, in CONV_SCRATCH of encnet__gemm_scratch() bytes. */
encnet_status encnet__conv_add_product(encnet__conv_steps *steps, const encnet__gemm *product,
                                       encnet__conv_operand a,
                                       encnet__conv_operand b) ENCNET_MUST_CHECK;
/* CONV_OUT[i] = parts[0][i] + parts[1][i] + ..., i < count, in this order; `parts` lie in
 * scratch. */
encnet_status encnet__conv_add_sum(encnet__conv_steps *steps, int parts,
                                   size_t count) ENCNET_MUST_CHECK;
encnet_status encnet__conv_run(encnet_device *dev, const encnet__conv_steps *steps,
                               encnet__buffer *const operands[CONV_OPERANDS]) ENCNET_MUST_CHECK;
/* A hash of the launches: of the same launches, on the same operands, it is the same. */
uint64_t encnet__conv_steps_hash(const encnet__conv_steps *steps);
void encnet__conv_steps_free(encnet__conv_steps *steps); /* takes {0} */

/* -- one direction ----------------------------------------------------------------------------- */

struct encnet__conv_row;

/* One direction of one convolution on one device; an algorithm reads the first half and fills in
 * the second. */
typedef struct encnet__conv_pass {
    encnet_device *dev;
    encnet__conv conv;
    encnet__conv_direction direction;
    bool prepares; /* forward: w seldom changes, so prepare computes CONV_PREPARED from it */

    const struct encnet__conv_row *row;    /* the algorithm; NULL = the direction is not wanted */
    double seconds;                        /* what it took when it was measured; 0 = it was not */
    const struct encnet__conv_row *passed; /* the last algorithm that was passed over, or NULL */
    size_t scratch_bytes, prepared_bytes;
    encnet__conv_steps prepare; /* computes CONV_PREPARED after w has changed */
    encnet__conv_steps run;
} encnet__conv_pass;

typedef struct encnet__conv_algorithm {
    /* Returns NULL if the algorithm can compute this direction, else what it requires, to follow
     * its name in a message: "takes 3x3 kernels of stride 1". */
    const char *(*refuses)(const encnet__conv *conv, encnet__conv_direction direction,
                           const encnet__device_facts *facts);
    /* Returns NULL if this very device computes right, else why not, in the same form.  Asked where
     * refuses() has no objection; may try the device, once.  NULL = nothing to ask. */
    const char *(*doubts)(const encnet__conv_pass *pass, const struct encnet__conv_row *row);
    /* Whether `auto` takes the algorithm for a direction that it can compute; NULL = always. */
    bool (*pays)(const encnet__conv_pass *pass);
    encnet_status (*plan)(encnet__conv_pass *pass);
    double rounding;     /* its error relative to that of a direct sum; 0 = the same, and only such
                      * algorithms are taken by `auto` if device.accuracy is strict */
    bool adds;           /* data adds to CONV_A, which may be CONV_OUT */
    unsigned normalises; /* bit: this direction takes x with CONV_COEFFICIENTS */
    bool
        rounds_operands; /* to the storage type, TF32 if that is float32; not if it is strict either */
} encnet__conv_algorithm;

/* A row of conv.def. */
typedef struct encnet__conv_row {
    const char *name, *about;
    double cpu, gpu; /* least operations for `auto` */
    const encnet__conv_algorithm *algorithm;
} encnet__conv_row;

extern const encnet__conv_row encnet__conv_rows[]; /* the last has no name */

/* Why an algorithm cannot compute a direction, to follow its name, or NULL; and whether it rounds no
 * more than device.accuracy allows. */
const char *encnet__conv_refusal(const encnet__conv_pass *pass, const encnet__conv_row *row);
bool encnet__conv_accurate(const encnet__conv_pass *pass, const encnet__conv_row *row);

#define CONV(name, cpu, gpu, about) extern const encnet__conv_algorithm encnet__conv_##name;
#include "ops/conv/conv.def"
#undef CONV

/* Chooses the algorithm of pass->direction and plans it.  `name` is that of the layer, for
 * messages.  ENCNET_E_ARG if none of the algorithms that the device option `conv` names can
 * serve. */
encnet_status encnet__conv_plan_pass(encnet__conv_pass *pass, const char *name) ENCNET_MUST_CHECK;
void encnet__conv_pass_free(encnet__conv_pass *pass); /* takes {0} */

/* -- choosing by measurement (tune.c), and trying a device (trial.c) ---------------------------- */

/* Sets pass->row to the algorithm that has been measured to be best, and measures now if the device
 * tunes.  Leaves it NULL where nothing was measured. */
encnet_status encnet__conv_measured(encnet__conv_pass *pass) ENCNET_MUST_CHECK;
/* While algorithms are measured, operands hold noise, exact in 16 bits: element i of one of them, and
 * whether `value` is a result of `pass` at element `at`. */
double encnet__conv_noise(encnet__conv_operand operand, size_t i);
bool encnet__conv_agrees(const encnet__conv_pass *pass, size_t at, double value);
/* Computes one direction by one algorithm, once, and compares some elements.  ENCNET_E_DEVICE if one is
 * wrong. */
encnet_status encnet__conv_try(encnet_device *dev, const encnet__conv *conv,
                               encnet__conv_direction direction,
                               const encnet__conv_row *row) ENCNET_MUST_CHECK;

/* -- for people -------------------------------------------------------------------------------- */

enum { ENCNET__CONV_TEXT = 160 };

extern const char *const encnet__conv_direction_names[ENCNET__CONV_DIRECTIONS];
/* "3x3, stride 1, dilation 2, 256 to 256 channels, 64x64" */
void encnet__conv_describe(char *out, size_t size, const encnet__conv *conv);
/* "backbone.stem.0" of the weight "backbone.stem.0.weight"; NULL: "a convolution" */
void encnet__conv_layer(char *out, size_t size, const char *weight);
/* Tells `row` of a planned pass. */
void encnet__conv_list(const encnet__conv_pass *pass, const char *weight,
                       void (*row)(void *user, const encnet_plan_row *row), void *user);

/* -- what algorithms share --------------------------------------------------------------------- */

/* The multiplications and additions of one direction, by the formula. */
double encnet__conv_flops(const encnet__conv *conv);

/* Whether the convolution is a matrix product of [N*H*W,C] and [C,K]: 1x1 of stride 1. */
bool encnet__conv_is_gemm(const encnet__conv *conv);

/* Forward: returns where to record the steps that read only w, and the operand of `bytes` that they
 * write: prepared once, or scratch that is written every time. */
encnet__conv_steps *encnet__conv_weights(encnet__conv_pass *pass, encnet__conv_operand *out,
                                         size_t bytes);

static inline int encnet__ceil_div(int a, int b)
{
    return (int)(((int64_t)a + b - 1) / b);
}

static inline int encnet__round_up(int count, int multiple)
{
    return encnet__ceil_div(count, multiple) * multiple;
}

static inline int encnet__least(int a, int b)
{
    return a < b ? a : b;
}

/* Tiles of tile x tile outputs. */
static inline int64_t encnet__conv_tiles(int rows, int cols, int tile)
{
    return (int64_t)encnet__ceil_div(rows, tile) * encnet__ceil_div(cols, tile);
}

/* How the products of dw are divided among groups (split.c): into tiles of rows, one for each channel of
 * each tap, and of outputs k, and into `parts` runs of pixels, whose sums are added up. */
typedef struct encnet__conv_split {
    int tile, row_tiles, k_tiles, parts, run;
    size_t weights;
} encnet__conv_split;

/* Tiles of `small` or, where that is allowed, twice that along each axis. */
encnet__conv_split encnet__conv_split_filter(const encnet__conv *conv, int small, bool takes_large,
                                             const encnet__device_facts *facts);

/* Whether tiles of twice `small` along each axis give every compute unit a group, and compute at most a
 * quarter more columns that are only there to fill a tile. */
static inline bool encnet__conv_large_tile_pays(int rows, int cols, int small,
                                                const encnet__device_facts *facts)
{
    int with_small = encnet__ceil_div(cols, small) * small;
    int with_large = encnet__ceil_div(cols, 2 * small) * 2 * small;

    return with_large <= with_small + with_small / 4 &&
           encnet__conv_tiles(rows, cols, 2 * small) >= facts->units;
}

/* How many times as long the products of so many groups take as on a card that is full of them. */
double encnet__conv_idle(int64_t groups, bool large_tile, const encnet__device_facts *facts);

#endif
