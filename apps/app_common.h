/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * app_common.h - what the programs share besides their options: error lines, the progress line,
 * signals, output.
 *
 * stdout carries only results; errors, logs and progress go to stderr.
 */
#ifndef APP_COMMON_H
#define APP_COMMON_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <encnet/device.h>
#include <encnet/status.h>

/* Sets the name in front of every error line; app_parse() calls it. */
void app_set_name(const char *name);

/* Prints "encnet-cl-train: sentence" to stderr; the name is red on a terminal unless NO_COLOR is
 * set. */
void app_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints a line to stderr unchanged; a hook of the library, which ignores `user`. */
void app_log(void *user, const char *line);

/* Prints the library's last error and returns the program's exit code. */
int app_fail(encnet_status status);

/* -- progress: one line that is overwritten, only if stderr is a terminal; it also says which
 * kernels are compiled ------------------------------------------------------------------------- */

void app_progress_off(void); /* --quiet */
/* Prints lines to stderr unless --quiet. */
void app_remark(const char *lines);
/* Shows "what 12/100, extra, ETA 3:20"; a negative `seconds_left` means unknown. */
void app_progress(const char *what, long done, long all, double seconds_left, const char *extra);
void app_progress_clear(void);
/* Shows a count of files; a hook of the library. */
void app_progress_files(void *user, int done, int all);
/* Formats a duration: 75 s -> "1:15", 3725 s -> "1:02:05". */
void app_duration(char *out, size_t size, double seconds);

/* -- signals --------------------------------------------------------------------------------- */

/* Set by the first SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT or SIGXCPU after app_catch_signals(); a
 * second one ends the program.  What would end it because a pipe takes no more bytes (SIGPIPE) becomes an
 * error of the write. */
extern volatile sig_atomic_t app_stop;
void app_catch_signals(void);

/* Set by SIGXFSZ from app_begin() on: a file has reached the limit on the size of files.  The write has
 * failed, and the program goes on. */
extern volatile sig_atomic_t app_file_limit;
/* From now on SIGXFSZ sets app_stop, too. */
void app_stop_at_file_limit(void);
/* Prints an error line that names the limit. */
void app_say_file_limit(void);

/* The first call of main().  Opens /dev/null as stdin, stdout and stderr where they are closed, so that no
 * file becomes one; that stdin is empty, and writing that stdout fails.  Notes whether nohup runs the program. */
void app_begin(void);

/* -- output ---------------------------------------------------------------------------------- */

/* Prints a table of centred cells, as mmsegmentation does.  `cells` holds rows * columns texts, row
 * by row, the heading first. */
void app_print_table(FILE *f, const char *const *cells, int rows, int columns);
/* Prints a text as a JSON string, with its quotes; bytes that are no UTF-8 as U+FFFD. */
void app_print_json(FILE *f, const char *text);
/* Prints words wrapped at `width` columns.  The first line continues at `column`; the others are
 * indented by `indent` blanks. */
void app_print_wrapped(FILE *f, const char *text, int indent, int column, int width);
/* Formats a size: 1536 -> "1.5 KiB". */
void app_bytes(char *out, size_t size, double bytes);
/* On a terminal: which device was taken and what else there is, when none was selected and there
 * are several. */
void app_name_device(const encnet_device *device, const char *select);
/* Says that what follows takes longer, when device.tune measures convolutions. */
void app_say_tuning(const char *tune);
/* Prints the times of the kernels to stderr; nothing unless device.profile is on. */
void app_print_profile(encnet_device *device);
/* The last call of main(), and of whoever ends the program otherwise.  Flushes stdout and returns
 * `exit_code`; if not everything could be written (closed, full disk, closed pipe), prints an error line
 * and returns 8 unless `exit_code` is a failure already. */
int app_finish(int exit_code);

#endif
