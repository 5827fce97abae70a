/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_pocl.h - PoCL compiles kernels in a folder; without it, it ends the program or has no device. */
#ifndef APP_POCL_H
#define APP_POCL_H

/* To be called before the first device is looked for, by the only thread: if PoCL is installed and its folder
 * cannot be written, says so, and names another one to PoCL. */
void app_pocl_check(void);
/* The folder, for messages; "" if PoCL is not installed. */
const char *app_pocl_folder(void);

#endif
