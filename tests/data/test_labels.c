/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_labels.c - what stored labels mean: ids that are given, colours, and ids in three channels. */
#include "data_test.h"

/* A 2 x 2 label of RGB pixels. */
static void put_colours(const char *root, const uint8_t rgb[12])
{
    const char *path = in(root, "annotations/train/a.png");
    encnet__picture p = {0};

    parents(path);
    assert_ok(encnet__picture_new(&p, 2, 2, 3));
    memcpy(p.pixels, rgb, 12);
    assert_ok(encnet__picture_write(path, &p, NULL));
    encnet__picture_free(&p);
}

static encnet_options options_of(const char *root, const char *classes)
{
    encnet_options o;

    put_text(root, "classes.csv", classes);
    put_plain(root, "images/train/a.png", 2, 2, 3, 9);
    encnet_options_default(&o);
    o.model.classes = 3;
    o.data.type = "folder";
    o.data.root = root;
    o.data.classes_file = "classes.csv";
    return o;
}

static encnet_status read_label(int out[4], const encnet_options *o)
{
    encnet__picture image = {0}, label = {0};
    encnet_status rc = ENCNET_OK;
    encnet__dataset *d = NULL;

    TRY(encnet__dataset_open(&d, o, ENCNET__TRAIN));
    TRY(encnet__dataset_read(d, 0, &image, &label));
    assert_int_equal(label.channels, 1);
    for (int i = 0; i < 4; i++) out[i] = label.pixels[i];
done:
    encnet__dataset_close(d);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    return rc;
}

static void expect_label(const encnet_options *o, int a, int b, int c, int d)
{
    int got[4], expected[4] = {a, b, c, d};

    assert_ok(read_label(got, o));
    assert_memory_equal(got, expected, sizeof got);
}

static void expect_complaint(const encnet_options *o, const char *sentence)
{
    int got[4];

    assert_fails(read_label(got, o), ENCNET_E_DATA, sentence);
}

#define COLOURS "0,wall,10,20,30\n1,tree,0,255,0\n2,car,0,0,0\n"

static void colours(void **state)
{
    static const uint8_t label[12] = {0, 255, 0, 10, 20, 30, 0, 0, 0, 10, 20, 30};
    static const uint8_t unknown[12] = {0, 255, 0, 10, 20, 30, 0, 254, 0, 10, 20, 31};
    static const uint8_t exchanged[12] = {30, 20, 10, 30, 20, 10, 0, 0, 0, 0, 255, 0};
    static const uint8_t ignored[12] = {0, 255, 0, 7, 7, 8, 0, 0, 0, 10, 20, 30};
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, COLOURS);
    put_colours(root, label);
    expect_label(&o, 1, 0, 2, 0);
    o.data.label_format = "colours";
    expect_label(&o, 1, 0, 2, 0);
    o.data.label_format = "ids";
    expect_complaint(&o, "a.png: an RGB image, not class indices");
    o.data.label_format = "auto";
    put_colours(root, unknown);
    expect_complaint(&o,
                     "annotations/train/a.png: the colour 0,254,0 at x=0, y=1 is that of no class");
    expect_complaint(&o, "; class 1 is 0,255,0, near to it: resizing smoothly and JPEG make such");
    put_colours(root, exchanged);
    expect_complaint(&o, "; class 0 is 10,20,30: red and blue may be exchanged");
    put_colours(root, ignored);
    put_text(root, "classes.csv", COLOURS "255,void,7,7,8\n");
    expect_label(&o, 1, 255, 2, 0);
    put_text(root, "classes.csv", "0,wall,10,20,30\n1,tree,0,0,0\n2,car,0,0,0\n");
    put_colours(root, label);
    expect_complaint(&o, "a label in colours, but classes 1 and 2 have the same");
    put_text(root, "classes.csv", "0,wall\n1,tree\n2,car\n"); /* numbered() colours do not count */
    expect_complaint(&o,
                     "a.png: an RGB image, not class indices; if it has the colours of classes");
    o.data.classes_file = "";
    expect_complaint(&o, "data.classes_file = a file of index,name,r,g,b");
    o.data.label_format = "colours";
    put_colours(root, label);
    assert_fails(read_label((int[4]){0}, &o), ENCNET_E_CONFIG, "data.classes_file must state");
    folder_remove(root);
}

/* Labels in the palette of VOC, which its kind of data set knows. */
static void colours_of_a_type(void **state)
{
    static const uint8_t label[12] = {128, 0, 0, 0, 0, 0, 0, 64, 128, 192, 128, 128};
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, "");
    put_colours(root, label);
    o.model.classes = 21;
    o.data.type = "voc";
    o.data.classes_file = "";
    o.data.train_images = "images/train";
    o.data.train_labels = "annotations/train";
    o.data.image_suffix = ".png";
    put_text(root, "list", "a\n");
    o.data.train_list = "list";
    expect_label(&o, 1, 0, 20, 15);
    folder_remove(root);
}

static void three_equal_channels(void **state)
{
    static const uint8_t ids[12] = {1, 1, 1, 0, 0, 0, 2, 2, 2, 255, 255, 255};
    static const uint8_t outside[12] = {1, 1, 1, 0, 0, 0, 3, 3, 3, 255, 255, 255};
    static const uint8_t grey[12] = {0, 0, 0, 100, 100, 100, 0, 0, 0, 200, 200, 200};
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, "");
    o.data.classes_file = "";
    put_colours(root, ids);
    expect_label(&o, 1, 0, 2, 255);
    put_colours(root, outside);
    expect_complaint(&o, "a.png: id 3 is none of the 3 classes (1 pixels, the first at x=0, y=1)");
    o.data.classes_file = "classes.csv";
    put_text(root, "classes.csv", "0,a,0,0,0\n1,b,200,200,200\n2,c,100,100,100\n");
    put_colours(root, grey); /* colours that happen to be grey */
    expect_label(&o, 0, 2, 0, 1);
    put_text(root, "classes.csv", COLOURS); /* 0,0,0 is class 2, and id 0 */
    put_colours(root, (const uint8_t[12]){0});
    expect_complaint(&o, "a.png: three equal channels whose values are ids as well as colours");
    o.data.label_format = "colours";
    expect_label(&o, 2, 2, 2, 2);
    o.data.label_format = "ids";
    expect_label(&o, 0, 0, 0, 0);
    folder_remove(root);
}

static void ids_that_are_given(void **state)
{
    int values[16] = {0, 255, 128, 0, 255, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    o = options_of(root, "");
    o.data.classes_file = "";
    put_plain(root, "images/train/a.png", 4, 4, 3, 9);
    put_values(root, "annotations/train/a.png", values);
    o.data.label_ids = "0,128,255";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_ok(encnet__dataset_read(d, 0, &image, &label));
    assert_memory_equal(label.pixels, "\0\2\1\0\2\1\0\0", 8);
    encnet__dataset_close(d);
    o.data.ignore_labels = "255";
    o.model.classes = 2;
    o.data.label_ids = "128,0";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_ok(encnet__dataset_read(d, 0, &image, &label));
    assert_memory_equal(label.pixels, "\1\377\0\1\377\0\1\1", 8);
    encnet__dataset_close(d);
    o.data.label_ids = "0,1";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_fails(encnet__dataset_read(d, 0, &image, &label), ENCNET_E_DATA,
                 "id 128 is none of the 2");
    encnet__dataset_close(d);
    o.data.label_ids = "0,1,2";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "data.label_ids = 0,1,2: 3 ids for model.classes = 2");
    o.data.label_ids = "0,1";
    o.data.reduce_zero_label = true;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG, "reduce_zero_label");
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

/* A label belongs to the photo that viewers show. */
static void turned_photo(void **state)
{
    encnet_options o;
    char root[256], *bytes;
    size_t size;
    int got[4];

    (void)state;
    folder_make(root);
    o = options_of(root, "");
    o.data.classes_file = "";
    assert_ok(encnet__file_read(&bytes, &size, GOLDEN "turned6.jpg", 1 << 20));
    put_bytes(root, "images/train/a.png", bytes, size); /* the ending does not matter */
    encnet__free(bytes);
    put_plain(root, "annotations/train/a.png", 17, 11, 1, 2);
    assert_ok(read_label(got, &o));
    o.data.exif_orientation = false;
    expect_complaint(&o, "a label of 11 x 17 pixels for the image");
    expect_complaint(&o, "data.exif_orientation = yes would turn");
    o.data.exif_orientation = true;
    put_plain(root, "annotations/train/a.png", 11, 17, 1, 2);
    expect_complaint(&o, "data.exif_orientation = no would not turn");
    put_plain(root, "annotations/train/a.png", 11, 16, 1, 2);
    expect_complaint(&o, "of 11 x 17");
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours),
        cmocka_unit_test(colours_of_a_type),
        cmocka_unit_test(three_equal_channels),
        cmocka_unit_test(ids_that_are_given),
        cmocka_unit_test(turned_photo),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
