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
 * A single whole pass stays on the device until it is what is wanted.  Everything else is merged on the
 * host in buffers that are reused for every picture.
 */
#include "eval/eval.h"

#include <math.h>
#include <string.h>

#include "eval/segment.h"
#include "models/runner.h"

/* Host memory that grows and is reused. */
typedef struct store {
    float *at;
    size_t capacity;
} store;

struct encnet__segmenter {
    encnet__runner *runner;
    const encnet_options *options;
    encnet__passes passes;
    int M;
    store window;  /* [h,w,M] logits of a window in slide mode */
    store logits;  /* [H,W,M] of a pass in slide mode, or to be written */
    store row;     /* [W,M], a row at the size of the picture */
    store sum;     /* [H,W,M] probabilities over the passes */
    store room[7]; /* results on their way to device memory */
};

static encnet_status need(store *s, size_t rows, size_t columns, size_t depth)
{
    size_t count;

    if (!encnet__mul(&count, rows, columns) || !encnet__mul(&count, count, depth))
        return encnet__fail(ENCNET_E_NOMEM, "%zu x %zu x %zu floats", rows, columns, depth);
    if (count <= s->capacity) return ENCNET_OK;
    encnet__free(s->at);
    s->capacity = 0;
    s->at = encnet__alloc(count, sizeof *s->at);
    if (!s->at)
        return encnet__fail(ENCNET_E_NOMEM, "no memory for %zu x %zu x %zu floats", rows, columns,
                            depth);
    s->capacity = count;
    return ENCNET_OK;
}

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
    encnet__free(s->window.at);
    encnet__free(s->logits.at);
    encnet__free(s->row.at);
    encnet__free(s->sum.at);
    for (size_t i = 0; i < COUNT_OF(s->room); i++) encnet__free(s->room[i].at);
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

/* -- slide ------------------------------------------------------------------------------------- */

/* Counts the windows that cover position `at` of an axis. */
static int covered(int at, int length, int crop, int stride)
{
    int count = 0;

    for (int i = encnet__window_count(length, crop, stride) - 1; i >= 0; i--) {
        int start, size;
        encnet__window_at(&start, &size, i, length, crop, stride);
        count += at >= start && at < start + size;
    }
    return count;
}

/* Runs the window at (y, x) and adds its logits to s->logits. */
static encnet_status add_window(encnet__segmenter *s, const pass *p, int y, int x, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    size_t M = (size_t)s->M, row = (size_t)w * M;
    encnet__cutout window = part_of(s, p, y, x, h, w);
    encnet__wanted wanted = {.input_logits.host = s->window.at};
    encnet__graph *graph;
    size_t bad;

    TRY(encnet__runner_forward(&graph, s->runner, &window, 0));
    TRY(encnet__runner_results(s->runner, &bad, graph, h, w, h, w, &wanted));
    for (int i = 0; i < h; i++) {
        float *to = s->logits.at + ((size_t)(y + i) * (size_t)p->w + (size_t)x) * M;
        const float *from = s->window.at + (size_t)i * row;
        for (size_t j = 0; j < row; j++) to[j] += from[j];
    }
done:
    return rc;
}

/* Computes the logits of a pass, s->logits [h,w,M], window by window. */
static encnet_status slide(encnet__segmenter *s, const pass *p)
{
    const encnet__passes *o = &s->passes;
    encnet_status rc = ENCNET_OK;
    size_t M = (size_t)s->M;
    int rows = encnet__window_count(p->h, o->crop_h, o->stride_h);
    int columns = encnet__window_count(p->w, o->crop_w, o->stride_w);
    int x = 0, y = 0, w = 0, h = 0;

    encnet__window_at(&y, &h, 0, p->h, o->crop_h, o->stride_h);
    encnet__window_at(&x, &w, 0, p->w, o->crop_w, o->stride_w);
    TRY(need(&s->window, (size_t)h, (size_t)w, M)); /* all windows have this size */
    TRY(need(&s->logits, (size_t)p->h, (size_t)p->w, M));
    memset(s->logits.at, 0, (size_t)p->h * (size_t)p->w * M * sizeof *s->logits.at);
    for (int i = 0; i < rows; i++) {
        encnet__window_at(&y, &h, i, p->h, o->crop_h, o->stride_h);
        for (int j = 0; j < columns; j++) {
            encnet__window_at(&x, &w, j, p->w, o->crop_w, o->stride_w);
            TRY(add_window(s, p, y, x, h, w));
        }
    }
    for (y = 0; y < p->h; y++) {
        float *at = s->logits.at + (size_t)y * (size_t)p->w * M;
        int down = covered(y, p->h, o->crop_h, o->stride_h);
        for (x = 0; x < p->w; x++, at += M) {
            float count = (float)(down * covered(x, p->w, o->crop_w, o->stride_w));
            for (size_t m = 0; m < M; m++) at[m] /= count;
        }
    }
done:
    return rc;
}

/* -- passes ------------------------------------------------------------------------------------ */

/* Adds a row of probabilities to s->sum, mirrored back if the pass is mirrored. */
static void add_row(encnet__segmenter *s, const pass *p, int y, const float *probs)
{
    size_t M = (size_t)s->M, W = (size_t)p->w_out;
    float *to = s->sum.at + (size_t)y * W * M;

    for (size_t x = 0; x < W; x++, to += M) {
        const float *from = probs + (p->mirrored ? W - 1 - x : x) * M;
        for (size_t m = 0; m < M; m++) to[m] += from[m];
    }
}

/* Where the rows of a whole pass go. */
typedef struct adder {
    encnet__segmenter *s;
    const pass *p;
} adder;

static void add_rows(void *user, const float *probs, int y, int rows)
{
    const adder *a = user;

    for (int i = 0; i < rows; i++)
        add_row(a->s, a->p, y + i, probs + (size_t)i * (size_t)a->p->w_out * (size_t)a->s->M);
}

static encnet_status add_whole(encnet__segmenter *s, const pass *p)
{
    adder to = {s, p};
    encnet__wanted wanted = {.each_probs = add_rows, .user = &to};
    size_t bad;

    return run_whole(&bad, s, p, &wanted);
}

static encnet_status add_slide(encnet__segmenter *s, const pass *p)
{
    encnet_status rc = ENCNET_OK;

    TRY(slide(s, p));
    TRY(need(&s->row, (size_t)p->w_out, (size_t)s->M, 1));
    for (int y = 0; y < p->h_out; y++) {
        encnet__blend_row(s->row.at, s->logits.at, p->h, p->w, s->M, y, p->h_out, p->w_out,
                          s->options->model.align_corners);
        encnet__softmax_rows(s->row.at, p->w_out, s->M);
        add_row(s, p, y, s->row.at);
    }
done:
    return rc;
}

/* Computes the mean probabilities of all passes, s->sum. */
static encnet_status run_all_passes(encnet__segmenter *s)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    pass p = pass_of(s);
    size_t row = (size_t)p.w_out * (size_t)s->M, count = (size_t)p.h_out * row;
    float passes = (float)(o->n_scales * (o->flip ? 2 : 1));

    TRY(need(&s->sum, (size_t)p.h_out, row, 1));
    memset(s->sum.at, 0, count * sizeof *s->sum.at);
    for (int i = 0; i < o->n_scales; i++) {
        for (int mirrored = 0; mirrored <= (int)o->flip; mirrored++) {
            TRY(prepare(&p, s, o->scale[i], mirrored));
            TRY(o->slide ? add_slide(s, &p) : add_whole(s, &p));
        }
    }
    for (size_t i = 0; i < count; i++) s->sum.at[i] /= passes;
done:
    return rc;
}

/* -- results that are merged on the host ------------------------------------------------------- */

/* Writes a row [W,M] of image `image` to `out`. */
static void put_row(float *out, const float *row, const encnet__wanted *wanted, const pass *p,
                    size_t M, size_t image, int y)
{
    size_t W = (size_t)p->w_out, H = (size_t)p->h_out, at = (size_t)y * W;

    if (!out) return;
    out += image * H * W * M;
    if (wanted->classes_last) {
        memcpy(out + at * M, row, W * M * sizeof *row);
        return;
    }
    for (size_t m = 0; m < M; m++)
        for (size_t x = 0; x < W; x++) out[m * H * W + at + x] = row[x * M + m];
}

/* Writes what is wanted of a row to host memory; returns how many of its pixels have no class.  The row
 * is that of logits, or of the mean probabilities of several passes. */
static size_t put_results(encnet__segmenter *s, const encnet__wanted *wanted, const pass *p,
                          float *row, bool are_probs, uint8_t *ids, size_t image, int y)
{
    size_t M = (size_t)s->M, W = (size_t)p->w_out, bad = 0;
    size_t at = (image * (size_t)p->h_out + (size_t)y) * W;
    float *top = wanted->top.host;

    encnet__argmax_rows(ids, row, p->w_out, s->M);
    for (size_t x = 0; x < W; x++) bad += ids[x] == ENCNET_IGNORE;
    if (!are_probs) {
        put_row(wanted->logits.host, row, wanted, p, M, image, y);
        encnet__softmax_rows(row, p->w_out, s->M);
    }
    put_row(wanted->probs.host, row, wanted, p, M, image, y);
    for (size_t x = 0; top && x < W; x++)
        top[at + x] = ids[x] == ENCNET_IGNORE ? NAN : row[x * M + ids[x]];
    if (!are_probs || !wanted->logits.host) return bad;
    for (size_t i = 0; i < W * M; i++) row[i] = logf(row[i]);
    put_row(wanted->logits.host, row, wanted, p, M, image, y);
    return bad;
}

/* Computes what is wanted of the picture that is loaded, number `image` of the results, in host
 * memory. */
static encnet_status merge(size_t *bad, encnet__segmenter *s, const encnet__wanted *wanted,
                           int image)
{
    encnet_status rc = ENCNET_OK;
    bool several = encnet__passes_merge(&s->passes);
    pass p = pass_of(s);
    size_t row = (size_t)p.w_out * (size_t)s->M;
    uint8_t *ids = wanted->ids.host;

    if (several)
        TRY(run_all_passes(s));
    else
        TRY(prepare(&p, s, s->passes.scale[0], false));
    if (!several) TRY(slide(s, &p));
    TRY(need(&s->row, row, 1, 1));
    for (int y = 0; ids && y < p.h_out; y++) {
        if (several)
            memcpy(s->row.at, s->sum.at + (size_t)y * row, row * sizeof(float));
        else
            encnet__blend_row(s->row.at, s->logits.at, p.h, p.w, s->M, y, p.h_out, p.w_out,
                              s->options->model.align_corners);
        *bad += put_results(s, wanted, &p, s->row.at, several,
                            ids + ((size_t)image * (size_t)p.h_out + (size_t)y) * (size_t)p.w_out,
                            (size_t)image, y);
    }
    if (encnet__sink_is_wanted(&wanted->overlay))
        TRY(encnet__results_overlay(&s->runner->results, wanted, image,
                                    ids + (size_t)image * (size_t)p.h_out * (size_t)p.w_out,
                                    &s->runner->pictures));
done:
    return rc;
}

/* Gives a result host memory of `bytes` if it goes to device memory, or if it is needed in any case. */
static encnet_status stand_in(encnet__sink *sink, store *room, size_t bytes, bool needed)
{
    encnet_status rc = ENCNET_OK;

    if (sink->host || (!sink->device && !needed)) goto done;
    TRY(need(room, bytes / sizeof(float) + 1, 1, 1));
    *sink = (encnet__sink){.host = room->at};
done:
    return rc;
}

static encnet_status deliver(const encnet__sink *to, const encnet__sink *from, size_t bytes)
{
    return to->device ? encnet__write(to->device, 0, from->host, bytes) : ENCNET_OK;
}

/* Pictures whose passes are merged on the host, one after the other. */
static encnet_status merge_all(size_t *bad, encnet__segmenter *s, const encnet_image *images,
                               int count, const encnet__wanted *wanted)
{
    encnet_status rc = ENCNET_OK;
    size_t pixels = (size_t)count * (size_t)images[0].height * (size_t)images[0].width;
    size_t floats = sizeof(float) * pixels, classes = floats * (size_t)s->M;
    encnet__wanted host = *wanted;
    bool needs_ids = encnet__sink_is_wanted(&wanted->ids) || encnet__sink_is_wanted(&wanted->top) ||
                     encnet__sink_is_wanted(&wanted->probs) ||
                     encnet__sink_is_wanted(&wanted->logits) ||
                     encnet__sink_is_wanted(&wanted->overlay);

    TRY(stand_in(&host.ids, &s->room[0], pixels, needs_ids));
    TRY(stand_in(&host.top, &s->room[1], floats, false));
    TRY(stand_in(&host.probs, &s->room[2], classes, false));
    TRY(stand_in(&host.logits, &s->room[3], classes, false));
    for (int i = 0; i < count; i++) {
        TRY(encnet__pictures_load(&s->runner->pictures, &images[i], 1));
        TRY(merge(bad, s, &host, i));
    }
    TRY(deliver(&wanted->ids, &host.ids, pixels));
    TRY(deliver(&wanted->top, &host.top, floats));
    TRY(deliver(&wanted->probs, &host.probs, classes));
    TRY(deliver(&wanted->logits, &host.logits, classes));
done:
    return rc;
}

/* -- all that there is ------------------------------------------------------------------------- */

bool encnet__segmenter_is_single(const encnet__segmenter *s)
{
    return !encnet__passes_merge(&s->passes) && !s->passes.slide;
}

encnet_status encnet__segmenter_size(int *h, int *w, const encnet__segmenter *s, int H, int W)
{
    return encnet__pass_size(h, w, &s->passes, s->passes.scale[0], H, W);
}

encnet_status encnet__segmenter_reserve(encnet__segmenter *s, int count, int H, int W)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    encnet__runner *r = s->runner;

    if (!encnet__segmenter_is_single(s)) count = 1;
    for (int i = 0; i < o->n_scales; i++) {
        encnet__graph_key key = {.n = count};
        int h, w, first;
        TRY(encnet__pass_size(&h, &w, o, o->scale[i], H, W));
        key.h = h;
        key.w = w;
        if (o->slide) {
            encnet__window_at(&first, &key.h, 0, h, o->crop_h, o->stride_h);
            encnet__window_at(&first, &key.w, 0, w, o->crop_w, o->stride_w);
        }
        TRY(encnet__pictures_reserve(&r->pictures, count, H, W, h, w));
        TRY(encnet__graphs_reserve(r->graphs, &key));
    }
    TRY(encnet__results_reserve(&r->results, H, W, s->M));
done:
    return rc;
}

encnet_status encnet__segment_images(size_t *bad, encnet__segmenter *s, const encnet_image *images,
                                     int count, const encnet__wanted *wanted)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_key key = {0};
    pass p;

    *bad = 0;
    if (!encnet__segmenter_is_single(s)) {
        TRY(merge_all(bad, s, images, count, wanted));
        goto done;
    }
    key.n = count;
    TRY(encnet__segmenter_size(&key.h, &key.w, s, images[0].height, images[0].width));
    TRY(encnet__graphs_reserve(s->runner->graphs, &key)); /* refuses before anything is read */
    TRY(encnet__pictures_load(&s->runner->pictures, images, count));
    TRY(prepare(&p, s, s->passes.scale[0], false));
    TRY(run_whole(bad, s, &p, wanted));
done:
    return rc;
}

/* -- a picture of a data set or of a prediction ------------------------------------------------ */

encnet_image encnet__image_of(const encnet__picture *p)
{
    return (encnet_image){
        .format = ENCNET_RGB8, .width = p->w, .height = p->h, .planes[0] = p->pixels};
}

/* Writes the logits of a single pass, s->logits [h,w,M]. */
static encnet_status dump_logits(const encnet__segmenter *s, int h, int w, const char *dump_dir,
                                 const char *name)
{
    size_t count = (size_t)h * (size_t)w * (size_t)s->M;

    for (size_t i = 0; i < count; i++)
        if (!isfinite(s->logits.at[i]))
            return encnet__fail(ENCNET_E_DIVERGED, "%s: its logits are not finite", name);
    return encnet__npy_write(dump_dir, name, s->logits.at, h, w, s->M);
}

/* Writes the logarithms of the mean probabilities; softmax turns them back. */
static encnet_status dump_mean(encnet__segmenter *s, const encnet__picture *image,
                               const char *dump_dir, const char *name)
{
    size_t count = (size_t)image->h * (size_t)image->w * (size_t)s->M;

    for (size_t i = 0; i < count; i++) s->sum.at[i] = logf(s->sum.at[i]);
    return encnet__npy_write(dump_dir, name, s->sum.at, image->h, image->w, s->M);
}

/* Refuses a picture for which there is not enough memory, before the system ends the process for it. */
static encnet_status check_memory(const encnet__segmenter *s, const encnet__picture *image,
                                  bool dumps)
{
    double needed = encnet__segment_bytes(&s->passes, s->M, image->h, image->w, dumps);
    double had = 4.0 * (double)(s->logits.capacity + s->sum.capacity + s->window.capacity), left;

    if (needed <= had) return ENCNET_OK;
    left = (double)encnet__memory_left();
    if (needed - had <= left) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_NOMEM,
        "%d x %d pixels of %d classes take %.1f MiB of the host's memory, and %.1f MiB are "
        "left: a smaller eval.image_scale or eval.scales takes less%s",
        image->h, image->w, s->M, (needed - had) / 1048576, left / 1048576,
        encnet__passes_merge(&s->passes) ? ", and so does eval.flip = no with one scale" : "");
}

encnet_status encnet__segment(encnet__segmenter *s, uint8_t *ids, const encnet__picture *image,
                              const char *dump_dir, const char *name)
{
    encnet_status rc = ENCNET_OK;
    bool several = encnet__passes_merge(&s->passes);
    encnet_image pixels = encnet__image_of(image);
    encnet__wanted wanted = {.ids.host = ids};
    size_t bad;
    int h, w;

    TRY(check_memory(s, image, dump_dir));
    TRY(encnet__segmenter_size(&h, &w, s, image->h, image->w));
    if (dump_dir && encnet__segmenter_is_single(s)) {
        TRY(need(&s->logits, (size_t)h, (size_t)w, (size_t)s->M));
        wanted.input_logits.host = s->logits.at;
    }
    TRY(encnet__segment_images(&bad, s, &pixels, 1, &wanted));
    if (bad) /* such a pixel has no class, and a score over such pixels says nothing */
        FAIL(ENCNET_E_DIVERGED,
             "%s: the logits of %zu of its %zu pixels are not finite: the weights are not, "
             "or the statistics of a batch norm",
             name, bad, (size_t)image->h * (size_t)image->w);
    if (dump_dir)
        TRY(several ? dump_mean(s, image, dump_dir, name) : dump_logits(s, h, w, dump_dir, name));
done:
    return rc;
}
