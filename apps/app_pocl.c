/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_pocl.c - the folder in which PoCL compiles kernels. */
#define _XOPEN_SOURCE 700
#include "app_pocl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "app_common.h"

enum { ROOM = 16 << 20 /* bytes that a network's kernels take while they are compiled */ };

static char folder[PATH_MAX];

/* Whether the OpenCL loader will find PoCL. */
static bool is_installed(void)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    DIR *dir = opendir(vendors && *vendors ? vendors : "/etc/OpenCL/vendors");
    bool found = false;

    if (!dir) return vendors && strstr(vendors, "pocl");
    for (struct dirent *d; (d = readdir(dir)) && !found;) found = strstr(d->d_name, "pocl") != NULL;
    closedir(dir);
    return found;
}

static void name_folder(void)
{
    const char *own = getenv("POCL_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (own && *own)
        snprintf(folder, sizeof folder, "%s", own);
    else if (xdg && *xdg)
        snprintf(folder, sizeof folder, "%s/pocl/kcache", xdg);
    else
        snprintf(folder, sizeof folder, "%s/.cache/pocl/kcache", home && *home ? home : "/tmp");
}

/* Makes a folder and those above it; false and errno if that does not work. */
static bool make(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; i == 1 || path[i - 1]; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST) return false;
    }
    return true;
}

/* Whether kernels can be compiled in a folder; errno says why not. */
static bool is_usable(const char *path)
{
    char probe[PATH_MAX + 32];
    struct statvfs disk;
    int fd;

    if (!make(path)) return false;
    snprintf(probe, sizeof probe, "%s/.encnet-%ld", path, (long)getpid());
    fd = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    close(fd);
    unlink(probe);
    if (statvfs(path, &disk) != 0) return false;
    errno = ENOSPC;
    return (double)disk.f_bavail * (double)disk.f_frsize >= ROOM;
}

/* A folder below that for temporary files, which nobody else can write. */
static bool use_another(void)
{
    const char *temporary = getenv("TMPDIR");
    char other[PATH_MAX];
    struct stat st;

    snprintf(other, sizeof other, "%s/encnet-cl-pocl-%ld",
             temporary && *temporary ? temporary : "/tmp", (long)geteuid());
    if (!is_usable(other) || lstat(other, &st) != 0 || !S_ISDIR(st.st_mode) ||
        st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    strcpy(folder, other);
    return setenv("POCL_CACHE_DIR", folder, 1) == 0;
}

void app_pocl_check(void)
{
    const char *off = getenv("POCL_KERNEL_CACHE");
    char before[PATH_MAX];
    int why;

    if (!is_installed() || (off && strcmp(off, "0") == 0)) return;
    name_folder();
    if (is_usable(folder)) return;
    why = errno;
    strcpy(before, folder);
    if (use_another())
        app_error("%s: %s: PoCL compiles its kernels anew, in %s", before, strerror(why), folder);
    else
        app_error(
            "%s: %s: PoCL may be unable to compile kernels; make room, or name another folder in "
            "POCL_CACHE_DIR",
            before, strerror(why));
}

const char *app_pocl_folder(void)
{
    return folder;
}
