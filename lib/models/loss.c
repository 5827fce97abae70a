/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* loss.c - the losses on logits that train.loss and train.aux_loss name, and the weights of classes. */
#include "models/loss.h"

#include <assert.h>
#include <string.h>

#include "ops/attr.h"
#include "options/options.h"

static encnet__node weighted_cross_entropy(const encnet__loss_input *t, encnet__node pixels)
{
    encnet__cross_entropy_attr attr = {.average_non_ignored =
                                           t->options->train.average_non_ignored};
    encnet__node in[] = {t->logits, t->label, t->class_weights, pixels};

    return encnet__graph_apply(t->g, &encnet__op_cross_entropy, &attr, sizeof attr, in, 4);
}

static encnet__node cross_entropy(const encnet__loss_input *t)
{
    return weighted_cross_entropy(t, ENCNET__NONE);
}

/* Cross-entropy of the hardest pixels, still divided by all. */
static encnet__node ohem(const encnet__loss_input *t)
{
    encnet__ohem_attr attr = {.thresh = (float)t->options->train.ohem_thresh,
                              .min_kept = t->options->train.ohem_min_kept};
    encnet__node in[] = {t->logits, t->label, t->class_weights};

    return weighted_cross_entropy(
        t, encnet__graph_apply(t->g, &encnet__op_ohem, &attr, sizeof attr, in, 3));
}

static encnet__node rmi(const encnet__loss_input *t)
{
    encnet__rmi_attr attr = {.alpha = (float)t->options->train.rmi_alpha,
                             .balance = (float)t->options->train.rmi_lambda};
    encnet__node in[] = {t->logits, t->label};

    return encnet__graph_apply(t->g, &encnet__op_rmi, &attr, sizeof attr, in, 2);
}

/* The choices of train.loss and train.aux_loss. */
static const struct {
    const char *name;
    encnet__node (*apply)(const encnet__loss_input *t);
} losses[] = {
#define LOSS(name) {#name, name},
#include "models/losses.def"
#undef LOSS
};

encnet__node encnet__loss_apply(const encnet__loss_input *in, const char *name)
{
    size_t i = 0;

    while (i < COUNT_OF(losses) - 1 && strcmp(losses[i].name, name) != 0) i++;
    assert(strcmp(losses[i].name, name) == 0);
    return losses[i].apply(in);
}

/* The published balance of Cityscapes' classes (HRNet, openseg-group), in the order of their ids. */
static const double cityscapes[] = {0.8373, 0.9180, 0.8660, 1.0345, 1.0166, 0.9969, 0.9754,
                                    1.0489, 0.8786, 1.0023, 0.9539, 0.9843, 1.1116, 0.9037,
                                    1.0865, 1.0955, 1.0865, 1.1529, 1.0507};

encnet_status encnet__class_weights(double *out, int *count, const encnet_options *o)
{
    encnet_status rc = ENCNET_OK;
    const char *text = o->train.class_weights;

    TRY(encnet__option_numbers(out, count, ENCNET__OPTION_ROW(train.class_weights), text));
    if (*count || !*text) goto done;
    memcpy(out, cityscapes, sizeof cityscapes); /* the one word of the row */
    *count = COUNT_OF(cityscapes);
done:
    return rc;
}
