/*
 * models.h - networks as functions that lay out a graph, and the model that owns weights and graphs.
 */
#ifndef ENCNET__MODELS_H
#define ENCNET__MODELS_H

#include "base/base.h"
#include "models/network.h"
#include <encnet/model.h>

/* A model whose weights carry gradients and momentum. */
encnet_status encnet__model_new_training(encnet_model **out, encnet_device *device,
                                         const encnet_options *options) ENCNET_MUST_CHECK;

/* Before the first training graph: encnet__graph_set_ranks() for all of them. */
void encnet__model_set_ranks(encnet_model *m, struct encnet__ranks *ranks);

encnet__weights *encnet__model_weights(encnet_model *m);

/* Name of class c for encnet_model_class_name and for files, cut at 63 bytes; its colour, or NULL, for files. */
void encnet__model_name_class(encnet_model *m, int c, const char *name, const uint8_t *rgb);

/* The training graph for batches of this size: inputs "image" [N,H,W,3] float and "label" [N,H,W,1] int32.  Owned by the
 * model, kept until another size is asked for. */
encnet_status encnet__model_training_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                           int w) ENCNET_MUST_CHECK;

/* The inference graph for images of h x w: input "image" [N,H,W,3]; outputs "logits" [N,h,w,M], "probs"
 * [N,out_h,out_w,M], "ids" int32 [N,out_h,out_w,1] as wanted.  Owned by the model; some of the last used are kept.  Its
 * constants are up to date. */
encnet_status encnet__model_inference_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                            int w, int out_h, int out_w,
                                            unsigned wants) ENCNET_MUST_CHECK;
/* The weights changed: inference graphs compute their constants again when next used. */
void encnet__model_weights_changed(encnet_model *m);
/* Gives the memory of inference graphs back (after an evaluation within training). */
void encnet__model_drop_inference(encnet_model *m);

#endif
