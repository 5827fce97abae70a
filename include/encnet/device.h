/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/device.h - list, open and examine OpenCL devices.
 *
 * Any threads may list, count, open and close devices at once.  An open device is used by one thread at
 * a time, but for the sessions of its models.  Several devices may be open at once.
 */
#ifndef ENCNET_DEVICE_H
#define ENCNET_DEVICE_H

#include <stddef.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_device encnet_device;

/* What the driver reports about a device. */
typedef struct encnet_device_info {
    int index;          /* among the devices of all platforms, from 0 */
    int platform;       /* index of the platform, from 0 */
    int platform_index; /* index among the devices of that platform, from 0 */
    char name[128], vendor[128], platform_name[128];
    char driver[64];   /* version of the driver */
    char version[128]; /* "OpenCL 3.0 ..." */
    char extensions[2048];
    bool is_cpu, is_gpu;
    uint64_t memory_bytes, max_alloc_bytes; /* in total; in one buffer */
    uint64_t local_bytes;                   /* local memory of a work-group */
    uint64_t max_group;                     /* work-items of a work-group */
    uint64_t units, clock_mhz;              /* compute units and their clock */
} encnet_device_info;

/*
 * Lists the devices of all platforms.
 *
 *   out       [capacity], filled with the first devices; may be NULL if capacity is 0
 *   capacity  >= 0
 *   count     how many devices there are; this may exceed `capacity`
 *
 * ENCNET_E_NO_DEVICE  there is no device; the message says what to install
 * ENCNET_E_ARG        an argument is missing or out of range
 */
ENCNET_API encnet_status encnet_device_list(encnet_device_info *out, int capacity,
                                            int *count) ENCNET_MUST_CHECK;

/* What a platform, the OpenCL driver of a vendor, answers when it is asked for devices. */
typedef struct encnet_platform_info {
    int index; /* from 0; -1: a driver that is registered but did not become a platform */
    char name[128], version[128]; /* of -1: the file that registers it, and "" */
    int devices;
    char answer[512]; /* "" if it has devices; else what went wrong, and the usual cause */
} encnet_platform_info;

/*
 * Lists the platforms, then the drivers that are registered with the OpenCL loader but could not be
 * loaded, for messages to people.  It may load those drivers to find out why.
 *
 *   out       [capacity], filled with the first rows; may be NULL if capacity is 0
 *   capacity  >= 0
 *   count     how many rows there are; this may exceed `capacity`, and may be 0
 *
 * ENCNET_E_ARG     an argument is missing or out of range
 * ENCNET_E_NOMEM   not enough memory
 */
ENCNET_API encnet_status encnet_platform_list(encnet_platform_info *out, int capacity,
                                              int *count) ENCNET_MUST_CHECK;

/*
 * Says with what the devices are driven, for reports of faults.
 *
 *   row  called for each part with its name ("OpenCL loader", "platform 0", "CLBlast", "kernel cache"),
 *        and its version and place; the strings are borrowed for the call
 *
 * ENCNET_E_NOMEM  not enough memory
 */
ENCNET_API encnet_status encnet_device_versions(void (*row)(void *user, const char *part,
                                                            const char *version),
                                                void *user) ENCNET_MUST_CHECK;

/*
 * Opens the device that options->select names:
 *
 *   ""           the best device: a GPU before others and a CPU last; a GPU with memory of its own
 *                before one that uses the host's; of equals the first
 *   "1"          the device with that index
 *   "0:1"        a platform and the index of a device in it
 *   "intel"      the first device whose name or platform's name contains the text, in any case
 *   "0,1"        a list of the above; this function opens its first device
 *   "all"        all devices; likewise
 *
 *   out      owned by the caller; close it with encnet_device_close().  Untouched on failure
 *   options  copied; NULL = defaults
 *
 * ENCNET_E_NO_DEVICE  no device matches, or the device cannot run kernels; if none matches, the
 *                     message lists the devices
 * ENCNET_E_DEVICE     the driver cannot open the device
 * ENCNET_E_NOMEM      not enough memory
 */
ENCNET_API encnet_status encnet_device_open(encnet_device **out,
                                            const encnet_device_options *options) ENCNET_MUST_CHECK;

/*
 * Counts the devices that `select` names.  A list may name a device more than once, so that several
 * ranks share it.
 *
 * ENCNET_E_NO_DEVICE  a name in the list matches no device
 */
ENCNET_API encnet_status encnet_device_count(int *count, const char *select) ENCNET_MUST_CHECK;

/* Opens one of the devices that options->select names, the `nth` from 0; otherwise like
 * encnet_device_open(). */
ENCNET_API encnet_status encnet_device_open_nth(encnet_device **out,
                                                const encnet_device_options *options,
                                                int nth) ENCNET_MUST_CHECK;

/* Closes a device, once.  NULL is accepted.  Its models should have been freed; calls with one that
 * was not fail with ENCNET_E_ARG, and what the driver holds is released with the last of them. */
ENCNET_API void encnet_device_close(encnet_device *device);

/* Fills `out` with the facts about an open device. */
ENCNET_API void encnet_device_describe(const encnet_device *device, encnet_device_info *out);

/*
 * Seconds for which the driver has not returned from a call for this device, such as a wait for its
 * kernels; 0 when no call is under way.  Calls of sessions (encnet/session.h) are among them, and the
 * longest counts.  Any thread may ask while the device is open: a thread that
 * watches can tell a device that hangs, which nothing can interrupt but the end of the process.
 * Compiling a kernel is such a call too, and may take a minute.
 */
ENCNET_API double encnet_device_silence(const encnet_device *device);

/* The launches of one kernel since the device was opened, those of sessions included as soon as a run
 * has ended.  Recorded with options->profile. */
typedef struct encnet_profile_row {
    const char *program, *kernel; /* borrowed until the device is closed */
    uint64_t launches;
    double seconds; /* of all launches together */
} encnet_profile_row;

/*
 * Reads the profile of a device, after waiting for its work.
 *
 *   out       [capacity], filled with the kernels that took longest, longest first; may be NULL if
 *             capacity is 0
 *   capacity  >= 0
 *   count     how many kernels were launched, each counted once with all the options that it was
 *             built with; this may exceed `capacity`
 *
 * ENCNET_E_ARG     an argument is missing or out of range
 * ENCNET_E_DEVICE  the device failed
 * ENCNET_E_NOMEM   not enough memory
 */
ENCNET_API encnet_status encnet_device_profile(encnet_device *device, encnet_profile_row *out,
                                               int capacity, int *count) ENCNET_MUST_CHECK;

/*
 * Runs every operator on small shapes and compares the results with a double-precision reference on
 * the host; if all agree, compares the gradient of a small network with the slope of its loss.
 *
 *   row   called for each operator, and for "network", with its name, whether it agreed, its largest
 *         error in units of the tolerance, and the message of a failure or ""; may be NULL
 *   user  passed to `row`
 *
 * ENCNET_E_DEVICE  at least one operator disagreed or failed, or the network did
 */
ENCNET_API encnet_status encnet_device_self_test(encnet_device *device,
                                                 void (*row)(void *user, const char *op,
                                                             bool agreed, double worst,
                                                             const char *message),
                                                 void *user) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
