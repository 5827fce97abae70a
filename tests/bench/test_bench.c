/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_bench.c - the benchmark of ranks: it lists every exchange of a step once, with the bytes that
 * follow from the network, and the shares of a batch that it proposes are optimal.
 */
#include "support/ranks.h"

#include <math.h>

#include "models/models.h"
#include <encnet/bench.h>

enum { RANKS = 3 };

/* -- exchanges --------------------------------------------------------------------------------- */

typedef struct totals {
    int calls;
    double bytes;
} totals;

/* What the sizes of the network ask for. */
static void expect(totals want[ENCNET_EXCHANGE_KINDS], const encnet_options *o)
{
    encnet__weights *w = NULL;

    assert_ok(encnet__weights_new(&w, devices[0]));
    assert_ok(encnet__network_declare(w, o));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        double count = p->kind == ENCNET__COUNTER ? 0 : (double)encnet__shape_count(p->shape);
        if (!strstr(p->name, "running_mean")) continue;
        want[ENCNET_EXCHANGE_STATISTICS].bytes += 4 * (3 * count + 2);
        want[ENCNET_EXCHANGE_SUMS].bytes += 4 * 2 * count;
    }
    /* the stem, two in each of 8 blocks, three in the head; layers beside them share their messages
     */
    want[ENCNET_EXCHANGE_STATISTICS].calls = want[ENCNET_EXCHANGE_SUMS].calls = 1 + 2 * 8 + 3;
    want[ENCNET_EXCHANGE_GRADIENTS].bytes = (double)encnet__weights_bytes(w, true);
    encnet__weights_free(w);
}

static void ranks_tell_every_exchange(void **state)
{
    encnet_options o = small_network();
    encnet_bench_case what = {.n = 2, .h = 64, .w = 64, .repeats = 2};
    encnet_bench_result r = {0};
    totals want[ENCNET_EXCHANGE_KINDS] = {0}, got[ENCNET_EXCHANGE_KINDS] = {0};
    double main_seconds = 0, last_bucket = 0;

    (void)state;
    o.device.shares = "3,2,1";
    expect(want, &o);
    assert_ok(encnet_bench_on(&r, devices, RANKS, &o, &what));
    for (int i = 0; i < r.n_exchanges; i++) {
        const encnet_exchange *e = &r.exchanges[i];
        double least = e->bytes * 2 * (RANKS - 1) / RANKS;
        got[e->kind].calls++;
        got[e->kind].bytes += e->bytes;
        if (e->kind == ENCNET_EXCHANGE_GRADIENTS) last_bucket = e->bytes;
        assert_true(e->seconds > 0 && e->waiting >= 0 && e->began >= 0);
        assert_true(i == 0 || e->began >= r.exchanges[i - 1].began);
        assert_true(e->began + e->seconds + e->waiting <= r.best);
        assert_true(e->sent == e->bytes * (RANKS - 1) || is_close(e->sent, least, 1));
        if (e->kind != ENCNET_EXCHANGE_GRADIENTS) main_seconds += e->seconds + e->waiting;
    }
    assert_true(main_seconds < r.best && r.best <= r.median);
    for (int k = 0; k < ENCNET_EXCHANGE_TERMS; k++) {
        assert_true(got[k].bytes == want[k].bytes);
        if (want[k].calls) assert_int_equal(got[k].calls, want[k].calls);
    }
    /* backward cannot hide the last one, so it is a small one */
    assert_true(last_bucket > 0 && last_bucket <= 4 << 20);
    assert_int_equal(got[ENCNET_EXCHANGE_TERMS].calls, 1);
    assert_true(r.hidden >= 0 && r.hidden <= 1);
    encnet_bench_result_free(&r);
}

/* What batch norm would tell the others, it keeps; how far backward is then, nothing tells. */
static void local_norm_leaves_gradients(void **state)
{
    encnet_options o = small_network();
    encnet_bench_case what = {.n = 1, .h = 48, .w = 32, .repeats = 1};
    encnet_bench_result r = {0};
    int terms = 0;

    (void)state;
    o.model.norm = "local";
    assert_ok(encnet_bench_on(&r, devices, 2, &o, &what));
    assert_true(r.n_exchanges >= 2);
    for (int i = 0; i < r.n_exchanges; i++) {
        terms += r.exchanges[i].kind == ENCNET_EXCHANGE_TERMS;
        assert_true(r.exchanges[i].kind >= ENCNET_EXCHANGE_GRADIENTS);
    }
    assert_int_equal(terms, 1);
    assert_true(r.hidden == -1);
    encnet_bench_result_free(&r);
}

static void one_rank_tells_none(void **state)
{
    encnet_options o = small_network();
    encnet_bench_case what = {.n = 1, .h = 48, .w = 32, .repeats = 3};
    encnet_bench_result r;

    (void)state;
    o.device.shares = "3,1"; /* of the training to come */
    for (int i = 0; i < 2; i++) {
        what.inference = i == 1;
        assert_ok(encnet_bench(&r, devices[0], &o, &what, NULL));
        assert_true(r.best > 0 && r.best <= r.median);
        assert_null(r.exchanges);
        assert_int_equal(r.n_exchanges, 0);
        encnet_bench_result_free(&r);
    }
    what.repeats = 0;
    assert_fails(encnet_bench(&r, devices[0], &o, &what, NULL), ENCNET_E_ARG, "0 steps");
}

static void failing_rank_ends_all(void **state)
{
    encnet_options o = small_network();
    encnet_bench_case what = {.n = 1, .h = 48, .w = 32, .repeats = 1};
    encnet_bench_result r;

    (void)state;
    o.device.shares = "1,1";
    assert_fails(encnet_bench_on(&r, devices, RANKS, &o, &what), ENCNET_E_CONFIG,
                 "wants 3 numbers above 0");
}

/* -- shares ------------------------------------------------------------------------------------ */

static double latest(const int *images, const double *seconds, int count)
{
    double last = 0;

    for (int i = 0; i < count; i++) last = max_or_nan(last, images[i] * seconds[i]);
    return last;
}

/* The soonest that any way of cutting `batch` for three devices is done. */
static double soonest(const double *seconds, int batch)
{
    double best = INFINITY;

    for (int a = 1; a < batch - 1; a++)
        for (int b = 1; a + b < batch; b++)
            best = min_or_nan(best, latest((int[]){a, b, batch - a - b}, seconds, 3));
    return best;
}

static void shares_suit_speeds(void **state)
{
    static const struct {
        double seconds[3];
        int count, batch, want[3];
    } cases[] = {
        {{1, 1, 1}, 3, 6, {1, 1, 1}},    {{1, 3, 0}, 2, 4, {3, 1, 0}},
        {{3, 1, 0}, 2, 8, {1, 3, 0}},    {{1, 1.9, 0}, 2, 3, {2, 1, 0}},
        {{1, 1000, 0}, 2, 2, {1, 1, 0}}, {{5, 0, 0}, 1, 4, {1}},
    };
    int shares[3];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(encnet_bench_shares(shares, cases[i].seconds, cases[i].count, cases[i].batch));
        for (int k = 0; k < cases[i].count; k++) assert_int_equal(shares[k], cases[i].want[k]);
    }
}

static void no_other_shares_are_sooner(void **state)
{
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);
    int shares[3];

    (void)state;
    for (int i = 0; i < 200; i++) {
        int batch = 3 + (int)encnet__rng_below(&r, 30), sum;
        double seconds[3];
        for (int k = 0; k < 3; k++) seconds[k] = 0.1 + encnet__rng_uniform(&r);
        assert_ok(encnet_bench_shares(shares, seconds, 3, batch));
        sum = shares[0] + shares[1] + shares[2];
        assert_int_equal(batch % sum, 0);
        for (int k = 0; k < 3; k++) shares[k] *= batch / sum;
        assert_true(latest(shares, seconds, 3) <= soonest(seconds, batch));
    }
}

static void shares_want_images_and_times(void **state)
{
    int shares[2];

    (void)state;
    assert_fails(encnet_bench_shares(shares, (double[]){1, 1}, 2, 1), ENCNET_E_ARG,
                 "a batch of 1 images for 2 devices");
    assert_fails(encnet_bench_shares(shares, (double[]){1, 0}, 2, 4), ENCNET_E_ARG,
                 "device 1: 0 s for an image");
    assert_fails(encnet_bench_shares(shares, (double[]){NAN, 1}, 2, 4), ENCNET_E_ARG, "device 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_tell_every_exchange),
        cmocka_unit_test(one_rank_tells_none),
        cmocka_unit_test(local_norm_leaves_gradients),
        cmocka_unit_test(failing_rank_ends_all),
        cmocka_unit_test(shares_suit_speeds),
        cmocka_unit_test(no_other_shares_are_sooner),
        cmocka_unit_test(shares_want_images_and_times),
    };

    encnet_device_close(test_open_device()); /* none: skipped */
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
