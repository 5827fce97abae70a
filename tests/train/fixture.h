/* fixture.h - what the tests of work directories share: a folder of their own for each test, and what callbacks were told. */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static char heard[8192];

static inline void hear(void *user, const char *line)
{
    (void)user;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static inline int set_up(void **state)
{
    (void)state;
    heard[0] = '\0';
    snprintf(dir, sizeof dir, "encnet-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static inline int tear_down(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}
#endif
