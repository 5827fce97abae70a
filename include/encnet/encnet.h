/*
 * encnet/encnet.h - everything.
 *
 *   status.h   what calls return           device.h   OpenCL devices
 *   options.h  plain structs of choices    model.h    build, load, run, save a network
 *   config.h   an INI file to options.h    data.h     data sets as files
 *   train.h    train                       eval.h     evaluate and predict
 *   comm.h     several devices that agree  bench.h    how long steps take
 *   convert.h  checkpoints from one file format to another
 *   opencl.h   interop (not included here: needs CL/cl.h)
 */
#ifndef ENCNET_ENCNET_H
#define ENCNET_ENCNET_H
#include <encnet/status.h>
#include <encnet/options.h>
#include <encnet/device.h>
#include <encnet/model.h>
#include <encnet/config.h>
#include <encnet/data.h>
#include <encnet/train.h>
#include <encnet/eval.h>
#include <encnet/convert.h>
#include <encnet/comm.h>
#include <encnet/bench.h>
#endif
