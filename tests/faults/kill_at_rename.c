/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* kill_at_rename.c - kills the process just before a complete file gets its name, the KILL_AT-th from 1 (LD_PRELOAD), for
 * cli/killed_outputs.sh; KILL_AT=0: writes to the file KILL_COUNT how many there are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count;

int rename(const char *from, const char *to)
{
    const char *at = getenv("KILL_AT");
    size_t size = strlen(from);

    if (at && size > 4 && strcmp(from + size - 4, ".tmp") == 0 && strstr(to, "/to/") &&
        ++count == atoi(at))
        kill(getpid(), SIGKILL);
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("KILL_COUNT");
    int fd = path && count ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;

    if (fd < 0) return;
    dprintf(fd, "%d\n", count);
    close(fd);
}
