/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_conv2d.c - convolution: every row with the device's own choice, then with every algorithm of
 * conv.def wherever it can serve; what the device option says; what is refused.
 */
#include "support/optest.h"

#include "ops/attr.h"
#include "ops/conv/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void emulate(encnet__device_facts *facts, encnet__matrix units)
{
    facts->matrix = units;
    facts->matrix_emulated = true;
}

/* The device of the other tests, opened once more with an order of algorithms.  Where there are no
 * matrix units they are emulated. */
static encnet_device *open_with(const char *order)
{
    encnet_device_options options = *encnet__device_options_of(optest_device());
    encnet_device *dev = NULL;
    encnet__device_facts *facts;

    options.conv = order;
    options.precision = strstr(order, "matrix") ? "tf32" : "float32";
    OPTEST_OK(encnet_device_open(&dev, &options));
    facts = (encnet__device_facts *)encnet__device_facts_of(dev);
    if (!facts->matrix && strstr(order, "matrix")) emulate(facts, ENCNET__MATRIX_NVIDIA);
    return dev;
}

/* The algorithm of one direction, NULL when the plan fails. */
static const char *chosen(const encnet__conv *conv, encnet__conv_direction direction,
                          encnet_device *dev)
{
    encnet__conv_pass pass = {.dev = dev, .conv = *conv, .direction = direction};
    const char *name = encnet__conv_plan_pass(&pass, NULL) == ENCNET_OK ? pass.row->name : NULL;

    encnet__conv_pass_free(&pass);
    return name;
}

static encnet__conv conv_of(const encnet__case *row)
{
    const encnet__conv2d_attr *attr = row->attr;
    encnet__node_shape s = {.attr = attr, .n_in = row->n_in};

    memcpy(s.in, row->in, sizeof s.in);
    OPTEST_OK(encnet__op_conv2d.infer(&s));
    return (encnet__conv){.n = s.in[0].n,
                          .h = s.in[0].h,
                          .w = s.in[0].w,
                          .c = s.in[0].c,
                          .k = s.in[1].c,
                          .r = s.in[1].n,
                          .s = s.in[1].h,
                          .stride = attr->stride,
                          .pad = attr->pad,
                          .dilation = attr->dilation,
                          .groups = attr->groups,
                          .out_h = s.out.h,
                          .out_w = s.out.w};
}

/* The device opened with `order`, taken for one with registers of so many floats. */
static encnet_device *open_wide(const char *order, int vector_floats)
{
    encnet_device *dev = open_with(order);

    ((encnet__device_facts *)encnet__device_facts_of(dev))->vector_floats = vector_floats;
    return dev;
}

/* A row of the table, in float32 and with activations of 16 bits; closes no device. */
static void check_row(encnet__check *result, encnet_device *dev, const encnet__case *row)
{
    bool small = getenv("ENCNET_TEST_SMALL");

    if (row->big && small) return;
    OPTEST_OK(encnet__check_case(result, dev, &encnet__op_conv2d, row, ENCNET__F32));
    if (!row->big && !small)
        OPTEST_OK(encnet__check_case(result, dev, &encnet__op_conv2d, row, ENCNET__F16));
}

static void report(const encnet__check *result)
{
    print_message("    worst error / tolerance %.3g at %s\n", result->worst, result->where);
}

/* In how many directions the algorithm, which the device tries first, can serve the row; it must be
 * chosen for them. */
static int count_served(encnet_device *dev, const encnet__conv_row *row, encnet__conv conv)
{
    int served = 0;

    for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
        if (row->algorithm->refuses(&conv, d, encnet__device_facts_of(dev))) continue;
        assert_string_equal(chosen(&conv, d, dev), row->name);
        served++;
    }
    return served;
}

/* Runs every row that the algorithm can serve in some direction with the algorithm before the
 * device's own, and sees that there are such rows. */
static void check_forced(void **state)
{
    const encnet__conv_row *row = *state;
    encnet__check result = {0};
    char order[64];
    int served = 0;
    bool rounds = row->algorithm->rounds_operands;
    encnet_device *dev;

    snprintf(order, sizeof order, "%s,auto", row->name);
    dev = open_wide(order, 16);
    for (int i = 0; i < encnet__op_conv2d.n_cases; i++) {
        encnet__conv conv = conv_of(&encnet__op_conv2d.cases[i]);
        int before = served;
        conv.tf32 = rounds;
        served += count_served(dev, row, conv);
        if (served == before) continue;
        check_row(&result, dev, &encnet__op_conv2d.cases[i]);
        /* emulated, fragments of bf16 are those of fp16, and compilers need a second for each program */
        if (rounds && !encnet__op_conv2d.cases[i].big && !encnet__device_facts_of(dev)->is_cpu)
            OPTEST_OK(encnet__check_case(&result, dev, &encnet__op_conv2d,
                                         &encnet__op_conv2d.cases[i], ENCNET__BF16));
    }
    assert_true(served > 0 || !encnet__device_facts_of(dev)->is_cpu);
    report(&result);
    encnet_device_close(dev);
}

/* The layouts of the units that take no TF32, emulated. */
static void other_matrix_units(void **state)
{
    const encnet__conv_row *matrix = encnet__conv_rows;

    (void)state;
    while (strcmp(matrix->name, "matrix") != 0) matrix++;
    for (int units = ENCNET__MATRIX_NVIDIA + 1; units < ENCNET__MATRIX_KINDS; units++) {
        encnet_device *dev = open_with("matrix,auto");
        encnet__check result = {0};
        emulate((encnet__device_facts *)encnet__device_facts_of(dev), (encnet__matrix)units);
        for (int i = 0; i < encnet__op_conv2d.n_cases; i++) {
            const encnet__case *row = &encnet__op_conv2d.cases[i];
            encnet__conv conv = conv_of(row);
            conv.storage = ENCNET__F16;
            if ((row->big && getenv("ENCNET_TEST_SMALL")) || !count_served(dev, matrix, conv))
                continue;
            OPTEST_OK(encnet__check_case(&result, dev, &encnet__op_conv2d, row, ENCNET__F16));
        }
        report(&result);
        encnet_device_close(dev);
    }
}

/* `packed`, `winograd`, `winograd_lanes`, `strassen`, `windows` and `depthwise` have smaller tiles for narrower registers. */
static void narrow_registers(void **state)
{
    static const char *const names[] = {"packed", "winograd", "winograd_lanes", "strassen",
                                        "windows"};

    (void)state;
    for (size_t o = 0; o < COUNT_OF(names); o++) {
        encnet__check result = {0};
        encnet_device *dev;
        char order[64];

        snprintf(order, sizeof order, "%s,packed,auto", names[o]);
        dev = open_wide(order, 8);
        for (int i = 0; i < encnet__op_conv2d.n_cases; i++) {
            const encnet__case *row = &encnet__op_conv2d.cases[i];
            encnet__conv conv = conv_of(row);
            bool another = o == 0; /* than the order before chooses */
            for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++)
                another |= strcmp(chosen(&conv, d, dev), names[o]) == 0;
            if (another) check_row(&result, dev, row);
        }
        report(&result);
        encnet_device_close(dev);
    }
}

/* Convolutions in groups as they are divided on the other kind of device, CPU or GPU. */
static void groups_on_the_other_kind(void **state)
{
    encnet_device *dev = open_with("auto");
    encnet__device_facts *facts = (encnet__device_facts *)encnet__device_facts_of(dev);
    encnet__check result = {0};

    (void)state;
    facts->is_cpu = !facts->is_cpu;
    for (int i = 0; i < encnet__op_conv2d.n_cases; i++)
        if (conv_of(&encnet__op_conv2d.cases[i]).groups > 1)
            check_row(&result, dev, &encnet__op_conv2d.cases[i]);
    report(&result);
    encnet_device_close(dev);
}

static const encnet__conv small_1x1 = {2, 6, 7, 16, 20, 1, 1, 1, 0, 1, 1, 6, 7},
                          same_3x3 = {1, 8, 8, 32, 32, 3, 3, 1, 1, 1, 1, 8, 8},
                          grouped = {1, 8, 8, 16, 32, 3, 3, 1, 1, 1, 2, 8, 8},
                          one_per_channel = {1, 8, 8, 16, 16, 3, 3, 1, 1, 1, 16, 8, 8};

static void expect_choice(const char *order, const encnet__conv *conv, const char *name)
{
    encnet_device *dev = open_with(order);

    for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
        const char *got = chosen(conv, d, dev);
        if (name)
            assert_string_equal(got, name);
        else
            assert_null(got);
    }
    encnet_device_close(dev);
}

/* The first of the list that can serve is taken; none: the plan fails. */
static void takes_the_first_that_serves(void **state)
{
    const char *own = chosen(&same_3x3, ENCNET__CONV_FORWARD, optest_device());
    const encnet__device_facts *facts = encnet__device_facts_of(optest_device());

    (void)state;
    assert_non_null(own);
    for (const encnet__conv_row *row = encnet__conv_rows; row->name; row++)
        if (!row->algorithm->refuses(&small_1x1, ENCNET__CONV_FORWARD, facts))
            expect_choice(row->name, &small_1x1, row->name);
    expect_choice("auto", &same_3x3, own);
    expect_choice("gemm,auto", &same_3x3, own);
    expect_choice("gemm,reference", &small_1x1, "gemm");
    expect_choice("gemm,reference", &same_3x3, "reference");
    expect_choice("gemm", &same_3x3, NULL);
    expect_choice("auto", &one_per_channel, "depthwise");
    expect_choice("auto", &grouped, "grouped");
    expect_choice("packed,gemm", &grouped, NULL);
}

static void expect(encnet_status got, encnet_status expected, const char *message)
{
    assert_int_equal(got, expected);
    assert_string_equal(encnet_last_error(), message);
}

/* `auto` takes winograd, winograd_lanes and strassen on CPUs for layers that are large enough, unless device.accuracy is
 * strict. */
static void accuracy_bounds_the_choice(void **state)
{
    static const encnet__conv large = {1, 64, 64, 128, 128, 3, 3, 1, 1, 1, 1, 64, 64},
                              few = {1, 128, 128, 18, 18, 3, 3, 1, 1, 1, 1, 128, 128},
                              small = {1, 4, 4, 64, 64, 3, 3, 1, 1, 1, 1, 4, 4},
                              thin = {1, 64, 64, 3, 64, 3, 3, 1, 1, 1, 1, 64, 64},
                              large_1x1 = {1, 64, 64, 256, 256, 1, 1, 1, 0, 1, 1, 64, 64},
                              few_1x1 = {1, 16, 16, 256, 256, 1, 1, 1, 0, 1, 1, 16, 16},
                              thin_1x1 = {1, 64, 64, 64, 64, 1, 1, 1, 0, 1, 1, 64, 64};
    encnet_device_options options = *encnet__device_options_of(optest_device());
    encnet_device *fast, *strict;

    (void)state;
    if (!encnet__device_facts_of(optest_device())->is_cpu) skip();
    options.conv = "auto";
    options.accuracy = "fast";
    OPTEST_OK(encnet_device_open(&fast, &options));
    options.accuracy = "strict";
    OPTEST_OK(encnet_device_open(&strict, &options));
    for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
        assert_string_equal(chosen(&large, d, fast), "winograd");
        assert_string_equal(chosen(&large, d, strict), "packed");
        assert_string_equal(chosen(&few, d, fast),
                            d == ENCNET__CONV_FILTER ? "windows" : "winograd_lanes");
        assert_string_equal(chosen(&few, d, strict),
                            d == ENCNET__CONV_FILTER ? "windows" : "packed");
        assert_string_equal(chosen(&small, d, fast), "packed");
        if (d != ENCNET__CONV_DATA)
            assert_string_equal(chosen(&thin, d, fast),
                                d == ENCNET__CONV_FILTER ? "windows" : "packed");
        assert_string_equal(chosen(&large_1x1, d, fast),
                            d == ENCNET__CONV_FILTER ? "packed" : "strassen");
        assert_string_equal(chosen(&large_1x1, d, strict), "packed");
        assert_string_equal(chosen(&few_1x1, d, fast), "packed");
        assert_string_equal(chosen(&thin_1x1, d, fast), "packed");
    }
    encnet_device_close(fast);
    encnet_device_close(strict);
    options.accuracy = "exact";
    expect(encnet_device_open(&fast, &options), ENCNET_E_ARG,
           "device.accuracy = exact: must be one of fast strict; the nearest is fast");
}

/* For inference weights cost strassen nothing, but a tile of 24 pixels takes as long with one. */
static void strassen_leaves_few_pixels(void **state)
{
    static const int widths[] = {1, 24, 100, 250, 1000};
    encnet_device *dev = open_wide("auto", 16);

    (void)state;
    if (encnet__device_facts_of(dev)->is_cpu)
        for (size_t i = 0; i < COUNT_OF(widths); i++) {
            encnet__conv conv = {1, 1, widths[i], 2048, 512, 1, 1, 1, 0, 1, 1, 1, widths[i]};
            encnet__conv_pass pass = {.dev = dev, .conv = conv, .prepares = true};
            OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
            assert_string_equal(pass.row->name, widths[i] < 200 ? "packed" : "strassen");
            encnet__conv_pass_free(&pass);
        }
    encnet_device_close(dev);
}

/* The same choice on GPUs. */
static void accuracy_bounds_the_choice_on_gpus(void **state)
{
    static const encnet__conv large = {1, 64, 64, 128, 128, 3, 3, 1, 1, 1, 1, 64, 64},
                              small = {1, 8, 8, 128, 128, 3, 3, 1, 1, 1, 1, 8, 8},
                              thin = {1, 64, 64, 32, 32, 3, 3, 1, 1, 1, 1, 64, 64},
                              far = {1, 64, 64, 128, 128, 3, 3, 1, 48, 48, 1, 64, 64},
                              six = {1, 72, 72, 512, 512, 3, 3, 1, 12, 12, 1, 72, 72},
                              half = {1, 64, 64, 128, 128, 3, 3, 2, 1, 1, 1, 32, 32};
    static const char *const accuracies[] = {"fast", "strict"};
    encnet_device_options options = *encnet__device_options_of(optest_device());

    (void)state;
    options.conv = "auto";
    for (size_t i = 0; i < COUNT_OF(accuracies); i++) {
        encnet_device *dev;
        options.accuracy = accuracies[i];
        OPTEST_OK(encnet_device_open(&dev, &options));
        ((encnet__device_facts *)encnet__device_facts_of(dev))->is_cpu = false;
        for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
            assert_string_equal(chosen(&large, d, dev), i ? "tiled" : "winograd_tiled");
            assert_string_equal(chosen(&six, d, dev), i ? "tiled" : "winograd_tiled_2x2");
            assert_string_equal(chosen(&small, d, dev), "tiled");
            assert_string_equal(chosen(&thin, d, dev), "tiled");
            assert_string_equal(chosen(&far, d, dev), "tiled");
            assert_string_equal(chosen(&half, d, dev), "tiled");
        }
        encnet_device_close(dev);
    }
}

/* On GPUs `auto` takes matrix units for 16 bits, and for float32 with device.precision = tf32, unless
 * device.accuracy is strict or a trial on the device went wrong. */
static void matrix_units_are_tried(void **state)
{
    static const encnet__conv same = {1, 32, 32, 32, 64, 3, 3, 1, 1, 1, 1, 32, 32},
                              thin = {1, 32, 32, 3, 64, 3, 3, 1, 1, 1, 1, 32, 32};
    encnet_device_options options = *encnet__device_options_of(optest_device());
    encnet_device *dev = open_with("auto,matrix");
    encnet__device_facts *facts = (encnet__device_facts *)encnet__device_facts_of(dev);
    encnet__conv conv = same, few = thin;

    (void)state;
    facts->is_cpu = false;
    conv.storage = few.storage = ENCNET__F16;
    encnet__matrix_tried(dev, ENCNET__F16, ENCNET__TRIAL_PASSED);
    encnet__matrix_tried(dev, ENCNET__F32, ENCNET__TRIAL_PASSED);
    for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
        assert_string_equal(chosen(&conv, d, dev), "matrix");
        assert_string_equal(chosen(&few, d, dev), "tiled");
        assert_string_equal(chosen(&same, d, dev), "tiled");
    }
    conv.storage = ENCNET__F32;
    conv.tf32 = true;
    assert_string_equal(chosen(&conv, ENCNET__CONV_DATA, dev), "matrix");
    encnet__matrix_tried(dev, ENCNET__F32, ENCNET__TRIAL_FAILED);
    assert_string_equal(chosen(&conv, ENCNET__CONV_DATA, dev), "tiled");
    encnet_device_close(dev);

    options.accuracy = "strict";
    OPTEST_OK(encnet_device_open(&dev, &options));
    facts = (encnet__device_facts *)encnet__device_facts_of(dev);
    facts->is_cpu = false;
    emulate(facts, ENCNET__MATRIX_NVIDIA);
    encnet__matrix_tried(dev, ENCNET__F16, ENCNET__TRIAL_PASSED);
    conv.storage = ENCNET__F16;
    assert_string_equal(chosen(&conv, ENCNET__CONV_DATA, dev), "tiled");
    encnet_device_close(dev);
}

/* On GPUs a map of 16x32 and 384 channels takes the tiles of 4x4 in training, and those of 2x2 for
 * inference, because their transformed weights are kept. */
static void kept_weights_decide_the_tile(void **state)
{
    static const encnet__conv conv = {1, 16, 32, 384, 384, 3, 3, 1, 1, 1, 1, 16, 32};
    encnet_device *dev = open_with("auto");

    (void)state;
    ((encnet__device_facts *)encnet__device_facts_of(dev))->is_cpu = false;
    for (int i = 0; i < 2; i++) {
        encnet__conv_pass pass = {.dev = dev, .conv = conv, .prepares = i};
        OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
        assert_string_equal(pass.row->name, i ? "winograd_tiled_2x2" : "winograd_tiled");
        encnet__conv_pass_free(&pass);
    }
    encnet_device_close(dev);
}

/* On a card of 132 compute units `auto` takes what an H200 was measured to be fastest with, one image: with
 * maps that give `tiled` fewer groups than that, too.  docs/gpu.md has the figures. */
static void takes_what_was_measured_on_a_gpu(void **state)
{
    static const struct {
        int h, w, c, k, dilation;
        const char *names[ENCNET__CONV_DIRECTIONS], *prepared;
    } rows[] = {
#define BIG "winograd_tiled"
#define TWO "winograd_tiled_2x2"
        {64, 64, 2048, 512, 12, {TWO, TWO, TWO}, TWO}, {64, 64, 512, 512, 12, {TWO, TWO, TWO}, TWO},
        {16, 32, 384, 384, 1, {BIG, BIG, BIG}, TWO},   {16, 16, 384, 384, 1, {TWO, TWO, BIG}, TWO},
        {64, 64, 256, 256, 2, {BIG, BIG, BIG}, BIG},   {64, 64, 512, 512, 1, {BIG, BIG, BIG}, BIG},
#undef BIG
#undef TWO
    };
    encnet_device *dev = open_with("auto");
    encnet__device_facts *facts = (encnet__device_facts *)encnet__device_facts_of(dev);

    (void)state;
    facts->is_cpu = false;
    facts->units = 132;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int d = 0; d <= ENCNET__CONV_DIRECTIONS; d++) {
            bool prepares = d == ENCNET__CONV_DIRECTIONS;
            encnet__conv conv = {
                .n = 1, .h = rows[i].h, .w = rows[i].w, .c = rows[i].c, .k = rows[i].k};
            encnet__conv_pass pass = {.dev = dev, .prepares = prepares};
            conv.r = conv.s = 3;
            conv.stride = conv.groups = 1;
            conv.pad = conv.dilation = rows[i].dilation;
            conv.out_h = conv.h, conv.out_w = conv.w;
            pass.conv = conv;
            pass.direction = prepares ? ENCNET__CONV_FORWARD : (encnet__conv_direction)d;
            OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
            assert_string_equal(pass.row->name, prepares ? rows[i].prepared : rows[i].names[d]);
            encnet__conv_pass_free(&pass);
        }
    encnet_device_close(dev);
}

/* Transformed weights that take little are kept for inference, the others are made every time. */
static void keeps_small_weights(void **state)
{
    static const encnet__conv small = {1, 32, 32, 128, 128, 3, 3, 1, 1, 1, 1, 32, 32},
                              large = {1, 32, 32, 512, 512, 3, 3, 1, 1, 1, 1, 32, 32};
    static const struct {
        const char *name;
        size_t places, apart; /* floats between planes */
    } rows[] = {{"winograd", 36, 16}, {"winograd_tiled", 36, 0}, {"winograd_tiled_2x2", 16, 0}};
    const bool is_cpu = encnet__device_facts_of(optest_device())->is_cpu;

    (void)state;
    for (size_t i = is_cpu ? 0 : 1; i < COUNT_OF(rows); i++) {
        encnet_device *dev = open_with(rows[i].name);
        encnet__conv_pass pass = {.dev = dev, .conv = small, .prepares = true};
        OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
        assert_int_equal(pass.prepared_bytes, 4 * rows[i].places * (128 * 128 + rows[i].apart));
        encnet__conv_pass_free(&pass);
        pass = (encnet__conv_pass){.dev = dev, .conv = large, .prepares = true};
        OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
        assert_int_equal(pass.prepared_bytes, 0);
        encnet__conv_pass_free(&pass);
        encnet_device_close(dev);
    }
}

static const char *const on_gpus[] = {"winograd_tiled", "winograd_tiled_2x2"};

/* What Winograd's algorithms for GPUs transform of a large map, or of many channels, goes through scratch
 * in pieces. */
static void bounds_scratch(void **state)
{
    static const encnet__conv convs[] = {{4, 512, 512, 64, 64, 3, 3, 1, 1, 1, 1, 512, 512},
                                         {2, 64, 128, 2048, 2048, 3, 3, 1, 1, 1, 1, 64, 128}};

    (void)state;
    for (size_t a = 0; a < COUNT_OF(on_gpus); a++) {
        encnet_device *dev = open_with(on_gpus[a]);
        for (size_t i = 0; i < COUNT_OF(convs); i++)
            for (int d = 0; d < ENCNET__CONV_DIRECTIONS; d++) {
                encnet__conv_pass pass = {.dev = dev, .conv = convs[i], .direction = d};
                OPTEST_OK(encnet__conv_plan_pass(&pass, NULL));
                assert_in_range(pass.scratch_bytes, 1, 128 << 20);
                encnet__conv_pass_free(&pass);
            }
        encnet_device_close(dev);
    }
}

/* Deterministic numbers in -1 .. 1. */
static void put_numbers(const encnet__tensor *t, unsigned seed)
{
    size_t count = (size_t)encnet__shape_count(t->shape);
    float *values = malloc(count * sizeof *values);

    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) * 0x1p-23f - 1;
    }
    optest_put(t, values);
    free(values);
}

/* Roundings are errors on either side, of which a network adds up the root; an error that all outputs
 * have in common, relative to them and in units of 2^-24, it would add up whole. */
static void expect_near(const encnet__tensor *got, const encnet__tensor *wanted, double terms,
                        double common)
{
    size_t count = (size_t)encnet__shape_count(got->shape);
    float *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b);
    double largest = 0, worst = 0, along = 0, square = 0;

    assert_true(a && b);
    optest_get(a, got);
    optest_get(b, wanted);
    for (size_t i = 0; i < count; i++) {
        double off = fabs((double)a[i] - b[i]);
        if (fabs(b[i]) > largest) largest = fabs(b[i]);
        if (!(off <= worst)) worst = off; /* and a NaN stays */
        along += ((double)a[i] - b[i]) * b[i];
        square += (double)b[i] * b[i];
    }
    print_message("    largest error %.3g of %.3g, common error %.3g\n", worst, largest,
                  along / square);
    assert_true(worst <= 5 * (6 + sqrt(terms)) * 0x1p-24 * largest);
    assert_true(fabs(along / square) <= common * 0x1p-24);
    free(a);
    free(b);
}

/* All directions of a convolution by two orders of algorithms. */
static void expect_agreement(const char *order, const char *other, const encnet__conv2d_attr *attr,
                             const encnet__shape in[2], double common)
{
    encnet_device *own = optest_device();
    encnet_device *devices[2];
    optest_node nodes[2];
    double taps = (double)in[1].n * in[1].h;

    for (int i = 0; i < 2; i++) {
        devices[i] = open_with(i ? other : order);
        optest_take(devices[i]);
        optest_node_make(&nodes[i], &encnet__op_conv2d, attr, 2, in, true);
        put_numbers(&nodes[i].call.in[0], 1);
        put_numbers(&nodes[i].call.in[1], 2);
        put_numbers(&nodes[i].call.dout, 3);
        OPTEST_OK(encnet__op_conv2d.forward(&nodes[i].call));
        OPTEST_OK(encnet__op_conv2d.backward(&nodes[i].call));
    }
    optest_take(own);
    expect_near(&nodes[0].call.out, &nodes[1].call.out, taps * in[1].w, common);
    expect_near(&nodes[0].call.din[0], &nodes[1].call.din[0], taps * in[1].c, common);
    expect_near(&nodes[0].call.din[1], &nodes[1].call.din[1], (double)in[0].n * in[0].h * in[0].w,
                common);
    for (int i = 0; i < 2; i++) {
        optest_node_free(&nodes[i]);
        encnet_device_close(devices[i]);
    }
}

/* Sizes that the reference would be too slow for: several blocks of tiles, parts of the input and
 * output channels, and chunks of tiles of the gradient of the weights. */
static void winograd_agrees_with_packed(void **state)
{
    static const encnet__conv2d_attr same = {1, 2, 2, 1, false};
    static const encnet__shape in[2] = {{2, 49, 51, 520}, {3, 3, 520, 520}};

    (void)state;
    if (getenv("ENCNET_TEST_SMALL") || !encnet__device_facts_of(optest_device())->is_cpu) skip();
    expect_agreement("winograd", "packed", &same, in, 0.1);
}

/* Several blocks of tiles for each work-item, with tails, in two images of four maps each. */
static void winograd_lanes_agrees_with_packed(void **state)
{
    static const encnet__conv2d_attr apart = {1, 2, 2, 1, false}, same = {1, 1, 1, 1, false};
    static const encnet__shape maps[2] = {{2, 69, 71, 37}, {3, 3, 37, 50}};
    static const encnet__shape map[2] = {{2, 69, 143, 18}, {3, 3, 18, 25}};

    (void)state;
    if (getenv("ENCNET_TEST_SMALL") || !encnet__device_facts_of(optest_device())->is_cpu) skip();
    expect_agreement("winograd_lanes,packed", "packed", &apart, maps, 0.3);
    expect_agreement("winograd_lanes,packed", "packed", &same, map, 0.3);
}

/* Several blocks of pairs for each work-item, with tails, in two images. */
static void strassen_agrees_with_packed(void **state)
{
    static const encnet__conv2d_attr point = {1, 0, 1, 1, false};
    static const encnet__shape in[2] = {{2, 67, 71, 384}, {1, 1, 384, 448}};

    (void)state;
    if (getenv("ENCNET_TEST_SMALL") || !encnet__device_facts_of(optest_device())->is_cpu) skip();
    expect_agreement("strassen,packed", "packed", &point, in, 0.1);
}

/* dx, added to what is there: the sum of both, which is rounded once more where dx is summed in parts. */
static void expect_added(const char *order, const encnet__conv2d_attr *attr,
                         const encnet__shape in[2])
{
    enum { SEED = 7 };
    encnet_device *own = optest_device(), *dev = open_with(order);
    size_t count = (size_t)encnet__shape_count(in[0]);
    float *there = malloc(count * sizeof *there), *dx = malloc(count * sizeof *dx),
          *sums = malloc(count * sizeof *sums);
    float largest = 0;
    optest_node node;

    assert_true(there && dx && sums);
    optest_take(dev);
    optest_node_make(&node, &encnet__op_conv2d, attr, 2, in, true);
    put_numbers(&node.call.in[0], 1);
    put_numbers(&node.call.in[1], 2);
    put_numbers(&node.call.dout, 3);
    OPTEST_OK(encnet__op_conv2d.backward(&node.call));
    optest_get(dx, &node.call.din[0]);
    put_numbers(&node.call.din[0], SEED);
    optest_get(there, &node.call.din[0]);
    node.call.adds = encnet__op_conv2d.adds(&node.shape);
    assert_int_equal(node.call.adds, 1u);
    OPTEST_OK(encnet__op_conv2d.backward(&node.call));
    optest_get(sums, &node.call.din[0]);
    optest_node_free(&node);
    optest_take(own);
    encnet_device_close(dev);
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(dx[i]));
    for (size_t i = 0; i < count; i++)
        assert_true(fabsf(sums[i] - (there[i] + dx[i])) <= 4 * 0x1p-24f * (1 + largest));
    free(there);
    free(dx);
    free(sums);
}

static void adds_to_a_gradient(void **state)
{
    static const encnet__conv2d_attr point = {1, 0, 1, 1, false}, same = {1, 1, 1, 1, false},
                                     half = {2, 1, 1, 1, false}, skip_one = {2, 0, 1, 1, false};
    static const encnet__shape halves[2] = {{2, 5, 5, 64}, {1, 1, 64, 128}},
                               tails[2] = {{2, 7, 9, 18}, {3, 3, 18, 20}},
                               odd[2] = {{1, 6, 70, 7}, {3, 3, 7, 5}},
                               parts[2] = {{1, 6, 5, 24}, {3, 3, 24, 1040}},
                               skipped[2] = {{2, 7, 6, 19}, {1, 1, 19, 16}};

    (void)state;
    if (!encnet__device_facts_of(optest_device())->is_cpu) skip();
    expect_added("strassen,packed", &point, halves);
    expect_added("winograd", &same, tails);
    expect_added("winograd_lanes,packed", &same, tails);
    expect_added("winograd_lanes,packed", &same, odd);
    expect_added("packed", &half, tails);
    expect_added("packed", &skip_one, skipped);
    if (getenv("ENCNET_TEST_SMALL")) return;
    expect_added("winograd", &same, parts);
    expect_added("packed", &same, parts);
}

/* Image `at` of the batch becomes `image`; or, with `compares`, has to be it, bit for bit. */
static void meet_image(const encnet__tensor *batch, const encnet__tensor *image, size_t at,
                       bool compares)
{
    size_t count = (size_t)encnet__shape_count(image->shape),
           all = (size_t)encnet__shape_count(batch->shape);
    float *one = malloc(count * sizeof *one), *many = malloc(all * sizeof *many);

    assert_true(one && many);
    optest_get(one, image);
    optest_get(many, batch);
    if (compares) {
        assert_memory_equal(many + at * count, one, count * sizeof *one);
    } else {
        memcpy(many + at * count, one, count * sizeof *one);
        optest_put(batch, many);
    }
    free(one);
    free(many);
}

/* An image has the same result alone and as the second of three, and on any number of compute units. */
static void strassen_keeps_an_image(void **state)
{
    enum { MANY_UNITS = 256, SECOND = 1 };
    static const encnet__conv2d_attr point = {1, 0, 1, 1, false};
    static const encnet__shape in[2][2] = {{{1, 19, 15, 128}, {1, 1, 128, 320}},
                                           {{3, 19, 15, 128}, {1, 1, 128, 320}}};
    encnet_device *own = optest_device(), *devices[2];
    optest_node nodes[2];
    const encnet__call *one = &nodes[0].call, *many = &nodes[1].call;

    (void)state;
    if (!encnet__device_facts_of(own)->is_cpu) skip();
    for (int i = 0; i < 2; i++) {
        devices[i] = open_with("strassen,packed");
        if (i) ((encnet__device_facts *)encnet__device_facts_of(devices[i]))->units = MANY_UNITS;
        optest_take(devices[i]);
        optest_node_make(&nodes[i], &encnet__op_conv2d, &point, 2, in[i], true);
        put_numbers(&nodes[i].call.in[0], 1);
        put_numbers(&nodes[i].call.in[1], 2);
        put_numbers(&nodes[i].call.dout, 3);
    }
    meet_image(&many->in[0], &one->in[0], SECOND, false);
    meet_image(&many->dout, &one->dout, SECOND, false);
    for (int i = 0; i < 2; i++) {
        optest_take(devices[i]);
        OPTEST_OK(encnet__op_conv2d.forward(&nodes[i].call));
        OPTEST_OK(encnet__op_conv2d.backward(&nodes[i].call));
    }
    meet_image(&many->out, &one->out, SECOND, true);
    meet_image(&many->din[0], &one->din[0], SECOND, true);
    optest_take(own);
    for (int i = 0; i < 2; i++) {
        optest_node_free(&nodes[i]);
        encnet_device_close(devices[i]);
    }
}

/* A NaN in either half of the channels, of either pixel of a pair, is in all outputs of the pixel, behind
 * ReLU too. */
static void strassen_keeps_a_nan(void **state)
{
    enum { PIXELS = 24, CHANNELS = 64 };
    static const encnet__conv2d_attr relu = {1, 0, 1, 1, true};
    static const encnet__shape in[2] = {{1, 1, PIXELS, CHANNELS}, {1, 1, CHANNELS, CHANNELS}};
    static const size_t places[] = {3 * CHANNELS + 5, 4 * CHANNELS + 40, 20 * CHANNELS + 5,
                                    21 * CHANNELS + 40};
    encnet_device *own = optest_device(), *dev;
    float values[PIXELS * CHANNELS];
    optest_node node;

    (void)state;
    if (!encnet__device_facts_of(own)->is_cpu) skip();
    dev = open_with("strassen,packed");
    optest_take(dev);
    optest_node_make(&node, &encnet__op_conv2d, &relu, 2, in, false);
    put_numbers(&node.call.in[1], 2);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        put_numbers(&node.call.in[0], 1);
        optest_get(values, &node.call.in[0]);
        values[places[i]] = NAN;
        optest_put(&node.call.in[0], values);
        OPTEST_OK(encnet__op_conv2d.forward(&node.call));
        optest_get(values, &node.call.out);
        for (size_t k = 0; k < CHANNELS; k++)
            assert_true(isnan(values[places[i] / CHANNELS * CHANNELS + k]));
    }
    optest_node_free(&node);
    optest_take(own);
    encnet_device_close(dev);
}

/* Deterministic numbers in -1 .. 1 that 16 bits hold, of the tensor's type. */
static void put_short_numbers(const encnet__tensor *t, unsigned seed)
{
    size_t count = (size_t)encnet__shape_count(t->shape), size = encnet__type_bytes(t->type);
    char *values = malloc(count * size);

    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        encnet__number_write(values + i * size, (seed >> 24) * 0x1p-7 - 1, t->type);
    }
    optest_put(t, values);
    free(values);
}

/* The node with activations of 16 bits. */
static void narrow(optest_node *node, encnet__type type)
{
    encnet__call *c = &node->call;
    encnet__tensor *tensors[] = {&c->in[0], &c->out, &c->dout, &c->din[0]};
    size_t forward, backward;

    encnet__op_plan_free(node->op, node->shape.plan);
    node->shape.type = type;
    OPTEST_OK(encnet__op_plan(node->op, &node->shape));
    c->plan = node->shape.plan;
    forward = encnet__op_scratch_bytes(node->op, &node->shape, false);
    backward = encnet__op_scratch_bytes(node->op, &node->shape, true);
    encnet__buffer_free(c->scratch);
    OPTEST_OK(encnet__buffer_new(&c->scratch, c->dev, forward > backward ? forward : backward));
    for (size_t i = 0; i < COUNT_OF(tensors); i++) tensors[i]->type = type;
}

/* Whether `got` is `wanted`, rounded. */
static void expect_rounded(const encnet__tensor *got, const encnet__tensor *wanted)
{
    size_t count = (size_t)encnet__shape_count(got->shape);
    float *exact = malloc(count * sizeof *exact);
    uint16_t *bits = malloc(count * sizeof *bits), once;

    assert_true(exact && bits);
    optest_get(exact, wanted);
    optest_get(bits, got);
    for (size_t i = 0; i < count; i++) {
        encnet__number_write(&once, (double)exact[i], got->type);
        if (bits[i] != once) fail_msg("%a became %#x, not %#x", (double)exact[i], bits[i], once);
    }
    free(exact);
    free(bits);
}

/* Winograd's sums over more than 512 channels are rounded once to 16 bits. */
static void winograd_rounds_once(void **state)
{
    static const encnet__conv2d_attr same = {1, 1, 1, 1, false};
    static const encnet__shape in[2] = {{2, 5, 9, 530}, {3, 3, 530, 1040}};
    static const encnet__type types[] = {ENCNET__F32, ENCNET__F16, ENCNET__BF16};
    encnet_device *own = optest_device(), *dev = open_with("winograd");
    optest_node nodes[COUNT_OF(types)];

    (void)state;
    if (getenv("ENCNET_TEST_SMALL") || !encnet__device_facts_of(own)->is_cpu) skip();
    optest_take(dev);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        encnet__call *c = &nodes[i].call;
        optest_node_make(&nodes[i], &encnet__op_conv2d, &same, 2, in, true);
        if (i) narrow(&nodes[i], types[i]);
        put_short_numbers(&c->in[0], 1);
        put_short_numbers(&c->in[1], 2);
        put_short_numbers(&c->dout, 3);
        OPTEST_OK(encnet__op_conv2d.forward(c));
        OPTEST_OK(encnet__op_conv2d.backward(c));
        if (i == 0) continue;
        expect_rounded(&c->out, &nodes[0].call.out);
        expect_rounded(&c->din[0], &nodes[0].call.din[0]);
        optest_node_free(&nodes[i]);
    }
    optest_node_free(&nodes[0]);
    optest_take(own);
    encnet_device_close(dev);
}

/* On GPUs: parts of the input and output channels, and large tiles of the products; then pieces of the
 * tiles, of whose gradients of the weights the sums grow, and shares of them. */
static void winograd_tiled_agrees_with_packed(void **state)
{
    static const encnet__conv2d_attr apart = {1, 2, 2, 1, false}, same = {1, 1, 1, 1, false};
    static const encnet__shape parts[2] = {{1, 40, 34, 260}, {3, 3, 260, 520}};
    static const encnet__shape pieces[2] = {{1, 221, 222, 3}, {3, 3, 3, 299}};

    (void)state;
    if (getenv("ENCNET_TEST_SMALL")) skip();
    for (size_t i = 0; i < COUNT_OF(on_gpus); i++) {
        expect_agreement(on_gpus[i], "packed", &apart, parts, 0.1);
        expect_agreement(on_gpus[i], "packed", &same, pieces, 4);
    }
}

/* With so many pixels a work-item of `packed` sums several tiles of outputs: all of them, with a
 * tail, or a part. */
static void packed_sums_several_tiles(void **state)
{
    static const encnet__conv2d_attr point = {1, 0, 1, 1, false}, half = {2, 1, 1, 1, false};
    static const encnet__shape all[2] = {{1, 40, 41, 70}, {1, 1, 70, 100}};
    static const encnet__shape part[2] = {{1, 25, 24, 48}, {3, 3, 48, 420}};

    (void)state;
    if (getenv("ENCNET_TEST_SMALL")) skip();
    expect_agreement("packed", "reference", &point, all, 1);
    expect_agreement("packed", "reference", &half, part, 1);
}

/* A failure names the layer and what each algorithm asks for. */
static void says_why_none_serves(void **state)
{
    encnet_device *dev = open_with("gemm,packed");
    encnet__conv_pass pass = {.dev = dev, .conv = grouped, .direction = ENCNET__CONV_DATA};

    (void)state;
    expect(
        encnet__conv_plan_pass(&pass, "backbone.layer1.0.conv1.weight"), ENCNET_E_ARG,
        "device.conv = gemm,packed cannot serve backbone.layer1.0.conv1 (3x3, stride 1, dilation "
        "1, "
        "groups 2, 16 to 32 channels, 8x8; data): gemm takes 1x1 kernels of stride 1, no padding, "
        "groups 1; packed takes groups 1");
    encnet__conv_pass_free(&pass);
    encnet_device_close(dev);
}

/* A gradient that nobody wants is not planned, so it takes no scratch. */
static void plans_what_is_wanted(void **state)
{
    static const encnet__conv2d_attr same = {1, 1, 1, 1, false};
    encnet__node_shape s = {.attr = &same, .n_in = 2, .in = {{1, 16, 16, 64}, {3, 3, 64, 64}}};
    encnet_device *dev = open_with("packed");
    size_t both, filter, forward;

    (void)state;
    OPTEST_OK(encnet__op_conv2d.infer(&s));
    s.dev = dev;
    s.wanted = 3;
    OPTEST_OK(encnet__op_plan(&encnet__op_conv2d, &s));
    both = encnet__op_conv2d.scratch_bytes(&s, true);
    encnet__op_plan_free(&encnet__op_conv2d, s.plan);
    s.wanted = 2;
    OPTEST_OK(encnet__op_plan(&encnet__op_conv2d, &s));
    filter = encnet__op_conv2d.scratch_bytes(&s, true);
    encnet__op_plan_free(&encnet__op_conv2d, s.plan);
    s.wanted = 0;
    s.constant = 2;
    OPTEST_OK(encnet__op_plan(&encnet__op_conv2d, &s));
    forward = encnet__op_conv2d.scratch_bytes(&s, false);
    assert_int_equal(encnet__op_conv2d.scratch_bytes(&s, true), 0);
    assert_true(encnet__op_conv2d.prepared_bytes(&s) > 0);
    encnet__op_plan_free(&encnet__op_conv2d, s.plan);
    assert_int_equal(forward, 0);
    assert_true(filter > 0 && filter < both);
    encnet_device_close(dev);
}

static encnet_status infer(const encnet__conv2d_attr *attr, encnet__shape x, encnet__shape w,
                           encnet__shape b, encnet__shape a)
{
    encnet__node_shape shape = {.attr = attr, .n_in = 4, .in = {x, w, b, a}};

    return encnet__op_conv2d.infer(&shape);
}

static void refuses_shapes(void **state)
{
    static const encnet__conv2d_attr same = {1, 1, 1, 1, false}, pairs = {1, 1, 1, 2, false},
                                     still = {0, 1, 1, 1, false}, far = {1, 1, 4, 1, false};
    const encnet__shape x = {1, 8, 6, 16}, w = {3, 3, 16, 20}, none = {0};

    (void)state;
    expect(infer(&same, x, (encnet__shape){3, 3, 12, 20}, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=12 and K=20, groups is 1");
    expect(infer(&pairs, x, w, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=16 and K=20, groups is 2");
    expect(infer(&pairs, x, (encnet__shape){3, 3, 8, 21}, none, none), ENCNET_E_SHAPE,
           "conv2d: x has C=16, w has C/groups=8 and K=21, groups is 2");
    expect(infer(&still, x, w, none, none), ENCNET_E_ARG,
           "conv2d: stride 0, pad 1, dilation 1, groups 1");
    expect(infer(&far, x, w, none, none), ENCNET_E_SHAPE,
           "conv2d: a kernel of 3x3, dilation 4, does not fit x of 8x6 with padding 1");
    expect(infer(&same, x, w, (encnet__shape){1, 1, 1, 16}, none), ENCNET_E_SHAPE,
           "conv2d: w has K=20, b is [1,1,1,16]");
    expect(infer(&same, x, w, none, x), ENCNET_E_SHAPE,
           "conv2d: the output is [1,8,6,20], a is [1,8,6,16]");
    OPTEST_OK(infer(&same, x, w, (encnet__shape){1, 1, 1, 20}, (encnet__shape){1, 8, 6, 20}));
}

/* Folding leaves nothing of an addend or a ReLU for backward to see. */
static void refuses_backward(void **state)
{
    static const encnet__conv2d_attr relu = {1, 0, 1, 1, true};
    encnet__node_shape s = {.attr = &relu, .n_in = 2, .in = {{1, 2, 2, 3}, {1, 1, 3, 4}}};

    (void)state;
    OPTEST_OK(encnet__op_conv2d.infer(&s));
    s.dev = optest_device();
    s.wanted = 1;
    expect(encnet__op_plan(&encnet__op_conv2d, &s), ENCNET_E_ARG,
           "conv2d: an addend or a ReLU within the convolution has no backward pass");
}

/* The runs of pixels of dw: they cover all pixels, none is empty, and their sums take no more memory than the operands.
 * On a card with 132 units, all groups run at once where there are few. */
static void divides_the_filter(void **state)
{
    static const struct {
        int side, c, k, r, tile, least,
            most; /* groups, of a convolution of images of side x 2 side pixels */
    } rows[] = {
        {64, 512, 2048, 1, 128, 200, 264},
        {64, 512, 512, 3, 128, 144, 1056},
        {128, 18, 18, 3, 64, 300, 528},
        {256, 3, 32, 3, 64, 128, 528},
        {4, 8, 8, 1, 64, 1, 1},
        {128, 64, 256, 1, 64, 300, 528},
    };
    encnet__device_facts facts = {.units = 132};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int h = rows[i].side, r = rows[i].r;
        encnet__conv conv = {2, h, 2 * h, rows[i].c, rows[i].k, r, r, 1, r / 2, 1, 1, h, 2 * h};
        encnet__conv_split p = encnet__conv_split_filter(&conv, 64, true, &facts);
        int pixels = 4 * h * h, groups = p.row_tiles * p.k_tiles * p.parts;
        assert_int_equal(p.tile, rows[i].tile);
        assert_in_range(groups, rows[i].least, rows[i].most);
        assert_true(p.run * p.parts >= pixels && p.run * (p.parts - 1) < pixels);
        assert_int_equal(p.weights, r * r * conv.c * conv.k);
        assert_true(p.parts == 1 ||
                    p.weights * (size_t)p.parts <= (size_t)(pixels * (conv.c + conv.k)));
    }
}

int main(void)
{
    struct CMUnitTest extra[40] = {
        cmocka_unit_test(takes_the_first_that_serves),
        cmocka_unit_test(accuracy_bounds_the_choice),
        cmocka_unit_test(strassen_leaves_few_pixels),
        cmocka_unit_test(accuracy_bounds_the_choice_on_gpus),
        cmocka_unit_test(matrix_units_are_tried),
        cmocka_unit_test(kept_weights_decide_the_tile),
        cmocka_unit_test(takes_what_was_measured_on_a_gpu),
        cmocka_unit_test(keeps_small_weights),
        cmocka_unit_test(bounds_scratch),
        cmocka_unit_test(winograd_agrees_with_packed),
        cmocka_unit_test(winograd_lanes_agrees_with_packed),
        cmocka_unit_test(winograd_rounds_once),
        cmocka_unit_test(strassen_agrees_with_packed),
        cmocka_unit_test(adds_to_a_gradient),
        cmocka_unit_test(strassen_keeps_an_image),
        cmocka_unit_test(strassen_keeps_a_nan),
        cmocka_unit_test(winograd_tiled_agrees_with_packed),
        cmocka_unit_test(packed_sums_several_tiles),
        cmocka_unit_test(says_why_none_serves),
        cmocka_unit_test(plans_what_is_wanted),
        cmocka_unit_test(refuses_shapes),
        cmocka_unit_test(refuses_backward),
        cmocka_unit_test(narrow_registers),
        cmocka_unit_test(other_matrix_units),
        cmocka_unit_test(groups_on_the_other_kind),
        cmocka_unit_test(divides_the_filter),
    };
    size_t n = 0;

    while (extra[n].name) n++;
    for (const encnet__conv_row *row = encnet__conv_rows; row->name && n < COUNT_OF(extra); row++)
        extra[n++] = (struct CMUnitTest){row->name, check_forced, NULL, NULL, (void *)row};
    return optest_main(&encnet__op_conv2d, extra, n);
}
