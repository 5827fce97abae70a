/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* split.c - what options say of a split, and under which keys. */
#include "data/dataset.h"

const char *encnet__split_word(encnet__split split)
{
    return (const char *const[ENCNET__SPLITS]){"training", "validation", "test"}[split];
}

encnet__split_options encnet__split_options_of(const encnet_data_options *o, encnet__split split)
{
    const encnet__split_options all[ENCNET__SPLITS] = {
        {o->train_images, o->train_labels, o->train_list, "data.train_images", "data.train_labels",
         "data.train_list"},
        {o->val_images, o->val_labels, o->val_list, "data.val_images", "data.val_labels",
         "data.val_list"},
        {o->test_images, o->test_labels, o->test_list, "data.test_images", "data.test_labels",
         "data.test_list"}};

    return all[split];
}

encnet_status encnet__split_missing(const encnet__dataset_type *type, encnet__split split,
                                    const char *key)
{
    return encnet__fail(ENCNET_E_CONFIG, "data.type=%s has no %s split; %s names its images",
                        type->name, encnet__split_word(split), key);
}
