/*
 * schema.h - the keys as a table, and the three files that stand on it: ini.c, check.c, config.c.
 */
#ifndef ENCNET__CONFIG_SCHEMA_H
#define ENCNET__CONFIG_SCHEMA_H

#include "base/base.h"
#include <encnet/config.h>

typedef enum encnet__kind {
    ENCNET__KIND_INT,
    ENCNET__KIND_INT64,
    ENCNET__KIND_UINT64,
    ENCNET__KIND_REAL,
    ENCNET__KIND_BOOL,
    ENCNET__KIND_TEXT
} encnet__kind;

typedef struct encnet__key {
    const char *section, *key, *type, *default_value, *help;
    encnet__kind kind;
    int count;                      /* values side by side, "1,2" */
    size_t offset;                  /* of the first one in encnet_options */
    double least, most;             /* of numbers */
    const char *choices;            /* words to choose from, or NULL */
    bool (*form)(const char *text); /* what a text must look like, or NULL */
} encnet__key;

enum { ENCNET__TEXT_MAX = 4095 }; /* bytes of a text value: as long as a path may be */

extern const encnet__key encnet__keys[];
extern const int encnet__n_keys;

/* NULL: there is none. */
const encnet__key *encnet__key_find(const char *section, const char *key);
/* The one that was probably meant; never NULL. */
const encnet__key *encnet__key_nearest(const char *section, const char *key);
bool encnet__section_known(const char *section);
const char *encnet__section_nearest(const char *section);

/* Parses `text` into the options.  A text value is borrowed, not copied.  ENCNET_E_CONFIG says what
 * the value must be; the options are then unchanged. */
encnet_status encnet__key_set(encnet_options *options, const encnet__key *key,
                              const char *text) ENCNET_MUST_CHECK;
/* Adds the value, such as `text` of encnet__key_set.  ENCNET_E_ARG: a text that INI cannot hold. */
encnet_status encnet__key_print(encnet__text *out, const encnet_options *options,
                                const encnet__key *key) ENCNET_MUST_CHECK;

/* How many numbers of least..most a text "1,2,3" holds; -1 when it is something else. */
int encnet__numbers(const char *text, double least, double most);

/* Numbers mean the same wherever a program runs: between these two calls a comma is no decimal
 * point. */
typedef struct encnet__locale encnet__locale;
struct encnet__locale {
    void *c, *before;
};
encnet__locale encnet__locale_enter(void);
void encnet__locale_leave(encnet__locale l);

bool encnet__utf8_valid(const char *text, size_t size);

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

void encnet__options_check(const encnet_options *options,
                           void (*problem)(void *user, const char *section, const char *key,
                                           const char *sentence),
                           void *user);

/* -- config.c -------------------------------------------------------------------------------- */

/* encnet_config_load() for a text in memory; `name` stands for its path. */
encnet_status encnet__config_parse(encnet_config **out, const char *name, const char *text,
                                   size_t size, void (*problem)(void *user, const char *line),
                                   void *user) ENCNET_MUST_CHECK;
/* Where the value of row `index` came from; NULL = default. */
const char *encnet__config_origin(const encnet_config *config, int index);
/* Room for what encnet_config_print() hands out. */
encnet__text *encnet__config_text(encnet_config *config);

#endif
