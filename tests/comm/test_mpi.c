/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_mpi.c - ranks over MPI.  The test starts itself again under mpiexec, once for each case, and
 * checks the exit code and what the ranks print.  In a rank, the first argument names the case.
 */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "comm/comm.h"

#ifndef TEST_MPI_LIBRARY /* no MPI was found */
#define TEST_MPI_LIBRARY ""
#define TEST_MPIEXEC ""
#endif

/* -- a rank ------------------------------------------------------------------------------------ */

/* Numbers whose sum depends on the order: a small one is lost in 1e20, before -1e20 follows. */
static float number(int of, size_t i)
{
    encnet__rng r = encnet__rng_at(7, of % 3 == 0, (uint32_t)i, 1);
    double x = encnet__rng_normal(&r);

    return (float)(of % 3 == 0 ? x : of % 3 == 1 ? 1e20 * x : -1e20 * x);
}

static encnet_status reduce(const encnet_comm *comm, size_t count)
{
    encnet_status rc = ENCNET_OK;
    float *data = calloc(count + 1, sizeof *data);

    for (size_t i = 0; i < count; i++) data[i] = number(comm->rank, i % 5003);
    TRY(comm->allreduce(comm, data, count));
    for (size_t i = 0; i < count; i++) {
        double want = 0;
        if (count > 100000 && i % 1000 && i + 5 < count) continue; /* not each of millions */
        for (int r = 0; r < comm->size; r++) want += (double)number(r, i % 5003);
        if (data[i] != (float)want)
            FAIL(ENCNET_E_INTERNAL, "allreduce of %zu: [%zu] is %g, not %g", count, i,
                 (double)data[i], want);
    }
    if (data[count] != 0) FAIL(ENCNET_E_INTERNAL, "allreduce of %zu writes behind", count);
done:
    free(data);
    return rc;
}

/* Rank r brings r + 1 bytes of value r, then the same in place. */
static encnet_status gather(const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;
    unsigned char mine[8], all[64];
    size_t sizes[8], at, own = 0;

    for (int r = 0; r < comm->size; r++) {
        sizes[r] = (size_t)r + 1;
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
                if (all[at++] != r) FAIL(ENCNET_E_INTERNAL, "allgather: byte %zu is wrong", at);
        if (all[at] != 0xee) FAIL(ENCNET_E_INTERNAL, "allgather writes behind");
    }
done:
    return rc;
}

static encnet_status broadcast(const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;

    for (int root = 0; root < comm->size; root++) {
        int value = comm->rank;
        TRY(comm->broadcast(comm, &value, sizeof value, root));
        if (value != root) FAIL(ENCNET_E_INTERNAL, "broadcast: %d, not %d", value, root);
    }
done:
    return rc;
}

typedef struct second {
    const encnet_comm *comm;
    encnet_status rc;
    char said[512];
} second;

static void *reduce_often(void *arg)
{
    second *s = arg;

    for (int k = 0; s->rc == ENCNET_OK && k < 15; k++) s->rc = reduce(s->comm, 20011);
    snprintf(s->said, sizeof s->said, "%s", encnet_last_error());
    return NULL;
}

static encnet_status use_both(const encnet_comm *comm)
{
    encnet_status rc = ENCNET_OK;
    second s = {.comm = comm->duplicate};
    pthread_t thread;

    pthread_create(&thread, NULL, reduce_often, &s);
    for (int k = 0; rc == ENCNET_OK && k < 60; k++) rc = reduce(comm, 300);
    pthread_join(thread, NULL);
    return s.rc == ENCNET_OK ? rc : encnet__fail(s.rc, "the duplicate: %s", s.said);
}

static encnet_status compute(const encnet_comm *comm)
{
    static const size_t counts[] = {0, 1, 3, 511, 4096, 4097, 16384, 16385, 70001};
    encnet_status rc = ENCNET_OK;

    if (comm->local_rank != comm->rank || comm->local_size != comm->size)
        FAIL(ENCNET_E_INTERNAL, "local rank %d of %d", comm->local_rank, comm->local_size);
    for (size_t k = 0; k < COUNT_OF(counts); k++) TRY(reduce(comm, counts[k]));
    if (comm->size == 2) TRY(reduce(comm, (8 << 20) + 3)); /* more than a chunk */
    TRY(gather(comm));
    TRY(broadcast(comm));
    TRY(comm->barrier(comm));
    TRY(use_both(comm));
done:
    return rc;
}

/* The last rank does something after three rounds; the others go on until they notice. */
static encnet_status go_on_until(const encnet_comm *comm, const char *what)
{
    encnet_status rc = ENCNET_OK;

    for (int k = 0;; k++) {
        if (k == 3 && comm->rank == comm->size - 1) {
            if (!strcmp(what, "fails")) return encnet__fail(ENCNET_E_DATA, "street.png: not there");
            if (!strcmp(what, "killed")) raise(SIGKILL);
            if (!strcmp(what, "stopped")) raise(SIGSTOP);
            if (!strcmp(what, "away")) sleep(60);
        }
        TRY(reduce(comm, k % 2 ? 100 : 50000));
    }
done:
    if (comm->barrier(comm) != ENCNET_E_COMM) return encnet__fail(ENCNET_OK, "goes on");
    return rc;
}

static int run_rank(const char *what)
{
    encnet_status rc;
    encnet_comm *comm = NULL;

    rc = encnet_comm_open_mpi(&comm, TEST_MPI_LIBRARY, !strcmp(what, "compute") ? 120 : 1.5);
    if (rc == ENCNET_OK) rc = strcmp(what, "compute") ? go_on_until(comm, what) : compute(comm);
    if (rc != ENCNET_OK) {
        fprintf(stderr, "rank %d: %s\n", comm ? comm->rank : -1, encnet_last_error());
        if (comm) comm->abort(comm, rc, encnet_last_error());
    }
    if (comm && !comm->rank) printf("%d ranks, launched %d\n", comm->size, encnet_comm_launched());
    encnet_comm_close(comm);
    return encnet_status_exit_code(rc);
}

/* -- the tests --------------------------------------------------------------------------------- */

static char self[1024], said[65536];

/* The exit code of `ranks` ranks that do `what`; said = all that they print. */
static int launch(int ranks, const char *what)
{
    char line[2048];
    FILE *out;
    size_t size;
    int status;

    snprintf(line, sizeof line, "timeout -k 1 60 " TEST_MPIEXEC " -n %d '%s' %s 2>&1 </dev/null",
             ranks, self, what);
    out = popen(line, "r");
    assert_non_null(out);
    size = fread(said, 1, sizeof said - 1, out);
    said[size] = '\0';
    status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void said_has(const char *part)
{
    if (!strstr(said, part)) fail_msg("\"%s\" is not in: %s", part, said);
}

static void ranks_compute(void **state)
{
    char want[64];

    (void)state;
    for (int ranks = 2; ranks <= 4; ranks += 2) {
        int code = launch(ranks, "compute");
        snprintf(want, sizeof want, "%d ranks, launched %d", ranks, ranks);
        said_has(want);
        assert_int_equal(code, 0);
    }
}

/* MPICH's mpiexec may report the SIGKILL with which it ends the ranks; Open MPI's does not. */
static bool is_code(int code, int wanted)
{
    return code == wanted ||
           (code == SIGKILL && system(TEST_MPIEXEC " --version | grep -q HYDRA") == 0);
}

static void failure_ends_all_with_its_message(void **state)
{
    (void)state;
    assert_true(is_code(launch(3, "fails"), 4));
    said_has("rank 2: street.png: not there");
}

static void killed_rank_ends_all(void **state)
{
    double began = encnet__now();

    (void)state;
    assert_int_not_equal(launch(3, "killed"), 0);
    assert_true(encnet__now() - began < 30);
}

/* Whoever finds out first says so and ends the job, the rank that is stopped included. */
static void nobody_waits_for_ever(void **state)
{
    (void)state;
    assert_true(is_code(launch(3, "stopped"), 10));
    said_has(": rank 2 did not come to allreduce within 1.5 s");
    assert_true(is_code(launch(2, "away"), 10));
    said_has("rank 0: rank 1 did not come to allreduce within 1.5 s");
}

static void library_must_be_there(void **state)
{
    encnet_comm *comm = NULL;

    (void)state;
    assert_fails(encnet_comm_open_mpi(&comm, "/nonexistent.so", 1), ENCNET_E_COMM,
                 "/nonexistent.so: cannot open shared object file");
    assert_fails(encnet_comm_open_mpi(&comm, "libm.so.6", 1), ENCNET_E_COMM, "encnet_mpi_open");
    assert_fails(encnet_comm_open_mpi(&comm, NULL, -1), ENCNET_E_ARG, "a time limit of -1 s");
    assert_null(comm);
}

/* Ranks that do not find each other would each train alone, in the same directory. */
static void refuses_another_mpi_than_the_launchers(void **state)
{
    encnet_comm *comm = NULL;

    (void)state;
    assert_int_equal(encnet_comm_launched(), 0);
    setenv("SLURM_STEP_NUM_TASKS", "4", 1);
    assert_int_equal(encnet_comm_launched(), 4);
    assert_int_equal(encnet_comm_launched_rank(), 0);
    setenv("SLURM_PROCID", "3", 1);
    assert_int_equal(encnet_comm_launched_rank(), 3);
    assert_fails(encnet_comm_open_mpi(&comm, TEST_MPI_LIBRARY, 1), ENCNET_E_COMM,
                 "the launcher started 4 ranks, but MPI knows of one");
    assert_null(comm);
    unsetenv("SLURM_STEP_NUM_TASKS");
    assert_int_equal(encnet_comm_launched_rank(), 0); /* of a batch script */
    unsetenv("SLURM_PROCID");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_compute),
        cmocka_unit_test(failure_ends_all_with_its_message),
        cmocka_unit_test(killed_rank_ends_all),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(library_must_be_there),
        cmocka_unit_test(refuses_another_mpi_than_the_launchers),
    };
    ssize_t size;

    if (argc > 1) return run_rank(argv[1]);
    if (access(TEST_MPI_LIBRARY, R_OK) || access(TEST_MPIEXEC, X_OK)) {
        printf("no MPI\n");
        return 77;
    }
    size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) return 1;
    self[size] = '\0';
    /* more ranks than cores, also for root, also where a core is all there is (Open MPI) */
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
    setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
