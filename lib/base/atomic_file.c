/* file.c - a file while it is written: beside its place, and in it only when it is whole. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct encnet__atomic_file {
    char *path, *beside; /* PATH and PATH.tmp */
    int fd;              /* -1: PATH.tmp is not ours (any more) */
};

static encnet_status io_error(const char *path)
{
    return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

encnet_status encnet__atomic_file_open(encnet__atomic_file **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__atomic_file *d = encnet__alloc(1, sizeof *d);
    encnet__text beside = {0};

    if (!d) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    d->fd = -1;
    d->path = encnet__strdup(path);
    encnet__text_add(&beside, "%s.tmp", path);
    d->beside = beside.data;
    if (!d->path || beside.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    d->fd = open(d->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (d->fd < 0) TRY(io_error(d->beside));
    *out = d;
    d = NULL;
done:
    encnet__atomic_file_free(d);
    return rc;
}

encnet_status encnet__atomic_file_reserve(const encnet__atomic_file *d, uint64_t size)
{
    int err = posix_fallocate(d->fd, 0, (off_t)size);

    if (err && err != EINVAL && err != EOPNOTSUPP)
        return encnet__fail(ENCNET_E_IO, "%s: no room for %llu bytes: %s", d->beside,
                            (unsigned long long)size, strerror(err));
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_put(const encnet__atomic_file *d, const void *data, size_t size,
                                      uint64_t at)
{
    const char *from = data;

    while (size) {
        ssize_t put = pwrite(d->fd, from, size, (off_t)at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return io_error(d->beside);
        from += put;
        at += (uint64_t)put;
        size -= (size_t)put;
    }
    return ENCNET_OK;
}

encnet_status encnet__atomic_file_commit(encnet__atomic_file *d)
{
    char *slash;

    if (fsync(d->fd) != 0) return io_error(d->beside);
    if (rename(d->beside, d->path) != 0) return io_error(d->path);
    close(d->fd); /* after fsync there is nothing left that could fail */
    d->fd = -1;
    slash = strrchr(d->path, '/');
    if (slash && slash != d->path) *slash = '\0';
    return encnet__fsync_dir(!slash ? "." : slash == d->path ? "/" : d->path);
}

void encnet__atomic_file_free(encnet__atomic_file *d)
{
    if (!d) return;
    if (d->fd >= 0) {
        unlink(d->beside);
        close(d->fd);
    }
    encnet__free(d->beside);
    encnet__free(d->path);
    encnet__free(d);
}
