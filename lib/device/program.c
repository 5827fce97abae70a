/*
 * program.c - programs and kernels by name: found by content, built once.
 *
 * The key of a kernel is (program, kernel, options); a warm launch hashes it, walks one short chain
 * and allocates nothing.
 */
#define _POSIX_C_SOURCE 200809L
#include "device/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every program; floats are IEEE, so no relaxed-math flag is ever added.  Argument info lets a
 * launch check its types. */
#define BASE_OPTIONS "-cl-std=CL1.2 -cl-kernel-arg-info"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return encnet__hash(hash, text, strlen(text) + 1);
}

/* -- building */

/* The first line of a build log that speaks of an error, else its first line that says anything. */
static void first_complaint(char *out, size_t size, const char *log)
{
    const char *first = NULL;

    for (const char *line = log; *line;) {
        size_t n = strcspn(line, "\n"), lead = 0;
        while (lead < n && isspace((unsigned char)line[lead])) lead++;
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

/* Keeps the log in a file; says where, or why not. */
static void keep_log(char *where, size_t size, const char *name, const char *options,
                     const char *log)
{
    const char *dir = getenv("TMPDIR");
    encnet__text text = {0};

    snprintf(where, size, "%s/encnet-cl-%s-%08x.log", dir && *dir ? dir : "/tmp", name,
             (unsigned)hash_text(ENCNET__FNV, options));
    encnet__text_add(&text, "%s.cl, options %s\n\n%s\n", name, options, log);
    if (text.failed || encnet__file_write(where, text.data, text.size) != ENCNET_OK)
        snprintf(where, size, "nowhere: no file could be written");
    encnet__text_free(&text);
}

static encnet_status build_failure(encnet_device *dev, cl_program program, cl_int err,
                                   const char *name, const char *options)
{
    encnet_status rc;
    char complaint[400], where[300], *log = NULL;
    size_t size = 0;

    if (clGetProgramBuildInfo(program, dev->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS)
        log = encnet__alloc(size + 1, 1);
    if (log) clGetProgramBuildInfo(program, dev->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    first_complaint(complaint, sizeof complaint, log ? log : "");
    keep_log(where, sizeof where, name, options, log ? log : "");
    rc = encnet__fail(ENCNET_E_KERNEL, "%s.cl does not compile for %s: %s (%s (%d); log: %s)", name,
                      dev->info.name, complaint, encnet__cl_error_name(err), (int)err, where);
    encnet__free(log);
    return rc;
}

static encnet_status build(cl_program *out, encnet_device *dev, const char *name,
                           const char *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__text source = {0}, full = {0};
    cl_program program = NULL;
    cl_int err;

    encnet__text_add(&full, "%s", BASE_OPTIONS);
    TRY(encnet__source_load(&source, name));
    if (*options) encnet__text_add(&full, " %s", options);
    if (full.failed) FAIL(ENCNET_E_NOMEM, "no memory for the options of %s.cl", name);
    program = clCreateProgramWithSource(dev->context, 1, (const char *[]){source.data},
                                        &source.size, &err);
    TRY_CL(err, "%s.cl on %s", name, dev->info.name);
    err = clBuildProgram(program, 1, &dev->id, full.data, NULL, NULL);
    if (err != CL_SUCCESS) TRY(build_failure(dev, program, err, name, full.data));
    *out = program;
    program = NULL;
done:
    if (program) clReleaseProgram(program);
    encnet__text_free(&full);
    encnet__text_free(&source);
    return rc;
}

/* -- lookup */

static void program_free(encnet__program *p)
{
    if (!p) return;
    if (p->cl) clReleaseProgram(p->cl);
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

    for (p = dev->programs; p; p = p->next)
        if (p->hash == hash && strcmp(p->name, name) == 0 && strcmp(p->options, options) == 0) {
            *out = p;
            return ENCNET_OK;
        }
    p = encnet__alloc(1, sizeof *p);
    if (!p) FAIL(ENCNET_E_NOMEM, "no memory for %s.cl", name);
    p->hash = hash;
    p->name = encnet__strdup(name);
    p->options = encnet__strdup(options);
    if (!p->name || !p->options) FAIL(ENCNET_E_NOMEM, "no memory for %s.cl", name);
    TRY(build(&p->cl, dev, name, options));
    p->next = dev->programs;
    dev->programs = p;
    *out = p;
    p = NULL;
done:
    program_free(p);
    return rc;
}

/* What the driver says an argument is; ANY when it does not say. */
static unsigned char arg_kind(cl_kernel kernel, cl_uint i)
{
    cl_kernel_arg_address_qualifier space;
    char type[32] = "";

    if (clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space,
                           NULL) != CL_SUCCESS)
        return ENCNET__ARG_ANY;
    if (space == CL_KERNEL_ARG_ADDRESS_LOCAL) return ENCNET__ARG_LOCAL;
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
    encnet__free(k->name);
    encnet__free(k);
}

static encnet_status kernel_new(encnet__kernel **out, encnet__program *program, const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__kernel *k = encnet__alloc(1, sizeof *k);
    cl_uint n_args = 0;
    cl_int err;

    if (!k || !(k->name = encnet__strdup(name)))
        FAIL(ENCNET_E_NOMEM, "no memory for kernel %s", name);
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
    TRY(kernel_new(&k, p, kernel));
    k->hash = hash;
    k->next = *slot;
    *slot = k;
    *out = k;
done:
    return rc;
}

void encnet__programs_free(encnet_device *dev)
{
    for (int slot = 0; slot < ENCNET__KERNEL_SLOTS; slot++)
        for (encnet__kernel *k = dev->kernels[slot], *next; k; k = next) {
            next = k->next;
            kernel_free(k);
        }
    for (encnet__program *p = dev->programs, *next; p; p = next) {
        next = p->next;
        program_free(p);
    }
}
