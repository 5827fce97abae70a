/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * config.h - a configuration of mmsegmentation as one dictionary: its names in order, those of the
 * files in _base_ below them, as mmcv and mmengine merge them.
 */
#ifndef ENCNET__MMSEG_CONFIG_H
#define ENCNET__MMSEG_CONFIG_H

#include "mmseg/python.h"

/* Reads a file and those that its _base_ names, at most 8 deep and 64 in all.  The values live as
 * long as the memory.  ENCNET_E_CONFIG: it is no Python, or has statements other than NAME = VALUE;
 * the message has file and line.  ENCNET_E_IO: a file cannot be read. */
encnet_status encnet__py_config_read(const encnet__py **out, encnet__py_memory *m,
                                     const char *path) ENCNET_MUST_CHECK;
/* The same for a text, in which _base_ is an error; `name` stands for its path in messages. */
encnet_status encnet__py_config_parse(const encnet__py **out, encnet__py_memory *m,
                                      const char *name, const char *text,
                                      size_t size) ENCNET_MUST_CHECK;

#endif
