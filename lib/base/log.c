/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* log.c - remarks of the library to the function that the program has set. */
#include "base/base.h"
#include <encnet/log.h>

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_REMARK = 2048 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*function)(void *user, encnet_log_level level, const char *line);
static void *function_user;
static atomic_bool is_set; /* nobody waits for the lock where nobody listens */

void encnet_log_set(void (*log)(void *user, encnet_log_level level, const char *line), void *user)
{
    pthread_mutex_lock(&lock);
    function = log;
    function_user = user;
    atomic_store(&is_set, log != NULL);
    pthread_mutex_unlock(&lock);
}

void encnet__say(encnet_log_level level, const char *format, ...)
{
    char line[MAX_REMARK];
    va_list ap;

    if (!atomic_load(&is_set)) return;
    va_start(ap, format);
    encnet__vprint(line, sizeof line, format, ap);
    va_end(ap);
    pthread_mutex_lock(&lock);
    if (function) function(function_user, level, line);
    pthread_mutex_unlock(&lock);
}
