/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_checkpoint.c - checkpoint directories: whole or absent, whatever happens on the way. */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "train/train.h"

static const char *at(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ & 3];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

#define UNFINISHED ".encnet-unfinished-iter_"
#define REPLACED ".encnet-replaced-iter_"

static bool there(const char *name)
{
    struct stat st;

    return lstat(at(name), &st) == 0;
}

/* What a test checkpoint holds: `bytes` of weights whose first says which one it is. */
typedef struct content {
    int iter;
    size_t bytes;
    int files;    /* write only so many of them, then fail */
    bool kill_me; /* then die instead */
} content;

static encnet_status put(const content *c, int file, const char *in, const char *name,
                         const void *data, size_t size)
{
    encnet_status rc = ENCNET_OK;
    char path[256];

    snprintf(path, sizeof path, "%s/%s", in, name);
    if (file == c->files && c->kill_me) kill(getpid(), SIGKILL);
    if (file == c->files) FAIL(ENCNET_E_IO, "%s: made to fail", path);
    TRY(encnet__file_write(path, data, size));
done:
    return rc;
}

static encnet_status fill(void *user, const char *in)
{
    encnet_status rc = ENCNET_OK;
    const content *c = user;
    encnet__train_state s = {.iter = c->iter, .best_miou = -1};
    char *weights = encnet__alloc(c->bytes + 1, 1), path[256];

    weights[0] = (char)c->iter;
    snprintf(path, sizeof path, "%s/%s", in, ENCNET__STATE_FILE);
    TRY(put(c, 0, in, ENCNET__WEIGHTS_FILE, weights, c->bytes));
    TRY(put(c, 1, in, ENCNET__OPTIMIZER_FILE, weights, c->bytes));
    TRY(put(c, 2, in, ENCNET__CONFIG_FILE, "", 0));
    TRY(put(c, 3, in, ENCNET__STATE_FILE, "", 0));
    TRY(encnet__state_save(path, &s, NULL));
    if (c->files == 4) FAIL(ENCNET_E_IO, "made to fail");
done:
    encnet__free(weights);
    return rc;
}

/* make() hands both callbacks the same pointer. */
static void hear_made(void *user, const char *line)
{
    (void)user;
    hear(NULL, line);
}

static encnet_status make(int iter)
{
    content c = {.iter = iter, .bytes = 100, .files = -1};

    return encnet__checkpoint_make(dir, iter, fill, hear_made, &c);
}

static void target_is(const char *link, const char *target)
{
    char text[64];
    ssize_t size = readlink(at(link), text, sizeof text - 1);

    assert_true(size >= 0);
    text[size] = '\0';
    assert_string_equal(text, target);
}

static int newest(void)
{
    int iter;

    assert_ok(encnet__checkpoint_newest(&iter, dir, hear, NULL));
    return iter;
}

/* Changes one byte of a file, from its end when `where` is negative. */
static void flip(const char *name, long where)
{
    FILE *f = fopen(at(name), "r+b");
    int c;

    assert_non_null(f);
    assert_int_equal(fseek(f, where, where < 0 ? SEEK_END : SEEK_SET), 0);
    c = fgetc(f);
    assert_int_equal(fseek(f, where, where < 0 ? SEEK_END : SEEK_SET), 0);
    fputc(c ^ 1, f);
    fclose(f);
}

static void makes_whole_ones(void **state)
{
    (void)state;
    assert_int_equal(newest(), -1);
    assert_ok(make(2));
    assert_ok(make(10));
    assert_int_equal(newest(), 10);
    assert_ok(encnet__checkpoint_verify(at("latest")));
    target_is("latest", "iter_10");
    assert_false(there(UNFINISHED "10"));
    assert_int_equal(mkdir(at("iter_011"), 0777), 0); /* no name of ours */
    assert_int_equal(newest(), 10);
    assert_string_equal(heard, "");
}

static void every_flipped_byte_is_found(void **state)
{
    static const char *const files[] = {ENCNET__WEIGHTS_FILE, ENCNET__OPTIMIZER_FILE,
                                        ENCNET__STATE_FILE, ENCNET__CHECKSUMS_FILE};
    char name[64];

    (void)state;
    assert_ok(make(1));
    assert_ok(make(2));
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct stat st;
        snprintf(name, sizeof name, "iter_2/%s", files[i]);
        assert_int_equal(stat(at(name), &st), 0);
        for (long k = 0; k < (long)st.st_size; k += 7) {
            flip(name, k);
            if (encnet__checkpoint_verify(at("iter_2")) != ENCNET_E_CHECKPOINT)
                fail_msg("%s byte %ld", name, k);
            flip(name, k);
        }
    }
    assert_ok(encnet__checkpoint_verify(at("iter_2")));
    flip("iter_2/" ENCNET__WEIGHTS_FILE, -1);
    assert_int_equal(newest(), 1);
    assert_non_null(strstr(heard, "iter_2/weights.safetensors: damaged: its 100 bytes"));
}

static void missing_and_short_files_are_found(void **state)
{
    (void)state;
    assert_ok(make(1));
    assert_int_equal(truncate(at("iter_1/" ENCNET__WEIGHTS_FILE), 99), 0);
    assert_fails(encnet__checkpoint_verify(at("iter_1")), ENCNET_E_CHECKPOINT,
                 "it has 99 bytes, 100 were written");
    assert_int_equal(unlink(at("iter_1/" ENCNET__WEIGHTS_FILE)), 0);
    assert_fails(encnet__checkpoint_verify(at("iter_1")), ENCNET_E_CHECKPOINT, "No such file");
    assert_int_equal(truncate(at("iter_1/" ENCNET__CHECKSUMS_FILE), 0), 0);
    assert_fails(encnet__checkpoint_verify(at("iter_1")), ENCNET_E_CHECKPOINT, "0 bytes");
    assert_int_equal(unlink(at("iter_1/" ENCNET__CHECKSUMS_FILE)), 0);
    assert_fails(encnet__checkpoint_verify(at("iter_1")), ENCNET_E_CHECKPOINT, "iter_1");
    assert_fails(encnet__checkpoint_verify(at("none")), ENCNET_E_CHECKPOINT, "no such checkpoint");
    assert_fails(encnet__checkpoint_verify(at("iter_1/" ENCNET__CONFIG_FILE)), ENCNET_E_CHECKPOINT,
                 "directory");
}

/* Wherever making one fails, nothing of it is left and what was there is there. */
static void a_failure_leaves_nothing(void **state)
{
    (void)state;
    assert_ok(make(1));
    for (int files = 0; files <= 4; files++) {
        content c = {.iter = 2, .bytes = 100, .files = files};
        assert_fails(encnet__checkpoint_make(dir, 2, fill, hear_made, &c), ENCNET_E_IO,
                     "made to fail");
        assert_false(there("iter_2"));
        assert_false(there(UNFINISHED "2"));
        c.iter = 1;
        assert_fails(encnet__checkpoint_make(dir, 1, fill, hear_made, &c), ENCNET_E_IO,
                     "made to fail");
    }
    assert_int_equal(newest(), 1);
    target_is("latest", "iter_1");
}

static void a_full_disk_leaves_the_old_one(void **state)
{
    content c = {.iter = 2, .bytes = 100000, .files = -1};
    struct rlimit before, small;
    encnet_status rc;

    (void)state;
    assert_ok(make(1));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = encnet__checkpoint_make(dir, 2, fill, hear_made, &c);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_fails(rc, ENCNET_E_IO, "weights.safetensors");
    assert_false(there(UNFINISHED "2"));
    assert_int_equal(newest(), 1);
    target_is("latest", "iter_1");
}

/* A process killed after each file in turn: the next one tidies up and finds the old checkpoint. */
static void a_kill_leaves_the_old_one(void **state)
{
    (void)state;
    assert_ok(make(1));
    for (int files = 0; files < 4; files++) {
        content c = {.iter = 2, .bytes = 100, .files = files, .kill_me = true};
        pid_t child = fork();
        int status;
        if (child == 0) {
            encnet_status rc = encnet__checkpoint_make(dir, 2, fill, hear_made, &c);
            _exit(rc == ENCNET_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_true(there(UNFINISHED "2"));
        assert_int_equal(newest(), 1);
        assert_ok(encnet__checkpoint_restore(dir));
        assert_true(there(UNFINISHED "2")); /* until a run begins */
        encnet__checkpoint_tidy(dir, hear, NULL);
        assert_false(there(UNFINISHED "2"));
    }
}

/* One iteration made twice: the new one takes the place; killed in between, the old one comes back.
 */
static void replaces_one_of_the_same_iteration(void **state)
{
    (void)state;
    assert_ok(make(3));
    flip("iter_3/" ENCNET__WEIGHTS_FILE, 5);
    assert_ok(make(3));
    assert_ok(encnet__checkpoint_verify(at("iter_3")));
    assert_false(there(REPLACED "3"));
    assert_int_equal(rename(at("iter_3"), at(REPLACED "3")), 0);
    assert_ok(encnet__checkpoint_restore(dir));
    assert_ok(encnet__checkpoint_verify(at("iter_3")));
    assert_int_equal(mkdir(at(REPLACED "3"), 0777), 0);
    assert_ok(encnet__checkpoint_restore(dir));
    encnet__checkpoint_tidy(dir, hear, NULL);
    assert_false(there(REPLACED "3"));
    assert_ok(encnet__checkpoint_verify(at("iter_3")));
    assert_string_equal(heard, "");
}

/* A file or a folder that a user has put into a checkpoint, or beside one, is never removed, and does
 * not end a run. */
static void what_is_not_ours_stays(void **state)
{
    static const char *const foreign[] = {"iter_1.old", "iter_1.tmp", "iter_1.bak", "iter_2.aside"};

    (void)state;
    for (int i = 1; i <= 4; i++) assert_ok(make(i));
    for (size_t i = 0; i < COUNT_OF(foreign); i++) assert_int_equal(mkdir(at(foreign[i]), 0777), 0);
    assert_int_equal(mkdir(at("iter_1/report"), 0777), 0);
    assert_ok(encnet__file_write(at("iter_2/NOTE"), "mine", 4));
    assert_int_equal(mkdir(at("elsewhere"), 0777), 0);
    assert_int_equal(symlink("../elsewhere", at("iter_3/link")), 0);
    encnet__checkpoint_prune(dir, 4, 1, -1, hear, NULL);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) assert_true(there(foreign[i]));
    assert_true(there("iter_1/report") && there("iter_2/NOTE") && there("iter_3/link"));
    assert_non_null(strstr(heard, "iter_1: holds files that are not of a checkpoint, and stays"));
    assert_non_null(strstr(heard, "iter_3: holds"));
    heard[0] = '\0';
    assert_ok(make(2));
    assert_true(there("iter_2.aside2/NOTE"));
    assert_false(there(REPLACED "2"));
    assert_ok(encnet__checkpoint_verify(at("iter_2")));
    assert_int_equal(mkdir(at(UNFINISHED "7"), 0777), 0);
    assert_ok(encnet__file_write(at(UNFINISHED "7/NOTE"), "mine", 4));
    encnet__checkpoint_tidy(dir, hear, NULL);
    assert_true(there(UNFINISHED "7/NOTE"));
}

#define HALF(name) ".encnet-unfinished-" name ".tmp"

/* Under their temporary names, unless another process is writing them; of any other name, they stay. */
static void removes_what_a_kill_left_of_files(void **state)
{
    static const char *const left[] = {HALF("experiment.ini"), HALF("curves.png"),
                                       HALF(".encnet-link"), "iter_2/" HALF("weights.safetensors"),
                                       "iter_2/" HALF("state.ini.5-1")};
    static const char *const foreign[] = {"experiment.ini.tmp",
                                          "experiment.ini.5-0.tmp",
                                          HALF("notes.txt"),
                                          ".encnet-unfinished-experiment.ini",
                                          HALF("experiment.ini") ".copy",
                                          "iter_1/mine.tmp",
                                          "iter_3/" HALF("notes.txt"),
                                          "iter_4/" HALF("state.ini.5-"),
                                          "iter_5/" HALF("state.ini.-5-1")};

    (void)state;
    for (int i = 1; i <= 5; i++) assert_ok(make(i));
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        assert_ok(encnet__file_write(at(foreign[i]), "mine", 4));
    for (size_t i = 0; i < COUNT_OF(left); i++)
        assert_ok(encnet__file_write(at(left[i]), "half", 4));
    encnet__checkpoint_tidy(dir, hear, NULL);
    assert_string_equal(heard, "");
    for (size_t i = 0; i < 3; i++) assert_false(there(left[i]));
    assert_ok(make(6));
    encnet__checkpoint_prune(dir, 6, 1, -1, hear, NULL);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) assert_true(there(foreign[i]));
    assert_false(there("iter_2"));
    assert_non_null(strstr(heard, "iter_1: holds files that are not of a checkpoint, and stays"));
    assert_non_null(strstr(heard, "iter_5: holds files"));
}

/* A work directory that was copied by something that follows links, or from a disk without any. */
static void a_folder_in_the_place_of_a_link(void **state)
{
    (void)state;
    assert_ok(make(1));
    assert_int_equal(unlink(at("latest")), 0);
    assert_int_equal(mkdir(at("latest"), 0777), 0);
    assert_ok(encnet__file_write(at("latest/NOTE"), "mine", 4));
    assert_ok(make(2));
    target_is("latest", "iter_2");
    assert_true(there("latest.aside/NOTE"));
    assert_int_equal(unlink(at("latest")), 0);
    assert_int_equal(symlink("iter_99", at("latest")), 0);
    assert_ok(make(3));
    target_is("latest", "iter_3");
    assert_ok(encnet__file_write(at("best"), "mine", 4));
    assert_ok(encnet__checkpoint_link(dir, "best", 3, hear, NULL));
    target_is("best", "iter_3");
    assert_true(there("best.aside"));
    assert_true(encnet__checkpoint_can_link(dir));
}

/* What cannot be read may be whole: it is no damage. */
static void what_cannot_be_read_is_no_damage(void **state)
{
    int iter;

    (void)state;
    assert_ok(make(1));
    assert_ok(make(2));
    assert_int_equal(unlink(at("iter_2/" ENCNET__STATE_FILE)), 0);
    assert_int_equal(symlink(ENCNET__STATE_FILE, at("iter_2/" ENCNET__STATE_FILE)), 0); /* ELOOP */
    assert_fails(encnet__checkpoint_verify(at("iter_2")), ENCNET_E_IO, "iter_2/state.ini");
    assert_fails(encnet__checkpoint_newest(&iter, dir, hear, NULL), ENCNET_E_IO, "iter_2");
    assert_true(there("iter_2"));
    assert_string_equal(heard, "");
}

static void prunes_the_oldest_but_the_best(void **state)
{
    (void)state;
    for (int i = 1; i <= 6; i++) assert_ok(make(i));
    assert_ok(encnet__checkpoint_link(dir, "best", 2, hear, NULL));
    encnet__checkpoint_prune(dir, 5, 2, 2, hear, NULL);
    assert_false(there("iter_1"));
    assert_true(there("iter_2") && there("iter_4") && there("iter_5"));
    assert_false(there("iter_3"));
    assert_true(there("iter_6")); /* after the 5th: not this call's business */
    assert_ok(encnet__checkpoint_verify(at("best")));
    assert_ok(encnet__checkpoint_link(dir, "best", 99, hear, NULL));
    assert_false(there("best"));
}

static void sets_later_ones_aside(void **state)
{
    (void)state;
    assert_ok(make(1));
    for (int i = 0; i < 2; i++) {
        assert_ok(make(2));
        assert_ok(encnet__checkpoint_set_aside(dir, 1, hear, NULL));
        assert_false(there("iter_2"));
    }
    assert_ok(encnet__checkpoint_verify(at("iter_2.aside")));
    assert_ok(encnet__checkpoint_verify(at("iter_2.aside2")));
    assert_int_equal(newest(), 1);
    assert_non_null(strstr(heard, "iter_2.aside2"));
}

/* What device.tune measured goes with the state, and an earlier choice of the device stays. */
static void choices_go_with_the_state(void **state)
{
    static const char *const keys[] = {"conv2d forward 3x3", "conv2d data 3x3, 1x2 to 3"};
    encnet_device *from = NULL, *to = NULL;
    encnet__train_state s = {.iter = 1}, back;

    (void)state;
    if (encnet_device_open(&from, NULL) != ENCNET_OK) skip();
    assert_ok(encnet_device_open(&to, NULL));
    assert_ok(encnet__choice_keep(from, keys[0], "packed 12", false));
    assert_ok(encnet__choice_keep(from, keys[1], "winograd 3", false));
    assert_ok(encnet__choice_keep(to, keys[1], "packed 4", false));
    assert_ok(encnet__state_save(at("state.ini"), &s, from));
    assert_ok(encnet__state_load(&back, at("state.ini"), to));
    assert_string_equal(encnet__choice_find(to, keys[0]), "packed 12");
    assert_string_equal(encnet__choice_find(to, keys[1]), "packed 4");
    encnet_device_close(from);
    encnet_device_close(to);
}

static void state_survives_exactly(void **state)
{
    encnet__train_state s = {.iter = 7,
                             .evaluated_iter = 5,
                             .batches = UINT64_MAX,
                             .images = UINT64_MAX - 1,
                             .seed = 1234567890123456789u,
                             .loss = 0.1,
                             .best_miou = 100.0 / 3,
                             .best_iter = 5,
                             .loss_scale = 32768,
                             .scaled_steps = 1234,
                             .epoch_iters = 77},
                        back;
    char *text;
    size_t size;

    (void)state;
    assert_ok(encnet__state_save(at("state.ini"), &s, NULL));
    assert_ok(encnet__state_load(&back, at("state.ini"), NULL));
    assert_true(back.iter == s.iter && back.evaluated_iter == s.evaluated_iter &&
                back.best_iter == s.best_iter && back.epoch_iters == s.epoch_iters);
    assert_true(back.batches == s.batches && back.images == s.images && back.seed == s.seed);
    assert_true(back.loss == s.loss && back.best_miou == s.best_miou);
    assert_true(back.loss_scale == s.loss_scale && back.scaled_steps == s.scaled_steps);
    assert_ok(encnet__file_read(&text, &size, at("state.ini"), 1000));
    for (size_t cut = 0; cut < size; cut++) {
        assert_ok(encnet__file_write(at("cut.ini"), text, cut));
        assert_fails(encnet__state_load(&back, at("cut.ini"), NULL), ENCNET_E_CHECKPOINT,
                     "cut.ini");
    }
    memcpy(strstr(text, "format = 1"), "format = 9", 10);
    assert_ok(encnet__file_write(at("new.ini"), text, size));
    assert_fails(encnet__state_load(&back, at("new.ini"), NULL), ENCNET_E_CHECKPOINT, "format 9");
    memcpy(strstr(text, "format = 9"), "format = -", 10);
    assert_ok(encnet__file_write(at("bad.ini"), text, size));
    assert_fails(encnet__state_load(&back, at("bad.ini"), NULL), ENCNET_E_CHECKPOINT, "format");
    encnet__free(text);
}

/* A checkpoint from before the images were counted, or losses scaled, has 0 of them. */
static void state_of_older_versions_loads(void **state)
{
    static const char *const lines[] = {"images = 28\n", "loss_scale = 2\n", "scaled_steps = 3\n"};
    encnet__train_state s = {.iter = 7,
                             .batches = 7,
                             .images = 28,
                             .loss_scale = 2,
                             .scaled_steps = 3},
                        back;
    char *text, *line;
    size_t size;

    (void)state;
    assert_ok(encnet__state_save(at("state.ini"), &s, NULL));
    assert_ok(encnet__file_read(&text, &size, at("state.ini"), 1000));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        line = strstr(text, lines[i]);
        assert_non_null(line);
        memmove(line, line + strlen(lines[i]), strlen(line + strlen(lines[i])) + 1);
    }
    assert_ok(encnet__file_write(at("old.ini"), text, strlen(text)));
    assert_ok(encnet__state_load(&back, at("old.ini"), NULL));
    assert_true(back.batches == 7 && back.images == 0);
    assert_true(back.loss_scale == 0 && back.scaled_steps == 0);
    encnet__free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(makes_whole_ones),
        TEST(every_flipped_byte_is_found),
        TEST(missing_and_short_files_are_found),
        TEST(a_failure_leaves_nothing),
        TEST(a_full_disk_leaves_the_old_one),
        TEST(a_kill_leaves_the_old_one),
        TEST(replaces_one_of_the_same_iteration),
        TEST(what_is_not_ours_stays),
        TEST(removes_what_a_kill_left_of_files),
        TEST(a_folder_in_the_place_of_a_link),
        TEST(what_cannot_be_read_is_no_damage),
        TEST(prunes_the_oldest_but_the_best),
        TEST(sets_later_ones_aside),
        TEST(state_survives_exactly),
        TEST(state_of_older_versions_loads),
        TEST(choices_go_with_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
