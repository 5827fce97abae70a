/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* check.c - reads every sample of a data set once, and lists the problems. */
#include "data/advice.h"

#include <stdio.h>
#include <string.h>

#include "options/options.h"

typedef struct check {
    encnet_data_summary *summary;
    encnet__problems problems;
    void (*progress)(void *user, int done, int all);
    int done, all;
    encnet__census census[2]; /* of each split */
} check;

static void count_pixels(encnet_data_summary *summary, const encnet__picture *label)
{
    for (size_t i = 0; i < (size_t)label->h * (size_t)label->w; i++)
        summary->pixels[label->pixels[i]]++;
}

/* Reads all samples.  An error in the data or a file is a problem; any other error ends the check.
 */
static encnet_status read_all(check *c, const encnet__dataset *d)
{
    encnet__picture image = {0}, label = {0};
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < encnet__dataset_size(d); i++) {
        rc = encnet__dataset_read(d, i, &image, &label);
        if (rc == ENCNET_OK && encnet__dataset_labels_images(d))
            c->summary->pixels[encnet__dataset_class(d, i)]++;
        else if (rc == ENCNET_OK)
            count_pixels(c->summary, &label);
        else if (rc == ENCNET_E_DATA || rc == ENCNET_E_IO)
            encnet__problem(&c->problems, "%s", encnet_last_error());
        else
            goto done;
        rc = encnet__census_add(&c->census[d->split], d, i, &label);
        if (rc != ENCNET_OK && rc != ENCNET_E_DATA && rc != ENCNET_E_IO) goto done;
        if (c->progress) c->progress(c->problems.user, ++c->done, c->all);
    }
    rc = ENCNET_OK;
done:
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return rc;
}

/* A line of advice is a problem, or goes to the summary. */
static void take_advice(check *c, encnet__text *line, bool makes_sense)
{
    encnet_data_summary *s = c->summary;
    size_t used = strlen(s->advice);

    if (!makes_sense && line->size)
        encnet__problem(&c->problems, "%.*s", (int)line->size - 1, line->data);
    if (makes_sense && line->size)
        snprintf(s->advice + used, sizeof s->advice - used, "%s", line->data);
    encnet__text_free(line);
}

/* Looks at what was counted; `split` has the data sets, which may be NULL. */
static encnet_status advise(check *c, encnet__dataset *const split[2], const encnet__class *classes,
                            const encnet_options *options)
{
    encnet__census *both = encnet__alloc(1, sizeof *both);
    encnet__text line = {0};
    bool makes_sense;

    if (!both) return encnet__fail(ENCNET_E_NOMEM, "no memory to count labels");
    for (int i = 0; i < 2; i++) {
        both->id_files += c->census[i].id_files;
        for (int v = 0; v < 512; v++)
            both->ids[v / 256][v % 256] += c->census[i].ids[v / 256][v % 256];
    }
    if (split[0]) {
        (void)encnet__advise_ids(&line, both, split[0], options); /* bad ids are problems already */
        take_advice(c, &line, true);
    }
    if (c->problems.count == 0 && !encnet__advise_ignored(&line, both, options))
        take_advice(c, &line, false);
    for (int i = 0; i < 2; i++) {
        if (!split[i] || c->problems.count) continue; /* what cannot be read may have them */
        makes_sense = encnet__advise_classes(&line, &c->census[i], split[i], classes, true);
        take_advice(c, &line, makes_sense);
    }
    encnet__free(both);
    return ENCNET_OK;
}

static encnet_status check_data(const encnet_options *options, encnet_data_summary *summary,
                                void (*problem)(void *user, const char *line),
                                void (*progress)(void *user, int done, int all), void *user)
{
    check c = {
        .summary = summary, .problems = {.report = problem, .user = user}, .progress = progress};
    encnet__class classes[ENCNET_MAX_CLASSES] = {{""}};
    encnet__dataset *split[2] = {NULL, NULL};
    encnet_status rc = ENCNET_OK;

    memset(summary, 0, sizeof *summary);
    summary->class_name =
        encnet__alloc((size_t)options->model.classes, sizeof *summary->class_name);
    if (!summary->class_name) FAIL(ENCNET_E_NOMEM, "no memory for the names of the classes");
    rc = encnet__classes_of(classes, options);
    if (rc == ENCNET_E_DATA)
        encnet__problem(&c.problems, "%s", encnet_last_error());
    else
        TRY(rc);
    for (int i = 0; i < 2; i++) {
        rc = encnet__dataset_scan(&split[i], options, (encnet__split)i, &c.problems);
        if (rc == ENCNET_E_DATA || rc == ENCNET_E_IO)
            encnet__problem(&c.problems, "%s", encnet_last_error());
        else
            TRY(rc);
        if (split[i]) split[i]->in_check = true;
        summary->images[i] = split[i] ? encnet__dataset_size(split[i]) : 0;
        summary->labels_images |= split[i] && encnet__dataset_labels_images(split[i]);
        c.all += summary->images[i];
    }
    for (int i = 0; i < 2; i++)
        if (split[i]) TRY(read_all(&c, split[i]));
    TRY(advise(&c, split, classes, options));
    for (int m = 0; m < options->model.classes; m++)
        snprintf(summary->class_name[m], sizeof summary->class_name[m], "%.63s", classes[m].name);
    summary->problems = c.problems.count;
    if (c.problems.count > 1)
        FAIL(ENCNET_E_DATA, "%d problems in the data, the first: %s", c.problems.count,
             c.problems.first);
    if (c.problems.count) FAIL(ENCNET_E_DATA, "%s", c.problems.first);
done:
    encnet__dataset_close(split[0]);
    encnet__dataset_close(split[1]);
    return rc;
}

encnet_status encnet_data_check(const encnet_options *options, encnet_data_summary *summary,
                                void (*problem)(void *user, const char *line),
                                void (*progress)(void *user, int done, int all), void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet_data_summary unasked = {.problems = 0};
    encnet_options copy;
    char *strings = NULL;

    NEED(options);
    TRY(encnet__options_take(&copy, &strings, options));
    TRY(check_data(&copy, summary ? summary : &unasked, problem, progress, user));
done:
    encnet_data_summary_free(&unasked);
    encnet__free(strings);
    return rc;
}

void encnet_data_summary_free(encnet_data_summary *summary)
{
    if (!summary) return;
    encnet__free(summary->class_name);
    *summary = (encnet_data_summary){.problems = 0};
}
