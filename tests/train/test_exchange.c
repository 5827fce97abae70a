/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_exchange.c - gradients are exchanged during the backward pass: each bucket as soon as it is
 * complete, and in the same order on every rank.  A communicator records the calls.
 */
#include "support/support.h"

#include <pthread.h>
#include <time.h>

#include "train/exchange.h"

enum { SIDE = 2700, BLOCKS = 2, PATIENCE_MS = 10000 }; /* a weight fills a bucket of 25 MiB */

static encnet__weights *weights;
static const encnet__bucket *buckets;
static encnet__exchange *exchange;

/* What the communicator has seen. */
static struct {
    pthread_mutex_t mutex;
    int calls;
    float firsts[8]; /* the first number of each call's data */
    pthread_t threads[8];
    bool hangs, fails, aborted;
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static bool is_aborted(void)
{
    bool aborted;

    pthread_mutex_lock(&seen.mutex);
    aborted = seen.aborted;
    pthread_mutex_unlock(&seen.mutex);
    return aborted;
}

static int calls(void)
{
    int n;

    pthread_mutex_lock(&seen.mutex);
    n = seen.calls;
    pthread_mutex_unlock(&seen.mutex);
    return n;
}

/* Two ranks that bring the same: everything is doubled. */
static encnet_status double_all(const encnet_comm *comm, float *data, size_t count)
{
    (void)comm;
    pthread_mutex_lock(&seen.mutex);
    seen.firsts[seen.calls] = data[0];
    seen.threads[seen.calls++] = pthread_self();
    pthread_mutex_unlock(&seen.mutex);
    while (seen.hangs && !is_aborted()) nap();
    if (seen.fails || is_aborted()) return encnet_comm_fail(ENCNET_E_COMM, "no sum today");
    for (size_t i = 0; i < count; i++) data[i] *= 2;
    return ENCNET_OK;
}

static void note_abort(const encnet_comm *comm, encnet_status status, const char *message)
{
    (void)comm, (void)status, (void)message;
    pthread_mutex_lock(&seen.mutex);
    seen.aborted = true;
    pthread_mutex_unlock(&seen.mutex);
}

static const encnet_comm duplicate = {.size = 2, .allreduce = double_all, .abort = note_abort};
static const encnet_comm with_duplicate = {.size = 2, .duplicate = &duplicate};
static const encnet_comm without_duplicate = {
    .size = 2, .allreduce = double_all, .abort = note_abort};

static int set_up(void **state)
{
    static const int dims[] = {SIDE, SIDE};
    int n;

    if (test_device_set_up(state) != 0) return -1;
    assert_ok(encnet__weights_new(&weights, test_device));
    assert_int_equal(
        encnet__weights_declare(weights, "a", ENCNET__MATRIX, dims, true, (encnet__init){0}), 0);
    assert_int_equal(
        encnet__weights_declare(weights, "b", ENCNET__MATRIX, dims, true, (encnet__init){0}), 1);
    assert_ok(encnet__weights_allocate(weights, ENCNET__FOR_TRAINING));
    buckets = encnet__weights_buckets(weights, ENCNET__GRADIENTS, &n);
    assert_int_equal(n, BLOCKS);
    assert_int_equal(buckets[0].first, 1); /* the last weight comes first */
    return 0;
}

static int tear_down(void **state)
{
    encnet__weights_free(weights);
    return test_device_tear_down(state);
}

/* Gradients of bucket b are b + 1. */
static void open_exchange(const encnet_comm *comm)
{
    seen.calls = 0;
    seen.hangs = seen.fails = seen.aborted = false;
    for (int b = 0; b < BLOCKS; b++) assert_ok(encnet__fill(buckets[b].buffer, (float)(b + 1)));
    assert_ok(encnet__exchange_new(&exchange, comm, weights));
}

static void await_calls(int n)
{
    for (int ms = 0; ms < PATIENCE_MS && calls() < n; ms++) nap();
    assert_int_equal(calls(), n);
}

static void check_gradients(float factor)
{
    for (int b = 0; b < BLOCKS; b++) {
        float ends[2];
        assert_ok(encnet__read(&ends[0], buckets[b].buffer, 0, 4));
        assert_ok(encnet__read(&ends[1], buckets[b].buffer, (buckets[b].floats - 1) * 4, 4));
        assert_true(ends[0] == factor * (float)(b + 1));
        assert_true(ends[1] == ends[0] || ends[1] == 0); /* 0: behind the last weight */
    }
}

static void blocks_meet_before_backward_ends(void **state)
{
    encnet__graph_callback callback;

    (void)state;
    open_exchange(&with_duplicate);
    for (int batch = 1; batch <= 2; batch++) { /* the second finds everything as the first did */
        callback = encnet__exchange_begin(exchange);
        assert_ok(callback.complete(callback.user, 0));
        await_calls(BLOCKS * batch - 1); /* while bucket 1 is still in work */
        assert_ok(callback.complete(callback.user, 1));
        assert_ok(encnet__exchange_finish(exchange));
        await_calls(BLOCKS * batch);
        assert_false(pthread_equal(seen.threads[0], pthread_self()));
        check_gradients(batch == 1 ? 2 : 4);
    }
    encnet__exchange_free(exchange);
    assert_false(seen.aborted);
}

/* Other ranks may complete bucket 0 first. */
static void order_is_that_of_blocks(void **state)
{
    encnet__graph_callback callback;

    (void)state;
    open_exchange(&with_duplicate);
    callback = encnet__exchange_begin(exchange);
    assert_ok(callback.complete(callback.user, 1));
    for (int ms = 0; ms < 50; ms++) nap();
    assert_int_equal(calls(), 0);
    assert_ok(callback.complete(callback.user, 0));
    assert_ok(encnet__exchange_finish(exchange));
    assert_true(seen.firsts[0] == 1 && seen.firsts[1] == 2);
    check_gradients(2);
    encnet__exchange_free(exchange);
}

static void without_a_twin_all_is_done_at_the_end(void **state)
{
    encnet__graph_callback callback;

    (void)state;
    open_exchange(&without_duplicate);
    callback = encnet__exchange_begin(exchange);
    for (int b = 0; b < BLOCKS; b++) assert_ok(callback.complete(callback.user, b));
    assert_int_equal(calls(), 0);
    assert_ok(encnet__exchange_finish(exchange));
    assert_int_equal(calls(), BLOCKS);
    assert_true(pthread_equal(seen.threads[0], pthread_self()));
    check_gradients(2);
    encnet__exchange_free(exchange);
}

static void failures_are_told_by_finish(void **state)
{
    encnet__graph_callback callback;

    (void)state;
    open_exchange(&with_duplicate);
    seen.fails = true;
    callback = encnet__exchange_begin(exchange);
    for (int b = 0; b < BLOCKS; b++) assert_ok(callback.complete(callback.user, b));
    assert_fails(encnet__exchange_finish(exchange), ENCNET_E_COMM, "no sum today");
    assert_int_equal(calls(), 1); /* nothing more is asked of a communicator that has failed */
    encnet__exchange_free(exchange);
}

/* A rank that fails in its backward sweep, while the others keep its thread waiting. */
static void leaving_in_the_middle_ends_the_wait(void **state)
{
    encnet__graph_callback callback;

    (void)state;
    open_exchange(&with_duplicate);
    seen.hangs = true;
    callback = encnet__exchange_begin(exchange);
    assert_ok(callback.complete(callback.user, 0));
    await_calls(1);
    encnet__exchange_free(exchange);
    assert_true(seen.aborted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_meet_before_backward_ends),
        cmocka_unit_test(order_is_that_of_blocks),
        cmocka_unit_test(without_a_twin_all_is_done_at_the_end),
        cmocka_unit_test(failures_are_told_by_finish),
        cmocka_unit_test(leaving_in_the_middle_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
