/*
 * app_config.h - the configuration of encnet-cl-train and encnet-cl-eval: a file, --set, and
 * options that stand for keys.
 */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include <encnet/config.h>
#include "app_options.h"

/* Adds "key=value" to the overrides when there is a value.  The text lives as long as the program.
 */
bool app_override(app_list *overrides, const char *key, const char *value);

/* Loads; every problem becomes an error line.  NULL: the program returns *exit_code. */
encnet_config *app_config_load(const char *path, const app_list *overrides, int *exit_code);

/* --print-config.  Returns the exit code. */
int app_config_print(encnet_config *config);

/* File name without folder and ending: "configs/a.ini" -> "a". */
void app_stem(char *out, size_t size, const char *path);

#endif
