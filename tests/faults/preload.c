/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * preload.c - fails one system call on the files of a folder (LD_PRELOAD), for ci/faults.sh.
 *
 *   FAULT_DIR    the folder; calls on other files are not counted
 *   FAULT_AT     which call fails, from 1; 0: none
 *   FAULT_KIND   kill, EIO, ENOSPC, EINTR, or short: a read or write of half its bytes
 *   FAULT_COUNT  a file that gets the number of calls
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))real(#name))

static int within(const char *path)
{
    const char *dir = getenv("FAULT_DIR");

    return dir && path && strncmp(path, dir, strlen(dir)) == 0;
}

static int fd_within(int fd)
{
    char link[64], path[PATH_MAX];
    ssize_t size;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return within(path);
}

/* Whether this call goes on what the ones before did: many reads or writes of one file count as three. */
static int goes_on(int fd, const char *what)
{
    static _Thread_local int last_fd = -1, row;
    static _Thread_local const char *last_what;

    row = fd >= 0 && fd == last_fd && what == last_what ? row + 1 : 0;
    last_fd = fd;
    last_what = what;
    return row >= 3;
}

/* Counts a call.  1: it is the one that fails, and errno is set; 2: it is to be short. */
static int fails(int counts, int has_bytes)
{
    const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    long call;

    if (!counts || !at) return 0;
    call = atomic_fetch_add(&calls, 1) + 1;
    if (call != atol(at) || !kind) return 0;
    if (strcmp(kind, "kill") == 0) kill(getpid(), SIGKILL);
    if (strcmp(kind, "short") == 0) return has_bytes ? 2 : 0;
    errno = strcmp(kind, "ENOSPC") == 0 ? ENOSPC : strcmp(kind, "EINTR") == 0 ? EINTR : EIO;
    if (errno == EINTR && !has_bytes) return 0; /* other calls on files are not interrupted */
    return 1;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAULT_COUNT");
    FILE *f = path && calls ? fopen(path, "w") : NULL; /* not of the launcher */

    if (!f) return;
    fprintf(f, "%ld\n", (long)calls);
    fclose(f);
}

#define MODE_OF(mode)                                                                              \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        (mode) = (flags)&O_CREAT ? va_arg(ap, mode_t) : 0;                                         \
        va_end(ap);                                                                                \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(mode);
    if (fails(within(path), 0)) return -1;
    return REAL(int, open, const char *, int, ...)(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(mode);
    if (fails(within(path), 0)) return -1;
    return REAL(int, openat, int, const char *, int, ...)(dir, path, flags, mode);
}

#define BYTES(name, pointer, ...)                                                                  \
    switch (fails(fd_within(fd) && !goes_on(fd, #name), 1)) {                                      \
    case 1:                                                                                        \
        return -1;                                                                                 \
    case 2:                                                                                        \
        size = size > 1 ? size / 2 : size;                                                         \
    }                                                                                              \
    return REAL(ssize_t, name, int, pointer, size_t, ##__VA_ARGS__)

ssize_t read(int fd, void *bytes, size_t size)
{
    BYTES(read, void *)(fd, bytes, size);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    BYTES(write, const void *)(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    BYTES(pread, void *, off_t)(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    BYTES(pwrite, const void *, off_t)(fd, bytes, size, at);
}

int fsync(int fd)
{
    return fails(fd_within(fd), 0) ? -1 : REAL(int, fsync, int)(fd);
}

int ftruncate(int fd, off_t size)
{
    return fails(fd_within(fd), 0) ? -1 : REAL(int, ftruncate, int, off_t)(fd, size);
}

int posix_fallocate(int fd, off_t at, off_t size)
{
    return fails(fd_within(fd), 0) ? errno
                                   : REAL(int, posix_fallocate, int, off_t, off_t)(fd, at, size);
}

int rename(const char *from, const char *to)
{
    return fails(within(from), 0) ? -1 : REAL(int, rename, const char *, const char *)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(within(path), 0) ? -1 : REAL(int, mkdir, const char *, mode_t)(path, mode);
}

int rmdir(const char *path)
{
    return fails(within(path), 0) ? -1 : REAL(int, rmdir, const char *)(path);
}

int unlink(const char *path)
{
    return fails(within(path), 0) ? -1 : REAL(int, unlink, const char *)(path);
}

int unlinkat(int dir, const char *path, int flags)
{
    return fails(fd_within(dir), 0) ? -1
                                    : REAL(int, unlinkat, int, const char *, int)(dir, path, flags);
}

int symlink(const char *target, const char *path)
{
    return fails(within(path), 0) ? -1
                                  : REAL(int, symlink, const char *, const char *)(target, path);
}

int stat(const char *path, struct stat *st)
{
    return fails(within(path), 0) ? -1 : REAL(int, stat, const char *, struct stat *)(path, st);
}

int lstat(const char *path, struct stat *st)
{
    return fails(within(path), 0) ? -1 : REAL(int, lstat, const char *, struct stat *)(path, st);
}
