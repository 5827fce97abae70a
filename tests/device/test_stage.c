/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_stage.c - copies from buffers to the host and back, in place and through pinned memory. */
#include "support/support.h"

#include "device/device.h"

enum { FLOATS = 10007 };

static encnet__buffer *buffer;

static int set_up(void **state)
{
    if (test_device_set_up(state) != 0) return -1;
    assert_ok(encnet__buffer_new(&buffer, test_device, FLOATS * sizeof(float)));
    return 0;
}

static int tear_down(void **state)
{
    encnet__buffer_free(buffer);
    return test_device_tear_down(state);
}

static void there_and_back(void)
{
    static float now[FLOATS];
    encnet__stage s;

    assert_ok(encnet__fill(buffer, 1));
    assert_ok(encnet__stage_new(&s, buffer));
    for (int round = 1; round <= 3; round++) {
        assert_ok(encnet__stage_begin(&s));
        assert_ok(encnet__stage_wait(&s));
        for (int i = 0; i < FLOATS; i++) {
            assert_true(s.host[i] == (float)(round == 1 ? 1 : round * 1000000 + i));
            s.host[i] = (float)((round + 1) * 1000000 + i - 1);
        }
        assert_ok(encnet__stage_end(&s));
        assert_ok(encnet__read(now, buffer, 0, sizeof now)); /* what is enqueued next sees it */
        for (int i = 0; i < FLOATS; i++)
            assert_true(now[i]++ == (float)((round + 1) * 1000000 + i - 1));
        assert_ok(encnet__write(buffer, 0, now, sizeof now));
    }
    encnet__stage_free(&s);
}

static void freed_on_the_way(void)
{
    encnet__stage s;
    float now;

    for (int waits = 0; waits <= 1; waits++) {
        assert_ok(encnet__fill(buffer, 7));
        assert_ok(encnet__stage_new(&s, buffer));
        assert_ok(encnet__stage_begin(&s));
        if (waits) assert_ok(encnet__stage_wait(&s));
        encnet__stage_free(&s);
        encnet__stage_free(&s); /* zeroed by now */
        assert_ok(encnet__read(&now, buffer, 0, sizeof now));
        assert_true(now == 7);
    }
}

/* The facts belong to the device, which is not const; only this view of them is. */
static void take_for_cpu(bool is_cpu)
{
    ((encnet__device_facts *)encnet__device_facts_of(test_device))->is_cpu = is_cpu;
}

static void as_it_is(void **state)
{
    (void)state;
    there_and_back();
    freed_on_the_way();
}

static void as_the_other_kind(void **state)
{
    bool is_cpu = encnet__device_facts_of(test_device)->is_cpu;

    (void)state;
    take_for_cpu(!is_cpu);
    there_and_back();
    freed_on_the_way();
    take_for_cpu(is_cpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_it_is),
        cmocka_unit_test(as_the_other_kind),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
