/*
 * bench_conv2d.c - GFLOP/s of the convolution engine, beside what the device's vector units give a
 * plain matrix product.
 *
 *   bench_conv2d [--device SEL] [--conv ORDER|each] [--runs N] [--clock wall|cpu] [PART]...
 *
 * A line for every shape whose text contains one of the PARTs (default: all): the best and, in
 * brackets, the median of N runs (default 7) after one to warm up, for inference (weights packed
 * before), forward, the gradient of the input and that of the weights; then the best of the product
 * (float16 vectors, 12 x 32 register tile, operands packed and in cache) measured between them, so
 * that a busy machine slows both.  On a CPU device, `--clock cpu` counts the process's processor
 * time over the device's units instead, which other processes hardly change (but neither does an
 * uneven load).  `--conv each` goes through the algorithms of conv.def, one table for each, with a
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
    {512, 512, 3, 32, 3, {2, 1, 1, 1, false}},    {256, 256, 32, 64, 3, {1, 1, 1, 1, false}},
    {128, 128, 64, 64, 1, {1, 0, 1, 1, false}},   {128, 128, 64, 256, 1, {1, 0, 1, 1, false}},
    {128, 128, 256, 64, 1, {1, 0, 1, 1, false}},  {128, 128, 64, 64, 3, {1, 1, 1, 1, false}},
    {128, 128, 128, 128, 3, {2, 1, 1, 1, false}}, {128, 128, 256, 512, 1, {2, 0, 1, 1, false}},
    {64, 64, 128, 512, 1, {1, 0, 1, 1, false}},   {64, 64, 512, 128, 1, {1, 0, 1, 1, false}},
    {64, 64, 256, 256, 3, {1, 2, 2, 1, false}},   {64, 64, 1024, 256, 1, {1, 0, 1, 1, false}},
    {64, 64, 256, 1024, 1, {1, 0, 1, 1, false}},  {64, 64, 512, 512, 3, {1, 1, 1, 1, false}},
    {64, 64, 512, 512, 3, {1, 4, 4, 1, false}},   {64, 64, 2048, 512, 1, {1, 0, 1, 1, false}},
    {64, 64, 512, 2048, 1, {1, 0, 1, 1, false}},  {64, 64, 2048, 512, 3, {1, 1, 1, 1, false}},
    {64, 64, 512, 19, 1, {1, 0, 1, 1, false}},    {97, 97, 512, 512, 3, {1, 2, 2, 1, false}},
};

/* -- the plain product ------------------------------------------------------------------------- */

enum { PEAK_M = 960, PEAK_N = 1024, PEAK_K = 512 };

static const char peak_source[] =
    "__kernel void peak(__global float *y, __global const float *x, __global const float *w, int "
    "K)\n"
    "{\n"
    "    const int m = get_global_id(0), n = get_global_id(1), N = get_global_size(1) * 32;\n"
    "    float16 a[12][2];\n"
    "    x += (size_t)m * 12 * K;\n"
    "    w += (size_t)n * 32 * K;\n"
    "    _Pragma(\"unroll\") for (int p = 0; p < 12; p++) a[p][0] = a[p][1] = 0.0f;\n"
    "    for (int k = 0; k < K; k++) {\n"
    "        const float16 l = vload16(2 * k, w), r = vload16(2 * k + 1, w);\n"
    "        _Pragma(\"unroll\") for (int p = 0; p < 12; p++) {\n"
    "            a[p][0] += x[k * 12 + p] * l;\n"
    "            a[p][1] += x[k * 12 + p] * r;\n"
    "        }\n"
    "    }\n"
    "    _Pragma(\"unroll\") for (int p = 0; p < 12; p++) {\n"
    "        vstore16(a[p][0], 0, y + (size_t)(m * 12 + p) * N + n * 32);\n"
    "        vstore16(a[p][1], 0, y + (size_t)(m * 12 + p) * N + n * 32 + 16);\n"
    "    }\n"
    "}\n";

static cl_command_queue peak_queue;
static cl_kernel peak_kernel;

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
    cl_context context;
    cl_program program;
    cl_mem buffers[3];
    const size_t sizes[3] = {PEAK_M * PEAK_N * 4, PEAK_M * PEAK_K * 4, PEAK_N * PEAK_K * 4};
    const cl_int depth = PEAK_K;

    encnet_device_describe(dev, &info);
    demand(!clGetPlatformIDs(16, platforms, NULL), "clGetPlatformIDs");
    demand(!clGetDeviceIDs(platforms[info.platform], CL_DEVICE_TYPE_ALL, 16, devices, NULL),
           "clGetDeviceIDs");
    id = devices[info.platform_index];
    context = clCreateContext(NULL, 1, &id, NULL, NULL, NULL);
    demand(context != NULL, "clCreateContext");
    peak_queue = clCreateCommandQueue(context, id, 0, NULL);
    program = clCreateProgramWithSource(context, 1, &text, NULL, NULL);
    demand(!clBuildProgram(program, 1, &id, "", NULL, NULL), "clBuildProgram");
    peak_kernel = clCreateKernel(program, "peak", NULL);
    for (cl_uint i = 0; i < 3; i++) {
        buffers[i] = clCreateBuffer(context, CL_MEM_READ_WRITE, sizes[i], NULL, NULL);
        demand(!clEnqueueFillBuffer(peak_queue, buffers[i], &zero, 4, 0, sizes[i], 0, NULL, NULL),
               "fill");
        demand(!clSetKernelArg(peak_kernel, i, sizeof buffers[i], &buffers[i]), "clSetKernelArg");
    }
    demand(!clSetKernelArg(peak_kernel, 3, sizeof depth, &depth), "clSetKernelArg");
}

static double peak_seconds(void)
{
    static const size_t global[2] = {PEAK_M / 12, PEAK_N / 32}, local[2] = {1, 1};
    double start = seconds_now();

    demand(!clEnqueueNDRangeKernel(peak_queue, peak_kernel, 2, NULL, global, local, 0, NULL, NULL),
           "peak");
    demand(!clFinish(peak_queue), "clFinish");
    return seconds_now() - start;
}

/* -- one shape --------------------------------------------------------------------------------- */

typedef struct bench {
    encnet_device *dev;
    encnet__node_shape shape, fixed; /* fixed: for inference */
    encnet__call forward, data, filter, infer;
    double flops;
} bench;

static encnet__tensor tensor(encnet_device *dev, encnet__shape shape)
{
    encnet__tensor t = {.shape = shape};

    demand(!encnet__buffer_new(&t.buffer, dev, sizeof(float) * encnet__shape_count(shape)),
           "buffer");
    demand(!encnet__fill(t.buffer, 0.5f), "fill");
    return t;
}

static encnet__buffer *bytes(encnet_device *dev, size_t size)
{
    encnet__buffer *b = NULL;

    if (size) demand(!encnet__buffer_new(&b, dev, size), "buffer");
    return b;
}

static void make(bench *b, encnet_device *dev, const shape_row *row)
{
    const encnet__op *op = &encnet__op_conv2d;
    encnet__node_shape shape = {
        .attr = &row->attr,
        .n_in = 2,
        .in = {{1, row->h, row->w, row->c}, {row->kernel, row->kernel, row->c, row->k}}};
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
    call.in[0] = tensor(dev, shape.in[0]);
    call.in[1] = tensor(dev, shape.in[1]);
    call.out = tensor(dev, shape.out);
    call.plan = b->fixed.plan;
    b->infer = call;
    b->infer.scratch = bytes(dev, op->scratch_bytes(&b->fixed, false));
    b->infer.prepared = bytes(dev, op->prepared_bytes(&b->fixed));
    if (b->infer.prepared) demand(!op->prepare(&b->infer), "prepare");
    call.plan = b->shape.plan;
    b->forward = call;
    b->forward.scratch = bytes(dev, op->scratch_bytes(&b->shape, false));
    call.dout = tensor(dev, shape.out);
    call.scratch = bytes(dev, op->scratch_bytes(&b->shape, true));
    b->data = b->filter = call;
    b->data.din[0] = tensor(dev, shape.in[0]);
    b->filter.din[1] = tensor(dev, shape.in[1]);
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

static void print_rate(double flops, double *seconds, int runs)
{
    qsort(seconds, (size_t)runs, sizeof *seconds, by_value);
    printf(" %6.0f (%4.0f)", flops / seconds[0] * 1e-9, flops / seconds[runs / 2] * 1e-9);
}

static void measure(encnet_device *dev, const shape_row *row, const char *text, int runs,
                    const char *only)
{
    static double seconds[5][MOST_RUNS];
    const encnet__op *op = &encnet__op_conv2d;
    served s = {.only = only};
    bench b;

    make(&b, dev, row);
    op->list_plan(&b.shape, look, &s);
    const bool wanted[4] = {s.directions[0], s.directions[0], s.directions[1], s.directions[2]};
    for (int i = -1; i < runs; i++) {
        int at = i < 0 ? 0 : i;
        if (wanted[0]) seconds[0][at] = run_seconds(dev, op->forward, &b.infer);
        if (wanted[1]) seconds[1][at] = run_seconds(dev, op->forward, &b.forward);
        if (wanted[2]) seconds[2][at] = run_seconds(dev, op->backward, &b.data);
        if (wanted[3]) seconds[3][at] = run_seconds(dev, op->backward, &b.filter);
        seconds[4][at] = peak_seconds();
    }
    printf("%-28s", text);
    for (int pass = 0; pass < 4; pass++) {
        if (wanted[pass])
            print_rate(b.flops, seconds[pass], runs);
        else
            printf(" %13s", "-");
    }
    print_rate(2.0 * PEAK_M * PEAK_N * PEAK_K, seconds[4], runs);
    putchar('\n');
    fflush(stdout);
    drop(&b);
}

/* The shapes whose text contains one of the parts, with the device's order of algorithms. */
static void measure_all(const encnet_options *options, const char *only, int runs,
                        char *const *parts, int n_parts, bool by_cpu)
{
    encnet_device *dev = NULL;

    demand(!encnet_device_open(&dev, &options->device), "device");
    if (by_cpu) cpu_units = encnet__device_facts_of(dev)->units;
    if (!peak_queue) peak_open(dev);
    printf("%-28s %13s %13s %13s %13s %13s\n", "GFLOP/s, best (median)", "inference", "forward",
           "dx", "dw", "product");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const shape_row *r = &rows[i];
        bool wanted = n_parts == 0;
        char text[80];

        snprintf(text, sizeof text, "%dx%d %d->%d %dx%d s%d d%d", r->h, r->w, r->c, r->k, r->kernel,
                 r->kernel, r->attr.stride, r->attr.dilation);
        for (int p = 0; p < n_parts; p++) wanted |= strstr(text, parts[p]) != NULL;
        if (wanted) measure(dev, r, text, runs, only);
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
