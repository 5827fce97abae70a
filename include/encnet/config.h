/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/config.h - read an INI file into encnet_options.
 *
 * A file has the sections [model] [data] [augment] [train] [optimizer] [eval] [device] [output]; a
 * key in them has the name of its field in encnet/options.h.  Lines "include = other.ini" above the
 * first section inherit from other files: their paths are relative to the including file, they nest
 * up to 8 deep, a later include wins over an earlier one, and the file itself wins over both.
 *
 * A file that is not where its name says is looked for among the installed configurations: below the
 * folders in ENCNET_CONFIGS (a colon between them), then in share/encnet-cl/configs of the place where
 * the library is installed.  ".ini" may be left out, so "encnet_r18-d8_demo" is enough;
 * "configs/" in front of it, as in the sources, may stay.
 *
 * Overrides "section.key=value" win over all files.  Every problem is reported, with its file and
 * line; for an unknown key the message suggests the nearest one.
 *
 * A configuration is used by one thread at a time.
 */
#ifndef ENCNET_CONFIG_H
#define ENCNET_CONFIG_H

#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_config encnet_config;

/*
 * Reads a file and applies overrides.
 *
 *   out          owned by the caller; free it with encnet_config_free().  Untouched on failure
 *   path         the INI file, or the name of an installed one; NULL = the defaults only.  An empty output.work_dir becomes
 *                work_dirs/NAME, where NAME is the name of this file without its ending
 *   overrides    [n_overrides] strings "section.key=value"; a later one wins
 *   problem      called for each problem with "FILE:LINE: sentence" or "--set: sentence"; may be
 *                NULL.  The line is borrowed for the call
 *   user         passed to `problem`
 *
 * ENCNET_E_CONFIG  the configuration is wrong; the last error is the first problem
 * ENCNET_E_IO      the file, or one that it includes, cannot be read
 * ENCNET_E_NOMEM   not enough memory
 */
ENCNET_API encnet_status encnet_config_load(encnet_config **out, const char *path,
                                            const char *const *overrides, int n_overrides,
                                            void (*problem)(void *user, const char *line),
                                            void *user) ENCNET_MUST_CHECK;

/*
 * Makes the configuration that a checkpoint brings along, so that images can be predicted without
 * another: the saved one of a checkpoint directory; what a file that encnet_model_save() or
 * encnet_convert() wrote says of its network; or network and evaluation of the configuration of
 * mmsegmentation in a .pth.
 *
 *   path    a checkpoint directory, or a file; the other arguments are those of
 *           encnet_config_load().  data.type is "folder" unless a saved configuration says otherwise;
 *           without a data.classes_file that is no longer there, as the file has names and colours
 *
 * ENCNET_E_CHECKPOINT  the checkpoint is missing, is damaged or does not describe its network
 * ENCNET_E_CONFIG      an override is wrong, or mmsegmentation's configuration says something of the
 *                      evaluation that this library does not have
 * ENCNET_E_IO          a saved configuration cannot be read
 * ENCNET_E_NOMEM       not enough memory
 */
ENCNET_API encnet_status encnet_config_load_checkpoint(
    encnet_config **out, const char *path, const char *const *overrides, int n_overrides,
    void (*problem)(void *user, const char *line), void *user) ENCNET_MUST_CHECK;

/* Frees a configuration and its options.  NULL is accepted. */
ENCNET_API void encnet_config_free(encnet_config *config);

/*
 * Whether a program may write the file `path`.
 *
 * ENCNET_E_ARG  it is one of the files that the configuration was read from, by whatever name
 * ENCNET_E_IO   it is a folder, or its folder does not exist or cannot be written to
 */
ENCNET_API encnet_status encnet_config_output_check(const encnet_config *config,
                                                    const char *path) ENCNET_MUST_CHECK;

/* The options, borrowed until the configuration is freed. */
ENCNET_API const encnet_options *encnet_config_options(const encnet_config *config);

/* What is right but without effect: keys that the file itself or an override sets, and that the network
 * does not have.  Each line ends in a newline; "" means no remarks.  Borrowed until the next call or until
 * the configuration is freed. */
ENCNET_API const char *encnet_config_remarks(encnet_config *config);

/*
 * The effective configuration as INI text, which loads to the same options.
 *
 *   origins  append to each line a comment that says where its value came from, such as
 *            "; configs/a.ini:12", "; default" or "; --set"
 *
 * The text is borrowed until the next call or until the configuration is freed.  Returns NULL when
 * there is not enough memory.
 */
ENCNET_API const char *encnet_config_print(encnet_config *config, bool origins);

/*
 * Lists the installed configurations.
 *
 *   row  called for each, in the order of the folders and then of the names, with its name, which
 *        encnet_config_load() takes, its path and the comment in its first line, or ""; the strings are
 *        borrowed for the call
 *
 * ENCNET_E_IO  none are installed
 */
ENCNET_API encnet_status encnet_config_list(void (*row)(void *user, const char *name,
                                                        const char *path, const char *about),
                                            void *user) ENCNET_MUST_CHECK;

/* Plain options as INI text, owned by the caller: release it with encnet_free().  Returns NULL when
 * there is not enough memory, or when a string contains what INI cannot express (a line break, " ;"); the
 * last error names its key. */
ENCNET_API char *encnet_options_print(const encnet_options *options);

/* One key, for --help, the man pages and the reference.  Strings are static. */
typedef struct encnet_config_key {
    const char *section, *key;
    char type[1024]; /* "integer 1..1024", "one of whole slide", "text", ... */
    const char *default_value;
    const char *help; /* one or two sentences */
} encnet_config_key;

/* Fills `out` with the key at `index`, counted from 0; returns false if there are fewer.  The keys
 * of a section need not follow each other. */
ENCNET_API bool encnet_config_key_at(int index, encnet_config_key *out);
/* The section at `index`, counted from 0; returns false if there are fewer.  Strings are static. */
ENCNET_API bool encnet_config_section_at(int index, const char **name, const char **help);

#ifdef __cplusplus
}
#endif
#endif
