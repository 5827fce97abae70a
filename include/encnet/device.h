/*
 * encnet/device.h - OpenCL devices: list, choose, open.
 *
 * An open device belongs to one thread at a time; several devices may be open.
 */
#ifndef ENCNET_DEVICE_H
#define ENCNET_DEVICE_H

#include <stddef.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_device encnet_device;

/* What a device says of itself.  Strings are inside the struct. */
typedef struct encnet_device_info {
    int index;    /* over all platforms; what --device takes */
    int platform; /* --device PLATFORM:INDEX */
    int platform_index;
    char name[128], vendor[128], platform_name[128], driver[64], version[128];
    char extensions[2048];
    bool is_cpu, is_gpu;
    uint64_t memory_bytes, max_alloc_bytes, local_bytes;
    uint64_t max_group, units, clock_mhz;
} encnet_device_info;

/*
 * Lists the devices of every platform.
 *
 *   out       room for `capacity` rows; may be NULL when capacity is 0
 *   count     how many devices exist, which may be more than capacity
 *
 * ENCNET_E_NO_DEVICE  no platform or no device; the message says what to install
 */
ENCNET_API encnet_status encnet_device_list(encnet_device_info *out, int capacity,
                                            int *count) ENCNET_MUST_CHECK;

/*
 * Opens the device that options->select names ("" = first, "1", "0:1", or part of a name in any case; of "all" or a list
 * "0,1", the first).
 *
 *   out      owned by the caller, closed with encnet_device_close(); untouched on failure
 *   options  copied; NULL = defaults
 *
 * ENCNET_E_NO_DEVICE  nothing matches (the message lists what there is)
 * ENCNET_E_DEVICE     the driver refused
 */
ENCNET_API encnet_status encnet_device_open(encnet_device **out,
                                            const encnet_device_options *options) ENCNET_MUST_CHECK;

/* How many devices `select` names: "all" = every one; a list "0,1,intel" may name a device twice, so that two ranks share it.
 *
 * ENCNET_E_NO_DEVICE  a name matches nothing */
ENCNET_API encnet_status encnet_device_count(int *count, const char *select) ENCNET_MUST_CHECK;

/* Opens the nth of them, from 0. */
ENCNET_API encnet_status encnet_device_open_nth(encnet_device **out,
                                                const encnet_device_options *options,
                                                int nth) ENCNET_MUST_CHECK;

/* Takes NULL.  Models on the device are freed first. */
ENCNET_API void encnet_device_close(encnet_device *device);

/* Fills `out` for an open device. */
ENCNET_API void encnet_device_describe(const encnet_device *device, encnet_device_info *out);

/* One line of the profile (options->profile): a kernel and what it has cost since the device was opened. */
typedef struct encnet_profile_row {
    const char *program, *kernel; /* borrowed until the device is closed */
    uint64_t launches;
    double seconds;
} encnet_profile_row;

/* Rows sorted by seconds, most first; like encnet_device_list, `count` may exceed `capacity`. */
ENCNET_API encnet_status encnet_device_profile(encnet_device *device, encnet_profile_row *out,
                                               int capacity, int *count) ENCNET_MUST_CHECK;

/*
 * Runs every op on small shapes and compares it with its double-precision host reference.
 *
 *   row     called once per op with its name, whether it agreed, its worst error as a multiple of the
 *           tolerance, and the failure message or ""; may be NULL
 *   user    passed on
 *
 * ENCNET_E_DEVICE when any op disagreed or failed.
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
