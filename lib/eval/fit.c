/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fit.c - whether an evaluation fits in memory, of the device and of the host, before it begins.
 *
 * On the device: the graph of the largest image at the largest scale, the image at its own size and at that of
 * the pass, and a band of results.  On the host: images that are read ahead, with their labels; where several
 * passes are merged, probabilities of every class for every pixel and a band of those of one pass; in slide
 * mode, logits of a pass and of a window; where logits are written, those and a copy as the file has them.
 */
#include "eval/eval.h"
#include "models/models.h"
#include "models/plan.h"
#include "models/results.h"

#include <stdio.h>

#define MIB 1048576.0

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The size of the largest pass of an image of h x w. */
static encnet_status largest_pass(int *rows, int *columns, const encnet__passes *p, int h, int w)
{
    double scale = p->scale[0];

    for (int i = 1; i < p->n_scales; i++)
        if (p->scale[i] > scale) scale = p->scale[i];
    return encnet__pass_size(rows, columns, p, scale, h, w);
}

double encnet__segment_bytes(const encnet__passes *p, int M, int h, int w, bool dumps)
{
    double pixel = 4.0 * M, image = pixel * h * w, bytes = 0, pass;
    bool merges = encnet__passes_merge(p);
    int rows, columns;

    if (largest_pass(&rows, &columns, p, h, w) != ENCNET_OK) return 0;
    pass = pixel * rows * columns;
    if (p->slide) bytes += pass + pixel * least(rows, p->crop_h) * least(columns, p->crop_w);
    if (merges) bytes += image;
    if (merges && !p->slide) bytes += (double)encnet__results_band(h, w, M);
    if (dumps) bytes += merges ? image : p->slide ? pass : 2 * pass;
    return bytes;
}

/* The images that are in memory at the same time, with their labels and the ids of one. */
static double pictures_bytes(const encnet_options *options, const encnet__dataset *data, int h,
                             int w)
{
    int images =
        least(encnet__prefetch_slots(options->data.workers + 1), encnet__dataset_size(data));

    return (double)h * w * (images * (3 + 1) + 1);
}

/* The bytes on the device for an image of h x w, of whatever size a pass is. */
static encnet_status device_bytes(size_t *out, encnet_device *device, const encnet_options *options,
                                  const encnet__passes *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    int M = options->model.classes, rows, columns;
    encnet__graph_key key = {.n = 1};

    TRY(largest_pass(&rows, &columns, p, h, w));
    key.h = p->slide ? least(rows, p->crop_h) : rows;
    key.w = p->slide ? least(columns, p->crop_w) : columns;
    TRY(encnet__plan_activations(out, device, options, &key, false));
    *out += 3 * (size_t)h * (size_t)w;
    if (rows != h || columns != w) *out += 3 * (size_t)rows * (size_t)columns;
    *out += p->slide ? encnet__results_band(key.h, key.w, M)
                     : encnet__results_bytes(rows, columns, h, w, M, encnet__passes_merge(p));
done:
    return rc;
}

encnet_status encnet__check_fit(encnet_device *device, const encnet_options *options,
                                const encnet__dataset *data, size_t held, bool dumps)
{
    const encnet__device_facts *facts = encnet__device_facts_of(device);
    encnet_status rc = ENCNET_OK;
    encnet__passes p;
    size_t bytes;
    int sample, h, w;
    double host, left = (double)encnet__memory_left();

    if (encnet__dataset_labels_images(data)) return ENCNET_OK;
    TRY(encnet__passes_of(&p, options));
    TRY(encnet__dataset_largest(&sample, &h, &w, data));
    if (h == 0) goto done;
    TRY(device_bytes(&bytes, device, options, &p, h, w));
    if (held > facts->memory_bytes || bytes > facts->memory_bytes - held)
        FAIL(ENCNET_E_DEVICE,
             "evaluating %s, %d x %d, takes %.1f MiB beside %.1f MiB that are taken, and %s has "
             "%.1f MiB: a smaller eval.image_scale or eval.scales, or eval.mode = slide with a "
             "smaller eval.crop, takes less",
             encnet__dataset_name(data, sample), h, w, (double)bytes / MIB, (double)held / MIB,
             facts->name, (double)facts->memory_bytes / MIB);
    host = encnet__segment_bytes(&p, options->model.classes, h, w, dumps) +
           pictures_bytes(options, data, h, w);
    if (facts->is_cpu) /* its memory is the host's; what is held may not have been touched yet */
        host += (double)bytes + (double)held - (double)encnet__device_memory(device).bytes;
    if (host > left)
        FAIL(ENCNET_E_NOMEM,
             "evaluating %s, %d x %d in %d classes, takes %.1f MiB of the host's memory, and %.1f "
             "MiB are left: a smaller eval.image_scale or eval.scales takes less%s",
             encnet__dataset_name(data, sample), h, w, options->model.classes, host / MIB,
             left / MIB,
             encnet__passes_merge(&p) ? ", and so does eval.flip = no with one scale" : "");
done:
    return rc;
}
