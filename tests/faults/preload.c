/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * preload.c - fails one system call on the files of a folder (LD_PRELOAD), for ci/faults.sh.
 *
 *   FAULT_DIR    the folder, without links in its name; calls on other files are not counted
 *   FAULT_AT     which call fails, from 1; 0: none; all: every read and write, each of them once
 *   FAULT_KIND   kill, EIO, ENOSPC, EINTR, or short: a read or write of half its bytes
 *   FAULT_CALLS  a file that gets the name of each call, one a line, in order; open+ may make a file
 *
 * Streams are opened as cookies, so that what stdio reads and writes is counted too.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { MAX_CALLS = 1 << 16 };

static atomic_long calls;
static const char *names[MAX_CALLS];

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

static int is_inside(const char *path)
{
    const char *dir = getenv("FAULT_DIR");
    size_t n = dir ? strlen(dir) : 0;

    return n && strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The path of a descriptor; AT_FDCWD: of the folder that the process is in. */
static void path_of_fd(char path[PATH_MAX], int fd)
{
    char link[64] = "/proc/self/cwd";
    long size;

    if (fd != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[size > 0 ? size : 0] = '\0';
}

static int at_within(int dir, const char *name)
{
    char path[2 * PATH_MAX];

    if (!name) return 0;
    if (name[0] == '/') return is_inside(name);
    path_of_fd(path, dir);
    snprintf(path + strlen(path), PATH_MAX, "/%s", name);
    return is_inside(path);
}

static int within(const char *path)
{
    return at_within(AT_FDCWD, path);
}

static int fd_within(int fd)
{
    char path[PATH_MAX];

    path_of_fd(path, fd);
    return is_inside(path);
}

static int is_of_bytes(const char *name)
{
    size_t n = strlen(name);

    return (n > 3 && strcmp(name + n - 4, "read") == 0) ||
           (n > 4 && strcmp(name + n - 5, "write") == 0);
}

/* Counts a call.  1: it is the one that fails, and errno is set; 2: it is to be short. */
static int fails(const char *name, int counts)
{
    static _Thread_local int again; /* the call before was interrupted */
    const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    long call;
    int all;

    if (!counts || !at) return 0;
    call = atomic_fetch_add(&calls, 1) + 1;
    if (call <= MAX_CALLS) names[call - 1] = name;
    all = strcmp(at, "all") == 0 && is_of_bytes(name) && !again;
    again = all && kind && strcmp(kind, "EINTR") == 0;
    if ((!all && call != atol(at)) || !kind) return 0;
    if (strcmp(kind, "kill") == 0) kill(getpid(), SIGKILL);
    if (strcmp(kind, "short") == 0) return 2;
    errno = strcmp(kind, "ENOSPC") == 0 ? ENOSPC : strcmp(kind, "EINTR") == 0 ? EINTR : EIO;
    return 1;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAULT_CALLS");
    FILE *f = path && calls ? REAL(FILE *, fopen, const char *, const char *)(path, "w") : NULL;

    if (!f) return; /* a launcher has no calls */
    for (long i = 0; i < calls && i < MAX_CALLS; i++) fprintf(f, "%s\n", names[i]);
    REAL(int, fclose, FILE *)(f);
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
    if (fails((flags)&O_CREAT ? "open+" : "open", within(path)) == 1) return -1;
    return REAL(int, open, const char *, int, ...)(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    mode_t mode;

    MODE_OF(mode);
    if (fails((flags)&O_CREAT ? "openat+" : "openat", at_within(dir, path)) == 1) return -1;
    return REAL(int, openat, int, const char *, int, ...)(dir, path, flags, mode);
}

/* A call that fails or does not. */
#define CALL(type, name, counts, parameters, arguments, types)                                     \
    type name parameters                                                                           \
    {                                                                                              \
        if (fails(#name, counts) == 1) return (type)-1;                                            \
        return REAL(type, name, types) arguments;                                                  \
    }
#define TYPES(...) __VA_ARGS__

CALL(int, fsync, fd_within(fd), (int fd), (fd), int)
CALL(int, ftruncate, fd_within(fd), (int fd, off_t size), (fd, size), TYPES(int, off_t))
CALL(off_t, lseek, fd_within(fd), (int fd, off_t at, int whence), (fd, at, whence),
     TYPES(int, off_t, int))
CALL(int, flock, fd_within(fd), (int fd, int what), (fd, what), TYPES(int, int))
CALL(int, fstat, fd_within(fd), (int fd, struct stat *st), (fd, st), TYPES(int, struct stat *))
CALL(int, stat, within(path), (const char *path, struct stat *st), (path, st),
     TYPES(const char *, struct stat *))
CALL(int, lstat, within(path), (const char *path, struct stat *st), (path, st),
     TYPES(const char *, struct stat *))
CALL(int, fstatat, at_within(dir, path), (int dir, const char *path, struct stat *st, int flags),
     (dir, path, st, flags), TYPES(int, const char *, struct stat *, int))
CALL(int, access, within(path), (const char *path, int how), (path, how), TYPES(const char *, int))
CALL(ssize_t, readlink, within(path), (const char *path, char *to, size_t size), (path, to, size),
     TYPES(const char *, char *, size_t))
CALL(int, rename, within(from), (const char *from, const char *to), (from, to),
     TYPES(const char *, const char *))
CALL(int, symlink, within(path), (const char *to, const char *path), (to, path),
     TYPES(const char *, const char *))
CALL(int, mkdir, within(path), (const char *path, mode_t mode), (path, mode),
     TYPES(const char *, mode_t))
CALL(int, rmdir, within(path), (const char *path), (path), const char *)
CALL(int, unlink, within(path), (const char *path), (path), const char *)
CALL(int, remove, within(path), (const char *path), (path), const char *)
CALL(int, unlinkat, at_within(dir, path), (int dir, const char *path, int flags),
     (dir, path, flags), TYPES(int, const char *, int))
CALL(int, utimensat, at_within(dir, path),
     (int dir, const char *path, const struct timespec *times, int flags),
     (dir, path, times, flags), TYPES(int, const char *, const struct timespec *, int))

int posix_fallocate(int fd, off_t at, off_t size)
{
    return fails("posix_fallocate", fd_within(fd)) == 1
               ? errno
               : REAL(int, posix_fallocate, int, off_t, off_t)(fd, at, size);
}

int fcntl(int fd, int what, ...)
{
    va_list ap;
    void *with;

    va_start(ap, what);
    with = va_arg(ap, void *);
    va_end(ap);
    if (fails("fcntl", fd_within(fd)) == 1) return -1;
    return REAL(int, fcntl, int, int, ...)(fd, what, with);
}

/* The descriptor is gone whatever close() says. */
int close(int fd)
{
    int failed = fails("close", fd_within(fd)), code = errno;
    int closed = REAL(int, close, int)(fd);

    if (failed != 1) return closed;
    errno = code;
    return -1;
}

char *realpath(const char *path, char *to)
{
    return fails("realpath", within(path)) == 1
               ? NULL
               : REAL(char *, realpath, const char *, char *)(path, to);
}

DIR *opendir(const char *path)
{
    return fails("opendir", within(path)) == 1 ? NULL : REAL(DIR *, opendir, const char *)(path);
}

struct dirent *readdir(DIR *dir)
{
    return fails("readdir", fd_within(dirfd(dir))) == 1
               ? NULL
               : REAL(struct dirent *, readdir, DIR *)(dir);
}

#define BYTES(name, pointer, ...)                                                                  \
    switch (fails(#name, fd_within(fd))) {                                                         \
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

/* -- streams ----------------------------------------------------------------------------------- */

static ssize_t stream_read(void *fd, char *bytes, size_t size)
{
    return read((int)(long)fd, bytes, size);
}

/* glibc writes the rest after a short write; a cookie that returns less has failed. */
static ssize_t stream_write(void *fd, const char *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t put = write((int)(long)fd, bytes + done, size - done);
        if (put < 0) return (ssize_t)done;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

static int stream_seek(void *fd, off64_t *at, int whence)
{
    off_t to = lseek((int)(long)fd, *at, whence);

    if (to < 0) return -1;
    *at = to;
    return 0;
}

static int stream_close(void *fd)
{
    return close((int)(long)fd);
}

FILE *fopen(const char *path, const char *mode)
{
    cookie_io_functions_t functions = {stream_read, stream_write, stream_seek, stream_close};
    int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | (*mode == 'a' ? O_APPEND : O_TRUNC);
    int fd;

    if (!within(path)) return REAL(FILE *, fopen, const char *, const char *)(path, mode);
    fd = open(path, flags | O_CLOEXEC, 0666);
    return fd < 0 ? NULL : fopencookie((void *)(long)fd, mode, functions);
}
