/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_atomic_file.c - files that appear complete or not at all, and what killed processes left of them. */
#define _DEFAULT_SOURCE
#include "support/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HALF ".encnet-unfinished-out.json.tmp"

static const char *at(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ & 3];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void expect_text(const char *name, const char *text)
{
    char *data;
    size_t size;

    assert_ok(encnet__file_read(&data, &size, at(name), 1000));
    data[size] = '\0';
    assert_string_equal(data, text);
    encnet__free(data);
}

static int count_files(void)
{
    struct dirent *entry;
    DIR *d = opendir(dir);
    int n = -2; /* without . and .. */

    assert_non_null(d);
    while ((entry = readdir(d))) n++;
    closedir(d);
    return n;
}

static void write_out(const char *text)
{
    assert_ok(encnet__file_write(at("out.json"), text, strlen(text)));
    expect_text("out.json", text);
}

/* Makes what a user has made under the name that a killed process leaves. */
static void make_own(const char *text)
{
    FILE *f = fopen(at(HALF), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A process that is killed while it writes. */
static void is_killed(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        encnet__atomic_file *f;
        if (encnet__atomic_file_open(&f, at("out.json")) == ENCNET_OK &&
            encnet__atomic_file_put(f, "half", 4, 0) == ENCNET_OK)
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void the_next_writer_removes_what_was_left(void **state)
{
    (void)state;
    write_out("one");
    for (int i = 0; i < 3; i++) is_killed();
    assert_int_equal(count_files(), 2);
    expect_text("out.json", "one");
    write_out("two");
    assert_int_equal(count_files(), 1);
    is_killed();
    encnet__atomic_file_tidy(at("out.json"));
    encnet__atomic_file_tidy(at("out.json"));
    assert_int_equal(count_files(), 1);
}

static void writers_at_the_same_time(void **state)
{
    encnet__atomic_file *f[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(encnet__atomic_file_open(&f[i], at("out.json")));
        assert_ok(encnet__atomic_file_put(f[i], &"abc"[i], 1, 0));
    }
    assert_int_equal(count_files(), 3);
    encnet__atomic_file_tidy(at("out.json"));
    assert_int_equal(count_files(), 3);
    assert_ok(encnet__atomic_file_commit(f[0]));
    expect_text("out.json", "a");
    assert_ok(encnet__atomic_file_commit(f[2]));
    expect_text("out.json", "c");
    for (int i = 0; i < 3; i++) encnet__atomic_file_free(f[i]);
    assert_int_equal(count_files(), 1);
    write_out("d");
}

/* What has the name and cannot be what a killed process left. */
static void what_a_user_has_made_stays(void **state)
{
    struct stat st;
    int fd;

    (void)state;
    assert_ok(encnet__file_write(at("mine"), "mine", 4));
    assert_int_equal(symlink("mine", at(HALF)), 0);
    write_out("1");
    encnet__atomic_file_tidy(at("out.json"));
    assert_int_equal(lstat(at(HALF), &st), 0);
    expect_text("mine", "mine");
    assert_int_equal(unlink(at(HALF)), 0);

    assert_int_equal(link(at("mine"), at(HALF)), 0);
    write_out("2");
    expect_text(HALF, "mine");
    assert_int_equal(unlink(at(HALF)), 0);

    assert_int_equal(mkdir(at(HALF), 0777), 0);
    write_out("3");
    assert_int_equal(rmdir(at(HALF)), 0);

    assert_int_equal(mkfifo(at(HALF), 0666), 0);
    write_out("4");
    assert_int_equal(unlink(at(HALF)), 0);

    make_own("locked");
    fd = open(at(HALF), O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    write_out("5");
    expect_text(HALF, "locked");
    close(fd);
    write_out("6");
    assert_int_equal(count_files(), 2);
}

static void a_pipe_that_nobody_reads(void **state)
{
    int fd;
    char got[5] = "";

    (void)state;
    assert_int_equal(mkfifo(at("pipe"), 0666), 0);
    assert_int_equal(encnet__file_write(at("pipe"), "text", 4), ENCNET_E_IO);
    assert_non_null(strstr(encnet_last_error(), "a pipe that no program reads"));
    fd = open(at("pipe"), O_RDONLY | O_NONBLOCK);
    assert_ok(encnet__file_write(at("pipe"), "text", 4));
    assert_int_equal(read(fd, got, 4), 4);
    assert_string_equal(got, "text");
    close(fd);
}

static void long_names(void **state)
{
    char name[300];

    (void)state;
    memset(name, 'n', sizeof name);
    name[250] = '\0';
    assert_ok(encnet__file_write(at(name), "long", 4));
    expect_text(name, "long");
    assert_int_equal(count_files(), 1);
    name[250] = 'n';
    name[256] = '\0';
    assert_fails(encnet__file_write(at(name), "long", 4), ENCNET_E_IO, "File name too long");
    assert_int_equal(count_files(), 1);
    assert_fails(encnet__file_write(at("no/out"), "x", 1), ENCNET_E_IO, "no/out: No such file");
    name[250] = '\0';
    strcat(name, "/x");
    assert_fails(encnet__file_write(at(name), "x", 1), ENCNET_E_IO, "Not a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_next_writer_removes_what_was_left, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(writers_at_the_same_time, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(what_a_user_has_made_stays, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_pipe_that_nobody_reads, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(long_names, make_dir, remove_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
