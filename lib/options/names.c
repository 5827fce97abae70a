/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* names.c - the choices of options that name a row of a list in another room. */
#include "options/options.h"

static const char *const networks[] = {
#define NETWORK(name, ...) #name,
#include "models/networks.def"
#undef NETWORK
};

static const char *const backbones[] = {
#define BACKBONE(name, ...) #name,
#include "models/backbones.def"
#undef BACKBONE
};

static const char *const losses[] = {
#define LOSS(name) #name,
#include "models/losses.def"
#undef LOSS
};

static const char *const data_types[] = {
#define DATASET(name, ...) #name,
#include "data/datasets.def"
#undef DATASET
};

static const char *const convs[] = {
    "auto",
#define CONV(name, ...) #name,
#include "ops/conv/conv.def"
#undef CONV
};

#define NAME_AT(list, index)                                                                       \
    ((index) >= 0 && (index) < (int)COUNT_OF(list) ? (list)[index] : (const char *)NULL)

const char *encnet__network_name(int index)
{
    return NAME_AT(networks, index);
}

const char *encnet__backbone_name(int index)
{
    return NAME_AT(backbones, index);
}

const char *encnet__loss_name(int index)
{
    return NAME_AT(losses, index);
}

const char *encnet__data_type_name(int index)
{
    return NAME_AT(data_types, index);
}

const char *encnet__conv_name(int index)
{
    return NAME_AT(convs, index);
}
