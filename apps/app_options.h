/*
 * app_options.h - one table per program: it parses the command line, prints --help, the man page
 * and the completion.
 *
 * A program writes down what it takes and calls app_parse() first:
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
 *     int main(int argc, char **argv)
 *     {
 *         app_args args;
 *         int code;
 *
 *         if (!app_parse(&program, &args, argc, argv, &code)) return code;
 *         ...
 *     }
 *
 * --help, --version and, where a CONFIG.ini is read, --help-config are in every program.  The
 * hidden --print-docs man|man-config|completion|reference feeds the build (cmake/generate.cmake).
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* The values of an option that may be given several times, in order; borrowed from argv. */
typedef struct app_list {
    const char **items;
    int count;
} app_list;

/* One option.  Exactly one of `on`, `text` and `list` says where its value goes and of what kind it
 * is. */
typedef struct app_option {
    const char *name;     /* without the dashes */
    const char *argument; /* how the value is called, "DIR"; NULL for a switch */
    bool *on;
    const char **text;
    app_list *list;
    const char *help;     /* sentences */
    const char *complete; /* "file", "dir", "key", or the words to choose from, "whole slide"; may
                             be NULL */
} app_option;

typedef struct app_program {
    const char *name; /* "encnet-cl-train" */
    const char
        *summary; /* what it does, as in the first line of a man page: no capital, no full stop */
    const char *arguments;   /* what stands beside the options, "CONFIG.ini" or "" */
    const char *description; /* paragraphs, each one line */
    const app_option *options;
    int n_options;
    int min_arguments, max_arguments;
    bool reads_config;           /* has --help-config, and names encnet-cl-config(5) */
    const char *const *examples; /* pairs of a sentence and a command, then NULL; may be NULL */
} app_program;

/* What is no option; borrowed from argv. */
typedef struct app_args {
    char **items;
    int count;
} app_args;

/* False when there is nothing left to do: the program then returns *exit_code (0 after --help; 2,
 * with a sentence on stderr, when the command line is wrong). */
bool app_parse(const app_program *program, app_args *args, int argc, char **argv, int *exit_code);

/* The options every program has, after its own; false behind the last. */
bool app_option_at(const app_program *program, int index, app_option *out);

/* The name of `names` (n of them) that is most like `wrong`; NULL when n is 0. */
const char *app_nearest(const char *wrong, const char *const *names, int n);

/* Prints words wrapped at `width` columns; lines after the first begin with `indent` blanks.
 * `column` is where the first line goes on. */
void app_print_wrapped(FILE *f, const char *text, int indent, int column, int width);

/* app_docs.c: what --help-config and --print-docs print.  False: no such kind. */
bool app_print_docs(const app_program *program, const char *kind);
void app_print_keys(FILE *f);
/* One line per exit code: before, code, between, what it means. */
void app_print_exit_codes(FILE *f, const char *before, const char *between);

#endif
