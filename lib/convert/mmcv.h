/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * mmcv.h - a checkpoint as the object that mmcv 1.x saves, with mmsegmentation's names:
 *
 *   {"meta":       {"CLASSES": ("road", ...), "PALETTE": [[128, 64, 128], ...],
 *                   "iter": 40000, "epoch": 1, ...},
 *    "state_dict": OrderedDict of tensors,
 *    "optimizer":  {"state":        {0: {"momentum_buffer": tensor}, ...},
 *                   "param_groups": [{"lr": 0.01, "momentum": 0.9, ..., "params": [0, 1, ...]}]}}
 *
 * The optimiser's part is that of torch.optim.SGD.state_dict().
 */
#ifndef ENCNET__MMCV_H
#define ENCNET__MMCV_H

#include "files/torch_write.h"
#include "models/description.h"

/* The state of one parameter in torch.optim.SGD. */
typedef struct encnet__mmcv_param {
    const encnet__file_tensor *momentum;
    double lr, initial_lr; /* of the last step; before the schedule */
} encnet__mmcv_param;

/* What the object contains; all of it is borrowed. */
typedef struct encnet__mmcv_checkpoint {
    const encnet__file_tensor *weights;
    size_t n_weights;
    const encnet__description *description; /* names and colours */
    const encnet__pair *texts;              /* further lines of meta */
    size_t n_texts;
    int64_t iter;                     /* iterations done; negative = unknown */
    const encnet__mmcv_param *params; /* in the order of model.parameters(); NULL = no optimiser */
    size_t n_params;
    bool group_each; /* each parameter is a group, as with mmcv's paramwise_cfg; else one for all */
    double momentum, weight_decay;
} encnet__mmcv_checkpoint;

/* Writes the object; after it the caller writes the tensors: the weights, then the momenta. */
encnet_status encnet__mmcv_write(encnet__torch_writer *w,
                                 const encnet__mmcv_checkpoint *c) ENCNET_MUST_CHECK;

#endif
