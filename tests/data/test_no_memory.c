/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_no_memory.c - opening a data set while one allocation after the other is refused: it ends
 * with a status and a message, or well, and no problem of the data is made up. */
#include "data_test.h"
#include "support/memory.h"

/* The training split of VOC with its augmented set. */
static encnet_options make_voc(const char *root)
{
    encnet_options o;

    put_plain(root, "JPEGImages/1.jpg", 2, 2, 3, 0);
    put_plain(root, "JPEGImages/2.jpg", 2, 2, 3, 0);
    put_plain(root, "SegmentationClass/1.png", 2, 2, 1, 0);
    put_plain(root, "SegmentationClassAug/2.png", 2, 2, 1, 0);
    put_text(root, "ImageSets/Segmentation/train.txt", "1\n");
    put_text(root, "ImageSets/Segmentation/aug.txt", "2\n");
    encnet_options_default(&o);
    o.data.type = "voc";
    o.data.root = root;
    o.data.train_extra = true;
    o.model.classes = 21;
    return o;
}

/* Opens the split without allocation k; the status is `rc` or ENCNET_E_NOMEM.  Returns whether an
 * allocation was refused. */
static bool open_without(long k, const encnet_options *o, encnet_status rc)
{
    encnet__dataset *d = NULL;
    encnet_status got;
    bool refused;

    memory_refuse(k, k);
    got = encnet__dataset_open(&d, o, ENCNET__TRAIN);
    refused = memory_refused() > 0;
    memory_refuse(0, 0);
    if (got != rc && got != ENCNET_E_NOMEM)
        fail_msg("allocation %ld: status %d: %s", k, got, encnet_last_error());
    assert_true(refused || got == rc);
    if (got == ENCNET_OK) assert_int_equal(encnet__dataset_size(d), 2);
    if (got != ENCNET_OK) assert_true(*encnet_last_error());
    encnet__dataset_close(d);
    return refused;
}

static void every_allocation(void **state)
{
    encnet_options o;
    char root[256];
    long k;

    (void)state;
    folder_make(root);
    o = make_voc(root);
    for (k = 1; open_without(k, &o, ENCNET_OK); k++) {
    }
    assert_in_range(k, 20, 1000);
    assert_int_equal(remove(in(root, "ImageSets/Segmentation/aug.txt")), 0);
    for (k = 1; open_without(k, &o, ENCNET_E_DATA); k++) {
    }
    assert_in_range(k, 20, 1000);
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests_name("data sets without memory", tests, NULL, NULL);
}
