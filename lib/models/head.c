/* head.c - what every head does: it begins with its feature map, and ends with a classifier and a
 * loss. */
#include "models/head.h"

#include "ops/attr.h"

encnet__node encnet__head_input(const encnet__head *h)
{
    return h->features->joined ? h->features->all : h->features->at[h->at];
}

encnet__affine encnet__head_classifier(const encnet__head *h, int channels)
{
    return encnet__classifier_declare(h->g, NAME("%s.conv_seg", h->prefix), channels,
                                      h->options->model.classes);
}

/* Cross entropy at the size of the label, and the share of pixels that are right. */
static void segmentation_loss(const encnet__head *h)
{
    const encnet_options *o = h->options;
    encnet__cross_entropy_attr attr = {.average_non_ignored = o->train.average_non_ignored};
    encnet__shape size = encnet__graph_shape(h->g, h->label);
    encnet__node full = encnet__resize_to(h->g, h->logits, size.h, size.w, o->model.align_corners);
    encnet__node in[] = {full, h->label, h->class_weights};

    encnet__graph_loss(
        h->g, NAME("%s.loss_seg", h->log),
        encnet__graph_apply(h->g, &encnet__op_cross_entropy, &attr, sizeof attr, in, 3), h->weight);
    encnet__graph_accuracy(h->g, NAME("%s.acc_seg", h->log),
                           encnet__graph_apply(h->g, &encnet__op_pixel_accuracy, NULL, 0, in, 2));
}

void encnet__head_classify(encnet__head *h, const encnet__affine *classifier, encnet__node x)
{
    h->logits = encnet__classifier_apply(h->g, classifier, x, h->options->model.dropout);
    if (h->label != ENCNET__NONE) segmentation_loss(h);
}
