/*
 * comm.h - ranks.  What a communicator is stands in encnet/comm.h; here is what the rooms that use one need besides.
 */
#ifndef ENCNET__COMM_H
#define ENCNET__COMM_H

#include "base/base.h"
#include <encnet/comm.h>

/* One rank alone: every call returns at once. */
extern const encnet_comm encnet__comm_single;

#endif
