/* scores.c - scores as a file of JSON. */
#include "eval/eval.h"

#include <math.h>

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

encnet_status encnet_scores_write(const char *path, const encnet_scores *scores)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};
    const char *name;
    double percent;

    NEED(path);
    NEED(scores);
    if (scores->classes < 0 || scores->classes > ENCNET_MAX_CLASSES)
        FAIL(ENCNET_E_ARG, "scores of %d classes", scores->classes);
    if (scores->classes > 0 && !scores->class_score)
        FAIL(ENCNET_E_ARG, "scores of %d classes that hold none", scores->classes);
    encnet__text_add(&t, "{");
    for (int i = 0; encnet_scores_mean(scores, i, &name, &percent); i++) {
        add_number(&t, name, percent);
        encnet__text_add(&t, ", ");
    }
    encnet__text_add(&t, "\"images\": %d, \"classes\": [", scores->images);
    for (int m = 0; m < scores->classes; m++) {
        if (m) encnet__text_add(&t, ",");
        add_class(&t, scores, m);
    }
    encnet__text_add(&t, "\n]");
    if (scores->labels_images && scores->confusion) add_confusion(&t, scores);
    encnet__text_add(&t, "}\n");
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the scores", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}
