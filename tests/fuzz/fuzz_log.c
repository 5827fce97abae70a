/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_log.c - any bytes as a .log.json: refused, or a picture. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <encnet/eval.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("log", 0);
    encnet_status rc;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    /* the picture cannot be written: everything up to there is the reader's and the drawing's */
    rc = encnet_draw_curves("/proc/absent/curves.png", path);
    if (rc == ENCNET_OK) abort();
    close(fd);
    return 0;
}
