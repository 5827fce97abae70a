/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* bench.c - times the steps of a network and the exchanges between ranks. */
#include <encnet/bench.h>
#include <stdlib.h>
#include <string.h>

#include "comm/meter.h"
#include "models/runner.h"
#include "options/options.h"
#include "train/run.h"

enum { MOST_REPEATS = 1000000 };

typedef struct bench {
    const encnet_bench_case *what;
    const encnet_comm *comm; /* the communicator of the ranks, not metered */
    encnet__meter meter;
    encnet_options options;
    char *strings;        /* of options */
    encnet__run run;      /* training */
    encnet_model *reader; /* inference */
    uint8_t *ids;         /* of a batch, likewise */
    float *image;
    int32_t *label;
    double *steps;    /* [repeats], seconds */
    double began;     /* when the current step began */
    double *reported; /* [ranks][stride] seconds: of the step, then of its exchanges */
    size_t stride, *sizes;
    encnet_bench_result *out;
} bench;

/* Makes a batch of noise, with labels of all classes. */
static encnet_status make_noise(bench *b, int n)
{
    size_t pixels = (size_t)n * (size_t)b->what->h * (size_t)b->what->w;
    encnet__rng r = encnet__rng_at(0, 0, 0, 0);

    b->image = encnet__alloc(pixels, 3 * sizeof *b->image);
    b->label = encnet__alloc(pixels, sizeof *b->label);
    if (!b->image || !b->label)
        return encnet__fail(ENCNET_E_NOMEM, "no host memory for a batch of %zu pixels", pixels);
    for (size_t i = 0; i < 3 * pixels; i++) b->image[i] = (float)(encnet__rng_uniform(&r) * 4 - 2);
    for (size_t i = 0; i < pixels; i++)
        b->label[i] = (int32_t)encnet__rng_below(&r, (uint32_t)b->options.model.classes);
    return ENCNET_OK;
}

static encnet_status begin_inference(bench *b, encnet__graph **g, encnet_device *device)
{
    encnet_status rc;
    const encnet_bench_case *c = b->what;
    size_t pixels = (size_t)c->n * (size_t)c->h * (size_t)c->w;

    TRY(make_noise(b, c->n));
    TRY(encnet_model_new(&b->reader, device, &b->options));
    b->ids = encnet__alloc(pixels, 1);
    if (!b->ids) FAIL(ENCNET_E_NOMEM, "no host memory for the ids of %zu pixels", pixels);
    TRY(encnet__model_inference_graph(g, b->reader, c->n, c->h, c->w, 0));
    TRY(encnet__write(encnet__graph_tensor(*g, "image").buffer, 0, b->image,
                      pixels * 3 * sizeof *b->image));
done:
    return rc;
}

/* Sets up a run of the training loop, without data and without a work directory. */
static encnet_status begin_training(bench *b)
{
    encnet_status rc;
    encnet__run *r = &b->run;

    TRY(encnet__run_init_ranks(r));
    TRY(encnet__run_set_length(r, r->part.total));
    TRY(make_noise(b, r->part.n));
    r->batch = (encnet__batch){
        .n = r->part.n, .h = b->what->h, .w = b->what->w, .x = b->image, .y = b->label};
    TRY(encnet__run_make_model(r));
    TRY(encnet__run_share_weights(r));
done:
    return rc;
}

/* -- exchanges --------------------------------------------------------------------------------- */

static int by_beginning(const void *a, const void *b)
{
    const encnet_exchange *x = a, *y = b;

    return (x->began > y->began) - (x->began < y->began);
}

/* The last collective of a step exchanges the terms.  Gradients use the duplicate communicator;
 * without one they follow the sums of batch norm, of which there are as many as statistics. */
static encnet_exchange_kind kind_of(const encnet__meter *m, const encnet__meter_channel *c,
                                    size_t i, const int seen[ENCNET_EXCHANGE_KINDS])
{
    if (c == &m->duplicate) return ENCNET_EXCHANGE_GRADIENTS;
    if (i == c->count - 1) return ENCNET_EXCHANGE_TERMS;
    if (!c->calls[i].sums) return ENCNET_EXCHANGE_STATISTICS;
    return seen[ENCNET_EXCHANGE_SUMS] < seen[ENCNET_EXCHANGE_STATISTICS]
               ? ENCNET_EXCHANGE_SUMS
               : ENCNET_EXCHANGE_GRADIENTS;
}

/* Returns the shortest time that a rank spent in call `place`.  The rank that arrives last waits
 * for nobody, so this is the duration of the exchange itself. */
static double shortest(const bench *b, size_t place)
{
    double seconds = b->reported[place];

    for (int r = 1; r < b->comm->size; r++) {
        double other = b->reported[(size_t)r * b->stride + place];
        if (other < seconds) seconds = other;
    }
    return seconds;
}

static double hidden_fraction(const encnet_bench_result *out)
{
    double backward = 0, all = 0, before = 0;

    for (const encnet_exchange *e = out->exchanges; e < out->exchanges + out->n_exchanges; e++) {
        double end = e->began + e->waiting + e->seconds;
        if (e->kind == ENCNET_EXCHANGE_SUMS && end > backward) backward = end;
    }
    for (const encnet_exchange *e = out->exchanges; e < out->exchanges + out->n_exchanges; e++) {
        double seconds = e->waiting + e->seconds, head = backward - e->began;
        if (e->kind != ENCNET_EXCHANGE_GRADIENTS) continue;
        all += seconds;
        before += head < 0 ? 0 : head < seconds ? head : seconds;
    }
    return backward > 0 && all > 0 ? before / all : -1;
}

/* Stores the exchanges of the metered step in the result, using the times of all ranks. */
static void store_exchanges(bench *b)
{
    const encnet__meter_channel *channels[] = {&b->meter.main, &b->meter.duplicate};
    encnet_bench_result *out = b->out;
    size_t place = 1;
    int seen[ENCNET_EXCHANGE_KINDS] = {0};

    out->n_exchanges = 0;
    for (size_t k = 0; k < COUNT_OF(channels); k++)
        for (size_t i = 0; i < channels[k]->count; i++, place++) {
            const encnet__call_record *call = &channels[k]->calls[i];
            double seconds = shortest(b, place);
            encnet_exchange_kind kind = kind_of(&b->meter, channels[k], i, seen);
            out->exchanges[out->n_exchanges++] =
                (encnet_exchange){.kind = kind,
                                  .bytes = (double)call->bytes,
                                  .sent = encnet__call_sent(call, b->comm->size),
                                  .began = call->began - b->began,
                                  .seconds = seconds,
                                  .waiting = call->seconds - seconds};
            seen[kind]++;
        }
    qsort(out->exchanges, (size_t)out->n_exchanges, sizeof *out->exchanges, by_beginning);
    out->hidden = hidden_fraction(out);
}

/* Allocates what gather_times() needs: `stride` times from each rank, of the step and its
 * exchanges. */
static encnet_status make_room(bench *b, size_t stride)
{
    size_t ranks = (size_t)b->comm->size;

    if (stride == b->stride) return ENCNET_OK;
    encnet__free(b->reported);
    encnet__free(b->sizes);
    encnet__free(b->out->exchanges);
    b->reported = encnet__alloc(ranks, stride * sizeof *b->reported);
    b->sizes = encnet__alloc(ranks, sizeof *b->sizes);
    b->out->exchanges = encnet__alloc(stride, sizeof *b->out->exchanges);
    if (!b->reported || !b->sizes || !b->out->exchanges)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for %zu exchanges", stride);
    for (size_t r = 0; r < ranks; r++) b->sizes[r] = stride * sizeof *b->reported;
    b->stride = stride;
    return ENCNET_OK;
}

/* Exchanges the times of the step and of its exchanges between the ranks, and stores the step if it
 * is the fastest of rank 0 so far. */
static encnet_status gather_times(bench *b, double seconds)
{
    encnet_status rc = ENCNET_OK;
    const encnet__meter *m = &b->meter;
    double *mine, *to;

    TRY(make_room(b, 1 + m->main.count + m->duplicate.count));
    to = mine = b->reported + (size_t)b->comm->rank * b->stride;
    *to++ = seconds;
    for (size_t i = 0; i < m->main.count; i++) *to++ = m->main.calls[i].seconds;
    for (size_t i = 0; i < m->duplicate.count; i++) *to++ = m->duplicate.calls[i].seconds;
    TRY(b->comm->allgather(b->comm, b->reported, mine, b->sizes));
    if (b->out->best > 0 && b->reported[0] >= b->out->best) goto done;
    b->out->best = b->reported[0];
    store_exchanges(b);
done:
    return rc;
}

/* -- steps ------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* A forward pass to class ids on the host. */
static encnet_status infer(const bench *b, encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;
    const encnet_bench_case *c = b->what;
    encnet__wanted wanted = {.ids.host = b->ids};
    size_t bad;

    TRY(encnet__graph_forward(g, 0, 0));
    TRY(encnet__runner_results(encnet__model_runner(b->reader), &bad, g, c->h, c->w, c->h, c->w,
                               &wanted));
done:
    return rc;
}

static encnet_status time_steps(bench *b, encnet_device *device, encnet__graph *inference)
{
    encnet_status rc = ENCNET_OK;
    int repeats = b->what->repeats;

    for (int i = -1; i < repeats; i++) {
        double seconds;
        encnet__meter_reset(&b->meter);
        b->began = encnet__now();
        if (inference)
            TRY(infer(b, inference));
        else
            TRY(encnet__run_iterate(&b->run));
        TRY(encnet__finish(device));
        seconds = encnet__now() - b->began;
        if (i < 0) continue;
        b->steps[i] = seconds;
        if (b->run.ranks) TRY(gather_times(b, seconds));
    }
    qsort(b->steps, (size_t)repeats, sizeof *b->steps, ascending);
    b->out->best = b->steps[0];
    b->out->median = b->steps[repeats / 2];
done:
    return rc;
}

static void set_options(bench *b)
{
    encnet_options *o = &b->options;

    o->model.checkpoint = o->model.pretrained = ""; /* the times do not depend on the weights */
    o->data.samples_per_device = b->what->n;
    if (b->comm->size == 1) o->device.shares = "";
    o->train.accumulate = 1;
    o->optimizer.lr = o->optimizer.min_lr = 0; /* training on noise might diverge */
}

encnet_status encnet_bench(encnet_bench_result *out, encnet_device *device,
                           const encnet_options *options, const encnet_bench_case *what,
                           const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;
    encnet_bench_result result = {0};
    bench b = {.what = what, .comm = comm ? comm : &encnet__comm_single, .out = &result};
    encnet__graph *inference = NULL;

    NEED(out);
    NEED(device);
    NEED(options);
    NEED(what);
    TRY(encnet__comm_check(b.comm));
    TRY(encnet__device_check_open(device));
    if (what->n < 1 || what->h < 1 || what->w < 1 || what->repeats < 1 ||
        what->repeats > MOST_REPEATS)
        FAIL(ENCNET_E_ARG, "%d steps with %d images of %d x %d", what->repeats, what->n, what->h,
             what->w);
    TRY(encnet__options_take(&b.options, &b.strings, options));
    set_options(&b);
    encnet__meter_init(&b.meter, b.comm);
    b.run = (encnet__run){.device = device, .options = &b.options, .comm = &b.meter.main.table};
    b.steps = encnet__alloc((size_t)what->repeats, sizeof *b.steps);
    if (!b.steps) FAIL(ENCNET_E_NOMEM, "no memory for %d times", what->repeats);
    if (what->inference)
        TRY(begin_inference(&b, &inference, device));
    else
        TRY(begin_training(&b));
    TRY(time_steps(&b, device, inference));
    *out = result;
    result = (encnet_bench_result){0};
done:
    encnet_bench_result_free(&result);
    encnet_model_free(b.reader);
    encnet__free(b.ids);
    encnet__run_end(&b.run);
    encnet__meter_free(&b.meter);
    encnet__free(b.image);
    encnet__free(b.label);
    encnet__free(b.strings);
    encnet__free(b.steps);
    encnet__free(b.reported);
    encnet__free(b.sizes);
    return rc;
}

void encnet_bench_result_free(encnet_bench_result *result)
{
    if (!result) return;
    encnet__free(result->exchanges);
    *result = (encnet_bench_result){0};
}

/* -- several devices of this process ----------------------------------------------------------- */

typedef struct benching {
    encnet_bench_result *out;
    encnet_device *const *devices;
    const encnet_options *options;
    const encnet_bench_case *what;
} benching;

static encnet_status bench_rank(void *user, const encnet_comm *comm)
{
    const benching *b = user;
    encnet_bench_result other = {0};
    encnet_status rc = encnet_bench(comm->rank ? &other : b->out, b->devices[comm->rank],
                                    b->options, b->what, comm);

    encnet_bench_result_free(&other);
    return rc;
}

encnet_status encnet_bench_on(encnet_bench_result *out, encnet_device *const *devices, int count,
                              const encnet_options *options, const encnet_bench_case *what)
{
    encnet_status rc = ENCNET_OK;
    benching b = {out, devices, options, what};

    NEED(out);
    NEED(options);
    NEED(what);
    TRY(encnet__team_check((const void *const *)devices, count, "devices"));
    rc = encnet__team_run(count, options->device.timeout, bench_rank, &b);
done:
    return rc;
}
