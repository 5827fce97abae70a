/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_check.c - an exported data set reads back the same, and a check lists every problem. */
#include "data_test.h"

typedef struct heard {
    int lines, progress, last, all;
    char text[16][512];
} heard;

static void on_problem(void *user, const char *line)
{
    heard *h = user;

    if (h->lines < 16) snprintf(h->text[h->lines], sizeof h->text[0], "%s", line);
    h->lines++;
}

static void on_progress(void *user, int done, int all)
{
    heard *h = user;

    h->progress++;
    h->last = done;
    h->all = all;
}

static encnet_options drawn(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.classes = 6;
    o.data.type = "synthetic";
    o.data.width = 50;
    o.data.height = 34;
    o.data.train_count = 5;
    o.data.val_count = 3;
    return o;
}

static void exported_folders_hold_the_same(void **state)
{
    encnet_options o = drawn(), folder = drawn();
    encnet__picture image[2] = {{0}}, label[2] = {{0}};
    encnet__class a[6], b[6];
    encnet_data_summary sum[2] = {{.problems = 0}};
    encnet__dataset *d[2];
    heard h = {0};
    char root[256];

    (void)state;
    folder_make(root);
    assert_ok(encnet_data_export(&o, in(root, "x"), on_progress, &h));
    assert_int_equal(h.progress, 8);
    assert_int_equal(h.last, 8);
    assert_int_equal(h.all, 8);
    folder.data.type = "folder";
    folder.data.root = in(root, "x");
    folder.data.classes_file = "classes.csv";
    for (int split = 0; split < 2; split++) {
        assert_ok(encnet__dataset_open(&d[0], &o, (encnet__split)split));
        assert_ok(encnet__dataset_open(&d[1], &folder, (encnet__split)split));
        assert_int_equal(encnet__dataset_size(d[0]), encnet__dataset_size(d[1]));
        for (int i = 0; i < encnet__dataset_size(d[0]); i++) {
            assert_string_equal(encnet__dataset_name(d[0], i), encnet__dataset_name(d[1], i));
            for (int k = 0; k < 2; k++)
                assert_ok(encnet__dataset_read(d[k], i, &image[k], &label[k]));
            assert_int_equal(crc_of_picture(&image[0]), crc_of_picture(&image[1]));
            assert_int_equal(crc_of_picture(&label[0]), crc_of_picture(&label[1]));
        }
        encnet__dataset_close(d[0]);
        encnet__dataset_close(d[1]);
    }
    assert_ok(encnet__classes_of(a, &o));
    assert_ok(encnet__classes_of(b, &folder));
    for (int i = 0; i < 6; i++) {
        assert_string_equal(a[i].name, b[i].name);
        assert_memory_equal(a[i].rgb, b[i].rgb, 3);
    }
    assert_ok(encnet_data_check(&o, &sum[0], NULL, NULL, NULL));
    assert_ok(encnet_data_check(&folder, &sum[1], NULL, NULL, NULL));
    assert_memory_equal(sum[0].pixels, sum[1].pixels, sizeof sum[0].pixels);
    assert_int_equal(sum[0].images[0], 5);
    assert_int_equal(sum[1].images[1], 3);
    encnet_data_summary_free(&sum[0]);
    encnet_data_summary_free(&sum[1]);
    for (int k = 0; k < 2; k++) {
        encnet__picture_free(&image[k]);
        encnet__picture_free(&label[k]);
    }
    folder_remove(root);
}

/* Five faults of five kinds in two splits, all found in one go, and the good pixels counted. */
static void every_problem_is_listed(void **state)
{
    static const char *const expected[] = {
        "names.csv: class 3 is missing", "train/only.png: has no label",
        "val/stray.png: a label without", "train/bad.png: neither PNG nor JPEG",
        "id 9 is none of the 4 classes (4 pixels"};
    encnet_options o = drawn();
    encnet_data_summary sum = {.problems = 0};
    heard h = {0};
    char root[256];

    (void)state;
    folder_make(root);
    put_text(root, "names.csv", "0,a\n1,b\n2,c\n");
    put_plain(root, "images/train/a.png", 2, 3, 3, 0);
    put_plain(root, "annotations/train/a.png", 2, 3, 1, 3);
    put_text(root, "images/train/bad.png", "?");
    put_plain(root, "annotations/train/bad.png", 2, 3, 1, 0);
    put_plain(root, "images/train/only.png", 2, 3, 3, 0);
    put_plain(root, "images/val/b.png", 2, 2, 3, 0);
    put_plain(root, "annotations/val/b.png", 2, 2, 1, 9);
    put_plain(root, "annotations/val/stray.png", 2, 2, 1, 0);
    o.data.type = "folder";
    o.data.root = root;
    o.data.classes_file = "names.csv";
    o.model.classes = 4;
    assert_fails(encnet_data_check(&o, &sum, on_problem, on_progress, &h), ENCNET_E_DATA,
                 "5 problems in the data");
    assert_int_equal(sum.problems, 5);
    assert_int_equal(h.lines, 5);
    for (int i = 0; i < 5; i++)
        if (!strstr(h.text[i], expected[i]))
            fail_msg("\"%s\" lacks \"%s\"", h.text[i], expected[i]);
    for (int i = 0; i < 5; i++)
        if (strstr(h.text[i], "--check-data"))
            fail_msg("\"%s\" advises to do what is being done", h.text[i]);
    assert_int_equal(sum.images[0], 2);
    assert_int_equal(sum.images[1], 1);
    assert_int_equal(sum.pixels[3], 6);
    encnet_data_summary_free(&sum);
    assert_int_equal(h.progress, 3);
    folder_remove(root);
}

static void export_into_nowhere(void **state)
{
    encnet_options o = drawn();

    (void)state;
    assert_fails(encnet_data_export(&o, "/dev/null/x", NULL, NULL), ENCNET_E_IO, "/dev/null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exported_folders_hold_the_same),
        cmocka_unit_test(every_problem_is_listed),
        cmocka_unit_test(export_into_nowhere),
    };

    return cmocka_run_group_tests_name("check and export", tests, NULL, NULL);
}
