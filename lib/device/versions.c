/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* versions.c - the loader, the platforms, CLBlast and the cache, for reports of faults. */
#define _GNU_SOURCE                       /* dladdr */
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS /* clGetExtensionFunctionAddress, for no platform */
#include "device/internal.h"

#include <clblast_c.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOADER_VERSION = 2,
    LOADER_NAME = 3
}; /* CL_ICDL_VERSION and CL_ICDL_NAME of cl_loader_info */

typedef void row_function(void *user, const char *part, const char *version);

/* Appends the file that a function is from, without links. */
static void add_file(encnet__text *out, const void *function)
{
    Dl_info where;
    char *real;

    if (!dladdr(function, &where) || !where.dli_fname) return;
    real = realpath(where.dli_fname, NULL);
    encnet__text_add(out, "%s%s", out->size ? ", " : "", real ? real : where.dli_fname);
    free(real);
}

/* A loader may tell its name and version, by a function that is in no header of OpenCL. */
static void add_loader(encnet__text *out)
{
    cl_int (*ask)(cl_uint what, size_t size, void *value, size_t *size_out) = NULL;
    void *symbol = clGetExtensionFunctionAddress("clGetICDLoaderInfoOCLICD");
    char name[128] = "", version[64] = "";

    memcpy(&ask, &symbol, sizeof ask); /* C has no cast from object to function */
    if (ask && ask(LOADER_NAME, sizeof name - 1, name, NULL) == CL_SUCCESS && *name &&
        ask(LOADER_VERSION, sizeof version - 1, version, NULL) == CL_SUCCESS)
        encnet__text_add(out, "%s %s", name, version);
    add_file(out, (const void *)clGetPlatformIDs);
}

static encnet_status tell(row_function *row, void *user, const char *part, encnet__text *text)
{
    if (text->failed) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its version", part);
    row(user, part, text->size ? text->data : "unknown");
    text->size = 0;
    return ENCNET_OK;
}

static encnet_status tell_platforms(row_function *row, void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_platform_info *platforms = NULL;
    encnet__text text = {0};
    char part[32];
    int count = 0, room;

    TRY(encnet_platform_list(NULL, 0, &count));
    room = count;
    platforms = encnet__alloc((size_t)room + 1, sizeof *platforms);
    if (!platforms) FAIL(ENCNET_E_NOMEM, "no memory for %d platforms", room);
    TRY(encnet_platform_list(platforms, room, &count));
    for (int i = 0; i < count && i < room; i++) {
        const encnet_platform_info *p = &platforms[i];
        snprintf(part, sizeof part, p->index < 0 ? "platform" : "platform %d", p->index);
        encnet__text_add(&text, "%s%s%s", p->name, *p->version ? ", " : "", p->version);
        if (*p->answer) encnet__text_add(&text, ": %s", p->answer);
        TRY(tell(row, user, part, &text));
    }
    if (count == 0) row(user, "platforms", "none");
done:
    encnet__free(platforms);
    encnet__text_free(&text);
    return rc;
}

encnet_status encnet_device_versions(void (*row)(void *user, const char *part, const char *version),
                                     void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__text text = {0};

    NEED(row);
    add_loader(&text);
    TRY(tell(row, user, "OpenCL loader", &text));
    TRY(tell_platforms(row, user));
    encnet__text_add(&text, "built with " ENCNET__CLBLAST);
    add_file(&text, (const void *)CLBlastSgemm);
    TRY(tell(row, user, "CLBlast", &text));
    encnet__cache_describe(&text);
    TRY(tell(row, user, "kernel cache", &text));
done:
    encnet__text_free(&text);
    return rc;
}
