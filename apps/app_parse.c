/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_parse.c - parses the command line by the options of a program, with getopt_long. */
#define _POSIX_C_SOURCE 200809L
#include "app_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/status.h>
#include <encnet/comm.h>
#include "app_common.h"
#include "app_pocl.h"
#include "app_watch.h"

enum { FIRST = 1000 }; /* getopt's value of the first long option */

/* The edit distance of two names. */
static int distance(const char *a, const char *b)
{
    int row[64], n = (int)strnlen(a, 63), m = (int)strnlen(b, 63);

    for (int j = 0; j <= m; j++) row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

/* The name that was meant: NULL if more than half of what was written would have to change. */
static const char *nearest(const char *wrong, const char *const *names, int n)
{
    const char *best = NULL;
    int least = (int)strlen(wrong) / 2 + 1;

    for (int i = 0; i < n; i++) {
        int d = distance(wrong, names[i]);
        if (d < least) {
            best = names[i];
            least = d;
        }
    }
    return best;
}

/* Explains what getopt_long rejected.  `word` is the argument before optind: for a long option, the
 * option itself. */
static void complain(const app_program *program, int answer, const char *word)
{
    const char *names[64], *meant;
    char stem[64];
    app_option o = {0};
    int n = 0;

    if (answer == ':') {
        app_error("%s needs a value", word);
        return;
    }
    for (; n < 64 && app_option_at(program, n, &o); n++) names[n] = o.name;
    if (optopt > 0 && optopt < FIRST) {
        app_error(
            "unknown option -%c; but for -h and -q, options begin with two dashes, see --help",
            optopt);
        return;
    }
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(word, "="), word);
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], stem + 2) != 0) continue;
        app_error("--%s takes no value", names[i]);
        return;
    }
    meant = nearest(stem + 2, names, n);
    app_error(meant ? "unknown or ambiguous option %s; the nearest is --%s"
                    : "unknown or ambiguous option %s; --help lists them all",
              stem, meant);
}

static bool store(const app_option *o, const char *value)
{
    if (o->on) *o->on = true;
    if (o->text) *o->text = value;
    if (o->list) {
        const char **items = realloc(o->list->items, ((size_t)o->list->count + 1) * sizeof *items);
        if (!items) return false;
        o->list->items = items;
        o->list->items[o->list->count++] = value;
    }
    return true;
}

/* An option of the program by its name. */
static bool find_option(const app_program *program, const char *name, app_option *out)
{
    for (int i = 0; app_option_at(program, i, out); i++)
        if (strcmp(out->name, name) == 0) return true;
    return false;
}

/* Stores the options in argv where the rows say; returns 0 or the exit code. */
static int read_options(const app_program *program, int argc, char **argv)
{
    struct option rows[66] = {{0}};
    app_option o = {0};
    int n = 0, answer;

    for (; n < 64 && app_option_at(program, n, &o); n++)
        rows[n] =
            (struct option){o.name, o.argument ? required_argument : no_argument, NULL, FIRST + n};
    rows[n] = (struct option){"print-docs", required_argument, NULL, 'd'};
    opterr = 0;
    while ((answer = getopt_long(argc, argv, ":hq", rows, NULL)) != -1) {
        if (answer == 'h') {
            app_standard.help = true;
        } else if (answer == 'q' && find_option(program, "quiet", &o)) {
            *o.on = true;
        } else if (answer == 'd') {
            app_standard.print_docs = optarg;
        } else if (answer >= FIRST) {
            app_option_at(program, answer - FIRST, &o);
            if (!store(&o, optarg)) {
                app_error("out of memory");
                return 1;
            }
        } else {
            complain(program, answer, argv[optind - 1]);
            return 2;
        }
    }
    return 0;
}

bool app_parse(const app_program *program, app_args *args, int argc, char **argv, int *exit_code)
{
    app_set_name(program->name);
    *exit_code = read_options(program, argc, argv);
    if (*exit_code) return false;
    *args = (app_args){argv + optind, argc - optind};
    if ((app_standard.help || app_standard.version || app_standard.help_config ||
         app_standard.print_docs) &&
        encnet_comm_launched_rank() > 0)
        return false; /* rank 0 prints */
    if (app_standard.help) {
        app_print_help(program);
    } else if (app_standard.version) {
        printf("%s %s\n", program->name, encnet_version());
    } else if (app_standard.help_config) {
        app_print_keys(stdout);
    } else if (app_standard.print_docs) {
        if (app_print_docs(program, app_standard.print_docs)) return false;
        app_error("--print-docs %s: must be man, man-config, completion, completion-zsh, "
                  "completion-fish or reference",
                  app_standard.print_docs);
        *exit_code = 2;
    } else if (args->count < program->min_arguments) {
        app_error("%s is missing; see --help", program->arguments);
        *exit_code = 2;
    } else if (args->count > program->max_arguments) {
        app_error("one argument too many: %s; see --help", args->items[program->max_arguments]);
        *exit_code = 2;
    } else {
        app_pocl_check();
        app_watch_crashes();
        return true;
    }
    return false;
}
