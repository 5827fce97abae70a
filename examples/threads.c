/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* threads.c - two threads and one model: threads CHECKPOINT PHOTO...
 *
 * The weights are on the device once.  Each thread has a session, which runs the model with a queue and memory of its own, and takes
 * the next photo that nobody has taken.  It prints the most frequent class of every photo. */
#include <encnet/encnet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 2 };

static encnet_model *model;
static char **photos;
static int count;
static atomic_int next, failures;

static int most_frequent(const uint8_t *ids, size_t pixels)
{
    size_t counts[256] = {0};
    int best = 0;

    for (size_t p = 0; p < pixels; p++) counts[ids[p]]++;
    for (int m = 1; m < 256; m++)
        if (counts[m] > counts[best]) best = m;
    return best;
}

static encnet_status one(encnet_session *session, const char *path)
{
    uint8_t *rgb = NULL, *ids = NULL;
    int h, w;
    encnet_status rc = encnet_picture_read(&rgb, &h, &w, path, NULL);

    if (rc == ENCNET_OK && !(ids = malloc((size_t)h * (size_t)w))) rc = ENCNET_E_NOMEM;
    if (rc == ENCNET_OK) {
        encnet_image image = {.format = ENCNET_RGB8, .width = w, .height = h, .planes = {rgb}};
        encnet_results results = {.ids = ids};
        rc = encnet_session_run(session, &image, 1, &results);
    }
    if (rc == ENCNET_OK)
        printf("%s: %s\n", path,
               encnet_model_class_name(model, most_frequent(ids, (size_t)h * (size_t)w)));
    free(ids);
    encnet_free(rgb);
    return rc;
}

static void *work(void *unused)
{
    encnet_session *session = NULL;

    (void)unused;
    if (encnet_session_new(&session, model, NULL) != ENCNET_OK) {
        fprintf(stderr, "threads: %s\n", encnet_last_error()); /* the message of this thread */
        failures++;
        return NULL;
    }
    for (int i; (i = next++) < count;)
        if (one(session, photos[i]) != ENCNET_OK) {
            fprintf(stderr, "threads: %s\n", encnet_last_error());
            failures++;
        }
    encnet_session_free(session);
    return NULL;
}

int main(int argc, char **argv)
{
    encnet_device *device = NULL;
    pthread_t threads[THREADS];
    int started = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: threads CHECKPOINT PHOTO...\n");
        return 2;
    }
    photos = argv + 2;
    count = argc - 2;
    if (encnet_device_open(&device, NULL) != ENCNET_OK ||
        encnet_model_load(&model, device, argv[1]) != ENCNET_OK) {
        fprintf(stderr, "threads: %s\n", encnet_last_error());
        failures++;
    } else {
        while (started < THREADS && pthread_create(&threads[started], NULL, work, NULL) == 0)
            started++;
        while (started > 0) pthread_join(threads[--started], NULL);
    }
    encnet_model_free(model); /* after its sessions */
    encnet_device_close(device);
    return failures != 0;
}
