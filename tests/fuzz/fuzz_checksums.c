/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_checksums.c - any bytes as the checksums of a checkpoint: accepted only with the lines that
 * are true. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/train.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *dir, const char *name, const void *data, size_t size)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
}

/* A checkpoint whose files are empty, but for the weights: "123456789". */
static const char *checkpoint(void)
{
    static char dir[64];

    if (dir[0]) return dir;
    snprintf(dir, sizeof dir, "/dev/shm/encnet-fuzz-checksums-%ld", (long)getpid());
    if (mkdir(dir, 0700) != 0) abort();
    put(dir, ENCNET__WEIGHTS_FILE, "123456789", 9);
    put(dir, ENCNET__OPTIMIZER_FILE, "", 0);
    put(dir, ENCNET__STATE_FILE, "", 0);
    put(dir, ENCNET__CONFIG_FILE, "", 0);
    return dir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *dir = checkpoint();
    char *text = encnet__alloc(size + 1, 1);

    memcpy(text, data, size);
    put(dir, ENCNET__CHECKSUMS_FILE, data, size);
    if (encnet__checkpoint_verify(dir) == ENCNET_OK &&
        (!strcasestr(text, "cbf43926") || !strstr(text, ENCNET__WEIGHTS_FILE)))
        abort();
    encnet__free(text);
    return 0;
}
