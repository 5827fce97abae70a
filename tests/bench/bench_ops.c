/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bench_ops.c - every operator on the rows of its test: time, GFLOP/s and GB/s, forward and backward.
 *
 *   bench_ops [--device SEL] [--runs N] [--small] [OPERATOR]...
 *
 * A line for every row, the best of N runs (default 20) after one to warm up.  The bytes are those of
 * the tensors that a pass reads and writes, each once; the operations are those of op->flops, forward
 * alone.  --small leaves the big rows out.  Without an OpenCL device the exit code is 77.
 */
#include "support/optest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selftest/draw.h"

typedef struct choice {
    encnet_options options; /* of these the device's */
    int runs;
    bool small;
    char **ops; /* up to NULL; none: all */
} choice;

typedef encnet_status pass(const encnet__op *op, const encnet__call *call);

static void fill(const encnet__tensor *t, encnet__fill_kind kind, int classes, uint32_t index)
{
    size_t count = encnet__shape_count(t->shape);
    encnet__random_input how = {kind, t->shape, t->type, classes};
    double *x = calloc(count, sizeof *x);
    float *f = calloc(count, sizeof *f);
    int32_t *label = (int32_t *)f; /* as wide */

    assert_true(x && f);
    encnet__draw_tensor(x, &how, encnet__rng_at(ENCNET__CHECK_SEED, index, 0, 0));
    for (size_t i = 0; i < count; i++)
        if (t->type == ENCNET__I32)
            label[i] = (int32_t)x[i];
        else
            f[i] = (float)x[i];
    optest_put(t, f);
    free(x);
    free(f);
}

static void fill_all(optest_node *node, const encnet__case *row)
{
    encnet__call *c = &node->call;
    int classes = row->classes ? row->classes : row->in[0].c;

    for (int i = 0; i < c->n_in; i++)
        if (c->in[i].buffer)
            fill(&c->in[i], node->op->fill ? node->op->fill[i] : ENCNET__FILL_NORMAL, classes,
                 (uint32_t)i);
    if (c->dout.buffer) fill(&c->dout, ENCNET__FILL_NORMAL, classes, ENCNET__MAX_INPUTS);
}

static double bytes_of(const encnet__tensor *t)
{
    return t->buffer ? (double)encnet__shape_bytes(t->shape, t->type) : 0;
}

static double forward_bytes(const optest_node *node)
{
    double bytes = bytes_of(&node->call.out);

    for (int i = 0; i < node->call.n_in; i++) bytes += bytes_of(&node->call.in[i]);
    return bytes;
}

static double backward_bytes(const optest_node *node)
{
    const encnet__call *c = &node->call;
    unsigned reads = node->op->backward_reads ? node->op->backward_reads(&node->shape) : 0;
    double bytes = bytes_of(&c->dout) + (reads & ENCNET__READS_OUT ? bytes_of(&c->out) : 0);

    for (int i = 0; i < c->n_in; i++)
        bytes += bytes_of(&c->din[i]) + (reads & ENCNET__READS_IN(i) ? bytes_of(&c->in[i]) : 0);
    return bytes;
}

/* Seconds of the best run. */
static double best_of(int runs, pass *run, optest_node *node)
{
    double best = 0;

    for (int i = 0; i <= runs; i++) { /* the first warms up */
        double began = encnet__now(), seconds;
        OPTEST_OK(run(node->op, &node->call));
        OPTEST_OK(encnet__finish(node->call.dev));
        seconds = encnet__now() - began;
        if (i == 1 || (i > 1 && seconds < best)) best = seconds;
    }
    return best;
}

static void bench(const encnet__op *op, const encnet__case *row, int runs)
{
    bool backward = op->backward && op->gradients && !row->forward_only;
    optest_node node;
    double seconds;

    optest_node_make(&node, op, row->attr, row->n_in, row->in, backward);
    fill_all(&node, row);
    seconds = best_of(runs, encnet__op_forward, &node);
    printf("%-21s %-36s %9.1f us", op->name, row->what, 1e6 * seconds);
    if (op->flops)
        printf(" %8.2f GFLOP/s", 1e-9 * op->flops(&node.shape) / seconds);
    else
        printf(" %16s", "");
    printf(" %7.2f GB/s", 1e-9 * forward_bytes(&node) / seconds);
    if (backward) {
        seconds = best_of(runs, encnet__op_backward, &node);
        printf("   backward %9.1f us %7.2f GB/s", 1e6 * seconds,
               1e-9 * backward_bytes(&node) / seconds);
    }
    printf("\n");
    optest_node_free(&node);
}

static bool is_chosen(const choice *c, const encnet__op *op)
{
    if (!*c->ops) return true;
    for (char **name = c->ops; *name; name++)
        if (strcmp(*name, op->name) == 0) return true;
    return false;
}

/* Returns how many lines were printed. */
static int bench_all(const choice *c)
{
    int lines = 0;

    for (int i = 0; encnet__ops[i]; i++) {
        const encnet__op *op = encnet__ops[i];
        if (!is_chosen(c, op)) continue;
        assert_true(op->n_cases > 0);
        for (int k = 0; k < op->n_cases; k++) {
            if (c->small && op->cases[k].big) continue;
            bench(op, &op->cases[k], c->runs);
            lines++;
        }
    }
    return lines;
}

static bool parse(choice *c, char **argv)
{
    *c = (choice){.runs = 20};
    encnet_options_default(&c->options);
    for (argv++; *argv && !strncmp(*argv, "--", 2); argv++) {
        if (!strcmp(*argv, "--small"))
            c->small = true;
        else if (!strcmp(*argv, "--device") && argv[1])
            c->options.device.select = *++argv;
        else if (!strcmp(*argv, "--runs") && argv[1])
            c->runs = atoi(*++argv);
        else
            return false;
    }
    c->ops = argv;
    return c->runs >= 1;
}

int main(int argc, char **argv)
{
    choice c;
    int rc;

    (void)argc;
    if (!parse(&c, argv)) {
        fprintf(stderr, "bench_ops [--device SEL] [--runs N] [--small] [OPERATOR]...\n");
        return 2;
    }
    rc = optest_open(&c.options.device);
    if (rc != 0) return rc;
    if (bench_all(&c) == 0) rc = 2;
    optest_close();
    return rc;
}
