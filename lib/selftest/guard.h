/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* guard.h - a device buffer between guard words, and what the host expects in it; for check.c. */
#ifndef ENCNET__GUARD_H
#define ENCNET__GUARD_H
#include "base/type.h"
#include "device/device.h"

/* NaNs with distinct payloads, so that a guard word that is read spoils the result, and one that is
 * written shows, even when what is written was read from behind another buffer.  Each half of them
 * is a NaN too, as float16 and as bfloat16. */
#define ENCNET__GUARD_READ 0x7fee7fefu
#define ENCNET__GUARD_WRITTEN 0x7fca7ffeu
#define ENCNET__UNWRITTEN 0x7fda7ffau

typedef struct encnet__guarded {
    encnet__buffer *parent, *view; /* view is what the op gets; NULL = the tensor is absent */
    encnet__type type;
    size_t count;        /* numbers of the payload */
    size_t front, bytes; /* bytes of the guard in front, and of the payload */
    uint32_t guard;
    uint8_t *all; /* front, payload and back, as the device should hold them */
    uint8_t *now; /* as they were last fetched */
} encnet__guarded;

/* `count` may be 0: nothing is made, and all functions below do nothing. */
encnet_status encnet__guarded_new(encnet__guarded *g, encnet_device *dev, size_t count,
                                  encnet__type type, uint32_t guard) ENCNET_MUST_CHECK;
void encnet__guarded_free(encnet__guarded *g);

/* Number `at` of the payload that the host expects; set() rounds to the type.  Change it, then put. */
double encnet__guarded_get(const encnet__guarded *g, size_t at);
void encnet__guarded_set(encnet__guarded *g, size_t at, double value);
/* Number `at` of the payload as it was last fetched. */
double encnet__guarded_now(const encnet__guarded *g, size_t at);

encnet_status encnet__guarded_put(encnet__guarded *g) ENCNET_MUST_CHECK;
/* The payload is `bits` over and over, on the device and, unless `on_device_only`, for the host. */
encnet_status encnet__guarded_fill(encnet__guarded *g, uint32_t bits,
                                   bool on_device_only) ENCNET_MUST_CHECK;
/* Device to `now`; ENCNET_E_DEVICE when a guard has changed, saying by how many bytes and where. */
encnet_status encnet__guarded_fetch(encnet__guarded *g) ENCNET_MUST_CHECK;
/* Fetches; index of the first number of the payload that is not what the host expects, or count. */
encnet_status encnet__guarded_changed(encnet__guarded *g, size_t *at) ENCNET_MUST_CHECK;
/* What was fetched is from now on what the host expects. */
void encnet__guarded_keep(encnet__guarded *g);
#endif
