/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * launches.c - what the library would launch on devices that are not at hand, for ci/offline.sh.
 *
 *   launches ops CLASS                  every row of every operator's case table, in every storage
 *                                       type and with every algorithm of a convolution for the class
 *   launches network CLASS CONFIG N HxW one training step with N images, and one inference of one
 *   launches source PROGRAM             the text of cl/PROGRAM.cl with its headers
 *
 * CLASS is a row of `classes` below.  driver.h describes the lines.
 */
#include "offline/driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/bench.h>
#include <encnet/config.h>

#include "device/internal.h"
#include "ops/conv/engine.h"

#define GIB ((size_t)1 << 30)

/* What the library asks of a device, for each kind that has kernels of its own.  The last number is
 * that of compute units: a middling card of the kind. */
static const struct device_class {
    const char *name;
    encnet__device_facts facts;
} classes[] = {
    {"amd", {.has_double = true, .local_bytes = 64 << 10, .max_group = 256, .units = 60}},
    {"nvidia", {.has_double = true, .local_bytes = 48 << 10, .max_group = 1024, .units = 108}},
    {"ampere", /* and later: with matrix units that take 16 bits and TF32 */
     {.has_double = true,
      .local_bytes = 48 << 10,
      .max_group = 1024,
      .units = 108,
      .matrix = ENCNET__MATRIX_NVIDIA}},
    {"rdna3",
     {.has_double = true,
      .local_bytes = 64 << 10,
      .max_group = 256,
      .units = 60,
      .matrix = ENCNET__MATRIX_AMD_WMMA}},
    {"rdna4",
     {.has_double = true,
      .local_bytes = 64 << 10,
      .max_group = 256,
      .units = 60,
      .matrix = ENCNET__MATRIX_AMD_WMMA12}},
    {"cdna",
     {.has_double = true,
      .local_bytes = 64 << 10,
      .max_group = 256,
      .units = 60,
      .matrix = ENCNET__MATRIX_AMD_MFMA}},
    {"arc",
     {.few_registers = true,
      .local_bytes = 64 << 10,
      .max_group = 1024,
      .units = 96,
      .matrix = ENCNET__MATRIX_INTEL_DPAS}},
    {"gen9",
     {.has_double = true,
      .few_registers = true,
      .local_bytes = 64 << 10,
      .max_group = 256,
      .units = 24}},
    {"xe", {.few_registers = true, .local_bytes = 64 << 10, .max_group = 512, .units = 96}},
    {"cpu",
     {.is_cpu = true,
      .has_double = true,
      .local_bytes = 1 << 20,
      .max_group = 4096,
      .units = 2,
      .vector_floats = 16}},
};

/* The same device with one compute unit is busy with the largest tiles of the small shapes. */
static encnet__device_facts facts_of(const char *name, bool tiny)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (strcmp(classes[i].name, name) == 0) {
            encnet__device_facts f = classes[i].facts;
            f.memory_bytes = 1024 * GIB;
            f.max_alloc_bytes = 1024 * GIB;
            f.align_bytes = 512;
            if (tiny) f.units = 1;
            return f;
        }
    fprintf(stderr, "launches: no class of devices is called %s\n", name);
    exit(2);
}

static void hold(encnet_status rc, const char *what)
{
    if (rc == ENCNET_OK) return;
    fprintf(stderr, "launches: %s: %s\n", what, encnet_last_error());
    exit(1);
}

/* -- operators */

static encnet__buffer *buffer(encnet_device *dev, size_t bytes)
{
    encnet__buffer *b = NULL;

    if (bytes) hold(encnet__buffer_new(&b, dev, bytes), "a buffer");
    return b;
}

static encnet__type type_of_input(const encnet__op *op, int i, encnet__type storage)
{
    if (op->integers >> i & 1) return ENCNET__I32;
    return op->narrow >> i & 1 ? storage : ENCNET__F32;
}

static encnet__tensor tensor(encnet_device *dev, encnet__shape shape, encnet__type type)
{
    size_t bytes = encnet__shape_count(shape) ? encnet__shape_bytes(shape, type) : 0;

    return (encnet__tensor){buffer(dev, bytes), shape, type};
}

/* Launches every pass of a node. */
static void run(const encnet__op *op, const encnet__node_shape *s, const encnet__node_shape *fixed,
                encnet__type storage, bool backward)
{
    encnet_device *dev = s->dev;
    size_t scratch = encnet__op_scratch_bytes(op, s, false);
    encnet__type out_type = op->out_is_integer  ? ENCNET__I32
                            : op->out_is_narrow ? storage
                                                : ENCNET__F32;
    encnet__call c = {.dev = dev, .attr = s->attr, .plan = s->plan, .n_in = s->n_in};

    if (backward && encnet__op_scratch_bytes(op, s, true) > scratch)
        scratch = encnet__op_scratch_bytes(op, s, true);
    for (int i = 0; i < s->n_in; i++) {
        c.in[i] = tensor(dev, s->in[i], type_of_input(op, i, storage));
        if (backward && (op->gradients >> i & 1)) c.din[i] = tensor(dev, s->in[i], c.in[i].type);
    }
    if (op->sync) {
        int i = op->sync->exchanged;
        hold(encnet__op_contribution(&c.in[i].shape, op, s), op->name);
        c.in[i] = tensor(dev, c.in[i].shape, ENCNET__F32);
        c.din[i].buffer = buffer(dev, op->sync->sums_floats(s) * sizeof(float));
    }
    c.out = tensor(dev, s->out, out_type);
    c.dout = tensor(dev, s->out, out_type);
    c.saved = buffer(dev, op->saved_bytes ? op->saved_bytes(s) : 0);
    c.scratch = buffer(dev, scratch);
    hold(encnet__op_forward(op, &c), op->name);
    if (op->recompute) hold(op->recompute(&c), op->name);
    if (op->update) hold(op->update(&c), op->name);
    if (backward) hold(encnet__op_backward(op, &c), op->name);
    if (op->prepare && op->prepared_bytes(fixed)) {
        encnet__buffer *big = buffer(dev, encnet__op_scratch_bytes(op, fixed, false));
        encnet__call p = c;
        p.plan = fixed->plan;
        p.scratch = big;
        p.prepared = buffer(dev, op->prepared_bytes(fixed));
        hold(op->prepare(&p), op->name);
        hold(encnet__op_forward(op, &p), op->name);
        encnet__buffer_free(p.prepared);
        encnet__buffer_free(big);
    }
    for (int i = 0; i < ENCNET__MAX_INPUTS; i++) {
        encnet__buffer_free(c.in[i].buffer);
        encnet__buffer_free(c.din[i].buffer);
    }
    encnet__buffer_free(c.out.buffer);
    encnet__buffer_free(c.dout.buffer);
    encnet__buffer_free(c.saved);
    encnet__buffer_free(c.scratch);
}

static void walk_row(encnet_device *dev, const encnet__op *op, const encnet__case *row,
                     encnet__type storage)
{
    encnet__node_shape s = {.attr = row->attr, .n_in = row->n_in}, fixed;
    bool backward = op->backward && op->gradients && !row->forward_only;
    encnet_status rc;

    memcpy(s.in, row->in, sizeof s.in);
    s.type = type_of_input(op, 0, storage);
    hold(op->infer(&s), op->name);
    s.dev = dev;
    fixed = s;
    fixed.constant = ~1u;
    if (backward) s.wanted = op->gradients;
    rc = encnet__op_plan(op, &s);
    if (rc == ENCNET_OK && op->prepare) rc = encnet__op_plan(op, &fixed);
    if (rc == ENCNET_OK)
        run(op, &s, &fixed, storage, backward);
    else if (rc != ENCNET_E_ARG) /* a forced algorithm may refuse the shape */
        hold(rc, op->name);
    encnet__op_plan_free(op, s.plan);
    encnet__op_plan_free(op, fixed.plan);
}

static void walk_op(const encnet__device_facts *facts, const encnet__op *op, const char *conv)
{
    static const encnet__type types[] = {ENCNET__F32, ENCNET__F16, ENCNET__BF16};
    size_t n_types = op->narrow || op->out_is_narrow ? COUNT_OF(types) : 1;
    encnet_device *dev;

    hold(driver_open(&dev, facts, conv), "the device");
    driver_label("op");
    for (size_t t = 0; t < n_types; t++)
        for (int i = 0; i < op->n_cases; i++) walk_row(dev, op, &op->cases[i], types[t]);
    driver_label(NULL);
    encnet_device_close(dev);
}

/* An algorithm that `auto` takes on devices of the other class only is made for those. */
static bool is_for(const encnet__conv_row *row, bool cpu)
{
    return isfinite(cpu ? row->cpu : row->gpu) || !isfinite(cpu ? row->gpu : row->cpu);
}

static void walk_ops(const char *class)
{
    for (int tiny = 0; tiny < 2; tiny++) {
        encnet__device_facts facts = facts_of(class, tiny);
        for (const encnet__op *const *op = encnet__ops; *op; op++)
            if (*op != &encnet__op_conv2d) walk_op(&facts, *op, "auto");
        for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++)
            if (is_for(row, facts.is_cpu) && (facts.matrix || !row->algorithm->rounds_operands))
                walk_op(&facts, &encnet__op_conv2d, row->name);
    }
}

/* -- networks */

static void walk_network(const char *class, const char *path, int n, int h, int w)
{
    encnet__device_facts facts = facts_of(class, false);
    encnet_config *config = NULL;
    encnet_device *dev = NULL;
    encnet_bench_result result = {0};
    encnet_bench_case training = {.n = n, .h = h, .w = w, .repeats = 1};
    encnet_bench_case inference = {.inference = true, .n = 1, .h = h, .w = w, .repeats = 1};

    hold(encnet_config_load(&config, path, NULL, 0, NULL, NULL), path);
    hold(driver_open(&dev, &facts, "auto"), "the device");
    driver_label("training");
    hold(encnet_bench(&result, dev, encnet_config_options(config), &training, NULL), path);
    encnet_bench_result_free(&result);
    driver_label("inference");
    hold(encnet_bench(&result, dev, encnet_config_options(config), &inference, NULL), path);
    encnet_bench_result_free(&result);
    driver_label(NULL);
    encnet_device_close(dev);
    encnet_config_free(config);
}

static void print_source(const char *program)
{
    encnet__text text = {0};

    hold(encnet__source_load(&text, program), program);
    fwrite(text.data, 1, text.size, stdout);
    encnet__text_free(&text);
}

int main(int argc, char **argv)
{
    int h, w;

    if (argc == 3 && strcmp(argv[1], "ops") == 0) {
        walk_ops(argv[2]);
    } else if (argc == 6 && strcmp(argv[1], "network") == 0 &&
               sscanf(argv[5], "%dx%d", &h, &w) == 2) {
        walk_network(argv[2], argv[3], atoi(argv[4]), h, w);
    } else if (argc == 3 && strcmp(argv[1], "source") == 0) {
        print_source(argv[2]);
    } else {
        fprintf(stderr,
                "usage: launches ops CLASS | network CLASS CONFIG N HxW | source PROGRAM\n");
        return 2;
    }
    return fflush(stdout) ? 1 : 0;
}
