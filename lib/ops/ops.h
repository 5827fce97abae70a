/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * ops.h - operators.  The graph knows an operator only through the struct encnet__op.
 *
 * Every operator obeys these rules, which lib/selftest tests:
 *   - forward writes each element of its output exactly once.  So does backward with gradients: it
 *     overwrites them, but for those in call->adds; if a value has several readers, and the op cannot
 *     add, the graph adds their gradients.
 *   - backward does not change inputs, output or `saved`.  `scratch` has undefined contents before
 *   and
 *     after a call.
 *   - Nothing is allocated.  Results do not depend on the order of work-groups, and there are no
 *     atomics on floats.
 *   - A gradient that is not wanted has a NULL buffer and is skipped.
 */
#ifndef ENCNET__OPS_H
#define ENCNET__OPS_H

#include "base/base.h"
#include "base/type.h"
#include "device/device.h"
#include "onnx/onnx.h"
#include <encnet/model.h>

#define ENCNET__MAX_INPUTS 8

typedef struct encnet__tensor {
    encnet__buffer *buffer; /* NULL = absent */
    encnet__shape shape;
    encnet__type type;
} encnet__tensor;

/* Everything that one execution of a node uses. */
typedef struct encnet__call {
    encnet_device *dev;
    const void *attr; /* the attribute struct of the operator; NULL if it has none */
    const void *plan; /* made by op->plan for this node; NULL if the operator does not plan */
    int n_in;
    encnet__tensor in[ENCNET__MAX_INPUTS]; /* an optional input that is absent has a NULL buffer */
    encnet__tensor out;
    encnet__tensor dout; /* backward: gradient of out, same shape */
    /* backward: gradients to write; NULL buffer = not wanted */
    encnet__tensor din[ENCNET__MAX_INPUTS];
    unsigned adds; /* bit i: din[i] is added to, where the op can do that (encnet__op.adds) */
    encnet__buffer *saved;    /* saved_bytes that forward leaves for backward; NULL if 0 */
    encnet__buffer *scratch;  /* scratch_bytes for this call only; NULL if 0 */
    encnet__buffer *prepared; /* prepared_bytes written by prepare(); NULL if 0 */
    /* Coefficients of a normalisation that in[0] still lacks (encnet__op.takes_coefficients); NULL = it is what it
     * should be. */
    encnet__buffer *coefficients;
    bool defers; /* forward writes such coefficients to `out` in the place of the value */
    /* the ranks that share batch statistics (synchronised batch norm); NULL = a single rank */
    const struct encnet__ranks *ranks;
    uint64_t seed;       /* of the run; with `step` and `node` the key of random masks */
    uint32_t step, node; /* optimiser iteration; number of the node in its graph */
} encnet__call;

/* The tensors that backward reads, as bits. */
#define ENCNET__READS_DOUT (1u << 31)
#define ENCNET__READS_OUT (1u << 30)
#define ENCNET__READS_IN(i) (1u << (i))

/* The shapes and attributes of a node, before anything is allocated. */
typedef struct encnet__node_shape {
    encnet_device *dev; /* for scratch sizes and algorithms; NULL in infer */
    const char *name;   /* of the node's weights, for messages; NULL if it has none */
    const void *attr;
    int n_in;
    encnet__shape in[ENCNET__MAX_INPUTS]; /* absent input: all zeros */
    encnet__shape out;                    /* filled by infer */
    encnet__type type;                    /* that of in[0] if it may be narrow; else F32 */
    unsigned constant; /* bit i: input i depends only on weights, so it may be prepared */
    unsigned wanted;   /* bit i: backward computes the gradient of input i */
    void *plan;        /* filled by encnet__op_plan from all of the above */
} encnet__node_shape;

/* A node that is written to an ONNX model, where values are [N,C,H,W] instead of [N,H,W,C], and weights
 * are as in files. */
typedef struct encnet__onnx_node {
    encnet__node_shape shape; /* for an image of some size; a model takes any */
    encnet__onnx_value in[ENCNET__MAX_INPUTS];
    encnet__onnx_value like; /* as high and wide as the result, whatever the size; or ABSENT */
    int factor; /* how many times as high and wide as input 0 the result always is; 0 = neither */
} encnet__onnx_node;

/* The seed, step and node of a call during a check, so that a reference draws the same mask. */
#define ENCNET__CHECK_SEED UINT64_C(0x5eed0123456789ab)
#define ENCNET__CHECK_STEP 7u
#define ENCNET__CHECK_NODE 3u

/* A row of the shape table of an operator, for its test and the self-test. */
typedef struct encnet__case {
    const char *what; /* "odd sizes", "tile + 1" */
    const void *attr;
    int n_in;
    encnet__shape in[ENCNET__MAX_INPUTS];
    bool big;          /* too slow for oclgrind and rusticl: skipped by the self-test */
    bool forward_only; /* this row has no backward */
    int classes;       /* of ENCNET__FILL_LABELS inputs; 0 = in[0].c */
} encnet__case;

/* The random values of an input in a check. */
typedef enum encnet__fill_kind {
    ENCNET__FILL_NORMAL, /* normal(0,1) */
    /* normal, but every element is at least 0.05 away from 0 and from its neighbours' values */
    ENCNET__FILL_KINKED,
    ENCNET__FILL_POSITIVE, /* uniform 0.5 .. 1.5 */
    ENCNET__FILL_NEGATIVE, /* uniform -1 .. -0.05 */
    ENCNET__FILL_LABELS,   /* int32 0 .. case's class count - 1, some ENCNET_IGNORE; no gradient */
    ENCNET__FILL_BINARY,   /* 0 or 1; no gradient */
    ENCNET__FILL_SMALL     /* normal(0, 0.1) */
} encnet__fill_kind;

typedef struct encnet__op {
    const char *name;
    int n_in;           /* inputs, optional ones included */
    unsigned optional;  /* bit i: input i may be absent */
    unsigned gradients; /* bit i: input i has a gradient (labels have none); 0 = no backward */
    unsigned integers;  /* bit i: input i is int32 */
    bool out_is_integer;
    /* bit i: input i is an activation, which may be narrow: F16 or BF16 instead of F32.  All of
     * these, and the output if out_is_narrow, have the type of input 0; a gradient has that of its
     * tensor.  All other tensors are F32 or integers. */
    unsigned narrow;
    bool out_is_narrow;

    /* Computes shape->out from shape->in and attr.  ENCNET_E_SHAPE names the operands and both
     * numbers. */
    encnet_status (*infer)(encnet__node_shape *shape);
    /* Decides once how the node runs: algorithms, memory, launches.  The other functions follow the
     * plan in `shape` and `call` and decide nothing.  NULL = nothing to decide. */
    encnet_status (*plan)(void **plan, const encnet__node_shape *shape);
    void (*plan_free)(void *plan); /* takes NULL */
    /* Calls `row` for every direction in shape->plan.  NULL = nothing to report. */
    void (*list_plan)(const encnet__node_shape *shape,
                      void (*row)(void *user, const encnet_plan_row *row), void *user);
    /* Sizes in bytes; NULL = 0.  `backward` selects the pass. */
    size_t (*saved_bytes)(const encnet__node_shape *shape);
    size_t (*scratch_bytes)(const encnet__node_shape *shape, bool backward);
    /* Returns the tensors that backward reads besides dout, saved and scratch, as bits. */
    unsigned (*backward_reads)(const encnet__node_shape *shape);

    encnet_status (*forward)(const encnet__call *call);
    /* Computes `out` from `in` and `saved`, bit for bit as forward did, without changing `saved`.
     * The output is then recomputed for backward instead of stored.  NULL = the output is stored as
     * long as it is needed. */
    encnet_status (*recompute)(const encnet__call *call);
    /* recompute takes as long as forward, or reads several large values: the values that take least time for
     * their size are recomputed, more of them where memory counts for more than time (train.recompute). */
    bool costly;
    /*
     * A normalisation that its readers apply, so that its value is never written.  The op that normalises says
     * whether a node may leave that to them; forward then writes coefficients [3][encnet__coefficient_row(C)] to
     * `out`, zeros behind C: mean, factor and shift, of which the value is max((z - mean) factor + shift, 0) for z =
     * in[0].  The op that reads says whether a node takes z and the coefficients for in[0].  NULL = no.
     */
    bool (*may_defer)(const encnet__node_shape *shape);
    bool (*takes_coefficients)(const encnet__node_shape *shape);
    encnet_status (*backward)(const encnet__call *call);
    /* Returns the inputs, as bits, whose gradients backward can add to what `din` has, if call->adds says so.
     * NULL = none. */
    unsigned (*adds)(const encnet__node_shape *shape);
    /* bit i: the graph lets backward compute the gradients of these inputs in a call of their own before
     * the others.  shape->wanted then says for which gradients backward_reads and scratch_bytes
     * are. */
    unsigned apart;

    /* For an operator whose result depends on the whole batch; NULL for others. */
    const struct encnet__sync *sync;

    /* In the place of forward, in training: also updates running statistics, which are inputs without
     * gradients.  NULL = there are none. */
    encnet_status (*update)(const encnet__call *call);

    /* State computed only from the inputs `prepared_inputs`, if they are constant; it is valid
     * until they change, and forward then does not read them.  NULL, 0 = none. */
    unsigned prepared_inputs; /* bit i: input i */
    size_t (*prepared_bytes)(const encnet__node_shape *shape);
    encnet_status (*prepare)(const encnet__call *call); /* writes call->prepared */
    /* A hash of what prepare() does, besides what it reads: nodes with the same one can share their
     * prepared state.  Of operators that have prepare(). */
    uint64_t (*prepared_key)(const encnet__node_shape *shape);

    /* Returns the multiplications and additions of forward, for the benchmark and the profile. */
    double (*flops)(const encnet__node_shape *shape);

    /* Appends the operator to an ONNX model and returns its result.  NULL = no inference graph has
     * it. */
    encnet__onnx_value (*to_onnx)(encnet__onnx *m, const encnet__onnx_node *node);

    /* The reference: forward in double on the host, written naively from the formula.  Integer
     * inputs are passed as doubles; an absent input is NULL. */
    void (*reference)(double *out, const double *const *in, const encnet__node_shape *shape);
    /* Returns the largest acceptable |device - reference| of an output element whose magnitude, or
     * the sum of the magnitudes of its terms, is about `scale`; the .c explains the formula.  NULL
     * = 32 * 2^-24 * scale. */
    double (*tolerance)(const encnet__node_shape *shape, double scale);
    const encnet__fill_kind *fill; /* per input; NULL = all normal */
    const encnet__case *cases;
    int n_cases;
} encnet__op;

/*
 * How an operator whose result depends on the whole batch (batch norm) works if several ranks have
 * parts of that batch.
 *
 * Forward: the graph computes the operator `contribution` from the inputs `reduced`, in order, and
 * gathers its result from all ranks.  The operator reads the contributions, [ranks,1,1,floats], in
 * its input `exchanged`, which a model leaves out.
 *
 * Backward: backward_sums() writes `sums_floats` sums over this rank's images to din[exchanged],
 * and the gradients of all inputs that are not `reduced`.  The graph adds the sums up over the
 * ranks.  Then backward() reads them in din[exchanged] and writes the gradients of the `reduced`
 * inputs.  The other gradients are still in `din`, or NULL if others have been added to them; it
 * does not change them.  It reads what its backward_reads() says, READS_DOUT included, if the gradients
 * `computed` are still there.
 */
typedef struct encnet__sync {
    const encnet__op *contribution;
    unsigned reduced; /* bit i: input i */
    int exchanged;
    size_t (*sums_floats)(const encnet__node_shape *shape);
    encnet_status (*backward_sums)(const encnet__call *call);
    unsigned (*backward_reads)(const encnet__node_shape *shape, unsigned computed);
} encnet__sync;

/* Declares encnet__op_NAME for every row of ops.def. */
#define OP(name, operands, source) extern const encnet__op encnet__op_##name;
#include "ops/ops.def"
#undef OP

/* All operators; the last is NULL. */
extern const encnet__op *const encnet__ops[];

/* Floats of a row of coefficients (encnet__op.may_defer): a vector of any device from any channel on. */
static inline size_t encnet__coefficient_row(int channels)
{
    return ((size_t)channels + 31) / 16 * 16;
}

/* Fills in shape->plan, to be freed with encnet__op_plan_free(); NULL if the operator does not
 * plan. */
encnet_status encnet__op_plan(const encnet__op *op, encnet__node_shape *shape) ENCNET_MUST_CHECK;
void encnet__op_plan_free(const encnet__op *op, void *plan); /* takes NULL */

/* Computes the shape of the contribution of a node of this shape. */
encnet_status encnet__op_contribution(encnet__shape *out, const encnet__op *op,
                                      const encnet__node_shape *shape) ENCNET_MUST_CHECK;

/* Run an operator outside of a graph on a single rank, for tests.  If op->sync is set,
 * in[exchanged] has room for the contribution and din[exchanged] for the sums; the scratch of
 * forward, of encnet__op_scratch_bytes(), is also used by op->sync->contribution. */
size_t encnet__op_scratch_bytes(const encnet__op *op, const encnet__node_shape *shape,
                                bool backward);
encnet_status encnet__op_forward(const encnet__op *op, const encnet__call *call) ENCNET_MUST_CHECK;
encnet_status encnet__op_backward(const encnet__op *op, const encnet__call *call) ENCNET_MUST_CHECK;

#endif
