/*
 * library.h - a communicator from a library that is loaded on demand, so that this one is linked with no MPI.
 */
#ifndef ENCNET__LIBRARY_H
#define ENCNET__LIBRARY_H
#include <encnet/comm.h>

/* The one function that such a library exports, by this name. */
#define ENCNET__COMM_ENTRY "encnet_mpi_open"

/* Floats from all ranks that an allreduce brings in one round, everybody's to everybody: 64 KiB.  More take two, parts to be
 * added up and sums. */
enum { ENCNET__ONE_ROUND = 16384 };

/* `fail` is encnet_comm_fail(): the library may be loaded by a program that is linked with ours statically, so it asks
 * for nothing by name. */
typedef encnet_status encnet__comm_entry(encnet_comm **out, double timeout_s,
                                         encnet_status (*fail)(encnet_status status,
                                                               const char *message));

#endif
