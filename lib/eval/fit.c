/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * fit.c - whether an evaluation fits in memory, of the device and of the host, before it begins.
 *
 * On the device: the graph of the largest image at the largest scale, the image at its own size and at that of
 * the pass, a band of results, and the scores of all passes or windows where they are merged.  On the host: images
 * that are read ahead, with their labels; where logits are written, those and a copy as the file has them.
 */
#include "eval/eval.h"
#include "eval/segment.h"
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
    int rows = h, columns = w;

    if (!dumps || (!encnet__passes_merge(p) &&
                   encnet__pass_size(&rows, &columns, p, p->scale[0], h, w) != ENCNET_OK))
        return 0;
    return 2 * 4.0 * M * rows * columns;
}

/* The images that are in memory at the same time, with their labels and the ids of one. */
static double pictures_bytes(const encnet_options *options, const encnet__dataset *data, int h,
                             int w)
{
    int images =
        least(encnet__prefetch_slots(options->data.workers + 1), encnet__dataset_size(data));

    return (double)h * w * (images * (3 + 1) + 1);
}

/* The bytes on the device for what is merged of the passes over an image of h x w. */
static encnet_status merged_bytes(size_t *out, encnet_device *device, const encnet_options *options,
                                  const encnet__passes *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    size_t most = 0;

    *out = 0;
    for (int i = 0; i < p->n_scales; i++) {
        encnet__graph_key key = {.n = 1};
        encnet__pass_shape shape;
        encnet__shape scores;
        size_t bytes;
        int rows, columns;
        TRY(encnet__pass_size(&rows, &columns, p, p->scale[i], h, w));
        shape = encnet__pass_shape_of(p, rows, columns, false);
        key.h = shape.window_h;
        key.w = shape.window_w;
        TRY(encnet__plan_scores(&scores, device, options, &key));
        *out += encnet__merge_kept_bytes(&shape, scores) * (p->flip ? 2 : 1);
        bytes = encnet__merge_bytes(&shape, h, w, options->model.classes);
        if (bytes > most) most = bytes;
    }
    *out += most;
done:
    return rc;
}

/* The bytes on the device for an image of h x w, of whatever size a pass is. */
static encnet_status device_bytes(size_t *out, encnet_device *device, const encnet_options *options,
                                  const encnet__passes *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    int M = options->model.classes, rows, columns;
    encnet__graph_key key = {.n = 1};
    size_t merged = 0;

    TRY(largest_pass(&rows, &columns, p, h, w));
    key.h = p->slide ? least(rows, p->crop_h) : rows;
    key.w = p->slide ? least(columns, p->crop_w) : columns;
    TRY(encnet__plan_activations(out, device, options, &key, ENCNET__FOR_INFERENCE));
    *out += 3 * (size_t)h * (size_t)w;
    if (rows != h || columns != w) *out += 3 * (size_t)rows * (size_t)columns;
    if (p->slide || encnet__passes_merge(p)) TRY(merged_bytes(&merged, device, options, p, h, w));
    *out += merged + encnet__results_bytes(p->slide ? h : rows, p->slide ? w : columns, h, w, M,
                                           encnet__passes_merge(p));
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
