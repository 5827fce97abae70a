/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_description.c - what files say of their network: written, read again, more or less of it, nonsense.
 */
#include "support/support.h"

#include <math.h>
#include <unistd.h>

#include "files/safetensors.h"
#include "models/description.h"

static encnet__description written, found;
static char path[64];

/* A file without tensors that says what `m` does, less the line `without` and with `line` instead.
 */
static void write_file(const encnet__metadata *m, const char *without, const encnet__pair *instead)
{
    encnet__pair pairs[ENCNET__MAX_DESCRIPTION + 1];
    encnet__st_writer *w = NULL;
    size_t n = 0;

    for (int i = 0; i < m->n; i++)
        if (!without || strcmp(m->pairs[i].key, without)) pairs[n++] = m->pairs[i];
    if (instead) pairs[n++] = *instead;
    assert_ok(encnet__st_writer_new(&w, path, NULL, 0, pairs, n));
    assert_ok(encnet__st_writer_commit(w));
    encnet__st_writer_free(w);
}

/* Reads the file into `found`. */
static encnet_status read_file(encnet__tensor_file **f)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__tensor_file_open(f, path));
    TRY(encnet__description_read(&found, *f));
done:
    return rc;
}

static int set_up(void **state)
{
    encnet_model_options *o = &written.options.model;

    (void)state;
    snprintf(path, sizeof path, "/tmp/encnet-description-%d", (int)getpid());
    encnet_options_default(&written.options);
    written.has_network = true;
    o->network = "fcn";
    o->classes = written.n_names = written.n_colours = 3;
    o->align_corners = true;
    written.options.augment.mean[1] = 1.0 / 3;
    snprintf(written.classes[0].name, sizeof written.classes[0].name, "sky, \"blue\"");
    snprintf(written.classes[1].name, sizeof written.classes[1].name, "caf\xc3\xa9");
    snprintf(written.classes[2].name, sizeof written.classes[2].name, "road");
    memcpy(written.classes[2].rgb, (uint8_t[]){255, 0, 128}, 3);
    return 0;
}

static void reads_what_it_wrote(void **state)
{
    encnet__metadata m;
    encnet__tensor_file *f = NULL;

    (void)state;
    assert_ok(encnet__description_write(&m, &written));
    write_file(&m, NULL, NULL);
    assert_ok(read_file(&f));
    assert_true(found.has_network);
    assert_string_equal(found.options.model.network, "fcn");
    assert_string_equal(found.options.model.backbone, written.options.model.backbone);
    assert_int_equal(found.options.model.classes, 3);
    assert_true(found.options.model.align_corners);
    assert_close(found.options.augment.mean[1], 1.0 / 3, 1e-9);
    assert_int_equal(found.n_names, 3);
    assert_int_equal(found.n_colours, 3);
    assert_memory_equal(found.classes, written.classes, 3 * sizeof *written.classes);
    encnet__tensor_file_close(f);
    encnet__metadata_free(&m);
}

static void names_without_a_network(void **state)
{
    encnet__metadata m;
    encnet__tensor_file *f = NULL;
    encnet__description names = written;

    (void)state;
    names.has_network = false;
    names.n_colours = 0;
    assert_ok(encnet__description_write(&m, &names));
    assert_int_equal(m.n, 1);
    write_file(&m, NULL, NULL);
    assert_ok(read_file(&f));
    assert_false(found.has_network);
    assert_int_equal(found.n_names, 3);
    assert_int_equal(found.n_colours, 0);
    encnet__tensor_file_close(f);
    encnet__metadata_free(&m);
}

/* What an earlier version did not record has its default. */
static void takes_defaults_for_what_is_missing(void **state)
{
    encnet__metadata m;
    encnet_options defaults;
    char value[64], expected[64];

    (void)state;
    encnet_options_default(&defaults);
    assert_ok(encnet_options_set(&written.options, "model.head_convs", "3"));
    assert_ok(encnet__description_write(&m, &written));
    for (int i = 0; i < m.n; i++) {
        encnet__tensor_file *f = NULL;
        write_file(&m, m.pairs[i].key, NULL);
        assert_ok(read_file(&f));
        assert_int_equal(found.has_network, strcmp(m.pairs[i].key, "encnet.network") != 0);
        if (strcmp(m.pairs[i].key, "encnet.head_convs") == 0) {
            assert_ok(encnet_options_get(value, sizeof value, &found.options, "model.head_convs"));
            assert_ok(encnet_options_get(expected, sizeof expected, &defaults, "model.head_convs"));
            assert_string_equal(value, expected);
        } else if (found.has_network) {
            assert_ok(encnet_options_get(value, sizeof value, &found.options, "model.head_convs"));
            assert_string_equal(value, "3");
        }
        encnet__tensor_file_close(f);
    }
    encnet__metadata_free(&m);
}

/* A later version's network may have an option that this version cannot build. */
static void refuses_an_unknown_part_of_the_network(void **state)
{
    static const encnet__pair unknown = {"encnet.gates", "3"}, note = {"encnet.note.gates", "3"};
    encnet__metadata m;
    encnet__tensor_file *f = NULL;

    (void)state;
    assert_ok(encnet__description_write(&m, &written));
    write_file(&m, NULL, &unknown);
    assert_fails(read_file(&f), ENCNET_E_CHECKPOINT, "encnet.gates = 3");
    encnet__tensor_file_close(f);
    write_file(&m, NULL, &note);
    assert_ok(read_file(&f));
    assert_true(found.has_network);
    encnet__tensor_file_close(f);
    encnet__metadata_free(&m);
}

static void refuses_nonsense(void **state)
{
    static const encnet__pair wrong[] = {
        {"encnet.classes", "3x"},          {"encnet.classes", "-3"}, {"encnet.channels", "9999999"},
        {"encnet.align_corners", "maybe"}, {"encnet.mean", "1,2"},   {"encnet.std", "1,2,3,4"},
    };
    encnet__metadata m;

    (void)state;
    assert_ok(encnet__description_write(&m, &written));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        encnet__tensor_file *f = NULL;
        write_file(&m, wrong[i].key, &wrong[i]);
        assert_fails(read_file(&f), ENCNET_E_CHECKPOINT, wrong[i].value);
        encnet__tensor_file_close(f);
    }
    encnet__metadata_free(&m);
}

/* Colours serve pictures only: what is no colour leaves the names as they are. */
static void drops_odd_colours(void **state)
{
    static const char *const wrong[] = {"1,2,3\n4,5,6", "1,2,3\n4,5,6\n7,8",
                                        "1,2,3\n4,5,6\n7,8,256", "1,2,3\n4,5,6\n7,8,9x", ""};
    encnet__metadata m;

    (void)state;
    assert_ok(encnet__description_write(&m, &written));
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        encnet__pair instead = {"encnet.palette", wrong[i]};
        encnet__tensor_file *f = NULL;
        write_file(&m, instead.key, &instead);
        assert_ok(read_file(&f));
        assert_int_equal(found.n_names, 3);
        assert_int_equal(found.n_colours, 0);
        encnet__tensor_file_close(f);
    }
    encnet__metadata_free(&m);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(names_without_a_network),
        cmocka_unit_test(takes_defaults_for_what_is_missing),
        cmocka_unit_test(refuses_an_unknown_part_of_the_network),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(drops_odd_colours),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
