/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_scores.c - the scores of an evaluation as tables. */
#include "app_scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app_common.h"

static void print_classes(const encnet_scores *s)
{
    enum { MOST = 8 };
    static char numbers[ENCNET_MAX_CLASSES][MOST][24];
    static const char *cells[MOST * (ENCNET_MAX_CLASSES + 1)];
    const char *name;
    double percent;
    int columns = 1;

    while (columns < MOST - 1 && encnet_scores_of_class(s, 0, columns - 1, &name, &percent))
        cells[columns++] = name;
    if (s->labels_images) cells[columns++] = "Images";
    cells[0] = "Class";
    for (int m = 0; m < s->classes; m++) {
        const char **row = cells + (m + 1) * columns;
        int i = 0;
        for (; i < columns - 1 && encnet_scores_of_class(s, m, i, &name, &percent); i++)
            snprintf(numbers[m][i], sizeof numbers[m][i], "%.2f", percent);
        if (s->labels_images)
            snprintf(numbers[m][i], sizeof numbers[m][i], "%llu",
                     (unsigned long long)s->class_score[m].pixels);
        row[0] = s->class_score[m].name;
        for (i = 1; i < columns; i++) row[i] = numbers[m][i - 1];
    }
    printf("per class results:\n\n");
    app_print_table(stdout, cells, s->classes + 1, columns);
}

static void print_means(const encnet_scores *s)
{
    enum { MOST = 16 };
    char numbers[MOST][16];
    const char *cells[2 * MOST], *name;
    double percent;
    int n = 0, occur = 0;
    bool has_miou = false;

    for (; n < MOST && encnet_scores_mean(s, n, &name, &percent); n++) {
        snprintf(numbers[n], sizeof numbers[n], "%.2f", percent);
        cells[n] = name;
    }
    for (int i = 0; i < n; i++) cells[n + i] = numbers[i];
    printf("Summary:\n\n");
    app_print_table(stdout, cells, 2, n);
    for (int i = 0; i < n; i++) has_miou |= strcmp(cells[i], "mIoU") == 0;
    for (int m = 0; m < s->classes; m++) occur += !isnan(s->class_score[m].iou);
    if (!has_miou || occur == s->classes) return;
    printf("mIoU is the mean over the %d of %d classes that occur; not among them:", occur,
           s->classes);
    for (int m = 0, shown = 0; m < s->classes; m++)
        if (isnan(s->class_score[m].iou) && shown++ < 8)
            printf("%s %s", shown > 1 ? "," : "", s->class_score[m].name);
    printf(s->classes - occur > 8 ? " and %d more\n" : "\n", s->classes - occur - 8);
}

void app_print_scores(const encnet_scores *s)
{
    print_classes(s);
    print_means(s);
}
