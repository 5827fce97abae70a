/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* cifar10.c - data.type = cifar10: CIFAR-10's binary batches of 32 x 32 pictures, 10 classes. */
#include "data/dataset.h"
#include "data/records.h"

static const encnet__class classes[] = {
    {"airplane", {31, 119, 180}, 0}, {"automobile", {255, 127, 14}, 1}, {"bird", {44, 160, 44}, 2},
    {"cat", {214, 39, 40}, 3},       {"deer", {148, 103, 189}, 4},      {"dog", {140, 86, 75}, 5},
    {"frog", {227, 119, 194}, 6},    {"horse", {127, 127, 127}, 7},     {"ship", {188, 189, 34}, 8},
    {"truck", {23, 190, 207}, 9},
};

static const encnet__records records = {
    .files =
        {"data_batch_1.bin,data_batch_2.bin,data_batch_3.bin,data_batch_4.bin,data_batch_5.bin",
         "test_batch.bin"},
    .label_bytes = 1,
};

const encnet__dataset_type encnet__dataset_cifar10 = {
    .name = "cifar10",
    .labels_images = true,
    .classes = classes,
    .n_classes = COUNT_OF(classes),
    .records = &records,
    .find = encnet__records_find,
    .read = encnet__records_read,
};
