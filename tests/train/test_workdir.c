/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_workdir.c - one process, one experiment in a work directory. */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "train/train.h"

static void second_lock_names_the_first(void **state)
{
    encnet__lock *a = NULL, *b = NULL;
    char pid[32];

    (void)state;
    snprintf(pid, sizeof pid, "process %ld on ", (long)getpid());
    assert_ok(encnet__lock_take(&a, dir));
    assert_fails(encnet__lock_take(&b, dir), ENCNET_E_BUSY, pid);
    assert_null(b);
    encnet__lock_release(a);
    assert_ok(encnet__lock_take(&b, dir));
    encnet__lock_release(b);
}

/* A work directory that is renamed or removed while a run trains in it, and another under its name. */
static void a_lock_knows_its_directory(void **state)
{
    encnet__lock *a = NULL, *b = NULL;
    char run[128], moved[128], command[400], *path;

    (void)state;
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(moved, sizeof moved, "%s/moved", dir);
    path = encnet__strdup(run);
    assert_ok(encnet__lock_take(&a, run));
    assert_ok(encnet__lock_check(a, &path, hear, NULL));
    assert_string_equal(heard, "");

    /* a lock file that is gone is put back, and locks again */
    snprintf(command, sizeof command, "rm %s/lock", run);
    assert_int_equal(system(command), 0);
    assert_ok(encnet__lock_check(a, &path, hear, NULL));
    assert_fails(encnet__lock_take(&b, run), ENCNET_E_BUSY, "process");

    assert_int_equal(rename(run, moved), 0);
    assert_ok(encnet__lock_take(&b, run));
    assert_ok(encnet__lock_check(a, &path, hear, NULL));
    assert_non_null(strstr(path, "/moved"));
    assert_non_null(strstr(heard, "has been renamed to"));
    assert_ok(encnet__lock_check(a, &path, hear, NULL));

    snprintf(command, sizeof command, "rm -r %s", moved);
    assert_int_equal(system(command), 0);
    assert_fails(encnet__lock_check(a, &path, hear, NULL), ENCNET_E_IO, "removed or replaced");

    /* another run has made the lock anew in the same directory */
    snprintf(command, sizeof command, "rm %s/lock", run);
    assert_int_equal(system(command), 0);
    encnet__lock_release(a);
    encnet__free(path);
    path = encnet__strdup(run);
    assert_ok(encnet__lock_take(&a, run));
    assert_fails(encnet__lock_check(b, &path, hear, NULL), ENCNET_E_IO, "removed or replaced");
    encnet__lock_release(a);
    encnet__lock_release(b);
    encnet__free(path);
}

/* What is called "lock" and is none is a user's, also behind a link. */
static void a_users_file_is_no_lock(void **state)
{
    static const char *const makes[] = {"echo mine >lock", "echo mine >x && ln -s x lock",
                                        "mkfifo lock", "ln -s nowhere lock"};
    char run[128], command[400];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(makes); i++) {
        encnet__lock *l = NULL;
        snprintf(run, sizeof run, "%s/users%zu", dir, i);
        assert_ok(encnet__make_dirs(run));
        snprintf(command, sizeof command, "cd %s && %s", run, makes[i]);
        assert_int_equal(system(command), 0);
        assert_fails(encnet__lock_take(&l, run), ENCNET_E_IO, "but no lock; move it away");
        snprintf(command, sizeof command, "cd %s && test ! -f lock || grep -qx mine lock", run);
        assert_int_equal(system(command), 0);
    }
}

static void lock_makes_the_directory(void **state)
{
    encnet__lock *l = NULL;
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/a/b", dir);
    assert_ok(encnet__lock_take(&l, path));
    encnet__lock_release(l);
    snprintf(path, sizeof path, "%s/file", dir);
    assert_ok(encnet__file_write(path, "", 0));
    assert_fails(encnet__lock_take(&l, path), ENCNET_E_IO, "file");
}

/* Who opens the file of a start that is then refused, and locks it when it is gone, has no lock. */
static void a_refused_start_leaves_nothing(void **state)
{
    encnet__lock *a = NULL, *b = NULL;
    char path[128], run[128], out[128];

    (void)state;
    snprintf(out, sizeof out, "%s/out", dir);
    snprintf(run, sizeof run, "%s/out/a/b", dir);
    snprintf(path, sizeof path, "%s/out/a/b/lock", dir);
    assert_ok(encnet__lock_take(&a, run));
    assert_int_equal(access(path, F_OK), 0);
    encnet__lock_undo(a);
    assert_int_not_equal(access(out, F_OK), 0);

    assert_ok(encnet__lock_take(&a, run));
    assert_fails(encnet__lock_take(&b, run), ENCNET_E_BUSY, "process");
    assert_int_equal(unlink(path), 0);
    assert_ok(encnet__lock_take(&b, run)); /* the next run's, which the first one must not remove */
    encnet__lock_undo(a);
    assert_int_equal(access(path, F_OK), 0);
    encnet__lock_release(b);
    assert_ok(encnet__lock_take(&b, run)); /* it was there before */
    encnet__lock_undo(b);
    assert_int_equal(access(path, F_OK), 0);
    encnet__lock_undo(NULL);
}

static void earlier_runs_are_not_overwritten(void **state)
{
    static const char *const left[] = {"experiment.ini", "demo.log.json", "iter_20",
                                       "iter_20.aside"};
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/notes.txt", dir);
    assert_ok(encnet__file_write(path, "", 0));
    snprintf(path, sizeof path, "%s/iter_x", dir);
    assert_ok(encnet__file_write(path, "", 0));
    assert_ok(encnet__workdir_is_free(dir));
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, left[i]);
        assert_ok(encnet__file_write(path, "", 0));
        assert_fails(encnet__workdir_is_free(dir), ENCNET_E_CONFIG, left[i]);
        assert_int_equal(unlink(path), 0);
    }
}

static void other_networks_are_refused(void **state)
{
    encnet_options before, o;

    (void)state;
    encnet_options_default(&before);
    o = before;
    assert_ok(encnet__experiment_compare("config.ini", &before, &o, hear, NULL));
    assert_string_equal(heard, "");
    o.train.max_iters = 80000;
    o.model.dropout = 0.5;
    o.device.select = "other";
    assert_ok(encnet__experiment_compare("config.ini", &before, &o, hear, NULL));
    assert_string_equal(heard, "model.dropout: 0.1 -> 0.5\ntrain.max_iters: 40000 -> 80000\n");
    o.model.classes = 21;
    o.model.backbone = "resnet101_v1c";
    assert_fails(encnet__experiment_compare("config.ini", &before, &o, hear, NULL), ENCNET_E_CONFIG,
                 "model.classes: 19 -> 21");
    assert_non_null(strstr(encnet_last_error(), "model.backbone: resnet50_v1c -> resnet101_v1c"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(second_lock_names_the_first),      TEST(a_lock_knows_its_directory),
        TEST(a_users_file_is_no_lock),          TEST(lock_makes_the_directory),
        TEST(earlier_runs_are_not_overwritten), TEST(other_networks_are_refused),
        TEST(a_refused_start_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
