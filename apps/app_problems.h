/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_problems.h - problems of files: the first of a kind are printed, the others counted.
 */
#ifndef APP_PROBLEMS_H
#define APP_PROBLEMS_H

#include <stdbool.h>

enum { APP_PROBLEM_KINDS = 32, APP_PROBLEMS_SHOWN = 3 };

/* Start with {0}. */
typedef struct app_problems {
    bool all; /* print each */
    int count;
    struct app_problem_kind {
        char words[512];  /* what lines of this kind have in common */
        char first[1024]; /* the file of the first */
        int count;
    } kinds[APP_PROBLEM_KINDS];
} app_problems;

/* Prints the error line "FILE: SENTENCE" unless it is one of many that differ in their file and numbers
 * alone; a hook of the library, for which `user` is an app_problems. */
void app_problem(void *user, const char *line);
/* Prints how many lines were left out. */
void app_problems_end(const app_problems *p);

#endif
