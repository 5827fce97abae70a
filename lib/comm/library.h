/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * library.h - the interface of a communicator in a shared library that is loaded on demand, so that
 * libencnet itself is not linked with MPI.
 */
#ifndef ENCNET__LIBRARY_H
#define ENCNET__LIBRARY_H
#include <encnet/comm.h>

/* The name of the function by which such a library opens a communicator. */
#define ENCNET__COMM_ENTRY "encnet_mpi_open"
/* The name of the one that says with which MPI it is built. */
#define ENCNET__COMM_VERSION "encnet_mpi_version"

/* An allreduce of at most this many floats over all ranks together (64 KiB) takes one round, in
 * which every rank sends everything to every other rank.  A larger one takes two: parts, then their
 * sums. */
enum { ENCNET__ONE_ROUND = 16384 };

/* Opens a communicator.  `fail` is encnet_comm_fail(): it is passed in because a program that is
 * statically linked with libencnet does not export it. */
typedef encnet_status encnet__comm_entry(encnet_comm **out, double timeout_s,
                                         encnet_status (*fail)(encnet_status status,
                                                               const char *message));

/* Writes a text without line breaks; needs no communicator. */
typedef void encnet__comm_version(char *out, size_t size);

#endif
