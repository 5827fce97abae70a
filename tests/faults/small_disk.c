/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* small_disk.c - the disk of the folder FREE_IN has FREE_KIB free (LD_PRELOAD), for cli/room.sh; FREE_KIB=unknown: it does not say, as
 * some network disks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

int statvfs(const char *path, struct statvfs *disk)
{
    const char *kib = getenv("FREE_KIB"), *in = getenv("FREE_IN");
    char real[PATH_MAX];

    if (!kib || !in || !realpath(path, real) || strncmp(real, in, strlen(in)) != 0)
        return ((int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs"))(path, disk);
    memset(disk, 0, sizeof *disk);
    if (strcmp(kib, "unknown") == 0) return 0;
    disk->f_frsize = disk->f_bsize = 1024;
    disk->f_blocks = 1 << 30;
    disk->f_bfree = disk->f_bavail = (fsblkcnt_t)atoll(kib);
    return 0;
}
