/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * bench_loader.c - what every stage of the loader takes, and how many samples a second its threads load.
 *
 *   bench_loader [--samples N] [--threads N] CONFIG.ini [SECTION.KEY=VALUE]...
 *
 * The first N samples (default 20) of the training split go through the stages on one thread: mean and
 * largest milliseconds.  Reading is decoding a file that the system has cached, because every sample was
 * read before.  Then loaders of 1, 2, ... threads (default up to data.workers) load as many samples in
 * batches of data.samples_per_device.  The kinds whose label is a picture are measured; no device is opened.
 */
#include <encnet/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "options/options.h"

typedef enum stage { IMAGE, LABEL, CROP, NORMALISE, DISTORT, STAGES } stage;

static const char *const names[STAGES] = {
    [IMAGE] = "read the image",
    [LABEL] = "read the label, as classes",
    [CROP] = "choose the crop and resize it",
    [NORMALISE] = "normalise and write",
    [DISTORT] = "distort",
};

typedef struct bench {
    const encnet_options *options;
    encnet__dataset *data;
    encnet__picture image, label, small, small_label;
    encnet__scratch scratch;
    float *x;   /* [crop_h,crop_w,3] */
    int32_t *y; /* [crop_h,crop_w] */
    double sum[STAGES], most[STAGES];
} bench;

static void demand(encnet_status rc)
{
    if (rc == ENCNET_OK) return;
    fprintf(stderr, "bench_loader: %s\n", encnet_last_error());
    exit(1);
}

static void add(bench *b, stage s, double seconds)
{
    b->sum[s] += seconds;
    if (seconds > b->most[s]) b->most[s] = seconds;
}

/* Seconds of the pipeline behind the files, with these options. */
static double augmented(bench *b, const encnet_augment_options *how, const encnet__picture *image,
                        const encnet__picture *label, int i)
{
    double start = encnet__now();

    demand(encnet__augment(b->x, b->y, image, label, how, 0, 0, (uint32_t)i, &b->scratch));
    return encnet__now() - start;
}

/* A stage that has no function of its own is the difference of two that do. */
static void measure(bench *b, int i)
{
    encnet_augment_options plain = b->options->augment, none = b->options->augment;
    const char *path = encnet__dataset_image_path(b->data, i);
    double start = encnet__now(), image = 0, both, whole, crop, normalise;

    if (path) {
        demand(encnet__picture_read(&b->image, path, b->options->data.max_pixels,
                                    b->options->data.exif_orientation ? ENCNET__READ_UPRIGHT
                                                                      : ENCNET__READ_STORED));
        image = encnet__now() - start;
    }
    start = encnet__now();
    demand(encnet__dataset_read(b->data, i, &b->image, &b->label));
    both = encnet__now() - start;

    plain.distort = false;
    none.enabled = false;
    whole = augmented(b, &b->options->augment, &b->image, &b->label, i);
    crop = augmented(b, &plain, &b->image, &b->label, i);
    normalise = augmented(b, &none, &b->small, &b->small_label, i);
    add(b, IMAGE, path ? image : both);
    add(b, LABEL, path ? both - image : 0);
    add(b, CROP, crop - normalise);
    add(b, NORMALISE, normalise);
    add(b, DISTORT, whole - crop);
}

static void stages(bench *b, int samples)
{
    int h = b->options->augment.crop_h, w = b->options->augment.crop_w;
    double all = 0;

    b->x = calloc((size_t)h * (size_t)w, 3 * sizeof *b->x);
    b->y = calloc((size_t)h * (size_t)w, sizeof *b->y);
    if (!b->x || !b->y) abort();
    demand(encnet__picture_new(&b->small, h, w, 3));
    demand(encnet__picture_new(&b->small_label, h, w, 1));
    memset(b->small.pixels, 100, 3 * (size_t)h * (size_t)w);
    memset(b->small_label.pixels, 0, (size_t)h * (size_t)w);
    for (int i = 0; i < samples; i++) measure(b, i);
    memset(b->sum, 0, sizeof b->sum); /* that was for the caches */
    memset(b->most, 0, sizeof b->most);
    for (int i = 0; i < samples; i++) measure(b, i);

    printf("%-32s %9s %9s   ms a sample\n", "", "mean", "largest");
    for (int s = 0; s < STAGES; s++) {
        printf("%-32s %9.2f %9.2f\n", names[s], 1e3 * b->sum[s] / samples, 1e3 * b->most[s]);
        all += b->sum[s];
    }
    printf("%-32s %9.2f\n", "all", 1e3 * all / samples);
}

/* Samples a second of a loader with so many threads, its start included. */
static double loaded(const bench *b, int threads, int samples)
{
    encnet_options o = *b->options;
    int batches = (samples + o.data.samples_per_device - 1) / o.data.samples_per_device;
    double start = encnet__now();
    encnet__loader *l;
    encnet__batch batch;

    o.data.workers = threads;
    demand(encnet__loader_open(&l, b->data, &o, NULL, 0, 0));
    for (int i = 0; i < batches; i++) demand(encnet__loader_next(l, &batch));
    start = encnet__now() - start;
    encnet__loader_close(l);
    return batches * o.data.samples_per_device / start;
}

static void problem(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
}

static bool number_after(const char *name, char ***argv, int *value)
{
    if (!**argv || strcmp(**argv, name) != 0) return true;
    *value = (*argv)[1] ? atoi((*argv)[1]) : 0;
    *argv += (*argv)[1] ? 2 : 1;
    return *value >= 1;
}

int main(int argc, char **argv)
{
    int samples = 20, threads = 0;
    encnet_config *config;
    bench b = {0};

    argv++;
    if (!number_after("--samples", &argv, &samples) ||
        !number_after("--threads", &argv, &threads) || !*argv) {
        fprintf(stderr, "bench_loader [--samples N] [--threads N] CONFIG.ini "
                        "[SECTION.KEY=VALUE]...\n");
        return 2;
    }
    argc = 0;
    while (argv[argc + 1]) argc++;
    demand(
        encnet_config_load(&config, argv[0], (const char *const *)argv + 1, argc, problem, NULL));
    b.options = encnet_config_options(config);
    demand(encnet__dataset_open(&b.data, b.options, ENCNET__TRAIN));
    if (encnet__dataset_labels_images(b.data)) {
        fprintf(stderr, "bench_loader: the labels of data.type = %s are no pictures\n",
                b.options->data.type);
        return 2;
    }
    if (samples > encnet__dataset_size(b.data)) samples = encnet__dataset_size(b.data);
    stages(&b, samples);
    if (threads == 0) threads = b.options->data.workers;
    for (int n = 1; n <= threads; n++)
        printf("%d thread%s %24.2f samples/s\n", n, n == 1 ? " " : "s", loaded(&b, n, samples));

    free(b.x);
    free(b.y);
    encnet__picture_free(&b.image);
    encnet__picture_free(&b.label);
    encnet__picture_free(&b.small);
    encnet__picture_free(&b.small_label);
    encnet__scratch_free(&b.scratch);
    encnet__dataset_close(b.data);
    encnet_config_free(config);
    return 0;
}
