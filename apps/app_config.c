/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_config.c - loads a configuration for a program and reports its problems. */
#include "app_config.h"

#include <stdlib.h>
#include <string.h>
#include "app_common.h"

bool app_override(app_list *overrides, const char *key, const char *value)
{
    const char **items;
    char *text;
    size_t size;

    if (!value) return true;
    items = realloc(overrides->items, ((size_t)overrides->count + 1) * sizeof *items);
    if (items) overrides->items = items;
    size = strlen(key) + strlen(value) + 2;
    text = items ? malloc(size) : NULL;
    if (!text) {
        app_error("out of memory");
        return false;
    }
    snprintf(text, size, "%s=%s", key, value);
    items[overrides->count++] = text;
    return true;
}

static void on_problem(void *user, const char *line)
{
    ++*(int *)user;
    app_error("%s", line);
}

encnet_config *app_config_load(const char *path, const app_list *overrides, int *exit_code)
{
    encnet_config *config = NULL;
    int problems = 0;
    encnet_status rc = encnet_config_load(&config, path, overrides->items, overrides->count,
                                          on_problem, &problems);

    *exit_code = encnet_status_exit_code(rc);
    if (rc != ENCNET_OK && !problems) app_fail(rc);
    if (config) app_remark(encnet_config_remarks(config));
    return config;
}

encnet_config *app_config_load_checkpoint(const char *path, const app_list *overrides,
                                          int *exit_code)
{
    encnet_config *config = NULL;
    int problems = 0;
    encnet_status rc = encnet_config_load_checkpoint(&config, path, overrides->items,
                                                     overrides->count, on_problem, &problems);

    *exit_code = encnet_status_exit_code(rc);
    if (rc != ENCNET_OK && !problems) app_fail(rc);
    if (config) app_remark(encnet_config_remarks(config));
    return config;
}

int app_config_print(encnet_config *config)
{
    const char *text = encnet_config_print(config, true);

    if (!text) return app_fail(ENCNET_E_NOMEM);
    fputs(text, stdout);
    return 0;
}

void app_stem(char *out, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dot;

    snprintf(out, size, "%s", slash ? slash + 1 : path);
    dot = strrchr(out, '.');
    if (dot && dot != out) *dot = '\0';
}
