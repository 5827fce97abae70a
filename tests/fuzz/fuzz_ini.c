/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* Any bytes as a configuration: a status comes back, and what is accepted prints and loads again.
 */
#include <stdlib.h>
#include <string.h>

#include "config/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet_config *c = NULL, *again = NULL;
    const char *text;
    char *a, *b;

    if (encnet__config_parse(&c, "no-such-directory/a.ini", (const char *)data, size, NULL, NULL))
        return 0;
    text = encnet_config_print(c, true);
    if (!text || encnet__config_parse(&again, "b.ini", text, strlen(text), NULL, NULL)) abort();
    a = encnet_options_print(encnet_config_options(c));
    b = encnet_options_print(encnet_config_options(again));
    if (!a || !b || strcmp(a, b) != 0) abort();
    free(a);
    free(b);
    encnet_config_free(c);
    encnet_config_free(again);
    return 0;
}
