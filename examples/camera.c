/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* camera.c - a loop over frames, as of a camera: camera CHECKPOINT WIDTH HEIGHT FRAMES < frames.bgr
 *
 * Reads raw frames, 3 bytes a pixel in the order blue, green, red, whose rows are padded to 64 bytes as cameras do it.  While the
 * device works on a frame the next one is read: two sessions take turns.  For every frame it prints the share of each class that
 * occurs; at the end frames per second. */
#include <encnet/encnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLOTS = 2, ALIGN = 64 };

/* A frame on its way: its pixels, its classes, and the session that runs it. */
typedef struct slot {
    encnet_session *session;
    uint8_t *pixels, *ids;
    int busy;
} slot;

static encnet_model *model;
static slot slots[SLOTS];

static int fail(const char *message)
{
    fprintf(stderr, "camera: %s\n", message);
    return 1;
}

/* Waits for the frame in a slot and prints its classes. */
static int finish(slot *s, int frame, size_t pixels)
{
    size_t counts[256] = {0};

    s->busy = 0;
    if (encnet_session_wait(s->session) != ENCNET_OK) return fail(encnet_last_error());
    for (size_t p = 0; p < pixels; p++) counts[s->ids[p]]++;
    printf("frame %d:", frame);
    for (int m = 0; m < encnet_model_classes(model) && m < 256; m++)
        if (counts[m])
            printf(" %s %.0f%%", encnet_model_class_name(model, m),
                   100 * (double)counts[m] / (double)pixels);
    printf("\n");
    return 0;
}

static int run(int width, int height, int frames)
{
    size_t stride = ((size_t)width * 3 + ALIGN - 1) / ALIGN * ALIGN, rows = (size_t)height;
    size_t pixels = (size_t)width * rows;
    time_t began = time(NULL);
    int done = 0, read = 0;

    for (int i = 0; i < SLOTS; i++) {
        slots[i].pixels = malloc(stride * rows);
        slots[i].ids = malloc(pixels);
        if (!slots[i].pixels || !slots[i].ids) return fail("no memory");
        if (encnet_session_new(&slots[i].session, model, NULL) != ENCNET_OK ||
            encnet_session_reserve(slots[i].session, 1, width, height) != ENCNET_OK)
            return fail(encnet_last_error());
    }
    for (; read < frames; read++) {
        slot *s = &slots[read % SLOTS];
        encnet_image image = {.format = ENCNET_BGR8, .width = width, .height = height};
        encnet_results results = {.ids = s->ids};
        if (s->busy && finish(s, done++, pixels)) return 1;
        if (fread(s->pixels, stride, rows, stdin) != rows) break; /* the camera is off */
        image.planes[0] = s->pixels;
        image.strides[0] = stride;
        if (encnet_session_start(s->session, &image, 1, &results, NULL, NULL) != ENCNET_OK)
            return fail(encnet_last_error());
        s->busy = 1;
    }
    for (; done < read; done++)
        if (finish(&slots[done % SLOTS], done, pixels)) return 1;
    fprintf(stderr, "%d frames in %.0f s\n", done, difftime(time(NULL), began));
    return done == frames ? 0 : fail("fewer frames than announced");
}

int main(int argc, char **argv)
{
    encnet_device *device = NULL;
    int width = argc == 5 ? atoi(argv[2]) : 0, height = argc == 5 ? atoi(argv[3]) : 0;
    int failed;

    if (width < 1 || height < 1 || width > 16384 || height > 16384) {
        fprintf(stderr, "usage: camera CHECKPOINT WIDTH HEIGHT FRAMES < frames.bgr\n");
        return 2;
    }
    if (encnet_device_open(&device, NULL) != ENCNET_OK ||
        encnet_model_load(&model, device, argv[1]) != ENCNET_OK)
        failed = fail(encnet_last_error());
    else
        failed = run(width, height, atoi(argv[4]));
    for (int i = 0; i < SLOTS; i++) {
        encnet_session_free(slots[i].session); /* waits for its run */
        free(slots[i].pixels);
        free(slots[i].ids);
    }
    encnet_model_free(model);
    encnet_device_close(device);
    return failed;
}
