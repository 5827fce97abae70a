/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* Any text as a list of images, or of their names, a class file or a list of ignored ids; the first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "data/list.h"
#include "options/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void list(const char *text, size_t size, bool names)
{
    encnet__entries e = {0};

    if ((names ? encnet__names_parse : encnet__list_parse)(&e, text, size, "fuzz") == ENCNET_OK) {
        for (int i = 0; i < e.count; i++) {
            if (e.at[i].stem < 1 || (size_t)e.at[i].stem + !names > strlen(e.at[i].path)) abort();
            if (i && strcmp(e.at[i - 1].path, e.at[i].path) > 0) abort();
        }
        encnet__entries_index(&e);
        for (int i = 0; i < e.count; i++)
            if (!encnet__entries_find(&e, e.at[i].path, e.at[i].stem)) abort();
    }
    encnet__entries_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet__class classes[ENCNET_MAX_CLASSES];
    double ids[256];
    char *text;
    int n;

    if (size < 2) return 0;
    if (data[0] % 3 == 0) {
        list((const char *)data + 1, size - 1, data[0] / 3 % 2);
    } else if (data[0] % 3 == 1) {
        n = 2 + data[1] % 8;
        if (!encnet__classes_parse(classes, NULL, n, 0, (const char *)data + 2, size - 2, "fuzz"))
            for (int i = 0; i < n; i++)
                if (!*classes[i].name || strlen(classes[i].name) >= sizeof classes[i].name) abort();
    } else {
        text = malloc(size);
        if (!text) return 0;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        (void)!encnet__option_numbers(ids, &n, ENCNET__OPTION_ROW(data.ignore_labels), text);
        free(text);
    }
    return 0;
}
