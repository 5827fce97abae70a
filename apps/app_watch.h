/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_watch.h - ends the program if a device hangs, which nothing else can; says so if the driver ends it. */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include <encnet/device.h>

/*
 * Watches open devices from a thread of its own.  If one gives no answer for `timeout_s` seconds, prints an
 * error line and ends the program with the exit code of ENCNET_E_DEVICE.  So it does if the driver ends the
 * program, by abort() or exit(), in a call for one of them.
 *
 *   devices    [count], borrowed until app_unwatch()
 *   several    the ranks of a job tell one another that one of them hangs, and are given the time to
 */
void app_watch(encnet_device *const *devices, int count, int timeout_s, bool several);
void app_unwatch(void);
/* From now on a crash has a last word, too; after app_pocl_check(). */
void app_watch_crashes(void);

#endif
