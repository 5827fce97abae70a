/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_checkpoint.h - prints what a checkpoint says of itself.
 */
#ifndef APP_CHECKPOINT_H
#define APP_CHECKPOINT_H

#include <stdbool.h>
#include <encnet/status.h>

/* Prints it to stdout, as lines or as the members of a JSON object, each with a comma behind it. */
encnet_status app_print_checkpoint(const char *path, bool json);

#endif
