/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* internal.h - the inside of a model, for model.c, model_file.c and runner.c. */
#ifndef ENCNET__MODEL_INTERNAL_H
#define ENCNET__MODEL_INTERNAL_H

#include "device/worker.h"
#include "models/description.h"
#include "models/graphs.h"
#include "models/models.h"
#include "models/runner.h"
#include "options/options.h"

struct encnet_model {
    encnet_device *device;
    atomic_int users;  /* the program and the sessions */
    atomic_bool freed; /* by the program, perhaps before its last session */
    encnet_options options;
    char *strings; /* of options */
    encnet__class_label classes[ENCNET_MAX_CLASSES];
    bool has_colours;
    encnet__weights *weights;
    encnet__text remarks; /* on the weights that were read last */
    encnet__graphs graphs;
    encnet__runner runner;  /* on the device's own queue */
    encnet__worker *worker; /* of encnet_model_run(), from its first call on */
    struct {
        uint8_t *ids;
        float *probs;
        const uint8_t *rgb;
        int h, w;
    } run; /* what it is to do */
};

#endif
