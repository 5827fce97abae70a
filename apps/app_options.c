/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_options.c - the options of a program, its own and those that every program has. */
#include "app_options.h"

app_standard_values app_standard;

static const app_option standard[] = {
    {"help", .on = &app_standard.help, .help = "Print this text and exit."},
    {"version", .on = &app_standard.version, .help = "Print the version and exit."},
    {"help-config", .on = &app_standard.help_config,
     .help = "Print every key of a CONFIG.ini and exit."},
};

bool app_option_at(const app_program *program, int index, app_option *out)
{
    int n_standard = (int)(sizeof standard / sizeof *standard) - !program->reads_config;

    if (index >= program->n_options + n_standard) return false;
    *out =
        index < program->n_options ? program->options[index] : standard[index - program->n_options];
    return true;
}
