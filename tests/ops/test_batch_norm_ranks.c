/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_batch_norm_ranks.c - batch norm of a batch that several ranks share, also in unequal parts,
 * against the double-precision formula of the whole batch.
 */
#include "support/support.h"

#include <math.h>
#include <pthread.h>

#include "comm/comm.h"
#include "ops/attr.h"
#include "ops/ops.h"
#include "ops/ranks.h"

enum { Z, GAMMA, BETA, A, MEAN, VAR, INPUTS, STATS = INPUTS, MAX_RANKS = 4 };
#define EPS 1e-5f

/* How a batch is shared: images of each rank; 0 ends the list. */
typedef struct layout {
    const char *what;
    int images[MAX_RANKS + 1];
    int h, w, c;
    bool relu, add;
    double far; /* how far the mean of each channel is from 0 */
} layout;

static const layout layouts[] = {
    {"one rank", {2}, 5, 7, 3, .relu = true, .far = 1},
    {"two ranks", {1, 1}, 4, 6, 16, .far = 1},
    {"unequal", {1, 3, 2}, 5, 7, 3, .relu = true, .far = 3},
    {"unequal, add, relu", {3, 1}, 33, 31, 4, true, true, 3},
    {"many chunks", {1, 2, 1, 1}, 65, 33, 20, true, true, 1},
    {"one value each", {1, 1, 1}, 1, 1, 5, .far = 1},
    {"far means", {1, 2}, 31, 17, 8, .far = 1000},
};

/* The whole batch and what is wanted of it; images one after the other. */
typedef struct batch {
    const layout *of;
    encnet_comm *comms[MAX_RANKS];
    int ranks, images;
    size_t rows, count; /* of the whole batch */
    float *z, *a, *dy, gamma[32], beta[32];
    double mean[32], var[32], dbeta[32], dgamma[32], *y, *dz, *da;
} batch;

/* What one rank makes of its images. */
typedef struct rank {
    batch *b;
    int rank;
    bool fails; /* before its forward pass */
    float *y, *dz, *da, saved[3 * 32], running[2][32], dgamma[32], dbeta[32];
    encnet_status rc;
    char said[512];
    pthread_t thread;
} rank;

/* -- the formula ------------------------------------------------------------------------------- */

static void sum_channel(batch *b, size_t c)
{
    size_t channels = (size_t)b->of->c;
    double rows = (double)b->rows, rstd;

    b->mean[c] = b->var[c] = b->dbeta[c] = b->dgamma[c] = 0;
    for (size_t at = c; at < b->count; at += channels) b->mean[c] += (double)b->z[at] / rows;
    for (size_t at = c; at < b->count; at += channels)
        b->var[c] += pow((double)b->z[at] - b->mean[c], 2) / rows;
    rstd = 1 / sqrt(b->var[c] + (double)EPS);
    for (size_t at = c; at < b->count; at += channels) {
        double xhat = ((double)b->z[at] - b->mean[c]) * rstd;
        double y =
            (double)b->gamma[c] * xhat + (double)b->beta[c] + (b->of->add ? (double)b->a[at] : 0);
        bool passes = !b->of->relu || y > 0;
        b->y[at] = passes ? y : 0;
        b->da[at] = passes ? (double)b->dy[at] : 0;
        b->dbeta[c] += b->da[at];
        b->dgamma[c] += b->da[at] * xhat;
    }
    for (size_t at = c; at < b->count; at += channels)
        b->dz[at] = (double)b->gamma[c] * rstd *
                    (b->da[at] - b->dbeta[c] / rows -
                     ((double)b->z[at] - b->mean[c]) * rstd * b->dgamma[c] / rows);
}

static void *take(size_t count, size_t size)
{
    void *p = calloc(count, size);

    assert_non_null(p);
    return p;
}

/* Every image has a mean of its own, so that no rank's statistics are those of all; a ReLU gets
 * nothing near its kink, where float and double may differ. */
static void make_batch(batch *b, const layout *of)
{
    encnet__rng r = encnet__rng_at(3, 1, 4, 1);
    size_t channels = (size_t)of->c, per_image;

    *b = (batch){.of = of};
    for (; of->images[b->ranks]; b->ranks++) b->images += of->images[b->ranks];
    per_image = (size_t)of->h * (size_t)of->w;
    b->rows = (size_t)b->images * per_image;
    b->count = b->rows * channels;
    b->z = take(b->count, sizeof *b->z);
    b->a = take(b->count, sizeof *b->a);
    b->dy = take(b->count, sizeof *b->dy);
    b->y = take(b->count, sizeof *b->y);
    b->dz = take(b->count, sizeof *b->dz);
    b->da = take(b->count, sizeof *b->da);
    for (size_t c = 0; c < channels; c++) {
        b->gamma[c] = (float)(0.5 + encnet__rng_uniform(&r));
        b->beta[c] = (float)encnet__rng_normal(&r);
    }
    for (size_t i = 0; i < b->count; i++) {
        size_t image = i / (per_image * channels);
        b->z[i] = (float)(of->far * (1 + (double)(i % channels) / 9) + (double)image +
                          encnet__rng_normal(&r));
        b->a[i] = (float)(4 * encnet__rng_normal(&r));
        b->dy[i] = (float)encnet__rng_normal(&r);
    }
    for (size_t c = 0; c < channels; c++) sum_channel(b, c);
    for (size_t i = 0; of->relu && i < b->count; i++)
        if (fabs(b->y[i]) < 1e-4 && b->y[i] != 0) b->dy[i] = 0;
    for (size_t c = 0; c < channels; c++) sum_channel(b, c);
}

static void free_batch(batch *b)
{
    free(b->z);
    free(b->a);
    free(b->dy);
    free(b->y);
    free(b->dz);
    free(b->da);
}

/* -- a rank ------------------------------------------------------------------------------------ */

static encnet_status put(encnet__tensor *t, encnet_device *dev, encnet__shape shape,
                         const float *values)
{
    encnet_status rc;
    size_t bytes = encnet__shape_count(shape) * sizeof(float);

    t->shape = shape;
    TRY(encnet__buffer_new(&t->buffer, dev, bytes));
    if (values)
        TRY(encnet__write(t->buffer, 0, values, bytes));
    else
        TRY(encnet__fill(t->buffer, NAN));
done:
    return rc;
}

static encnet_status get(float *values, const encnet__tensor *t)
{
    return encnet__read(values, t->buffer, 0, encnet__shape_count(t->shape) * sizeof(float));
}

/* The call with this rank's images in it. */
static encnet_status fill_call(encnet__call *call, const rank *r, encnet_device *dev,
                               const encnet__batch_norm_attr *attr, encnet__ranks *ranks)
{
    static const float zeros[32], ones[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                              1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    encnet_status rc;
    const encnet__op *op = &encnet__op_batch_norm;
    const layout *of = r->b->of;
    encnet__shape s = {of->images[r->rank], of->h, of->w, of->c}, vector = {1, 1, 1, of->c};
    encnet__node_shape shape = {.dev = dev, .attr = attr, .n_in = INPUTS};
    const float *values[INPUTS] = {r->b->z, r->b->gamma, r->b->beta, r->b->a, zeros, ones};
    size_t first = 0, scratch, more;

    for (int i = 0; i < r->rank; i++) first += (size_t)(of->images[i] * of->h * of->w * of->c);
    *call = (encnet__call){.dev = dev, .attr = attr, .n_in = INPUTS, .ranks = ranks};
    for (int i = 0; i < INPUTS; i++) {
        bool whole = i == Z || i == A;
        if (i == A && !of->add) continue;
        shape.in[i] = whole ? s : vector;
        TRY(put(&call->in[i], dev, shape.in[i], values[i] + (whole ? first : 0)));
        if (i < MEAN) TRY(put(&call->din[i], dev, shape.in[i], NULL));
    }
    TRY(op->infer(&shape));
    TRY(put(&call->out, dev, s, NULL));
    TRY(put(&call->dout, dev, s, r->b->dy + first));
    scratch = encnet__op_scratch_bytes(op, &shape, false);
    more = encnet__op_scratch_bytes(op, &shape, true);
    TRY(encnet__buffer_new(&call->scratch, dev, scratch > more ? scratch : more));
    TRY(encnet__buffer_new(&call->saved, dev, op->saved_bytes(&shape)));
    TRY(encnet__op_contribution(&shape.out, op, &shape));
    shape.out.n = r->b->ranks;
    TRY(put(&call->in[STATS], dev, shape.out, NULL));
    TRY(put(&call->din[STATS], dev, (encnet__shape){1, 1, 1, 2 * of->c}, NULL));
done:
    return rc;
}

static void free_call(encnet__call *call)
{
    for (int i = 0; i <= STATS; i++) {
        encnet__buffer_free(call->in[i].buffer);
        encnet__buffer_free(call->din[i].buffer);
    }
    encnet__buffer_free(call->out.buffer);
    encnet__buffer_free(call->dout.buffer);
    encnet__buffer_free(call->scratch);
    encnet__buffer_free(call->saved);
}

/* Both passes with the exchanges between, as a graph makes them. */
static encnet_status run_op(encnet__call *call, encnet__ranks *ranks)
{
    encnet_status rc;
    const encnet__op *op = &encnet__op_batch_norm;
    encnet__call stats = {.dev = call->dev, .n_in = 1, .scratch = call->scratch, .ranks = ranks};
    encnet__piece piece = {.all = call->in[STATS].buffer,
                           .floats = (size_t)call->in[STATS].shape.c};
    encnet__piece sums = {.own = call->din[STATS].buffer,
                          .floats = (size_t)call->din[STATS].shape.c};

    stats.in[0] = call->in[Z];
    TRY(put(&stats.out, call->dev, (encnet__shape){1, 1, 1, call->in[STATS].shape.c}, NULL));
    piece.own = stats.out.buffer;
    TRY(op->sync->contribution->forward(&stats));
    TRY(encnet__ranks_gather(ranks, &piece, 1));
    TRY(op->forward(call));
    TRY(op->update(call));
    TRY(op->sync->backward_sums(call));
    TRY(encnet__ranks_sum(ranks, &sums, 1));
    TRY(op->backward(call));
done:
    encnet__buffer_free(stats.out.buffer);
    return rc;
}

static encnet_status run_passes(rank *r, encnet__call *call, encnet__ranks *ranks)
{
    encnet_status rc;

    TRY(run_op(call, ranks));
    TRY(get(r->y, &call->out));
    TRY(get(r->dz, &call->din[Z]));
    if (r->b->of->add) TRY(get(r->da, &call->din[A]));
    TRY(get(r->dgamma, &call->din[GAMMA]));
    TRY(get(r->dbeta, &call->din[BETA]));
    TRY(get(r->running[0], &call->in[MEAN]));
    TRY(get(r->running[1], &call->in[VAR]));
    TRY(encnet__read(r->saved, call->saved, 0, 3 * sizeof(float) * (size_t)r->b->of->c));
done:
    return rc;
}

static void *run_rank(void *arg)
{
    rank *r = arg;
    const encnet_comm *comm = r->b->comms[r->rank];
    encnet__batch_norm_attr attr = {EPS, 0.1f, r->b->of->relu};
    encnet_status rc;
    encnet_device *dev = NULL;
    encnet__ranks *ranks = NULL;
    encnet__call call = {0};

    if (r->fails) FAIL(ENCNET_E_DEVICE, "out of order");
    TRY(encnet_device_open(&dev, NULL));
    TRY(encnet__ranks_new(&ranks, comm, r->b->of->images));
    TRY(fill_call(&call, r, dev, &attr, ranks));
    TRY(run_passes(r, &call, ranks));
done:
    r->rc = rc;
    snprintf(r->said, sizeof r->said, "%s", encnet_last_error());
    if (rc != ENCNET_OK) comm->abort(comm, rc, r->said);
    free_call(&call);
    encnet__ranks_free(ranks);
    encnet_device_close(dev);
    return NULL;
}

static void run_all(rank *ranks, batch *b, int failing)
{
    assert_ok(encnet_comm_threads(b->comms, b->ranks, 120));
    for (int i = 0; i < b->ranks; i++) {
        ranks[i] = (rank){.b = b, .rank = i, .fails = i == failing};
        ranks[i].y = take(b->count, sizeof(float));
        ranks[i].dz = take(b->count, sizeof(float));
        ranks[i].da = take(b->count, sizeof(float));
        pthread_create(&ranks[i].thread, NULL, run_rank, &ranks[i]);
    }
    for (int i = 0; i < b->ranks; i++) pthread_join(ranks[i].thread, NULL);
    for (int i = 0; i < b->ranks; i++) encnet_comm_close(b->comms[i]);
}

static void free_ranks(rank *ranks, const batch *b)
{
    for (int i = 0; i < b->ranks; i++) {
        free(ranks[i].y);
        free(ranks[i].dz);
        free(ranks[i].da);
    }
}

/* -- the tests --------------------------------------------------------------------------------- */

/* As in the op's table: a handful of roundings, and those of sums over all rows. */
static double tolerance(const batch *b, double scale)
{
    return (32 + sqrt((double)b->rows)) * 0x1p-24 * scale;
}

static double largest(const double *x, size_t count)
{
    double most = 1;

    for (size_t i = 0; i < count; i++) most = max_or_nan(most, fabs(x[i]));
    return most;
}

static void compare(const char *what, const batch *b, const float *got, const double *want,
                    size_t count, double scale)
{
    for (size_t i = 0; i < count; i++)
        if (!is_close(got[i], want[i], tolerance(b, scale)))
            fail_msg("%s: %s[%zu] is %.9g, not %.9g (tolerance %.3g)", b->of->what, what, i,
                     (double)got[i], want[i], tolerance(b, scale));
}

/* Values that belong to rank r alone. */
static void compare_images(const batch *b, const rank *r, size_t first)
{
    size_t count = (size_t)(b->of->images[r->rank] * b->of->h * b->of->w * b->of->c);

    compare("y", b, r->y, b->y + first, count, largest(b->y, b->count) + b->of->far / 16);
    compare("dz", b, r->dz, b->dz + first, count, largest(b->dz, b->count) + b->of->far / 16);
    if (b->of->add) compare("da", b, r->da, b->da + first, count, 1);
}

static void compare_statistics(const batch *b, const rank *r)
{
    double unbias = (double)b->rows / fmax((double)b->rows - 1, 1), want[2][32];

    for (int c = 0; c < b->of->c; c++) {
        want[0][c] = 0.1 * b->mean[c];
        want[1][c] = 0.9 + 0.1 * b->var[c] * unbias;
        assert_close(r->saved[c], b->mean[c], 2 * 0x1p-24 * fabs(b->mean[c]) + 1e-7);
        assert_close((double)r->saved[2 * b->of->c + c] / (b->var[c] * unbias), 1, 8 * 0x1p-24);
    }
    compare("running mean", b, r->running[0], want[0], (size_t)b->of->c, 1 + b->of->far);
    compare("running variance", b, r->running[1], want[1], (size_t)b->of->c, 1);
}

/* The gradients of the weights are each rank's own; their sum is that of the batch. */
static void compare_gradients(const batch *b, const rank *ranks)
{
    for (int c = 0; c < b->of->c; c++) {
        double dgamma = 0, dbeta = 0, near = tolerance(b, sqrt((double)b->rows) * 4 + b->of->far);
        for (int i = 0; i < b->ranks; i++) {
            dgamma += (double)ranks[i].dgamma[c];
            dbeta += (double)ranks[i].dbeta[c];
        }
        assert_close(dgamma, b->dgamma[c], near);
        assert_close(dbeta, b->dbeta[c], near);
    }
}

static void is_batch_norm_of_the_whole_batch(void **state)
{
    const layout *of = *state;
    batch b;
    rank ranks[MAX_RANKS], again[MAX_RANKS];
    size_t first = 0;

    make_batch(&b, of);
    run_all(ranks, &b, -1);
    run_all(again, &b, -1);
    for (int i = 0; i < b.ranks; i++) {
        size_t count = (size_t)(of->images[i] * of->h * of->w * of->c);
        if (ranks[i].rc != ENCNET_OK) fail_msg("rank %d: %s", i, ranks[i].said);
        compare_images(&b, &ranks[i], first);
        compare_statistics(&b, &ranks[i]);
        /* the same bits on every rank, and in every run */
        assert_memory_equal(ranks[i].saved, ranks[0].saved, sizeof ranks[i].saved);
        assert_memory_equal(ranks[i].running, ranks[0].running, sizeof ranks[i].running);
        assert_memory_equal(ranks[i].y, again[i].y, count * sizeof(float));
        assert_memory_equal(ranks[i].dz, again[i].dz, count * sizeof(float));
        first += count;
    }
    compare_gradients(&b, ranks);
    free_ranks(ranks, &b);
    free_ranks(again, &b);
    free_batch(&b);
}

static void failing_rank_stops_the_others(void **state)
{
    batch b;
    rank ranks[MAX_RANKS];

    (void)state;
    make_batch(&b, &layouts[2]);
    run_all(ranks, &b, 1);
    for (int i = 0; i < b.ranks; i++) {
        assert_int_equal(ranks[i].rc, i == 1 ? ENCNET_E_DEVICE : ENCNET_E_COMM);
        assert_string_equal(ranks[i].said, i == 1 ? "out of order" : "rank 1: out of order");
    }
    free_ranks(ranks, &b);
    free_batch(&b);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(layouts) + 1] = {
        cmocka_unit_test(failing_rank_stops_the_others)};

    for (size_t i = 0; i < COUNT_OF(layouts); i++)
        tests[i + 1] = (struct CMUnitTest){.name = layouts[i].what,
                                           .test_func = is_batch_norm_of_the_whole_batch,
                                           .initial_state = (void *)&layouts[i]};
    encnet_device_close(test_open_device()); /* none: skipped */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
