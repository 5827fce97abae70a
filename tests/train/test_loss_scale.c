/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_loss_scale.c - which gradients are finite, and what becomes of the scale. */
#include "train/loss_scale.h"

#include <math.h>
#include "support/support.h"

static encnet_status step(encnet__train_state *s, bool finite, int times)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < times && rc == ENCNET_OK; i++) rc = encnet__loss_scale_adapt(s, finite);
    return rc;
}

static void halves_and_doubles(void **state)
{
    encnet__train_state s = {.loss_scale = 65536};

    (void)state;
    assert_ok(step(&s, true, 1999));
    assert_true(s.loss_scale == 65536);
    assert_int_equal(s.scaled_steps, 1999);
    assert_ok(step(&s, true, 1));
    assert_true(s.loss_scale == 131072);
    assert_int_equal(s.scaled_steps, 0);
    assert_ok(step(&s, true, 1999));
    assert_ok(step(&s, false, 1));
    assert_true(s.loss_scale == 65536);
    assert_int_equal(s.scaled_steps, 0);
    assert_ok(step(&s, false, 16));
    assert_true(s.loss_scale == 1);
    s.iter = 40;
    assert_fails(step(&s, false, 1), ENCNET_E_DIVERGED,
                 "iteration 41: gradients are not finite, and the loss scale is 1");
}

/* Two weights in one bucket: a group reads 4096 numbers, and 4099 of 64 leave a tail. */
static void finds_what_is_not_finite(void **state)
{
    static const float bad[] = {INFINITY, -INFINITY, NAN};
    static const int places[] = {0, 3, 63, 64, 4095, 4096, 4098};
    encnet_device *dev = test_open_device();
    encnet__weights *w;
    encnet__buffer *answer;
    encnet__param *p;
    float host[4099];
    bool finite;

    (void)state;
    assert_ok(encnet__weights_new(&w, dev));
    for (int i = 0; i < 2; i++)
        encnet__weights_declare(w, i ? "b" : "a", ENCNET__VECTOR, (int[]){4099}, true,
                                (encnet__init){ENCNET__INIT_CONSTANT, 0, 0});
    assert_ok(encnet__weights_allocate(w, ENCNET__FOR_TRAINING));
    assert_ok(encnet__buffer_new(&answer, dev, sizeof(int32_t)));
    for (int i = 0; i < 4099; i++) host[i] = i & 1 ? 3e38f : -1e-42f;
    for (int i = 0; i < 2; i++)
        assert_ok(encnet__write(encnet__weights_at(w, i)->grad, 0, host, sizeof host));
    assert_ok(encnet__gradients_finite(&finite, w, dev, answer));
    assert_true(finite);
    for (size_t i = 0; i < 2 * COUNT_OF(places); i++) {
        float was = host[places[i / 2]];
        p = encnet__weights_at(w, i & 1);
        host[places[i / 2]] = bad[i % 3];
        assert_ok(encnet__write(p->grad, 0, host, sizeof host));
        assert_ok(encnet__gradients_finite(&finite, w, dev, answer));
        if (finite)
            fail_msg("%g at %d of weight %d is missed", (double)bad[i % 3], places[i / 2],
                     (int)(i & 1));
        host[places[i / 2]] = was;
        assert_ok(encnet__write(p->grad, 0, host, sizeof host));
    }
    assert_ok(encnet__gradients_finite(&finite, w, dev, answer));
    assert_true(finite);
    encnet__buffer_free(answer);
    encnet__weights_free(w);
    encnet_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_and_doubles),
        cmocka_unit_test(finds_what_is_not_finite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
