/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cityscapes.c - data.type = cityscapes: the 19 evaluated classes.
 *
 * Labels are the train ids that the data set's own scripts write, or else the raw label ids 0..33,
 * of which the 15 that are not evaluated are ignored.  A class's submission id is its raw id.
 */
#include "data/dataset.h"

static const encnet__class classes[] = {
    {"road", {128, 64, 128}, 7},
    {"sidewalk", {244, 35, 232}, 8},
    {"building", {70, 70, 70}, 11},
    {"wall", {102, 102, 156}, 12},
    {"fence", {190, 153, 153}, 13},
    {"pole", {153, 153, 153}, 17},
    {"traffic light", {250, 170, 30}, 19},
    {"traffic sign", {220, 220, 0}, 20},
    {"vegetation", {107, 142, 35}, 21},
    {"terrain", {152, 251, 152}, 22},
    {"sky", {70, 130, 180}, 23},
    {"person", {220, 20, 60}, 24},
    {"rider", {255, 0, 0}, 25},
    {"car", {0, 0, 142}, 26},
    {"truck", {0, 0, 70}, 27},
    {"bus", {0, 60, 100}, 28},
    {"train", {0, 80, 100}, 31},
    {"motorcycle", {0, 0, 230}, 32},
    {"bicycle", {119, 11, 32}, 33},
};

const encnet__dataset_type encnet__dataset_cityscapes = {
    .name = "cityscapes",
    .classes = classes,
    .n_classes = COUNT_OF(classes),
    .submission = "grey PNG files of raw label ids",
    .layout =
        {
            .images = {"leftImg8bit/train", "leftImg8bit/val"},
            .labels = {"gtFine/train", "gtFine/val"},
            .image_ending = "_leftImg8bit.png",
            .label_ending = "_gtFine_labelTrainIds.png",
            .raw_label_ending = "_gtFine_labelIds.png",
            .n_raw_ids = 34,
        },
    .find = encnet__pairs_find,
    .read = encnet__pairs_read,
};
