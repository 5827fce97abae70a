/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_convert.c - tensors copied from file to file: views, numbers of every type, and the messages.
 * tests/cli/convert.sh converts whole checkpoints. */
#include "support/scratch.h"

#include <encnet/convert.h>
#include <unistd.h>

#include "files/format.h"
#include "files/safetensors.h"
#include "files/torch_write.h"
#include "files/zip_write.h"
#include "models/description.h"
#include "convert/mmcv.h"

static char pth[96], safetensors[128];

static int set_up(void **state)
{
    if (make_dir(state) != 0) return -1;
    snprintf(pth, sizeof pth, "%s/in.pth", dir);
    snprintf(safetensors, sizeof safetensors, "%s/out.safetensors", dir);
    return 0;
}

static void add_pair_of_ints(encnet__pickle *p, int64_t a, int64_t b)
{
    encnet__pickle_mark(p);
    encnet__pickle_int(p, a);
    encnet__pickle_int(p, b);
    encnet__pickle_tuple(p);
}

/* {"view": a view of the six floats 0 .. 5} */
static void write_view(int64_t offset, const int64_t dims[2], const int64_t strides[2])
{
    static const float numbers[6] = {0, 1, 2, 3, 4, 5};
    encnet__zip_writer *z = NULL;
    encnet__pickle p = {0};

    encnet__pickle_begin(&p);
    encnet__pickle_dict(&p);
    encnet__pickle_mark(&p);
    encnet__pickle_text(&p, "view");
    encnet__pickle_global(&p, "torch._utils", "_rebuild_tensor_v2");
    encnet__pickle_mark(&p);
    encnet__pickle_mark(&p);
    encnet__pickle_text(&p, "storage");
    encnet__pickle_global(&p, "torch", "FloatStorage");
    encnet__pickle_text(&p, "0");
    encnet__pickle_text(&p, "cpu");
    encnet__pickle_int(&p, 6);
    encnet__pickle_tuple(&p);
    encnet__pickle_persistent(&p);
    encnet__pickle_int(&p, offset);
    add_pair_of_ints(&p, dims[0], dims[1]);
    add_pair_of_ints(&p, strides[0], strides[1]);
    encnet__pickle_bool(&p, false);
    encnet__pickle_ordered_dict(&p);
    encnet__pickle_tuple(&p);
    encnet__pickle_call(&p);
    encnet__pickle_set_items(&p);
    encnet__pickle_end(&p);
    assert_ok(encnet__zip_writer_new(&z, pth));
    assert_ok(encnet__zip_writer_add(z, "archive/data.pkl", p.data, p.size));
    assert_ok(encnet__zip_writer_add(z, "archive/data/0", numbers, sizeof numbers));
    assert_ok(encnet__zip_writer_add(z, "archive/version", "3\n", 2));
    assert_ok(encnet__zip_writer_commit(z));
    encnet__zip_writer_free(z);
    encnet__text_free(&p);
}

static void views_are_written_row_major(void **state)
{
    static const float expected[4] = {1, 3, 2, 4};
    float got[4];
    encnet__tensor_file *f = NULL;
    encnet_converted done;

    (void)state;
    write_view(1, (int64_t[]){2, 2}, (int64_t[]){1, 2});
    assert_ok(encnet_convert(&done, safetensors, pth, NULL));
    assert_int_equal(done.tensors, 1);
    assert_false(done.described);
    assert_false(done.optimizer);
    assert_ok(encnet__tensor_file_open(&f, safetensors));
    assert_ok(encnet__tensor_file_read(f, encnet__tensor_file_find(f, "view"), got));
    assert_memory_equal(got, expected, sizeof got);
    encnet__tensor_file_close(f);
}

/* Every format that is said to be written is, and is what its ending promises; any other ending is
 * refused with the list of them. */
static void every_written_format(void **state)
{
    encnet_checkpoint_format format;
    char path[128];
    int written = 0;

    (void)state;
    write_view(0, (int64_t[]){2, 3}, (int64_t[]){3, 1});
    snprintf(path, sizeof path, "%s/out.bin", dir);
    assert_fails(encnet_convert(NULL, path, pth, NULL), ENCNET_E_ARG, "its ending must be ");
    for (int i = 0; encnet_checkpoint_format_at(i, &format); i++) {
        encnet__tensor_file *f = NULL;
        if (!format.written) continue;
        assert_non_null(strstr(encnet_last_error(), format.ending));
        snprintf(path, sizeof path, "%s/written%s", dir, format.ending);
        assert_ok(encnet_convert(NULL, path, pth, NULL));
        assert_ok(encnet__tensor_file_open(&f, path));
        assert_string_equal(f->format->name, format.name);
        assert_non_null(encnet__tensor_file_find(f, "view"));
        encnet__tensor_file_close(f);
        written++;
    }
    assert_int_equal(written, 2);
    assert_false(encnet_checkpoint_format_at(-1, &format));
}

/* Half floats and a line of meta by way of .pth, with names, colours and the iteration. */
static void write_described(const encnet__description *d, const encnet__pair *text)
{
    encnet__file_tensor t = {.name = "half", .type = ENCNET__BF16, .n_dims = 1, .dims = {3}};
    encnet__mmcv_checkpoint c = {
        .weights = &t, .n_weights = 1, .description = d, .texts = text, .n_texts = 1, .iter = 1234};
    encnet__torch_writer *w = NULL;

    assert_ok(encnet__torch_writer_new(&w, pth));
    assert_ok(encnet__mmcv_write(w, &c));
    assert_ok(encnet__torch_writer_put(w, "abcdef", 6));
    assert_ok(encnet__torch_writer_commit(w));
    encnet__torch_writer_free(w);
}

/* What a file says of itself, whatever its format. */
static void check_described(const char *path, const encnet__description *d)
{
    static encnet__description found;
    encnet__tensor_file *f = NULL;
    char got[6];

    assert_ok(encnet__tensor_file_open(&f, path));
    assert_ok(encnet__tensor_file_verify(f));
    assert_ok(encnet__description_read(&found, f));
    assert_int_equal(found.n_names, d->n_names);
    assert_int_equal(found.n_colours, d->n_colours);
    for (int c = 0; c < d->n_names; c++) {
        assert_string_equal(found.classes[c].name, d->classes[c].name);
        if (d->n_colours) assert_memory_equal(found.classes[c].rgb, d->classes[c].rgb, 3);
    }
    assert_string_equal(encnet__tensor_file_metadata(f, ENCNET__ITERATION_KEY), "1234");
    assert_string_equal(encnet__tensor_file_metadata(f, "env"), "gcc \"12\"\n");
    assert_int_equal(encnet__tensor_file_find(f, "half")->type, ENCNET__BF16);
    assert_ok(encnet__tensor_file_read(f, encnet__tensor_file_find(f, "half"), got));
    assert_memory_equal(got, "abcdef", sizeof got);
    encnet__tensor_file_close(f);
}

static void what_is_said_goes_along(void **state)
{
    static encnet__description d = {
        .n_names = 2,
        .n_colours = 2,
        .classes = {{"a tree", {1, 2, 3}}, {"caf\xc3\xa9", {255, 0, 9}}}};
    encnet__pair text = {"env", "gcc \"12\"\n"};
    char again[128];

    (void)state;
    snprintf(again, sizeof again, "%s/again.pth", dir);
    for (d.n_colours = 0; d.n_colours <= 2; d.n_colours += 2) {
        write_described(&d, &text);
        check_described(pth, &d);
        assert_ok(encnet_convert(NULL, safetensors, pth, NULL));
        check_described(safetensors, &d);
        assert_ok(encnet_convert(NULL, again, safetensors, NULL));
        check_described(again, &d);
    }
}

/* Lines of text that are called like mmcv's entries, and an iteration that is no number. */
static void texts_are_not_taken_for_entries(void **state)
{
    static const encnet__pair pairs[] = {{"iter", "12"},
                                         {"CLASSES", "a"},
                                         {"PALETTE", "b"},
                                         {"epoch", "c"},
                                         {"encnet.iteration", "12x"},
                                         {"note", "d"}};
    encnet__file_tensor t = {.name = "half", .type = ENCNET__F16, .n_dims = 1, .dims = {3}};
    encnet__st_writer *w = NULL;
    encnet__tensor_file *f = NULL;

    (void)state;
    assert_ok(encnet__st_writer_new(&w, safetensors, &t, 1, pairs, COUNT_OF(pairs)));
    assert_ok(encnet__st_writer_put(w, "abcdef", 6));
    assert_ok(encnet__st_writer_commit(w));
    encnet__st_writer_free(w);
    assert_ok(encnet_convert(NULL, pth, safetensors, NULL));
    assert_ok(encnet__tensor_file_open(&f, pth));
    assert_int_equal(f->n_pairs, 1);
    assert_string_equal(encnet__tensor_file_metadata(f, "note"), "d");
    encnet__tensor_file_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_written_row_major),
        cmocka_unit_test(every_written_format),
        cmocka_unit_test(what_is_said_goes_along),
        cmocka_unit_test(texts_are_not_taken_for_entries),
    };
    return cmocka_run_group_tests(tests, set_up, remove_dir);
}
