/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * convolutions.c - the algorithms of convolutions, on the smallest shapes that have every tail and both tiles, for
 * ci/oclgrind.sh.  Matrix units are emulated.
 *
 *   convolutions [PART]     the ways whose name contains PART
 *
 * oclgrind interprets kernels, and sees what no result shows: an access out of bounds, a race, a value
 * that nobody wrote.  tests/ops/test_conv2d.c has more shapes, for other drivers.  Every buffer is as
 * large as what belongs into it.
 */
#include "support/optest.h"

#include "ops/conv/trial.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A way through the kernels: an algorithm with a kind of matrix units, a type of activations and, on
 * CPUs, the floats of a register. */
typedef struct way {
    const char *name, *algorithm;
    encnet__matrix units;
    encnet__type storage;
    int registers; /* 0: on GPUs */
} way;

static const way ways[] = {
    {"CPU, packed", "packed", ENCNET__MATRIX_NONE, ENCNET__F32, 16},
    {"CPU, packed, fp16", "packed", ENCNET__MATRIX_NONE, ENCNET__F16, 16},
    {"CPU, winograd", "winograd", ENCNET__MATRIX_NONE, ENCNET__F32, 16},
    {"CPU, winograd, narrow registers", "winograd", ENCNET__MATRIX_NONE, ENCNET__F32, 8},
    {"CPU, winograd, bf16", "winograd", ENCNET__MATRIX_NONE, ENCNET__BF16, 16},
    {"CPU, winograd_lanes", "winograd_lanes", ENCNET__MATRIX_NONE, ENCNET__F32, 16},
    {"CPU, winograd_lanes, narrow registers", "winograd_lanes", ENCNET__MATRIX_NONE, ENCNET__F32,
     8},
    {"CPU, winograd_lanes, bf16", "winograd_lanes", ENCNET__MATRIX_NONE, ENCNET__BF16, 16},
    {"CPU, strassen", "strassen", ENCNET__MATRIX_NONE, ENCNET__F32, 16},
    {"CPU, strassen, narrow registers", "strassen", ENCNET__MATRIX_NONE, ENCNET__F32, 8},
    {"CPU, strassen, bf16", "strassen", ENCNET__MATRIX_NONE, ENCNET__BF16, 16},
    {"CPU, windows", "windows", ENCNET__MATRIX_NONE, ENCNET__F32, 16},
    {"CPU, windows, narrow registers", "windows", ENCNET__MATRIX_NONE, ENCNET__F32, 8},
    {"tiled", "tiled", ENCNET__MATRIX_NONE, ENCNET__F32},
    {"tiled, fp16", "tiled", ENCNET__MATRIX_NONE, ENCNET__F16},
    {"winograd_tiled", "winograd_tiled", ENCNET__MATRIX_NONE, ENCNET__F32},
    {"winograd_tiled_2x2", "winograd_tiled_2x2", ENCNET__MATRIX_NONE, ENCNET__F32},
    {"matrix, NVIDIA, tf32", "matrix", ENCNET__MATRIX_NVIDIA, ENCNET__F32},
    {"matrix, NVIDIA, fp16", "matrix", ENCNET__MATRIX_NVIDIA, ENCNET__F16},
    {"matrix, AMD WMMA", "matrix", ENCNET__MATRIX_AMD_WMMA, ENCNET__F16},
    {"matrix, AMD WMMA of RDNA 4", "matrix", ENCNET__MATRIX_AMD_WMMA12, ENCNET__F16},
    {"matrix, AMD MFMA", "matrix", ENCNET__MATRIX_AMD_MFMA, ENCNET__F16},
    {"matrix, Intel DPAS", "matrix", ENCNET__MATRIX_INTEL_DPAS, ENCNET__F16},
};

typedef struct shape {
    const char *name;
    encnet__conv conv;
    const char *algorithm; /* NULL: all */
    int directions;        /* a bit for each; 0: all */
} shape;

static const shape shapes[] = {
    {"odd channels, two images, taps outside the map",
     {.n = 2, .h = 5, .w = 3, .c = 6, .k = 7, .r = 3, .s = 3, .pad = 1, .dilation = 1}},
    {"vectors of channels, dilation 2",
     {.n = 1, .h = 4, .w = 5, .c = 24, .k = 16, .r = 3, .s = 3, .pad = 2, .dilation = 2}},
    {"a vector and some channels, two tiles",
     {.n = 1, .h = 5, .w = 4, .c = 18, .k = 36, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd"},
    {"a vector and some channels, two tiles",
     {.n = 1, .h = 5, .w = 4, .c = 18, .k = 36, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd_lanes"},
    {"a vector of tiles inside of the map",
     {.n = 1, .h = 9, .w = 92, .c = 3, .k = 5, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd_lanes"},
    {"halves, two tiles of an image and of one more",
     {.n = 2, .h = 5, .w = 5, .c = 64, .k = 128, .r = 1, .s = 1, .dilation = 1},
     "strassen"},
    {"seven vectors of a window, two parts",
     {.n = 2, .h = 3, .w = 4, .c = 18, .k = 7, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "windows"},
    {"large tile, direct",
     {.n = 1, .h = 13, .w = 10, .c = 66, .k = 68, .r = 1, .s = 1, .dilation = 1}},
    {"large tile, Winograd",
     {.n = 1, .h = 10, .w = 26, .c = 2, .k = 66, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd_tiled_2x2",
     1 << ENCNET__CONV_FORWARD},
    {"large tile, Winograd",
     {.n = 1, .h = 10, .w = 26, .c = 66, .k = 2, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd_tiled_2x2",
     1 << ENCNET__CONV_DATA},
    {"large tile, Winograd",
     {.n = 1, .h = 3, .w = 4, .c = 66, .k = 66, .r = 3, .s = 3, .pad = 1, .dilation = 1},
     "winograd_tiled_2x2",
     1 << ENCNET__CONV_FILTER},
};

static const encnet__conv_row *row_of(const char *name)
{
    const encnet__conv_row *row = encnet__conv_rows;

    while (strcmp(row->name, name) != 0) row++;
    return row;
}

static encnet__conv conv_of(const shape *s, const way *w)
{
    encnet__conv conv = s->conv;

    conv.stride = conv.groups = 1;
    conv.out_h = conv.h + 2 * conv.pad - conv.dilation * (conv.r - 1);
    conv.out_w = conv.w + 2 * conv.pad - conv.dilation * (conv.s - 1);
    conv.bias = conv.addend = conv.relu = true;
    conv.storage = w->storage;
    conv.tf32 = w->storage == ENCNET__F32 && w->units;
    return conv;
}

enum { SAMPLES = 211 };

/* A direction that has been computed.  Its buffers stay until the end: oclgrind takes what it noted of a
 * freed buffer, which values are uninitialised, for notes on the next one. */
typedef struct done {
    encnet__conv_pass pass;
    encnet__trial_operands operands;
} done;

static done all[COUNT_OF(ways) * COUNT_OF(shapes) * ENCNET__CONV_DIRECTIONS];
static size_t n_done;

static void compute(const encnet__conv *conv, encnet__conv_direction direction,
                    const encnet__conv_row *row)
{
    done *d = &all[n_done++];

    d->pass = (encnet__conv_pass){
        .dev = optest_device(), .conv = *conv, .direction = direction, .row = row};
    OPTEST_OK(encnet__trial_new(&d->operands, &d->pass));
    OPTEST_OK(encnet__trial_plan(&d->pass, &d->operands));
    OPTEST_OK(encnet__conv_run(d->pass.dev, &d->pass.run, d->operands.buffers));
    OPTEST_OK(encnet__trial_check(&d->pass, &d->operands, SAMPLES));
}

static void free_at_the_end(void **state)
{
    (void)state;
    while (n_done > 0) {
        done *d = &all[--n_done];
        encnet__trial_drop(&d->pass, &d->operands);
        encnet__trial_free(&d->operands);
    }
}

static bool wants(const shape *s, const way *w, int direction)
{
    return (!s->algorithm || !strcmp(s->algorithm, w->algorithm)) &&
           (!s->directions || s->directions >> direction & 1);
}

/* One compute unit is busy with the large tiles of small shapes. */
static void goes(void **state)
{
    const way *w = *state;
    encnet__device_facts *facts = (encnet__device_facts *)encnet__device_facts_of(optest_device());
    const encnet__conv_row *row = row_of(w->algorithm);
    int served = 0;

    facts->matrix = w->units;
    facts->matrix_emulated = true;
    facts->is_cpu = w->registers > 0;
    if (facts->is_cpu) facts->vector_floats = w->registers;
    facts->units = 1;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        encnet__conv conv = conv_of(&shapes[i], w);
        for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
            clock_t began = clock();
            if (!wants(&shapes[i], w, d) ||
                row->algorithm->refuses(&conv, (encnet__conv_direction)d, facts))
                continue;
            compute(&conv, (encnet__conv_direction)d, row);
            served++;
            print_message("    %s, %s: %.1f s\n", shapes[i].name, encnet__conv_direction_names[d],
                          (double)(clock() - began) / CLOCKS_PER_SEC);
        }
    }
    assert_true(served > 0);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[COUNT_OF(ways) + 1];
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(ways); i++)
        if (argc < 2 || strstr(ways[i].name, argv[1]))
            tests[n++] = (struct CMUnitTest){ways[i].name, goes, NULL, NULL, (void *)&ways[i]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(free_at_the_end);
    return optest_group("convolutions", tests, n);
}
