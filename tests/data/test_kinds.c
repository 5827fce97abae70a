/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_kinds.c - every kind of data set reads the small one of its kind in golden/data/datasets.
 *
 * Those files say what lies where and what is read:
 *
 *   classes N                              how many there are, or, for a kind with any number, how many to ask for
 *   class INDEX SUBMIT_ID R,G,B NAME       some of them
 *   image PATH                             a picture of 4 x 4 pixels below data.root
 *   label PATH 16 VALUES                   a label of 4 x 4 pixels
 *   list PATH NAME ...                     a file of names, one a line
 *   bytes PATH COUNTxHH ...                any other file, as runs of a byte
 *   train NAME [CLASSES]                   the next sample of the training split, and all pixels of its label,
 *                                          or the one class of a whole image
 *   val NAME [CLASSES]                     the same of the validation split
 */
#include "data_test.h"
#include "options/options.h"

enum { SIDE = 4, PIXELS = SIDE * SIDE, MOST = 240 };

/* One line of a golden file: its first word, and what follows. */
typedef struct line {
    char word[16], rest[MOST];
} line;

typedef struct golden_set {
    line lines[64];
    int n, classes;
    char root[256];
} golden_set;

static void load(golden_set *set, const char *kind)
{
    char path[128], text[MOST];
    FILE *f;

    *set = (golden_set){.n = 0};
    snprintf(path, sizeof path, "datasets/%s.txt", kind);
    f = golden(path);
    while (fgets(text, sizeof text, f)) {
        line *l = &set->lines[set->n];
        if (text[0] == '#') continue;
        assert_true(set->n < (int)COUNT_OF(set->lines));
        assert_int_equal(sscanf(text, "%15s %239[^\n]", l->word, l->rest), 2);
        if (strcmp(l->word, "classes") == 0) set->classes = atoi(l->rest);
        set->n++;
    }
    fclose(f);
}

/* Splits "PATH v v v ..." into the path and at most 16 values, and returns how many there are. */
static int split_values(char path[MOST], int values[PIXELS], const char *text)
{
    int used, more, n = 0;

    assert_int_equal(sscanf(text, "%239s%n", path, &used), 1);
    for (; n < PIXELS && sscanf(text + used, "%d%n", &values[n], &more) == 1; n++) used += more;
    return n;
}

/* Writes "PATH 1x05 3072x80": a byte 05, then 3072 bytes 80. */
static void put_runs(const char *root, const char *text)
{
    encnet__text bytes = {0};
    char path[MOST];
    int used, more, count;
    unsigned byte;

    assert_int_equal(sscanf(text, "%239s%n", path, &used), 1);
    for (; sscanf(text + used, "%dx%2x%n", &count, &byte, &more) == 2; used += more)
        while (count-- > 0) encnet__text_little(&bytes, byte, 1);
    assert_false(bytes.failed);
    put_bytes(root, path, bytes.data, bytes.size);
    encnet__text_free(&bytes);
}

/* Writes "PATH NAME NAME ...": each name is a line. */
static void put_list(const char *root, const char *text)
{
    char path[MOST], names[MOST];

    assert_int_equal(sscanf(text, "%239s %239[^\n]", path, names), 2);
    for (char *at = names; (at = strchr(at, ' ')) != NULL;) *at = '\n';
    put_text(root, path, names);
}

static void put_files(const golden_set *set)
{
    for (int i = 0; i < set->n; i++) {
        const line *l = &set->lines[i];
        int values[PIXELS];
        char path[MOST];

        if (strcmp(l->word, "image") == 0) {
            /* a PNG whatever its name, because a format is recognised by the content */
            put_plain(set->root, l->rest, SIDE, SIDE, 3, 0);
        } else if (strcmp(l->word, "label") == 0) {
            assert_int_equal(split_values(path, values, l->rest), PIXELS);
            put_values(set->root, path, values);
        } else if (strcmp(l->word, "list") == 0) {
            put_list(set->root, l->rest);
        } else if (strcmp(l->word, "bytes") == 0) {
            put_runs(set->root, l->rest);
        }
    }
}

static void check_classes(const golden_set *set, const encnet_options *o)
{
    encnet__class classes[ENCNET_MAX_CLASSES];
    int checked = 0;

    assert_ok(encnet__classes_of(classes, o));
    for (int i = 0; i < set->n; i++) {
        int index, id, rgb[3];
        char name[64];
        if (strcmp(set->lines[i].word, "class") != 0) continue;
        assert_int_equal(sscanf(set->lines[i].rest, "%d %d %d,%d,%d %63[^\n]", &index, &id, &rgb[0],
                                &rgb[1], &rgb[2], name),
                         6);
        assert_in_range(index, 0, set->classes - 1);
        assert_string_equal(classes[index].name, name);
        assert_int_equal(classes[index].submit_id, id);
        for (int c = 0; c < 3; c++) assert_int_equal(classes[index].rgb[c], rgb[c]);
        checked++;
    }
    assert_in_range(checked, 2, set->classes);
}

/* The samples are those of the lines that begin with `word`, in this order. */
static void check_split(const golden_set *set, const encnet_options *o, encnet__split split,
                        const char *word)
{
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    int next = 0;

    assert_ok(encnet__dataset_open(&d, o, split));
    for (int i = 0; i < set->n; i++) {
        int values[PIXELS], n;
        char name[MOST];
        if (strcmp(set->lines[i].word, word) != 0) continue;
        n = split_values(name, values, set->lines[i].rest);
        assert_in_range(next, 0, encnet__dataset_size(d) - 1);
        assert_string_equal(encnet__dataset_name(d, next), name);
        assert_ok(encnet__dataset_read(d, next++, &image, &label));
        assert_int_equal(image.channels, 3);
        if (encnet__dataset_labels_images(d)) {
            assert_int_equal(n, 1);
            assert_int_equal(encnet__dataset_class(d, next - 1), values[0]);
            assert_int_equal(label.h * label.w, 0);
            continue;
        }
        assert_int_equal(label.channels, 1);
        if (n) assert_int_equal(label.h * label.w, n);
        for (int p = 0; p < n; p++) assert_int_equal(label.pixels[p], values[p]);
    }
    assert_int_equal(next, encnet__dataset_size(d));
    assert_in_range(next, 1, set->n);
    encnet__dataset_close(d);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

/* A kind with a table of classes refuses any other number of them. */
static void check_count(const golden_set *set, encnet_options o, bool is_fixed)
{
    encnet__dataset *d;

    o.model.classes = set->classes + 1;
    if (is_fixed)
        assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG, o.data.type);
}

static void every_kind_reads_its_own(void **state)
{
    encnet_dataset_info info;
    int kinds = 0;

    (void)state;
    for (; encnet_dataset_at(kinds, &info); kinds++) {
        golden_set set;
        encnet_options o;

        print_message("%s: %s\n", info.name, info.about);
        assert_string_equal(info.name, encnet__data_type_name(kinds));
        load(&set, info.name);
        if (info.classes) assert_int_equal(info.classes, set.classes);
        folder_make(set.root);
        put_files(&set);
        encnet_options_default(&o);
        o.data.type = info.name;
        o.data.root = set.root;
        o.data.train_count = 3;
        o.data.val_count = 2;
        o.model.classes = set.classes;
        check_classes(&set, &o);
        check_split(&set, &o, ENCNET__TRAIN, "train");
        check_split(&set, &o, ENCNET__VAL, "val");
        check_count(&set, o, info.classes != 0);
        folder_remove(set.root);
    }
    assert_null(encnet__data_type_name(kinds));
    assert_null(encnet__data_type_name(-1));
    assert_in_range(kinds, 4, 100);
}

/* Classes of a table have names of their own, and ids that fit a byte. */
static void class_tables_are_sound(void **state)
{
    encnet_dataset_info info;

    (void)state;
    for (int kind = 0; encnet_dataset_at(kind, &info); kind++) {
        const encnet__class *c = encnet__dataset_type_named(info.name)->classes;
        for (int i = 0; c && i < info.classes; i++) {
            assert_in_range(c[i].submit_id, 0, 255);
            for (int k = 0; k < i; k++) assert_string_not_equal(c[i].name, c[k].name);
        }
    }
}

/* The message lists every kind. */
static void unknown_kinds(void **state)
{
    const encnet__dataset_type *type;
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.data.type = "nothing";
    assert_fails(encnet__dataset_type_of(&type, &o), ENCNET_E_CONFIG,
                 "data.type=nothing is unknown; there are ");
    for (int i = 0; encnet__data_type_name(i); i++)
        assert_non_null(strstr(encnet_last_error(), encnet__data_type_name(i)));
    assert_null(encnet__dataset_type_named("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_reads_its_own),
        cmocka_unit_test(class_tables_are_sound),
        cmocka_unit_test(unknown_kinds),
    };

    return cmocka_run_group_tests_name("kinds of data sets", tests, NULL, NULL);
}
