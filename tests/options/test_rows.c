/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_rows.c - every row of every owner is sound, and values are kept, copied, compared and checked
 * by their rows. */
#include "support/support.h"

#include <math.h>

#include "models/option_rows.h"

static int n_rows(void)
{
    int n = 0;

    while (encnet__option_at(n)) n++;
    return n;
}

static void rows_are_complete(void **state)
{
    encnet_options o;
    const encnet__option *row;
    size_t owned = 0;

    (void)state;
    encnet_options_default(&o);
    for (int i = 0; (row = encnet__option_at(i)); i++) {
        assert_true(encnet__section_known(row->section));
        assert_true(row->help && row->help[strlen(row->help) - 1] == '.');
        assert_true(row->count >= 0 && row->count <= 4);
        assert_int_equal(encnet__option_find(encnet__option_at, row->section, row->key), i);
        assert_ok(encnet__option_set(&o, row, row->default_text));
        owned += !row->is_field;
    }
    assert_true(owned <= ENCNET_MAX_OWNED_OPTIONS);
    assert_null(encnet__option_at(-1));
}

/* Files of weights name an option by its key alone. */
static void recorded_keys_differ(void **state)
{
    int n = n_rows();

    (void)state;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) {
            const encnet__option *a = encnet__option_at(i), *b = encnet__option_at(j);
            bool recorded = a->scope == ENCNET__SCOPE_IDENTITY && b->scope == a->scope;
            if (recorded) assert_string_not_equal(a->key, b->key);
        }
}

static int by_offset(const void *a, const void *b)
{
    const encnet__option *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Between two rows of a section there is no room for a field that has none, nor do two numbers of a row
 * leave a gap.  All sections have the same size. */
static void rows_cover_the_struct(void **state)
{
    static const size_t sizes[] = {sizeof(int),    sizeof(int64_t), sizeof(uint64_t),
                                   sizeof(double), sizeof(bool),    sizeof(char *)};
    encnet__option rows[256];
    size_t n = encnet__option_fields.count, end = 0, sections = 0;

    (void)state;
    memcpy(rows, encnet__option_fields.rows, n * sizeof *rows);
    qsort(rows, n, sizeof *rows, by_offset);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(rows[i].section, rows[i - 1].section) == 0)
            assert_true(rows[i].offset >= end && rows[i].offset - end < 8);
        else
            assert_int_equal(rows[i].offset, sections++ * ENCNET_SECTION_BYTES);
        end = rows[i].offset + sizes[rows[i].kind] * (size_t)(rows[i].count ? rows[i].count : 1);
    }
    assert_int_equal(offsetof(encnet_options, owned), sections * ENCNET_SECTION_BYTES);
}

static void names_reach_every_kind_of_option(void **state)
{
    static const char *const pairs[][2] = {
        {"model.codewords", "4"}, {"model.lateral", "yes"}, {"train.se_weight", "0.3"},
        {"augment.crop", "3,4"},  {"data.root", "here"},    {"data.seed", "18446744073709551615"},
    };
    encnet_options o;
    char text[32];

    (void)state;
    encnet_options_default(&o);
    assert_ok(encnet_options_get(text, sizeof text, &o, "model.codewords"));
    assert_string_equal(text, "32");
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_ok(encnet_options_set(&o, pairs[i][0], pairs[i][1]));
        assert_ok(encnet_options_get(text, sizeof text, &o, pairs[i][0]));
        assert_string_equal(text, pairs[i][1]);
    }
    assert_int_equal(o.augment.crop_h, 3);
    assert_int_equal(o.augment.crop_w, 4);
    assert_ok(encnet_options_set(&o, "model.codewords", "5")); /* the same slot again */
    assert_ok(encnet_options_get(text, sizeof text, &o, "model.codewords"));
    assert_string_equal(text, "5");
    assert_null(o.owned[3].row);
    assert_fails(encnet_options_set(&o, "model.codeword", "4"), ENCNET_E_CONFIG, "model.codewords");
    assert_fails(encnet_options_set(&o, "codewords", "4"), ENCNET_E_CONFIG, "section.key");
    assert_fails(encnet_options_set(&o, "model.codewords", "-1"), ENCNET_E_CONFIG,
                 "model.codewords = -1: must be integer 0..4096");
    assert_fails(encnet_options_get(text, 3, &o, "augment.crop"), ENCNET_E_ARG, "room for 3");
}

static void copies_own_their_texts(void **state)
{
    static const encnet__option named = {
        .section = "model", .key = "gates", .kind = ENCNET__KIND_TEXT, .default_text = "none"};
    char root[] = "root", gates[] = "some";
    encnet_options o, copy;
    char *strings = NULL;

    (void)state;
    encnet_options_default(&o);
    assert_string_equal(encnet__option_value(&o, &named).text, "none");
    o.data.root = root;
    o.data.train_images = NULL;
    assert_ok(encnet__option_set(&o, &named, gates));
    assert_ok(encnet__options_copy(&copy, &strings, &o));
    root[0] = gates[0] = 'x';
    assert_string_equal(copy.data.root, "root");
    assert_string_equal(copy.data.train_images, "");
    assert_string_equal(encnet__option_value(&copy, &named).text, "some");
    assert_false(encnet__option_equal(&o, &copy, &named));
    assert_true(encnet__option_equal(&o, &copy, ENCNET__OPTION_ROW(data.train_images)));
    encnet__free(strings);
}

/* The fields of a C program pass the same checks as a configuration. */
static void wrong_fields_are_refused(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    assert_ok(encnet__options_check(&o, NULL));
    o.model.dropout = NAN;
    assert_fails(encnet__options_check(&o, "model"), ENCNET_E_ARG,
                 "model.dropout = nan: must be number 0..0.9");
    assert_ok(encnet__options_check(&o, "train"));
    encnet_options_default(&o);
    o.eval.mode = "crop";
    assert_fails(encnet__options_check(&o, NULL), ENCNET_E_ARG, "must be one of whole slide");
    encnet_options_default(&o);
    o.model.network = NULL;
    assert_fails(encnet__options_check(&o, NULL), ENCNET_E_ARG, "model.network = :");
    encnet_options_default(&o);
    o.augment.crop_w = 0;
    assert_fails(encnet__options_check(&o, NULL), ENCNET_E_ARG, "augment.crop = 512,0");
    encnet_options_default(&o);
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    o.owned[0].value.ints[0] = 5000;
    assert_fails(encnet__options_check(&o, "model"), ENCNET_E_ARG, "model.codewords = 5000");
}

static void lists_of_numbers_are_read(void **state)
{
    static const encnet__option row = {.section = "model",
                                       .key = "rates",
                                       .kind = ENCNET__KIND_TEXT,
                                       .default_text = "1,2",
                                       .fewest_numbers = 2,
                                       .most_numbers = 3,
                                       .least = 1,
                                       .most = 9,
                                       .whole = true,
                                       .choices = "none same",
                                       .values = "rates"};
    static const char *const wrong[] = {"",      "1",     "1,2,3,4", "0,1", "1,10", "1,2,",
                                        "1.5,2", "1,2e0", "1;2",     ",1",  "nons", "none,1"};
    encnet__option reals = row;
    double out[4] = {0, 0, 0, -1};
    int n;

    (void)state;
    assert_ok(encnet__option_numbers(out, &n, &row, "4, 5 ,6"));
    assert_int_equal(n, 3);
    assert_true(out[0] == 4 && out[1] == 5 && out[2] == 6 && out[3] == -1);
    assert_ok(encnet__option_numbers(NULL, &n, &row, "4,5"));
    assert_int_equal(n, 2);
    assert_ok(encnet__option_numbers(out, &n, &row, "same"));
    assert_int_equal(n, 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_fails(encnet__option_numbers(out, &n, &row, wrong[i]), ENCNET_E_ARG,
                     "must be none or same or rates, integers 1..9, at most 3");
        assert_true(out[3] == -1);
    }
    reals.whole = false;
    reals.fewest_numbers = 0;
    assert_ok(encnet__option_numbers(out, &n, &reals, "1.5,2e0"));
    assert_true(n == 2 && out[0] == 1.5 && out[1] == 2);
    assert_ok(encnet__option_numbers(out, &n, &reals, NULL));
    assert_int_equal(n, 0);
    assert_fails(
        encnet__option_numbers(out, &n, &reals, "x"), ENCNET_E_ARG,
        "model.rates = x: must be none or same or rates, numbers 1..9, at most 3, or empty");
}

static void choices_are_read_in_order(void **state)
{
    static const encnet__option row = {
        .kind = ENCNET__KIND_TEXT, .choices = "auto gemm tiled", .several = true};
    const char *at = "tiled,auto", *wrong[] = {"gem", "gemm,", ",gemm", "gemmm"};

    (void)state;
    assert_int_equal(encnet__option_choice(&row, &at), 2);
    assert_int_equal(encnet__option_choice(&row, &at), 0);
    assert_true(*at == '\0');
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(encnet__option_choice(&row, &wrong[i]), -1);
}

static void numbers_tell_differences(void **state)
{
    const encnet__option *ratio = ENCNET__OPTION_ROW(augment.ratio_min);
    encnet_options a, b;

    (void)state;
    encnet_options_default(&a);
    b = a;
    assert_true(encnet__option_equal(&a, &b, ratio));
    b.augment.ratio_max = nextafter(b.augment.ratio_max, 3);
    assert_false(encnet__option_equal(&a, &b, ratio));
    for (int i = 0; encnet__option_at(i); i++)
        if (encnet__option_at(i) != ratio)
            assert_true(encnet__option_equal(&a, &b, encnet__option_at(i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(recorded_keys_differ),
        cmocka_unit_test(rows_cover_the_struct),
        cmocka_unit_test(names_reach_every_kind_of_option),
        cmocka_unit_test(copies_own_their_texts),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(lists_of_numbers_are_read),
        cmocka_unit_test(choices_are_read_in_order),
        cmocka_unit_test(numbers_tell_differences),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
