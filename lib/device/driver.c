/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* driver.c - one lock for what drivers do not do in several threads at once: list, open and close
 * devices. */
#include "device/internal.h"

#include <pthread.h>

static pthread_mutex_t driver = PTHREAD_MUTEX_INITIALIZER;

void encnet__driver_lock(void)
{
    pthread_mutex_lock(&driver);
}

void encnet__driver_unlock(void)
{
    pthread_mutex_unlock(&driver);
}
