/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_checkpoint.c - prints what a checkpoint says of itself. */
#include "app_checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/checkpoint.h>
#include "app_common.h"

enum { WIDTH = 100, INDENT = 14 };

/* -- lines ----------------------------------------------------------------------------------- */

static void print_network(const encnet_checkpoint_info *c)
{
    const char *seems = c->guessed ? "seems to be " : "";

    if (*c->network && *c->backbone)
        printf("  network     %s%s on %s\n", seems, c->network, c->backbone);
    else if (*c->backbone)
        printf("  backbone    %s%s, without a head that is known\n", seems, c->backbone);
    else if (*c->network)
        printf("  network     %s%s\n", seems, c->network);
    else
        printf("  network     unknown\n");
    if (c->guessed) {
        printf("              ");
        app_print_wrapped(stdout, c->missing, INDENT, INDENT, WIDTH);
    }
}

static void print_classes(const encnet_checkpoint_info *c)
{
    size_t room = 32, used;
    char *text;

    if (!c->classes) return;
    for (int i = 0; i < c->named; i++) room += strlen(c->class_list[i].name) + 2;
    text = malloc(room);
    if (!text) return;
    used = (size_t)snprintf(text, room, "%d", c->classes);
    for (int i = 0; i < c->named; i++)
        used += (size_t)snprintf(text + used, room - used, "%s %s", i ? "," : ":",
                                 c->class_list[i].name);
    printf("  classes     ");
    app_print_wrapped(stdout, text, INDENT, INDENT, WIDTH);
    free(text);
}

static void print_training(const encnet_checkpoint_info *c)
{
    if (c->iteration >= 0 && c->max_iters >= 0)
        printf("  iterations  %" PRId64 " of %" PRId64 "\n", c->iteration, c->max_iters);
    else if (c->iteration >= 0)
        printf("  iterations  %" PRId64 "\n", c->iteration);
    else
        printf("  iterations  unknown\n");
    if (!isnan(c->loss)) printf("  loss        %.4f\n", c->loss);
    printf("  scores     ");
    if (c->n_scores == 0) printf(" none recorded");
    for (int i = 0; i < c->n_scores; i++)
        printf("%s %s %.2f", i ? "," : "", c->scores[i].name, c->scores[i].percent);
    printf("\n");
    if (!isnan(c->best))
        printf("  best        %s %.2f after iteration %" PRId64 "%s\n", c->score, c->best,
               c->best_iteration, c->best_iteration == c->iteration ? ": this one" : "");
}

static void print_lines(const encnet_checkpoint_info *c)
{
    char size[32];

    app_bytes(size, sizeof size, (double)c->bytes);
    printf("%s\n", c->path);
    print_network(c);
    print_classes(c);
    print_training(c);
    printf("  written by  %s\n", *c->program ? c->program : "unknown");
    printf("  parameters  %" PRIu64 ", in %d tensors with the statistics\n", c->parameters,
           c->tensors);
    printf("  file        %s, %s\n", c->format, size);
}

/* -- JSON ------------------------------------------------------------------------------------ */

static void json_text(const char *name, const char *text)
{
    printf("\"%s\": ", name);
    if (*text)
        app_print_json(stdout, text);
    else
        printf("null");
    printf(", ");
}

static void json_count(const char *name, int64_t value)
{
    if (value < 0)
        printf("\"%s\": null, ", name);
    else
        printf("\"%s\": %" PRId64 ", ", name, value);
}

static void json_real(const char *name, double value)
{
    if (isnan(value))
        printf("\"%s\": null, ", name);
    else
        printf("\"%s\": %.10g, ", name, value);
}

static void print_json(const encnet_checkpoint_info *c)
{
    json_text("checkpoint", c->path);
    json_text("network", c->network);
    json_text("backbone", c->backbone);
    printf("\"guessed\": %s, ", c->guessed ? "true" : "false");
    json_count("classes", c->classes ? c->classes : -1);
    printf("\"class_list\": [");
    for (int i = 0; i < c->named; i++) {
        printf("%s\n  {\"name\": ", i ? "," : "");
        app_print_json(stdout, c->class_list[i].name);
        if (c->coloured)
            printf(", \"rgb\": [%d, %d, %d]", c->class_list[i].rgb[0], c->class_list[i].rgb[1],
                   c->class_list[i].rgb[2]);
        printf("}");
    }
    printf("],\n");
    json_count("iteration", c->iteration);
    json_count("max_iters", c->max_iters);
    json_real("loss", c->loss);
    printf("\"scores\": {");
    for (int i = 0; i < c->n_scores; i++)
        printf("%s\"%s\": %.10g", i ? ", " : "", c->scores[i].name, c->scores[i].percent);
    printf("}, ");
    json_text("score", c->score);
    json_real("best", c->best);
    json_count("best_iteration", c->best_iteration);
    json_text("program", c->program);
    json_text("format", c->format);
    printf("\"bytes\": %" PRIu64 ", \"parameters\": %" PRIu64 ", \"tensors\": %d,\n", c->bytes,
           c->parameters, c->tensors);
}

encnet_status app_print_checkpoint(const char *path, bool json)
{
    encnet_checkpoint_info *info = NULL;
    encnet_status rc = encnet_checkpoint_describe(&info, path);

    if (rc == ENCNET_OK) (json ? print_json : print_lines)(info);
    encnet_checkpoint_info_free(info);
    return rc;
}
