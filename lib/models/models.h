/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * models.h - a model: the weights of one network on one device, and the graphs that run them.
 */
#ifndef ENCNET__MODELS_H
#define ENCNET__MODELS_H

#include "base/base.h"
#include "files/tensor_file.h"
#include "models/network.h"
#include <encnet/model.h>

/* As encnet_model_new(), but the weights also have gradients and momentum. */
encnet_status encnet__model_new_training(encnet_model **out, encnet_device *device,
                                         const encnet_options *options) ENCNET_MUST_CHECK;
/* The same for a purpose, and with the weights of `f`, a file that is open, in the place of those that the options say.
 * All of them must be there; the tensors of the file get mmsegmentation's names.  `f` may be NULL. */
encnet_status encnet__model_new_from(encnet_model **out, encnet_device *device,
                                     const encnet_options *options, encnet__purpose purpose,
                                     encnet__tensor_file *f) ENCNET_MUST_CHECK;

/* Sets the ranks that share every batch with this model (encnet__graph_set_ranks), before the first
 * training graph is asked for. */
void encnet__model_set_ranks(encnet_model *m, struct encnet__ranks *ranks);

encnet__weights *encnet__model_weights(encnet_model *m);
encnet_device *encnet__model_device(const encnet_model *m);
/* Counts a session in and out; a model that the program has freed is released with the last one. */
void encnet__model_keep(encnet_model *m);
void encnet__model_drop(encnet_model *m); /* takes NULL */
/* ENCNET_E_ARG if the program has freed the model or closed its device. */
encnet_status encnet__model_check_open(const encnet_model *m) ENCNET_MUST_CHECK;

/* Sets the name of class c, cut at 63 bytes, and its colour, which may be NULL; files that the model
 * is saved to record both. */
void encnet__model_name_class(encnet_model *m, int c, const char *name, const uint8_t *rgb);

/* The colour of class c, if the model was loaded from a file that says it. */
bool encnet__model_colour(uint8_t rgb[3], const encnet_model *m, int c);

/* The training graph for batches of this size, with the inputs of encnet__network_lay_out().  It
 * belongs to the model, and lives until another size is asked for. */
encnet_status encnet__model_training_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                           int w) ENCNET_MUST_CHECK;

/* The inference graph for images of h x w, with the wanted outputs of encnet__network_lay_out() and
 * up-to-date constants.  It belongs to the model, which keeps a few of those used last. */
encnet_status encnet__model_inference_graph(encnet__graph **out, encnet_model *m, int n, int h,
                                            int w, unsigned wants) ENCNET_MUST_CHECK;
/* To be called after the weights changed: inference graphs then compute their constants again. */
void encnet__model_weights_changed(encnet_model *m);
/* Frees the inference graphs, so that training has their memory. */
void encnet__model_drop_inference(encnet_model *m);
/* Whether there are any, whose memory later ones take again. */
bool encnet__model_has_inference(const encnet_model *m);

#endif
