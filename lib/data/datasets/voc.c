/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * voc.c - data.type = voc: Pascal VOC 2012, the background and 20 classes of objects, in VOC's palette.
 *
 * The pictures of a split are named in its list.  With data.train_extra those of the augmented set
 * follow: aug.txt names what the Semantic Boundaries Dataset has beyond train.txt, and its labels
 * lie in a folder of their own.  The outlines of objects are stored as 255 and are ignored.
 */
#include "data/dataset.h"

static const encnet__class classes[] = {
    {"background", {0, 0, 0}, 0},
    {"aeroplane", {128, 0, 0}, 1},
    {"bicycle", {0, 128, 0}, 2},
    {"bird", {128, 128, 0}, 3},
    {"boat", {0, 0, 128}, 4},
    {"bottle", {128, 0, 128}, 5},
    {"bus", {0, 128, 128}, 6},
    {"car", {128, 128, 128}, 7},
    {"cat", {64, 0, 0}, 8},
    {"chair", {192, 0, 0}, 9},
    {"cow", {64, 128, 0}, 10},
    {"diningtable", {192, 128, 0}, 11},
    {"dog", {64, 0, 128}, 12},
    {"horse", {192, 0, 128}, 13},
    {"motorbike", {64, 128, 128}, 14},
    {"person", {192, 128, 128}, 15},
    {"pottedplant", {0, 64, 0}, 16},
    {"sheep", {128, 64, 0}, 17},
    {"sofa", {0, 192, 0}, 18},
    {"train", {128, 192, 0}, 19},
    {"tvmonitor", {0, 64, 128}, 20},
};

const encnet__dataset_type encnet__dataset_voc = {
    .name = "voc",
    .classes = classes,
    .n_classes = COUNT_OF(classes),
    .submission = "indexed PNG files in the palette of VOC",
    .is_indexed = true,
    .has_background = true,
    .layout =
        {
            .images = {"JPEGImages", "JPEGImages"},
            .labels = {"SegmentationClass", "SegmentationClass"},
            .lists = {"ImageSets/Segmentation/train.txt", "ImageSets/Segmentation/val.txt"},
            .extra_labels = "SegmentationClassAug",
            .extra_list = "ImageSets/Segmentation/aug.txt",
            .image_ending = ".jpg",
            .label_ending = ".png",
        },
    .find = encnet__pairs_find,
    .read = encnet__pairs_read,
};
