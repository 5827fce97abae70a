/*
 * ops.h - what an operator is.  The graph knows operators only through this struct.
 *
 * Rules that every op keeps, and that check.c tests for each:
 *   - forward writes each element of its output exactly once, backward likewise: it overwrites its gradients and
 *     never adds.  Where paths meet, the graph adds.
 *   - Inputs, output and `saved` are not changed by backward; `scratch` may hold anything before and after.
 *   - Nothing is allocated; nothing depends on the order in which work-groups run; no atomics on floats.
 *   - A gradient that is not wanted has a NULL buffer and is skipped.
 */
#ifndef ENCNET__OPS_H
#define ENCNET__OPS_H

#include "base/base.h"
#include "base/type.h"
#include "device/device.h"
#include <encnet/model.h>

#define ENCNET__MAX_INPUTS 8

typedef struct encnet__tensor {
    encnet__buffer *buffer; /* NULL: absent */
    encnet__shape shape;
    encnet__type type;
} encnet__tensor;

/* Everything one execution of a node may touch. */
typedef struct encnet__call {
    encnet_device *dev;
    const void *attr; /* the op's own attribute struct; NULL if it has none */
    const void *plan; /* what op->plan made for this node; NULL if the op does not plan */
    int n_in;
    encnet__tensor in[ENCNET__MAX_INPUTS]; /* an optional input that is absent has a NULL buffer */
    encnet__tensor out;
    encnet__tensor dout; /* backward: gradient of out, same shape */
    /* backward: gradients to write; NULL buffer = not wanted */
    encnet__tensor din[ENCNET__MAX_INPUTS];
    encnet__buffer *saved;    /* saved_bytes of state kept from forward to backward; NULL if 0 */
    encnet__buffer *scratch;  /* scratch_bytes of memory that lasts for this call; NULL if 0 */
    encnet__buffer *prepared; /* prepared_bytes of what prepare() made of the weights; NULL if 0 */
    /* ranks.h: the ranks whose batches count as one with this one's; NULL: this rank is alone */
    const struct encnet__ranks *ranks;
    uint64_t seed;       /* of the run; with `step` and `node` the key of random masks */
    uint32_t step, node; /* optimiser iteration; number of the node in its graph */
} encnet__call;

/* Which tensors backward reads, as bits: (1 << i) for input i, these for the output and nothing else. */
#define ENCNET__READS_OUT (1u << 30)
#define ENCNET__READS_IN(i) (1u << (i))

/* Shapes and attributes of one node, before anything is allocated. */
typedef struct encnet__node_shape {
    encnet_device *dev; /* for scratch sizes and choices of algorithm; NULL in infer */
    const char *name;   /* of the node's weights, for messages; NULL if it has none */
    const void *attr;
    int n_in;
    encnet__shape in[ENCNET__MAX_INPUTS]; /* absent input: all zeros */
    encnet__shape out;                    /* filled by infer */
    encnet__type type;                    /* of in[0], if it may be narrow; else F32 */
    unsigned constant; /* bit i: input i depends on weights alone, so it may be prepared once */
    unsigned wanted;   /* bit i: backward computes the gradient of input i */
    void *plan;        /* filled by encnet__op_plan from all of the above */
} encnet__node_shape;

/* What a call's seed, step and node are during a check, so that a reference draws the same mask. */
#define ENCNET__CHECK_SEED UINT64_C(0x5eed0123456789ab)
#define ENCNET__CHECK_STEP 7u
#define ENCNET__CHECK_NODE 3u

/* One row of the shape table that check.c and the self-test run through. */
typedef struct encnet__case {
    const char *what; /* "odd sizes", "tile + 1" */
    const void *attr;
    int n_in;
    encnet__shape in[ENCNET__MAX_INPUTS];
    bool big;          /* too slow for oclgrind and rusticl: skipped by the self-test */
    bool forward_only; /* this row has no backward */
    int classes;       /* of ENCNET__FILL_LABELS inputs; 0 = in[0].c */
} encnet__case;

/* How check.c draws one input. */
typedef enum encnet__fill_kind {
    ENCNET__FILL_NORMAL, /* normal(0,1) */
    /* normal, but every element further than 0.05 from 0 and from its neighbours' values */
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
    /* bit i: input i is an activation, and may be narrow: F16 or BF16 instead of F32.  All of these, and the output where
     * out_is_narrow says so, have the type of input 0, and a gradient has the type of its tensor.  Whatever else is not
     * an integer is F32. */
    unsigned narrow;
    bool out_is_narrow;

    /* shape->in, attr -> shape->out, or ENCNET_E_SHAPE naming the operands and both numbers. */
    encnet_status (*infer)(encnet__node_shape *shape);
    /* Decides once how the node runs (algorithms, memory, launches).  The other functions go by the plan in `shape` and
     * `call`, and decide nothing again.  NULL = there is nothing to decide. */
    encnet_status (*plan)(void **plan, const encnet__node_shape *shape);
    void (*plan_free)(void *plan); /* takes NULL */
    /* Tells `row` about every pass in shape->plan.  NULL = there is nothing to tell. */
    void (*list_plan)(const encnet__node_shape *shape,
                      void (*row)(void *user, const encnet_plan_row *row), void *user);
    /* Bytes; NULL = 0.  `backward` tells for which pass the scratch is. */
    size_t (*saved_bytes)(const encnet__node_shape *shape);
    size_t (*scratch_bytes)(const encnet__node_shape *shape, bool backward);
    /* Bits of what backward reads (besides dout, saved, scratch). */
    unsigned (*backward_reads)(const encnet__node_shape *shape);

    encnet_status (*forward)(const encnet__call *call);
    /* Writes `out` again from `in` and `saved`, bit for bit as forward did, without touching `saved`.  An op
     * that has it is cheap (elementwise): its output is computed again for backward instead of stored.  NULL =
     * the output is stored while anyone needs it. */
    encnet_status (*recompute)(const encnet__call *call);
    encnet_status (*backward)(const encnet__call *call);

    /* For an op whose result depends on the whole batch; NULL = it does not. */
    const struct encnet__sync *sync;

    /* Training only, once per step after forward: brings running statistics (inputs without gradient) up to date from
     * `saved`.  NULL = nothing to do. */
    encnet_status (*update)(const encnet__call *call);

    /* State made from the inputs `prepared_inputs` alone where they are constant, kept until they change; where it exists
     * forward does not read them.  NULL, 0 = none. */
    unsigned prepared_inputs; /* bit i: input i */
    size_t (*prepared_bytes)(const encnet__node_shape *shape);
    encnet_status (*prepare)(const encnet__call *call); /* writes call->prepared */

    /* Multiplications and additions of forward, for the benchmark and the profile. */
    double (*flops)(const encnet__node_shape *shape);

    /* The reference: forward in double on the host, naive, written from the formula.  Integer inputs arrive as doubles.
     * An absent input is NULL. */
    void (*reference)(double *out, const double *const *in, const encnet__node_shape *shape);
    /* Largest acceptable |device - reference| of one output element whose magnitude (or the sum of magnitudes of
     * its terms) is about `scale`: a formula with its reason in the .c.  Default when NULL: 32 * 2^-24 * scale. */
    double (*tolerance)(const encnet__node_shape *shape, double scale);
    const encnet__fill_kind *fill; /* per input; NULL = all normal */
    const encnet__case *cases;
    int n_cases;
} encnet__op;

/*
 * How an op whose result depends on the whole batch (batch norm) works when other ranks hold parts of that batch.
 *
 * Forward: the graph computes `contribution`, an op, from the inputs `reduced` in order, and exchanges what it makes.  The
 * op finds the contributions of all ranks, [ranks,1,1,floats], in the input `exchanged`, which a model leaves out.
 *
 * Backward: backward_sums() writes `sums_floats` sums over this rank's images to din[exchanged], and the gradients of all
 * inputs but those `reduced`.  The graph adds the sums up over the ranks.  Then backward() reads them in din[exchanged]
 * and writes the gradients of the `reduced` inputs.  It also finds what backward_sums() has written to the rest of `din`,
 * NULL where other gradients have been added to it since, and leaves that as it is.
 */
typedef struct encnet__sync {
    const encnet__op *contribution;
    unsigned reduced; /* bit i: input i */
    int exchanged;
    size_t (*sums_floats)(const encnet__node_shape *shape);
    encnet_status (*backward_sums)(const encnet__call *call);
} encnet__sync;

/* extern const encnet__op encnet__op_NAME for every row of ops.def */
#define OP(name, operands, source) extern const encnet__op encnet__op_##name;
#include "ops/ops.def"
#undef OP

/* All rows; the last is NULL. */
extern const encnet__op *const encnet__ops[];

/* Fills in shape->plan, which encnet__op_plan_free() frees; ops that do not plan get NULL. */
encnet_status encnet__op_plan(const encnet__op *op, encnet__node_shape *shape) ENCNET_MUST_CHECK;
void encnet__op_plan_free(const encnet__op *op, void *plan); /* takes NULL */

/* The shape of what op->sync->contribution makes for a node of this shape. */
encnet_status encnet__op_contribution(encnet__shape *out, const encnet__op *op,
                                      const encnet__node_shape *shape) ENCNET_MUST_CHECK;

/* An op outside of a graph, for tests, on one rank alone.  Where op->sync is set, in[exchanged] has room for the
 * contribution, din[exchanged] for the sums, and the scratch of forward serves op->sync->contribution as well:
 * encnet__op_scratch_bytes(). */
size_t encnet__op_scratch_bytes(const encnet__op *op, const encnet__node_shape *shape,
                                bool backward);
encnet_status encnet__op_forward(const encnet__op *op, const encnet__call *call) ENCNET_MUST_CHECK;
encnet_status encnet__op_backward(const encnet__op *op, const encnet__call *call) ENCNET_MUST_CHECK;

#endif
