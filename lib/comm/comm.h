/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * comm.h - ranks.  encnet/comm.h defines a communicator; this header adds what the rooms that use
 * one need besides.
 */
#ifndef ENCNET__COMM_H
#define ENCNET__COMM_H

#include "base/base.h"
#include <encnet/comm.h>

/* The communicator of a single rank: every call returns at once. */
extern const encnet_comm encnet__comm_single;

/* ENCNET_E_ARG if a table, possibly a program's own, is not filled in. */
encnet_status encnet__comm_check(const encnet_comm *comm) ENCNET_MUST_CHECK;

/*
 * A collective: compares what the ranks say of themselves.
 *
 *   status  what it returns on every rank if they differ; the message names rank and both values
 *   facts   lines "name = value" with every name once
 */
encnet_status encnet__comm_agree(const encnet_comm *comm, encnet_status status,
                                 const char *facts) ENCNET_MUST_CHECK;

/* -- team.c ------------------------------------------------------------------------------------ */

/* The work of one rank.  If it fails, the calls of the other ranks fail too. */
typedef encnet_status encnet__rank_work(void *user, const encnet_comm *comm);

/*
 * Runs `work` on `count` ranks, each in a thread of its own, and waits for all of them.
 *
 * Returns the status and the message of the rank that failed first; see team.c for how it is found.
 * If a rank hangs, the call returns ENCNET_E_COMM after `timeout_s` seconds while the thread of
 * that rank still uses `user`.
 */
encnet_status encnet__team_run(int count, double timeout_s, encnet__rank_work *work,
                               void *user) ENCNET_MUST_CHECK;

/* ENCNET_E_ARG unless `members`, `count` devices or models that a program wants to use as ranks, are
 * at least one, none of them NULL and none there twice.  `what` is what they are called. */
encnet_status encnet__team_check(const void *const *members, int count,
                                 const char *what) ENCNET_MUST_CHECK;

#endif
