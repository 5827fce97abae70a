/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* load.c - ranks that are processes: detects a launcher and loads libencnet_mpi. */
#define _GNU_SOURCE /* dladdr */
#include "comm/comm.h"
#include "comm/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "libencnet_mpi.so.0"

/* What launchers tell their processes: Open MPI; MPICH, Intel MPI and other users of PMI; srun. */
static const struct {
    const char *size, *rank;
} launchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                 {"PMI_SIZE", "PMI_RANK"},
                 {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};

static int number_in(const char *variable)
{
    const char *text = getenv(variable);

    return text ? atoi(text) : 0;
}

int encnet_comm_launched(void)
{
    for (size_t i = 0; i < COUNT_OF(launchers); i++)
        if (number_in(launchers[i].size) > 0) return number_in(launchers[i].size);
    return 0;
}

int encnet_comm_launched_rank(void)
{
    for (size_t i = 0; i < COUNT_OF(launchers); i++)
        if (number_in(launchers[i].size) > 0) return number_in(launchers[i].rank);
    return 0;
}

/* Looks beside this library first, so that an installed tree can be moved, then where the system
 * looks. */
static void *load_default(void)
{
    encnet__text beside = {0};
    Dl_info here;
    void *library = NULL;
    const char *slash;

    if (dladdr((void *)encnet_comm_launched, &here) && here.dli_fname &&
        (slash = strrchr(here.dli_fname, '/'))) {
        encnet__text_add(&beside, "%.*s/" FILE_NAME, (int)(slash - here.dli_fname), here.dli_fname);
        if (!beside.failed) library = dlopen(beside.data, RTLD_NOW | RTLD_GLOBAL);
        encnet__text_free(&beside);
    }
    return library ? library : dlopen(FILE_NAME, RTLD_NOW | RTLD_GLOBAL);
}

/* Never closed: MPI can be initialised only once in a process. */
static encnet_status load(void **out, const char *path)
{
    *out = path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : load_default();
    if (*out) return ENCNET_OK;
    return encnet__fail(ENCNET_E_COMM, "%s; the library is built where CMake finds an MPI",
                        dlerror());
}

encnet_status encnet_comm_mpi_version(char *out, size_t size)
{
    encnet_status rc = ENCNET_OK;
    encnet__comm_version *version = NULL;
    void *library, *symbol;
    Dl_info where;
    size_t used;

    NEED(out);
    if (size) *out = '\0';
    TRY(load(&library, NULL));
    symbol = dlsym(library, ENCNET__COMM_VERSION);
    if (!symbol) FAIL(ENCNET_E_COMM, "%s", dlerror());
    memcpy(&version, &symbol, sizeof version); /* C has no cast from object to function */
    version(out, size);
    used = strlen(out);
    if (dladdr(symbol, &where) && where.dli_fname && used < size)
        snprintf(out + used, size - used, ", %s", where.dli_fname);
done:
    return rc;
}

encnet_status encnet_comm_open_mpi(encnet_comm **out, const char *path, double timeout_s)
{
    encnet_status rc = ENCNET_OK;
    encnet__comm_entry *entry = NULL;
    void *library, *symbol;
    int launched = encnet_comm_launched();

    NEED(out);
    if (!(timeout_s > 0)) FAIL(ENCNET_E_ARG, "a time limit of %g s: above 0", timeout_s);
    TRY(load(&library, path));
    symbol = dlsym(library, ENCNET__COMM_ENTRY);
    if (!symbol) FAIL(ENCNET_E_COMM, "%s", dlerror());
    memcpy(&entry, &symbol, sizeof entry); /* C has no cast from object to function */
    TRY(entry(out, timeout_s, encnet_comm_fail));
    if (launched > 1 && (*out)->size == 1) {
        encnet_comm_close(*out);
        *out = NULL;
        FAIL(ENCNET_E_COMM,
             "the launcher started %d ranks, but MPI knows of one: libencnet_mpi was built with "
             "another MPI than "
             "the launcher's",
             launched);
    }
done:
    return rc;
}
