/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* scan.h - fscanf() and sscanf() for golden files, whose numbers have decimal points in any locale. */
#ifndef TEST_SCAN_H
#define TEST_SCAN_H

#include <stdio.h>

__attribute__((format(scanf, 2, 3))) int scan_file(FILE *f, const char *format, ...);
__attribute__((format(scanf, 2, 3))) int scan_text(const char *text, const char *format, ...);
/* The number at *text, which moves behind it. */
double scan_real(const char **text);

#endif
