/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_completion.c - completion for bash, zsh and fish, from the table that also parses. */
#include "app_options.h"

#include <string.h>
#include <encnet/config.h>
#include <encnet/eval.h>

/* What follows an option. */
typedef enum value_kind {
    ANYTHING,
    A_FILE,
    A_DIRECTORY,
    A_RESUME, /* the word auto, or a directory */
    A_DEVICE, /* the word all, or the index of a device */
    A_KEY,
    A_WORD
} value_kind;

/* Prints the indices of the devices. */
#define DEVICES "encnet-cl-info 2>/dev/null | sed -n \"s/^\\([0-9][0-9]*\\) (.*/\\1/p\""

static value_kind kind_of(const app_option *o)
{
    if (!o->complete) return ANYTHING;
    if (strcmp(o->complete, "file") == 0) return A_FILE;
    if (strcmp(o->complete, "dir") == 0) return A_DIRECTORY;
    if (strcmp(o->complete, "resume") == 0) return A_RESUME;
    if (strcmp(o->complete, "device") == 0) return A_DEVICE;
    if (strcmp(o->complete, "key") == 0) return A_KEY;
    return A_WORD;
}

/* The words to choose from, a blank between them; `end` stands behind each key. */
static void print_words(const app_option *o, const char *end)
{
    encnet_config_key key;

    if (kind_of(o) == A_KEY) {
        for (int i = 0; encnet_config_key_at(i, &key); i++)
            printf("%s%s.%s%s", i ? " " : "", key.section, key.key, end);
    } else if (strcmp(o->complete, "format") == 0) {
        for (int i = 0; encnet_format_name(i); i++)
            printf("%s%s", i ? " " : "", encnet_format_name(i));
    } else {
        fputs(o->complete, stdout);
    }
}

/* The values that a key can have, where these are words; NULL: they are not. */
static const char *values_of(const encnet_config_key *key)
{
    if (strncmp(key->type, "one of ", 7) == 0 && !strchr(key->type, ',')) return key->type + 7;
    return strcmp(key->type, "yes or no") == 0 ? "yes no" : NULL;
}

/* A text for single quotes: each character of `special` gets a backslash, and a quote becomes
 * `quote`. */
static void print_quoted(const char *text, size_t size, const char *special, const char *quote)
{
    for (; size; text++, size--) {
        if (*text == '\'') {
            fputs(quote, stdout);
            continue;
        }
        if (strchr(special, *text)) putchar('\\');
        putchar(*text);
    }
}

/* The bytes of the first sentence, without its full stop. */
static size_t sentence(const char *help)
{
    size_t n = 0;

    while (help[n] && strncmp(help + n, ". ", 2) != 0 && strcmp(help + n, ".") != 0) n++;
    return n;
}

/* -- bash ------------------------------------------------------------------------------------ */

/* The values of --set KEY=: what follows the "=" is a word of its own for bash. */
static void bash_key_values(void)
{
    encnet_config_key key;

    printf("    if [[ $eq -gt 1 && ( ${COMP_WORDS[eq - 2]} == --set || ${COMP_WORDS[eq - 2]} == = "
           ") ]]; "
           "then\n        case ${COMP_WORDS[eq - 1]} in\n");
    for (int i = 0; encnet_config_key_at(i, &key); i++)
        if (values_of(&key))
            printf("        %s.%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", key.section,
                   key.key, values_of(&key));
    printf("        esac\n        return\n    fi\n");
}

static void bash_value(const app_option *o)
{
    printf("    --%s)\n", o->name);
    switch (kind_of(o)) {
    case ANYTHING:
        break;
    case A_FILE:
    case A_DIRECTORY:
        printf("        COMPREPLY=($(compgen -%c -- \"$cur\"))\n        compopt -o filenames\n",
               kind_of(o) == A_FILE ? 'f' : 'd');
        break;
    case A_RESUME:
        printf("        COMPREPLY=($(compgen -W auto -- \"$cur\") $(compgen -d -- \"$cur\"))\n");
        break;
    case A_DEVICE:
        printf("        COMPREPLY=($(compgen -W \"all $(" DEVICES ")\" -- \"$cur\"))\n");
        break;
    case A_KEY:
        printf("        compopt -o nospace\n        COMPREPLY=($(compgen -S = -W '");
        print_words(o, "");
        printf("' -- \"$cur\"))\n");
        break;
    case A_WORD:
        printf("        COMPREPLY=($(compgen -W '");
        print_words(o, "");
        printf("' -- \"$cur\"))\n");
        break;
    }
    printf("        return ;;\n");
}

static void print_bash(const app_program *program)
{
    char function[64];
    app_option o = {0};

    snprintf(function, sizeof function, "_%s", program->name);
    for (char *p = function; *p; p++) *p = *p == '-' ? '_' : *p;
    printf("# bash completion for %s\n%s()\n{\n", program->name, function);
    printf("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} eq=0\n"
           "    COMPREPLY=()\n"
           "    if [[ $cur == = ]]; then eq=$COMP_CWORD cur=; elif [[ $prev == = ]]; then "
           "eq=$((COMP_CWORD - 1)); fi\n"
           "    [[ $eq -gt 0 ]] && prev=${COMP_WORDS[eq - 1]}\n");
    for (int i = 0; app_option_at(program, i, &o); i++)
        if (kind_of(&o) == A_KEY) bash_key_values();
    printf("    case $prev in\n");
    for (int i = 0; app_option_at(program, i, &o); i++)
        if (o.argument) bash_value(&o);
    printf("    esac\n    if [[ $cur == -* ]]; then\n        COMPREPLY=($(compgen -W '");
    for (int i = 0; app_option_at(program, i, &o); i++) printf("%s--%s", i ? " " : "", o.name);
    printf("' -- \"$cur\"))\n");
    if (*program->arguments)
        printf("    else\n        COMPREPLY=($(compgen -f -- \"$cur\"))\n        compopt -o "
               "filenames\n");
    printf("    fi\n}\ncomplete -F %s %s\n", function, program->name);
}

/* -- zsh ------------------------------------------------------------------------------------- */

/* The function of --set: keys, and behind the "=" the values of those that have words. */
static void zsh_keys(const app_option *o)
{
    encnet_config_key key;

    printf("_encnet_cl_key() {\n    case $PREFIX in\n");
    for (int i = 0; encnet_config_key_at(i, &key); i++)
        if (values_of(&key))
            printf("    %s.%s=*) compset -P '*='; compadd -- %s ;;\n", key.section, key.key,
                   values_of(&key));
    printf("    *=*) ;;\n    *) compadd -S = -- ");
    print_words(o, "");
    printf(" ;;\n    esac\n}\n");
}

static void zsh_value(const app_option *o)
{
    printf(":");
    print_quoted(o->argument, strlen(o->argument), "[]:\\", "'\\''");
    switch (kind_of(o)) {
    case ANYTHING:
        printf(": ");
        break;
    case A_FILE:
        printf(":_files");
        break;
    case A_DIRECTORY:
        printf(":_files -/");
        break;
    case A_KEY:
        printf(":_encnet_cl_key");
        break;
    case A_RESUME:
        printf(":{compadd -- auto; _files -/}");
        break;
    case A_DEVICE:
        printf(":{compadd -- all $(" DEVICES ")}");
        break;
    case A_WORD:
        printf(":(");
        print_words(o, "");
        printf(")");
        break;
    }
}

static void print_zsh(const app_program *program)
{
    app_option o = {0};

    printf("#compdef %s\n", program->name);
    for (int i = 0; app_option_at(program, i, &o); i++)
        if (kind_of(&o) == A_KEY) zsh_keys(&o);
    printf("_arguments");
    for (int i = 0; app_option_at(program, i, &o); i++) {
        printf(" \\\n    '%s--%s%s[", o.list ? "*" : "", o.name, o.argument ? "=" : "");
        print_quoted(o.help, sentence(o.help), "[]:\\", "'\\''");
        printf("]");
        if (o.argument) zsh_value(&o);
        printf("'");
    }
    if (*program->arguments) printf(" \\\n    '*:%s:_files'", program->arguments);
    printf("\n");
}

/* -- fish ------------------------------------------------------------------------------------ */

/* "key=value" for the keys whose values are words. */
static void fish_key_values(void)
{
    encnet_config_key key;

    for (int i = 0; encnet_config_key_at(i, &key); i++)
        for (const char *word = values_of(&key); word && *word; word += strspn(word, " ")) {
            int length = (int)strcspn(word, " ");
            printf(" %s.%s=%.*s", key.section, key.key, length, word);
            word += length;
        }
}

static void print_fish(const app_program *program)
{
    app_option o = {0};

    printf("# fish completion for %s\n", program->name);
    if (!*program->arguments) printf("complete -c %s -f\n", program->name);
    for (int i = 0; app_option_at(program, i, &o); i++) {
        printf("complete -c %s -l %s -d '", program->name, o.name);
        print_quoted(o.help, sentence(o.help), "\\", "\\'");
        printf("'");
        if (o.argument) {
            switch (kind_of(&o)) {
            case ANYTHING:
                printf(" -x");
                break;
            case A_FILE:
                printf(" -r -F");
                break;
            case A_DIRECTORY:
                printf(" -x -a '(__fish_complete_directories)'");
                break;
            case A_RESUME:
                printf(" -x -a 'auto (__fish_complete_directories)'");
                break;
            case A_DEVICE:
                printf(" -x -a 'all (" DEVICES ")'");
                break;
            case A_KEY:
            case A_WORD:
                printf(" -x -a '");
                print_words(&o, "=");
                if (kind_of(&o) == A_KEY) fish_key_values();
                printf("'");
                break;
            }
        }
        printf("\n");
    }
}

bool app_print_completion(const app_program *program, const char *kind)
{
    if (strcmp(kind, "completion") == 0)
        print_bash(program);
    else if (strcmp(kind, "completion-zsh") == 0)
        print_zsh(program);
    else if (strcmp(kind, "completion-fish") == 0)
        print_fish(program);
    else
        return false;
    return true;
}
