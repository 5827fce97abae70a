/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_watch.c - a thread that looks every second whether a device still answers, and a last word where the
 * driver itself ends the program.
 */
#define _POSIX_C_SOURCE 200809L
#include "app_watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "app_common.h"
#include "app_pocl.h"

enum { GRACE_S = 30 /* for ranks that wait for one another, beyond their own limit */ };

static char last_word[5000], crash_word[5000];
static struct {
    pthread_mutex_t mutex; /* guards `over` */
    pthread_cond_t changed;
    pthread_t thread;
    bool runs, over;
    encnet_device *const *devices;
    int count, timeout_s;
    bool several;
} watch = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* PoCL's compiler ends a program by abort() or exit() if a file of its cache is damaged or cannot be written. */
static bool is_in_driver(void)
{
    for (int i = 0; i < watch.count; i++)
        if (watch.devices[i] && encnet_device_silence(watch.devices[i]) > 0) return true;
    return false;
}

static void say_last_word(void)
{
    static const char limit[] =
        "encnet-cl: a file has reached the limit on the size of files (ulimit -f, SIGXFSZ)\n";

    if (!watch.runs || !is_in_driver()) return;
    if (app_file_limit) (void)!write(STDERR_FILENO, limit, sizeof limit - 1);
    (void)!write(STDERR_FILENO, last_word, strlen(last_word));
    _exit(encnet_status_exit_code(ENCNET_E_DEVICE));
}

static void on_abort(int number)
{
    (void)number;
    say_last_word();
}

/* Code that a damaged file of PoCL's cache holds crashes in a thread of PoCL, whatever the others do. */
static void on_crash(int number)
{
    say_last_word();
    (void)!write(STDERR_FILENO, crash_word, strlen(crash_word));
    signal(number, SIG_DFL);
    raise(number);
}

/* A sanitizer has handlers of its own by then; that of LLVM comes later, and gives way to this one. */
void app_watch_crashes(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    const char *pocl = app_pocl_folder();
    struct sigaction before;

    snprintf(crash_word, sizeof crash_word,
             "encnet-cl: the program has crashed, or its OpenCL driver%s%s\n",
             *pocl ? "; if that is PoCL, its compiled kernels may be damaged: remove " : "", pocl);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            signal(numbers[i], on_crash);
}

static void prepare_last_word(void)
{
    static bool prepared;
    const char *pocl = app_pocl_folder();

    snprintf(
        last_word, sizeof last_word,
        "encnet-cl: the OpenCL driver has ended the program in the middle of its work%s%s\n",
        *pocl ? "; if that is PoCL, memory may be short, or its compiled kernels damaged: remove "
              : "",
        pocl);
    if (!prepared) atexit(say_last_word);
    prepared = true;
    signal(SIGABRT, on_abort);
}

static void look(const encnet_device *device)
{
    encnet_device_info info;

    if (encnet_device_silence(device) < watch.timeout_s + (watch.several ? GRACE_S : 0)) return;
    encnet_device_describe(device, &info);
    app_error(
        "%s has not answered for %d s (device.timeout): the device or its driver hangs; what was "
        "saved before stays as it is",
        info.name, watch.timeout_s);
    watch.runs = false; /* this was the last word */
    _Exit(app_finish(encnet_status_exit_code(ENCNET_E_DEVICE)));
}

static void *watch_main(void *unused)
{
    struct timespec next;

    pthread_mutex_lock(&watch.mutex);
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!watch.over) {
        for (int i = 0; i < watch.count; i++)
            if (watch.devices[i]) look(watch.devices[i]);
        next.tv_sec++;
        pthread_cond_timedwait(&watch.changed, &watch.mutex, &next);
    }
    pthread_mutex_unlock(&watch.mutex);
    return unused;
}

/* Signals go to the other threads, whose waits they may interrupt. */
void app_watch(encnet_device *const *devices, int count, int timeout_s, bool several)
{
    pthread_condattr_t monotonic;
    sigset_t all, before;

    watch.devices = devices;
    watch.count = count;
    watch.timeout_s = timeout_s;
    watch.several = several;
    watch.over = false;
    prepare_last_word();
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    watch.runs = pthread_create(&watch.thread, NULL, watch_main, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void app_unwatch(void)
{
    if (!watch.runs) return;
    pthread_mutex_lock(&watch.mutex);
    watch.over = true;
    pthread_cond_signal(&watch.changed);
    pthread_mutex_unlock(&watch.mutex);
    pthread_join(watch.thread, NULL);
    pthread_cond_destroy(&watch.changed);
    watch.runs = false;
}
