/*
 * comm.h - ranks.  What a communicator is stands in encnet/comm.h; here is what the rooms that use
 * one need besides.
 */
#ifndef ENCNET__COMM_H
#define ENCNET__COMM_H

#include "base/base.h"
#include <encnet/comm.h>

/* One rank alone: every call returns at once. */
extern const encnet_comm encnet__comm_single;

/* -- team.c ------------------------------------------------------------------------------------ */

/* What a rank does.  A failure ends the work of the others. */
typedef encnet_status encnet__rank_work(void *user, const encnet_comm *comm);
/* A thread for each of `count` ranks.  The status and the message are those of the rank that
 * failed. A rank that hangs, ENCNET_E_COMM, goes on using what was passed in. */
encnet_status encnet__team_run(int count, double timeout_s, encnet__rank_work *work,
                               void *user) ENCNET_MUST_CHECK;

#endif
