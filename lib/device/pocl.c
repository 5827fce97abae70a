/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * pocl.c - PoCL's own cache of compiled kernels: a file in it that a full disk or a crash has left damaged
 * makes PoCL end the process (3.1 to 5.0: an assertion, or LLVM's exit), and a byte that a disk has changed
 * makes it run other code.  So what is damaged is removed before PoCL looks at it, and compiled anew.
 *
 *   CACHE/XX/REST-OF-HASH/program.bc                 LLVM bitcode
 *   CACHE/XX/REST-OF-HASH/KERNEL/SIZE/KERNEL.so      ELF
 *   .../FILE.encnet-crc                              CRC-32C of FILE, written when a device is closed
 */
#define _POSIX_C_SOURCE 200809L
#include "device/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 8 };

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
    return encnet__read_at(fd, to, size, (off_t)at) == (ssize_t)size;
}

/* The section headers of a 64-bit ELF file come last; a file that was cut, or whose end was never written,
 * has no last one. */
static bool is_whole_elf(int fd, uint64_t size)
{
    enum { HEADER = 64, SECTION = 64, AT = 40, COUNT = 60, TYPE = 4 };
    uint8_t header[HEADER], last[SECTION];
    uint64_t at, count;

    if (!read_at(fd, header, sizeof header, 0) || memcmp(header,
                                                         "\x7f"
                                                         "ELF",
                                                         4) != 0)
        return false;
    if (header[4] != 2 || header[5] != 1) return true; /* no 64-bit little-endian: not looked at */
    at = encnet__little(header + AT, 8);
    count = encnet__little(header + COUNT, 2);
    if (count == 0 || at > size || count * SECTION > size - at) return false;
    return read_at(fd, last, sizeof last, at + (count - 1) * SECTION) &&
           encnet__little(last + TYPE, 4) != 0;
}

/* Bitcode is a row of blocks, each with its length: an abbreviation of two bits that is 1, the number of the
 * block in 8-bit parts, the width of abbreviations in 4-bit parts, and at the next word its words. */
static bool is_whole_bitcode(int fd, uint64_t size)
{
    uint8_t head[8];
    uint64_t at = 4;

    if (!read_at(fd, head, 4, 0) || size % 4 != 0 || size < 12) return false;
    if (memcmp(head, "BC\xC0\xDE", 4) != 0) return false;
    while (at < size) {
        if (size - at < 8 || !read_at(fd, head, sizeof head, at) || (head[0] & 3) != 1)
            return false;
        at += 8 + 4 * encnet__little(head + 4, 4);
    }
    return at == size;
}

static bool is_trusted(const char *name)
{
    return encnet__ends_in(name, ".so") || encnet__ends_in(name, ".bc");
}

enum { SEAL = 9 /* eight digits and a newline */ };

/* Computes what the seal of a file has to say; false if the file cannot be read. */
static bool compute_seal(char out[SEAL + 1], int fd)
{
    char bytes[1 << 15];
    uint32_t crc = 0;
    ssize_t size;
    off_t at = 0;

    while ((size = pread(fd, bytes, sizeof bytes, at)) > 0) {
        crc = encnet__crc(ENCNET__CRC32C, crc, bytes, (size_t)size);
        at += size;
    }
    snprintf(out, SEAL + 1, "%08x\n", (unsigned)crc);
    return size == 0;
}

static int open_seal(int folder, const char *name, int flags)
{
    char seal[NAME_MAX + 16];

    snprintf(seal, sizeof seal, "%.*s.encnet-crc", NAME_MAX, name);
    return openat(folder, seal, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Whether a file is not what it was when it was sealed. */
static bool has_changed(int folder, const char *name, int fd)
{
    char is[SEAL + 1], was[SEAL + 1] = "";
    int seal = open_seal(folder, name, O_RDONLY);
    bool changed;

    if (seal < 0) return false;
    changed =
        read(seal, was, sizeof was) != SEAL || !compute_seal(is, fd) || memcmp(is, was, SEAL) != 0;
    close(seal);
    return changed;
}

/* Whether a file is of a kind that PoCL trusts, and cannot be what PoCL has written. */
static bool is_damaged(int folder, const char *name)
{
    bool damaged = false;
    struct stat st;
    int fd;

    if (!is_trusted(name)) return false;
    fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        damaged = !(encnet__ends_in(name, ".so") ? is_whole_elf
                                                 : is_whole_bitcode)(fd, (uint64_t)st.st_size) ||
                  has_changed(folder, name, fd);
    close(fd);
    return damaged;
}

/* Seals a file that has no seal.  One that is not written to its end is as good as none that fits: the file
 * is compiled anew. */
static void seal_file(int folder, const char *name)
{
    char text[SEAL + 1];
    int fd, seal;

    if (!is_trusted(name)) return;
    seal = open_seal(folder, name, O_WRONLY | O_CREAT | O_EXCL);
    if (seal < 0) return;
    fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && compute_seal(text, fd)) (void)!write(seal, text, SEAL);
    if (fd >= 0) close(fd);
    close(seal);
}

static DIR *open_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir && fd >= 0) close(fd);
    return dir;
}

typedef enum action { LOOK, REMOVE, KEEP } action;

/* LOOK: whether a file in the folder of a program, or deeper, is damaged.  REMOVE removes the folder, KEEP
 * seals its files. */
static bool walk(int parent, const char *name, int depth, action what)
{
    DIR *dir = depth < MAX_DEPTH ? open_folder(parent, name) : NULL;
    bool damaged = false;
    struct stat st;

    if (!dir) return false;
    for (struct dirent *d; (d = readdir(dir)) && !damaged;) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISDIR(st.st_mode))
            damaged = walk(dirfd(dir), d->d_name, depth + 1, what);
        else if (what == REMOVE)
            unlinkat(dirfd(dir), d->d_name, 0);
        else if (what == LOOK)
            damaged = is_damaged(dirfd(dir), d->d_name);
        else if (S_ISREG(st.st_mode))
            seal_file(dirfd(dir), d->d_name);
    }
    closedir(dir);
    if (what == REMOVE) unlinkat(parent, name, AT_REMOVEDIR);
    return damaged;
}

/* PoCL spells the digits of a hash A to P; how many there are depends on its version. */
static bool is_hash(const char *name, size_t least, size_t most)
{
    size_t n = strlen(name);

    return n >= least && n <= most && strspn(name, "ABCDEFGHIJKLMNOP") == n;
}

/* Every program in the folder of those whose hash begins alike: is sealed, or removed if it is damaged. */
static void tidy(int parent, const char *name, bool seals)
{
    DIR *dir = open_folder(parent, name);

    if (!dir) return;
    for (struct dirent *d; (d = readdir(dir));)
        if (is_hash(d->d_name, 30, 70) && walk(dirfd(dir), d->d_name, 0, seals ? KEEP : LOOK))
            walk(dirfd(dir), d->d_name, 0, REMOVE);
    closedir(dir);
}

static void each_program(bool seals)
{
    const char *own = getenv("POCL_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    encnet__text path = {0};
    DIR *dir = NULL;

    if (own && *own)
        encnet__text_add(&path, "%s", own);
    else if (xdg && *xdg)
        encnet__text_add(&path, "%s/pocl/kcache", xdg);
    else if (home && *home)
        encnet__text_add(&path, "%s/.cache/pocl/kcache", home);
    if (path.data && !path.failed) dir = opendir(path.data);
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (is_hash(d->d_name, 2, 2)) tidy(dirfd(dir), d->d_name, seals);
    if (dir) closedir(dir);
    encnet__text_free(&path);
}

void encnet__pocl_tidy(void)
{
    each_program(false);
}

void encnet__pocl_seal(void)
{
    each_program(true);
}
