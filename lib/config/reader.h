/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * reader.h - the inside of a configuration: INI text (ini.c), rules for several keys (check.c), files
 * and origins (config.c), configurations by name (installed.c).
 */
#ifndef ENCNET__CONFIG_READER_H
#define ENCNET__CONFIG_READER_H

#include "config/ini.h"
#include "models/option_rows.h"
#include <encnet/config.h>

/* -- check.c: values that are right each for itself but not together ------------------------- */

void encnet__config_check(const encnet_options *options,
                          void (*problem)(void *user, const char *section, const char *key,
                                          const char *sentence),
                          void *user);

/* -- config.c -------------------------------------------------------------------------------- */

/* encnet_config_load() for a text in memory; `name` stands for its path. */
encnet_status encnet__config_parse(encnet_config **out, const char *name, const char *text,
                                   size_t size, void (*problem)(void *user, const char *line),
                                   void *user) ENCNET_MUST_CHECK;
/* Where the value of encnet__option_at(index) came from; NULL = default. */
const char *encnet__config_origin(const encnet_config *config, int index);
/* Room for what encnet_config_print() hands out. */
encnet__text *encnet__config_text(encnet_config *config);

/* -- installed.c ----------------------------------------------------------------------------- */

/* The path of the file `path`, with or without ".ini", or else of the installed configuration `name`;
 * owned by the caller.  NULL: there is none. */
char *encnet__config_find(const char *path, const char *name);
/* Appends to a sentence where encnet__config_find() has looked besides, and the nearest name there. */
void encnet__config_searched(encnet__text *out, const char *name);

#endif
