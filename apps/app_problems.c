/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_problems.c - problems of files: the first of a kind are printed, the others counted. */
#include "app_problems.h"

#include <stdio.h>
#include <string.h>

#include "app_common.h"

/* The length of the file's name that a line begins with, or of the whole line. */
static size_t file_size(const char *line)
{
    const char *behind = strstr(line, ": ");

    return behind ? (size_t)(behind - line) : strlen(line);
}

/* Writes the sentence of a line with a star for each word that has digits or is a path. */
static void words_of(char *out, size_t size, const char *line)
{
    const char *at = line + file_size(line);
    size_t used = 0;

    for (*out = '\0'; *at && used < size; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        bool varies = strcspn(at, "0123456789/") < n;
        used += (size_t)snprintf(out + used, size - used, "%.*s ", varies ? 1 : (int)n,
                                 varies ? "*" : at);
        at += n;
    }
}

/* The kind of a line, which may be a new one, or NULL if there are too many. */
static struct app_problem_kind *kind_of(app_problems *p, const char *line)
{
    char words[sizeof p->kinds[0].words];
    int i;

    words_of(words, sizeof words, line);
    for (i = 0; i < p->count; i++)
        if (strcmp(p->kinds[i].words, words) == 0) return &p->kinds[i];
    if (i == APP_PROBLEM_KINDS) return NULL;
    snprintf(p->kinds[i].words, sizeof p->kinds[i].words, "%s", words);
    snprintf(p->kinds[i].first, sizeof p->kinds[i].first, "%.*s", (int)file_size(line), line);
    p->count++;
    return &p->kinds[i];
}

void app_problem(void *user, const char *line)
{
    app_problems *p = user;
    struct app_problem_kind *kind = p->all ? NULL : kind_of(p, line);

    if (!kind || kind->count++ < APP_PROBLEMS_SHOWN) app_error("%s", line);
}

void app_problems_end(const app_problems *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->kinds[i].count > APP_PROBLEMS_SHOWN)
            app_error("%d more problems like that of %s, %d in all; --verbose lists them",
                      p->kinds[i].count - APP_PROBLEMS_SHOWN, p->kinds[i].first, p->kinds[i].count);
}
