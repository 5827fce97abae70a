/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_peer.c - times another program by its own account. */
#include "app_peer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "app_common.h"

/* The number at `text`, if that is all there is up to the end of the line or a separator; else 0. */
static double number_at(const char *text)
{
    double value;
    char after = '\n';

    if (sscanf(text, "%lf %c", &value, &after) < 1 || !strchr("\n,}", after)) return 0;
    return isfinite(value) && value > 0 ? value : 0;
}

static double number_behind(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    return at ? number_at(at + strlen(key)) : 0;
}

/* Keeps what *out has if the line has no time. */
static void read_line(app_times *out, const char *line)
{
    app_times t = {number_behind(line, "\"best_s\":"), number_behind(line, "\"median_s\":")};

    if (t.best <= 0) t = (app_times){number_at(line), 0};
    if (t.median <= 0) t.median = t.best;
    if (t.best > 0) *out = t;
}

static bool tell(const char *name, const char *text)
{
    if (setenv(name, text, 1) == 0) return true;
    app_error("cannot set %s in the environment: %s", name, strerror(errno));
    return false;
}

static bool tell_case(const encnet_bench_case *what)
{
    char text[3][32];

    snprintf(text[0], sizeof *text, "%dx%d", what->h, what->w);
    snprintf(text[1], sizeof *text, "%d", what->n);
    snprintf(text[2], sizeof *text, "%d", what->repeats);
    return tell("MODE", what->inference ? "infer" : "train") && tell("SIZE", text[0]) &&
           tell("BATCH", text[1]) && tell("REPEAT", text[2]);
}

bool app_peer_times(app_times *out, const char *command, const encnet_bench_case *what)
{
    char *line = NULL;
    size_t room = 0;
    FILE *pipe;
    int ended;

    *out = (app_times){0, 0};
    if (!tell_case(what)) return false;
    fflush(NULL);
    pipe = popen(command, "r");
    if (!pipe) {
        app_error("--peer %s: %s", command, strerror(errno));
        return false;
    }
    while (getline(&line, &room, pipe) >= 0) read_line(out, line);
    free(line);
    ended = pclose(pipe);
    if (ended == 0 && out->best > 0) return true;
    if (ended == 0)
        app_error("--peer %s: printed no line with \"best_s\": SECONDS or a number alone", command);
    else if (WIFEXITED(ended))
        app_error("--peer %s: ended with exit code %d", command, WEXITSTATUS(ended));
    else
        app_error("--peer %s: ended by signal %d", command, WTERMSIG(ended));
    return false;
}
