/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * internal.h - shared by the files of this room: the open device, its programs and kernels, OpenCL
 * errors.
 */
#ifndef ENCNET__DEVICE_INTERNAL_H
#define ENCNET__DEVICE_INTERNAL_H

#include <CL/cl.h>
#include <pthread.h>
#include <stdatomic.h>
#include "device/device.h"
#include "device/kernels.h"

/* TRY for an OpenCL error code.  The other arguments are a printf message that says what was
 * tried. */
#define TRY_CL(err, ...)                                                                           \
    do {                                                                                           \
        cl_int try_cl_err = (err);                                                                 \
        if (try_cl_err != CL_SUCCESS) {                                                            \
            rc = encnet__cl_fail(try_cl_err, __VA_ARGS__);                                         \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

/* Around what drivers write. */
#define ENCNET__BLANKS " \t\n\v\f\r"

/* "CL_OUT_OF_RESOURCES", or "an unknown OpenCL error". */
const char *encnet__cl_error_name(cl_int err);

/* Sets the last error to "MESSAGE: CL_NAME (-5)". */
encnet_status encnet__cl_fail(cl_int err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A call of the driver that may wait for the device: encnet_device_silence() sees how long it takes. */
#define IN_DRIVER(dev, call) (encnet__driver_enter(dev), encnet__driver_leave((dev), (call)))
void encnet__driver_enter(encnet_device *dev);
cl_int encnet__driver_leave(encnet_device *dev, cl_int err);

/* The launches of a kernel on a device and its lanes, counted with options.profile. */
typedef struct encnet__kernel_count {
    struct encnet__kernel_count *next; /* of the same program */
    char *name;
    uint64_t launches;
    double seconds;
} encnet__kernel_count;

/* A built program.  Programs and kernels live until the device is closed. */
typedef struct encnet__program {
    struct encnet__program *next;
    uint64_t hash; /* of name and options */
    char *name, *options;
    cl_program cl;
    encnet__text key; /* of its entry in the cache; empty if it was read from there */
    encnet__kernel_count *counts;
} encnet__program;

enum { ENCNET__MAX_ARGS = 64 };

/* A kernel of a program.  `kinds` holds an encnet__arg_kind per argument, or ANY if the driver does
 * not say. */
typedef struct encnet__kernel {
    struct encnet__kernel *next; /* in the same slot of the device's table */
    uint64_t hash;               /* of program, kernel and options */
    encnet__program *program;
    const char *name; /* that of `count` */
    cl_kernel cl;
    size_t n_args;
    unsigned char kinds[ENCNET__MAX_ARGS];
    encnet__kernel_count *count; /* owned by the program, shared with other lanes */
} encnet__kernel;

enum {
    ENCNET__ARG_ANY = 255,
    ENCNET__KERNEL_SLOTS = 1024,
    ENCNET__PENDING = 512,
    ENCNET__ORDINALS = 64
};

/* A launch whose time has not been read yet. */
typedef struct encnet__pending {
    cl_event event;
    encnet__kernel_count *count;
} encnet__pending;

struct encnet_device {
    encnet_device *parent;         /* of a lane: the device that has its programs and counts its
                                      memory; NULL = no lane */
    pthread_mutex_t lock;          /* of programs, counts and memory, which lanes share */
    pthread_mutex_t lanes_lock;    /* of the list of lanes; nobody waits for the driver with it */
    encnet_device *lanes;          /* of a device that is none */
    encnet_device *next_lane;      /* of the same device */
    encnet_device_options options; /* strings owned, but not by a lane */
    encnet_device_info info;
    encnet__device_facts facts; /* strings inside info */
    cl_platform_id platform;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_event mark; /* of encnet__pace(); NULL = none */
    encnet__memory_count memory;
    encnet__program *programs;
    encnet__kernel *kernels[ENCNET__KERNEL_SLOTS];
    char platform_version[128];
    char *cache_dir; /* NULL = no cache on disk */
    bool cache_written;
    encnet__choice *choices; /* measured, or read from the cache or a checkpoint */
    int n_choices, cap_choices;
    double tuned_seconds; /* spent on measuring */
    bool tuning_stopped;
    encnet__trial matrix_trials[ENCNET__BF16 + 1]; /* by the type of the activations */
    atomic_int users;                              /* models that live on it */
    atomic_bool closed;                            /* by the program, before its last model */
    int ordinal;                /* on PoCL: number among the open devices of the process; else -1 */
    bool profile;               /* the queue records times */
    bool sync;                  /* wait after every launch */
    atomic_int inside;          /* threads that are in the driver with this device */
    atomic_llong moved;         /* when one of them last went in or came out, nanoseconds */
    const encnet__kernel *last; /* launched last; its failure shows in the next call that waits */
    encnet__pending pending[ENCNET__PENDING];
    int n_pending;
    encnet__kernel_count gemm; /* the row of CLBlast in the profile */
    bool gemm_ready;           /* the first product has been checked */
};

struct encnet__buffer {
    encnet_device *dev;
    encnet__buffer *root; /* the buffer of which this is a view; NULL = no view */
    cl_mem mem;
    size_t offset_bytes, size_bytes;
    bool is_foreign; /* the program's: not counted as held */
};

/* The device that has the programs and counts the memory of a lane; of other devices, itself. */
static inline encnet_device *encnet__device_root(encnet_device *dev)
{
    return dev->parent ? dev->parent : dev;
}

/* -- queue.c: the name of the kernel launched last, for the message of a failed wait */
const char *encnet__last_kernel(const encnet_device *dev);

/* -- driver.c: what lists, opens and closes devices has this lock.  Drivers are not ready for several
 * threads there: PoCL 3.1 crashes, or finds no device. */
void encnet__driver_lock(void);
void encnet__driver_unlock(void);

/* -- pocl.c: removes what is damaged in PoCL's cache; keeps checksums of what is there */
void encnet__pocl_tidy(void);
void encnet__pocl_seal(void);

/* -- choose.c; the caller holds the lock */
encnet_status encnet__device_find(cl_platform_id *platform, cl_device_id *id,
                                  encnet_device_info *info, const char *select,
                                  int nth) ENCNET_MUST_CHECK;
/* The matrix units that the device has by its vendor and name; `dpas`: it has the extension
 * cl_intel_subgroup_matrix_multiply_accumulate. */
encnet__matrix encnet__matrix_of(const encnet_device_info *info, bool dpas);
/* Looks in the whole list, which may be longer than info.extensions. */
bool encnet__device_has(cl_device_id id, const char *extension);
void encnet__device_info_fill(encnet_device_info *info, cl_platform_id platform, cl_device_id id);
/* Checks that a device can run the kernels of this library. */
encnet_status encnet__device_check_usable(cl_device_id id) ENCNET_MUST_CHECK;

/* -- cache.c, besides what device.h declares */
void encnet__cache_open(encnet_device *dev);
/* Appends where the cache is, or why there is none. */
void encnet__cache_describe(encnet__text *out);
void encnet__cache_close(encnet_device *dev);
/* Finds the data in an entry; false if the entry is damaged or has another key. */
bool encnet__cache_parse(size_t *offset, size_t *size, const char *entry, size_t entry_size,
                         const char *key, size_t key_size) ENCNET_MUST_CHECK;
/* Removes the least recently used files until `keep_bytes` are left. */
void encnet__cache_prune(const char *path, int64_t keep_bytes);

/* -- choices.c */
void encnet__choices_free(encnet_device *dev);

/* -- source.c: appends the text of PROGRAM.cl, with its headers, to `out` */
encnet_status encnet__source_load(encnet__text *out, const char *program) ENCNET_MUST_CHECK;
/* Puts cl/NAME.cl:LINE for a place `<kernel>:N` at the beginning of a driver's complaint about the
 * source: NVIDIA's driver takes no notice of #line. */
void encnet__source_locate(char *complaint, size_t size, const char *source);

/* -- program.c */
encnet_status encnet__kernel_find(encnet__kernel **out, encnet_device *dev, const char *program,
                                  const char *kernel, const char *options) ENCNET_MUST_CHECK;
void encnet__kernels_free(encnet_device *dev); /* those of a device or a lane, not its programs */
/* Stores compiled programs in the cache. */
void encnet__programs_keep(encnet_device *dev);
void encnet__programs_free(encnet_device *dev);

/* -- profile.c */
encnet_status encnet__profile_add(encnet_device *dev, encnet__kernel_count *count,
                                  cl_event event) ENCNET_MUST_CHECK;
/* Releases the launches whose times have not been read. */
void encnet__profile_drop(encnet_device *dev);

#endif
