/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/encnet.h - the whole library, but for encnet/opencl.h.
 *
 *   version.h  which version, and what later ones promise
 *   status.h   status codes and error messages
 *   log.h      remarks of the library
 *   options.h  the choices of a program, as plain structs
 *   config.h   an INI file to options
 *   device.h   OpenCL devices
 *   model.h    build, load, run and save a network
 *   picture.h  read and write pictures
 *   session.h  run a model on pictures in memory, from any number of threads
 *   data.h     check and export data sets
 *   train.h    train a network
 *   eval.h     evaluate a network, predict images
 *   convert.h  convert checkpoints between file formats
 *   checkpoint.h  what a checkpoint says of itself
 *   comm.h     several devices on one job
 *   bench.h    time steps and exchanges
 *   opencl.h   use a context and queue of the program; not included here because it needs CL/cl.h
 *   encnet.hpp owners and exceptions for C++; not included here
 *
 * What may run beside what, in any threads: every function beside every other, unless both are given the
 * same object.  For one object:
 *
 *   device         listing, counting, opening and closing devices may run beside everything.  A model is
 *                  made, loaded, evaluated, trained and freed by one thread of a device at a time
 *   model          one thread at a time, but its sessions run at once (encnet/session.h), beside the
 *                  functions that only answer: classes, names, colours, options, parameters, plan
 *   session        one thread at a time; encnet_session_cancel() beside everything
 *   configuration, options, scores and other structs: any threads read, or one writes
 *   communicator   one thread at a time; its abort() beside everything (encnet/comm.h)
 *
 * The last error belongs to a thread, and the log to the process.
 */
#ifndef ENCNET_ENCNET_H
#define ENCNET_ENCNET_H
#include <encnet/version.h>
#include <encnet/status.h>
#include <encnet/log.h>
#include <encnet/options.h>
#include <encnet/device.h>
#include <encnet/model.h>
#include <encnet/config.h>
#include <encnet/picture.h>
#include <encnet/session.h>
#include <encnet/data.h>
#include <encnet/train.h>
#include <encnet/eval.h>
#include <encnet/convert.h>
#include <encnet/checkpoint.h>
#include <encnet/comm.h>
#include <encnet/bench.h>
#endif
