/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* algorithms.c - lets operators plan their nodes: algorithms, memory, launches. */
#include "graph/internal.h"

encnet_status encnet__pass_algorithms(encnet__graph *g)
{
    encnet_status rc = ENCNET_OK;

    for (int n = 0; n < g->n_nodes; n++) {
        node *v = &g->nodes[n];
        encnet__node_shape shape;
        if (v->kind != NODE_OP) continue;
        shape = encnet__node_shape_of(g, n);
        TRY(encnet__op_plan(v->op, &shape));
        v->plan = shape.plan;
    }
done:
    return rc;
}
