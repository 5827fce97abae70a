/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * weights.h - the named weights of a model, in the order of files and on the device.
 */
#ifndef ENCNET__WEIGHTS_H
#define ENCNET__WEIGHTS_H

#include "base/base.h"
#include "device/device.h"
#include "graph/derived.h"

/* The order of a weight in a file (as in mmsegmentation) and on the device. */
typedef enum encnet__param_kind {
    ENCNET__CONV,   /* file [K,C/groups,R,S]  device [R,S,C/groups,K] */
    ENCNET__LINEAR, /* file [K,C]             device [1,1,C,K]        */
    ENCNET__MATRIX, /* file [a,b]             device [1,1,a,b]        */
    ENCNET__VECTOR, /* file [C]               device [1,1,1,C]        */
    ENCNET__COUNTER /* file scalar int64      on the host             */
} encnet__param_kind;

typedef enum encnet__init_kind {
    ENCNET__INIT_CONSTANT, /* a */
    ENCNET__INIT_NORMAL,   /* mean 0, deviation a */
    ENCNET__INIT_UNIFORM   /* a .. b */
} encnet__init_kind;

typedef struct encnet__init {
    encnet__init_kind kind;
    double a, b;
} encnet__init;

typedef struct encnet__param {
    char *name; /* "backbone.stem.0.weight" */
    encnet__param_kind kind;
    int n_dims, dims[4]; /* in the file */
    encnet__shape shape; /* on the device */
    bool trainable;      /* else a running statistic or a counter */
    encnet__init init;
    /* grad, momentum: trainable, of a training model; else NULL.  grad: not where graphs update weights */
    encnet__buffer *value, *grad, *momentum;
    int64_t counter; /* of kind COUNTER */
    int per_pass;    /* of kind COUNTER: what a forward pass in training adds; 1 when declared */
} encnet__param;

typedef struct encnet__weights encnet__weights;

encnet_status encnet__weights_new(encnet__weights **out, encnet_device *dev) ENCNET_MUST_CHECK;
void encnet__weights_free(encnet__weights *w); /* takes NULL */

/* Declares a weight, or finds one that is declared already, and returns its index.  Returns -1,
 * with the last error set, if there is not enough memory or if the name was declared with another
 * shape.  Weights are declared in the order of mmsegmentation's state dict.  `dims` are those in
 * files: 4 for CONV, 2 for LINEAR and MATRIX, 1 for VECTOR, none for COUNTER. */
int encnet__weights_declare(encnet__weights *w, const char *name, encnet__param_kind kind,
                            const int *dims, bool trainable, encnet__init init);
/* Returns the status of the first declaration that failed. */
encnet_status encnet__weights_failed(const encnet__weights *w) ENCNET_MUST_CHECK;

int encnet__weights_count(const encnet__weights *w);
encnet__param *encnet__weights_at(const encnet__weights *w, int i);
int encnet__weights_find(const encnet__weights *w, const char *name); /* -1 if there is none */

/* A run of weights whose values (or gradients, or momentum) are consecutive in one buffer.  Ranks
 * exchange them bucket by bucket.  Weights are padded with zeros to an alignment that all devices
 * support, so that the layout is the same everywhere. */
typedef struct encnet__bucket {
    encnet__buffer *buffer;
    size_t floats;
    int first, end; /* weights, some of which may lack the field */
} encnet__bucket;

typedef enum encnet__field {
    ENCNET__VALUES,
    ENCNET__GRADIENTS,
    ENCNET__MOMENTUM,
    ENCNET__FIELDS
} encnet__field;

/* Returns the buckets of a field, the last weights first, as the backward pass reaches them. */
const encnet__bucket *encnet__weights_buckets(const encnet__weights *w, encnet__field field,
                                              int *count);

/* What inference computes from these weights; made on the same device. */
encnet__derived *encnet__weights_derived(const encnet__weights *w);

/* What weights are for. */
typedef enum encnet__purpose {
    ENCNET__FOR_INFERENCE,
    ENCNET__FOR_TRAINING,
    ENCNET__FOR_UPDATES /* training graphs that update them, see encnet__graph_set_updates() */
} encnet__purpose;

/* Allocates device memory for values; for training also for gradients and zeroed momentum, and for updates for
 * momentum alone. */
encnet_status encnet__weights_allocate(encnet__weights *w,
                                       encnet__purpose purpose) ENCNET_MUST_CHECK;
/* Returns the bytes that allocate takes for values or, with `trainable_only`, for gradients;
 * momentum takes as many as gradients. */
size_t encnet__weights_bytes(const encnet__weights *w, bool trainable_only);
/* Draws every weight from (seed, index of the weight), but for those whose names begin with `loaded`, which are going to
 * be loaded; NULL: for none. */
encnet_status encnet__weights_init(encnet__weights *w, uint64_t seed,
                                   const char *loaded) ENCNET_MUST_CHECK;

/* Copies a weight between the host, encnet__param_count floats in the order of files, and `buffer`
 * in the order of the device, which is the param's value, grad or momentum.  A COUNTER has no
 * buffer. */
encnet_status encnet__param_read(float *host, const encnet__param *p,
                                 encnet__buffer *buffer) ENCNET_MUST_CHECK;
encnet_status encnet__param_write(const encnet__param *p, encnet__buffer *buffer,
                                  const float *host) ENCNET_MUST_CHECK;
size_t encnet__param_count(const encnet__param *p);

#endif
