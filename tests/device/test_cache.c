/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_cache.c - compiled programs are read from disk, and a damaged cache costs a compilation, but
 * never fails a run. */
#include "support/support.h"
#include "device/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64], entries[80]; /* entries = root/v1 */

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/encnet-cache-XXXXXX");
    if (!mkdtemp(root)) return 1;
    snprintf(entries, sizeof entries, "%s/v1", root);
    return setenv("ENCNET_CACHE_DIR", root, 1) || unsetenv("ENCNET_CACHE");
}

static int tear_down(void **state)
{
    (void)state;
    chmod(entries, 0700);
    encnet__cache_prune(entries, 0);
    rmdir(entries);
    return rmdir(root);
}

static encnet_device *open_device(void)
{
    encnet_device *dev;
    const char *select = getenv("TEST_DEVICE");

    assert_ok(encnet_device_open(
        &dev, &(encnet_device_options){.select = select ? select : "", .cache = true}));
    return dev;
}

/* Opens, runs a kernel, looks at what it computes, closes.  True when the program came from the
 * cache. */
static bool run_hits(void)
{
    encnet_device *dev = open_device();
    const float in[4] = {-1, 2, -3, 4}, want[4] = {0, 2, 0, 4};
    float out[4];
    encnet__buffer *x;
    bool hit;

    assert_ok(encnet__buffer_new(&x, dev, sizeof in));
    assert_ok(encnet__write(x, 0, in, sizeof in));
    assert_ok(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(4, 4), BUF(x), BUF(x), UINT(4)));
    assert_ok(encnet__read(out, x, 0, sizeof out));
    assert_memory_equal(out, want, sizeof want);
    hit = dev->programs->key.size == 0;
    if (hit) /* what comes from disk still takes other groups */
        assert_ok(
            LAUNCH(dev, "relu", "relu_bwd", "", GRID1(4, 2), BUF(x), BUF(x), BUF(x), UINT(4)));
    encnet__buffer_free(x);
    encnet_device_close(dev);
    return hit;
}

/* The path of the only entry. */
static char *only_entry(void)
{
    DIR *dir = opendir(entries);
    char *path = NULL;

    assert_non_null(dir);
    for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        if (d->d_name[0] == '.') continue;
        assert_null(path);
        path = encnet__path_join(entries, d->d_name);
    }
    closedir(dir);
    assert_non_null(path);
    return path;
}

static void put(const char *path, const char *bytes, size_t size)
{
    assert_ok(encnet__file_write(path, bytes, size));
}

static void comes_back_from_disk(void **state)
{
    struct stat st;
    char *path;

    (void)state;
    assert_false(run_hits());
    assert_true(run_hits());
    path = only_entry();
    assert_int_equal(stat(entries, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    encnet__free(path);
}

static void rebuilds_what_is_damaged(void **state)
{
    char *path, *bytes, *bad;
    size_t size, i;

    (void)state;
    assert_false(run_hits());
    path = only_entry();
    assert_ok(encnet__file_read(&bytes, &size, path, 1 << 26));
    bad = malloc(size);
    for (i = 0; i < 6;
         i++) { /* a flipped bit in the magic, the sizes, the checksum, the key, the data */
        const size_t at[] = {3, 22, 45, 300, size / 2, size - 1};
        memcpy(bad, bytes, size);
        bad[at[i]] = (char)(bad[at[i]] ^ 4);
        put(path, bad, size);
        assert_false(run_hits());
        assert_true(run_hits()); /* and it was written anew */
    }
    for (i = 0; i < 5; i++) {
        const size_t sizes[] = {0, 10, 40, 200, size - 1};
        put(path, bytes, sizes[i]);
        assert_false(run_hits());
        assert_true(run_hits());
    }
    free(bad);
    encnet__free(bytes);
    encnet__free(path);
}

static void rebuilds_what_the_driver_rejects(void **state)
{
    encnet_device *dev;
    encnet__kernel *k;
    char *key;

    (void)state;
    dev = open_device();
    if (strcmp(dev->info.platform_name, "rusticl") == 0) { /* 22.3 aborts the process instead */
        encnet_device_close(dev);
        skip();
    }
    assert_ok(encnet__kernel_find(&k, dev, "relu", "relu_fwd", ""));
    key = encnet__strdup(k->program->key.data);
    encnet_device_close(dev);
    assert_true(run_hits());
    dev = open_device();
    encnet__cache_write(dev, "program", key, "not a program", 13); /* sound, but nonsense */
    encnet_device_close(dev);
    assert_false(run_hits());
    assert_true(run_hits());
    encnet__free(key);
}

static void keys_name_everything(void **state)
{
    encnet_device *dev = open_device();
    char *data;
    size_t size;

    (void)state;
    encnet__cache_write(dev, "choice", "shape 1", "packed", 6);
    assert_true(encnet__cache_read(&data, &size, dev, "choice", "shape 1"));
    assert_int_equal(size, 6);
    assert_string_equal(data, "packed");
    encnet__free(data);
    assert_false(encnet__cache_read(&data, &size, dev, "choice", "shape 2"));
    assert_false(encnet__cache_read(&data, &size, dev, "program", "shape 1"));
    dev->info.driver[0]++; /* another version of the driver */
    assert_false(encnet__cache_read(&data, &size, dev, "choice", "shape 1"));
    encnet__cache_write(dev, "choice", "shape 1", "tiled", 5);
    dev->info.driver[0]--;
    assert_true(encnet__cache_read(&data, &size, dev, "choice", "shape 1"));
    assert_string_equal(data, "packed");
    encnet__free(data);
    encnet_device_close(dev);
}

static void a_foreign_file_is_no_hit(void **state)
{
    encnet_device *dev = open_device();
    char *data, *path, *other;
    size_t size;

    (void)state;
    encnet__cache_write(dev, "choice", "a", "1", 1);
    path = only_entry();
    assert_ok(encnet__file_read(&other, &size, path, 1 << 20));
    unlink(path);
    encnet__free(path);
    encnet__cache_write(dev, "choice", "b", "2", 1);
    path = only_entry();
    put(path, other, size); /* sound, but of key "a" */
    encnet__free(other);
    assert_false(encnet__cache_read(&data, &size, dev, "choice", "b"));
    encnet__free(path);
    encnet_device_close(dev);
}

static void can_be_switched_off(void **state)
{
    encnet_device *dev;

    (void)state;
    setenv("ENCNET_CACHE", "0", 1);
    assert_false(run_hits());
    assert_false(run_hits());
    unsetenv("ENCNET_CACHE");
    assert_ok(encnet_device_open(&dev, &(encnet_device_options){.cache = false}));
    assert_null(dev->cache_dir);
    encnet_device_close(dev);
    assert_int_equal(mkdir(entries, 0700), 0);
}

static void an_unusable_folder_is_not_fatal(void **state)
{
    encnet_device *dev;
    char *file = encnet__path_join(root, "file");

    (void)state;
    put(file, "x", 1);
    setenv("ENCNET_CACHE_DIR", file, 1); /* a file where a folder should be */
    assert_false(run_hits());
    setenv("ENCNET_CACHE_DIR", "/proc/nowhere", 1);
    assert_false(run_hits());
    setenv("ENCNET_CACHE_DIR", root, 1);
    assert_int_equal(mkdir(entries, 0700), 0);
    chmod(entries, 0777); /* anybody could plant code here */
    assert_false(run_hits());
    assert_false(run_hits());
    chmod(entries, 0700);
    dev = open_device();
    assert_non_null(dev->cache_dir);
    chmod(root, 0700);
    encnet__cache_prune(entries, 0);
    assert_int_equal(rmdir(entries), 0); /* it vanishes while the device is open */
    encnet__cache_write(dev, "choice", "a", "1", 1);
    encnet_device_close(dev);
    assert_int_equal(mkdir(entries, 0700), 0);
    unlink(file);
    encnet__free(file);
}

static void the_oldest_go_first(void **state)
{
    char name[8], *path, data[1000] = {0};
    struct stat st;

    (void)state;
    assert_int_equal(mkdir(entries, 0700), 0);
    for (int i = 0; i < 10; i++) {
        struct timespec used[2] = {{.tv_sec = 1000 - i}, {.tv_sec = 1000 - i}};
        snprintf(name, sizeof name, "f%d", i);
        path = encnet__path_join(entries, name);
        put(path, data, sizeof data);
        assert_int_equal(utimensat(AT_FDCWD, path, used, 0), 0);
        encnet__free(path);
    }
    encnet__cache_prune(entries, 3500);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "f%d", i);
        path = encnet__path_join(entries, name);
        assert_int_equal(stat(path, &st) == 0, i < 3);
        encnet__free(path);
    }
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(comes_back_from_disk),
        CASE(rebuilds_what_is_damaged),
        CASE(rebuilds_what_the_driver_rejects),
        CASE(keys_name_everything),
        CASE(a_foreign_file_is_no_hit),
        CASE(can_be_switched_off),
        CASE(an_unusable_folder_is_not_fatal),
        CASE(the_oldest_go_first),
    };

    encnet_device_close(test_open_device());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
