/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* platforms.c - what each platform answers, and why a registered driver is none. */
#include "device/internal.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PLATFORMS = 32, MAX_PATH_BYTES = 512, MAX_ICD_BYTES = 4096 };

typedef struct listing {
    encnet_platform_info *out;
    int capacity, count;
} listing;

/* Returns the next row to fill in, or NULL if the caller has no room for it. */
static encnet_platform_info *next(listing *l)
{
    encnet_platform_info *row = l->count < l->capacity ? &l->out[l->count] : NULL;

    l->count++;
    if (row) memset(row, 0, sizeof *row);
    return row;
}

/* -- what is wrong most often */

typedef struct cause {
    const char *part; /* of the name of the platform, or of the file that registers a driver */
    const char *text;
} cause;

static const cause no_device[] = {
    {"NVIDIA", "no NVIDIA GPU answers: `nvidia-smi` must list one; after an update, the kernel "
               "module is that "
               "of the old driver until the next start; a container needs --gpus all"},
    {"AMD",
     "no AMD GPU answers: /dev/kfd must be there, and the user in the groups render and video"},
    {"Intel(R) OpenCL",
     "no Intel GPU answers: /dev/dri/renderD128 must be there, and the user in the group render; a "
     "GPU newer than the driver needs a newer intel-opencl-icd"},
    {"Clover", "Mesa's newer driver is rusticl: RUSTICL_ENABLE=radeonsi, iris, or llvmpipe"},
    {"rusticl", "rusticl offers only what RUSTICL_ENABLE names: radeonsi, iris, or llvmpipe"},
    {"Portable Computing Language", "POCL_DEVICES may name a device that this version lacks"},
    {NULL, "the driver sees no device that it can serve"},
};

static const cause not_loaded[] = {
    {"nvidia", "install nvidia-opencl-icd, or the driver's package that has the library, in the "
               "version of the kernel module"},
    {"amdocl", "install rocm-opencl-runtime"},
    {"intel", "install intel-opencl-icd with what it depends on"},
    {NULL, "install the package of this driver again, or remove the file"},
};

/* Device files that belong to a group of users. */
static const char *const nodes[] = {"/dev/kfd", "/dev/dri/renderD128", "/dev/nvidiactl"};

/* Appends the usual cause to an answer. */
static void add_cause(char *answer, size_t size, const cause *causes, const char *name)
{
    size_t used = strlen(answer);

    for (size_t i = 0; causes == no_device && i < COUNT_OF(nodes); i++)
        if (access(nodes[i], F_OK) == 0 && access(nodes[i], R_OK | W_OK) != 0) {
            snprintf(answer + used, size - used,
                     "; this user may not open %s: `ls -l %s` shows the group to join", nodes[i],
                     nodes[i]);
            return;
        }
    while (causes->part && !strstr(name, causes->part)) causes++;
    snprintf(answer + used, size - used, "; %s", causes->text);
}

/* -- platforms */

static void platform_text(char *out, size_t size, cl_platform_id platform, cl_platform_info what)
{
    memset(out, 0, size);
    if (clGetPlatformInfo(platform, what, size - 1, out, NULL) != CL_SUCCESS) out[0] = '\0';
}

static void add_platform(listing *l, int index, cl_platform_id platform)
{
    encnet_platform_info *row = next(l);
    cl_uint devices = 0;
    cl_int err = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &devices);

    if (!row) return;
    row->index = index;
    platform_text(row->name, sizeof row->name, platform, CL_PLATFORM_NAME);
    platform_text(row->version, sizeof row->version, platform, CL_PLATFORM_VERSION);
    if (!row->name[0]) snprintf(row->name, sizeof row->name, "unnamed platform");
    row->devices = err == CL_SUCCESS ? (int)devices : 0;
    if (row->devices) return;
    snprintf(row->answer, sizeof row->answer, "%s (%d)",
             encnet__cl_error_name(err == CL_SUCCESS ? CL_DEVICE_NOT_FOUND : err), (int)err);
    add_cause(row->answer, sizeof row->answer, no_device, row->name);
}

/* -- drivers: a file NAME.icd holds the name of a library */

static void add_driver(listing *l, const char *path)
{
    encnet_platform_info *row;
    char *text = NULL;
    const char *error;
    size_t size = 0;
    void *library;

    if (encnet__file_read(&text, &size, path, MAX_ICD_BYTES) != ENCNET_OK) {
        error = encnet_last_error();
        library = NULL;
    } else {
        text[strcspn(text, " \r\n")] = '\0';
        library = dlopen(text, RTLD_LAZY | RTLD_LOCAL);
        error = library ? NULL : dlerror();
    }
    if (!library && (row = next(l))) {
        row->index = -1;
        snprintf(row->name, sizeof row->name, "%s", path);
        snprintf(row->answer, sizeof row->answer, "%s", error ? error : "it cannot be loaded");
        add_cause(row->answer, sizeof row->answer, not_loaded, path);
    }
    if (library) dlclose(library);
    encnet__free(text);
}

static bool is_icd(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".icd") == 0;
}

/* The files that the loader reads: those of a folder, or one. */
static void add_drivers(listing *l)
{
    const char *chosen = getenv("OCL_ICD_VENDORS"), *folder = chosen && *chosen ? chosen : NULL;
    char path[MAX_PATH_BYTES];
    DIR *dir;

    if (!folder) folder = "/etc/OpenCL/vendors";
    if (is_icd(folder)) {
        add_driver(l, folder);
        return;
    }
    dir = opendir(folder);
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        if (is_icd(d->d_name) &&
            snprintf(path, sizeof path, "%s/%s", folder, d->d_name) < (int)sizeof path)
            add_driver(l, path);
    if (dir) closedir(dir);
}

encnet_status encnet_platform_list(encnet_platform_info *out, int capacity, int *count)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;
    listing l = {out, capacity, 0};

    if (!count || (capacity > 0 && !out) || capacity < 0)
        return encnet__fail(ENCNET_E_ARG,
                            "encnet_platform_list: count is needed, and out for %d rows", capacity);
    encnet__driver_lock();
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &n) != CL_SUCCESS) n = 0;
    if (n > MAX_PLATFORMS) n = MAX_PLATFORMS;
    for (cl_uint p = 0; p < n; p++) add_platform(&l, (int)p, platforms[p]);
    add_drivers(&l);
    encnet__driver_unlock();
    *count = l.count;
    return ENCNET_OK;
}
