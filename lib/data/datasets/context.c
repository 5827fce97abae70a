/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * context.c - data.type = context: Pascal Context, the background and 59 classes in the order of the
 * stored values, with the first colours of ADE20K's palette, as mmsegmentation has them.
 *
 * With data.reduce_zero_label the background is ignored, which leaves 59 classes.
 */
#include "data/dataset.h"

static const encnet__class classes[] = {
    {"background", {120, 120, 120}, 0}, {"aeroplane", {180, 120, 120}, 1},
    {"bag", {6, 230, 230}, 2},          {"bed", {80, 50, 50}, 3},
    {"bedclothes", {4, 200, 3}, 4},     {"bench", {120, 120, 80}, 5},
    {"bicycle", {140, 140, 140}, 6},    {"bird", {204, 5, 255}, 7},
    {"boat", {230, 230, 230}, 8},       {"book", {4, 250, 7}, 9},
    {"bottle", {224, 5, 255}, 10},      {"building", {235, 255, 7}, 11},
    {"bus", {150, 5, 61}, 12},          {"cabinet", {120, 120, 70}, 13},
    {"car", {8, 255, 51}, 14},          {"cat", {255, 6, 82}, 15},
    {"ceiling", {143, 255, 140}, 16},   {"chair", {204, 255, 4}, 17},
    {"cloth", {255, 51, 7}, 18},        {"computer", {204, 70, 3}, 19},
    {"cow", {0, 102, 200}, 20},         {"cup", {61, 230, 250}, 21},
    {"curtain", {255, 6, 51}, 22},      {"dog", {11, 102, 255}, 23},
    {"door", {255, 7, 71}, 24},         {"fence", {255, 9, 224}, 25},
    {"floor", {9, 7, 230}, 26},         {"flower", {220, 220, 220}, 27},
    {"food", {255, 9, 92}, 28},         {"grass", {112, 9, 255}, 29},
    {"ground", {8, 255, 214}, 30},      {"horse", {7, 255, 224}, 31},
    {"keyboard", {255, 184, 6}, 32},    {"light", {10, 255, 71}, 33},
    {"motorbike", {255, 41, 10}, 34},   {"mountain", {7, 255, 255}, 35},
    {"mouse", {224, 255, 8}, 36},       {"person", {102, 8, 255}, 37},
    {"plate", {255, 61, 6}, 38},        {"platform", {255, 194, 7}, 39},
    {"pottedplant", {255, 122, 8}, 40}, {"road", {0, 255, 20}, 41},
    {"rock", {255, 8, 41}, 42},         {"sheep", {255, 5, 153}, 43},
    {"shelves", {6, 51, 255}, 44},      {"sidewalk", {235, 12, 255}, 45},
    {"sign", {160, 150, 20}, 46},       {"sky", {0, 163, 255}, 47},
    {"snow", {140, 140, 140}, 48},      {"sofa", {250, 10, 15}, 49},
    {"table", {20, 255, 0}, 50},        {"track", {31, 255, 0}, 51},
    {"train", {255, 31, 0}, 52},        {"tree", {255, 224, 0}, 53},
    {"truck", {153, 255, 0}, 54},       {"tvmonitor", {0, 0, 255}, 55},
    {"wall", {255, 71, 0}, 56},         {"water", {0, 235, 255}, 57},
    {"window", {0, 173, 255}, 58},      {"wood", {31, 0, 255}, 59},
};

const encnet__dataset_type encnet__dataset_context = {
    .name = "context",
    .classes = classes,
    .n_classes = COUNT_OF(classes),
    .has_background = true,
    .layout =
        {
            .images = {"JPEGImages", "JPEGImages"},
            .labels = {"SegmentationClassContext", "SegmentationClassContext"},
            .lists = {"ImageSets/SegmentationContext/train.txt",
                      "ImageSets/SegmentationContext/val.txt"},
            .image_ending = ".jpg",
            .label_ending = ".png",
        },
    .find = encnet__pairs_find,
    .read = encnet__pairs_read,
};
