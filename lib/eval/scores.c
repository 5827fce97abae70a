/* scores.c - scores as a file of JSON. */
#include "eval/eval.h"

#include <math.h>

/* JSON has no NaN and no infinity. */
static void add_number(encnet__text *t, const char *key, double value)
{
    encnet__text_add(t, "\"%s\": ", key);
    encnet__text_add(t, isfinite(value) ? "%.12g" : "null", value);
}

static void add_class(encnet__text *t, const encnet_class_score *c)
{
    encnet__text_add(t, "\n  {\"name\": ");
    encnet__text_json(t, c->name);
    encnet__text_add(t, ", ");
    add_number(t, "IoU", c->iou);
    encnet__text_add(t, ", ");
    add_number(t, "Acc", c->acc);
    encnet__text_add(t, ", \"pixels\": %llu}", (unsigned long long)c->pixels);
}

encnet_status encnet_scores_write(const char *path, const encnet_scores *scores)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};

    NEED(path);
    NEED(scores);
    if (scores->classes < 0 || scores->classes > ENCNET_MAX_CLASSES)
        FAIL(ENCNET_E_ARG, "scores of %d classes", scores->classes);
    encnet__text_add(&t, "{");
    add_number(&t, "aAcc", scores->aacc);
    encnet__text_add(&t, ", ");
    add_number(&t, "mIoU", scores->miou);
    encnet__text_add(&t, ", ");
    add_number(&t, "mAcc", scores->macc);
    encnet__text_add(&t, ", \"images\": %d, \"classes\": [", scores->images);
    for (int m = 0; m < scores->classes; m++) {
        if (m) encnet__text_add(&t, ",");
        add_class(&t, &scores->class_score[m]);
    }
    encnet__text_add(&t, "\n]}\n");
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the scores", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}
