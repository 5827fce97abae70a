/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* guess.c - which network, backbone and number of classes the names and shapes of weights seem to be of. */
#include "files/guess.h"

#include <stdio.h>
#include <string.h>

/* A part of a name that only one kind of head has; the first that fits counts. */
static const struct {
    const char *part, *network;
} heads[] = {
    {"decode_head.enc_module.", "encnet"},
    {"object_context_block.", "ocrnet"},
    {"decode_head.c1_bottleneck.", "deeplabv3plus"},
    {"decode_head.aspp_modules.", "deeplabv3"},
    {"decode_head.convs.0.", "fcn"},
};

typedef struct found {
    int blocks; /* of the third stage */
    bool bottleneck, deep_stem, stem, hrnet;
    const char *network;
} found;

static void look(found *f, const char *name)
{
    int block;

    if (sscanf(name, "backbone.layer3.%d.", &block) == 1 && block >= f->blocks)
        f->blocks = block + 1;
    f->bottleneck |= strcmp(name, "backbone.layer3.0.conv3.weight") == 0;
    f->deep_stem |= strncmp(name, "backbone.stem.", strlen("backbone.stem.")) == 0;
    f->stem |= strcmp(name, "backbone.conv1.weight") == 0;
    f->hrnet |= strncmp(name, "backbone.stage4.", strlen("backbone.stage4.")) == 0;
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        if (strstr(name, heads[i].part)) {
            if (!f->network || strcmp(f->network, "fcn") == 0) f->network = heads[i].network;
            break;
        }
}

static void describe(encnet__guess *out, const found *f)
{
    int depth = f->blocks == 2    ? 18
                : f->blocks == 6  ? (f->bottleneck ? 50 : 34)
                : f->blocks == 23 ? 101
                : f->blocks == 36 ? 152
                                  : 0;

    *out = (encnet__guess){.network = f->network ? f->network : ""};
    if (f->hrnet)
        snprintf(out->backbone, sizeof out->backbone, "an HRNet");
    else if (depth)
        snprintf(out->backbone, sizeof out->backbone, "ResNet-%d with %s", depth,
                 f->deep_stem ? "a stem of three convolutions (v1c, s or vd)" : "a 7x7 stem");
}

void encnet__guess_file(encnet__guess *out, const encnet__tensor_file *file)
{
    found f = {0};

    for (size_t i = 0; i < file->n_tensors; i++) look(&f, file->tensors[i].name);
    describe(out, &f);
    for (size_t i = 0; i < file->n_tensors; i++) {
        const encnet__file_tensor *t = &file->tensors[i];
        size_t size = strlen(t->name), leaf = strlen("conv_seg.weight");
        if (size > leaf && strcmp(t->name + size - leaf, "conv_seg.weight") == 0 &&
            t->n_dims == 4 && t->dims[0] < 65536)
            out->classes = (int)t->dims[0];
    }
}

void encnet__guess_weights(encnet__guess *out, const encnet__weights *w)
{
    found f = {0};

    for (int i = 0; i < encnet__weights_count(w); i++) look(&f, encnet__weights_at(w, i)->name);
    describe(out, &f);
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        size_t size = strlen(p->name), leaf = strlen("conv_seg.weight");
        if (size > leaf && strcmp(p->name + size - leaf, "conv_seg.weight") == 0 && p->n_dims == 4)
            out->classes = p->dims[0];
    }
}
