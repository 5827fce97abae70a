/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/status.h - status codes and error messages.
 *
 * A function that can fail returns an encnet_status: ENCNET_OK (0) or a negative code.  The code
 * tells the kind of failure; encnet_last_error() describes it in one line that names the file, the
 * key or the numbers.  The library never prints, exits, aborts or installs signal handlers.
 */
#ifndef ENCNET_STATUS_H
#define ENCNET_STATUS_H

#include <encnet/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ENCNET_API __attribute__((visibility("default")))
#define ENCNET_MUST_CHECK __attribute__((warn_unused_result))
#else
#define ENCNET_API
#define ENCNET_MUST_CHECK
#endif

/* X(name, value, exit code of the programs, meaning in general) */
#define ENCNET_STATUS_LIST(X)                                                                      \
    X(OK, 0, 0, "success")                                                                         \
    X(E_INTERNAL, -1, 1, "a bug in this library")                                                  \
    X(E_ARG, -2, 2, "an argument is out of its range")                                             \
    X(E_CONFIG, -3, 3, "the configuration is wrong")                                               \
    X(E_DATA, -4, 4, "an image, a label or a list is missing or damaged")                          \
    X(E_CHECKPOINT, -5, 5, "a checkpoint is missing, damaged or of another network")               \
    X(E_NO_DEVICE, -6, 6, "no usable OpenCL device")                                               \
    X(E_DEVICE, -7, 7, "the device failed or has too little memory")                               \
    X(E_KERNEL, -8, 7, "a kernel does not compile")                                                \
    X(E_IO, -9, 8, "a file cannot be read or written")                                             \
    X(E_DIVERGED, -10, 9, "the loss, a weight or a logit is not finite")                           \
    X(E_COMM, -11, 10, "a rank failed")                                                            \
    X(E_SHAPE, -12, 1, "shapes do not fit together")                                               \
    X(E_NOMEM, -13, 1, "out of host memory")                                                       \
    X(E_BUSY, -14, 3, "another run owns the work directory")                                       \
    X(E_STOPPED, -15, 75, "stopped on request, checkpoint saved")                                  \
    X(E_PARTIAL, -16, 11, "some images could not be predicted, the others were")

typedef enum encnet_status {
#define ENCNET_STATUS_ROW(name, value, exit_code, text) ENCNET_##name = value,
    ENCNET_STATUS_LIST(ENCNET_STATUS_ROW)
#undef ENCNET_STATUS_ROW
} encnet_status;

/* Returns the message of the last failure in this thread: one line without a newline, "" if nothing
 * has failed yet.  Borrowed until the next failure in this thread. */
ENCNET_API const char *encnet_last_error(void);

/* Returns what a code means in general; never NULL.  Static. */
ENCNET_API const char *encnet_status_text(encnet_status status);

/* Returns the exit code that the programs use for a status, as documented in their man pages. */
ENCNET_API int encnet_status_exit_code(encnet_status status);

/* Returns the version of the library that the program runs with, such as "1.0.0"; the one that it was
 * compiled with is ENCNET_VERSION.  Static. */
ENCNET_API const char *encnet_version(void);

/* Releases memory that a function of this library has handed to the caller, such as a picture.  NULL
 * is accepted. */
ENCNET_API void encnet_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
