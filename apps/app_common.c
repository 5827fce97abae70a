/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_common.c - error lines, progress, signals and tables of the programs. */
#define _POSIX_C_SOURCE 200809L
#include "app_common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <encnet/log.h>

volatile sig_atomic_t app_stop, app_file_limit;

static const char *program_name = "encnet-cl";
static bool progress_off, progress_shown;
static volatile sig_atomic_t asked; /* by a signal to stop */
static bool stops_at_file_limit;
static bool nohup; /* SIGHUP was ignored when the program began; PoCL's compiler sets it anew */

void app_set_name(const char *name)
{
    program_name = name;
}

static bool coloured(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDERR_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void app_error(const char *format, ...)
{
    bool red = coloured();
    va_list ap;

    app_progress_clear();
    fprintf(stderr, "%s%s:%s ", red ? "\033[1;31m" : "", program_name, red ? "\033[0m" : "");
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void app_log(void *user, const char *line)
{
    (void)user;
    app_progress_clear();
    fprintf(stderr, "%s\n", line);
}

int app_fail(encnet_status status)
{
    const char *sentence = encnet_last_error();

    app_error("%s", *sentence ? sentence : encnet_status_text(status));
    return encnet_status_exit_code(status);
}

void app_progress_off(void)
{
    progress_off = true;
}

void app_remark(const char *lines)
{
    if (!progress_off) fputs(lines, stderr);
}

void app_duration(char *out, size_t size, double seconds)
{
    long s = seconds > 0 ? (long)(seconds + 0.5) : 0;

    if (s >= 3600)
        snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, size, "%ld:%02ld", s / 60, s % 60);
}

/* Shows a line in place of the last one. */
static void show(const char *line)
{
    struct winsize window = {0};
    int length = (int)strlen(line);

    if (progress_off || !isatty(STDERR_FILENO)) return;
    /* a line that wraps could not be taken back */
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col && length >= window.ws_col)
        length = window.ws_col - 1;
    fprintf(stderr, "\r\033[K%.*s", length, line);
    fflush(stderr);
    progress_shown = true;
}

void app_progress(const char *what, long done, long all, double seconds_left, const char *extra)
{
    char left[32] = "", line[512];

    if (seconds_left >= 0) {
        memcpy(left, ", ETA ", 6);
        app_duration(left + 6, sizeof left - 6, seconds_left);
    }
    snprintf(line, sizeof line, "%s %ld/%ld%s%s%s", what, done, all, *extra ? ", " : "", extra,
             left);
    show(line);
}

/* The library's remarks: kernels take seconds to compile, the first time. */
static void hear(void *user, encnet_log_level level, const char *line)
{
    (void)user, (void)level;
    if (strncmp(line, "compiling ", 10) == 0) show(line);
}

void app_progress_clear(void)
{
    if (!progress_shown) return;
    fputs("\r\033[K", stderr);
    progress_shown = false;
}

void app_progress_files(void *user, int done, int all)
{
    (void)user;
    app_progress("file", done, all, -1, "");
}

/* The first asks to stop, the second ends the program as the signal by itself would have. */
static void on_signal(int number)
{
    static const char said[] = "\nended by a second signal; the last checkpoint is what there is\n";

    if (asked) {
        (void)!write(STDERR_FILENO, said, sizeof said - 1);
        signal(number, SIG_DFL);
        raise(number); /* delivered when this handler returns */
    }
    asked = app_stop = 1;
}

/* The write that was too much fails with EFBIG; others may follow, up to the end. */
static void on_file_limit(int number)
{
    (void)number;
    app_file_limit = 1;
    if (stops_at_file_limit) app_stop = 1;
}

static void catch_file_limit(void)
{
    struct sigaction action = {.sa_handler = on_file_limit, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGXFSZ, &action, NULL);
}

void app_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT, SIGXCPU};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i] == SIGHUP && nohup) continue;
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* the write fails instead */
    catch_file_limit();       /* PoCL's compiler has set another */
}

void app_stop_at_file_limit(void)
{
    stops_at_file_limit = true;
}

void app_say_file_limit(void)
{
    struct rlimit limit;
    char size[32] = "";

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        app_bytes(size, sizeof size, (double)limit.rlim_cur);
    app_error("a file has reached the limit on the size of files%s%s (ulimit -f, SIGXFSZ)",
              *size ? ", " : "", size);
}

void app_begin(void)
{
    struct sigaction inherited;

    catch_file_limit();
    nohup = sigaction(SIGHUP, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) /* open() takes the lowest that is free: this one */
            (void)!open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    encnet_log_set(hear, NULL);
}

/* Counts the columns of a UTF-8 text, one per character. */
static int columns_of(const char *s)
{
    int n = 0;

    for (; *s; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void print_rule(FILE *f, const int *width, int columns)
{
    for (int c = 0; c < columns; c++) {
        fputc('+', f);
        for (int i = 0; i < width[c] + 2; i++) fputc('-', f);
    }
    fputs("+\n", f);
}

void app_print_table(FILE *f, const char *const *cells, int rows, int columns)
{
    int width[16] = {0};

    for (int i = 0; i < rows * columns; i++) {
        int n = columns_of(cells[i]);
        if (n > width[i % columns]) width[i % columns] = n;
    }
    print_rule(f, width, columns);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            const char *cell = cells[r * columns + c];
            int n = columns_of(cell), left = (width[c] - n) / 2;
            if ((width[c] - n) % 2 && n % 2 == 0) left++;
            fprintf(f, "| %*s%s%*s ", left, "", cell, width[c] - n - left, "");
        }
        fputs("|\n", f);
        if (r == 0 || r == rows - 1) print_rule(f, width, columns);
    }
}

/* Bytes of the character that begins at s; 0: it is no UTF-8, such as names of files can hold. */
static int character(const unsigned char *s)
{
    int size = *s < 0x80 ? 1 : *s < 0xC2 ? 0 : *s < 0xE0 ? 2 : *s < 0xF0 ? 3 : *s < 0xF5 ? 4 : 0;

    for (int i = 1; i < size; i++)
        if ((s[i] & 0xC0) != 0x80) return 0; /* also at the end of the text */
    if ((*s == 0xE0 && s[1] < 0xA0) || (*s == 0xF0 && s[1] < 0x90)) return 0; /* too long */
    if ((*s == 0xED && s[1] > 0x9F) || (*s == 0xF4 && s[1] > 0x8F)) return 0; /* no character */
    return size;
}

void app_print_json(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int size = character(s);
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if (*s < ' ')
            fprintf(f, "\\u%04x", *s);
        else if (size)
            fwrite(s, 1, (size_t)size, f);
        else
            fputs("\\ufffd", f); /* what stands for an unknown character */
        s += size ? size : 1;
    }
    fputc('"', f);
}

void app_print_wrapped(FILE *f, const char *text, int indent, int column, int width)
{
    bool first = true;

    while (*text) {
        int length = (int)strcspn(text, " ");
        if (!first && column + 1 + length > width) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', f);
            column++;
        }
        fwrite(text, 1, (size_t)length, f);
        column += length;
        text += length;
        text += strspn(text, " ");
        first = false;
    }
    fputc('\n', f);
}

void app_bytes(char *out, size_t size, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int u = 0;

    for (; bytes >= 1024 && u < 4; u++) bytes /= 1024;
    snprintf(out, size, "%.*f %s", u ? 1 : 0, bytes, units[u]);
}

void app_name_device(const encnet_device *device, const char *select)
{
    enum { MOST = 16 };
    encnet_device_info rows[MOST], taken;
    int count = 0;

    if (*select || progress_off || !isatty(STDERR_FILENO) ||
        encnet_device_list(rows, MOST, &count) != ENCNET_OK || count < 2)
        return;
    encnet_device_describe(device, &taken);
    fprintf(stderr, "Device %d, %s, is taken; there is also", taken.index, taken.name);
    for (int i = 0, n = 0; i < count && i < MOST; i++)
        if (i != taken.index) fprintf(stderr, "%s %d, %s", n++ ? ";" : "", i, rows[i].name);
    fprintf(stderr, " (--device selects)\n");
}

void app_say_tuning(const char *tune)
{
    if (strcmp(tune, "off") != 0 && !progress_off)
        fprintf(
            stderr,
            "Convolutions that are new to this device are measured first (device.tune = %s%s)\n",
            tune, strcmp(tune, "quick") == 0 ? ", for a minute at most" : "");
}

void app_print_profile(encnet_device *device)
{
    enum { ROWS = 512 };
    encnet_profile_row *rows = calloc(ROWS, sizeof *rows);
    double all = 0;
    int count = 0;

    if (rows && encnet_device_profile(device, rows, ROWS, &count) == ENCNET_OK && count) {
        if (count > ROWS) count = ROWS;
        for (int i = 0; i < count; i++) all += rows[i].seconds;
        fprintf(stderr, "%-52s %10s %12s %7s\n", "program and kernel", "launches", "seconds",
                "share");
        for (int i = 0; i < count; i++)
            fprintf(stderr, "%-24s %-27s %10llu %12.6f %6.1f%%\n", rows[i].program, rows[i].kernel,
                    (unsigned long long)rows[i].launches, rows[i].seconds,
                    all > 0 ? 100 * rows[i].seconds / all : 0);
    }
    free(rows);
}

int app_finish(int exit_code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code;
    if (!errno) { /* it failed before: once more, to learn why */
        putchar('\n');
        (void)!fflush(stdout);
    }
    app_error("standard output: %s", errno ? strerror(errno) : "not everything could be written");
    return exit_code ? exit_code : encnet_status_exit_code(ENCNET_E_IO);
}
