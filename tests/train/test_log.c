/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_log.c - event records against TensorBoard's own bytes; the text and JSON logs line by line.
 */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "train/train.h"

static void hex_is(const encnet__text *t, const char *hex)
{
    char got[512] = "";

    for (size_t i = 0; i < t->size; i++)
        snprintf(got + 2 * i, 3, "%02x", (unsigned char)t->data[i]);
    assert_string_equal(got, hex);
}

/* bytes that TensorBoard's own writer makes of the same events */
static void events_are_tensorboards(void **state)
{
    encnet__text t = {0};
    encnet__scalar half = {"loss", 0.5};

    (void)state;
    assert_int_equal(encnet__crc(ENCNET__CRC32C, 0, "123456789", 9), 0xe3069283u);
    encnet__event_version(&t, 1.0);
    hex_is(&t, "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a");
    t.size = 0;
    encnet__event_scalars(&t, 2.0, 50, "train", &half, 1);
    hex_is(
        &t,
        "200000000000000029eda95009000000000000004010322a130a110a0a747261696e2f6c6f7373150000003f"
        "216d0421");
    encnet__text_free(&t);
}

static uint64_t little(const char *p, int n)
{
    uint64_t v = 0;

    while (n--) v = v << 8 | (unsigned char)p[n];
    return v;
}

/* Walks the records: lengths and checksums hold to the last byte.  Returns how many there are. */
static int count_records(const encnet__text *t)
{
    size_t at = 0;
    int n = 0;

    for (; at < t->size; n++) {
        uint64_t size = little(t->data + at, 8);
        uint32_t crc = encnet__crc(ENCNET__CRC32C, 0, t->data + at + 12, (size_t)size);
        crc = (crc >> 15 | crc << 17) + 0xa282ead8u;
        assert_int_equal(little(t->data + at + 12 + size, 4), crc);
        at += 16 + (size_t)size;
    }
    assert_int_equal(at, t->size);
    return n;
}

static void long_events_hold_together(void **state)
{
    static char png[70000];
    encnet__text t = {0};
    encnet__scalar many[20];

    (void)state;
    for (int i = 0; i < 20; i++) many[i] = (encnet__scalar){"decode.loss_seg", i};
    encnet__event_scalars(&t, 2.0, 1, "train", many, 20);
    encnet__event_image(&t, 2.0, 300, "val/overlay", 480, 360, png, sizeof png);
    encnet__event_start(&t, 2.0, 31);
    assert_int_equal(count_records(&t), 3);
    encnet__text_free(&t);
}

static char *contents(const char *name)
{
    char path[128], *text;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_ok(encnet__file_read(&text, &size, path, 100000));
    return text;
}

static void write_records(int first, const encnet_train_hooks *hooks)
{
    encnet__scalar terms[] = {
        {"decode.loss_seg", 2.0 / 3}, {"decode.acc_seg", 12.5}, {"loss", 1.0}};
    encnet__train_record r = {.iter = first,
                              .max_iters = 400,
                              .epoch = 2,
                              .lr = 0.009989,
                              .seconds_left = 93784,
                              .seconds = 0.9334,
                              .data_seconds = 0.01,
                              .memory_mib = 8620,
                              .terms = terms,
                              .n_terms = 3};
    encnet_scores scores = {.aacc = 90,
                            .miou = 100.0 / 3,
                            .macc = NAN,
                            .mdice = 50,
                            .mfscore = 49,
                            .mprecision = 48,
                            .mrecall = NAN,
                            .kappa = 75};
    encnet__log *l = NULL;

    assert_ok(encnet__log_open(&l, dir, "demo", true, first, hooks));
    encnet__log_meta(l, "demo", "line\nline", 3, "[model]\n");
    encnet__log_train(l, &r);
    encnet__log_val(l, first, 2, 0.009989, &scores);
    encnet__log_close(l);
}

static void lines_are_mmcvs(void **state)
{
    encnet_train_hooks hooks = {.log = hear};
    char *text, *json;

    (void)state;
    write_records(50, &hooks);
    text = contents("demo.log");
    json = contents("demo.log.json");
    assert_string_equal(text, heard);
    assert_non_null(strstr(
        text, " - encnet - INFO - Iter [50/400]\tlr: 9.989e-03, eta: 1 day, 2:03:04, time: 0.933, "
              "data_time: 0.010, memory: 8620, decode.loss_seg: 0.6667, decode.acc_seg: 12.5000, "
              "loss: 1.0000\n"));
    assert_non_null(strstr(text,
                           "Iter(val) [50]\taAcc: 0.9000, mIoU: 0.3333, mAcc: nan, mDice: 0.5000, "
                           "mFscore: 0.4900, mPrecision: 0.4800, mRecall: nan, Kappa: "
                           "0.7500\n"));
    assert_non_null(strstr(json, "{\"env_info\": \"line\\nline\", "));
    assert_non_null(
        strstr(json, "\"seed\": 3, \"exp_name\": \"demo\", \"config\": \"[model]\\n\"}\n"));
    assert_non_null(strstr(
        json, "{\"mode\": \"train\", \"epoch\": 2, \"iter\": 50, \"step\": 50, \"lr\": 0.009989, "
              "\"memory\": 8620, "
              "\"data_time\": 0.01000, \"decode.loss_seg\": 0.666666667, \"decode.acc_seg\": 12.5, "
              "\"loss\": 1, \"time\": 0.93340}\n"));
    assert_non_null(strstr(
        json, "{\"mode\": \"val\", \"epoch\": 2, \"iter\": 50, \"step\": 50, \"lr\": 0.009989, "
              "\"aAcc\": 0.9, \"mIoU\": 0.333333333, \"mAcc\": null, \"mDice\": 0.5, \"mFscore\": "
              "0.49, \"mPrecision\": 0.48, \"mRecall\": null, \"Kappa\": 0.75}\n"));
    encnet__free(text);
    encnet__free(json);
}

/* The second start goes on in the same files, behind the last whole line. */
static void a_torn_line_is_cut(void **state)
{
    char path[128], *before, *after;
    FILE *f;

    (void)state;
    write_records(50, NULL);
    before = contents("demo.log.json");
    snprintf(path, sizeof path, "%s/demo.log.json", dir);
    f = fopen(path, "a");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++) fputs("{\"mode", f);
    fclose(f);
    write_records(100, NULL);
    after = contents("demo.log.json");
    assert_memory_equal(after, before, strlen(before));
    assert_non_null(strstr(after + strlen(before), "\"iter\": 100"));
    assert_null(strstr(after, "{\"mode{"));
    encnet__free(before);
    encnet__free(after);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, remove_dir)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_tensorboards),
        cmocka_unit_test(long_events_hold_together),
        TEST(lines_are_mmcvs),
        TEST(a_torn_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
