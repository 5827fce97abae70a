/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_config.h - the configuration of a program: a file, --set, and options that stand for keys.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <encnet/config.h>
#include "app_options.h"

/* Adds "key=value" to the overrides unless `value` is NULL.  The text is never freed.  Returns
 * false, after an error line, if there is not enough memory. */
bool app_override(app_list *overrides, const char *key, const char *value);

/* Loads a configuration and prints an error line per problem.  If it returns NULL, the program is
 * to end with *exit_code. */
encnet_config *app_config_load(const char *path, const app_list *overrides, int *exit_code);

/* The same with the configuration that a checkpoint brings along. */
encnet_config *app_config_load_checkpoint(const char *path, const app_list *overrides,
                                          int *exit_code);

/* Prints the configuration for --print-config; returns the exit code. */
int app_config_print(encnet_config *config);

/* Takes the file name without folder and ending: "configs/a.ini" -> "a". */
void app_stem(char *out, size_t size, const char *path);

#endif
