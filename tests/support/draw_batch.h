/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* draw_batch.h - images and labels for a training graph. */
#ifndef TEST_DRAW_BATCH_H
#define TEST_DRAW_BATCH_H
#include "graph/graph.h"

/* Writes the inputs `image` and `label` of the graph, those of this batch: always the same numbers. */
void draw_batch(encnet__graph *g, int classes, uint32_t batch);
#endif
