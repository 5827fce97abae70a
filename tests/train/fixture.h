/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fixture.h - what the tests of work directories share: a folder of their own for each test, and
 * what callbacks were told. */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include "support/scratch.h"

static char heard[8192];

static inline void hear(void *user, const char *line)
{
    (void)user;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static inline int set_up(void **state)
{
    heard[0] = '\0';
    return make_dir(state);
}
#endif
