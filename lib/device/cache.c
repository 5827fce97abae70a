/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cache.c - the cache of a device on disk: compiled programs, measured choices.
 *
 * Each entry is a file KIND-HASH in ${ENCNET_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/encnet-cl}/v1:
 *
 *   "encnet-cl cache 1\n"
 *   "key BYTES data BYTES crc CRC32C\n"    the checksum covers key and data
 *   key data
 *
 * The key says in full what the data depends on, so neither a collision of hashes nor a file from
 * another machine is a hit.  Nothing here fails: without a usable entry the caller computes the
 * data, and an entry that cannot be written is not stored.
 */
#define _POSIX_C_SOURCE 200809L
#include "device/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "encnet-cl cache 1\n"

enum { MAX_ENTRY_BYTES = 256 << 20, MAX_FILES = 100000 };
static const int64_t max_cache_bytes = 512 << 20;

/* -- where */

/* Creates directories that only the user can access, because an entry is code that will run. */
static void make_private_dirs(char *path)
{
    for (char *p = path + 1; *path; p++) {
        char keep = *p;
        if (keep != '/' && keep != '\0') continue;
        *p = '\0';
        mkdir(path, 0700); /* a failure shows in trustworthy() */
        *p = keep;
        if (keep == '\0') break;
    }
}

static bool trustworthy(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
           (st.st_uid == geteuid() || st.st_uid == 0) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The folder by the environment; empty if it names none. */
static void choose_folder(encnet__text *path)
{
    const char *off = getenv("ENCNET_CACHE"), *own = getenv("ENCNET_CACHE_DIR");
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (off && strcmp(off, "0") == 0) return;
    if (own && *own)
        encnet__text_add(path, "%s/v1", own);
    else if (xdg && *xdg == '/')
        encnet__text_add(path, "%s/encnet-cl/v1", xdg);
    else if (home && *home)
        encnet__text_add(path, "%s/.cache/encnet-cl/v1", home);
}

void encnet__cache_describe(encnet__text *out)
{
    const char *off = getenv("ENCNET_CACHE");
    encnet__text path = {0};

    choose_folder(&path);
    if (path.data && !path.failed) make_private_dirs(path.data);
    if (off && strcmp(off, "0") == 0)
        encnet__text_add(out, "off (ENCNET_CACHE=0)");
    else if (!path.data)
        encnet__text_add(out, "none: neither HOME nor XDG_CACHE_HOME nor ENCNET_CACHE_DIR is set");
    else if (!encnet__is_directory(path.data))
        encnet__text_add(out, "none: %s cannot be made", path.data);
    else if (!trustworthy(path.data))
        encnet__text_add(out, "none: %s belongs to others, or others may write there", path.data);
    else if (access(path.data, W_OK) != 0)
        encnet__text_add(out, "%s, which cannot be written to", path.data);
    else
        encnet__text_add(out, "%s", path.data);
    encnet__text_free(&path);
}

void encnet__cache_open(encnet_device *dev)
{
    encnet__text path = {0};

    if (!dev->options.cache) return;
    choose_folder(&path);
    if (path.data && !path.failed) make_private_dirs(path.data);
    if (path.data && !path.failed && trustworthy(path.data)) {
        dev->cache_dir = path.data;
    } else {
        encnet__say(ENCNET_LOG_WARNING,
                    "%s: no folder that you alone can write to: kernels are compiled anew in every "
                    "process",
                    path.data ? path.data : "neither ENCNET_CACHE_DIR nor HOME");
        encnet__text_free(&path);
    }
}

/* -- entries */

/* The full key: everything that the entry depends on. */
static void full_key(encnet__text *out, const encnet_device *dev, const char *kind, const char *key)
{
    encnet__text_add(out, "%s\nlibrary %s\nplatform %s, %s\ndevice %s, %s\ndriver %s\n", kind,
                     ENCNET_VERSION, dev->info.platform_name, dev->platform_version, dev->info.name,
                     dev->info.version, dev->info.driver);
    encnet__text_bytes(out, key, strlen(key));
}

static char *entry_path(const encnet_device *dev, const char *kind, const encnet__text *key)
{
    encnet__text path = {0};

    encnet__text_add(&path, "%s/%s-%016" PRIx64, dev->cache_dir, kind,
                     encnet__hash(ENCNET__FNV, key->data, key->size));
    if (!path.failed) return path.data;
    encnet__text_free(&path);
    return NULL;
}

static uint32_t checksum(const char *key, size_t key_size, const void *data, size_t size)
{
    return encnet__crc(ENCNET__CRC32C, encnet__crc(ENCNET__CRC32C, 0, key, key_size), data, size);
}

bool encnet__cache_parse(size_t *offset, size_t *size, const char *entry, size_t entry_size,
                         const char *key, size_t key_size)
{
    const size_t lead = sizeof MAGIC - 1;
    size_t key_bytes, data_bytes, header;
    unsigned crc;
    char line[80];
    const char *newline;
    int end = 0;

    if (entry_size < lead || memcmp(entry, MAGIC, lead) != 0) return false;
    newline = memchr(entry + lead, '\n', entry_size - lead);
    if (!newline || (size_t)(newline - entry) - lead >= sizeof line) return false;
    memcpy(line, entry + lead, (size_t)(newline - entry) - lead);
    line[(size_t)(newline - entry) - lead] = '\0';
    if (sscanf(line, "key %18zu data %18zu crc %8x%n", &key_bytes, &data_bytes, &crc, &end) != 3 ||
        line[end] != '\0')
        return false;
    header = (size_t)(newline - entry) + 1;
    if (key_bytes != key_size || key_bytes > entry_size - header ||
        data_bytes != entry_size - header - key_bytes)
        return false;
    if (memcmp(entry + header, key, key_size) != 0) return false;
    *offset = header + key_bytes;
    *size = data_bytes;
    return checksum(key, key_size, entry + *offset, data_bytes) == crc;
}

bool encnet__cache_read(char **data, size_t *size, const encnet_device *dev, const char *kind,
                        const char *key)
{
    encnet__text full = {0};
    char *path = NULL, *entry = NULL;
    size_t entry_size, offset;
    bool hit = false;

    if (!dev->cache_dir) return false;
    full_key(&full, dev, kind, key);
    if (!full.failed) path = entry_path(dev, kind, &full);
    if (path && encnet__file_read(&entry, &entry_size, path, MAX_ENTRY_BYTES) == ENCNET_OK) {
        hit = encnet__cache_parse(&offset, size, entry, entry_size, full.data, full.size);
        if (!hit) unlink(path); /* damaged, or of another key with the same hash */
    }
    if (hit) {
        memmove(entry, entry + offset, *size);
        entry[*size] = '\0';
        utimensat(AT_FDCWD, path, NULL, 0); /* marks it as used recently */
        *data = entry;
        entry = NULL;
    }
    encnet__free(entry);
    encnet__free(path);
    encnet__text_free(&full);
    return hit;
}

void encnet__cache_write(encnet_device *dev, const char *kind, const char *key, const void *data,
                         size_t size)
{
    encnet__text full = {0}, entry = {0};
    char *path = NULL;

    if (!dev->cache_dir) return;
    full_key(&full, dev, kind, key);
    if (full.failed) goto done;
    encnet__text_add(&entry, MAGIC "key %zu data %zu crc %08x\n", full.size, size,
                     (unsigned)checksum(full.data, full.size, data, size));
    encnet__text_bytes(&entry, full.data, full.size);
    encnet__text_bytes(&entry, data, size);
    path = entry_path(dev, kind, &full);
    if (!path || entry.failed) goto done;
    if (encnet__file_write(path, entry.data, entry.size) == ENCNET_OK) dev->cache_written = true;
done:
    encnet__free(path);
    encnet__text_free(&entry);
    encnet__text_free(&full);
}

/* -- size */

typedef struct cached_file {
    char name[64];
    int64_t size;
    struct timespec used;
} cached_file;

static int oldest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const cached_file *)a)->used,
                          *y = &((const cached_file *)b)->used;

    if (x->tv_sec != y->tv_sec) return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Lists the files of the folder; returns their number. */
static size_t list_files(cached_file **out, int fd, DIR *dir)
{
    cached_file *files = NULL, *grown;
    int capacity = 0;
    size_t n = 0;

    for (struct dirent *d = readdir(dir); d && n < MAX_FILES; d = readdir(dir)) {
        struct stat st;
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
            strlen(d->d_name) >= sizeof files->name)
            continue;
        grown = encnet__grow(files, &capacity, n + 1, sizeof *files);
        if (!grown) break;
        files = grown;
        strcpy(files[n].name, d->d_name);
        files[n].size = (int64_t)st.st_size;
        files[n++].used = st.st_mtim;
    }
    *out = files;
    return n;
}

void encnet__cache_prune(const char *path, int64_t keep_bytes)
{
    DIR *dir = opendir(path);
    cached_file *files = NULL;
    int64_t total = 0;
    size_t n;

    if (!dir) return;
    n = list_files(&files, dirfd(dir), dir);
    for (size_t i = 0; i < n; i++) total += files[i].size;
    if (n && total > keep_bytes) qsort(files, n, sizeof *files, oldest_first);
    for (size_t i = 0; i < n && total > keep_bytes; i++)
        if (unlinkat(dirfd(dir), files[i].name, 0) == 0) total -= files[i].size;
    encnet__free(files);
    closedir(dir);
}

void encnet__cache_close(encnet_device *dev)
{
    if (dev->cache_dir && dev->cache_written) encnet__cache_prune(dev->cache_dir, max_cache_bytes);
    encnet__free(dev->cache_dir);
    dev->cache_dir = NULL;
}
