/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_docs.c - prints --help, man pages and the reference of keys, from the tables that also parse. */
#include "app_options.h"

#include <ctype.h>
#include <string.h>
#include <encnet/config.h>
#include "app_common.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { WIDTH = 80, HELP_COLUMN = 26 };

static const struct {
    const char *name, *help;
} environment[] = {
    {"NO_COLOR", "When set, error lines carry no colour."},
    {"OCL_ICD_VENDORS", "Which OpenCL drivers the ICD loader sees."},
    {"XDG_CACHE_HOME", "Where compiled kernels are kept, below encnet-cl; ~/.cache when unset."},
    {"ENCNET_CACHE_DIR", "Where compiled kernels are kept, instead."},
    {"ENCNET_CACHE", "0 keeps compiled kernels out of the disk cache."},
    {"ENCNET_KERNEL_DIR", "Takes the kernels from the .cl files of this folder, while developing."},
    {"ENCNET_SYNC", "1 waits after every kernel, so that a device's failure names the kernel."},
};

static const struct {
    int code;
    const char *text;
} exit_codes[] = {
#define ROW(name, value, exit_code, text) {exit_code, text},
    ENCNET_STATUS_LIST(ROW)
#undef ROW
};

/* The syntax of a configuration, for encnet-cl-config(5) and the reference. */
static const char *const syntax[] = {
    "A configuration is a text file in UTF-8 of [section] lines and key = value lines. A line that "
    "begins with # or ; is a comment, and so is what follows a blank and a ; behind a value.",
    "include = OTHER.ini lines above the first section read other files first, relative to the "
    "file they stand in, at most 8 deep. What comes later wins: a later include over an earlier "
    "one, the file itself over what it includes, --set SECTION.KEY=VALUE over all files.",
    "A file that is not there is looked for among the installed configurations, first below the "
    "folders in ENCNET_CONFIGS (a colon between them), then in share/encnet-cl/configs of the "
    "place "
    "where encnet-cl is installed; .ini may be left out. This goes for the command line as well: "
    "encnet-cl-train encnet_r18-d8_demo works in any folder, and encnet-cl-info --configs lists "
    "the names.",
    "A backslash at the end of a line goes on with the next one, whose "
    "leading blanks are dropped. A key may stand once in a file. Paths may have ~, $NAME and "
    "${NAME}, and $$ for a dollar sign.",
    "An unknown section or key, a value out of its range or of the wrong type, and values that "
    "contradict each other are errors; all of them are listed, each with its file and line.",
};

/* -- --help ---------------------------------------------------------------------------------- */

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

/* One line per exit code: `before`, the code, `between`, what it means. */
static void print_exit_codes(FILE *f, const char *before, const char *between)
{
    for (int code = 0; code < 256; code++) { /* several statuses may share a code */
        bool first = true;
        for (size_t i = 0; i < COUNT(exit_codes); i++) {
            if (exit_codes[i].code != code) continue;
            if (first)
                fprintf(f, "%s%d%s%s", before, code, between, exit_codes[i].text);
            else
                fprintf(f, "; or: %s", exit_codes[i].text);
            first = false;
        }
        if (!first) fprintf(f, "\n");
    }
}

void app_print_help(const app_program *program)
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
    print_exit_codes(stdout, "  ", "  ");
    if (program->reads_config) printf("\nThe keys of CONFIG.ini are listed by --help-config.\n");
}

/* -- man pages ------------------------------------------------------------------------------- */

/* Escapes what roff interprets: a backslash, a leading dot or quote, and a dash. */
static void roff(const char *text)
{
    for (bool start = true; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\n')
            fputs("\n.PP\n", stdout);
        else
            putchar(*text);
        start = *text == '\n';
    }
}

static void roff_between(const char *before, const char *text, const char *after)
{
    fputs(before, stdout);
    roff(text);
    fputs(after, stdout);
}

static void man_head(const char *name, int section, const char *summary)
{
    printf(".TH ");
    for (const char *p = name; *p; p++) putchar(toupper((unsigned char)*p));
    printf(" %d \"\" \"encnet-cl %s\" \"%s\"\n", section, encnet_version(),
           section == 1 ? "User Commands" : "File Formats");
    roff_between(".SH NAME\n", name, " \\- ");
    roff_between("", summary, "\n");
}

static void man_options(const app_program *program)
{
    app_option o = {0};

    printf(".SH OPTIONS\n");
    for (int i = 0; app_option_at(program, i, &o); i++) {
        roff_between(".TP\n\\fB\\-\\-", o.name, "\\fR");
        if (o.argument) roff_between(" \\fI", o.argument, "\\fR");
        roff_between("\n", o.help, "\n");
    }
}

static void print_man(const app_program *program)
{
    man_head(program->name, 1, program->summary);
    roff_between(".SH SYNOPSIS\n.B ", program->name, "\n[\\fIOPTION\\fR]...");
    if (*program->arguments) roff_between(" \\fI", program->arguments, "\\fR");
    roff_between("\n.SH DESCRIPTION\n", program->description, "\n");
    man_options(program);
    printf(".SH EXIT STATUS\n");
    print_exit_codes(stdout, ".TP\n.B ", "\n");
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < COUNT(environment); i++) {
        roff_between(".TP\n.B ", environment[i].name, "\n");
        roff_between("", environment[i].help, "\n");
    }
    if (program->examples) printf(".SH EXAMPLES\n");
    for (const char *const *e = program->examples; e && *e; e += 2) {
        roff_between(".PP\n", e[0], ":\n");
        roff_between(".PP\n.RS 4\n.nf\n", e[1], "\n.fi\n.RE\n");
    }
    printf(".SH SEE ALSO\n.BR encnet\\-cl\\-train (1),\n.BR encnet\\-cl\\-eval (1),\n"
           ".BR encnet\\-cl\\-info (1),\n.BR encnet\\-cl\\-bench (1),\n"
           ".BR encnet\\-cl\\-config (5)\n");
}

static void print_man_config(void)
{
    const char *section, *help;
    encnet_config_key key;

    man_head("encnet-cl-config", 5, "configuration of encnet-cl-train and encnet-cl-eval");
    printf(".SH DESCRIPTION\n");
    for (size_t i = 0; i < COUNT(syntax); i++) roff_between(i ? ".PP\n" : "", syntax[i], "\n");
    for (int s = 0; encnet_config_section_at(s, &section, &help); s++) {
        printf(".SH [%s]\n%s\n", section, help);
        for (int i = 0; encnet_config_key_at(i, &key); i++) {
            if (strcmp(key.section, section) != 0) continue;
            roff_between(".TP\n\\fB", key.key, "\\fR");
            roff_between(" = ", *key.default_value ? key.default_value : "(empty)", "\n");
            roff_between("", key.help, " ");
            roff_between("(", key.type, ")\n");
        }
    }
    printf(".SH SEE ALSO\n.BR encnet\\-cl\\-train (1),\n.BR encnet\\-cl\\-eval (1)\n");
}

/* -- --help-config and the reference --------------------------------------------------------- */

void app_print_keys(FILE *f)
{
    const char *section, *help;
    encnet_config_key key;

    for (int s = 0; encnet_config_section_at(s, &section, &help); s++) {
        fprintf(f, "%s[%s]  %s\n", s ? "\n" : "", section, help);
        for (int i = 0; encnet_config_key_at(i, &key); i++) {
            if (strcmp(key.section, section) != 0) continue;
            fprintf(f, "  %s = %s  (%s)\n      ", key.key, key.default_value, key.type);
            app_print_wrapped(f, key.help, 6, 6, 80);
        }
    }
}

/* Escapes bars, which would end a cell. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|') putchar('\\');
        putchar(*text);
    }
}

static void print_reference(void)
{
    const char *section, *help;
    encnet_config_key key;

    printf(
        "# Configuration reference\n\n"
        "Printed by `encnet-cl-train --print-docs reference` from the table that also parses.\n");
    for (size_t i = 0; i < COUNT(syntax); i++) {
        putchar('\n');
        app_print_wrapped(stdout, syntax[i], 0, 0, 100);
    }
    for (int s = 0; encnet_config_section_at(s, &section, &help); s++) {
        printf("\n## [%s]\n\n%s\n\n| key | default | values | meaning |\n|---|---|---|---|\n",
               section, help);
        for (int i = 0; encnet_config_key_at(i, &key); i++) {
            if (strcmp(key.section, section) != 0) continue;
            printf("| `%s.%s` | ", key.section, key.key);
            if (*key.default_value) printf("`%s`", key.default_value);
            printf(" | ");
            print_cell(key.type);
            printf(" | ");
            print_cell(key.help);
            printf(" |\n");
        }
    }
}

/* -- --print-docs ---------------------------------------------------------------------------- */

bool app_print_docs(const app_program *program, const char *kind)
{
    if (strcmp(kind, "man") == 0)
        print_man(program);
    else if (strcmp(kind, "man-config") == 0)
        print_man_config();
    else if (strcmp(kind, "reference") == 0)
        print_reference();
    else
        return app_print_completion(program, kind);
    return true;
}
