/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* scores.c - scores as a file of JSON. */
#define _POSIX_C_SOURCE 200809L
#include "eval/eval.h"

#include <math.h>
#include <string.h>

/* JSON has no NaN and no infinity. */
static void add_number(encnet__text *t, const char *key, double value)
{
    encnet__text_add(t, "\"%s\": ", key);
    encnet__text_add(t, isfinite(value) ? "%.12g" : "null", value);
}

static void add_class(encnet__text *t, const encnet_scores *s, int m)
{
    const char *name;
    double percent;

    encnet__text_add(t, "\n  {\"name\": ");
    encnet__text_json(t, s->class_score[m].name);
    for (int i = 0; encnet_scores_of_class(s, m, i, &name, &percent); i++) {
        encnet__text_add(t, ", ");
        add_number(t, name, percent);
    }
    encnet__text_add(t, ", \"%s\": %llu}", s->labels_images ? "images" : "pixels",
                     (unsigned long long)s->class_score[m].pixels);
}

/* Row by row: a label, and what was predicted for it. */
static void add_confusion(encnet__text *t, const encnet_scores *s)
{
    size_t M = (size_t)s->classes;

    encnet__text_add(t, ", \"confusion\": [");
    for (size_t i = 0; i < M * M; i++)
        encnet__text_add(t, "%s%llu%s",
                         i % M ? ", "
                         : i   ? ",\n  ["
                               : "\n  [",
                         (unsigned long long)s->confusion[i], i % M == M - 1 ? "]" : "");
    encnet__text_add(t, "\n]");
}

/* The whole object, with a line break behind it. */
static encnet_status print(encnet__text *t, const encnet_scores *scores)
{
    const char *name;
    double percent;

    if (scores->classes < 0 || scores->classes > ENCNET_MAX_CLASSES)
        return encnet__fail(ENCNET_E_ARG, "scores of %d classes", scores->classes);
    if (scores->classes > 0 && !scores->class_score)
        return encnet__fail(ENCNET_E_ARG, "scores of %d classes that hold none", scores->classes);
    encnet__text_add(t, "{");
    for (int i = 0; encnet_scores_mean(scores, i, &name, &percent); i++) {
        add_number(t, name, percent);
        encnet__text_add(t, ", ");
    }
    encnet__text_add(t, "\"images\": %d, \"classes\": [", scores->images);
    for (int m = 0; m < scores->classes; m++) {
        if (m) encnet__text_add(t, ",");
        add_class(t, scores, m);
    }
    encnet__text_add(t, "\n]");
    if (scores->labels_images && scores->confusion) add_confusion(t, scores);
    encnet__text_add(t, "}\n");
    return t->failed ? encnet__fail(ENCNET_E_NOMEM, "no memory for the scores") : ENCNET_OK;
}

char *encnet_scores_print(const encnet_scores *scores)
{
    encnet__text t = {0};
    char *text = NULL;

    if (!scores)
        (void)encnet__fail(ENCNET_E_ARG, "encnet_scores_print: scores is NULL");
    else if (print(&t, scores) == ENCNET_OK)
        text = strdup(t.data); /* for free() */
    encnet__text_free(&t);
    return text;
}

encnet_status encnet_scores_write(const char *path, const encnet_scores *scores)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};

    NEED(path);
    NEED(scores);
    TRY(print(&t, scores));
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}
