/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* mapping.c - names for messages, rules, values with their kinds, and the list of settings. */
#include "mmseg/mapping.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "options/options.h"

typedef encnet__mmseg_place place;

/* -- places ------------------------------------------------------------------------------------ */

place encnet__mmseg_root(encnet__mmseg *m)
{
    return (place){.m = m, .value = m->root};
}

place encnet__mmseg_at(const place *p, const char *key)
{
    place to = {.m = p->m, .value = encnet__py_get(p->value, key)};

    snprintf(to.name, sizeof to.name, "%.110s%s%.45s", p->name, *p->name ? "." : "", key);
    return to;
}

place encnet__mmseg_item(const place *p, int i)
{
    place to = {.m = p->m, .value = encnet__py_item(p->value, i)};

    snprintf(to.name, sizeof to.name, "%.140s[%d]", p->name, i);
    return to;
}

encnet_status encnet__mmseg_refuse(const place *p, const char *sentence, ...)
{
    const encnet__py *v = p->value ? p->value : p->m->root;
    encnet__text repr = {0};
    char why[300];
    va_list ap;

    va_start(ap, sentence);
    encnet__vprint(why, sizeof why, sentence, ap);
    va_end(ap);
    if (p->value) encnet__py_print(&repr, p->value, false);
    (void)encnet__fail(ENCNET_E_CONFIG, "%s:%d: %s%s%.240s: %s", v->file, v->line, p->name,
                       p->value ? " = " : " is missing", repr.data ? repr.data : "", why);
    encnet__text_free(&repr);
    return ENCNET_E_CONFIG;
}

/* -- rules ------------------------------------------------------------------------------------- */

bool encnet__mmseg_is(const encnet__py *v, const char *values)
{
    encnet__text repr = {0};
    bool same = false;

    if (!v || v->kind == ENCNET__PY_UNKNOWN) return false;
    encnet__py_print(&repr, v, true);
    while (repr.data && !same) {
        size_t size = strcspn(values, "|");
        same = size == repr.size && memcmp(repr.data, values, size) == 0;
        if (!values[size]) break;
        values += size + 1;
    }
    encnet__text_free(&repr);
    return same;
}

static encnet_status check_key(const place *p, const char *key, const encnet__mmseg_rule *rules,
                               size_t n)
{
    place at = encnet__mmseg_at(p, key);

    if (strcmp(key, "_delete_") == 0) return ENCNET_OK;
    for (size_t i = 0; i < n; i++) {
        const char *only = rules[i].only;
        if (strcmp(rules[i].key, key) != 0) continue;
        if (!only || !*only || encnet__mmseg_is(at.value, only)) return ENCNET_OK;
        return encnet__mmseg_refuse(&at, "encnet-cl has only %s here", only);
    }
    return encnet__mmseg_refuse(&at, "encnet-cl has no such setting");
}

encnet_status encnet__mmseg_check(const place *p, const encnet__mmseg_rule *rules, size_t n)
{
    encnet_status rc = ENCNET_OK;

    if (!p->value) return ENCNET_OK;
    if (p->value->kind != ENCNET__PY_DICT) return encnet__mmseg_refuse(p, "must be a dictionary");
    for (int i = 0; i < p->value->n; i++) TRY(check_key(p, p->value->keys[i], rules, n));
done:
    return rc;
}

/* -- values ------------------------------------------------------------------------------------ */

static bool is_absent(const encnet__py *v)
{
    return !v || v->kind == ENCNET__PY_NONE;
}

encnet_status encnet__mmseg_int(int *out, const place *p, const char *key, int otherwise)
{
    place at = encnet__mmseg_at(p, key);

    *out = otherwise;
    if (is_absent(at.value)) return ENCNET_OK;
    if (at.value->kind != ENCNET__PY_INT || at.value->integer < INT_MIN ||
        at.value->integer > INT_MAX)
        return encnet__mmseg_refuse(&at, "must be an integer of 32 bits");
    *out = (int)at.value->integer;
    return ENCNET_OK;
}

encnet_status encnet__mmseg_real(double *out, const place *p, const char *key, double otherwise)
{
    place at = encnet__mmseg_at(p, key);

    *out = otherwise;
    if (is_absent(at.value) || encnet__py_number(out, at.value)) return ENCNET_OK;
    return encnet__mmseg_refuse(&at, "must be a number");
}

encnet_status encnet__mmseg_bool(bool *out, const place *p, const char *key, bool otherwise)
{
    place at = encnet__mmseg_at(p, key);

    *out = otherwise;
    if (is_absent(at.value)) return ENCNET_OK;
    if (at.value->kind != ENCNET__PY_BOOL)
        return encnet__mmseg_refuse(&at, "must be True or False");
    *out = at.value->integer;
    return ENCNET_OK;
}

encnet_status encnet__mmseg_text(const char **out, const place *p, const char *key,
                                 const char *otherwise)
{
    place at = encnet__mmseg_at(p, key);

    *out = otherwise;
    if (is_absent(at.value)) return ENCNET_OK;
    if (at.value->kind != ENCNET__PY_TEXT) return encnet__mmseg_refuse(&at, "must be a text");
    *out = at.value->text;
    return ENCNET_OK;
}

encnet_status encnet__mmseg_reals(double *out, bool *found, const place *p, const char *key, int n)
{
    place at = encnet__mmseg_at(p, key);

    *found = !is_absent(at.value);
    if (!*found) return ENCNET_OK;
    for (int i = 0; i < n; i++)
        if (!encnet__py_is_list(at.value) || at.value->n != n ||
            !encnet__py_number(&out[i], at.value->items[i]))
            return encnet__mmseg_refuse(&at, "must be %d numbers", n);
    return ENCNET_OK;
}

encnet_status encnet__mmseg_join(encnet__text *out, const place *p)
{
    double number;

    if (!encnet__py_is_list(p->value)) return encnet__mmseg_refuse(p, "must be a list of numbers");
    for (int i = 0; i < p->value->n; i++) {
        if (!encnet__py_number(&number, p->value->items[i]))
            return encnet__mmseg_refuse(p, "must be a list of numbers");
        if (i) encnet__text_add(out, ",");
        encnet__number_print(out, number);
    }
    return out->failed ? encnet__fail(ENCNET_E_NOMEM, "%s: no memory for it", p->name) : ENCNET_OK;
}

/* -- settings ---------------------------------------------------------------------------------- */

static encnet_status no_memory(void)
{
    return encnet__fail(ENCNET_E_NOMEM, "no memory for the settings of mmsegmentation");
}

encnet_status encnet__mmseg_set(encnet__mmseg *m, const encnet__py *from, const char *key,
                                const char *value, ...)
{
    char formatted[8192];
    char *kept;
    int i = 0, size;
    va_list ap;

    va_start(ap, value);
    size = encnet__vprint(formatted, sizeof formatted, value, ap);
    va_end(ap);
    if (size < 0 || size >= (int)sizeof formatted)
        return encnet__fail(ENCNET_E_CONFIG, "%s: a value of %d bytes", key, size);
    kept = encnet__py_text(m->memory, formatted, strlen(formatted));
    while (i < m->n_settings && strcmp(m->settings[i].key, key) != 0) i++;
    if (!kept || i == COUNT_OF(m->settings)) return no_memory();
    if (!from) from = m->root;
    m->settings[i] = (encnet__mmseg_setting){key, kept, from->file, from->line};
    if (i == m->n_settings) m->n_settings++;
    return ENCNET_OK;
}

encnet_status encnet__mmseg_set_int(encnet__mmseg *m, const encnet__py *from, const char *key,
                                    int value)
{
    return encnet__mmseg_set(m, from, key, "%d", value);
}

encnet_status encnet__mmseg_set_real(encnet__mmseg *m, const encnet__py *from, const char *key,
                                     double value)
{
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};

    encnet__number_print(&text, value);
    if (text.failed) TRY(no_memory());
    TRY(encnet__mmseg_set(m, from, key, "%s", text.data));
done:
    encnet__text_free(&text);
    return rc;
}

encnet_status encnet__mmseg_set_bool(encnet__mmseg *m, const encnet__py *from, const char *key,
                                     bool value)
{
    return encnet__mmseg_set(m, from, key, "%s", value ? "yes" : "no");
}

encnet_status encnet__mmseg_remark(encnet__mmseg *m, const char *sentence, ...)
{
    char formatted[1024];
    char *kept;
    va_list ap;

    va_start(ap, sentence);
    encnet__vprint(formatted, sizeof formatted, sentence, ap);
    va_end(ap);
    kept = encnet__py_text(m->memory, formatted, strlen(formatted));
    if (!kept || m->n_remarks == COUNT_OF(m->remarks)) return no_memory();
    m->remarks[m->n_remarks++] = kept;
    return ENCNET_OK;
}
