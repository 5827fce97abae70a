/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_advice.c - labels that cannot be right, and which key the advice names. */
#include "data_test.h"
#include "data/advice.h"

/* A data set of one label with these values, of which the first is repeated. */
static void put_label(const char *root, const char *split, const int *values, int n)
{
    char image[64], label[64];
    int all[16];

    for (int i = 0; i < 16; i++) all[i] = values[i < n ? i : 0];
    snprintf(image, sizeof image, "images/%s/a.png", split);
    snprintf(label, sizeof label, "annotations/%s/a.png", split);
    put_plain(root, image, 4, 4, 3, 0);
    put_values(root, label, all);
}

typedef struct sample {
    int n, values[16], classes;
    const char *ignore, *ids;
    bool reduce;
    const char *sentence; /* NULL: nothing is said */
} sample;

static encnet_options options_of(const char *root, const sample *s)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.classes = s->classes;
    o.data.type = "folder";
    o.data.root = root;
    o.data.ignore_labels = s->ignore ? s->ignore : "";
    o.data.label_ids = s->ids ? s->ids : "";
    o.data.reduce_zero_label = s->reduce;
    return o;
}

static void ids(void **state)
{
    static const sample samples[] = {
        {3, {0, 1, 2}, 3},
        {4, {0, 1, 2, 255}, 3, "255"},
        {3,
         {1, 2, 3},
         3,
         .sentence = "ids 1-3, but model.classes = 3 makes ids 0-2 classes: ids that "
                     "begin at 1: data.reduce_zero_label = yes takes one"},
        {4, {1, 2, 3, 255}, 3, .sentence = "ids 1-3 and 255, but"},
        {4,
         {1, 2, 3, 4},
         3,
         .sentence = "data.reduce_zero_label = yes takes one from each, and they are "
                     "model.classes = 4"},
        {4,
         {0, 1, 2, 3},
         3,
         .sentence = "they are model.classes = 4; if it counts for nothing, "
                     "data.reduce_zero_label = yes"},
        {2,
         {0, 255},
         2,
         .sentence = "ids 0 and 255, which counts for nothing (6.2 % of the pixels): if it "
                     "is a class, data.label_ids = 0,255 makes them classes 0-1"},
        {2, {0, 255}, 2, .ids = "0,255"},
        {3,
         {0, 128, 255},
         3,
         .sentence = "data.label_ids = 0,128,255 makes them classes 0-2; they are "
                     "multiples of 128"},
        {4,
         {0, 85, 170, 255},
         4,
         .sentence = "data.label_ids = 0,85,170,255 makes them classes 0-3"},
        {3, {0, 50, 100}, 3, .sentence = "multiples of 50"},
        {3,
         {29, 76, 150},
         3,
         .sentence = "ids 29, 76, 150, but model.classes = 3 makes ids 0-2 classes: "
                     "data.label_ids = 29,76,150"},
        {4,
         {0, 7, 9, 30},
         2,
         .sentence = "if each is a class, model.classes = 4 and data.label_ids = 0,7,9,30"},
        {4, {0, 1, 2, 3}, 2, .sentence = "if each id is a class, model.classes = 4"},
        {4, {0, 30, 200, 255}, 2, .sentence = "a mask of 0 and 255 whose edges were resized"},
        {4, {0, 1, 2, 254}, 3, .sentence = "data.ignore_labels = 254"},
        {2, {0, 1}, 2, .ids = "0,2", .sentence = "data.label_ids does not name them all"},
        {3, {1, 2, 255}, 3, .sentence = "no pixel is class 0: if ids begin at 1"},
        {3,
         {0, 1, 2},
         3,
         .reduce = true,
         .sentence = "none 3: with data.reduce_zero_label = yes id 0"},
        {4,
         {1, 2, 3, 4},
         3,
         .reduce = true,
         .sentence = "ids 1-4, but model.classes = 3 with "
                     "data.reduce_zero_label = yes makes ids 1-3"},
    };
    char root[256];

    (void)state;
    folder_make(root);
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        const sample *s = &samples[i];
        encnet_options o = options_of(root, s);
        encnet_data_summary *summary = calloc(1, sizeof *summary);
        put_label(root, "train", s->values, s->n);
        put_label(root, "val", s->values, s->n);
        (void)!encnet_data_check(&o, summary, NULL, NULL, NULL);
        if (!s->sentence && *summary->advice) fail_msg("sample %zu: %s", i, summary->advice);
        if (s->sentence && !strstr(summary->advice, s->sentence))
            fail_msg("sample %zu: %s lacks %s", i, summary->advice, s->sentence);
        encnet_data_summary_free(summary);
        free(summary);
    }
    folder_remove(root);
}

static void classes(void **state)
{
    static const sample all = {3, {0, 1, 2}, 3}, none = {1, {255}, 3, "255"},
                        one = {2, {1, 255}, 3, "255"};
    static const sample two = {2, {0, 1}, 3};
    encnet_data_summary *sum = calloc(1, sizeof *sum);
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, &one);
    put_label(root, "train", all.values, 3);
    put_label(root, "val", two.values, 2);
    assert_ok(encnet_data_check(&o, sum, NULL, NULL, NULL));
    assert_string_equal(sum->advice,
                        "1 of 3 classes have no pixel in the validation split: 2 class_2\n");
    assert_string_equal(sum->class_name[2], "class_2");
    put_label(root, "val", none.values, 1);
    encnet_data_summary_free(sum);
    assert_fails(encnet_data_check(&o, sum, NULL, NULL, NULL), ENCNET_E_DATA,
                 "no pixel of the 1 validation labels is of a class: all are ignored");
    encnet_data_summary_free(sum);
    put_label(root, "val", all.values, 3);
    put_label(root, "train", one.values, 2);
    assert_fails(
        encnet_data_check(&o, sum, NULL, NULL, NULL), ENCNET_E_DATA,
        "2 of 3 classes have no pixel in the training split: 0 class_0, 2 class_2; with one class "
        "there is nothing to learn");
    encnet_data_summary_free(sum);
    free(sum);
    folder_remove(root);
}

/* A training looks before it begins. */
static void a_look(void **state)
{
    static const sample from_one = {3, {1, 2, 3}, 3}, fine = {3, {0, 1, 2}, 3};
    encnet_options o;
    encnet__dataset *d;
    encnet__text advice = {0};
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, &fine);
    put_label(root, "train", fine.values, 3);
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_ok(encnet__data_look(&advice, d, &o));
    assert_int_equal(advice.size, 0);
    put_label(root, "train", from_one.values, 3);
    assert_fails(encnet__data_look(&advice, d, &o), ENCNET_E_DATA,
                 "data.reduce_zero_label = yes takes");
    /* of two lines, the one that ends it */
    encnet__text_free(&advice);
    put_label(root, "train", (const int[]){255}, 1);
    assert_fails(encnet__data_look(&advice, d, &o), ENCNET_E_DATA, "no pixel of");
    assert_null(strstr(encnet_last_error(), "have the id 255"));
    assert_non_null(strstr(advice.data, "have the id 255"));
    encnet__text_free(&advice);
    encnet__dataset_close(d);
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(classes),
        cmocka_unit_test(a_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
