/* check.c - reads every sample of a data set once, and lists the problems. */
#include "data/dataset.h"

#include <string.h>

typedef struct check {
    encnet_data_summary *summary;
    encnet__problems problems;
    void (*progress)(void *user, int done, int all);
    int done, all;
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
        if (rc == ENCNET_OK)
            count_pixels(c->summary, &label);
        else if (rc == ENCNET_E_DATA || rc == ENCNET_E_IO)
            encnet__problem(&c->problems, "%s", encnet_last_error());
        else
            goto done;
        if (c->progress) c->progress(c->problems.user, ++c->done, c->all);
    }
    rc = ENCNET_OK;
done:
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return rc;
}

encnet_status encnet_data_check(const encnet_options *options, encnet_data_summary *summary,
                                void (*problem)(void *user, const char *line),
                                void (*progress)(void *user, int done, int all), void *user)
{
    check c = {
        .summary = summary, .problems = {.report = problem, .user = user}, .progress = progress};
    encnet__class classes[ENCNET_MAX_CLASSES];
    encnet__dataset *split[2] = {NULL, NULL};
    encnet_status rc = ENCNET_OK;

    memset(summary, 0, sizeof *summary);
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
        summary->images[i] = split[i] ? encnet__dataset_size(split[i]) : 0;
        c.all += summary->images[i];
    }
    for (int i = 0; i < 2; i++)
        if (split[i]) TRY(read_all(&c, split[i]));
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
