/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_dataset.c - lists of files, pairs of image and label, label values, classes, and the errors of
 * a data set. */
#define _XOPEN_SOURCE 700 /* symlink, mkdtemp */
#include <unistd.h>

#include "data_test.h"
#include "data/list.h"

static encnet_options options_of(const char *type, const char *root, int classes)
{
    encnet_options o;

    encnet_options_default(&o);
    o.data.type = type;
    o.data.root = root;
    o.model.classes = classes;
    return o;
}

/* Three images on two levels, with upper-case and JPEG endings, and what must be overlooked. */
static void make_folder(const char *root)
{
    encnet__picture p = {0};
    char *jpeg;
    size_t size;

    put_plain(root, "images/train/b.PNG", 4, 6, 3, 10);
    put_plain(root, "images/train/sub/c.png", 4, 6, 1, 20);
    put_plain(root, "annotations/train/b.png", 4, 6, 1, 1);
    put_plain(root, "annotations/train/sub/c.png", 4, 6, 1, 2);
    assert_ok(encnet__file_read(&jpeg, &size, GOLDEN "420.jpg", 1 << 20));
    assert_ok(encnet__file_write(in(root, "images/train/a-1.jpeg"), jpeg, size));
    put_plain(root, "annotations/train/a-1.png", 37, 45, 1, 0);
    put_text(root, "images/train/.hidden.png", "no");
    put_text(root, "images/train/readme.txt", "no");
    assert_int_equal(symlink("..", in(root, "images/train/sub/up")),
                     0); /* leads back: not followed */
    assert_int_equal(symlink("nowhere.png", in(root, "images/train/broken.png")), 0);
    encnet__free(jpeg);
    encnet__picture_free(&p);
}

static void folder_in_order(void **state)
{
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    make_folder(root);
    o = options_of("folder", root, 3);
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 3);
    assert_string_equal(encnet__dataset_name(d, 0), "a-1");
    assert_string_equal(encnet__dataset_name(d, 1), "b");
    assert_string_equal(encnet__dataset_name(d, 2), "sub/c");
    assert_string_equal(encnet__dataset_image_path(d, 2), in(root, "images/train/sub/c.png"));
    assert_string_equal(encnet__dataset_label_path(d, 1), in(root, "annotations/train/b.png"));
    assert_ok(encnet__dataset_read(d, 0, &image, &label));
    assert_int_equal(image.w, 45);
    assert_ok(encnet__dataset_read(d, 2, &image, &label));
    assert_int_equal(image.channels, 3);
    assert_int_equal(image.pixels[71], 20);
    assert_int_equal(label.pixels[23], 2);
    encnet__dataset_close(d);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "data.type=folder: looked for the validation images in ");
    assert_non_null(
        strstr(encnet_last_error(), "/images/val, which is not there (data.val_images)"));
    assert_non_null(strstr(encnet_last_error(), "/images holds train (and 1 more such problem)"));
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

static void list_files(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    make_folder(root);
    put_text(root, "two.txt",
             "images/train/sub/c.png annotations/train/sub/c.png\r\n\n  "
             "images/train/b.PNG\tannotations/train/b.png");
    put_text(root, "bare.txt", "images/train/b.PNG\n");
    put_text(
        root, "gone.txt",
        "images/train/b.PNG\nimages/train/z.png\nimages/train/a-1.jpeg annotations/none.png\n");
    put_text(root, "wrong.txt", "images/train/readme.txt\n");
    put_text(root, "empty.txt", "\n\n");
    o = options_of("folder", root, 3);
    o.data.train_images = "two.txt";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    assert_string_equal(encnet__dataset_name(d, 0), "images/train/b");
    assert_string_equal(encnet__dataset_label_path(d, 1), in(root, "annotations/train/sub/c.png"));
    encnet__dataset_close(d);
    o.data.train_images =
        "bare.txt"; /* the label is found among the labels by the image's base name */
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_string_equal(encnet__dataset_label_path(d, 0), in(root, "annotations/train/b.png"));
    encnet__dataset_close(d);
    o.data.train_images = "gone.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "(and 1 more such problem)");
    o.data.train_images = "wrong.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "wrong.txt:1: \"images/train/readme.txt\"");
    o.data.train_images = "empty.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "empty.txt: names no images");
    folder_remove(root);
}

static void missing_partners(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "i/a.png", 2, 2, 3, 0);
    put_plain(root, "l/a.png", 2, 2, 1, 0);
    put_plain(root, "l/b.png", 2, 2, 1, 0);
    o = options_of("folder", root, 2);
    o.data.train_images = "i";
    o.data.train_labels = "l";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "l/b.png: a label without its image");
    assert_int_equal(remove(in(root, "l/b.png")), 0);
    put_plain(root, "i/c.png", 2, 2, 3, 0);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "i/c.png: has no label");
    assert_int_equal(remove(in(root, "i/c.png")), 0);
    put_plain(root, "i/a.jpg", 2, 2, 3, 0);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA, "shares the label");
    o.data.train_labels = "none";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "none, which is not there (data.train_labels)");
    put_text(root, "empty/x.txt", "");
    o.data.train_images = "empty";
    o.data.train_labels = "l";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "empty: looked for images that end in .png, .jpg or .jpeg (data.image_suffix); "
                 "the folder holds x.txt");
    for (int i = 0; i < 9; i++) {
        char name[32];
        snprintf(name, sizeof name, "empty/%d.bmp", i);
        put_text(root, name, "");
    }
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "holds 0.bmp, 1.bmp, 2.bmp, 3.bmp, 4.bmp, 5.bmp, 6.bmp, 7.bmp and 2 more");
    folder_remove(root);
}

/* Lines of two columns, as other programs and systems write them. */
static void lines_of_other_programs(void **state)
{
    static const char *const lines[] = {
        "p/a b (1).jpg l/a b (1).png",         "\"p/a b (1).jpg\" \"l/a b (1).png\"",
        "'p/a b (1).jpg','l/a b (1).png'",     "\"p/a b (1).jpg\"\t\"l/a b (1).png\"",
        "/p/a b (1).jpg /l/a b (1).png",       "p\\a b (1).jpg l\\a b (1).png",
        ".\\p\\a b (1).jpg|.\\l\\a b (1).png", "p/a b (1).jpg;l/a b (1).png",
        "p/a b (1).jpg,l/a b (1).png",         "p/a b (1).jpg",
    };
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "p/a b (1).jpg", 2, 2, 3, 7);
    put_plain(root, "l/a b (1).png", 2, 2, 1, 1);
    o = options_of("folder", root, 2);
    o.data.train_images = "list.txt";
    o.data.train_labels = "l";
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        put_text(root, "list.txt", lines[i]);
        assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
        assert_int_equal(encnet__dataset_size(d), 1);
        assert_ok(encnet__dataset_read(d, 0, &image, &label));
        assert_int_equal(image.pixels[0], 7);
        assert_int_equal(label.pixels[0], 1);
        encnet__dataset_close(d);
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

/* Many files with one fault make one sentence; what other systems leave in folders makes none. */
static void many_missing(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    char root[256], name[32];
    encnet__dataset *d;
    encnet_options o;

    (void)state;
    folder_make(root);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(name, sizeof name, "i/%s.png", names[i]);
        put_plain(root, name, 2, 2, 3, 0);
    }
    put_plain(root, "l/g.png", 2, 2, 1, 0);
    put_plain(root, "i/@eaDir/g.png/thumb.jpg", 2, 2, 3, 0);
    put_plain(root, "i/__MACOSX/h.png", 2, 2, 3, 0);
    put_text(root, "i/Thumbs.db", "x");
    o = options_of("folder", root, 2);
    o.data.train_images = "i";
    o.data.train_labels = "l";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "6 images have no label: ");
    assert_non_null(strstr(encnet_last_error(), "i/a.png: has no label "));
    assert_non_null(strstr(encnet_last_error(), "; and b.png, c.png, d.png, e.png and others"));
    assert_null(strstr(encnet_last_error(), "more such problem"));
    put_text(root, "list.txt", "\"g\"\n");
    o.data.train_list = "list.txt";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    encnet__dataset_close(d);
    put_text(root, "list.txt", "g.png\n");
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    encnet__dataset_close(d);
    put_text(root, "list.txt", "i/g.png l/g.png\n");
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "a list of pairs of paths belongs into data.train_images");
    folder_remove(root);
}

/* What a file holds counts, and not what its name ends in; a format that is not read is refused by name. */
static void names_of_pictures(void **state)
{
    static const char *const names[] = {"i/a", "i/b.JFIF", "i/c.jpe", "i/d.photo"};
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    for (size_t i = 0; i < COUNT_OF(names); i++) put_plain(root, names[i], 2, 2, 3, 0);
    put_plain(root, "l/a.png", 2, 2, 1, 0);
    put_plain(root, "l/b.png", 2, 2, 1, 0);
    put_plain(root, "l/c.png", 2, 2, 1, 0);
    put_plain(root, "l/d.png", 2, 2, 1, 0);
    o = options_of("folder", root, 2);
    o.data.train_images = "i";
    o.data.train_labels = "l";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 4);
    assert_string_equal(encnet__dataset_name(d, 3), "d");
    encnet__dataset_close(d);
    put_text(root, "i/e.bmp", "BM      ");
    put_plain(root, "l/e.png", 2, 2, 1, 0);
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 5);
    assert_fails(encnet__dataset_read(d, 4, &image, &label), ENCNET_E_DATA,
                 "i/e.bmp: a BMP picture, neither PNG nor JPEG");
    encnet__dataset_close(d);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

/* The values of a 4 x 4 label 0..14, 255 as they come out. */
static void read_values(int out[16], const encnet_options *o)
{
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;

    assert_ok(encnet__dataset_open(&d, o, ENCNET__TRAIN));
    assert_ok(encnet__dataset_read(d, 0, &image, &label));
    for (int i = 0; i < 16; i++) out[i] = label.pixels[i];
    encnet__dataset_close(d);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
}

static void meanings_of_values(void **state)
{
    static const int values[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255};
    int got[16];
    encnet__dataset *d;
    encnet__picture image = {0}, label = {0};
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "images/train/a.png", 4, 4, 3, 0);
    put_values(root, "annotations/train/a.png", values);
    o = options_of("folder", root, 15);
    read_values(got, &o);
    assert_memory_equal(got, values, sizeof got);

    o.data.ignore_labels = "3,14";
    o.model.classes = 14;
    read_values(got, &o);
    for (int i = 0; i < 15; i++) assert_int_equal(got[i], i == 3 || i == 14 ? 255 : i);

    o.data.reduce_zero_label = true;
    read_values(got, &o);
    for (int i = 0; i < 15; i++)
        assert_int_equal(got[i], i == 0 || i == 3 || i == 14 ? 255 : i - 1);
    assert_int_equal(got[15], 255);

    o.data.reduce_zero_label = false;
    o.data.ignore_labels = "";
    o.model.classes = 13;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_fails(encnet__dataset_read(d, 0, &image, &label), ENCNET_E_DATA,
                 "a.png: id 13 is none of the 13 classes (1 pixels, the first at x=1, y=3)");
    encnet__dataset_close(d);
    for (int i = 0; i < 3; i++) {
        o.data.ignore_labels = (const char *const[]){"256", "1;2", "-1"}[i];
        assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_ARG,
                     o.data.ignore_labels);
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

static void label_of_another_size(void **state)
{
    static const struct {
        int h, w;
        const char *sentence;
    } labels[] = {{5, 4, "a label of 4 x 5 pixels for the image"},
                  {5, 5, "a label of 5 x 5 pixels for the image"},
                  {4, 4, "a label of 4 x 4 pixels for the image"}};
    encnet__picture image = {0}, label = {0};
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "images/train/a.png", 4, 5, 3, 0);
    o = options_of("folder", root, 2);
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        put_plain(root, "annotations/train/a.png", labels[i].h, labels[i].w, 1, 0);
        assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
        assert_fails(encnet__dataset_read(d, 0, &image, &label), ENCNET_E_DATA, labels[i].sentence);
        assert_non_null(strstr(encnet_last_error(), "images/train/a.png of 5 x 4"));
        encnet__dataset_close(d);
    }
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    folder_remove(root);
}

/* Labels whose names have more behind those of their images. */
static void suffixes(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "images/train/a.jpg", 4, 4, 3, 0);
    put_plain(root, "images/train/a.png", 4, 4, 3, 0);
    put_plain(root, "annotations/train/a.png", 4, 4, 1, 3);
    put_plain(root, "annotations/train/a_labelTrainIds.png", 4, 4, 1, 1);
    o = options_of("folder", root, 2);
    put_text(root, "bmp/train/a.bmp", "BM");
    o.data.train_labels = "bmp/train";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "looked for labels that end in .png (data.label_suffix); the folder holds a.bmp "
                 "(a.bmp is a BMP picture, which is not read: convert it to PNG)");
    o.data.train_labels = "";
    o.data.image_suffix = ".jpg";
    o.data.label_suffix = "_labelTrainIds.png";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 1);
    assert_string_equal(encnet__dataset_name(d, 0), "a");
    assert_string_equal(encnet__dataset_label_path(d, 0),
                        in(root, "annotations/train/a_labelTrainIds.png"));
    encnet__dataset_close(d);
    o.data.label_suffix = "_ids.png";
    assert_fails(
        encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
        "looked for labels that end in _ids.png (data.label_suffix); the folder holds a.png, "
        "a_labelTrainIds.png");
    assert_int_equal(remove(in(root, "annotations/train/a.png")), 0);
    o.data.label_suffix = "";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "annotations/train: looked for labels with the names of the images and found none "
                 "(1 images, 1 labels); that of a.jpg would be a.png, and the first one there is "
                 "a_labelTrainIds.png; data.label_suffix = _labelTrainIds.png would pair them");
    assert_null(strstr(encnet_last_error(), "more such problem"));
    folder_remove(root);
}

/* Pictures and labels in one folder, or labels in a folder below the pictures: no file is both. */
static void one_folder(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "all/a.png", 4, 4, 3, 0);
    put_plain(root, "all/a_mask.png", 4, 4, 1, 1);
    put_plain(root, "all/b 2.jpg", 4, 4, 3, 0);
    put_plain(root, "all/b 2_mask.png", 4, 4, 1, 1);
    o = options_of("folder", root, 2);
    o.data.train_images = o.data.train_labels = "all";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "all: images and labels lie in one folder, and no picture has a label of the same "
                 "name that ends in .png; data.image_suffix and data.label_suffix tell them apart, "
                 "such as data.label_suffix = _mask.png");
    o.data.label_suffix = "_mask.png";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    assert_string_equal(encnet__dataset_name(d, 1), "b 2");
    assert_string_equal(encnet__dataset_label_path(d, 1), in(root, "all/b 2_mask.png"));
    encnet__dataset_close(d);

    put_plain(root, "all/c.png", 4, 4, 3, 0);
    put_plain(root, "all/x_mask.png", 4, 4, 1, 1);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "2 images have no label: ");
    o.data.image_suffix = ".jpg";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "2 labels have no image: ");
    folder_remove(root);

    folder_make(root);
    put_plain(root, "a.jpg", 4, 4, 3, 0);
    put_plain(root, "a.png", 4, 4, 1, 1);
    put_plain(root, "sub/b.jpg", 4, 4, 3, 0);
    put_plain(root, "sub/b.png", 4, 4, 1, 1);
    o = options_of("folder", root, 2);
    o.data.train_images = o.data.train_labels = ".";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    assert_string_equal(encnet__dataset_name(d, 1), "sub/b");
    encnet__dataset_close(d);
    put_plain(root, "masks/a.png", 4, 4, 1, 1);
    put_plain(root, "masks/sub/b.png", 4, 4, 1, 1);
    o.data.train_labels = "masks";
    o.data.image_suffix = ".jpg";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    encnet__dataset_close(d);
    assert_int_equal(remove(in(root, "a.png")), 0);
    assert_int_equal(remove(in(root, "sub/b.png")), 0);
    o.data.image_suffix = "";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    encnet__dataset_close(d);
    folder_remove(root);
}

/* Names of images, one a line; images that are not named are left alone. */
static void lists_of_names(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "i/%c 1.jpg", 'a' + i);
        put_plain(root, name, 4, 4, 3, 0);
        snprintf(name, sizeof name, "l/%c 1.png", 'a' + i);
        put_plain(root, name, 4, 4, 1, 0);
    }
    assert_int_equal(remove(in(root, "l/d 1.png")), 0);
    put_text(root, "two.txt", "c 1\r\n\n a 1 \n");
    put_text(root, "bad.txt", "a 1\nd 1\ne 1\na 1\n");
    put_text(root, "none.txt", "\n");
    put_bytes(root, "binary.txt", "a\0b", 3);
    o = options_of("folder", root, 2);
    o.data.val_images = "i";
    o.data.val_labels = "l";
    o.data.val_list = "two.txt";
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__VAL));
    assert_int_equal(encnet__dataset_size(d), 2);
    assert_string_equal(encnet__dataset_name(d, 0), "a 1");
    assert_string_equal(encnet__dataset_label_path(d, 1), in(root, "l/c 1.png"));
    encnet__dataset_close(d);
    o.data.val_list = "bad.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "bad.txt:4: names a 1 twice (and 2 more such problems)");
    put_text(root, "bad.txt", "d 1\n");
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "l: looked for labels with the names of the images and found none (1 images, 3 "
                 "labels); that of d 1.jpg would be d 1.png, and the first one there is a 1.png");
    put_text(root, "bad.txt", "a 1\nd 1\n");
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "i/d 1.jpg: has no label ");
    put_text(root, "bad.txt", "\n\ne 1\n");
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "bad.txt:3, but missing");
    o.data.val_list = "none.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA, "names no images");
    o.data.val_list = "binary.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA, "not a text file");
    o.data.val_images = "two.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_CONFIG,
                 "data.val_list chooses among the images of a folder, but ");
    o.data.val_images = "i";
    o.data.val_list = "gone.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__VAL), ENCNET_E_DATA,
                 "gone.txt, which is not there (data.val_list)");
    folder_remove(root);
}

/* The augmented set of VOC comes behind the training images; its absence is told. */
static void extra_images(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "JPEGImages/1.jpg", 4, 4, 3, 0);
    put_plain(root, "JPEGImages/2.jpg", 4, 4, 3, 0);
    put_plain(root, "SegmentationClass/2.png", 4, 4, 1, 20);
    put_text(root, "ImageSets/Segmentation/train.txt", "2\n");
    o = options_of("voc", root, 21);
    o.data.train_extra = true;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "looked for the labels of the extra images in ");
    assert_non_null(strstr(encnet_last_error(), "SegmentationClassAug, which is not there "
                                                "(data.train_extra)"));
    assert_non_null(strstr(encnet_last_error(), " holds ImageSets, JPEGImages, SegmentationClass "
                                                "(and 1 more such problem)"));
    put_plain(root, "SegmentationClassAug/1.png", 4, 4, 1, 20);
    put_plain(root, "SegmentationClassAug/2.png", 4, 4, 1, 0);
    put_text(root, "ImageSets/Segmentation/aug.txt", "1\n");
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 2);
    assert_string_equal(encnet__dataset_label_path(d, 0), in(root, "SegmentationClass/2.png"));
    assert_string_equal(encnet__dataset_label_path(d, 1), in(root, "SegmentationClassAug/1.png"));
    encnet__dataset_close(d);
    put_text(root, "pairs.txt", "JPEGImages/2.jpg SegmentationClass/2.png\n");
    o.data.train_images = "pairs.txt";
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "data.train_extra chooses among the images of a folder, but ");
    o.data.train_images = "";
    put_text(root, "ImageSets/Segmentation/val.txt", "2\n");
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__VAL));
    assert_int_equal(encnet__dataset_size(d), 1);
    encnet__dataset_close(d);
    o.data.train_extra = false;
    assert_ok(encnet__dataset_open(&d, &o, ENCNET__TRAIN));
    assert_int_equal(encnet__dataset_size(d), 1);
    encnet__dataset_close(d);
    o = options_of("context", root, 60);
    o.data.train_extra = true;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "data.type=context has no extra training images");
    folder_remove(root);
}

/* Sixty classes of Pascal Context, or 59 when the background is ignored. */
static void without_background(void **state)
{
    static const int values[16] = {0, 1, 2, 59, 255};
    int got[16];
    encnet__class c[ENCNET_MAX_CLASSES];
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "JPEGImages/1.jpg", 4, 4, 3, 0);
    put_values(root, "SegmentationClassContext/1.png", values);
    put_text(root, "ImageSets/SegmentationContext/train.txt", "1\n");
    o = options_of("context", root, 59);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "has 60 classes (data.reduce_zero_label=no), but model.classes=59");
    o.data.reduce_zero_label = true;
    read_values(got, &o);
    assert_int_equal(got[0], 255);
    assert_int_equal(got[1], 0);
    assert_int_equal(got[3], 58);
    assert_int_equal(got[4], 255);
    assert_ok(encnet__classes_of(c, &o));
    assert_string_equal(c[0].name, "aeroplane");
    assert_string_equal(c[58].name, "wood");
    assert_int_equal(c[58].submit_id, 59);
    o.model.classes = 60;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "has 59 classes without the background, but model.classes=60");
    o = options_of("cityscapes", root, 19);
    o.data.reduce_zero_label = true;
    assert_fails(encnet__classes_of(c, &o), ENCNET_E_CONFIG,
                 "class 0 of data.type=cityscapes is road, and no background");
    folder_remove(root);
}

/* Of raw label ids and train ids, data.label_suffix chooses; in a list file the name tells. */
static void cityscapes_raw_or_not(void **state)
{
    static const char *const suffix[] = {"", "_gtFine_labelTrainIds.png", "_gtFine_labelIds.png"};
    static const int expected[] = {1, 1, 13};
    int got[16];
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "leftImg8bit/train/a/a_leftImg8bit.png", 4, 4, 3, 0);
    put_plain(root, "gtFine/train/a/a_gtFine_labelTrainIds.png", 4, 4, 1, 1);
    put_plain(root, "gtFine/train/a/a_gtFine_labelIds.png", 4, 4, 1, 26);
    o = options_of("cityscapes", root, 19);
    for (size_t i = 0; i < COUNT_OF(suffix); i++) {
        o.data.label_suffix = suffix[i];
        read_values(got, &o);
        assert_int_equal(got[0], expected[i]);
    }
    put_text(root, "train.lst",
             "leftImg8bit/train/a/a_leftImg8bit.png\tgtFine/train/a/a_gtFine_labelIds.png\n");
    o.data.label_suffix = "";
    o.data.train_images = "train.lst";
    read_values(got, &o);
    assert_int_equal(got[0], 13);
    put_text(root, "train.lst",
             "leftImg8bit/train/a/a_leftImg8bit.png gtFine/train/a/a_gtFine_labelTrainIds.png\n");
    read_values(got, &o);
    assert_int_equal(got[0], 1);
    folder_remove(root);
}

/* Raw label ids whose images are missing are left over like any other label. */
static void cityscapes_left_over(void **state)
{
    encnet__dataset *d;
    encnet_options o;
    char root[256];

    (void)state;
    folder_make(root);
    put_plain(root, "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png", 4, 4, 3, 0);
    put_plain(root, "gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png", 4, 4, 1, 7);
    put_plain(root, "gtFine/train/aachen/aachen_000001_000019_gtFine_labelIds.png", 4, 4, 1, 0);
    o = options_of("cityscapes", root, 19);
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_DATA,
                 "000001_000019_gtFine_labelIds.png: a label without");
    o.model.classes = 20;
    assert_fails(encnet__dataset_open(&d, &o, ENCNET__TRAIN), ENCNET_E_CONFIG,
                 "has 19 classes, but model.classes=20");
    folder_remove(root);
}

static void class_tables(void **state)
{
    encnet__class c[ENCNET_MAX_CLASSES];
    encnet_options o = options_of("cityscapes", ".", 19);
    uint8_t palette[768];

    (void)state;
    assert_ok(encnet__classes_of(c, &o));
    assert_string_equal(c[0].name, "road");
    assert_int_equal(c[18].submit_id, 33);
    encnet__palette_of(palette, c, 19);
    assert_memory_equal(palette + 39, "\x00\x00\x8e", 3); /* car */
    assert_memory_equal(palette + 765, "\0\0\0", 3);
    o = options_of("ade20k", ".", 150);
    assert_ok(encnet__classes_of(c, &o));
    assert_string_equal(c[149].name, "flag");
    assert_int_equal(c[149].submit_id, 150);
    o = options_of("folder", ".", 255);
    assert_ok(encnet__classes_of(c, &o));
    assert_string_equal(c[254].name, "class_254");
    assert_memory_equal(c[0].rgb, "\x80\0\0", 3);
    o = options_of("lvis", ".", 21);
    assert_fails(encnet__classes_of(c, &o), ENCNET_E_CONFIG, "data.type=lvis is unknown");
    o = options_of("folder", ".", 1);
    assert_fails(encnet__classes_of(c, &o), ENCNET_E_ARG, "model.classes = 1");
}

static void class_files(void **state)
{
    static const struct {
        const char *text, *complaint;
    } bad[] = {
        {"0,a\n", "class 1 is missing"},
        {"0,a\n1,b\n2,c\n", "f.csv:3: class 2, but model.classes=2"},
        {"0,a\n0,b\n", "f.csv:2: class 0 for the second time"},
        {"0,a\n1,b,1,2\n", "a colour is three numbers"},
        {"0,a\n1,b,1,2,256\n", "\"256\" is no colour"},
        {"0,a\nx,b\n", "f.csv:2: expected index,name"},
        {"0,a\n1,\n", "has 0 characters"},
        {"0,a\n1,b,1,2,3,x\n", "no submission id"},
        {"0,a\n1,b,+1,2,3\n", "\"+1\" is no colour"},
        {"0,a\n1,b,0x1,2,3\n", "\"0x1\" is no colour"},
        {"0,a\n99999999999,b\n", "f.csv:2: expected index,name"},
        {"0,a\n1,b,#010203,4,c\n", "f.csv:2: \"c\" behind the last field"},
        {"0,a\n1,b,#12345\n", "f.csv:2: a colour is three numbers r,g,b, or #rrggbb"},
        {"0 a\n1b\n", "f.csv:2: expected index,name"},
        {"0 a\n1 b 1 2 256\n", "\"256\" is no colour"},
        {"0:\n1:b\n", "has 0 characters"},
        {"a:1,2,256::\nb:1,2,3::\n", "\"256\" is no colour"},
        {"a:1,2::\nb:1,2,3::\n", "f.csv:1: a colour is three numbers"},
        {"1 2 256 a\n1 2 3 b\n", "\"256\" is no colour"},
        {"{\n  \"0\": \"a\",\n  \"1\": \"b\"\n}\n", "f.csv: JSON, and not lines of index,name"},
        {"<map>\n</map>\n", "f.csv: XML, and not lines of index,name"},
    };
    static const char *const others[] = {
        "sep=;\r\nindex;name;r;g;b\r\n0;sky;4;5;6\r\n1;tree;1;2;3\r\n",
        "\"index\",\"name\",\"r\",\"g\",\"b\"\n\"0\",\"sky\",\"4\",\"5\",\"6\"\n1,tree,1,2,3",
        "name,r,g,b\nsky,4,5,6\ntree,1,2,3\n",
        "Class Name\tr\tg\tb\nsky\t4\t5\t6\ntree\t1\t2\t3\n",
        "# my classes\nsky,4,5,6\n\n# the other\ntree,1,2,3\n",
        "0,sky,#040506\n1,tree,#010203\n",
        "sky;#040506\ntree;#010203\n",
        "0;sky;4,5,6\n1;tree;1,2,3\n",
        "sky,\"(4, 5, 6)\"\ntree,\"[1, 2, 3]\"\n",
        "0, \"sky\" , 4, 5, 6\n1, tree , 1, 2, 3\n",
        "# label:color_rgb:parts:actions\nsky:4,5,6::\ntree:1,2,3:trunk,crown:grow\n",
        "4 5 6\tsky\n1 2 3\t\ttree\n",
        "4,5,6,sky\n1,2,3,tree\n",
        "0\t4 5 6\tsky\n1\t1 2 3\ttree\n",
        "index name r g b\n0 sky 4 5 6\n1 tree 1 2 3\n",
        "name r g b\nsky 4 5 6\ntree 1 2 3\n",
        "0: sky #040506\n1: tree #010203\n",
        "0: sky, 4, 5, 6\n1: tree, 1, 2, 3\n",
        "sky\ntree\n",
        "0: sky\n1: tree\n",
        "  0 sky\n  1 tree\n",
        "0 = sky\n1 = tree\n",
        "Pixel Value, Class\n0, sky\n1, tree\n",
        "sky:::\ntree:::\n",
        "__ignore__\nsky\ntree\n",
    };
    /* the separator is the one behind the first field, whatever stands within its quotes */
    static const char *const quoted[] = {
        "\"sky; or\t\"\"air\"\", \"\"\"\"\",4,5,6\ntree,1,2,3\n",
        "\"sky; or\t\"\"air\"\", \"\"\"\"\";4;5;6\ntree;1;2;3\n",
        "\"sky; or\t\"\"air\"\", \"\"\"\"\"\t4\t5\t6\ntree\t1\t2\t3\n",
    };
    encnet__class c[2];
    encnet_options o = options_of("folder", "", 2);
    char root[256];
    const char *words = "0 traffic light\n1 9 in the night\n";
    const char *good = "index,name,r,g,b\r\n1,\"tree, or bush\",1,2,3\r\n0,sky,4,5,6,7";

    (void)state;
    assert_ok(encnet__classes_parse(c, NULL, 2, 0, good, strlen(good), "f.csv"));
    assert_string_equal(c[1].name, "tree, or bush");
    assert_memory_equal(c[1].rgb, "\1\2\3", 3);
    assert_int_equal(c[1].submit_id, 1);
    assert_int_equal(c[0].submit_id, 7);
    assert_ok(encnet__classes_parse(c, NULL, 2, 0, words, strlen(words), "f.csv"));
    assert_string_equal(c[0].name, "traffic light");
    assert_string_equal(c[1].name, "9 in the night");
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_ok(encnet__classes_parse(c, NULL, 2, 0, others[i], strlen(others[i]), "f.csv"));
        assert_string_equal(c[0].name, "sky");
        assert_string_equal(c[1].name, "tree");
        if (c[1].in_labels) assert_memory_equal(c[1].rgb, "\1\2\3", 3);
        if (c[0].in_labels) assert_memory_equal(c[0].rgb, "\4\5\6", 3);
        assert_int_equal(c[0].in_labels, i < COUNT_OF(others) - 7);
        assert_int_equal(c[1].in_labels, c[0].in_labels);
    }
    for (size_t i = 0; i < COUNT_OF(quoted); i++) {
        assert_ok(encnet__classes_parse(c, NULL, 2, 0, quoted[i], strlen(quoted[i]), "f.csv"));
        assert_string_equal(c[0].name, "sky; or\t\"air\", \"\"");
        assert_string_equal(c[1].name, "tree");
        assert_memory_equal(c[1].rgb, "\1\2\3", 3);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_fails(
            encnet__classes_parse(c, NULL, 2, 0, bad[i].text, strlen(bad[i].text), "f.csv"),
            ENCNET_E_DATA, bad[i].complaint);
    folder_make(root);
    put_text(root, "names.csv", "0,x\n1,y\n");
    o.data.root = root;
    o.data.classes_file = "names.csv";
    assert_ok(encnet__classes_of(c, &o));
    assert_string_equal(c[1].name, "y");
    o.data.classes_file = in(root, "none.csv");
    assert_fails(encnet__classes_of(c, &o), ENCNET_E_DATA, "none.csv is not there");
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_in_order),      cmocka_unit_test(list_files),
        cmocka_unit_test(missing_partners),     cmocka_unit_test(lines_of_other_programs),
        cmocka_unit_test(many_missing),         cmocka_unit_test(names_of_pictures),
        cmocka_unit_test(meanings_of_values),   cmocka_unit_test(label_of_another_size),
        cmocka_unit_test(cityscapes_left_over), cmocka_unit_test(class_tables),
        cmocka_unit_test(class_files),          cmocka_unit_test(suffixes),
        cmocka_unit_test(lists_of_names),       cmocka_unit_test(extra_images),
        cmocka_unit_test(without_background),   cmocka_unit_test(cityscapes_raw_or_not),
        cmocka_unit_test(one_folder),
    };

    return cmocka_run_group_tests_name("data sets", tests, NULL, NULL);
}
