/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_options.h - one table per program, from which the command line is parsed and --help, the man
 * page and the completion are printed.
 *
 * A program describes itself and calls app_parse() first (main() is in app_main.c):
 *
 *     static bool json;
 *     static const char *device;
 *     static app_list set;
 *     static const app_option options[] = {
 *         {"json", .on = &json, .help = "Print JSON."},
 *         {"device", "SEL", .text = &device, .help = "Which device: 1, 0:1, a name."},
 *         {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key", .help = "Override a key."},
 *     };
 *     static const app_program program = {
 *         .name = "encnet-cl-info", .summary = "show OpenCL devices", .arguments = "",
 *         .description = "Lists every device.\nThe second paragraph.",
 *         .options = options, .n_options = sizeof options / sizeof *options,
 *     };
 *
 *     int app_main(int argc, char **argv)
 *     {
 *         app_args args;
 *         int code;
 *
 *         if (!app_parse(&program, &args, argc, argv, &code)) return code;
 *         ...
 *     }
 *
 * Every program has --help (-h), --version and, if it reads a CONFIG.ini, --help-config; -q stands for
 * --quiet.  The hidden option
 * --print-docs man|man-config|completion|completion-zsh|completion-fish|reference is for the build
 * (cmake/generate.cmake).
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* The values of an option that may be repeated, in order; borrowed from argv. */
typedef struct app_list {
    const char **items;
    int count;
} app_list;

/* One option.  Exactly one of `on`, `text` and `list` is set: it receives the value. */
typedef struct app_option {
    const char *name;     /* without the dashes */
    const char *argument; /* the name of its value, "DIR"; NULL for a switch */
    bool *on;
    const char **text;
    app_list *list;
    const char *help; /* sentences */
    const char *
        complete; /* "file", "dir", "resume", "device", "key", "format", or the words to choose from, "whole slide"; may
                             be NULL */
} app_option;

typedef struct app_program {
    const char *name;        /* "encnet-cl-train" */
    const char *summary;     /* as in the first line of a man page: no capital, no full stop */
    const char *arguments;   /* the arguments beside the options, "CONFIG.ini" or "" */
    const char *description; /* paragraphs, each one line */
    const app_option *options;
    int n_options;
    int min_arguments, max_arguments;
    bool reads_config;           /* has --help-config, and names encnet-cl-config(5) */
    const char *const *examples; /* pairs of a sentence and a command, then NULL; may be NULL */
} app_program;

/* The arguments that are not options; borrowed from argv. */
typedef struct app_args {
    char **items;
    int count;
} app_args;

/* Parses the command line.  Returns false if the program is to end with *exit_code: 0 after --help,
 * or 2, with a message on stderr, if the command line is wrong. */
bool app_parse(const app_program *program, app_args *args, int argc, char **argv, int *exit_code);
/* What every program defines instead of main(); returns its exit code. */
int app_main(int argc, char **argv);

/* The options that every program has. */
typedef struct app_standard_values {
    bool help, version, help_config;
    const char *print_docs;
} app_standard_values;
extern app_standard_values app_standard;

/* Fills `out` with an option of the program: first its own, then those that every program has.
 * Returns false if there are fewer. */
bool app_option_at(const app_program *program, int index, app_option *out);

/* -- app_docs.c ------------------------------------------------------------------------------ */

void app_print_help(const app_program *program);
/* --help-config: all keys. */
void app_print_keys(FILE *f);
/* --print-docs; false if there is no such kind. */
bool app_print_docs(const app_program *program, const char *kind);

/* -- app_completion.c ------------------------------------------------------------------------ */

/* --print-docs completion (of bash), completion-zsh or completion-fish; false if it is none of them. */
bool app_print_completion(const app_program *program, const char *kind);

#endif
