/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* published.h - the files in configs/, and the published tables that they reproduce. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "config_test.h"

static const char *const configs = TEST_DIR "/../configs";

static inline encnet_config *load_named(const char *name)
{
    char path[1024];
    encnet_config *c;

    snprintf(path, sizeof path, "%s/%s.ini", configs, name);
    if (load(&c, path, NULL, 0) != ENCNET_OK) fail_msg("%s", problems.data);
    return c;
}

/* tests/golden/config/published.csv: a line is a row of the published tables, and the file that is its
 * recipe. */
enum {
    SOURCE,
    METHOD,
    BACKBONE,
    CROP,
    BATCH,
    ITERATIONS,
    MIOU,
    MIOU_FLIP,
    DATASET,
    NAME,
    VARIANT,
    FILE_NAME,
    COLUMNS
};

static inline void split(char *line, char **column)
{
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = line;
        line += strcspn(line, ",");
        assert_true((i == COLUMNS - 1) == (*line == 0));
        *line++ = 0;
    }
}

static inline FILE *open_published(void)
{
    FILE *f = fopen(TEST_DIR "/golden/config/published.csv", "r");

    assert_non_null(f);
    return f;
}

#endif
