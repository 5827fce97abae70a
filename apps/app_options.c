/* app_options.c - the command line from a program's table, by getopt_long. */
#define _POSIX_C_SOURCE 200809L
#include "app_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/status.h>
#include "app_common.h"

enum { FIRST = 1000, WIDTH = 80, HELP_COLUMN = 26 };

static bool help, version, help_config;
static const char *print_docs;

static const app_option common[] = {
    {"help", .on = &help, .help = "Print this text and exit."},
    {"version", .on = &version, .help = "Print the version and exit."},
    {"help-config", .on = &help_config, .help = "Print every key of a CONFIG.ini and exit."},
};

bool app_option_at(const app_program *program, int index, app_option *out)
{
    int n_common = (int)(sizeof common / sizeof *common) - !program->reads_config;

    if (index >= program->n_options + n_common) return false;
    *out =
        index < program->n_options ? program->options[index] : common[index - program->n_options];
    return true;
}

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

const char *app_nearest(const char *wrong, const char *const *names, int n)
{
    const char *best = NULL;
    int least = 0;

    for (int i = 0; i < n; i++) {
        int d = distance(wrong, names[i]);
        if (!best || d < least) {
            best = names[i];
            least = d;
        }
    }
    return best;
}

void app_print_wrapped(FILE *f, const char *text, int indent, int column, int width)
{
    bool first = true;

    while (*text) {
        int length = (int)strcspn(text, " ");
        if (!first && column + 1 + length > width) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', f);
            column++;
        }
        fwrite(text, 1, (size_t)length, f);
        column += length;
        text += length;
        text += strspn(text, " ");
        first = false;
    }
    fputc('\n', f);
}

static void print_paragraphs(FILE *f, const char *text)
{
    char line[2048];

    while (*text) {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        app_print_wrapped(f, line, 0, 0, WIDTH);
        fputc('\n', f);
        text += length;
        if (*text) text++;
    }
}

static void print_help(const app_program *program)
{
    app_option o = {0};

    printf("Usage: %s [OPTION]...%s%s\n\n", program->name, *program->arguments ? " " : "",
           program->arguments);
    print_paragraphs(stdout, program->description);
    printf("Options:\n");
    for (int i = 0; app_option_at(program, i, &o); i++) {
        int column =
            printf("  --%s%s%s", o.name, o.argument ? " " : "", o.argument ? o.argument : "");
        if (column >= HELP_COLUMN) column = printf("\n") - 1;
        printf("%*s", HELP_COLUMN - column, "");
        app_print_wrapped(stdout, o.help, HELP_COLUMN, HELP_COLUMN, WIDTH);
    }
    if (program->examples) printf("\nExamples:\n");
    for (const char *const *e = program->examples; e && *e; e += 2)
        printf("  # %s\n  %s\n", e[0], e[1]);
    printf("\nExit codes:\n");
    app_print_exit_codes(stdout, "  ", "  ");
    if (program->reads_config) printf("\nThe keys of CONFIG.ini are listed by --help-config.\n");
}

/* What getopt_long did not like; `word` is the one before optind, where it leaves a long option. */
static void complain(const app_program *program, int answer, const char *word)
{
    const char *names[64];
    char stem[64];
    app_option o = {0};
    int n = 0;

    if (answer == ':') {
        app_error("%s needs a value", word);
        return;
    }
    for (; n < 64 && app_option_at(program, n, &o); n++) names[n] = o.name;
    if (optopt > 0 && optopt < FIRST) {
        app_error("unknown option -%c; options begin with two dashes, see --help", optopt);
        return;
    }
    snprintf(stem, sizeof stem, "%.*s", (int)strcspn(word, "="), word);
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], stem + 2) != 0) continue;
        app_error("--%s takes no value", names[i]);
        return;
    }
    app_error("unknown or ambiguous option %s; the nearest is --%s", stem,
              app_nearest(stem + 2, names, n));
}

static bool keep(const app_option *o, const char *value)
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

/* Reads argv into the table's targets; 0, or the exit code. */
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
    while ((answer = getopt_long(argc, argv, ":", rows, NULL)) != -1) {
        if (answer == 'd') {
            print_docs = optarg;
        } else if (answer >= FIRST) {
            app_option_at(program, answer - FIRST, &o);
            if (!keep(&o, optarg)) {
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
    if (help) {
        print_help(program);
    } else if (version) {
        printf("%s %s\n", program->name, encnet_version());
    } else if (help_config) {
        app_print_keys(stdout);
    } else if (print_docs) {
        if (app_print_docs(program, print_docs)) return false;
        app_error("--print-docs %s: must be man, man-config, completion or reference", print_docs);
        *exit_code = 2;
    } else if (args->count < program->min_arguments) {
        app_error("%s is missing; see --help", program->arguments);
        *exit_code = 2;
    } else if (args->count > program->max_arguments) {
        app_error("one argument too many: %s; see --help", args->items[program->max_arguments]);
        *exit_code = 2;
    } else {
        return true;
    }
    return false;
}
