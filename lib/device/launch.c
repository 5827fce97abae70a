/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* launch.c - checks the arguments of a kernel, sets them, and enqueues the kernel. */
#include "device/internal.h"

static const char *const kind_names[] = {"a buffer", "int", "uint", "float", "local memory"};

static encnet_status check_args(const encnet__kernel *k, const encnet__arg *args, size_t n_args)
{
    if (n_args != k->n_args)
        return encnet__fail(ENCNET_E_INTERNAL, "%s.cl: %s takes %zu arguments, not %zu",
                            k->program->name, k->name, k->n_args, n_args);
    for (size_t i = 0; i < n_args; i++)
        if (k->kinds[i] != ENCNET__ARG_ANY && k->kinds[i] != (unsigned char)args[i].kind)
            return encnet__fail(ENCNET_E_INTERNAL, "%s.cl: argument %zu of %s is %s, not %s",
                                k->program->name, i, k->name, kind_names[k->kinds[i]],
                                kind_names[args[i].kind]);
    return ENCNET_OK;
}

static cl_int set_arg(cl_kernel kernel, cl_uint i, const encnet__arg *arg)
{
    cl_mem mem;

    switch (arg->kind) {
    case ENCNET__ARG_BUFFER:
        mem = arg->value.buffer ? arg->value.buffer->mem : NULL;
        return clSetKernelArg(kernel, i, sizeof mem, &mem);
    case ENCNET__ARG_INT:
        return clSetKernelArg(kernel, i, sizeof(cl_int), &arg->value.i);
    case ENCNET__ARG_UINT:
        return clSetKernelArg(kernel, i, sizeof(cl_uint), &arg->value.u);
    case ENCNET__ARG_FLOAT:
        return clSetKernelArg(kernel, i, sizeof(cl_float), &arg->value.f);
    }
    return CL_INVALID_ARG_VALUE;
}

encnet_status encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                             const char *options, encnet__grid grid, const encnet__arg *args,
                             size_t n_args)
{
    encnet_status rc = ENCNET_OK;
    encnet__kernel *k;
    size_t global[3], local[3];
    cl_event event = NULL;

    TRY(encnet__kernel_find(&k, dev, program, kernel, options));
    TRY(check_args(k, args, n_args));
    if (grid.groups[0] == 0) FAIL(ENCNET_E_INTERNAL, "%s.cl: %s on no groups", program, kernel);
    for (cl_uint i = 0; i < n_args; i++)
        TRY_CL(set_arg(k->cl, i, &args[i]), "%s.cl: argument %u of %s", program, i, kernel);
    for (int i = 0; i < 3; i++) {
        local[i] = grid.local[i] ? grid.local[i] : 1;
        global[i] = (grid.groups[i] ? grid.groups[i] : 1) * local[i];
    }
    TRY_CL(IN_DRIVER(dev, clEnqueueNDRangeKernel(dev->queue, k->cl, 3, NULL, global, local, 0, NULL,
                                                 dev->profile ? &event : NULL)),
           "%s.cl: launching %s on %zux%zux%zu items in groups of %zux%zux%zu (%s takes %zu)",
           program, kernel, global[0], global[1], global[2], local[0], local[1], local[2],
           dev->info.name, dev->facts.max_group);
    dev->last = k;
    if (event) TRY(encnet__profile_add(dev, k->count, event));
    if (dev->sync) TRY(encnet__finish(dev));
done:
    return rc;
}
