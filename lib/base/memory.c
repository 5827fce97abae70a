/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* memory.c - how much more memory this process may take. */
#define _DEFAULT_SOURCE
#include "base/base.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The first number of a file of a line; false if it has none ("max"). */
static bool read_number(uint64_t *out, const char *path)
{
    unsigned long long v;
    FILE *f = fopen(path, "r");
    bool found = f && fscanf(f, "%llu", &v) == 1;

    if (f) fclose(f);
    if (found) *out = v;
    return found;
}

/* The limit of the control group that this process is in, as a container or a batch system sets it. */
static bool group_limit(uint64_t *out)
{
    char line[512], path[1024];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "r");

    while (f && !found && fgets(line, sizeof line, f)) {
        if (strncmp(line, "0::", 3) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", line + 3);
        found = read_number(out, path);
    }
    if (f) fclose(f);
    return found || read_number(out, "/sys/fs/cgroup/memory.max") ||
           read_number(out, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
}

uint64_t encnet__memory_left(void)
{
    long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES);
    unsigned long long mapped = 0, resident = 0;
    uint64_t left = page > 0 && pages > 0 ? (uint64_t)page * (uint64_t)pages : UINT64_MAX, limit;
    FILE *f = fopen("/proc/self/statm", "r");
    struct rlimit space;

    if (f) {
        if (fscanf(f, "%llu %llu", &mapped, &resident) != 2) mapped = resident = 0;
        fclose(f);
    }
    mapped *= (unsigned long long)(page > 0 ? page : 4096);
    resident *= (unsigned long long)(page > 0 ? page : 4096);
    if (group_limit(&limit) && limit < left) left = limit;
    left = left > resident ? left - resident : 0;
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
        limit = space.rlim_cur > mapped ? space.rlim_cur - mapped : 0;
        if (limit < left) left = limit;
    }
    return left;
}
