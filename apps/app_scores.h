/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_scores.h - the scores of an evaluation as tables.
 */
#ifndef APP_SCORES_H
#define APP_SCORES_H

#include <encnet/eval.h>

/* Prints the scores of each class, and those over all classes, to stdout. */
void app_print_scores(const encnet_scores *s);

#endif
