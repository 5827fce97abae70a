/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * segment.c - segments pictures as mmsegmentation 0.x does.
 *
 * A pass resizes the picture as 8-bit values, mirrors and normalises it on the way to the device,
 * resizes the logits to the size of the pass and then to the size of the picture, applies softmax
 * and mirrors back.  In slide mode the logits of a pass are computed window by window: they are
 * summed and divided by the number of windows that cover a pixel.  The probabilities of several
 * passes are averaged in float, scale by scale, plain before mirrored.  The largest probability
 * wins; the lowest index on a tie.
 *
 * Everything stays on the device until it is what is wanted (models/results.h, models/merge.h).
 */
#include "eval/eval.h"

#include <math.h>

#include "eval/segment.h"
#include "models/runner.h"

struct encnet__segmenter {
    encnet__runner *runner;
    const encnet_options *options;
    encnet__passes passes;
    int M;
    size_t reserved; /* bytes that reserve() has left the runner with */
    float *logits;   /* [H,W,M], to be written */
    size_t capacity;
};

encnet_status encnet__segmenter_new(encnet__segmenter **out, encnet__runner *runner,
                                    const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__segmenter *s = encnet__alloc(1, sizeof *s);

    if (!s) FAIL(ENCNET_E_NOMEM, "no memory to evaluate with");
    s->runner = runner;
    s->options = options;
    s->M = encnet_model_classes(runner->model);
    if (s->M != options->model.classes)
        FAIL(ENCNET_E_ARG, "the model has %d classes, model.classes is %d", s->M,
             options->model.classes);
    TRY(encnet__passes_of(&s->passes, options));
    if (s->passes.center)
        FAIL(ENCNET_E_ARG, "eval.mode = center: a network that labels pixels takes all of them");
    *out = s;
    s = NULL;
done:
    encnet__segmenter_free(s);
    return rc;
}

void encnet__segmenter_free(encnet__segmenter *s)
{
    if (!s) return;
    encnet__free(s->logits);
    encnet__free(s);
}

/* One pass over the pictures that are loaded. */
typedef struct pass {
    int h, w;         /* size of the pass */
    int h_out, w_out; /* size of the pictures */
    bool mirrored;
} pass;

static pass pass_of(const encnet__segmenter *s)
{
    const encnet__pictures *p = &s->runner->pictures;

    return (pass){.h_out = p->h, .w_out = p->w};
}

/* Resizes the pictures to the size of the pass. */
static encnet_status prepare(pass *p, encnet__segmenter *s, double scale, bool mirrored)
{
    encnet_status rc = ENCNET_OK;

    *p = pass_of(s);
    p->mirrored = mirrored;
    TRY(encnet__pass_size(&p->h, &p->w, &s->passes, scale, p->h_out, p->w_out));
    TRY(encnet__pictures_resize(&s->runner->pictures, p->h, p->w));
done:
    return rc;
}

/* The part [y, y+h) x [x, x+w) of the resized and mirrored pictures. */
static encnet__cutout part_of(const encnet__segmenter *s, const pass *p, int y, int x, int h, int w)
{
    const encnet_augment_options *o = &s->options->augment;

    return (encnet__cutout){.y = y,
                            .x = p->mirrored ? p->w - x - w : x,
                            .h = h,
                            .w = w,
                            .mirrored = p->mirrored,
                            .mean = o->mean,
                            .std = o->std};
}

/* Runs the pictures as a whole. */
static encnet_status run_whole(size_t *bad, encnet__segmenter *s, const pass *p,
                               const encnet__wanted *wanted)
{
    encnet_status rc = ENCNET_OK;
    encnet__cutout whole = part_of(s, p, 0, 0, p->h, p->w);
    encnet__graph *graph;

    TRY(encnet__runner_forward(&graph, s->runner, &whole, 0));
    TRY(encnet__runner_results(s->runner, bad, graph, p->h, p->w, p->h_out, p->w_out, wanted));
done:
    return rc;
}

/* -- several passes, or windows ---------------------------------------------------------------- */

/* Runs the window at (y, x) of a pass and keeps its scores. */
static encnet_status run_window(encnet__segmenter *s, const pass *p,
                                const encnet__pass_shape *shape, int y, int x)
{
    encnet_status rc = ENCNET_OK;
    encnet__cutout window = part_of(s, p, y, x, shape->window_h, shape->window_w);
    encnet__merge *m = &s->runner->merge;
    encnet__tensor scores;
    encnet__graph *graph;

    TRY(encnet__runner_forward(&graph, s->runner, &window, 0));
    scores = encnet__graph_tensor(graph, "scores");
    if (y == 0 && x == 0) TRY(encnet__merge_pass(m, shape, scores.shape));
    TRY(encnet__merge_keep(m, &scores, y, x));
done:
    return rc;
}

/* Runs a pass, window by window. */
static encnet_status run_pass(encnet__segmenter *s, const pass *p)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    encnet__pass_shape shape = encnet__pass_shape_of(&s->passes, p->h, p->w, p->mirrored);
    int rows = 1, columns = 1, x = 0, y = 0, w, h;

    if (o->slide) {
        rows = encnet__window_count(p->h, o->crop_h, o->stride_h);
        columns = encnet__window_count(p->w, o->crop_w, o->stride_w);
    }
    for (int i = 0; i < rows; i++) {
        if (o->slide) encnet__window_at(&y, &h, i, p->h, o->crop_h, o->stride_h);
        for (int j = 0; j < columns; j++) {
            if (o->slide) encnet__window_at(&x, &w, j, p->w, o->crop_w, o->stride_w);
            TRY(run_window(s, p, &shape, y, x));
        }
    }
done:
    return rc;
}

/* Computes what is wanted of the picture that is loaded, number `image` of the results. */
static encnet_status merge(size_t *bad, encnet__segmenter *s, const encnet__wanted *wanted,
                           int image)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    encnet__runner *r = s->runner;
    encnet__band begin = {.image = 0, .place = image};
    pass p;

    encnet__merge_begin(&r->merge);
    for (int i = 0; i < o->n_scales; i++) {
        for (int mirrored = 0; mirrored <= (int)o->flip; mirrored++) {
            TRY(prepare(&p, s, o->scale[i], mirrored));
            TRY(run_pass(s, &p));
        }
    }
    TRY(encnet__merge_results(&r->merge, &r->results, bad, wanted, &r->pictures, &begin,
                              s->options->model.align_corners));
done:
    return rc;
}

/* -- memory ------------------------------------------------------------------------------------ */

bool encnet__segmenter_is_single(const encnet__segmenter *s)
{
    return !encnet__passes_merge(&s->passes) && !s->passes.slide;
}

encnet_status encnet__segmenter_size(int *h, int *w, const encnet__segmenter *s, int H, int W)
{
    return encnet__pass_size(h, w, &s->passes, s->passes.scale[0], H, W);
}

/* Refuses scores of all passes over a picture of H x W that do not fit in device memory. */
static encnet_status check_scores(const encnet__segmenter *s, size_t lack, size_t all, int H, int W)
{
    const encnet__device_facts *facts = encnet__device_facts_of(s->runner->device);
    size_t held = encnet__device_memory(s->runner->device).bytes;
    size_t left = facts->memory_bytes > held ? facts->memory_bytes - held : 0;
    double part = sqrt((double)(left + all - lack) / (double)all);

    if (lack <= left) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_DEVICE,
        "the passes over an image of %dx%d keep %.1f MiB of scores of %d classes on %s, which has "
        "%.1f MiB, of which %.1f MiB are taken; an image of %dx%d fits, or fewer eval.scales, or "
        "eval.flip = no",
        H, W, (double)all / 1048576, s->M, facts->name, (double)facts->memory_bytes / 1048576,
        (double)(held - (all - lack)) / 1048576, (int)(H * part), (int)(W * part));
}

/* Takes the memory for `count` pictures of one pass, or for the passes over one picture, and their
 * scores, whose shapes at each scale it returns. */
static encnet_status reserve_passes(encnet__segmenter *s, encnet__shape *scores, int count, int H,
                                    int W)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    encnet__merge *m = &s->runner->merge;
    encnet__pass_shape shape[ENCNET_MAX_SCALES];
    size_t lack = 0, all = 0;
    int n = 0;

    for (int i = 0; i < o->n_scales; i++) {
        encnet__graph_key key = {.n = count};
        encnet__graph *g;
        int h, w;
        TRY(encnet__pass_size(&h, &w, o, o->scale[i], H, W));
        shape[i] = encnet__pass_shape_of(&s->passes, h, w, false);
        key.h = shape[i].window_h;
        key.w = shape[i].window_w;
        TRY(encnet__graphs_inference(&g, s->runner->graphs, &key));
        scores[i] = encnet__graph_tensor(g, "scores").shape;
    }
    if (encnet__segmenter_is_single(s)) goto done;
    for (int i = 0; i < o->n_scales * (o->flip ? 2 : 1); i++) {
        int k = o->flip ? i / 2 : i;
        size_t bytes = encnet__merge_kept_bytes(&shape[k], scores[k]);
        all += bytes;
        if (bytes > encnet__merge_has(m, i)) lack += bytes - encnet__merge_has(m, i);
    }
    TRY(check_scores(s, lack, all, H, W));
    for (int i = 0; i < o->n_scales; i++)
        for (int mirrored = 0; mirrored <= (int)o->flip; mirrored++)
            TRY(encnet__merge_reserve(m, n++, &shape[i], scores[i], H, W));
done:
    return rc;
}

encnet_status encnet__segmenter_reserve(encnet__segmenter *s, int count, int H, int W)
{
    encnet_status rc = ENCNET_OK;
    encnet__runner *r = s->runner;
    encnet__shape scores[ENCNET_MAX_SCALES];
    bool pixels = !encnet_model_labels_images(r->model);

    if (!encnet__segmenter_is_single(s)) count = 1;
    TRY(reserve_passes(s, scores, count, H, W));
    for (int i = 0; i < s->passes.n_scales; i++) {
        int h, w;
        TRY(encnet__pass_size(&h, &w, &s->passes, s->passes.scale[i], H, W));
        TRY(encnet__pictures_reserve(&r->pictures, count, H, W, h, w));
        TRY(pixels ? encnet__results_reserve(&r->results, &scores[i], h, w, H, W)
                   : encnet__results_reserve(&r->results, &scores[i], 1, 1, 1, 1));
    }
    s->reserved = encnet__runner_held(r);
done:
    return rc;
}

/* -- all that there is ------------------------------------------------------------------------- */

encnet_status encnet__segment_images(size_t *bad, encnet__segmenter *s, const encnet_image *images,
                                     int count, const encnet__wanted *wanted)
{
    encnet_status rc = ENCNET_OK;
    bool single = encnet__segmenter_is_single(s);
    int H = images[0].height, W = images[0].width;
    encnet__shape scores[ENCNET_MAX_SCALES];
    size_t of_image;
    pass p;

    *bad = 0;
    TRY(reserve_passes(s, scores, single ? count : 1, H, W)); /* refuses before anything is read */
    for (int i = 0; i < (single ? 1 : count); i++) {
        TRY(encnet__pictures_load(&s->runner->pictures, &images[i], single ? count : 1));
        if (single) TRY(prepare(&p, s, s->passes.scale[0], false));
        TRY(single ? run_whole(&of_image, s, &p, wanted) : merge(&of_image, s, wanted, i));
        *bad += of_image;
    }
done:
    encnet__runner_trim(s->runner, &s->options->eval, s->reserved);
    return rc;
}

/* -- a picture of a data set or of a prediction ------------------------------------------------ */

encnet_image encnet__image_of(const encnet__picture *p)
{
    return (encnet_image){
        .format = ENCNET_RGB8, .width = p->w, .height = p->h, .planes[0] = p->pixels};
}

/* Makes room for logits [h,w,M] in s->logits. */
static encnet_status need_logits(encnet__segmenter *s, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    size_t count;

    if (!encnet__mul(&count, (size_t)h, (size_t)w) || !encnet__mul(&count, count, (size_t)s->M))
        FAIL(ENCNET_E_NOMEM, "%d x %d x %d floats", h, w, s->M);
    if (count <= s->capacity) goto done;
    encnet__free(s->logits);
    s->capacity = 0;
    s->logits = encnet__alloc(count, sizeof *s->logits);
    if (!s->logits) FAIL(ENCNET_E_NOMEM, "no memory for %d x %d x %d floats", h, w, s->M);
    s->capacity = count;
done:
    return rc;
}

/* Writes s->logits [h,w,M]: those of a single pass, at its size, or the logarithms of the mean
 * probabilities, which softmax turns back. */
static encnet_status dump_logits(const encnet__segmenter *s, int h, int w, bool are_logits,
                                 const char *dump_dir, const char *name)
{
    size_t count = (size_t)h * (size_t)w * (size_t)s->M;

    for (size_t i = 0; are_logits && i < count; i++)
        if (!isfinite(s->logits[i]))
            return encnet__fail(ENCNET_E_DIVERGED, "%s: its logits are not finite", name);
    return encnet__npy_write(dump_dir, name, s->logits, h, w, s->M);
}

/* Refuses a picture for which there is not enough memory, before the system ends the process for it. */
static encnet_status check_memory(const encnet__segmenter *s, const encnet__picture *image,
                                  bool dumps)
{
    double needed = encnet__segment_bytes(&s->passes, s->M, image->h, image->w, dumps);
    double had = 4.0 * (double)s->capacity, left;

    if (needed <= had) return ENCNET_OK;
    left = (double)encnet__memory_left();
    if (needed - had <= left) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_NOMEM,
        "%d x %d pixels of %d classes take %.1f MiB of the host's memory, and %.1f MiB are "
        "left: a smaller eval.image_scale takes less",
        image->h, image->w, s->M, (needed - had) / 1048576, left / 1048576);
}

encnet_status encnet__segment(encnet__segmenter *s, uint8_t *ids, const encnet__picture *image,
                              const char *dump_dir, const char *name)
{
    encnet_status rc = ENCNET_OK;
    bool several = encnet__passes_merge(&s->passes);
    encnet_image pixels = encnet__image_of(image);
    encnet__wanted wanted = {.ids.host = ids, .classes_last = true};
    size_t bad;
    int h = image->h, w = image->w;

    TRY(check_memory(s, image, dump_dir));
    if (!several) TRY(encnet__segmenter_size(&h, &w, s, image->h, image->w));
    if (dump_dir) {
        TRY(need_logits(s, h, w));
        *(several ? &wanted.logits : &wanted.input_logits) = (encnet__sink){.host = s->logits};
    }
    TRY(encnet__segment_images(&bad, s, &pixels, 1, &wanted));
    if (bad) /* such a pixel has no class, and a score over such pixels says nothing */
        FAIL(ENCNET_E_DIVERGED,
             "%s: the logits of %zu of its %zu pixels are not finite: the weights are not, "
             "or the statistics of a batch norm",
             name, bad, (size_t)image->h * (size_t)image->w);
    if (dump_dir) TRY(dump_logits(s, h, w, !several, dump_dir, name));
done:
    return rc;
}
