/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_mmseg.c - any bytes as a configuration of mmsegmentation: refused, or settings of ours. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet__mmseg *m = NULL;
    encnet_config *config = NULL;

    if (encnet__mmseg_parse(&m, "fuzz.py", (const char *)data, size) != ENCNET_OK) return 0;
    if (encnet__mmseg_map(m, ENCNET__MMSEG_ALL) == ENCNET_OK &&
        encnet__config_load_mmseg(&config, m, NULL, 0, NULL, NULL) == ENCNET_OK)
        encnet_config_free(config);
    for (int i = 0; encnet__mmseg_setting_at(m, i); i++)
        if (!strchr(encnet__mmseg_setting_at(m, i)->key, '.')) abort();
    encnet__mmseg_free(m);
    return 0;
}
