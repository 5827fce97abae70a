/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* plain_disk.c - a network disk or a memory card (LD_PRELOAD), for cli/plain_disk.sh: no links, locks, rights, reserving, fsync of folders. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(int code)
{
    errno = code;
    return -1;
}

int symlink(const char *target, const char *path)
{
    (void)target;
    (void)path;
    return refuse(EPERM);
}

int link(const char *target, const char *path)
{
    (void)target;
    (void)path;
    return refuse(EPERM);
}

int flock(int fd, int how)
{
    (void)fd;
    (void)how;
    return refuse(ENOLCK);
}

int fchmod(int fd, mode_t mode)
{
    (void)fd;
    (void)mode;
    return refuse(EPERM);
}

int posix_fallocate(int fd, off_t at, off_t size)
{
    (void)fd;
    (void)at;
    (void)size;
    return EOPNOTSUPP;
}

int fsync(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) return refuse(EINVAL);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}
