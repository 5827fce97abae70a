/*
 * encnet/config.h - an INI file to encnet_options.
 *
 * Sections [model] [data] [augment] [train] [optimizer] [eval] [device] [output].  Lines
 * "include = other.ini" at the top give inheritance: relative to the file, depth <= 8, a later file
 * wins over an earlier one, the file itself over what it includes; `section.key=value` overrides
 * come last.  Every problem is reported, with file:line and the nearest key.  A configuration
 * belongs to one thread at a time.
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
 *   out         owned by the caller, freed with encnet_config_free(); untouched on failure
 *   path        the INI file; NULL = defaults only.  Where output.work_dir is empty it becomes
 *               work_dirs/NAME, after this file
 *   overrides   `n_overrides` strings "section.key=value"; the last wins
 *   problem     called once per error with "FILE:LINE: sentence" or "--set: sentence"; may be
 *               NULL
 *
 * ENCNET_E_CONFIG  something is wrong; the last error is the first problem
 * ENCNET_E_IO      the file, or one it includes, cannot be read
 */
ENCNET_API encnet_status encnet_config_load(encnet_config **out, const char *path,
                                            const char *const *overrides, int n_overrides,
                                            void (*problem)(void *user, const char *line),
                                            void *user) ENCNET_MUST_CHECK;
ENCNET_API void encnet_config_free(encnet_config *config); /* takes NULL */

/* The values, borrowed until the config is freed. */
ENCNET_API const encnet_options *encnet_config_options(const encnet_config *config);

/* The effective configuration as INI text that loads to the same options; with `origins` a comment
 * behind every line says where its value came from ("; configs/a.ini:12", "; default", "; --set").
 * Borrowed until the next call or until the config is freed; NULL when memory is short. */
ENCNET_API const char *encnet_config_print(encnet_config *config, bool origins);

/* INI text of plain options, in memory of the caller (free()); NULL when memory is short, or when a
 * text holds what INI cannot (a line break, " ;"): the last error names the key. */
ENCNET_API char *encnet_options_print(const encnet_options *options);

/* One row of the schema, for --help, man pages and the reference. */
typedef struct encnet_config_key {
    const char *section, *key;
    const char *type; /* "integer 1..1024", "one of whole slide", "text" ... */
    const char *default_value;
    const char *help; /* one sentence */
} encnet_config_key;

/* Row `index`; false behind the last.  Strings are static. */
ENCNET_API bool encnet_config_key_at(int index, encnet_config_key *out);

#ifdef __cplusplus
}
#endif
#endif
