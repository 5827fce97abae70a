/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/version.h - the version that a program was compiled with; encnet_version() is the one that it runs with.
 *
 * A program that was compiled with an earlier version runs with a later one of the same major number,
 * without being compiled again:
 *   - Functions are never removed, and their arguments stay what they are.
 *   - Structs never change their size, and their fields stay where they are.  Each section of
 *     encnet_options has room for options to come (encnet/options.h); whatever else is new comes in
 *     new functions.
 * ci/abi.sh compares every change with what was released.  The other way round, a program that needs a
 * function of a later version is refused by the dynamic linker.
 */
#ifndef ENCNET_VERSION_H
#define ENCNET_VERSION_H

#define ENCNET_VERSION_MAJOR 0
#define ENCNET_VERSION_MINOR 1
#define ENCNET_VERSION_PATCH 0
#define ENCNET_VERSION "0.1.0"
/* One number, which grows with every version: 1.2.3 is 10203. */
#define ENCNET_VERSION_NUMBER                                                                      \
    (ENCNET_VERSION_MAJOR * 10000 + ENCNET_VERSION_MINOR * 100 + ENCNET_VERSION_PATCH)

#endif
