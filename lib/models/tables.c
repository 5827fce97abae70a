/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * tables.c - the lists of networks, heads and backbones, from their .def files.
 *
 * Where ENCNET__MORE_ROWS names a file, each list ends with its rows; in that file HEAD, BACKBONE or
 * NETWORK is defined, one at a time.  A program that compiles this file and lib/options/names.c like
 * that has them besides those of the library (tests/models/toys).
 */
#include <string.h>
#include <encnet/model.h>

#include "models/network.h"

static const encnet__network networks[] = {
#define NETWORK(name, about, ...) {#name, about, {__VA_ARGS__}},
#include "models/networks.def"
#undef NETWORK
};

static const encnet__head_type *const heads[] = {
#define HEAD(name) &encnet__head_##name,
#include "models/heads.def"
#undef HEAD
};

#define BACKBONE(name, type, ...) extern const encnet__backbone_type encnet__backbone_##type;
#include "models/backbones.def"
#undef BACKBONE

static const encnet__backbone backbones[] = {
#define BACKBONE(name, type, about, ...) {#name, about, &encnet__backbone_##type, {__VA_ARGS__}},
#include "models/backbones.def"
#undef BACKBONE
};

enum {
    N_NETWORKS = COUNT_OF(networks),
    N_HEADS = COUNT_OF(heads),
    N_BACKBONES = COUNT_OF(backbones)
};

const encnet__network *encnet__network_at(int i)
{
    return i >= 0 && i < N_NETWORKS ? &networks[i] : NULL;
}

const encnet__head_type *encnet__head_at(int i)
{
    return i >= 0 && i < N_HEADS ? heads[i] : NULL;
}

const encnet__backbone *encnet__backbone_at(int i)
{
    return i >= 0 && i < N_BACKBONES ? &backbones[i] : NULL;
}

const encnet__network *encnet__network_find(const char *name)
{
    for (int i = 0; i < N_NETWORKS; i++)
        if (!strcmp(networks[i].name, name)) return &networks[i];
    return NULL;
}

const encnet__backbone *encnet__backbone_find(const char *name)
{
    for (int i = 0; i < N_BACKBONES; i++)
        if (!strcmp(backbones[i].name, name)) return &backbones[i];
    return NULL;
}

bool encnet__network_normalises_images(const encnet__network *network)
{
    for (int i = 0; i < ENCNET__MAX_HEADS && network->heads[i].type; i++)
        if (network->heads[i].type->normalises_images) return true;
    return false;
}

bool encnet__labels_images(const encnet_options *options)
{
    const encnet__network *network = encnet__network_find(options->model.network);
    bool labels = false;

    for (int i = 0; network && i < ENCNET__MAX_HEADS && network->heads[i].type; i++)
        labels = network->heads[i].type->labels_images;
    return labels;
}

bool encnet__too_many_classes(const encnet_options *options)
{
    return options->model.classes > ENCNET_MAX_PIXEL_CLASSES && !encnet__labels_images(options);
}

bool encnet_model_part_at(int index, encnet_model_part *out)
{
    const encnet__network *network = encnet__network_at(index);
    const encnet__head_type *head = encnet__head_at(index - N_NETWORKS);
    const encnet__backbone *backbone = encnet__backbone_at(index - N_NETWORKS - N_HEADS);

    if (!out) return false;
    if (network)
        *out = (encnet_model_part){"network", network->name, network->about};
    else if (head)
        *out = (encnet_model_part){"head", head->name, head->about};
    else if (backbone)
        *out = (encnet_model_part){"backbone", backbone->name, backbone->about};
    return network || head || backbone;
}
