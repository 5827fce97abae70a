/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * cifar100.c - data.type = cifar100: CIFAR-100's binary files of 32 x 32 pictures, 100 classes.
 *
 * A record has two labels, the coarse one of 20 and the fine one, which is the class.
 */
#include "data/dataset.h"
#include "data/records.h"

#include <stdio.h>

static const char *const names[] = {
    "apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
    "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
    "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
    "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
    "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
    "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
    "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
    "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
    "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
    "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
    "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
    "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
    "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
    "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
    "table",       "tank",          "telephone", "television", "tiger",        "tractor",
    "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
    "willow_tree", "wolf",          "woman",     "worm",
};

static const encnet__records records = {
    .files = {"train.bin", "test.bin"},
    .label_bytes = 2,
    .label_at = 1,
};

/* With another number of classes than CIFAR-100's, they are numbered. */
static void name_class(encnet__class *out, int index, int classes)
{
    if (classes == (int)COUNT_OF(names)) snprintf(out->name, sizeof out->name, "%s", names[index]);
}

const encnet__dataset_type encnet__dataset_cifar100 = {
    .name = "cifar100",
    .labels_images = true,
    .name_class = name_class,
    .records = &records,
    .find = encnet__records_find,
    .read = encnet__records_read,
};
