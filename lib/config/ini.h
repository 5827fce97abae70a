/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* ini.h - INI text to entries, parsed by libinih. */
#ifndef ENCNET__CONFIG_INI_H
#define ENCNET__CONFIG_INI_H

#include "base/base.h"

typedef struct encnet__ini_hooks {
    bool (*section)(void *user, int line, const char *name); /* false: skip what follows */
    void (*entry)(void *user, int line, const char *section, const char *key, const char *value);
    void (*more)(void *user, const char *value); /* the entry before goes on */
    void (*problem)(void *user, int line, const char *sentence);
    void *user;
} encnet__ini_hooks;

enum { ENCNET__LINE_MAX = 190 }; /* bytes of a piece: libinih cuts a line at 199 without a word */

void encnet__ini_read(const char *text, size_t size, const encnet__ini_hooks *hooks);

#endif
