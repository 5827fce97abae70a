/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* atomic_file.c - writes a file under a temporary name and renames it once it is complete. */
#define _DEFAULT_SOURCE
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".tmp" /* ends the name of a file that is being written */

enum { MAX_LINKS = 40 /* to follow, as the kernel does */, MAX_NAMES = 100 /* to try */ };

struct encnet__atomic_file {
    char *path;      /* behind all links */
    char *temporary; /* NULL: it is no regular file and is written into */
    int fd;          /* -1 = not open, or renamed */
    bool in_order;   /* it has no positions, such as a pipe */
    uint64_t at;     /* bytes written so far, if in order */
};

static encnet_status io_error(const char *path)
{
    return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

int encnet__open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0666), higher;

    if (fd < 0 || fd > STDERR_FILENO) return fd;
    higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return higher;
}

/* -- links ------------------------------------------------------------------------------------- */

/* Replaces *path, a link, by what it leads to.  False if it is none. */
static bool follow(char **path, encnet_status *rc)
{
    char target[PATH_MAX], *slash = strrchr(*path, '/'), *joined;
    ssize_t size = readlink(*path, target, sizeof target - 1);

    if (size < 0) return false;
    target[size] = '\0';
    if (slash) slash[1] = '\0';
    joined = slash ? encnet__path_join(*path, target) : encnet__strdup(target);
    encnet__free(*path);
    *path = joined;
    if (!joined) *rc = encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", target);
    return joined != NULL;
}

static encnet_status follow_links(char **path, const char *name)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; *path && follow(path, &rc); i++)
        if (i == MAX_LINKS) return encnet__fail(ENCNET_E_IO, "%s: %s", name, strerror(ELOOP));
    return rc;
}

char *encnet__link_file_target(const char *path)
{
    static const char name[] = "iter_";
    const char *slash = strrchr(path, '/');
    encnet__text target = {0};
    char line[32];
    struct stat st;
    ssize_t size;
    size_t digits;
    int fd = -1;

    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < (off_t)sizeof line)
        fd = encnet__open(path, O_RDONLY);
    if (fd < 0) return NULL;
    size = encnet__read_at(fd, line, sizeof line - 1, 0);
    close(fd);
    line[size < 0 ? 0 : size] = '\0';
    if (strncmp(line, name, sizeof name - 1) != 0) return NULL;
    digits = strspn(line + sizeof name - 1, "0123456789");
    if (!digits || line[sizeof name - 1 + digits] != '\n') return NULL;
    line[sizeof name - 1 + digits] = '\0';
    encnet__text_add(&target, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, line);
    if (!target.failed) return target.data;
    encnet__text_free(&target);
    return NULL;
}

encnet_status encnet__path_resolve(char **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    char *resolved = encnet__strdup(path), *target;

    if (!resolved) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    for (size_t size = strlen(resolved); size > 1 && resolved[size - 1] == '/';)
        resolved[--size] = '\0';
    TRY(follow_links(&resolved, path));
    target = encnet__link_file_target(resolved);
    if (target) {
        encnet__free(resolved);
        resolved = target;
    }
    *out = resolved;
    resolved = NULL;
done:
    encnet__free(resolved);
    return rc;
}

/* -- temporary names ---------------------------------------------------------------------------- */

/*
 * The first process that writes PATH takes a name that every later one will find, and holds a lock on it:
 * without the lock, its writer was killed, and the file is removed.  Whoever finds the name taken, or a
 * disk without locks, takes one with the number of its process.
 */
static encnet_status name_temporary(char **out, const char *path, int number, bool is_short)
{
    encnet__text name = {0};
    const char *base = encnet__base_name(path);

    encnet__text_add(&name, "%.*s" ENCNET__UNFINISHED, (int)(base - path), path);
    if (is_short)
        encnet__text_add(&name, "%08x",
                         (unsigned)encnet__crc(ENCNET__CRC32, 0, base, strlen(base)));
    else
        encnet__text_add(&name, "%s", base);
    if (number) encnet__text_add(&name, ".%ld-%d", (long)getpid(), number);
    encnet__text_add(&name, TEMPORARY);
    encnet__free(*out);
    *out = name.data;
    return name.failed ? encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", path)
                       : ENCNET_OK;
}

bool encnet__is_temporary(const char *name, const char *of)
{
    static const char digits[] = "0123456789";
    size_t prefix = strlen(ENCNET__UNFINISHED), size = strlen(of);

    if (strncmp(name, ENCNET__UNFINISHED, prefix) != 0) return false;
    if (strncmp(name + prefix, of, size) != 0) return false;
    name += prefix + size;
    if (*name == '.' && strspn(name + 1, digits)) {
        name += 1 + strspn(name + 1, digits);
        if (*name++ != '-' || !strspn(name, digits)) return false;
        name += strspn(name, digits);
    }
    return strcmp(name, TEMPORARY) == 0;
}

/* Whether `name` is still the file that `fd` is open on; `unknown` if the disk does not say. */
static bool is_at(int fd, const char *name, bool unknown)
{
    struct stat ours, there;

    if (fstat(fd, &ours) != 0) return unknown;
    if (lstat(name, &there) != 0) return errno != ENOENT && unknown;
    return ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* Whether nobody but this user can have made a file, under one name only. */
static bool is_own(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid();
}

/* Removes the file of a process that was killed.  False: it is not known to be one. */
static bool clear(const char *name)
{
    int fd = encnet__open(name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    bool cleared;

    if (fd < 0) return false;
    cleared = is_own(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, name, false) &&
              unlink(name) == 0;
    close(fd);
    return cleared;
}

void encnet__atomic_file_tidy(const char *path)
{
    char *name = NULL;

    if (name_temporary(&name, path, 0, false) == ENCNET_OK) (void)clear(name);
    encnet__free(name);
}

static int make(const char *name)
{
    return encnet__open(name, O_WRONLY | O_CREAT | O_EXCL);
}

/* Makes the file that has the name for all processes, and locks it.  EEXIST: another one has it. */
static int make_locked(const char *name)
{
    int fd = make(name);

    if (fd < 0 && errno == EEXIST) {
        if (!clear(name))
            errno = EEXIST;
        else
            fd = make(name);
    }
    if (fd < 0) return fd;
    /* another process may take it for one that was left, as long as it has no lock */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 ? is_at(fd, name, true) : errno != EWOULDBLOCK) return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

/* Makes a file that nobody has, in the same folder. */
static encnet_status open_temporary(encnet__atomic_file *f)
{
    encnet_status rc = ENCNET_OK;
    bool is_short = false;

    for (int i = 0; f->fd < 0;) {
        TRY(name_temporary(&f->temporary, f->path, i, is_short));
        f->fd = i ? make(f->temporary) : make_locked(f->temporary);
        if (f->fd >= 0) break;
        if (errno == ENAMETOOLONG && !is_short)
            is_short = true;
        else if (errno != EEXIST || i++ == MAX_NAMES)
            TRY(io_error(f->path));
    }
done:
    return rc;
}

/* -- opening ----------------------------------------------------------------------------------- */

/* Opens what is no regular file, to be written into as it is.  A pipe that nobody reads would be waited for without end,
 * whatever signal comes. */
static encnet_status open_special(encnet__atomic_file *f, bool is_pipe)
{
    f->fd = encnet__open(f->path, O_WRONLY | (is_pipe ? O_NONBLOCK : 0));
    if (f->fd < 0 && is_pipe && errno == ENXIO)
        return encnet__fail(ENCNET_E_IO, "%s: a pipe that no program reads", f->path);
    if (f->fd < 0) return io_error(f->path);
    if (is_pipe && fcntl(f->fd, F_SETFL, O_WRONLY) != 0) return io_error(f->path);
    f->in_order = lseek(f->fd, 0, SEEK_CUR) < 0;
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_open(encnet__atomic_file **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__atomic_file *f = encnet__alloc(1, sizeof *f);
    struct stat st;
    bool there;

    if (!f) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    f->fd = -1;
    f->path = encnet__strdup(path);
    if (!f->path) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    TRY(follow_links(&f->path, path));
    there = stat(f->path, &st) == 0;
    if (!there && errno != ENOENT) TRY(io_error(path));
    if (!there || S_ISREG(st.st_mode)) {
        TRY(open_temporary(f));
    } else {
        TRY(open_special(f, S_ISFIFO(st.st_mode)));
    }
    *out = f;
    f = NULL;
done:
    encnet__atomic_file_free(f);
    return rc;
}

/* -- writing ----------------------------------------------------------------------------------- */

encnet_status encnet__atomic_file_reserve(encnet__atomic_file *f, uint64_t size)
{
    int err;

    if (f->in_order)
        return encnet__fail(ENCNET_E_IO, "%s: no regular file; this is not written in order",
                            f->path);
    if (!f->temporary) return ENCNET_OK;
    err = posix_fallocate(f->fd, 0, (off_t)size);
    if (err && err != EINVAL && err != EOPNOTSUPP)
        return encnet__fail(ENCNET_E_IO, "%s: no room for %llu bytes: %s", f->path,
                            (unsigned long long)size, strerror(err));
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_put(encnet__atomic_file *f, const void *data, size_t size,
                                      uint64_t at)
{
    const char *from = data;

    if (f->in_order && at != f->at)
        return encnet__fail(ENCNET_E_IO, "%s: no regular file; this is not written in order",
                            f->path);
    while (size) {
        ssize_t put = f->in_order ? write(f->fd, from, size) : pwrite(f->fd, from, size, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return io_error(f->path);
        from += put;
        at += (uint64_t)put;
        size -= (size_t)put;
    }
    f->at = at;
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_commit(encnet__atomic_file *f)
{
    char *slash;

    if (fsync(f->fd) != 0 && f->temporary) return io_error(f->path);
    if (f->temporary && rename(f->temporary, f->path) != 0) return io_error(f->path);
    close(f->fd); /* cannot fail after fsync */
    f->fd = -1;
    if (!f->temporary) return ENCNET_OK;
    slash = strrchr(f->path, '/');
    if (slash && slash != f->path) *slash = '\0';
    return encnet__fsync_dir(!slash ? "." : slash == f->path ? "/" : f->path);
}

void encnet__atomic_file_free(encnet__atomic_file *f)
{
    if (!f) return;
    if (f->fd >= 0) {
        if (f->temporary) unlink(f->temporary);
        close(f->fd);
    }
    encnet__free(f->temporary);
    encnet__free(f->path);
    encnet__free(f);
}

encnet_status encnet__file_write(const char *path, const void *data, size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__atomic_file *f = NULL;

    TRY(encnet__atomic_file_open(&f, path));
    TRY(encnet__atomic_file_put(f, data, size, 0));
    TRY(encnet__atomic_file_commit(f));
done:
    encnet__atomic_file_free(f);
    return rc;
}
