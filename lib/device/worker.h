/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * worker.h - a thread that works on a device for others, who can so stop to wait for a driver that
 * does not return.
 */
#ifndef ENCNET__WORKER_H
#define ENCNET__WORKER_H

#include "device/device.h"

typedef struct encnet__worker encnet__worker;

/* `device` is borrowed until the worker is freed: it answers for the lane or the queue on which the work
 * is done. */
encnet_status encnet__worker_new(encnet__worker **out,
                                 const encnet_device *device) ENCNET_MUST_CHECK;
/* Waits for the work that was begun, ends the thread and returns true; with a device that hangs, leaves
 * everything as it is and returns false, and what the work uses may not be freed.  Takes NULL. */
bool encnet__worker_free(encnet__worker *w);

/* Begins `work` in the thread of the worker.  Nothing else may have been begun and not waited for. */
encnet_status encnet__worker_start(encnet__worker *w, encnet_status (*work)(void *user),
                                   void *user) ENCNET_MUST_CHECK;
/* Waits for what was begun and returns its status; its message becomes the last error of this thread.
 * ENCNET_OK if nothing was.  ENCNET_E_DEVICE if the device has not answered for device.timeout seconds:
 * then it stays begun.  ENCNET_E_ARG in the worker's own thread. */
encnet_status encnet__worker_wait(encnet__worker *w) ENCNET_MUST_CHECK;
/* Both, one after the other. */
encnet_status encnet__worker_run(encnet__worker *w, encnet_status (*work)(void *user),
                                 void *user) ENCNET_MUST_CHECK;
/* Whether nothing was begun that has not been waited for. */
bool encnet__worker_is_idle(encnet__worker *w);
/* Whether this is its thread, at work.  Takes NULL. */
bool encnet__worker_is_self(encnet__worker *w);

#endif
