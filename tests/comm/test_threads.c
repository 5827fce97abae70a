/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_threads.c - ranks that are threads: their results, which are the same bits on all ranks and in
 * every run; and no rank waits for one that has failed, has left, or never joins.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "comm/comm.h"

enum { MAX_RANKS = 8 };
#define PATIENT 60.0 /* seconds: only a bug waits that long */

/* One rank's thread, what it returned, and what it said. */
typedef struct rank {
    encnet_comm *comm;
    encnet_status (*run)(const encnet_comm *comm, void *with);
    void *with;
    encnet_status rc;
    char said[512];
    double seconds;
    pthread_t thread;
} rank;

static void *run_rank(void *arg)
{
    rank *r = arg;
    double began = encnet__now();

    r->rc = r->run(r->comm, r->with);
    snprintf(r->said, sizeof r->said, "%s", encnet_last_error());
    r->seconds = encnet__now() - began;
    return NULL;
}

/* Runs `run` on every rank of a new group, each in its thread. */
static void run_all(rank *ranks, int size, double timeout_s,
                    encnet_status (*run)(const encnet_comm *comm, void *with), void *with)
{
    encnet_comm *comms[MAX_RANKS];

    assert_ok(encnet_comm_threads(comms, size, timeout_s));
    for (int r = 0; r < size; r++) {
        ranks[r] = (rank){.comm = comms[r], .run = run, .with = with};
        assert_int_equal(pthread_create(&ranks[r].thread, NULL, run_rank, &ranks[r]), 0);
    }
    for (int r = 0; r < size; r++) pthread_join(ranks[r].thread, NULL);
    for (int r = 0; r < size; r++) encnet_comm_close(comms[r]);
}

static void nap(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)((seconds - floor(seconds)) * 1e9)};

    nanosleep(&t, NULL);
}

/* -- values ------------------------------------------------------------------------------------ */

/* Numbers whose sum depends on the order: a small one is lost in 1e20, before -1e20 follows. */
static float number(int of, size_t i)
{
    encnet__rng r = encnet__rng_at(7, of % 3 == 0, (uint32_t)i, 1);
    double x = encnet__rng_normal(&r);

    return (float)(of % 3 == 0 ? x : of % 3 == 1 ? 1e20 * x : -1e20 * x);
}

/* What the ranks of one allreduce leave behind. */
typedef struct sums {
    size_t count;
    float *data[MAX_RANKS];
} sums;

static encnet_status reduce(const encnet_comm *comm, void *with)
{
    sums *s = with;

    for (size_t i = 0; i < s->count; i++) s->data[comm->rank][i] = number(comm->rank, i);
    return comm->allreduce(comm, s->data[comm->rank], s->count);
}

static void allreduce_sums_in_rank_order(void **state)
{
    static const size_t counts[] = {0, 1, 2, 7, 8, 9, 511, 512, 513, 5003};
    rank ranks[MAX_RANKS];

    (void)state;
    for (int size = 1; size <= MAX_RANKS; size++)
        for (size_t k = 0; k < COUNT_OF(counts); k++) {
            sums s = {.count = counts[k]};
            for (int r = 0; r < size; r++) s.data[r] = calloc(s.count + 1, sizeof(float));
            run_all(ranks, size, PATIENT, reduce, &s);
            for (int r = 0; r < size; r++) {
                assert_int_equal(ranks[r].rc, ENCNET_OK);
                for (size_t i = 0; i < s.count; i++) {
                    double want = 0;
                    for (int q = 0; q < size; q++) want += (double)number(q, i);
                    assert_true(s.data[r][i] == (float)want);
                }
                assert_true(s.data[r][s.count] == 0); /* and nothing behind */
                free(s.data[r]);
            }
        }
}

/* Rank r brings r bytes of value r (none from rank 0), then the same in place. */
static encnet_status gather(const encnet_comm *comm, void *with)
{
    encnet_status rc;
    unsigned char mine[MAX_RANKS], all[MAX_RANKS * MAX_RANKS];
    size_t sizes[MAX_RANKS], at = 0, own = 0;

    (void)with;
    for (int r = 0; r < comm->size; r++) {
        sizes[r] = (size_t)r;
        if (r < comm->rank) own += sizes[r];
    }
    memset(mine, comm->rank, sizeof mine);
    for (int in_place = 0; in_place < 2; in_place++) {
        memset(all, 0xee, sizeof all);
        memset(all + own, comm->rank, sizes[comm->rank]);
        TRY(comm->allgather(comm, all, in_place ? all + own : mine, sizes));
        at = 0;
        for (int r = 0; r < comm->size; r++)
            for (size_t i = 0; i < sizes[r]; i++)
                if (all[at++] != r) FAIL(ENCNET_E_INTERNAL, "byte %zu is %d", at, all[at - 1]);
        if (all[at] != 0xee) FAIL(ENCNET_E_INTERNAL, "a byte behind the end");
    }
done:
    return rc;
}

static encnet_status broadcast_from_each(const encnet_comm *comm, void *with)
{
    encnet_status rc = ENCNET_OK;
    char text[13];

    (void)with;
    for (int root = 0; root < comm->size; root++) {
        snprintf(text, sizeof text, "from %d", comm->rank);
        TRY(comm->broadcast(comm, text, sizeof text, root));
        if (text[5] != '0' + root) FAIL(ENCNET_E_INTERNAL, "root %d: %s", root, text);
    }
    TRY(comm->broadcast(comm, NULL, 0, 0));
done:
    return rc;
}

/* Nobody passes barrier k before all have come to it. */
static encnet_status pass_barriers(const encnet_comm *comm, void *with)
{
    encnet_status rc = ENCNET_OK;
    atomic_int *arrived = with;

    for (int k = 1; k <= 50; k++) {
        atomic_fetch_add(arrived, 1);
        TRY(comm->barrier(comm));
        if (atomic_load(arrived) < k * comm->size) FAIL(ENCNET_E_INTERNAL, "barrier %d leaks", k);
    }
done:
    return rc;
}

static void all_agree(encnet_status (*run)(const encnet_comm *comm, void *with))
{
    rank ranks[MAX_RANKS];

    for (int size = 1; size <= MAX_RANKS; size++) {
        atomic_int arrived = 0;
        run_all(ranks, size, PATIENT, run, &arrived);
        for (int r = 0; r < size; r++)
            if (ranks[r].rc != ENCNET_OK) fail_msg("rank %d of %d: %s", r, size, ranks[r].said);
    }
}

static void allgather_takes_unequal_parts(void **state)
{
    (void)state;
    all_agree(gather);
}

static void broadcast_reaches_all(void **state)
{
    (void)state;
    all_agree(broadcast_from_each);
}

static void barrier_holds_all(void **state)
{
    (void)state;
    all_agree(pass_barriers);
}

/* -- the duplicate ---------------------------------------------------------------------------------- */

static encnet_status reduce_often(const encnet_comm *comm, void *with)
{
    encnet_status rc = ENCNET_OK;
    float data[100];

    (void)with;
    for (int k = 0; k < 100; k++) {
        for (int i = 0; i < 100; i++) data[i] = (float)(comm->rank + k + i);
        TRY(comm->allreduce(comm, data, 100));
        for (int i = 0; i < 100; i++)
            if (data[i] != (float)((k + i) * comm->size + comm->size * (comm->size - 1) / 2))
                FAIL(ENCNET_E_INTERNAL, "round %d: [%d] is %g", k, i, (double)data[i]);
    }
done:
    return rc;
}

/* A rank's own thread and a second one, each at its own pace. */
static encnet_status use_both(const encnet_comm *comm, void *with)
{
    encnet_status rc;
    rank second = {.comm = (encnet_comm *)comm->duplicate, .run = reduce_often};

    pthread_create(&second.thread, NULL, run_rank, &second);
    rc = pass_barriers(comm, with);
    pthread_join(second.thread, NULL);
    return second.rc == ENCNET_OK ? rc : encnet__fail(second.rc, "%s", second.said);
}

static void twin_goes_its_own_way(void **state)
{
    (void)state;
    all_agree(use_both);
}

/* -- failures ---------------------------------------------------------------------------------- */

typedef enum call { ALLREDUCE, ALLGATHER, BROADCAST, BARRIER, CALLS } call;

static encnet_status make_call(const encnet_comm *comm, call which)
{
    static const size_t sizes[MAX_RANKS] = {4, 4, 4, 4, 4, 4, 4, 4};
    float mine[1] = {1}, all[MAX_RANKS];

    switch (which) {
    case ALLREDUCE:
        return comm->allreduce(comm, mine, 1);
    case ALLGATHER:
        return comm->allgather(comm, all, mine, sizes);
    case BROADCAST:
        return comm->broadcast(comm, mine, sizeof mine, 0);
    default:
        return comm->barrier(comm);
    }
}

/* One rank fails at one moment of a row of calls. */
typedef struct failure {
    int rank;          /* that fails */
    int before;        /* how many calls it makes before */
    double nap;        /* seconds that it sleeps first, so that the others wait already */
    bool late;         /* the others come only when it has failed */
    bool by_duplicate; /* it tells on the duplicate */
    bool silent;       /* it doesn't tell: it just stays away */
} failure;

static encnet_status fail_once(const encnet_comm *comm, void *with)
{
    encnet_status rc = ENCNET_OK;
    const failure *f = with;

    for (int k = 0;; k++) {
        if (comm->rank == f->rank && k == f->before) {
            const encnet_comm *on = f->by_duplicate ? comm->duplicate : comm;
            nap(f->nap);
            if (!f->silent) on->abort(on, ENCNET_E_DATA, "street.png: no such file");
            return encnet__fail(ENCNET_E_DATA, "street.png: no such file");
        }
        if (f->late && k == f->before) nap(0.05);
        TRY(make_call(comm, k % CALLS));
    }
done:
    if (make_call(comm, BARRIER) != ENCNET_E_COMM) return encnet__fail(ENCNET_OK, "goes on");
    return rc;
}

static void everybody_hears(const rank *ranks, int size, const failure *f)
{
    char want[64];

    snprintf(want, sizeof want, "rank %d: street.png: no such file", f->rank);
    for (int r = 0; r < size; r++) {
        if (r == f->rank) continue;
        assert_int_equal(ranks[r].rc, ENCNET_E_COMM);
        assert_string_equal(ranks[r].said, want);
        assert_true(ranks[r].seconds < PATIENT / 2);
    }
}

static void abort_wakes_all_with_its_message(void **state)
{
    rank ranks[MAX_RANKS];

    (void)state;
    for (int size = 2; size <= MAX_RANKS; size += 3)
        for (int before = 0; before <= 5; before++)
            for (int when = 0; when < 3; when++) {
                failure f = {.rank = before % size,
                             .before = before,
                             .nap = when == 1 ? 0.02 : 0,
                             .late = when == 2,
                             .by_duplicate = before == 3};
                run_all(ranks, size, PATIENT, fail_once, &f);
                everybody_hears(ranks, size, &f);
            }
}

/* The first of several is the one that is heard, by all the same. */
static encnet_status all_fail(const encnet_comm *comm, void *with)
{
    char message[32];

    (void)with;
    snprintf(message, sizeof message, "trouble %d", comm->rank);
    if (comm->rank % 2) comm->abort(comm, ENCNET_E_IO, message);
    return comm->barrier(comm);
}

static void first_abort_is_heard(void **state)
{
    rank ranks[MAX_RANKS];

    (void)state;
    run_all(ranks, MAX_RANKS, PATIENT, all_fail, NULL);
    for (int r = 0; r < MAX_RANKS; r++) {
        assert_int_equal(ranks[r].rc, ENCNET_E_COMM);
        assert_string_equal(ranks[r].said, ranks[0].said);
    }
    assert_non_null(strstr(ranks[0].said, ": trouble "));
}

static encnet_status two_stay_away(const encnet_comm *comm, void *with)
{
    if (comm->rank == 1 || comm->rank == 3) {
        nap(0.4);
        return ENCNET_OK;
    }
    return make_call(comm, *(const call *)with);
}

static void nobody_waits_for_ever(void **state)
{
    static const char *const names[CALLS] = {"allreduce", "allgather", "broadcast", "barrier"};
    rank ranks[MAX_RANKS];
    char want[80];

    (void)state;
    for (call c = ALLREDUCE; c < CALLS; c++) {
        run_all(ranks, 4, 0.1, two_stay_away, &c);
        snprintf(want, sizeof want, "ranks 1, 3 did not come to %s within 0.1 s", names[c]);
        for (int r = 0; r < 4; r += 2) {
            assert_int_equal(ranks[r].rc, ENCNET_E_COMM);
            assert_string_equal(ranks[r].said, want);
            assert_true(ranks[r].seconds < PATIENT / 2);
        }
        assert_true(ranks[0].seconds >= 0.1 || ranks[2].seconds >= 0.1); /* whoever came first */
    }
}

/* A rank that is done while others still count on it. */
static encnet_status leave_early(const encnet_comm *comm, void *with)
{
    (void)with;
    if (comm->rank == 1) {
        nap(0.02);
        encnet_comm_close((encnet_comm *)comm);
        return ENCNET_OK;
    }
    return comm->barrier(comm);
}

static void nobody_waits_for_who_has_left(void **state)
{
    rank ranks[3];
    encnet_comm *comms[3];

    (void)state;
    assert_ok(encnet_comm_threads(comms, 3, PATIENT));
    for (int r = 0; r < 3; r++) {
        ranks[r] = (rank){.comm = comms[r], .run = leave_early};
        pthread_create(&ranks[r].thread, NULL, run_rank, &ranks[r]);
    }
    for (int r = 0; r < 3; r++) pthread_join(ranks[r].thread, NULL);
    for (int r = 0; r < 3; r += 2) {
        assert_int_equal(ranks[r].rc, ENCNET_E_COMM);
        assert_string_equal(ranks[r].said, "rank 1 has left");
        encnet_comm_close(comms[r]);
    }
}

/* -- ranks that disagree ----------------------------------------------------------------------- */

static encnet_status disagree(const encnet_comm *comm, void *with)
{
    static const size_t sizes[2][2] = {{4, 8}, {8, 4}};
    float data[4] = {0};

    switch (*(const int *)with) {
    case 0:
        return comm->rank ? comm->barrier(comm) : comm->allreduce(comm, data, 2);
    case 1:
        return comm->allreduce(comm, data, comm->rank ? 1 : 4);
    case 2:
        return comm->broadcast(comm, data, sizeof data, comm->rank);
    default:
        return comm->allgather(comm, data, "abcdefgh", sizes[comm->rank]);
    }
}

static void refuses_different_calls(void **state)
{
    static const char *const want[] = {
        "rank 0 calls allreduce of 8 bytes, rank 1 barrier of 0 bytes",
        "rank 0 calls allreduce of 16 bytes, rank 1 allreduce of 4 bytes",
        "rank 0 calls broadcast of 16 bytes, rank 1 broadcast of 16 bytes, by another plan",
        "rank 0 calls allgather of 12 bytes, rank 1 allgather of 12 bytes, by another plan"};
    rank ranks[2];

    (void)state;
    for (int k = 0; k < (int)COUNT_OF(want); k++) {
        run_all(ranks, 2, PATIENT, disagree, &k);
        for (int r = 0; r < 2; r++) {
            assert_int_equal(ranks[r].rc, ENCNET_E_COMM);
            assert_string_equal(ranks[r].said, want[k]);
        }
    }
}

static encnet_status bad_root(const encnet_comm *comm, void *with)
{
    float data = 0;

    (void)with;
    return comm->broadcast(comm, &data, sizeof data, comm->size);
}

static void refuses_bad_arguments(void **state)
{
    encnet_comm *comms[2] = {NULL, NULL};
    rank ranks[2];

    (void)state;
    assert_fails(encnet_comm_threads(comms, 0, 1), ENCNET_E_ARG, "0 ranks: at least 1");
    assert_fails(encnet_comm_threads(comms, 2, 0), ENCNET_E_ARG, "a time limit of 0 s: above 0");
    assert_fails(encnet_comm_threads(comms, 2, (double)NAN), ENCNET_E_ARG, "above 0");
    assert_null(comms[0]);
    run_all(ranks, 2, PATIENT, bad_root, NULL);
    assert_int_equal(ranks[1].rc, ENCNET_E_ARG);
    assert_string_equal(ranks[1].said, "broadcast from rank 2 of 2");
    encnet_comm_close(NULL);
}

/* -- one rank alone ---------------------------------------------------------------------------- */

static void one_rank_needs_nobody(void **state)
{
    const encnet_comm *one = &encnet__comm_single;
    float data[2] = {1, 2}, all[2] = {0};

    (void)state;
    assert_int_equal(one->rank, 0);
    assert_int_equal(one->size, 1);
    assert_int_equal(one->local_size, 1);
    assert_ok(one->allreduce(one, data, 2));
    assert_ok(one->allgather(one, all, data, (const size_t[]){sizeof data}));
    assert_ok(one->broadcast(one, data, sizeof data, 0));
    assert_ok(one->barrier(one));
    assert_ok(one->duplicate->allreduce(one->duplicate, data, 2));
    assert_true(data[0] == 1 && data[1] == 2 && all[0] == 1 && all[1] == 2);
    one->abort(one, ENCNET_E_IO, "alone");
    encnet_comm_close((encnet_comm *)one);
}

static void own_table_says_why(void **state)
{
    (void)state;
    assert_fails(encnet_comm_fail(ENCNET_E_COMM, "100% lost"), ENCNET_E_COMM, "100% lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allreduce_sums_in_rank_order),
        cmocka_unit_test(allgather_takes_unequal_parts),
        cmocka_unit_test(broadcast_reaches_all),
        cmocka_unit_test(barrier_holds_all),
        cmocka_unit_test(twin_goes_its_own_way),
        cmocka_unit_test(abort_wakes_all_with_its_message),
        cmocka_unit_test(first_abort_is_heard),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(nobody_waits_for_who_has_left),
        cmocka_unit_test(refuses_different_calls),
        cmocka_unit_test(refuses_bad_arguments),
        cmocka_unit_test(one_rank_needs_nobody),
        cmocka_unit_test(own_table_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
