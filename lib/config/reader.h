/*
 * reader.h - the inside of a configuration: INI text (ini.c), rules for several keys (check.c), files
 * and origins (config.c).
 */
#ifndef ENCNET__CONFIG_READER_H
#define ENCNET__CONFIG_READER_H

#include "models/option_rows.h"
#include <encnet/config.h>

/* -- ini.c: text to entries, by libinih behind a guard --------------------------------------- */

typedef struct encnet__ini_hooks {
    bool (*section)(void *user, int line, const char *name); /* false: skip what follows */
    void (*entry)(void *user, int line, const char *section, const char *key, const char *value);
    void (*more)(void *user, const char *value); /* the entry before goes on */
    void (*problem)(void *user, int line, const char *sentence);
    void *user;
} encnet__ini_hooks;

enum { ENCNET__LINE_MAX = 190 }; /* libinih cuts a line at 199 bytes without a word */

void encnet__ini_read(const char *text, size_t size, const encnet__ini_hooks *hooks);

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

#endif
