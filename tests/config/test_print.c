/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_print.c - printed options load to the same options, and name the origin of every value. */
#include "config_test.h"

#include "config/config.h"

/* Values that are worth a round trip.  Every other key gets one that is made from its row. */
static const char *const chosen[] = {
    "model.backbone=resnet101",
    "model.classes=11",
    "model.dropout=0",
    "model.checkpoint=work dirs/a/latest",
    "model.fresh=decode_head.conv_seg,backbone",
    "data.root=../shared/data/\xC3\xA4",
    "data.val_list=a b~",
    "data.ignore_labels=0,11",
    "data.label_ids=0,255",
    "data.seed=18446744073709551615",
    "model.aspp_rates=1,6,12",
    "model.multi_grid=1,2,4",
    "augment.scale=480,360",
    "augment.ratio=0.1,0.30000000000000004",
    "augment.mean=0,1,2.5",
    "augment.area=0.08,1",
    "augment.std=1,2,3",
    "train.seed=9007199254740993",
    "train.class_weights=1,1,1,1,1,1,1,1,1,1,1.123456789012345",
    "train.se_weight=0.3333333333333333",
    "device.shares=3,1",
    "optimizer.lr=1e-05",
    "optimizer.min_lr=0",
    "optimizer.steps=30,60",
    "optimizer.lr_mult=decode_head:10",
    "eval.image_scale=2049,1025",
    "eval.crop=240,240",
    "eval.stride=160,161",
    "eval.scales=0.5,0.75",
};

/* Appends a choice of the row that is not its default. */
static void add_choice(encnet__text *out, const encnet__option *row)
{
    const char *word = row->choice ? row->choice(0) : row->choices;
    int size = (int)strcspn(word, " ");

    if (size == (int)strlen(row->default_text) && !strncmp(word, row->default_text, (size_t)size)) {
        word = row->choice ? row->choice(1) : word + size + 1;
        size = (int)strcspn(word, " ");
    }
    encnet__text_add(out, "%.*s", size, word);
}

/* Appends numbers at one end of their range that are not the default. */
static void add_numbers(encnet__text *out, const encnet__option *row)
{
    const char *at = row->default_text;
    int n = row->count ? row->count : 1;

    for (int i = 0; i < n; i++) {
        double number;
        assert_true(encnet__real(&number, at, &at));
        if (i) encnet__text_add(out, ",");
        encnet__number_print(out, number == row->least ? row->most : row->least);
        at += *at == ',';
    }
}

/* Appends "section.key=value" with a value that is not the default. */
static void add_other(encnet__text *out, const encnet__option *row)
{
    size_t start = out->size;

    encnet__text_add(out, "%s.%s=", row->section, row->key);
    for (size_t i = 0; i < COUNT_OF(chosen); i++)
        if (!strncmp(chosen[i], out->data + start, out->size - start)) {
            out->size = start;
            encnet__text_add(out, "%s", chosen[i]);
            return;
        }
    if (row->most_numbers)
        fail_msg("%s.%s lists numbers: choose some for it", row->section, row->key);
    else if (row->choices || row->choice)
        add_choice(out, row);
    else if (row->kind == ENCNET__KIND_BOOL)
        encnet__text_add(out, strcmp(row->default_text, "yes") ? "yes" : "no");
    else if (row->form && row->form != encnet__form_path)
        fail_msg("%s.%s has a form: choose a value for it", row->section, row->key);
    else if (row->kind == ENCNET__KIND_TEXT)
        encnet__text_add(out, "a text");
    else
        add_numbers(out, row);
}

/* Equal as texts of every key, which the values of test_schema.c hold together with. */
static void assert_options_equal(const encnet_options *a, const encnet_options *b)
{
    char *x = encnet_options_print(a), *y = encnet_options_print(b);

    assert_non_null(x);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* A path may hold what other paths have replaced. */
static void dollars_survive(void **state)
{
    encnet_config *c, *again;
    const char *text;

    (void)state;
    setenv("ENCNET_TEST_DATA", "/data/$1", 1);
    assert_int_equal(parse(&c, "[data]\nroot = $ENCNET_TEST_DATA/a$$b\n"), ENCNET_OK);
    assert_string_equal(encnet_config_options(c)->data.root, "/data/$1/a$b");
    text = encnet_config_print(c, false);
    assert_non_null(strstr(text, "\nroot = /data/$$1/a$$b\n"));
    assert_int_equal(parse(&again, text), ENCNET_OK);
    assert_string_equal(encnet_config_options(again)->data.root, "/data/$1/a$b");
    encnet_config_free(again);
    encnet_config_free(c);
    expect_problems(
        "[data]\nroot = ${ENCNET_TEST_NONE}/a\n",
        "a.ini:2: ${ENCNET_TEST_NONE}/a: the environment has no ENCNET_TEST_NONE; $$ is a "
        "dollar sign\n");
}

static void every_key_survives_a_round_trip(void **state)
{
    enum { MOST = 200 };
    static encnet__text other[MOST];
    const char *values[MOST];
    encnet_config *c, *again;
    encnet_options defaults;
    encnet__text a = {0}, b = {0};
    int n = 0;

    (void)state;
    for (; encnet__option_at(n); n++) {
        assert_true(n < MOST);
        add_other(&other[n], encnet__option_at(n));
        values[n] = other[n].data;
    }
    if (load(&c, NULL, values, n) != ENCNET_OK) fail_msg("%s", encnet_last_error());
    encnet_options_default(&defaults);
    for (int i = 0; i < n; i++) {
        const encnet__option *row = encnet__option_at(i);
        a.size = b.size = 0;
        encnet__option_print(&a, encnet_config_options(c), row);
        encnet__option_print(&b, &defaults, row);
        assert_string_not_equal(a.data, b.data); /* or the test says nothing about this key */
        assert_string_equal(a.data, strchr(values[i], '=') + 1);
        encnet__text_free(&other[i]);
    }
    for (int origins = 0; origins < 2; origins++) {
        assert_int_equal(parse(&again, encnet_config_print(c, origins)), ENCNET_OK);
        assert_options_equal(encnet_config_options(c), encnet_config_options(again));
        encnet_config_free(again);
    }
    encnet_config_free(c);
    encnet__text_free(&a);
    encnet__text_free(&b);
}

static void long_values_survive_a_round_trip(void **state)
{
    encnet__text path = {0}, weights = {0};
    encnet_options o;
    encnet_config *c;
    char *text;

    (void)state;
    encnet_options_default(&o);
    for (int i = 0; i < 80; i++) encnet__text_add(&path, "d\xC3\xA4 [#;]=\\/%d", i);
    for (int i = 0; i < 255; i++) encnet__text_add(&weights, "%s1.%d", i ? "," : "", i);
    o.model.classes = 255;
    o.train.class_weights = weights.data;
    o.data.root = path.data;
    text = encnet_options_print(&o);
    assert_non_null(text);
    assert_int_equal(parse(&c, text), ENCNET_OK);
    assert_string_equal(encnet_config_options(c)->data.root, path.data);
    assert_string_equal(encnet_config_options(c)->train.class_weights, weights.data);
    encnet_config_free(c);
    free(text);
    encnet__text_free(&path);
    encnet__text_free(&weights);
}

static void a_text_that_ini_cannot_hold_is_refused(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.output.work_dir = "a\n[model]";
    assert_null(encnet_options_print(&o));
    assert_string_equal(encnet_last_error(), "output.work_dir: the text holds a control character");
}

/* -- files ----------------------------------------------------------------------------------- */

static char dir[] = "/tmp/encnet-config-XXXXXX";

static int enter_dir(void **state)
{
    (void)state;
    return !mkdtemp(dir) || chdir(dir);
}

static int leave_dir(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return chdir("/") || system(command);
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(encnet__file_write(path, text, strlen(text)), ENCNET_OK);
}

/* The line of `key` in the printed configuration, without the blanks in the middle. */
static void expect_line(encnet_config *c, const char *key, const char *value, const char *origin)
{
    char start[64], *line, *comment;

    snprintf(start, sizeof start, "\n%s = %s ", key, value);
    line = strstr(encnet_config_print(c, true), start);
    assert_non_null(line);
    comment = strstr(line, "; ");
    assert_memory_equal(comment + 2, origin, strlen(origin));
    assert_int_equal(comment[2 + strlen(origin)], '\n');
}

static void a_value_tells_where_it_came_from(void **state)
{
    static const char *const set[] = {"train.seed=1", "train.seed=2"};
    encnet_config *c;

    (void)state;
    assert_int_equal(encnet__make_dirs("base"), ENCNET_OK);
    write_file("base/a.ini", "include = b.ini\n[model]\nclasses = 7\nchannels = 8\n");
    write_file("base/b.ini", "[model]\nclasses = 5\ncodewords = 6\n");
    write_file("run.ini", "include = base/a.ini\n[model]\nchannels = 9\n");
    assert_int_equal(load(&c, "run.ini", set, 2), ENCNET_OK);
    expect_line(c, "classes", "7", "base/a.ini:3");
    expect_line(c, "codewords", "6", "base/b.ini:3");
    expect_line(c, "channels", "9", "run.ini:3");
    expect_line(c, "seed", "2", "--set");
    expect_line(c, "dropout", "0.1", "default");
    assert_string_equal(encnet_config_options(c)->output.work_dir, "work_dirs/run");
    encnet_config_free(c);
}

static void includes_are_guarded(void **state)
{
    static char name[16], text[64];
    encnet_config *c;

    (void)state;
    write_file("x.ini", "include = y.ini\n");
    write_file("y.ini", "include = ./x.ini\n");
    assert_int_equal(load(&c, "x.ini", NULL, 0), ENCNET_E_CONFIG);
    assert_string_equal(problems.data,
                        "y.ini:1: include = ./x.ini: this file is being read already\n");
    for (int i = 0; i <= 9; i++) {
        snprintf(name, sizeof name, "deep%d.ini", i);
        snprintf(text, sizeof text, "include = deep%d.ini\n", i + 1);
        write_file(name, i == 9 ? "[model]\nclasses = 9\n" : text);
    }
    assert_int_equal(load(&c, "deep1.ini", NULL, 0), ENCNET_OK); /* 8 deep */
    assert_int_equal(encnet_config_options(c)->model.classes, 9);
    encnet_config_free(c);
    assert_int_equal(load(&c, "deep0.ini", NULL, 0), ENCNET_E_CONFIG);
    assert_string_equal(problems.data,
                        "deep8.ini:1: include = deep9.ini: more than 8 files deep\n");
    write_file("late.ini", "[model]\ninclude = x.ini\n");
    assert_int_equal(load(&c, "late.ini", NULL, 0), ENCNET_E_CONFIG);
    assert_string_equal(problems.data, "late.ini:2: include stands above the first section\n");
}

static void missing_files_are_named(void **state)
{
    encnet_config *c;

    (void)state;
    assert_int_equal(load(&c, "none.ini", NULL, 0), ENCNET_E_IO);
    assert_non_null(strstr(problems.data, "none.ini: No such file or directory; "));
    write_file("z.ini", "\ninclude = none.ini\n");
    assert_int_equal(load(&c, "z.ini", NULL, 0), ENCNET_E_IO);
    assert_non_null(strstr(problems.data, "z.ini:2: none.ini: No such file or directory; "));
    assert_int_equal(load(&c, dir, NULL, 0), ENCNET_E_IO);
}

/* What a later version saved beside a checkpoint. */
static void a_saved_configuration_may_hold_more(void **state)
{
    encnet_config *c;
    char codewords[16];

    (void)state;
    encnet__text_free(&problems);
    write_file("saved.ini", "[model]\nclasses = 7\ngates = 3\n[later]\nx = 1\n[train]\nseed = 5\n"
                            "class_weights = 1,2\n");
    assert_int_equal(encnet__config_load_saved(&c, "saved.ini", keep_problem, NULL), ENCNET_OK);
    assert_string_equal(problems.data,
                        "saved.ini:3: this version has no model.gates and ignores it\n"
                        "saved.ini:4: this version has no [later] and ignores it\n");
    assert_int_equal(encnet_config_options(c)->model.classes, 7);
    assert_int_equal(encnet_config_options(c)->train.seed, 5);
    assert_int_equal(encnet_options_get(codewords, sizeof codewords, encnet_config_options(c),
                                        "model.codewords"),
                     ENCNET_OK);
    assert_string_equal(codewords, "32");
    encnet_config_free(c);
    write_file("saved.ini", "[model]\nclasses = x\n");
    assert_int_equal(encnet__config_load_saved(&c, "saved.ini", NULL, NULL), ENCNET_E_CONFIG);
}

static void every_problem_is_listed(void **state)
{
    static const char *const set[] = {"model.clases=3", "train", "optimiser.lr=1"};
    encnet_config *c;

    (void)state;
    write_file("bad.ini", "[model]\nclases = 3\nclasses = 3\nclasses = 4\nlr = 1\n[modle]\nx = 1\n"
                          "[train]\nmax_iters = 0\nmax_iter = 5\n");
    assert_int_equal(load(&c, "bad.ini", set, 3), ENCNET_E_CONFIG);
    assert_string_equal(
        problems.data,
        "bad.ini:2: unknown key model.clases; the nearest is model.classes\n"
        "bad.ini:4: model.classes stands in line 3 already\n"
        "bad.ini:5: unknown key model.lr; the nearest is optimizer.lr\n"
        "bad.ini:6: unknown section [modle]; the nearest is [model]\n"
        "bad.ini:9: train.max_iters = 0: must be integer 1..1000000000\n"
        "bad.ini:10: unknown key train.max_iter; the nearest is train.max_iters\n"
        "--set: unknown key model.clases; the nearest is model.classes\n"
        "--set: train: must be section.key=value\n"
        "--set: unknown section optimiser in optimiser.lr=1; the nearest is optimizer\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_survives_a_round_trip),
        cmocka_unit_test(dollars_survive),
        cmocka_unit_test(long_values_survive_a_round_trip),
        cmocka_unit_test(a_text_that_ini_cannot_hold_is_refused),
        cmocka_unit_test(a_value_tells_where_it_came_from),
        cmocka_unit_test(includes_are_guarded),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(a_saved_configuration_may_hold_more),
        cmocka_unit_test(every_problem_is_listed),
    };

    return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
