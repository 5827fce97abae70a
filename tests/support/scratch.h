/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* scratch.h - a folder of a test's own: `dir`, from make_dir() to remove_dir(). */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include "support/support.h"

#include <unistd.h>

static char dir[64];

static inline int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "encnet-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}
#endif
