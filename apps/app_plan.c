/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_plan.c - prints a plan. */
#include "app_plan.h"

#include <stdio.h>
#include <string.h>
#include "app_common.h"

static void print_bytes(const char *what, size_t bytes, const char *remark)
{
    char text[32];

    app_bytes(text, sizeof text, (double)bytes);
    printf("%-24s %12s %16zu%s\n", what, text, bytes, remark);
}

void app_print_plan(const encnet_plan *p)
{
    print_bytes("weights", p->weights, "");
    print_bytes("gradients", p->gradients, "");
    print_bytes("momentum", p->momentum, "");
    print_bytes("activations", p->activations, "");
    print_bytes("  stored for backward", p->activations_stored, "");
    print_bytes("  read in a step", p->activations_read, "");
    print_bytes("  written in a step", p->activations_written, "");
    print_bytes("  largest buffer", p->largest_buffer, "");
    if (p->prepared) print_bytes("prepared weights", p->prepared, "");
    if (p->results) print_bytes("results", p->results, "");
    print_bytes("total", p->total, "");
    print_bytes("device memory", p->device_total, "");
    printf("%-24s %12d\n%-24s %12d\n%-24s %12llu\n%-24s %12.2f\n", "nodes", p->nodes, "parameters",
           p->parameters, "trainable numbers", (unsigned long long)p->trainable, "forward GFLOP",
           p->flops / 1e9);
}

/* -- the convolutions ------------------------------------------------------------------------ */

enum { DIRECTIONS = 3, MOST = 16 };
static const char *const directions[DIRECTIONS] = {"forward", "data", "filter"};

/* What one algorithm computes of a network. */
typedef struct tally {
    char algorithm[32], reason[96]; /* reason: of its first layer */
    int layers[DIRECTIONS];
    double flops;
} tally;

typedef struct tallies {
    tally rows[MOST];
    int n;
    double flops;
    bool verbose;
} tallies;

static void count(void *user, const encnet_plan_row *row)
{
    tallies *all = user;
    tally *t = all->rows;

    while (t < all->rows + all->n && strcmp(t->algorithm, row->algorithm) != 0) t++;
    if (t == all->rows + MOST) return;
    if (t == all->rows + all->n) {
        snprintf(t->algorithm, sizeof t->algorithm, "%s", row->algorithm);
        snprintf(t->reason, sizeof t->reason, "%s", row->reason);
        all->n++;
    }
    for (int i = 0; i < DIRECTIONS; i++) t->layers[i] += !strcmp(row->direction, directions[i]);
    t->flops += row->flops;
    all->flops += row->flops;
}

static void print_row(void *user, const encnet_plan_row *row)
{
    char scratch[32];

    count(user, row);
    if (!((tallies *)user)->verbose) return;
    app_bytes(scratch, sizeof scratch, (double)row->scratch);
    printf("%s (%s), %s: %s, %.3f GFLOP, ", row->layer, row->shape, row->direction, row->algorithm,
           row->flops / 1e9);
    if (row->seconds > 0)
        printf("%.2f ms, %.1f GFLOP/s, ", 1e3 * row->seconds, row->flops / row->seconds / 1e9);
    printf("scratch %s%s%s\n", scratch, *row->reason ? "; " : "", row->reason);
}

encnet_status app_print_convolutions(encnet_device *device, const encnet_options *options, int n,
                                     int h, int w, bool inference, bool verbose)
{
    tallies all = {.verbose = verbose};
    encnet_status rc = encnet_plan_list(device, options, n, h, w, inference, print_row, &all);

    if (rc != ENCNET_OK) return rc;
    printf("%-24s %12s %8s %8s %11s\n", "convolutions", directions[0], directions[1], directions[2],
           "operations");
    for (const tally *t = all.rows; t < all.rows + all.n; t++)
        printf("  %-22s %12d %8d %8d %9.1f %%%s%s\n", t->algorithm, t->layers[0], t->layers[1],
               t->layers[2], 100 * t->flops / all.flops, *t->reason ? "  " : "", t->reason);
    return ENCNET_OK;
}

/* -- the passes ------------------------------------------------------------------------------ */

static void print_text(void *user, const char *text)
{
    (void)user;
    fputs(text, stdout);
}

encnet_status app_print_passes(encnet_device *device, const encnet_options *options, int n, int h,
                               int w)
{
    return encnet_plan_passes(device, options, n, h, w, false, print_text, NULL);
}
