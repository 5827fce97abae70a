/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/log.h - hear what the library would say, which never prints.
 *
 * Failures are not said here: they are returned, with encnet_last_error().
 */
#ifndef ENCNET_LOG_H
#define ENCNET_LOG_H

#include <encnet/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum encnet_log_level {
    ENCNET_LOG_WARNING, /* a result may not be what was wanted: a weight that was not loaded */
    ENCNET_LOG_INFO     /* what takes time or memory: a device, a kernel that is compiled */
} encnet_log_level;

/*
 * Sets the function that every remark of the process goes to; until then there is none.
 *
 *   log   called with one line without a newline, borrowed for the call; NULL = none.  It is called
 *         by the thread that has something to say, and by one thread at a time, while the library
 *         may hold locks: it must not call functions of this library
 *   user  passed to `log`
 *
 * Any thread may call this at any time; the function that was set before is not running any more
 * when it returns.
 */
ENCNET_API void encnet_log_set(void (*log)(void *user, encnet_log_level level, const char *line),
                               void *user);

#ifdef __cplusplus
}
#endif
#endif
