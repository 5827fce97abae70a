/*
 * app_common.h - what the programs share beside their options: error lines, the progress line,
 * signals, tables.
 *
 * stdout carries results only; everything here but the table goes to stderr.
 */
#ifndef APP_COMMON_H
#define APP_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <encnet/device.h>
#include <encnet/status.h>

/* The name in front of every error line; app_parse() sets it. */
void app_set_name(const char *name);

/* One line on stderr, "encnet-cl-train: sentence"; in red on a terminal unless NO_COLOR is set. */
void app_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line on stderr as it is; for hooks of the library, `user` is not looked at. */
void app_log(void *user, const char *line);
/* The same as an error line. */
void app_problem(void *user, const char *line);

/* Reports the library's last error and gives the program's exit code. */
int app_fail(encnet_status status);

/* -- progress: a line that overwrites itself, only when stderr is a terminal ----------------- */

void app_progress_off(void); /* --quiet */
/* "what 12/100 1.2 s/it ETA 3:20"; `seconds` < 0: unknown. */
void app_progress(const char *what, long done, long all, double seconds_left, const char *extra);
void app_progress_clear(void);
/* For hooks that count files. */
void app_progress_files(void *user, int done, int all);
/* 75 s -> "1:15", 3725 s -> "1:02:05" */
void app_duration(char *out, size_t size, double seconds);

/* -- signals --------------------------------------------------------------------------------- */

/* Set by the first SIGINT, SIGTERM or SIGUSR1 after app_catch_signals(); the second one ends the
 * program. */
extern volatile sig_atomic_t app_stop;
void app_catch_signals(void);

/* -- output ---------------------------------------------------------------------------------- */

/* A frame of centred cells, as mmsegmentation prints its results.  `cells` holds rows * columns
 * texts, row after row, the head first. */
void app_print_table(FILE *f, const char *const *cells, int rows, int columns);
/* 1536 -> "1.5 KiB" */
void app_bytes(char *out, size_t size, double bytes);
/* The kernels' times, when device.profile is on; on stderr. */
void app_print_profile(encnet_device *device);
/* Flushes stdout; a failure (full disk, closed pipe) becomes an error line and exit code 8. */
int app_finish(int exit_code);

#endif
