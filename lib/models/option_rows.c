/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* option_rows.c - the list of all options, and options by their names. */
#include "models/option_rows.h"

#include <stdio.h>
#include <string.h>

#include "models/network.h"

/* The fields, then what each head owns, then what each backbone's type owns; NULL behind the last. */
static const encnet__option_table *table_at(int index)
{
    const encnet__backbone *backbone;
    int heads = 0;

    while (encnet__head_at(heads)) heads++;
    if (index == 0) return &encnet__option_fields;
    if (index <= heads) return &encnet__head_at(index - 1)->options;
    backbone = encnet__backbone_at(index - 1 - heads);
    return backbone ? &backbone->type->options : NULL;
}

/* Backbones of one type have one table, and heads may share one. */
static bool came_before(int index)
{
    for (int i = 0; i < index; i++)
        if (table_at(i)->rows == table_at(index)->rows) return true;
    return false;
}

const encnet__option *encnet__option_at(int index)
{
    const encnet__option_table *table;

    for (int i = 0; index >= 0 && (table = table_at(i)); i++) {
        if (!table->count || came_before(i)) continue;
        if ((size_t)index < table->count) return &table->rows[index];
        index -= (int)table->count;
    }
    return NULL;
}

static bool is_in(const encnet__option_table *table, const encnet__option *row)
{
    for (size_t i = 0; i < table->count; i++)
        if (&table->rows[i] == row) return true;
    return false;
}

bool encnet__option_applies(const encnet_options *options, const encnet__option *row)
{
    const encnet__network *network = encnet__network_find(options->model.network);
    const encnet__backbone *backbone = encnet__backbone_find(options->model.backbone);

    if (row->is_field) return true;
    for (int i = 0; network && i < ENCNET__MAX_HEADS && network->heads[i].type; i++)
        if (is_in(&network->heads[i].type->options, row)) return true;
    return backbone && is_in(&backbone->type->options, row);
}

static bool reads(const encnet__head_type *head, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = head->reads; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, key, length) == 0) return true;
        at += word;
    }
    return false;
}

bool encnet__option_is_read(const encnet_options *options, const encnet__option *row)
{
    const encnet__network *network = encnet__network_find(options->model.network);
    const encnet__head_type *head;
    bool is_of_heads = false;

    if (!row->is_field || strcmp(row->section, "model") != 0)
        return encnet__option_applies(options, row);
    for (int i = 0; (head = encnet__head_at(i)); i++) is_of_heads |= reads(head, row->key);
    for (int i = 0; network && i < ENCNET__MAX_HEADS && network->heads[i].type; i++)
        if (reads(network->heads[i].type, row->key)) return true;
    return !is_of_heads;
}

/* The row of "section.key". */
static encnet_status find(const encnet__option **out, const char *name)
{
    const char *dot = strchr(name, '.');
    const encnet__option *near;
    char section[32];
    int i;

    if (!dot) return encnet__fail(ENCNET_E_CONFIG, "%s: must be section.key", name);
    snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
    i = encnet__option_find(encnet__option_at, section, dot + 1);
    if (i >= 0) {
        *out = encnet__option_at(i);
        return ENCNET_OK;
    }
    near = encnet__option_nearest(encnet__option_at, section, dot + 1);
    if (!near) return encnet__fail(ENCNET_E_CONFIG, "unknown key %s", name);
    return encnet__fail(ENCNET_E_CONFIG, "unknown key %s; the nearest is %s.%s", name,
                        near->section, near->key);
}

encnet_status encnet_options_set(encnet_options *options, const char *key, const char *value)
{
    const encnet__option *row = NULL;
    encnet_status rc;

    NEED(options);
    NEED(key);
    NEED(value);
    rc = find(&row, key);
    return rc == ENCNET_OK ? encnet__option_set(options, row, value) : rc;
}

encnet_status encnet_options_get(char *out, size_t size, const encnet_options *options,
                                 const char *key)
{
    encnet_status rc = ENCNET_OK;
    const encnet__option *row = NULL;
    encnet__text text = {0};

    NEED(out);
    NEED(options);
    NEED(key);
    TRY(find(&row, key));
    encnet__option_print(&text, options, row);
    if (text.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for it as text", key);
    if (text.size >= size)
        FAIL(ENCNET_E_ARG, "%s has %zu bytes as text, and there is room for %zu", key, text.size,
             size);
    memcpy(out, text.data, text.size + 1);
done:
    encnet__text_free(&text);
    return rc;
}
