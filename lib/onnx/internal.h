/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* internal.h - the representation of a model, for model.c and write.c. */
#ifndef ENCNET__ONNX_INTERNAL_H
#define ENCNET__ONNX_INTERNAL_H

#include "onnx/onnx.h"

/* A weight, or a constant, whose numbers are in `ints` or `number`. */
typedef struct stored {
    encnet__onnx_value value;
    encnet__type type;
    int n_dims;
    uint64_t dims[ENCNET__ONNX_DIMS];
    bool used, is_weight;
    encnet__onnx_value as_float; /* a weight of another type, converted; or ABSENT */
    int64_t ints[ENCNET__ONNX_INTS];
    float number;
} stored;

struct encnet__onnx {
    encnet_status failed; /* the first failure while building; its message is below */
    char *failure;
    char **names; /* of the values */
    int n_values, cap_values;
    stored *stored;
    int n_stored, cap_stored;
    encnet__text nodes, interface, properties; /* encoded fields of the graph and of the model */
};

/* The fields of the messages of onnx.proto that are written. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_PROPERTY = 14,
    OPSET_DOMAIN = 1,
    OPSET_VERSION = 2,
    PROPERTY_KEY = 1,
    PROPERTY_VALUE = 2,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_STORED = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_INPUTS = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_TYPE = 4,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_TEXT = 4,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20,
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TENSOR_ELEMENT = 1,
    TENSOR_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1,
    DIM_NAME = 2,
    STORED_DIMS = 1,
    STORED_TYPE = 2,
    STORED_NAME = 8,
    STORED_BYTES = 9,
};

/* The number of an element type in onnx.proto; 0 = it has none. */
int encnet__onnx_type(encnet__type type);

#endif
