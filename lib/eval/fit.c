/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fit.c - whether an evaluation fits in memory, of the device and of the host, before it begins.
 *
 * On the device it takes the graph of the largest image at the largest scale.  On the host, where several
 * passes are merged, it takes probabilities of every class for every pixel; in slide mode logits, too.
 */
#include "eval/eval.h"
#include "models/models.h"
#include "models/plan.h"
#include "models/results.h"

#include <stdio.h>

#define MIB 1048576.0

double encnet__segment_bytes(const encnet__passes *p, int M, int h, int w, bool dumps)
{
    double most = 0;

    for (int i = 0; i < p->n_scales; i++) {
        int rows, columns;
        double bytes = 0;
        if (encnet__pass_size(&rows, &columns, p, p->scale[i], h, w) != ENCNET_OK) continue;
        if (p->slide || (dumps && !encnet__passes_merge(p))) bytes += 4.0 * M * rows * columns;
        bytes += 3.0 * 5 * rows * columns; /* resized, and normalised as floats */
        if (bytes > most) most = bytes;
    }
    if (encnet__passes_merge(p)) most += 4.0 * M * h * w;
    return most;
}

/* The graph that runs the largest pass of an image of h x w. */
static encnet_status key_of(encnet__graph_key *key, const encnet__passes *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    double scale = p->scale[0];
    int rows, columns;

    for (int i = 1; i < p->n_scales; i++)
        if (p->scale[i] > scale) scale = p->scale[i];
    TRY(encnet__pass_size(&rows, &columns, p, scale, h, w));
    if (p->slide) {
        if (rows > p->crop_h) rows = p->crop_h;
        if (columns > p->crop_w) columns = p->crop_w;
    }
    *key = (encnet__graph_key){1, rows, columns, 0};
done:
    return rc;
}

encnet_status encnet__check_fit(encnet_device *device, const encnet_options *options,
                                const encnet__dataset *data, size_t held)
{
    const encnet__device_facts *facts = encnet__device_facts_of(device);
    encnet_status rc = ENCNET_OK;
    encnet__passes p;
    encnet__graph_key key;
    size_t activations;
    int sample, h, w;
    double host, left = (double)encnet__memory_left();

    if (encnet__dataset_labels_images(data)) return ENCNET_OK;
    TRY(encnet__passes_of(&p, options));
    TRY(encnet__dataset_largest(&sample, &h, &w, data));
    if (h == 0) goto done;
    TRY(key_of(&key, &p, h, w));
    TRY(encnet__plan_activations(&activations, device, options, &key, false));
    activations += encnet__results_bytes(h, w, options->model.classes) + (size_t)h * (size_t)w * 3;
    if (held > facts->memory_bytes || activations > facts->memory_bytes - held)
        FAIL(ENCNET_E_DEVICE,
             "evaluating %s, %d x %d, takes %.1f MiB beside %.1f MiB that are taken, and %s has "
             "%.1f MiB: a "
             "smaller eval.image_scale or eval.scales, or eval.mode = slide with a smaller "
             "eval.crop, takes less",
             encnet__dataset_name(data, sample), h, w, (double)activations / MIB,
             (double)held / MIB, facts->name, (double)facts->memory_bytes / MIB);
    host = encnet__segment_bytes(&p, options->model.classes, h, w, false);
    if (facts
            ->is_cpu) /* its memory is the host's, and what is held may not have been touched yet */
        host += (double)activations + (double)held - (double)encnet__device_memory(device).bytes;
    if (host > left)
        FAIL(ENCNET_E_NOMEM,
             "evaluating %s, %d x %d in %d classes, takes %.1f MiB of the host's memory, and %.1f "
             "MiB are "
             "left: a smaller eval.scales, or eval.flip = no with one scale, takes less",
             encnet__dataset_name(data, sample), h, w, options->model.classes, host / MIB,
             left / MIB);
done:
    return rc;
}
