/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * memory.h - the allocations of the library and of the test itself, counted and refused.
 *
 * The linker sends calloc() and realloc() here (ld --wrap): the library allocates by no other way.
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

/* Allocations of this process so far. */
long memory_count(void);

/* From now on the allocations `first` to `last`, the next one being the first, are refused; 0, 0:
 * none. */
void memory_refuse(long first, long last);
/* How many have been refused since. */
long memory_refused(void);

#endif
