/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* file.c - reads whole files, makes directories, joins paths, notices circles of files. */
#define _POSIX_C_SOURCE 200809L
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

encnet_status encnet__file_read(char **data, size_t *size, const char *path, size_t max_bytes)
{
    encnet_status rc = ENCNET_OK;
    struct stat st;
    char *bytes = NULL;
    size_t have = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */

    if (fd < 0 || fstat(fd, &st) != 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ENCNET_E_IO, "%s: not a regular file", path);
    if ((uint64_t)st.st_size > max_bytes)
        FAIL(ENCNET_E_IO, "%s: %lld bytes, more than the %zu that are read", path,
             (long long)st.st_size, max_bytes);
    bytes = encnet__alloc((size_t)st.st_size + 1, 1);
    if (!bytes) FAIL(ENCNET_E_NOMEM, "%s: no memory for %lld bytes", path, (long long)st.st_size);
    while (have < (size_t)st.st_size) {
        ssize_t got = read(fd, bytes + have, (size_t)st.st_size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
        if (got == 0) break; /* the file has shrunk meanwhile */
        have += (size_t)got;
    }
    *data = bytes;
    *size = have;
    bytes = NULL;
done:
    if (fd >= 0) close(fd);
    encnet__free(bytes);
    return rc;
}

ssize_t encnet__read_at(int fd, void *data, size_t size, off_t at)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = pread(fd, (char *)data + have, size - have, at + (off_t)have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

encnet_status encnet__file_head(void *data, size_t *size, const char *path)
{
    encnet_status rc = ENCNET_OK;
    size_t have = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    while (have < *size && got > 0) {
        got = read(fd, (char *)data + have, *size - have);
        if (got < 0 && errno != EINTR) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
        if (got > 0) have += (size_t)got;
        if (got < 0) got = 1;
    }
    *size = have;
done:
    if (fd >= 0) close(fd);
    return rc;
}

encnet_status encnet__dir_next(struct dirent **out, DIR *dir, const char *path)
{
    do {
        errno = 0;
        *out = readdir(dir);
    } while (*out && (strcmp((*out)->d_name, ".") == 0 || strcmp((*out)->d_name, "..") == 0));
    return *out || !errno ? ENCNET_OK : encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
}

encnet_status encnet__fsync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (fsync(fd) != 0 && errno != EINVAL) { /* EINVAL: the file system does not support it */
        close(fd);
        return encnet__fail(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    }
    close(fd);
    return ENCNET_OK;
}

bool encnet__is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

encnet_status encnet__make_dirs(const char *path)
{
    encnet_status rc = ENCNET_OK;
    struct stat st;
    char *copy = encnet__strdup(path);

    if (!copy) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    for (char *p = copy + 1; *copy; p++) {
        char keep = *p;
        if (keep != '/' && keep != '\0') continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            FAIL(ENCNET_E_IO, "%s: %s", copy, strerror(errno));
        *p = keep;
        if (keep == '\0') break;
    }
    if (stat(path, &st) != 0) FAIL(ENCNET_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) FAIL(ENCNET_E_IO, "%s: not a directory", path);
done:
    encnet__free(copy);
    return rc;
}

char *encnet__path_join(const char *dir, const char *name)
{
    encnet__text t = {0};
    size_t size = strlen(dir);

    if (name[0] == '/' || size == 0)
        encnet__text_add(&t, "%s", name);
    else
        encnet__text_add(&t, "%s%s%s", dir, dir[size - 1] == '/' ? "" : "/", name);
    return t.data;
}

const char *encnet__base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool encnet__visit_begin(encnet__visit *here, const char *path, const encnet__visit *up)
{
    struct stat st;

    if (stat(path, &st) != 0) memset(&st, 0, sizeof st);
    *here = (encnet__visit){.up = up,
                            .device = (uint64_t)st.st_dev,
                            .node = (uint64_t)st.st_ino,
                            .depth = up ? up->depth + 1 : 1};
    for (; up; up = up->up)
        if (here->node && up->device == here->device && up->node == here->node) return false;
    return true;
}
