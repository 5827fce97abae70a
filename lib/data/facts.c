/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* facts.c - what a split is, in a few lines that two hosts can compare. */
#define _POSIX_C_SOURCE 200809L
#include "data/dataset.h"

#include <string.h>
#include <sys/stat.h>

enum { PROBES = 32 /* samples whose bytes count */, PROBE_BYTES = 65536 /* of each file */ };

static uint64_t add_size(uint64_t hash, const char *path)
{
    struct stat st;
    int64_t size = path && stat(path, &st) == 0 ? (int64_t)st.st_size : -1;

    return encnet__hash(hash, &size, sizeof size);
}

/* A file that cannot be read is what reading it says later. */
static uint64_t add_bytes(uint64_t hash, const char *path, char *room)
{
    size_t size = PROBE_BYTES;

    if (!path || encnet__file_head(room, &size, path) != ENCNET_OK) return hash;
    return encnet__hash(hash, room, size);
}

encnet_status encnet__dataset_facts(encnet__text *out, const encnet__dataset *d)
{
    const char *split = encnet__split_word(d->split);
    uint64_t names = ENCNET__FNV, sizes = ENCNET__FNV, bytes = ENCNET__FNV;
    char *room = encnet__alloc(PROBE_BYTES, 1);

    if (!room) return encnet__fail(ENCNET_E_NOMEM, "no memory to compare data sets");
    for (int i = 0; i < d->count; i++) {
        const encnet__sample *s = &d->samples[i];
        names = encnet__hash(names, s->name, strlen(s->name) + 1);
        sizes = add_size(add_size(sizes, s->image), s->label);
    }
    for (int i = 0; i < d->count && i < PROBES; i++) {
        const encnet__sample *s =
            &d->samples[d->count <= PROBES ? i : (int)((int64_t)i * d->count / PROBES)];
        bytes = add_bytes(add_bytes(bytes, s->image, room), s->label, room);
    }
    encnet__text_add(out,
                     "number of %s images = %d\nnames of %s images, as a checksum = %016llx\n"
                     "sizes of the files of %s images, as a checksum = %016llx\n"
                     "first bytes of some %s images and labels, as a checksum = %016llx\n",
                     split, d->count, split, (unsigned long long)names, split,
                     (unsigned long long)sizes, split, (unsigned long long)bytes);
    encnet__free(room);
    return ENCNET_OK;
}
