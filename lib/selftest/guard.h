/* guard.h - a device buffer between guard words, and what the host expects in it; for check.c. */
#ifndef ENCNET__GUARD_H
#define ENCNET__GUARD_H
#include "device/device.h"

/* NaNs with distinct payloads, so that a guard word that is read spoils the result, and one that is
 * written shows, even when what is written was read from behind another buffer. */
#define ENCNET__GUARD_READ 0x7fc0beefu
#define ENCNET__GUARD_WRITTEN 0x7fc0cafeu
#define ENCNET__UNWRITTEN 0x7fc05afeu

typedef struct encnet__guarded {
    encnet__buffer *parent, *view; /* view is what the op gets; NULL = the tensor is absent */
    size_t words, front;           /* payload; guard words in front of it */
    uint32_t guard;
    uint32_t *all; /* front + payload + back, as the device should hold them */
    uint32_t *now; /* as they were last fetched */
} encnet__guarded;

/* `words` may be 0: nothing is made, and all functions below do nothing. */
encnet_status encnet__guarded_new(encnet__guarded *g, encnet_device *dev, size_t words,
                                  uint32_t guard) ENCNET_MUST_CHECK;
void encnet__guarded_free(encnet__guarded *g);

/* The payload that the host expects; change it, then put. */
uint32_t *encnet__guarded_bits(const encnet__guarded *g);
/* The payload as it was last fetched. */
const uint32_t *encnet__guarded_now(const encnet__guarded *g);

encnet_status encnet__guarded_put(encnet__guarded *g) ENCNET_MUST_CHECK;
/* Every payload word = bits, on host and device. */
encnet_status encnet__guarded_fill(encnet__guarded *g, uint32_t bits) ENCNET_MUST_CHECK;
/* Device to `now`; ENCNET_E_DEVICE when a guard word has changed, saying how many and where. */
encnet_status encnet__guarded_fetch(encnet__guarded *g) ENCNET_MUST_CHECK;
/* Fetches; index of the first payload word that is not what the host expects, or `words`. */
encnet_status encnet__guarded_changed(encnet__guarded *g, size_t *at) ENCNET_MUST_CHECK;
/* What was fetched is from now on what the host expects. */
void encnet__guarded_keep(encnet__guarded *g);
#endif
