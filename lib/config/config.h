/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* config.h - configurations, for the rooms that find them beside checkpoints. */
#ifndef ENCNET__CONFIG_H
#define ENCNET__CONFIG_H

#include "base/base.h"
#include "mmseg/mmseg.h"
#include <encnet/config.h>

#define ENCNET__CONFIG_FILE "config.ini" /* in a checkpoint directory */

/*
 * Loads the configuration that an earlier run, perhaps of another version, saved with its
 * checkpoint.  An option that the file does not mention has its default.
 *
 *   unknown  called with a sentence for every key or section that this version does not have, which
 *            is then ignored; may be NULL
 *
 * Errors are those of encnet_config_load().
 */
encnet_status encnet__config_load_saved(encnet_config **out, const char *path,
                                        void (*unknown)(void *user, const char *line),
                                        void *user) ENCNET_MUST_CHECK;
/* The same with overrides, whose problems `problem` is called for; nothing is told of unknown keys
 * of the file. */
encnet_status encnet__config_override_saved(encnet_config **out, const char *path,
                                            const char *const *overrides, int n_overrides,
                                            void (*problem)(void *user, const char *line),
                                            void *user) ENCNET_MUST_CHECK;

/* Makes a configuration of what one of mmsegmentation says (encnet__mmseg_map), and of overrides as
 * encnet_config_load() takes them.  Errors are those of encnet_config_load(). */
encnet_status encnet__config_load_mmseg(encnet_config **out, const encnet__mmseg *m,
                                        const char *const *overrides, int n_overrides,
                                        void (*problem)(void *user, const char *line),
                                        void *user) ENCNET_MUST_CHECK;

/* Appends the options that are set, and not those that have their default because nothing said
 * otherwise, as INI text. */
encnet_status encnet__config_print_set(encnet__text *out,
                                       const encnet_config *config) ENCNET_MUST_CHECK;

#endif
