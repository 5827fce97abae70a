/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* folder.c - data.type = folder: images and their labels in two folders for each split, paired by
 * their names.  Label values are class indices. */
#include "data/dataset.h"

const encnet__dataset_type encnet__dataset_folder = {
    .name = "folder",
    .layout =
        {
            .images = {"images/train", "images/val", "images/test"},
            .labels = {"annotations/train", "annotations/val", "annotations/test"},
            .label_ending = ".png",
        },
    .find = encnet__pairs_find,
    .read = encnet__pairs_read,
};
