/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * derived.h - what inference computes from the weights once, such as folded and packed weights.
 *
 * All graphs of a model share it, whatever their size and their thread.  An entry is found by a key
 * that says how it is computed; it stays until the weights change or nobody uses it and its memory is
 * wanted.
 */
#ifndef ENCNET__DERIVED_H
#define ENCNET__DERIVED_H

#include "device/device.h"

typedef struct encnet__derived encnet__derived;
typedef struct encnet__derived_entry encnet__derived_entry;

encnet_status encnet__derived_new(encnet__derived **out, encnet_device *dev) ENCNET_MUST_CHECK;
void encnet__derived_free(encnet__derived *d); /* takes NULL */

/* Returns the entry of this key and size, with memory, to be released by who uses it.  Any thread may
 * call this and the functions below. */
encnet_status encnet__derived_share(encnet__derived_entry **out, encnet__derived *d, uint64_t key,
                                    size_t bytes) ENCNET_MUST_CHECK;
void encnet__derived_release(encnet__derived *d, encnet__derived_entry *entry); /* takes NULL */
encnet__buffer *encnet__derived_buffer(const encnet__derived_entry *entry);
bool encnet__derived_has(encnet__derived *d, uint64_t key, size_t bytes);

/* The weights have changed: what was computed from them is no longer valid. */
void encnet__derived_expire(encnet__derived *d);
/* Frees the entries that nobody uses. */
void encnet__derived_trim(encnet__derived *d);

/* Increases whenever entries expire. */
uint64_t encnet__derived_age(encnet__derived *d);
/* Between these two one thread computes entries, and the others wait. */
void encnet__derived_lock(encnet__derived *d);
void encnet__derived_unlock(encnet__derived *d);
/* Whether the entry has been computed from the weights as they are; the caller has the lock. */
bool encnet__derived_is_valid(const encnet__derived_entry *entry);
void encnet__derived_set_valid(encnet__derived_entry *entry);

#endif
