/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_agree.c - ranks that say other things of themselves are told apart, on every rank. */
#include "support/support.h"

#include "comm/comm.h"

static const char *facts[3];

static encnet_status agree(void *user, const encnet_comm *comm)
{
    (void)user;
    return encnet__comm_agree(comm, ENCNET_E_DATA, facts[comm->rank]);
}

static encnet_status run(const char *a, const char *b, const char *c)
{
    facts[0] = a;
    facts[1] = b;
    facts[2] = c;
    return encnet__team_run(3, 20, agree, NULL);
}

static void the_same_is_no_difference(void **state)
{
    (void)state;
    assert_ok(run("", "", ""));
    assert_ok(run("a = 1\nb = \n", "a = 1\nb = \n", "a = 1\nb = \n"));
    assert_ok(run("a = 1\nb = 2\n", "b = 2\na = 1\n", "a = 1\nb = 2\n"));
}

static void differences_name_rank_and_values(void **state)
{
    (void)state;
    assert_fails(run("lr = 0.01\nn = 9\n", "lr = 0.02\nn = 9\n", "lr = 0.01\nn = 9\n"),
                 ENCNET_E_DATA, "rank 1 has lr = 0.02, rank 0 0.01");
    assert_null(strstr(encnet_last_error(), "n = "));
    assert_fails(run("n = 9\n", "n = 9\n", "n = 98\n"), ENCNET_E_DATA,
                 "rank 2 has n = 98, rank 0 9");
    assert_fails(run("n = 9\n", "n = 9\nm = 1\n", "n = 9\n"), ENCNET_E_DATA,
                 "rank 1 has m = 1, rank 0 none");
    assert_fails(run("n = 9\nm = 1\n", "n = 9\n", "n = 9\nm = 1\n"), ENCNET_E_DATA,
                 "rank 1 has m = none, rank 0 1");
    assert_fails(run("a = 1\nb = 1\nc = 1\nd = 1\ne = 1\nf = 1\ng = 1\n",
                     "a = 2\nb = 2\nc = 2\nd = 2\ne = 2\nf = 2\ng = 2\n",
                     "a = 1\nb = 1\nc = 1\nd = 1\ne = 1\nf = 1\ng = 1\n"),
                 ENCNET_E_DATA, "and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_no_difference),
        cmocka_unit_test(differences_name_rank_and_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
