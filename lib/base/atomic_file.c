/* atomic_file.c - writes a file under a temporary name and renames it once it is complete. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct encnet__atomic_file {
    char *path, *temporary; /* PATH and PATH.tmp */
    int fd;                 /* of PATH.tmp; -1 = not open, or renamed */
};

static encnet_status io_error(const char *path)
{
    return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

encnet_status encnet__atomic_file_open(encnet__atomic_file **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__atomic_file *f = encnet__alloc(1, sizeof *f);
    encnet__text temporary = {0};

    if (!f) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    f->fd = -1;
    f->path = encnet__strdup(path);
    encnet__text_add(&temporary, "%s.tmp", path);
    f->temporary = temporary.data;
    if (!f->path || temporary.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->fd < 0) TRY(io_error(f->temporary));
    *out = f;
    f = NULL;
done:
    encnet__atomic_file_free(f);
    return rc;
}

encnet_status encnet__atomic_file_reserve(const encnet__atomic_file *f, uint64_t size)
{
    int err = posix_fallocate(f->fd, 0, (off_t)size);

    if (err && err != EINVAL && err != EOPNOTSUPP)
        return encnet__fail(ENCNET_E_IO, "%s: no room for %llu bytes: %s", f->temporary,
                            (unsigned long long)size, strerror(err));
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_put(const encnet__atomic_file *f, const void *data, size_t size,
                                      uint64_t at)
{
    const char *from = data;

    while (size) {
        ssize_t put = pwrite(f->fd, from, size, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return io_error(f->temporary);
        from += put;
        at += (uint64_t)put;
        size -= (size_t)put;
    }
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_commit(encnet__atomic_file *f)
{
    char *slash;

    if (fsync(f->fd) != 0) return io_error(f->temporary);
    if (rename(f->temporary, f->path) != 0) return io_error(f->path);
    close(f->fd); /* cannot fail after fsync */
    f->fd = -1;
    slash = strrchr(f->path, '/');
    if (slash && slash != f->path) *slash = '\0';
    return encnet__fsync_dir(!slash ? "." : slash == f->path ? "/" : f->path);
}

void encnet__atomic_file_free(encnet__atomic_file *f)
{
    if (!f) return;
    if (f->fd >= 0) {
        unlink(f->temporary);
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
