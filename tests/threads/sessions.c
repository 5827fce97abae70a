/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* sessions.c - sessions of one model in three threads, for ci/threads.sh: run, reserve, start, wait, callback, and a fourth thread that
 * cancels; what is not cancelled is the same in all threads. */
#include <encnet/encnet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 3, ROUNDS = 4, W = 48, H = 40 };

static encnet_model *model;
static uint8_t rgb[3 * W * H], expected[W * H];
static encnet_session *sessions[THREADS];
static _Atomic int calls, ended;

static void need(encnet_status rc, const char *what)
{
    if (rc == ENCNET_OK) return;
    fprintf(stderr, "%s: %s\n", what, encnet_last_error());
    exit(1);
}

static void count(void *user, encnet_status status, const char *message)
{
    encnet_session *session = user;
    (void)status, (void)message;

    calls++;
    encnet_session_cancel(session); /* of what has ended */
}

static void *work(void *argument)
{
    encnet_session *session = *(encnet_session **)argument;
    encnet_image image = {.width = W, .height = H, .planes = {rgb}};
    uint8_t ids[W * H];
    encnet_results results = {.ids = ids};

    need(encnet_session_reserve(session, 1, W, H), "reserve");
    for (int i = 0; i < ROUNDS; i++) {
        encnet_status rc;
        image.width = W - i;
        image.strides[0] = 3 * W;
        need(encnet_session_start(session, &image, 1, &results, count, session), "start");
        rc = encnet_session_wait(session);
        if (rc != ENCNET_E_STOPPED) need(rc, "wait");
        if (rc == ENCNET_OK && i == 0 && memcmp(ids, expected, sizeof ids))
            need(ENCNET_E_INTERNAL, "other ids");
        rc = encnet_session_run(session, &image, 1, &results);
        if (rc != ENCNET_E_STOPPED) need(rc, "run");
    }
    ended++;
    return NULL;
}

static void *cancel(void *argument)
{
    (void)argument;
    while (ended < THREADS)
        for (int i = 0; i < THREADS; i++) {
            encnet_session_cancel(sessions[i]);
            (void)encnet_device_silence(NULL);
            for (int k = 0; k < 1000000 && ended < THREADS; k++) continue;
        }
    return NULL;
}

int main(void)
{
    encnet_options o;
    encnet_device *device;
    pthread_t threads[THREADS + 1];

    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = 4;
    o.model.channels = 16;
    o.model.aux_channels = 8;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i * 7);
    need(encnet_device_open(&device, &o.device), "open");
    need(encnet_model_new(&model, device, &o), "model");
    need(encnet_model_run(model, expected, NULL, rgb, H, W), "model_run");
    for (int i = 0; i < THREADS; i++)
        need(encnet_session_new(&sessions[i], model, NULL), "session");
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &sessions[i]);
    pthread_create(&threads[THREADS], NULL, cancel, NULL);
    for (int i = 0; i <= THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) encnet_session_free(sessions[i]);
    if (calls != THREADS * ROUNDS) need(ENCNET_E_INTERNAL, "a callback was lost");
    encnet_model_free(model);
    encnet_device_close(device);
    return 0;
}
