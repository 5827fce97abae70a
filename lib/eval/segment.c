/*
 * segment.c - segments one picture as mmsegmentation 0.x does.
 *
 * A pass resizes the picture as 8-bit values, mirrors and normalises it on the way to the device,
 * resizes the logits to the size of the pass and then to the size of the picture, applies softmax
 * and mirrors back.  In slide mode the logits of a pass are computed window by window: they are
 * summed and divided by the number of windows that cover a pixel.  The probabilities of several
 * passes are averaged in float, scale by scale, plain before mirrored.  The largest probability
 * wins; the lowest index on a tie.
 *
 * A single whole pass stays on the device until it is class ids.  Everything else is merged on the
 * host in buffers that are reused for every picture.
 */
#include "eval/eval.h"

#include <math.h>
#include <string.h>

#include "models/run.h"

#define BAND_FLOATS ((size_t)1 << 20) /* probabilities read from the device at a time */

/* Host memory that grows and is reused. */
typedef struct store {
    float *at;
    size_t capacity;
} store;

struct encnet__segmenter {
    encnet_model *model;
    const encnet_options *options;
    encnet__passes passes;
    int M;
    encnet__picture sized; /* the picture at the size of a pass */
    store window;          /* [h,w,M] logits of a window in slide mode */
    store logits;          /* [H,W,M] of a pass in slide mode, or to be written */
    store band;            /* [rows,W,M], some rows at the size of the picture */
    store sum;             /* [H,W,M] probabilities over the passes */
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

encnet_status encnet__segmenter_new(encnet__segmenter **out, encnet_model *model,
                                    const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__segmenter *s = encnet__alloc(1, sizeof *s);

    if (!s) FAIL(ENCNET_E_NOMEM, "no memory to evaluate with");
    s->model = model;
    s->options = options;
    s->M = encnet_model_classes(model);
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
    encnet__picture_free(&s->sized);
    encnet__free(s->window.at);
    encnet__free(s->logits.at);
    encnet__free(s->band.at);
    encnet__free(s->sum.at);
    encnet__free(s);
}

/* One pass over one picture. */
typedef struct pass {
    int h, w;         /* size of the pass */
    int h_out, w_out; /* size of the picture */
    bool mirrored;
    const uint8_t *rgb; /* [h,w,3], not mirrored; borrowed */
} pass;

/* Resizes the picture to the size of the pass. */
static encnet_status prepare(pass *p, encnet__segmenter *s, const encnet__picture *image,
                             double scale, bool mirrored)
{
    encnet_status rc = ENCNET_OK;

    *p = (pass){.h_out = image->h, .w_out = image->w, .mirrored = mirrored};
    TRY(encnet__pass_size(&p->h, &p->w, &s->passes, scale, image->h, image->w));
    if (p->h != image->h || p->w != image->w) {
        TRY(encnet__picture_resize(&s->sized, image, p->h, p->w, false));
        image = &s->sized;
    }
    p->rgb = image->pixels;
done:
    return rc;
}

/* The part [y, y+h) x [x, x+w) of the resized and mirrored picture. */
static encnet__image part_of(const encnet__segmenter *s, const pass *p, int y, int x, int h, int w)
{
    const encnet_augment_options *o = &s->options->augment;
    size_t column = (size_t)(p->mirrored ? p->w - x - w : x);

    return (encnet__image){.rgb = p->rgb + 3 * ((size_t)y * (size_t)p->w + column),
                           .h = h,
                           .w = w,
                           .pitch = 3 * (size_t)p->w,
                           .mirrored = p->mirrored,
                           .mean = o->mean,
                           .std = o->std};
}

/* Runs the picture as a whole. */
static encnet_status run_whole(encnet__graph **graph, encnet__segmenter *s, const pass *p,
                               unsigned wants)
{
    encnet__image whole = part_of(s, p, 0, 0, p->h, p->w);

    return encnet__model_run(graph, s->model, &whole, p->h_out, p->w_out, wants);
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
    encnet__image window = part_of(s, p, y, x, h, w);
    encnet__graph *graph;

    TRY(encnet__model_run(&graph, s->model, &window, h, w, ENCNET__WANT_LOGITS));
    TRY(encnet__model_read_floats(s->window.at, graph, "logits", 0, (size_t)h * row));
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

static encnet_status add_whole(encnet__segmenter *s, const pass *p)
{
    encnet_status rc = ENCNET_OK;
    size_t row = (size_t)p->w_out * (size_t)s->M;
    int rows = BAND_FLOATS / row ? (int)(BAND_FLOATS / row) : 1;
    encnet__graph *graph;

    TRY(run_whole(&graph, s, p, ENCNET__WANT_PROBS));
    TRY(need(&s->band, (size_t)rows, row, 1));
    for (int y = 0; y < p->h_out; y += rows) {
        int n = p->h_out - y < rows ? p->h_out - y : rows;
        TRY(encnet__model_read_floats(s->band.at, graph, "probs", (size_t)y * row,
                                      (size_t)n * row));
        for (int i = 0; i < n; i++) add_row(s, p, y + i, s->band.at + (size_t)i * row);
    }
done:
    return rc;
}

static encnet_status add_slide(encnet__segmenter *s, const pass *p)
{
    encnet_status rc = ENCNET_OK;

    TRY(slide(s, p));
    TRY(need(&s->band, (size_t)p->w_out, (size_t)s->M, 1));
    for (int y = 0; y < p->h_out; y++) {
        encnet__blend_row(s->band.at, s->logits.at, p->h, p->w, s->M, y, p->h_out, p->w_out,
                          s->options->model.align_corners);
        encnet__softmax_rows(s->band.at, p->w_out, s->M);
        add_row(s, p, y, s->band.at);
    }
done:
    return rc;
}

/* Computes the mean probabilities of all passes, s->sum. */
static encnet_status run_all_passes(encnet__segmenter *s, const encnet__picture *image)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    size_t row = (size_t)image->w * (size_t)s->M, count = (size_t)image->h * row;
    float passes = (float)(o->n_scales * (o->flip ? 2 : 1));
    pass p;

    TRY(need(&s->sum, (size_t)image->h, row, 1));
    memset(s->sum.at, 0, count * sizeof *s->sum.at);
    for (int i = 0; i < o->n_scales; i++) {
        for (int mirrored = 0; mirrored <= (int)o->flip; mirrored++) {
            TRY(prepare(&p, s, image, o->scale[i], mirrored));
            TRY(o->slide ? add_slide(s, &p) : add_whole(s, &p));
        }
    }
    for (size_t i = 0; i < count; i++) s->sum.at[i] /= passes;
done:
    return rc;
}

/* Writes the logarithms of the mean probabilities; softmax turns them back. */
static encnet_status dump_mean(encnet__segmenter *s, const encnet__picture *image,
                               const char *dump_dir, const char *name)
{
    size_t count = (size_t)image->h * (size_t)image->w * (size_t)s->M;

    for (size_t i = 0; i < count; i++) s->sum.at[i] = logf(s->sum.at[i]);
    return encnet__npy_write(dump_dir, name, s->sum.at, image->h, image->w, s->M);
}

/* -- a single pass needs no probabilities ------------------------------------------------------ */

static encnet_status single_slide(encnet__segmenter *s, uint8_t *ids, const pass *p)
{
    encnet_status rc = ENCNET_OK;

    TRY(slide(s, p));
    TRY(need(&s->band, (size_t)p->w_out, (size_t)s->M, 1));
    for (int y = 0; ids && y < p->h_out; y++) {
        encnet__blend_row(s->band.at, s->logits.at, p->h, p->w, s->M, y, p->h_out, p->w_out,
                          s->options->model.align_corners);
        encnet__argmax_rows(ids + (size_t)y * (size_t)p->w_out, s->band.at, p->w_out, s->M);
    }
done:
    return rc;
}

static encnet_status single_whole(encnet__segmenter *s, uint8_t *ids, const pass *p, bool dump)
{
    encnet_status rc = ENCNET_OK;
    unsigned wants = (ids ? ENCNET__WANT_IDS : 0) | (dump ? ENCNET__WANT_LOGITS : 0);
    encnet__graph *graph;

    TRY(run_whole(&graph, s, p, wants));
    if (dump) {
        TRY(need(&s->logits, (size_t)p->h, (size_t)p->w, (size_t)s->M));
        TRY(encnet__model_read_floats(s->logits.at, graph, "logits", 0,
                                      (size_t)p->h * (size_t)p->w * (size_t)s->M));
    }
    if (ids) TRY(encnet__model_read_ids(ids, s->model, graph));
done:
    return rc;
}

/* A pixel whose logits are not finite has no class, and a score over such pixels says nothing. */
static encnet_status check_ids(const uint8_t *ids, const encnet__picture *image, const char *name)
{
    size_t count = (size_t)image->h * (size_t)image->w, bad = 0;

    for (size_t p = 0; p < count; p++) bad += ids[p] == ENCNET_IGNORE;
    if (!bad) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_DIVERGED,
        "%s: the logits of %zu of its %zu pixels are not finite: the weights are not, "
        "or the statistics of a batch norm",
        name, bad, count);
}

static encnet_status check_logits(const encnet__segmenter *s, int h, int w, const char *name)
{
    size_t count = (size_t)h * (size_t)w * (size_t)s->M;

    for (size_t i = 0; i < count; i++)
        if (!isfinite(s->logits.at[i]))
            return encnet__fail(ENCNET_E_DIVERGED, "%s: its logits are not finite", name);
    return ENCNET_OK;
}

/* Refuses a picture for which there is not enough memory, before the system ends the process for it. */
static encnet_status check_memory(const encnet__segmenter *s, const encnet__picture *image,
                                  bool dumps)
{
    double needed = encnet__segment_bytes(&s->passes, s->M, image->h, image->w, dumps);
    double had = 4.0 * (double)(s->logits.capacity + s->sum.capacity), left;

    if (needed <= had) return ENCNET_OK;
    left = (double)encnet__memory_left();
    if (needed - had <= left) return ENCNET_OK;
    return encnet__fail(
        ENCNET_E_NOMEM,
        "%d x %d pixels of %d classes take %.1f MiB of the host's memory, and %.1f MiB are "
        "left: a smaller eval.scales, or eval.flip = no with one scale, takes less",
        image->h, image->w, s->M, (needed - had) / 1048576, left / 1048576);
}

encnet_status encnet__segment(encnet__segmenter *s, uint8_t *ids, const encnet__picture *image,
                              const char *dump_dir, const char *name)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &s->passes;
    pass p;

    TRY(check_memory(s, image, dump_dir));
    if (o->n_scales > 1 || o->flip) {
        TRY(run_all_passes(s, image));
        if (ids) {
            encnet__argmax_rows(ids, s->sum.at, image->h * image->w, s->M);
            TRY(check_ids(ids, image, name));
        }
        if (dump_dir) TRY(dump_mean(s, image, dump_dir, name));
        goto done;
    }
    TRY(prepare(&p, s, image, o->scale[0], false));
    TRY(o->slide ? single_slide(s, ids, &p) : single_whole(s, ids, &p, dump_dir));
    if (ids) TRY(check_ids(ids, image, name));
    if (dump_dir) TRY(check_logits(s, p.h, p.w, name));
    if (dump_dir) TRY(encnet__npy_write(dump_dir, name, s->logits.at, p.h, p.w, s->M));
done:
    return rc;
}
