/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_device.c - opening a device, memory, launches, and the messages of errors. */
#include "support/support.h"
#include "device/device.h"
#include "support/memory.h"

static encnet_device *dev;

static void lists_and_describes(void **state)
{
    encnet_device_info rows[8], info;
    int count = 0;

    (void)state;
    assert_ok(encnet_device_list(rows, 8, &count));
    assert_true(count >= 1);
    assert_int_equal(rows[0].index, 0);
    encnet_device_describe(dev, &info);
    assert_true(info.name[0] && info.platform_name[0] && info.driver[0]);
    assert_true(info.memory_bytes > 0 && info.max_alloc_bytes > 0 && info.units > 0);
    assert_ok(encnet_device_list(NULL, 0, &count));
    assert_fails(encnet_device_list(NULL, 3, &count), ENCNET_E_ARG, "");
}

static void opens_by_name(void **state)
{
    const char *good[] = {"", "0", "0:0"}, *bad[] = {"63", "7:0", "0:99", "no such thing", "1:"};
    char part[64] = "";
    encnet_device_info info;
    encnet_device *other;

    (void)state;
    encnet_device_describe(dev, &info);
    for (int i = 0; i < 6 && info.name[i]; i++) /* the first letters, upper case */
        part[i] =
            (char)(info.name[i] >= 'a' && info.name[i] <= 'z' ? info.name[i] - 32 : info.name[i]);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_ok(encnet_device_open(&other, &(encnet_device_options){.select = good[i]}));
        encnet_device_close(other);
    }
    assert_ok(encnet_device_open(&other, &(encnet_device_options){.select = part}));
    encnet_device_close(other);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        other = NULL;
        assert_fails(encnet_device_open(&other, &(encnet_device_options){.select = bad[i]}),
                     ENCNET_E_NO_DEVICE, info.name);
        assert_null(other);
        assert_non_null(strstr(encnet_last_error(), bad[i]));
    }
    encnet_device_close(NULL);
}

static void moves_memory(void **state)
{
    enum { N = 1000 };
    float in[N], out[N];
    encnet__buffer *a, *b, *view, *inner;
    size_t align = encnet__device_facts_of(dev)->align_bytes;
    encnet__memory_count before = encnet__device_memory(dev), after;

    (void)state;
    for (int i = 0; i < N; i++) in[i] = (float)i;
    assert_ok(encnet__buffer_new(&a, dev, sizeof in));
    assert_ok(encnet__buffer_new(&b, dev, sizeof in));
    assert_ok(encnet__write(a, 0, in, sizeof in));
    assert_ok(encnet__fill(b, -1.5f));
    assert_ok(encnet__copy(b, 40, a, 80, 400));
    assert_ok(encnet__read(out, b, 0, sizeof out));
    for (int i = 0; i < N; i++)
        assert_true(out[i] == (i >= 10 && i < 110 ? (float)(i + 10) : -1.5f));
    assert_ok(encnet__buffer_view(&view, a, align, 3 * align));
    assert_ok(encnet__buffer_view(&inner, view, align, align)); /* a view of a view */
    assert_ok(encnet__read(out, inner, 4, 4));
    assert_true(out[0] == (float)(2 * align / 4 + 1));
    assert_ok(encnet__fill(inner, 7.0f));
    assert_ok(encnet__read(out, a, 0, sizeof out));
    for (size_t i = 0; i < N; i++)
        assert_true(out[i] == (i >= 2 * align / 4 && i < 3 * align / 4 ? 7.0f : (float)i));
    after = encnet__device_memory(dev);
    assert_int_equal(after.bytes - before.bytes, 2 * sizeof in);
    assert_int_equal(after.buffers_made - before.buffers_made, 2);
    encnet__buffer_free(inner);
    encnet__buffer_free(view);
    encnet__buffer_free(b);
    encnet__buffer_free(a);
    encnet__buffer_free(NULL);
    assert_int_equal(encnet__device_memory(dev).bytes, before.bytes);
    assert_true(encnet__device_memory(dev).peak_bytes >= 2 * sizeof in);
}

static void refuses_wrong_ranges(void **state)
{
    char host[64] = {0};
    encnet__buffer *b, *view;
    size_t align = encnet__device_facts_of(dev)->align_bytes;

    (void)state;
    assert_fails(encnet__buffer_new(&b, dev, 0), ENCNET_E_INTERNAL, "");
    assert_ok(encnet__buffer_new(&b, dev, 4 * align));
    assert_fails(encnet__write(b, 4 * align - 8, host, 9), ENCNET_E_INTERNAL, "");
    assert_fails(encnet__read(host, b, 4 * align + 1, 0), ENCNET_E_INTERNAL, "");
    assert_fails(encnet__read(host, b, SIZE_MAX, 2), ENCNET_E_INTERNAL, "");
    assert_fails(encnet__copy(b, 0, b, 3 * align, 2 * align), ENCNET_E_INTERNAL, "");
    assert_fails(encnet__buffer_view(&view, b, align, 4 * align), ENCNET_E_INTERNAL, "");
    assert_fails(encnet__buffer_view(&view, b, 1, 4), ENCNET_E_INTERNAL, "multiple");
    encnet__buffer_free(b);
}

static void says_when_memory_is_short(void **state)
{
    encnet_device *small;
    encnet__buffer *a, *b = NULL;

    (void)state;
    assert_ok(encnet_device_open(&small, &(encnet_device_options){.memory_mb = 4}));
    assert_int_equal(encnet__device_facts_of(small)->memory_bytes, 4 << 20);
    assert_true(encnet__device_facts_of(small)->max_alloc_bytes <= 4 << 20);
    assert_ok(encnet__buffer_new(&a, small, 3 << 20));
    assert_fails(encnet__buffer_new(&b, small, 2 << 20), ENCNET_E_DEVICE, "2.0 MiB");
    assert_non_null(strstr(encnet_last_error(), "3.0 MiB are held"));
    assert_non_null(strstr(encnet_last_error(), "has 4.0 MiB"));
    encnet__buffer_free(a);
    assert_ok(encnet__buffer_new(&b, small, 4 << 20));
    encnet__buffer_free(b);
    encnet_device_close(small);
    assert_fails(encnet_device_open(&small, &(encnet_device_options){.conv = "packed,fast"}),
                 ENCNET_E_ARG, "device.conv = packed,fast: must be one or more of auto");
    assert_fails(encnet_device_open(&small, &(encnet_device_options){.memory_mb = -1}),
                 ENCNET_E_ARG, "");
}

static void launches_and_allocates_nothing_when_warm(void **state)
{
    enum { N = 777 };
    float in[N], out[N];
    encnet__buffer *x, *y;
    long allocations;

    (void)state;
    for (int i = 0; i < N; i++) in[i] = (float)(i - 400);
    assert_ok(encnet__buffer_new(&x, dev, sizeof in));
    assert_ok(encnet__buffer_new(&y, dev, sizeof in));
    assert_ok(encnet__write(x, 0, in, sizeof in));
    assert_ok(encnet__fill(y, -9.0f));
    assert_ok(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(N - 7, 64), BUF(y), BUF(x), UINT(N - 7)));
    assert_ok(encnet__read(out, y, 0, sizeof out));
    for (int i = 0; i < N; i++)
        assert_true(out[i] == (i >= N - 7 ? -9.0f : in[i] > 0 ? in[i] : 0.0f));
    allocations = memory_count();
    for (int i = 0; i < 10; i++) {
        char name[] = "relu_fwd"; /* another address, the same content */
        assert_ok(LAUNCH(dev, "relu", name, "", GRID1(N, 64), BUF(y), BUF(x), UINT(N)));
    }
    assert_ok(encnet__finish(dev));
    assert_int_equal(memory_count(), allocations);
    encnet__buffer_free(x);
    encnet__buffer_free(y);
}

/* Devices of one driver at work at once, one of them always on a wider grid than any before: PoCL
 * up to 5.0 counts the users of what it takes for one kernel wrongly then, and now and then ends
 * the process. */
static void works_beside_others(void **state)
{
    enum { DEVICES = 8, STEPS = 60, FIRST = 1 << 16, STEP = 1 << 8, MOST = FIRST + STEPS * STEP };
    const bool slow = test_is_oclgrind(dev);
    const int steps = slow ? 2 : STEPS, first = slow ? STEP : FIRST;
    encnet_device *devs[DEVICES];
    encnet__buffer *sums[DEVICES], *ones[DEVICES];
    static float out[MOST];

    (void)state;
    for (int d = 0; d < DEVICES; d++) {
        assert_ok(encnet_device_open(
            &devs[d], &(encnet_device_options){.select = getenv("TEST_DEVICE"), .cache = true}));
        assert_ok(encnet__buffer_new(&ones[d], devs[d], sizeof out));
        assert_ok(encnet__buffer_new(&sums[d], devs[d], sizeof out));
        assert_ok(encnet__fill(ones[d], 1.0f));
        assert_ok(encnet__fill(sums[d], 0.0f));
    }
    for (int group = 16; group <= (slow ? 16 : 256); group *= 2)
        for (int n = 0; n < steps; n++)
            for (int d = 0; d < DEVICES; d++) {
                int count = first + (d == DEVICES - 1 ? n + 1 : n) * STEP;
                assert_ok(LAUNCH(devs[d], "accumulate", "accumulate", "", GRID1(count, group),
                                 BUF(sums[d]), BUF(ones[d]), UINT(count)));
            }
    for (int d = 0; d < DEVICES; d++) {
        assert_ok(encnet__read(out, sums[d], 0, sizeof out));
        for (int i = 0; i < MOST; i++) {
            int narrow = i < first ? 0 : (i - first) / STEP + 1 - (d == DEVICES - 1);
            int got = narrow < steps ? steps - narrow : 0;
            assert_true(out[i] == (float)(slow ? got : 5 * got));
        }
        encnet__buffer_free(ones[d]);
        encnet__buffer_free(sums[d]);
        encnet_device_close(devs[d]);
    }
}

static void refuses_wrong_launches(void **state)
{
    encnet__buffer *x;
    encnet__grid none = {{0}, {64}}, huge = {{1}, {1 << 24}};

    (void)state;
    assert_ok(encnet__buffer_new(&x, dev, 256));
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x)),
                 ENCNET_E_INTERNAL, "relu.cl: relu_fwd takes 3 arguments, not 2");
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", GRID1(64, 64), BUF(x), BUF(x), INT(64)),
                 ENCNET_E_INTERNAL, "argument 2 of relu_fwd is uint, not int");
    assert_fails(LAUNCH(dev, "relu", "relu_sideways", "", GRID1(64, 64), BUF(x)), ENCNET_E_INTERNAL,
                 "relu.cl has no kernel relu_sideways");
    assert_fails(LAUNCH(dev, "no_such", "k", "", GRID1(64, 64), BUF(x)), ENCNET_E_KERNEL,
                 "cl/no_such.cl");
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", none, BUF(x), BUF(x), UINT(64)),
                 ENCNET_E_INTERNAL, "");
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "", huge, BUF(x), BUF(x), UINT(64)),
                 ENCNET_E_DEVICE, "CL_INVALID_WORK_");
    encnet__buffer_free(x);
}

static void names_the_line_that_does_not_compile(void **state)
{
    encnet__buffer *x;
    char *log, path[512];
    size_t size;
    const char *at;

    (void)state;
    assert_ok(encnet__buffer_new(&x, dev, 256));
    assert_fails(LAUNCH(dev, "relu", "relu_fwd", "-Dcount=nonsense+", GRID1(64, 64), BUF(x), BUF(x),
                        UINT(64)),
                 ENCNET_E_KERNEL, "relu.cl does not compile for ");
    if (!test_is_oclgrind(dev)) assert_non_null(strstr(encnet_last_error(), "cl/relu.cl:"));
    at = strstr(encnet_last_error(), "log: ");
    assert_non_null(at);
    snprintf(path, sizeof path, "%s", at + 5);
    path[strcspn(path, ")")] = '\0';
    assert_ok(encnet__file_read(&log, &size, path, 1 << 20));
    assert_non_null(strstr(log, "nonsense+"));
    encnet__free(log);
    remove(path);
    encnet__buffer_free(x);
}

static void times_kernels(void **state)
{
    enum { LAUNCHES = 1200 }; /* more than are ever pending */
    encnet_device *timed;
    encnet_profile_row rows[4];
    encnet__buffer *x;
    long allocations;
    int count;

    (void)state;
    assert_ok(encnet_device_open(
        &timed, &(encnet_device_options){.select = getenv("TEST_DEVICE"), .profile = true}));
    assert_ok(encnet__buffer_new(&x, timed, 4096));
    assert_ok(encnet__fill(x, 1.0f));
    assert_ok(LAUNCH(timed, "relu", "relu_bwd", "", GRID1(9, 64), BUF(x), BUF(x), BUF(x), UINT(9)));
    allocations = memory_count();
    for (int i = 1; i < LAUNCHES; i++)
        assert_ok(
            LAUNCH(timed, "relu", "relu_bwd", "", GRID1(9, 64), BUF(x), BUF(x), BUF(x), UINT(9)));
    assert_int_equal(memory_count(), allocations);
    assert_ok(LAUNCH(timed, "relu", "relu_fwd", "", GRID1(1024, 64), BUF(x), BUF(x), UINT(1024)));
    assert_ok(
        LAUNCH(timed, "relu", "relu_fwd", "-DVEC=2", GRID1(512, 64), BUF(x), BUF(x), UINT(1024)));
    assert_ok(encnet_device_profile(timed, rows, 4, &count));
    assert_int_equal(count, 2);
    assert_true(rows[0].seconds >= rows[1].seconds && rows[1].seconds > 0);
    for (int i = 0; i < 2; i++) {
        bool forward = strcmp(rows[i].kernel, "relu_fwd") == 0;
        assert_string_equal(rows[i].program, "relu");
        assert_int_equal(rows[i].launches, forward ? 2 : LAUNCHES);
    }
    assert_ok(encnet_device_profile(timed, NULL, 0, &count));
    assert_int_equal(count, 2);
    encnet__buffer_free(x);
    encnet_device_close(timed);
    assert_ok(encnet_device_profile(dev, NULL, 0, &count)); /* not asked for */
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_describes),
        cmocka_unit_test(opens_by_name),
        cmocka_unit_test(moves_memory),
        cmocka_unit_test(refuses_wrong_ranges),
        cmocka_unit_test(says_when_memory_is_short),
        cmocka_unit_test(launches_and_allocates_nothing_when_warm),
        cmocka_unit_test(works_beside_others),
        cmocka_unit_test(refuses_wrong_launches),
        cmocka_unit_test(names_the_line_that_does_not_compile),
        cmocka_unit_test(times_kernels),
    };
    int failed;

    dev = test_open_device();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(dev);
    return failed;
}
