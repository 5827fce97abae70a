/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* pretrained.c - where the published weights of backbones are. */
#include "models/pretrained.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *backbone, *name, *address;
} rows[] = {
#define PRETRAINED(backbone, name, address) {#backbone, name, address},
#include "models/pretrained.def"
#undef PRETRAINED
};

const char *encnet__pretrained_of(const char *backbone)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].backbone, backbone) == 0) return rows[i].address;
    return NULL;
}

encnet_status encnet__pretrained_check(const char *path)
{
    const char *address = strstr(path, "://") ? path : NULL;

    for (size_t i = 0; !address && i < COUNT_OF(rows); i++)
        if (strcmp(encnet__base_name(rows[i].address), encnet__base_name(path)) == 0 &&
            access(path, F_OK) != 0 && errno == ENOENT)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s is not there; download %s", path,
                                rows[i].address);
    for (size_t i = 0; address && i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, path) == 0) address = rows[i].address;
    if (!address) return ENCNET_OK;
    return encnet__fail(ENCNET_E_CHECKPOINT,
                        "%s: nothing is downloaded here; download %s and name the file instead",
                        path, strncmp(address, "http", 4) == 0 ? address : "what it stands for");
}
