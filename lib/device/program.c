/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * program.c - finds programs and kernels by name, and builds each program once.
 *
 * The key of a kernel is (program, kernel, options).  A warm launch hashes it, follows one short
 * chain and allocates nothing.
 */
#define _DEFAULT_SOURCE /* mkstemps */
#include "device/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Options of every program.  Floats are IEEE, so there is no flag for relaxed math.  The argument
 * info lets a launch check kinds.  -w, because drivers report the number of warnings on stderr;
 * `clang -x cl -Wall` shows them. */
#define BASE_OPTIONS "-cl-std=CL1.2 -cl-kernel-arg-info -w"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return encnet__hash(hash, text, strlen(text) + 1);
}

/* -- building */

/* Finds the first line of a build log that mentions an error, else the first line that is not
 * blank. */
static void first_complaint(char *out, size_t size, const char *log)
{
    const char *first = NULL;

    for (const char *line = log; *line;) {
        size_t n = strcspn(line, "\n"), lead = strspn(line, ENCNET__BLANKS);
        if (lead > n) lead = n;
        if (lead < n && !first) first = line + lead;
        for (size_t i = lead; i + 5 <= n; i++)
            if (memcmp(line + i, "error", 5) == 0) {
                snprintf(out, size, "%.*s", (int)(n - lead), line + lead);
                return;
            }
        line += n + (line[n] == '\n');
    }
    if (first)
        snprintf(out, size, "%.*s", (int)strcspn(first, "\n"), first);
    else
        snprintf(out, size, "the driver says nothing");
}

/* Writes the build log to a file, in the folder of the cache or for temporary files, and names the
 * file or the reason why there is none. */
static void keep_log(char *where, size_t size, const encnet_device *dev, const char *name,
                     const char *options, const char *log)
{
    const char *dir = getenv("TMPDIR");
    encnet__text text = {0};
    int fd = -1;

    snprintf(where, size, "%s/encnet-cl-%s-XXXXXX.log",
             dev->cache_dir ? dev->cache_dir
             : dir && *dir  ? dir
                            : "/tmp",
             name);
    encnet__text_add(&text, "%s.cl, options %s\n\n%s\n", name, options, log);
    if (!text.failed) fd = mkstemps(where, 4);
    if (fd < 0 || write(fd, text.data, text.size) != (ssize_t)text.size)
        snprintf(where, size, "not kept, no file could be written");
    if (fd >= 0) close(fd);
    encnet__text_free(&text);
}

static encnet_status build_failure(encnet_device *dev, cl_program program, cl_int err,
                                   const char *name, const char *options,
                                   const encnet__text *source)
{
    encnet_status rc;
    char complaint[400], where[300], *log = NULL;
    size_t size = 0;

    if (clGetProgramBuildInfo(program, dev->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS)
        log = encnet__alloc(size + 1, 1);
    if (log) clGetProgramBuildInfo(program, dev->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    first_complaint(complaint, sizeof complaint, log ? log : "");
    encnet__source_locate(complaint, sizeof complaint, source->data);
    keep_log(where, sizeof where, dev, name, options, log ? log : "");
    rc = encnet__fail(ENCNET_E_KERNEL, "%s.cl does not compile for %s: %s (%s (%d); log: %s)", name,
                      dev->info.name, complaint, encnet__cl_error_name(err), (int)err, where);
    encnet__free(log);
    return rc;
}

static encnet_status build_source(cl_program *out, encnet_device *dev, const char *name,
                                  const encnet__text *source, const char *options)
{
    encnet_status rc = ENCNET_OK;
    cl_program program = NULL;
    cl_int err;

    program = clCreateProgramWithSource(dev->context, 1, (const char *[]){source->data},
                                        &source->size, &err);
    TRY_CL(err, "%s.cl on %s", name, dev->info.name);
    err = IN_DRIVER(dev, clBuildProgram(program, 1, &dev->id, options, NULL, NULL));
    if (err != CL_SUCCESS) TRY(build_failure(dev, program, err, name, options, source));
    *out = program;
    program = NULL;
done:
    if (program) clReleaseProgram(program);
    return rc;
}

/* Builds a program from a binary; NULL if the driver does not accept it. */
static cl_program build_binary(encnet_device *dev, const char *bytes, size_t size,
                               const char *options)
{
    cl_int taken = CL_SUCCESS, err;
    cl_program program = clCreateProgramWithBinary(
        dev->context, 1, &dev->id, &size, (const unsigned char *[]){(const unsigned char *)bytes},
        &taken, &err);

    if (err == CL_SUCCESS && taken == CL_SUCCESS &&
        IN_DRIVER(dev, clBuildProgram(program, 1, &dev->id, options, NULL, NULL)) == CL_SUCCESS)
        return program;
    if (err == CL_SUCCESS) clReleaseProgram(program);
    return NULL;
}

/* Options that a driver needs.  Oclgrind runs kernels without optimisation, because its
 * --uninitialized cannot handle what the optimiser makes of a division and its remainder (freeze).
 * PoCL up to 5.0 miscounts the users of a kernel that several devices of a process launch on grids
 * of unequal size, and then ends the process (pocl_release_dlhandle_cache): an option that differs
 * per device gives each of them its own programs. */
static void add_driver_options(encnet__text *out, const encnet_device *dev)
{
    if (strcmp(dev->facts.platform, "Oclgrind") == 0) encnet__text_add(out, " -cl-opt-disable");
    if (dev->ordinal > 0) encnet__text_add(out, " -DENCNET_ORDINAL=%d", dev->ordinal);
}

/* Builds `p`, which has its name and options, from the cache or else from source. */
static encnet_status build(encnet__program *p, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    encnet__text source = {0}, options = {0};
    char *binary = NULL;
    size_t size;

    encnet__text_add(&options, BASE_OPTIONS);
    add_driver_options(&options, dev);
    if (*p->options) encnet__text_add(&options, " %s", p->options);
    TRY(encnet__source_load(&source, p->name));
    encnet__text_add(&p->key, "%s\n", options.data ? options.data : "");
    encnet__text_bytes(&p->key, source.data, source.size);
    if (options.failed || p->key.failed) FAIL(ENCNET_E_NOMEM, "no memory for %s.cl", p->name);
    if (encnet__cache_read(&binary, &size, dev, "program", p->key.data))
        p->cl = build_binary(dev, binary, size, options.data);
    if (p->cl) {
        encnet__text_free(&p->key);
    } else {
        encnet__say(ENCNET_LOG_INFO, "compiling %s.cl for %s", p->name, dev->info.name);
        TRY(build_source(&p->cl, dev, p->name, &source, options.data));
    }
done:
    encnet__free(binary);
    encnet__text_free(&options);
    encnet__text_free(&source);
    return rc;
}

/* -- binaries */

/* Reads the binary of `program` for this device; a context of the caller may have several
 * devices. */
static encnet_status binary_of(char **out, size_t *size, const encnet_device *dev,
                               cl_program program)
{
    enum { MAX_DEVICES = 64 };
    encnet_status rc = ENCNET_OK;
    cl_device_id ids[MAX_DEVICES];
    size_t sizes[MAX_DEVICES] = {0}, n = 0, which = 0;
    unsigned char *bytes[MAX_DEVICES] = {NULL};

    TRY_CL(clGetProgramInfo(program, CL_PROGRAM_DEVICES, sizeof ids, ids, &n),
           "devices of a program");
    n /= sizeof *ids;
    while (which < n && ids[which] != dev->id) which++;
    if (which == n) FAIL(ENCNET_E_INTERNAL, "a program without its device");
    TRY_CL(clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, n * sizeof *sizes, sizes, NULL),
           "size of a program");
    if (sizes[which] == 0) FAIL(ENCNET_E_DEVICE, "%s gives no binaries", dev->info.name);
    bytes[which] = encnet__alloc(sizes[which], 1);
    if (!bytes[which]) FAIL(ENCNET_E_NOMEM, "no memory for a program of %zu bytes", sizes[which]);
    TRY_CL(clGetProgramInfo(program, CL_PROGRAM_BINARIES, n * sizeof *bytes, bytes, NULL),
           "a program's binary");
    *out = (char *)bytes[which];
    *size = sizes[which];
    bytes[which] = NULL;
done:
    encnet__free(which < MAX_DEVICES ? bytes[which] : NULL);
    return rc;
}

/* Stores binaries when the device is closed, because by then PoCL has compiled the kernels for the
 * group sizes in use and includes them.  Asked for a binary, PoCL also compiles every kernel for
 * groups of any size, so the time for this is limited.  A program that is left out comes from
 * PoCL's own cache in the next run, and is stored then. */
void encnet__programs_keep(encnet_device *dev)
{
    const double seconds = 4;
    double start = encnet__now();

    for (encnet__program *p = dev->programs; p && dev->cache_dir; p = p->next) {
        char *bytes = NULL;
        size_t size = 0;
        if (encnet__now() - start > seconds) break;
        if (p->key.size && binary_of(&bytes, &size, dev, p->cl) == ENCNET_OK)
            encnet__cache_write(dev, "program", p->key.data, bytes, size);
        encnet__free(bytes);
    }
}

/* -- lookup */

static void program_free(encnet__program *p)
{
    if (!p) return;
    if (p->cl) clReleaseProgram(p->cl);
    for (encnet__kernel_count *c = p->counts, *next; c; c = next) {
        next = c->next;
        encnet__free(c->name);
        encnet__free(c);
    }
    encnet__text_free(&p->key);
    encnet__free(p->name);
    encnet__free(p->options);
    encnet__free(p);
}

static encnet_status program_find(encnet__program **out, encnet_device *dev, const char *name,
                                  const char *options)
{
    encnet_status rc = ENCNET_OK;
    uint64_t hash = hash_text(hash_text(ENCNET__FNV, name), options);
    encnet__program *p = NULL;

    /* Another lane that wants the program waits until it is built. */
    dev = encnet__device_root(dev);
    pthread_mutex_lock(&dev->lock);
    for (p = dev->programs; p; p = p->next)
        if (p->hash == hash && strcmp(p->name, name) == 0 && strcmp(p->options, options) == 0) {
            *out = p;
            p = NULL;
            goto done;
        }
    p = encnet__alloc(1, sizeof *p);
    if (!p) FAIL(ENCNET_E_NOMEM, "no memory for %s.cl", name);
    p->hash = hash;
    p->name = encnet__strdup(name);
    p->options = encnet__strdup(options);
    if (!p->name || !p->options) FAIL(ENCNET_E_NOMEM, "no memory for %s.cl", name);
    TRY(build(p, dev));
    p->next = dev->programs;
    dev->programs = p;
    *out = p;
    p = NULL;
done:
    pthread_mutex_unlock(&dev->lock);
    program_free(p);
    return rc;
}

/* Returns the kind of an argument; ANY if the driver does not say. */
static unsigned char arg_kind(cl_kernel kernel, cl_uint i)
{
    cl_kernel_arg_address_qualifier space;
    char type[32] = "";

    if (clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space,
                           NULL) != CL_SUCCESS)
        return ENCNET__ARG_ANY;
    if (space != CL_KERNEL_ARG_ADDRESS_PRIVATE) return ENCNET__ARG_BUFFER;
    if (clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, NULL) !=
        CL_SUCCESS)
        return ENCNET__ARG_ANY;
    if (strcmp(type, "int") == 0) return ENCNET__ARG_INT;
    if (strcmp(type, "uint") == 0) return ENCNET__ARG_UINT;
    if (strcmp(type, "float") == 0) return ENCNET__ARG_FLOAT;
    return ENCNET__ARG_ANY;
}

static void kernel_free(encnet__kernel *k)
{
    if (!k) return;
    if (k->cl) clReleaseKernel(k->cl);
    encnet__free(k);
}

/* Returns where the launches of a kernel are counted, or NULL: no memory. */
static encnet__kernel_count *count_of(encnet_device *dev, encnet__program *program,
                                      const char *name)
{
    encnet__kernel_count *c;

    dev = encnet__device_root(dev);
    pthread_mutex_lock(&dev->lock);
    for (c = program->counts; c && strcmp(c->name, name) != 0; c = c->next) continue;
    if (!c && (c = encnet__alloc(1, sizeof *c)) != NULL) {
        c->name = encnet__strdup(name);
        c->next = program->counts;
        if (c->name) program->counts = c;
    }
    if (c && !c->name) {
        encnet__free(c);
        c = NULL;
    }
    pthread_mutex_unlock(&dev->lock);
    return c;
}

static encnet_status kernel_new(encnet__kernel **out, encnet_device *dev, encnet__program *program,
                                const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__kernel *k = encnet__alloc(1, sizeof *k);
    cl_uint n_args = 0;
    cl_int err;

    if (!k || !(k->count = count_of(dev, program, name)))
        FAIL(ENCNET_E_NOMEM, "no memory for kernel %s", name);
    k->name = k->count->name;
    k->cl = clCreateKernel(program->cl, name, &err);
    if (err == CL_INVALID_KERNEL_NAME)
        FAIL(ENCNET_E_INTERNAL, "%s.cl has no kernel %s", program->name, name);
    TRY_CL(err, "%s.cl: kernel %s", program->name, name);
    TRY_CL(clGetKernelInfo(k->cl, CL_KERNEL_NUM_ARGS, sizeof n_args, &n_args, NULL),
           "%s.cl: arguments of %s", program->name, name);
    if (n_args > ENCNET__MAX_ARGS)
        FAIL(ENCNET_E_INTERNAL, "%s.cl: %s takes %u arguments, more than %d", program->name, name,
             n_args, ENCNET__MAX_ARGS);
    k->n_args = n_args;
    for (cl_uint i = 0; i < n_args; i++) k->kinds[i] = arg_kind(k->cl, i);
    k->program = program;
    *out = k;
    k = NULL;
done:
    kernel_free(k);
    return rc;
}

encnet_status encnet__kernel_find(encnet__kernel **out, encnet_device *dev, const char *program,
                                  const char *kernel, const char *options)
{
    encnet_status rc = ENCNET_OK;
    uint64_t hash = hash_text(hash_text(hash_text(ENCNET__FNV, program), kernel), options);
    encnet__kernel **slot = &dev->kernels[hash % ENCNET__KERNEL_SLOTS], *k;
    encnet__program *p = NULL;

    for (k = *slot; k; k = k->next)
        if (k->hash == hash && strcmp(k->name, kernel) == 0 &&
            strcmp(k->program->name, program) == 0 && strcmp(k->program->options, options) == 0) {
            *out = k;
            return ENCNET_OK;
        }
    TRY(program_find(&p, dev, program, options));
    TRY(kernel_new(&k, dev, p, kernel));
    k->hash = hash;
    k->next = *slot;
    *slot = k;
    *out = k;
done:
    return rc;
}

void encnet__kernels_free(encnet_device *dev)
{
    for (int slot = 0; slot < ENCNET__KERNEL_SLOTS; slot++)
        for (encnet__kernel *k = dev->kernels[slot], *next; k; k = next) {
            next = k->next;
            kernel_free(k);
        }
}

void encnet__programs_free(encnet_device *dev)
{
    for (encnet__program *p = dev->programs, *next; p; p = next) {
        next = p->next;
        program_free(p);
    }
}
