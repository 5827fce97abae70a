/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* bounded.c - runs a program and says what it took: bounded RESULT COMMAND...; RESULT gets CPU seconds, MiB. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage used;
    int status = 0;
    pid_t child = argc > 2 ? fork() : -1;
    FILE *f;

    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0 || !(f = fopen(argv[1], "w"))) return 126;
    fprintf(f, "%ld %ld\n", (long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec),
            used.ru_maxrss / 1024);
    fclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
