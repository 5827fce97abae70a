/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* small_disk.c - the disk of the folder FREE_IN has FREE_KIB free (LD_PRELOAD), for cli/room.sh; FREE_KIB=unknown: it does not say, as
 * some network disks.  It becomes full at the reservation FULL_FROM, counted from 1, and has room again at FULL_TO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/types.h>

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

int posix_fallocate(int fd, off_t at, off_t size)
{
    static int calls;
    const char *from = getenv("FULL_FROM"), *to = getenv("FULL_TO");

    calls++;
    if (from && calls >= atoi(from) && !(to && calls >= atoi(to))) return ENOSPC;
    return ((int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate"))(fd, at, size);
}
