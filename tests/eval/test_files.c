/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_files.c - the files that evaluation writes: logits, class ids in every format, report,
 * curves. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <math.h>
#include <unistd.h>

#include "eval/eval.h"
#include <encnet/data.h>

static char dir[] = "/tmp/encnet_eval_XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* DIR/name in a buffer that lasts until the next call but three. */
static const char *in_dir(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void npy_bytes(void **state)
{
    static const char head[] =
        "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 2), }";
    const float x[] = {1, 2, 3, -1, -2, -3}; /* two pixels of three classes */
    const float planes[] = {1, -1, 2, -2, 3, -3};
    char *bytes;
    size_t size;

    (void)state;
    assert_ok(encnet__npy_write(dir, "city/frame_1", x, 1, 2, 3));
    assert_ok(encnet__file_read(&bytes, &size, in_dir("city/frame_1.npy"), 1000));
    assert_int_equal(size, 128 + sizeof x);
    assert_memory_equal(bytes, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < 127; i++) assert_int_equal(bytes[i], ' ');
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, planes,
                        sizeof planes); /* tests run on little-endian machines */
    encnet__free(bytes);
}

static void format_names(void **state)
{
    encnet_dataset_info data;
    int own = 3, count = 0;

    (void)state;
    for (int i = 0; encnet_dataset_at(i, &data); i++) {
        if (!data.submission) continue;
        assert_string_equal(encnet_format_name(own + count++), data.name);
        assert_ok(encnet_format_check(data.name));
    }
    assert_in_range(count, 3, 100);
    assert_null(encnet_format_name(own + count));
    assert_null(encnet_format_name(-1));
    assert_ok(encnet_format_check("overlay"));
    assert_fails(encnet_format_check("Raw"), ENCNET_E_ARG,
                 "format Raw: there are raw, palette, overlay, cityscapes");
    assert_fails(encnet_format_check("synthetic"), ENCNET_E_ARG, "voc");
}

static encnet_status write_as(const char *name, const encnet__picture *ids,
                              const encnet__picture *image, const encnet__class *classes, int M)
{
    encnet__format format;
    encnet_status rc = encnet__format_of(&format, name, classes, M);

    return rc == ENCNET_OK ? encnet__prediction_write(in_dir("ids.png"), &format, ids, image) : rc;
}

/* Two pixels, ids 0 and 1, in every format; read back as indices or as colours. */
static void formats_say_the_same(void **state)
{
    static const struct {
        const char *name;
        bool is_data_set;          /* the classes are its own */
        uint8_t values[2], rgb[3]; /* what is stored; the colour of the second pixel */
    } rows[] = {
        {"raw", false, {0, 1}, {1, 1, 1}},       {"palette", false, {0, 1}, {10, 20, 30}},
        {"cityscapes", true, {7, 8}, {8, 8, 8}}, {"ade20k", true, {1, 2}, {2, 2, 2}},
        {"voc", true, {0, 1}, {128, 0, 0}},
    };
    const encnet__class two[2] = {{.name = "a"}, {.name = "b", .rgb = {10, 20, 30}}};
    uint8_t ids_at[] = {0, 1}, image_at[] = {0, 0, 0, 100, 101, 255};
    const encnet__picture ids = {.h = 1, .w = 2, .channels = 1, .pixels = ids_at};
    const encnet__picture image = {.h = 1, .w = 2, .channels = 3, .pixels = image_at};
    const uint8_t overlay[] = {55, 61, 143};
    encnet__picture back = {0};
    encnet__class classes[ENCNET_MAX_PIXEL_CLASSES];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_dataset_info data = {.classes = 2};
        if (rows[i].is_data_set) {
            encnet_options o;
            for (int k = 0; encnet_dataset_at(k, &data) && strcmp(data.name, rows[i].name); k++) {
            }
            encnet_options_default(&o);
            o.data.type = data.name;
            o.model.classes = data.classes;
            assert_ok(encnet__classes_of(classes, &o));
        }
        assert_ok(write_as(rows[i].name, &ids, &image, rows[i].is_data_set ? classes : two,
                           data.classes));
        assert_ok(encnet__picture_read(&back, in_dir("ids.png"), 100, ENCNET__READ_LABEL));
        assert_memory_equal(back.pixels, rows[i].values, 2);
        assert_ok(encnet__picture_read(&back, in_dir("ids.png"), 100, ENCNET__READ_UPRIGHT));
        assert_memory_equal(back.pixels + 3, rows[i].rgb, 3);
    }
    assert_ok(write_as("overlay", &ids, &image, two, 2));
    assert_ok(encnet__picture_read(&back, in_dir("ids.png"), 100, ENCNET__READ_UPRIGHT));
    assert_memory_equal(back.pixels + 3, overlay, 3);
    encnet__picture_free(&back);
}

/* The image shows through as much as the opacity says; a legend stands below it, in which a name that
 * the font cannot write is a number. */
static void overlays_have_opacity_and_legend(void **state)
{
    const encnet__class classes[2] = {{.name = "\xf4\x8f\xbf\xbd", .rgb = {10, 20, 30}},
                                      {.name = "road", .rgb = {200, 100, 0}}};
    uint8_t ids_at[] = {0, 1}, image_at[] = {110, 120, 130, 100, 101, 255};
    const encnet__picture ids = {.h = 1, .w = 2, .channels = 1, .pixels = ids_at};
    const encnet__picture image = {.h = 1, .w = 2, .channels = 3, .pixels = image_at};
    const uint8_t quarter[] = {85, 95, 105, 125, 101, 191}, all[] = {10, 20, 30, 200, 100, 0};
    encnet__picture made = {0};
    encnet__format format;
    uint8_t palette[768];
    char number[16];

    (void)state;
    encnet__palette_of(palette, classes, 2);
    assert_ok(encnet__overlay(&made, &ids, &image, palette, 0));
    assert_memory_equal(made.pixels, image_at, 6);
    assert_ok(encnet__overlay(&made, &ids, &image, palette, 0.25));
    assert_memory_equal(made.pixels, quarter, 6);
    assert_ok(encnet__overlay(&made, &ids, &image, palette, 1));
    assert_memory_equal(made.pixels, all, 6);

    assert_string_equal(encnet__class_text(number, classes, 0), "0");
    assert_string_equal(encnet__class_text(number, classes, 1), "road");
    assert_ok(encnet__format_of(&format, "overlay", classes, 2));
    format.has_legend = true;
    assert_ok(encnet__prediction_write(in_dir("ids.png"), &format, &ids, &image));
    assert_ok(encnet__picture_read(&made, in_dir("ids.png"), 1 << 20, ENCNET__READ_UPRIGHT));
    assert_int_equal(made.w, 2);
    assert_true(made.h > 1 + 2 * 20); /* a line for each class */
    encnet__picture_free(&made);
}

/* A submission is refused for a model of other classes. */
static void submissions_of_other_classes(void **state)
{
    encnet__class classes[ENCNET_MAX_PIXEL_CLASSES];
    encnet__format format;
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.data.type = "voc";
    o.model.classes = 21;
    assert_ok(encnet__classes_of(classes, &o));
    assert_ok(encnet__format_of(&format, "voc", classes, 21));
    assert_fails(encnet__format_of(&format, "voc", classes, 20), ENCNET_E_ARG,
                 "format voc: it is for the 21 classes of data.type=voc, and the model has 20");
    assert_fails(encnet__format_of(&format, "cityscapes", classes, 19), ENCNET_E_ARG,
                 "class 0 of data.type=cityscapes is road, and that of the model is background");
    snprintf(classes[20].name, sizeof classes[20].name, "TVmonitor");
    /* ids that the class file states must be those of the format */
    classes[4].has_id = true;
    assert_ok(encnet__format_of(&format, "voc", classes, 21));
    classes[4].submit_id = 300;
    assert_fails(encnet__format_of(&format, "voc", classes, 21), ENCNET_E_ARG,
                 "the id 300, and the format has 4");
    classes[4].has_id = false;
    assert_ok(encnet__format_of(&format, "voc", classes, 21));
    snprintf(classes[20].name, sizeof classes[20].name, "television");
    assert_fails(encnet__format_of(&format, "voc", classes, 21), ENCNET_E_ARG,
                 "class 20 of data.type=voc is tvmonitor, and that of the model is television");
}

static void draw_report(const char *where, int M, int pictures)
{
    static encnet__class classes[ENCNET_MAX_PIXEL_CLASSES];
    encnet_scores scores;
    encnet__picture image = {0}, label = {0}, ids = {0};
    encnet__report *report;
    encnet_options options;
    char name[32];

    encnet_options_default(&options);
    options.model.checkpoint = in_dir("work/iter_1/weights.safetensors");

    for (int m = 0; m < M; m++) snprintf(classes[m].name, sizeof classes[m].name, "class_%d", m);
    snprintf(classes[0].name, sizeof classes[0].name, "a, \"b\"");
    snprintf(classes[1].name, sizeof classes[1].name, "\xe6\xb5\xb7 <1>"); /* a Chinese name */
    scores = (encnet_scores){.classes = M, .images = pictures};
    scores.class_score = encnet__alloc((size_t)M, sizeof *scores.class_score);
    assert_non_null(scores.class_score);
    for (int m = 0; m < M; m++)
        memcpy(scores.class_score[m].name, classes[m].name, sizeof classes[m].name);
    scores.confusion = encnet__alloc((size_t)M * (size_t)M, sizeof *scores.confusion);
    assert_non_null(scores.confusion);
    scores.confusion[0] = 3;
    scores.confusion[1] = 1;
    encnet__scores_derive(&scores);
    assert_ok(encnet__picture_new(&image, 30, 40, 3));
    assert_ok(encnet__picture_new(&label, 30, 40, 1));
    assert_ok(encnet__picture_new(&ids, 30, 40, 1));
    assert_ok(encnet__report_open(&report, where, classes, M, 0.5));
    for (int i = 0; i < pictures; i++) {
        snprintf(name, sizeof name, "sub/frame_%d", i);
        assert_ok(encnet__report_add(report, name, &image, &label, &ids));
    }
    assert_ok(encnet__report_finish(report, &scores));
    assert_ok(encnet__report_page(report, &scores, &options, "val"));
    encnet__report_free(report);
    encnet_scores_free(&scores);
    encnet__picture_free(&image);
    encnet__picture_free(&label);
    encnet__picture_free(&ids);
}

static void report_has_its_files(void **state)
{
    encnet__picture p = {0};
    char *table;
    size_t size;

    (void)state;
    draw_report(in_dir("report"), 3, 2);
    assert_ok(encnet__picture_read(&p, in_dir("report/contact_sheet.png"), 1 << 24,
                                   ENCNET__READ_UPRIGHT));
    assert_int_equal(p.w, 2 * 16 + 3 * 240 + 2 * 6); /* 40 x 30 grows six times */
    assert_ok(
        encnet__picture_read(&p, in_dir("report/confusion.png"), 1 << 24, ENCNET__READ_UPRIGHT));
    assert_true(p.w >= 400 && p.h >= 3 * 44 + 60); /* the heading is wider than the matrix */
    assert_ok(encnet__picture_read(&p, in_dir("report/overlays/sub/frame_1.png"), 1 << 24,
                                   ENCNET__READ_UPRIGHT));
    assert_true(p.w == 40 && p.h == 30);
    assert_ok(encnet__file_read(&table, &size, in_dir("report/scores.csv"), 10000));
    assert_string_equal(table,
                        "name,IoU,Acc,Dice,Fscore,Precision,Recall,pixels\n"
                        "\"a, \"\"b\"\"\",75.0000,75.0000,85.7143,85.7143,100.0000,75.0000,4\n"
                        "\xe6\xb5\xb7 <1>,0.0000,nan,0.0000,nan,0.0000,nan,0\n"
                        "class_2,nan,nan,nan,nan,nan,nan,0\n");
    encnet__free(table);
    assert_ok(encnet__file_read(&table, &size, in_dir("report/confusion.csv"), 10000));
    assert_string_equal(table, "label,\"a, \"\"b\"\"\",\xe6\xb5\xb7 <1>,class_2\r\n"
                               "\"a, \"\"b\"\"\",3,1,0\r\n"
                               "\xe6\xb5\xb7 <1>,0,0,0\r\n"
                               "class_2,0,0,0\r\n");
    encnet__free(table);
    assert_ok(encnet__file_read(&table, &size, in_dir("report/classes.csv"), 10000));
    assert_non_null(strstr(table, "index,name,r,g,b\n0,\"a, \"\"b\"\"\","));
    encnet__free(table);
    encnet__picture_free(&p);
}

static int count_of(const char *text, const char *word)
{
    int n = 0;

    while ((text = strstr(text, word)) != NULL) n++, text += strlen(word);
    return n;
}

/* The page is whole by itself, whatever the classes are called, and finds the log of the work
 * directory. */
static void page_needs_no_other_file(void **state)
{
    const char log[] = "{\"mode\": \"train\", \"iter\": 50, \"lr\": 0.01, \"loss\": 2.5}\n"
                       "{\"mode\": \"val\", \"iter\": 50, \"mIoU\": 0.5}\n";
    char *page;
    size_t size;

    (void)state;
    assert_ok(encnet__make_dirs(in_dir("work/iter_1")));
    assert_ok(encnet__file_write(in_dir("work/iter_1/weights.safetensors"), "", 0));
    draw_report(in_dir("page"), 3, 2);
    assert_ok(encnet__file_read(&page, &size, in_dir("page/report.html"), 1 << 24));
    assert_int_equal(strncmp(page, "<!DOCTYPE html>\n", 16), 0);
    assert_non_null(strstr(page, "<meta charset=\"utf-8\">"));
    assert_non_null(strstr(page, "<bdi>a, &#34;b&#34;</bdi>"));
    assert_non_null(strstr(page, "<bdi>\xe6\xb5\xb7 &#60;1&#62;</bdi>"));
    assert_non_null(strstr(page, "<dt>mIoU</dt><dd>37.50</dd>"));
    assert_int_equal(count_of(page, "src=\"data:image/png;base64,iVBOR"), 2 * 4);
    assert_int_equal(count_of(page, "src="), 2 * 4);
    assert_int_equal(count_of(page, "http") + count_of(page, "<script") + count_of(page, "url("),
                     0);
    assert_int_equal(count_of(page, "<svg"), 0);
    encnet__free(page);

    assert_ok(encnet__file_write(in_dir("work/run.log.json"), log, strlen(log)));
    draw_report(in_dir("page"), 3, 2);
    assert_ok(encnet__file_read(&page, &size, in_dir("page/report.html"), 1 << 24));
    assert_int_equal(count_of(page, "<svg"), 3);
    assert_non_null(strstr(page, "validation mIoU: best 50.00 %"));
    encnet__free(page);
}

/* All classes that there can be, more pictures than rows; and none at all. */
static void report_of_any_size(void **state)
{
    (void)state;
    draw_report(in_dir("many"), ENCNET_MAX_PIXEL_CLASSES, ENCNET__REPORT_ROWS + 3);
    draw_report(in_dir("none"), 2, 0);
}

static encnet_status draw(const char *log)
{
    const char *path = in_dir("run.log.json");

    assert_ok(encnet__file_write(path, log, strlen(log)));
    return encnet_draw_curves(in_dir("curves.png"), path);
}

static void curves_of_logs(void **state)
{
    encnet__picture p = {0};

    (void)state;
    assert_ok(
        draw("{\"config\": \"\\\"mode\\\": \\\"train\\\"\"}\n"
             "{\"mode\": \"train\", \"epoch\": 1, \"iter\": 50, \"lr\": 0.01, \"loss\": 2.5}\n"
             "{\"mode\": \"train\", \"epoch\": 1, \"iter\": 100, \"lr\": 0.005, \"loss\": 1.5}\n"
             "{\"mode\": \"val\", \"epoch\": 1, \"iter\": 7, \"mIoU\": 0.5}\n"
             "{\"mode\": \"train\", \"epoch\": 1, \"iter\": 150, \"lo"));
    assert_ok(encnet__picture_read(&p, in_dir("curves.png"), 1 << 24, ENCNET__READ_UPRIGHT));
    assert_true(p.w == 900 && p.h == 600);
    encnet__picture_free(&p);
    assert_ok(draw("{\"mode\": \"train\", \"iter\": 1, \"loss\": 0}")); /* one point, no range */
    assert_ok(draw("{\"mode\": \"train\", \"iter\": 5, \"loss\": -1}\n"
                   "{\"mode\": \"train\", \"iter\": 5, \"loss\": 1e29}\n"
                   "{\"mode\": \"train\", \"iter\": 9, \"loss\": NaN}\n"));
    assert_fails(draw(""), ENCNET_E_DATA, "run.log.json");
    assert_fails(draw("{\"mode\": \"train\", \"iter\": 1, \"loss\": NaN}"), ENCNET_E_DATA,
                 "no training line");
    assert_fails(encnet_draw_curves(in_dir("x.png"), in_dir("absent")), ENCNET_E_IO, "absent");
}

/* Drawing far outside, on the edge, and of nothing changes no byte it should not. */
static void drawing_is_clipped(void **state)
{
    const encnet__rgb white = {255, 255, 255}, black = {0, 0, 0};
    const encnet__point far[] = {{-1e9f, 5}, {1e9f, 5}};
    encnet__canvas c;
    uint8_t big_at[12 * 12 * 3] = {0};
    const encnet__picture big = {.h = 12, .w = 12, .channels = 3, .pixels = big_at};

    (void)state;
    for (int i = 0; i < 12; i++)
        big_at[i * 36] = 255; /* its first column, which is cut off below */
    assert_ok(encnet__canvas_new(&c, 10, 10, white));
    encnet__canvas_rect(&c, -5, -5, 4, 4, black);
    encnet__canvas_rect(&c, 10, 10, 4, 4, black);
    encnet__canvas_text(&c, -50, 3, 2, black, false, "abc");
    encnet__canvas_text(&c, 50, 3, 2, black, true, "\xff\x80 abc");
    encnet__canvas_put(&c, &big, 10, 0);
    encnet__canvas_put(&c, &big, -12, -12);
    for (int i = 0; i < 300; i++) assert_int_equal(c.picture.pixels[i], 255);
    encnet__canvas_line(&c, far, 2, 1, black, 1);
    assert_int_equal(c.picture.pixels[0], 255);
    encnet__canvas_rect(&c, -5, -5, 6, 6, black);
    assert_int_equal(c.picture.pixels[0], 0);
    assert_int_equal(c.picture.pixels[3], 255);
    encnet__canvas_put(&c, &big, -1, -1);
    for (int i = 0; i < 300; i++) assert_int_equal(c.picture.pixels[i], 0);
    encnet__canvas_free(&c);
}

/* Pixels of a text, with room for it, that are not white. */
static int ink_of(encnet__canvas *c, bool up, const char *text)
{
    const encnet__rgb white = {255, 255, 255}, black = {0, 0, 0};
    int count = 0;

    encnet__canvas_rect(c, 0, 0, c->picture.w, c->picture.h, white);
    encnet__canvas_text(c, up ? 20 : 10, up ? 180 : 10, 2, black, up, text);
    for (int i = 0; i < c->picture.w * c->picture.h; i++) count += c->picture.pixels[3 * i] < 255;
    return count;
}

/* Names of classes in other scripts, where a font of the system has them. */
static void names_in_any_script(void **state)
{
    static const char *const names[] = {
        "\xd0\xb4\xd0\xbe\xd1\x80\xd0\xbe\xd0\xb3\xd0\xb0", /* Cyrillic */
        "\xce\xb4\xcf\x81\xcf\x8c\xce\xbc\xce\xbf\xcf\x82", /* Greek */
        ("stra\xc3\x9f"
         "e")};
    /* "salam" as it is typed, and as it is joined */
    static const char typed[] = "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85",
                      joined[] = "\xef\xba\xb3\xef\xbb\xbc\xef\xbb\xa1";
    static const char *const none[] = {"\xf4\x8f\xbf\xbd", "\xff\xfe", "\xc3",
                                       "\xe0\xa4\x95" /* Devanagari */, "a\nb"};
    const encnet__rgb white = {255, 255, 255};
    encnet__canvas c, d;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(none); i++) assert_false(encnet__canvas_can_write(none[i]));
    assert_ok(encnet__canvas_new(&c, 200, 200, white));
    assert_ok(encnet__canvas_new(&d, 200, 200, white));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        float width = encnet__canvas_text_width(2, names[i]);
        if (!encnet__canvas_can_write(names[i])) continue;
        assert_in_range((int)width, 30, 120);
        assert_in_range(ink_of(&c, false, names[i]), 100, (int)width * 20);
        for (int y = 0; y < 200; y++) /* within a line of text */
            for (int x = 0; x < 200; x++)
                if (y < 5 || y > 32 || x < 9 || x > 11 + (int)width)
                    assert_int_equal(c.picture.pixels[3 * (200 * y + x)], 255);
        assert_int_equal(ink_of(&c, true, names[i]), ink_of(&d, false, names[i]));
    }
    if (encnet__canvas_can_write(typed) && encnet__canvas_can_write(joined)) {
        ink_of(&c, false, typed);
        ink_of(&d, false, joined);
        assert_memory_equal(c.picture.pixels, d.picture.pixels, 3 * 200 * 200);
    }
    encnet__canvas_free(&c);
    encnet__canvas_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_bytes),
        cmocka_unit_test(format_names),
        cmocka_unit_test(formats_say_the_same),
        cmocka_unit_test(overlays_have_opacity_and_legend),
        cmocka_unit_test(submissions_of_other_classes),
        cmocka_unit_test(report_has_its_files),
        cmocka_unit_test(report_of_any_size),
        cmocka_unit_test(page_needs_no_other_file),
        cmocka_unit_test(curves_of_logs),
        cmocka_unit_test(drawing_is_clipped),
        cmocka_unit_test(names_in_any_script),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
