/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bench_conv2d.c - GFLOP/s of the convolution engine, beside what the device's vector units give a
 * plain matrix product; GB/s of convolutions in groups, beside a copy.
 *
 *   bench_conv2d [--device SEL] [--conv ORDER|each] [--precision P] [--runs N] [--clock wall|cpu]
 *                [PART]...
 *
 * A line for every shape whose text contains one of the PARTs (default: all): the best and, in
 * brackets, the median of N runs (default 7) after one to warm up, for inference (weights packed
 * before), forward, the gradient of the input and that of the weights; then the best of the product
 * (float16 vectors, a register tile of 12 x 32 or 6 x 16, operands packed and in cache) measured between them, so
 * that a busy machine slows both.  A convolution in groups multiplies little for what it reads and
 * writes, so its figures are GB/s: x, w and y once each, in every direction; beside it a copy of as
 * many bytes, read and written.  On a CPU device, `--clock cpu` counts the process's processor
 * time over the device's units instead, which other processes hardly change (but neither does an
 * uneven load).  `--precision` is device.precision, default float32.  `--conv each` goes through the algorithms of conv.def, one table for each, with a
 * dash for what it cannot serve.
 */
#include "ops/attr.h"
#include "ops/conv/engine.h"

#include <CL/cl.h>
#include <encnet/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_RUNS = 1000 };

static double cpu_units; /* --clock cpu: compute units; 0 = wall clock */

static double seconds_now(void)
{
    struct timespec t;

    if (cpu_units == 0) return encnet__now();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return ((double)t.tv_sec + 1e-9 * (double)t.tv_nsec) / cpu_units;
}

typedef struct shape_row {
    int h, w, c, k, kernel;
    encnet__conv2d_attr attr;
} shape_row;

/* What ResNet-50-D8 with the EncNet head meets at 512x512, then the larger map of an evaluation. */
static const shape_row rows[] = {
    {512, 512, 3, 32, 3, {2, 1, 1, 1, false}},
    {256, 256, 32, 64, 3, {1, 1, 1, 1, false}},
    {128, 128, 64, 64, 1, {1, 0, 1, 1, false}},
    {128, 128, 64, 256, 1, {1, 0, 1, 1, false}},
    {128, 128, 256, 64, 1, {1, 0, 1, 1, false}},
    {128, 128, 64, 64, 3, {1, 1, 1, 1, false}},
    {128, 128, 128, 128, 3, {2, 1, 1, 1, false}},
    {128, 128, 256, 512, 1, {2, 0, 1, 1, false}},
    {64, 64, 128, 512, 1, {1, 0, 1, 1, false}},
    {64, 64, 512, 128, 1, {1, 0, 1, 1, false}},
    {64, 64, 256, 256, 3, {1, 2, 2, 1, false}},
    {64, 64, 1024, 256, 1, {1, 0, 1, 1, false}},
    {64, 64, 256, 1024, 1, {1, 0, 1, 1, false}},
    {64, 64, 512, 512, 3, {1, 1, 1, 1, false}},
    {64, 64, 512, 512, 3, {1, 4, 4, 1, false}},
    {64, 64, 2048, 512, 1, {1, 0, 1, 1, false}},
    {64, 64, 512, 2048, 1, {1, 0, 1, 1, false}},
    {64, 64, 2048, 512, 3, {1, 1, 1, 1, false}},
    {64, 64, 512, 19, 1, {1, 0, 1, 1, false}},
    {97, 97, 512, 512, 3, {1, 2, 2, 1, false}},
    /* the branches of HRNet-W18 and W48 */
    {128, 128, 18, 18, 3, {1, 1, 1, 1, false}},
    {64, 64, 36, 36, 3, {1, 1, 1, 1, false}},
    {32, 32, 72, 72, 3, {1, 1, 1, 1, false}},
    {16, 16, 144, 144, 3, {1, 1, 1, 1, false}},
    {128, 128, 48, 48, 3, {1, 1, 1, 1, false}},
    {16, 16, 384, 384, 3, {1, 1, 1, 1, false}},
    {16, 32, 384, 384, 3, {1, 1, 1, 1, false}},
    /* the ASPP of DeepLabV3, and of less channels */
    {64, 64, 512, 512, 3, {1, 12, 12, 1, false}},
    {64, 64, 2048, 512, 3, {1, 12, 12, 1, false}},
    {64, 64, 2048, 512, 3, {1, 24, 24, 1, false}},
    {64, 64, 2048, 512, 3, {1, 36, 36, 1, false}},
    /* DeepLabV3+: its ASPP and its decoder */
    {64, 64, 2048, 2048, 3, {1, 12, 12, 2048, false}},
    {64, 64, 2048, 2048, 3, {1, 24, 24, 2048, false}},
    {64, 64, 2048, 2048, 3, {1, 36, 36, 2048, false}},
    {128, 128, 560, 560, 3, {1, 1, 1, 560, false}},
    {128, 128, 512, 512, 3, {1, 1, 1, 512, false}},
    /* other depthwise shapes, and groups in general */
    {128, 128, 144, 144, 3, {2, 1, 1, 144, false}},
    {64, 64, 2560, 2560, 5, {1, 2, 1, 2560, false}},
    {128, 128, 12, 12, 3, {1, 1, 1, 12, false}},
    {64, 64, 256, 256, 3, {1, 1, 1, 32, false}},
};

/* -- the plain product ------------------------------------------------------------------------- */

enum { PEAK_M = 960, PEAK_N = 1024, PEAK_K = 512 };

static const char peak_source[] =
    "__kernel void peak(__global float *y, __global const float *x, __global const float *w, int "
    "K)\n"
    "{\n"
    "    const int m = get_global_id(0), n = get_global_id(1), N = get_global_size(1) * V * 16;\n"
    "    float16 a[P][V], r[V];\n"
    "    x += (size_t)m * P * K;\n"
    "    w += (size_t)n * V * 16 * K;\n"
    "    _Pragma(\"unroll\") for (int p = 0; p < P; p++)\n"
    "        _Pragma(\"unroll\") for (int q = 0; q < V; q++) a[p][q] = 0.0f;\n"
    "    for (int k = 0; k < K; k++) {\n"
    "        _Pragma(\"unroll\") for (int q = 0; q < V; q++) r[q] = vload16(V * k + q, w);\n"
    "        _Pragma(\"unroll\") for (int p = 0; p < P; p++)\n"
    "            _Pragma(\"unroll\") for (int q = 0; q < V; q++) a[p][q] += x[k * P + p] * r[q];\n"
    "    }\n"
    "    _Pragma(\"unroll\") for (int p = 0; p < P; p++)\n"
    "        _Pragma(\"unroll\") for (int q = 0; q < V; q++)\n"
    "            vstore16(a[p][q], q, y + (size_t)(m * P + p) * N + n * V * 16);\n"
    "}\n"
    "__kernel void copy(__global float *y, __global const float *x, int run, int count)\n"
    "{\n"
    "    const int first = get_global_id(0) * run, end = min(first + run, count);\n"
    "    for (int i = first; i < end; i++) vstore16(vload16(i, x), i, y);\n"
    "}\n";

/* Its register tile, pixels by vectors: 24 sums of 16 floats fill registers of 16 floats, 6 those of 8. */
static int peak_p = 12, peak_v = 2;

static cl_context peak_context;
static cl_command_queue peak_queue;
static cl_kernel peak_kernel, copy_kernel;

static void demand(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "bench_conv2d: %s: %s\n", what, encnet_last_error());
    exit(1);
}

/* In a context of its own on the same device: nothing of the library takes part. */
static void peak_open(const encnet_device *dev)
{
    const char *text = peak_source;
    const float zero = 0;
    encnet_device_info info;
    cl_platform_id platforms[16];
    cl_device_id devices[16], id;
    cl_program program;
    cl_mem buffers[3];
    const size_t sizes[3] = {PEAK_M * PEAK_N * 4, PEAK_M * PEAK_K * 4, PEAK_N * PEAK_K * 4};
    const cl_int depth = PEAK_K;
    char options[32];

    if (encnet__device_facts_of(dev)->vector_floats < 16) peak_p = 6, peak_v = 1;
    snprintf(options, sizeof options, "-DP=%d -DV=%d", peak_p, peak_v);
    encnet_device_describe(dev, &info);
    demand(!clGetPlatformIDs(16, platforms, NULL), "clGetPlatformIDs");
    demand(!clGetDeviceIDs(platforms[info.platform], CL_DEVICE_TYPE_ALL, 16, devices, NULL),
           "clGetDeviceIDs");
    id = devices[info.platform_index];
    peak_context = clCreateContext(NULL, 1, &id, NULL, NULL, NULL);
    demand(peak_context != NULL, "clCreateContext");
    peak_queue = clCreateCommandQueue(peak_context, id, 0, NULL);
    program = clCreateProgramWithSource(peak_context, 1, &text, NULL, NULL);
    demand(!clBuildProgram(program, 1, &id, options, NULL, NULL), "clBuildProgram");
    peak_kernel = clCreateKernel(program, "peak", NULL);
    copy_kernel = clCreateKernel(program, "copy", NULL);
    for (cl_uint i = 0; i < 3; i++) {
        buffers[i] = clCreateBuffer(peak_context, CL_MEM_READ_WRITE, sizes[i], NULL, NULL);
        demand(!clEnqueueFillBuffer(peak_queue, buffers[i], &zero, 4, 0, sizes[i], 0, NULL, NULL),
               "fill");
        demand(!clSetKernelArg(peak_kernel, i, sizeof buffers[i], &buffers[i]), "clSetKernelArg");
    }
    demand(!clSetKernelArg(peak_kernel, 3, sizeof depth, &depth), "clSetKernelArg");
}

static double peak_seconds(void)
{
    const size_t local[2] = {1, 1},
                 global[2] = {(size_t)(PEAK_M / peak_p), (size_t)(PEAK_N / (peak_v * 16))};
    double start = seconds_now();

    demand(!clEnqueueNDRangeKernel(peak_queue, peak_kernel, 2, NULL, global, local, 0, NULL, NULL),
           "peak");
    demand(!clFinish(peak_queue), "clFinish");
    return seconds_now() - start;
}

/* -- the copy ---------------------------------------------------------------------------------- */

enum { COPY_VECTORS = 1024 }; /* of 16 floats, copied by a work-item */

static void copy_open(cl_mem buffers[2], double bytes)
{
    const size_t size = (size_t)(bytes / 2 / 64) * 64;
    const cl_int count = (cl_int)(size / 64), run = COPY_VECTORS;
    const float zero = 0;

    for (cl_uint i = 0; i < 2; i++) {
        buffers[i] = clCreateBuffer(peak_context, CL_MEM_READ_WRITE, size, NULL, NULL);
        demand(!clEnqueueFillBuffer(peak_queue, buffers[i], &zero, 4, 0, size, 0, NULL, NULL),
               "fill");
        demand(!clSetKernelArg(copy_kernel, i, sizeof buffers[i], &buffers[i]), "clSetKernelArg");
    }
    demand(!clSetKernelArg(copy_kernel, 2, sizeof run, &run), "clSetKernelArg");
    demand(!clSetKernelArg(copy_kernel, 3, sizeof count, &count), "clSetKernelArg");
}

static double copy_seconds(double bytes)
{
    const size_t global = (size_t)(bytes / 2 / 64) / COPY_VECTORS + 1, local = 1;
    double start = seconds_now();

    demand(
        !clEnqueueNDRangeKernel(peak_queue, copy_kernel, 1, NULL, &global, &local, 0, NULL, NULL),
        "copy");
    demand(!clFinish(peak_queue), "clFinish");
    return seconds_now() - start;
}

/* -- one shape --------------------------------------------------------------------------------- */

typedef struct bench {
    encnet_device *dev;
    encnet__node_shape shape, fixed; /* fixed: for inference */
    encnet__call forward, data, filter, infer;
    double flops, bytes; /* of every direction */
} bench;

static encnet__tensor tensor(encnet_device *dev, encnet__shape shape, encnet__type type)
{
    encnet__tensor t = {.shape = shape, .type = type};

    demand(!encnet__buffer_new(&t.buffer, dev, encnet__shape_bytes(shape, type)), "buffer");
    demand(!encnet__fill(t.buffer, 0.5f), "fill");
    return t;
}

static encnet__buffer *bytes(encnet_device *dev, size_t size)
{
    encnet__buffer *b = NULL;

    if (size) demand(!encnet__buffer_new(&b, dev, size), "buffer");
    return b;
}

/* How device.precision stores activations. */
static encnet__type storage_of(const encnet_device *dev)
{
    const char *precision = encnet__device_options_of(dev)->precision;

    if (!strcmp(precision, "fp16")) return ENCNET__F16;
    return strcmp(precision, "bf16") ? ENCNET__F32 : ENCNET__BF16;
}

static void make(bench *b, encnet_device *dev, const shape_row *row)
{
    const encnet__op *op = &encnet__op_conv2d;
    encnet__node_shape shape = {
        .attr = &row->attr,
        .n_in = 2,
        .type = storage_of(dev),
        .in = {{1, row->h, row->w, row->c},
               {row->kernel, row->kernel, row->c / row->attr.groups, row->k}}};
    encnet__call call = {.dev = dev, .attr = &row->attr, .n_in = 2};

    demand(!op->infer(&shape), "shape");
    shape.dev = dev;
    b->dev = dev;
    b->shape = b->fixed = shape;
    b->shape.wanted = 3;
    b->fixed.constant = 2;
    demand(!op->plan(&b->shape.plan, &b->shape), "plan");
    demand(!op->plan(&b->fixed.plan, &b->fixed), "plan");
    b->flops = op->flops(&shape);
    b->bytes =
        sizeof(float) * (double)(encnet__shape_count(shape.in[0]) +
                                 encnet__shape_count(shape.in[1]) + encnet__shape_count(shape.out));
    call.in[0] = tensor(dev, shape.in[0], shape.type);
    call.in[1] = tensor(dev, shape.in[1], ENCNET__F32);
    call.out = tensor(dev, shape.out, shape.type);
    call.plan = b->fixed.plan;
    b->infer = call;
    b->infer.scratch = bytes(dev, op->scratch_bytes(&b->fixed, false));
    b->infer.prepared = bytes(dev, op->prepared_bytes(&b->fixed));
    if (b->infer.prepared) demand(!op->prepare(&b->infer), "prepare");
    call.plan = b->shape.plan;
    b->forward = call;
    b->forward.scratch = bytes(dev, op->scratch_bytes(&b->shape, false));
    call.dout = tensor(dev, shape.out, shape.type);
    call.scratch = bytes(dev, op->scratch_bytes(&b->shape, true));
    b->data = b->filter = call;
    b->data.din[0] = tensor(dev, shape.in[0], shape.type);
    b->filter.din[1] = tensor(dev, shape.in[1], ENCNET__F32);
}

static void drop(bench *b)
{
    encnet__op_conv2d.plan_free(b->shape.plan);
    encnet__op_conv2d.plan_free(b->fixed.plan);
    encnet__buffer_free(b->infer.prepared);
    encnet__buffer_free(b->infer.scratch);
    encnet__buffer_free(b->data.scratch);
    encnet__buffer_free(b->forward.scratch);
    encnet__buffer_free(b->forward.in[0].buffer);
    encnet__buffer_free(b->forward.in[1].buffer);
    encnet__buffer_free(b->forward.out.buffer);
    encnet__buffer_free(b->data.dout.buffer);
    encnet__buffer_free(b->data.din[0].buffer);
    encnet__buffer_free(b->filter.din[1].buffer);
}

/* In which directions the algorithm computes the shape; `only` NULL: any does. */
typedef struct served {
    const char *only;
    bool directions[ENCNET__CONV_DIRECTIONS];
} served;

static void look(void *user, const encnet_plan_row *row)
{
    served *s = user;

    for (int i = 0; i < ENCNET__CONV_DIRECTIONS; i++)
        if (!strcmp(row->direction, encnet__conv_direction_names[i]))
            s->directions[i] = !s->only || !strcmp(row->algorithm, s->only);
}

static double run_seconds(encnet_device *dev, encnet_status (*pass)(const encnet__call *),
                          const encnet__call *call)
{
    double start = seconds_now();

    demand(!pass(call), "pass");
    demand(!encnet__finish(dev), "finish");
    return seconds_now() - start;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* `work`: operations or bytes. */
static void print_rate(double work, double *seconds, int runs, int digits)
{
    qsort(seconds, (size_t)runs, sizeof *seconds, by_value);
    printf(" %6.*f (%4.*f)", digits, work / seconds[0] * 1e-9, digits,
           work / seconds[runs / 2] * 1e-9);
}

static void measure(encnet_device *dev, const shape_row *row, const char *text, int runs,
                    const char *only)
{
    static double seconds[5][MOST_RUNS];
    const encnet__op *op = &encnet__op_conv2d;
    const bool copies = row->attr.groups > 1;
    served s = {.only = only};
    cl_mem copied[2] = {NULL, NULL};
    bench b;

    make(&b, dev, row);
    if (copies) copy_open(copied, b.bytes);
    op->list_plan(&b.shape, look, &s);
    const bool wanted[4] = {s.directions[0], s.directions[0], s.directions[1], s.directions[2]};
    for (int i = -1; i < runs; i++) {
        int at = i < 0 ? 0 : i;
        if (wanted[0]) seconds[0][at] = run_seconds(dev, op->forward, &b.infer);
        if (wanted[1]) seconds[1][at] = run_seconds(dev, op->forward, &b.forward);
        if (wanted[2]) seconds[2][at] = run_seconds(dev, op->backward, &b.data);
        if (wanted[3]) seconds[3][at] = run_seconds(dev, op->backward, &b.filter);
        seconds[4][at] = copies ? copy_seconds(b.bytes) : peak_seconds();
    }
    printf("%-32s", text);
    for (int pass = 0; pass < 4; pass++) {
        if (wanted[pass])
            print_rate(copies ? b.bytes : b.flops, seconds[pass], runs, copies);
        else
            printf(" %13s", "-");
    }
    print_rate(copies ? b.bytes : 2.0 * PEAK_M * PEAK_N * PEAK_K, seconds[4], runs, copies);
    putchar('\n');
    fflush(stdout);
    for (int i = 0; copies && i < 2; i++) clReleaseMemObject(copied[i]);
    drop(&b);
}

static void print_heading(bool copies)
{
    printf("%-32s %13s %13s %13s %13s %13s\n",
           copies ? "GB/s, best (median)" : "GFLOP/s, best (median)", "inference", "forward", "dx",
           "dw", copies ? "copy" : "product");
}

/* The shapes whose text contains one of the parts, with the device's order of algorithms. */
static void measure_all(const encnet_options *options, const char *only, int runs,
                        char *const *parts, int n_parts, bool by_cpu)
{
    encnet_device *dev = NULL;
    int heading = 0; /* 1 for operations, 2 for bytes */

    demand(!encnet_device_open(&dev, &options->device), "device");
    if (by_cpu) cpu_units = encnet__device_facts_of(dev)->units;
    if (!peak_queue) peak_open(dev);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const shape_row *r = &rows[i];
        bool wanted = n_parts == 0, copies = r->attr.groups > 1;
        char text[80], groups[24] = "";

        if (copies) snprintf(groups, sizeof groups, " g%d", r->attr.groups);
        snprintf(text, sizeof text, "%dx%d %d->%d %dx%d s%d d%d%s", r->h, r->w, r->c, r->k,
                 r->kernel, r->kernel, r->attr.stride, r->attr.dilation, groups);
        for (int p = 0; p < n_parts; p++) wanted |= strstr(text, parts[p]) != NULL;
        if (!wanted) continue;
        if (heading != copies + 1) print_heading(copies);
        heading = copies + 1;
        measure(dev, r, text, runs, only);
    }
    encnet_device_close(dev);
}

int main(int argc, char **argv)
{
    encnet_options options;
    int runs = 7, first = 1;
    bool by_cpu = false;

    encnet_options_default(&options);
    for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
        if (!strcmp(argv[first], "--device")) options.device.select = argv[first + 1];
        if (!strcmp(argv[first], "--conv")) options.device.conv = argv[first + 1];
        if (!strcmp(argv[first], "--precision")) options.device.precision = argv[first + 1];
        if (!strcmp(argv[first], "--runs")) runs = atoi(argv[first + 1]);
        if (!strcmp(argv[first], "--clock")) by_cpu = !strcmp(argv[first + 1], "cpu");
    }
    if (runs < 1 || runs > MOST_RUNS) runs = 7;
    if (strcmp(options.device.conv, "each") != 0) {
        measure_all(&options, NULL, runs, argv + first, argc - first, by_cpu);
        return 0;
    }
    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++) {
        char order[64];

        snprintf(order, sizeof order, "%s,auto", row->name);
        options.device.conv = order;
        printf("%s: %s\n", row->name, row->about);
        measure_all(&options, row->name, runs, argv + first, argc - first, by_cpu);
    }
    return 0;
}
