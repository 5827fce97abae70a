/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* onnx.c - a checkpoint as an ONNX model: its graph, for images of two sizes, and its weights. */
#include "convert/onnx.h"

#include "graph/graph.h"
#include "models/network.h"

/* Sizes 2^k m + 1, as encnet__graph_to_onnx() wants them, whose halves differ from each other. */
static const int sizes[2][2] = {{65, 129}, {257, 385}};

encnet_status encnet__onnx_of(encnet__onnx **out, const encnet_options *options,
                              encnet__weights *network, const encnet__file_tensor *tensors,
                              size_t n_tensors)
{
    encnet_status rc = ENCNET_OK;
    encnet__onnx *m = NULL;
    encnet__graph *graphs[2] = {NULL, NULL};

    TRY(encnet__onnx_new(&m));
    for (size_t i = 0; i < n_tensors; i++)
        encnet__onnx_declare(m, tensors[i].name, tensors[i].type, tensors[i].n_dims,
                             tensors[i].dims);
    for (int i = 0; i < 2; i++) {
        int h = sizes[i][0], w = sizes[i][1];
        encnet__graph_key key = {1, h, w, ENCNET__WANT_LOGITS};
        TRY(encnet__network_compose(&graphs[i], NULL, network, options, false, &key));
    }
    TRY(encnet__graph_to_onnx(m, graphs[0], graphs[1]));
    *out = m;
    m = NULL;
done:
    for (int i = 0; i < 2; i++) encnet__graph_free(graphs[i]);
    encnet__onnx_free(m);
    return rc;
}
