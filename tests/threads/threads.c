/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* threads.c - what any threads may do at once: eight of them, fifty times each; for ci/threads.sh. */
#include <encnet/encnet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, TIMES = 50 };

static atomic_int failures, remarks;

static void on_remark(void *user, encnet_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
    remarks++;
}

static void ok(encnet_status rc)
{
    if (rc == ENCNET_OK) return;
    fprintf(stderr, "%s\n", encnet_last_error());
    failures++;
}

static void once(int thread, int time)
{
    uint8_t pixels[5 * 7 * 3], *back = NULL;
    encnet_device_info info;
    encnet_device *device = NULL;
    encnet_options options;
    void *png = NULL;
    char text[32];
    size_t size;
    int count, h, w;

    ok(encnet_device_list(&info, 1, &count));
    ok(encnet_device_count(&count, ""));
    ok(encnet_device_open(&device, NULL));
    encnet_device_describe(device, &info);
    encnet_device_close(device);

    encnet_options_default(&options);
    ok(encnet_options_set(&options, "optimizer.lr", "0.25"));
    ok(encnet_options_get(text, sizeof text, &options, "optimizer.lr"));
    if (strcmp(text, "0.25") != 0) failures++;
    memset(pixels, thread * TIMES + time, sizeof pixels);
    ok(encnet_picture_encode(&png, &size, pixels, 5, 7, 3, NULL));
    ok(encnet_picture_decode(&back, &h, &w, png, size, NULL, NULL));
    if (!back || memcmp(back, pixels, sizeof pixels) != 0) failures++;
    encnet_free(back);
    encnet_free(png);
    if (encnet_picture_read(&back, &h, &w, "no-such-picture", NULL) == ENCNET_OK) failures++;
    if (!strstr(encnet_last_error(), "no-such-picture")) failures++;
    if (time % 10 == 0) encnet_log_set(thread % 2 ? on_remark : NULL, NULL);
}

static void *work(void *thread)
{
    for (int i = 0; i < TIMES; i++) once((int)(size_t)thread, i);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) return 1;
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("%d threads x %d: %d failures, %d remarks\n", THREADS, TIMES, (int)failures,
           (int)remarks);
    return failures != 0;
}
