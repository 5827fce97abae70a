/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * onnx.h - a model in ONNX: nodes in order, weights, inputs and outputs.
 *
 * A failure while a model is built is kept, and encnet__onnx_built() returns it.
 */
#ifndef ENCNET__ONNX_H
#define ENCNET__ONNX_H

#include "base/base.h"
#include "base/type.h"

enum { ENCNET__ONNX_OPSET = 13, ENCNET__ONNX_DIMS = 4, ENCNET__ONNX_INTS = 4 };

typedef struct encnet__onnx encnet__onnx;
/* A value of the model: an input, a weight, a constant or the result of a node. */
typedef int encnet__onnx_value;
#define ENCNET__ONNX_ABSENT (-1) /* an optional input that is absent, or a failure */
#define ENCNET__ONNX_END (-2)

/* An attribute of a node. */
typedef struct encnet__onnx_attr {
    const char *name; /* NULL ends a list */
    enum { ENCNET__ONNX_FLOAT, ENCNET__ONNX_INT, ENCNET__ONNX_TEXT, ENCNET__ONNX_LIST } kind;
    float number;
    const char *text;
    int n; /* of `ints`; 1 of an INT */
    int64_t ints[ENCNET__ONNX_INTS];
} encnet__onnx_attr;

encnet_status encnet__onnx_new(encnet__onnx **out) ENCNET_MUST_CHECK;
void encnet__onnx_free(encnet__onnx *m); /* takes NULL */

/* Records a failure, whose message is the last error, unless there is one already. */
encnet__onnx_value encnet__onnx_refuse(encnet__onnx *m, encnet_status rc);
/* Returns the first failure. */
encnet_status encnet__onnx_built(const encnet__onnx *m) ENCNET_MUST_CHECK;

/* -- nodes -------------------------------------------------------------------------------------- */

/* Appends a node with one result.  `inputs` end with ENCNET__ONNX_END; `attr` may be NULL. */
encnet__onnx_value encnet__onnx_apply(encnet__onnx *m, const char *op,
                                      const encnet__onnx_value *inputs,
                                      const encnet__onnx_attr *attr);
/* The lists of encnet__onnx_apply(), such as INPUTS(x, w), ATTRS(ATTR_INTS("pads", 1, 1, 1, 1)). */
#define INPUTS(...) ((const encnet__onnx_value[]){__VA_ARGS__, ENCNET__ONNX_END})
#define ATTRS(...) ((const encnet__onnx_attr[]){__VA_ARGS__, {0}})
#define ATTR_INTS(key, ...)                                                                        \
    {                                                                                              \
        .name = (key), .kind = ENCNET__ONNX_LIST,                                                  \
        .n = sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), .ints = {                         \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ATTR_INT(key, value)                                                                       \
    {                                                                                              \
        .name = (key), .kind = ENCNET__ONNX_INT, .n = 1, .ints = {(value) }                        \
    }
#define ATTR_FLOAT(key, value)                                                                     \
    {                                                                                              \
        .name = (key), .kind = ENCNET__ONNX_FLOAT, .number = (value)                               \
    }
#define ATTR_TEXT(key, value)                                                                      \
    {                                                                                              \
        .name = (key), .kind = ENCNET__ONNX_TEXT, .text = (value)                                  \
    }

/* Vectors of int64 and numbers that are part of the model, `count` at most ENCNET__ONNX_INTS. */
encnet__onnx_value encnet__onnx_ints(encnet__onnx *m, int count, const int64_t *ints);
#define ONNX_INTS(m, ...)                                                                          \
    encnet__onnx_ints((m), sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                     \
                      (const int64_t[]){__VA_ARGS__})
encnet__onnx_value encnet__onnx_number(encnet__onnx *m, float value);

/* relu?(y + a); `a` may be absent. */
encnet__onnx_value encnet__onnx_finish(encnet__onnx *m, encnet__onnx_value y, encnet__onnx_value a,
                                       bool relu);
/* [N,C,H,W] -> [N,C,H*W], and the same transposed, [N,H*W,C]. */
encnet__onnx_value encnet__onnx_flatten(encnet__onnx *m, encnet__onnx_value x);
encnet__onnx_value encnet__onnx_transpose(encnet__onnx *m, encnet__onnx_value x);

/* -- inputs, weights, outputs -------------------------------------------------------------------- */

/* A float32 input or output [N,channels,H,W] with dynamic N, H and W; an output of one pixel is
 * [N,channels,1,1]. */
encnet__onnx_value encnet__onnx_input(encnet__onnx *m, const char *name, int channels);
void encnet__onnx_output(encnet__onnx *m, const char *name, encnet__onnx_value x, int channels,
                         bool one_pixel);

/* Declares a weight, row-major in the file.  Those that no node reads are not written. */
void encnet__onnx_declare(encnet__onnx *m, const char *name, encnet__type type, int n_dims,
                          const uint64_t *dims);
/* A declared weight as float32: if it has another type, a node converts it. */
encnet__onnx_value encnet__onnx_weight(encnet__onnx *m, const char *name);
int encnet__onnx_weights_used(const encnet__onnx *m);

/* Adds an entry to the metadata of the model. */
void encnet__onnx_property(encnet__onnx *m, const char *key, const char *value);

/* -- the file ------------------------------------------------------------------------------------ */

/* Fills `out` with a weight, `bytes` bytes. */
typedef encnet_status encnet__onnx_read(void *user, const char *name, void *out, size_t bytes);

/* Writes the model; it appears complete or not at all. */
encnet_status encnet__onnx_write(const encnet__onnx *m, const char *path, encnet__onnx_read *read,
                                 void *user) ENCNET_MUST_CHECK;

#endif
