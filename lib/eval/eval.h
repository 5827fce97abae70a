/*
 * eval.h - a picture becomes class ids, ids become scores, and both become pictures again.
 *
 *   passes.c     [eval] options -> sizes, windows
 *   segment.c    one picture -> ids, on the device
 *   blend.c      the host's share of that: resize, softmax, argmax of logits
 *   evaluate.c   a split -> scores             confusion.c  label, ids -> counts -> percent
 *   predict.c    files -> pictures of ids      format.c     how ids are written
 *   prefetch.c   pictures read in advance      font.c       letters
 *   report.c     contact sheet, heat map       curves.c     the log's curves
 *   canvas.c     lines and text on a picture   npy.c        logits as a file
 */
#ifndef ENCNET__EVAL_H
#define ENCNET__EVAL_H

#include "base/base.h"
#include "data/data.h"
#include <encnet/eval.h>

/* -- confusion.c ------------------------------------------------------------------------------- */

/* confusion[M,M], row = label, column = id, goes up by P pixels less the ignored ones.
 * ENCNET_E_INTERNAL for a label or id outside the classes: the readers of both have checked them.
 */
encnet_status encnet__confusion_add(uint64_t *confusion, int M, const uint8_t *label,
                                    const uint8_t *ids, size_t P) ENCNET_MUST_CHECK;
/* Percentages, all derived from scores->confusion and scores->classes; 0/0 is NaN and left out of
 * the means. */
void encnet__scores_derive(encnet_scores *scores);

/* -- passes.c ---------------------------------------------------------------------------------- */

#define ENCNET__MAX_SCALES 32

/* encnet_eval_options, parsed and checked. */
typedef struct encnet__passes {
    bool slide, flip;
    int crop_h, crop_w, stride_h, stride_w;
    bool has_box; /* resize to a keep-ratio box; without one a picture's own size is the box */
    int box_w, box_h;
    int n_scales;
    double scale[ENCNET__MAX_SCALES];
} encnet__passes;

/* ENCNET_E_ARG names the key and what it may be. */
encnet_status encnet__passes_of(encnet__passes *out,
                                const encnet_eval_options *options) ENCNET_MUST_CHECK;
/* The size at which a picture of h x w enters the network for one scale. */
encnet_status encnet__pass_size(int *h_out, int *w_out, const encnet__passes *passes, double scale,
                                int h, int w) ENCNET_MUST_CHECK;
/* Windows along an axis of `length`, and where the i-th lies. */
int encnet__window_count(int length, int crop, int stride);
void encnet__window_at(int *start, int *size, int i, int length, int crop, int stride);

/* -- blend.c ----------------------------------------------------------------------------------- */

/* logits[H,W,M] resized bilinearly to [H_out,W_out,M], one row of it: row y into out[W_out,M].  The
 * formula of the resize op. */
void encnet__blend_row(float *out, const float *logits, int H, int W, int M, int y, int H_out,
                       int W_out, bool align_corners);
/* In place, each of n vectors of M. */
void encnet__softmax_rows(float *x, int n, int M);
/* The lowest index among the largest of each of n vectors of M. */
void encnet__argmax_rows(uint8_t *ids, const float *x, int n, int M);

/* -- npy.c ------------------------------------------------------------------------------------- */

/* x[H,W,M] as a float32 array of shape [M,H,W], C order, at DIR/NAME.npy; folders in NAME are made.
 */
encnet_status encnet__npy_write(const char *dir, const char *name, const float *x, int H, int W,
                                int M) ENCNET_MUST_CHECK;

/* -- segment.c --------------------------------------------------------------------------------- */

/* What it takes to run pictures through a model: parsed options and host buffers that are kept. */
typedef struct encnet__segmenter encnet__segmenter;

/* `model` and `options` are borrowed until the segmenter is freed.  ENCNET_E_ARG: the model has
 * another number of classes than the options. */
encnet_status encnet__segmenter_new(encnet__segmenter **out, encnet_model *model,
                                    const encnet_options *options) ENCNET_MUST_CHECK;
void encnet__segmenter_free(encnet__segmenter *s); /* takes NULL */
/* ids[H,W] of the picture's own size; may be NULL.  `dump_dir` NULL, or where NAME.npy of the
 * logits goes; of several passes, the logarithms of their mean probabilities. */
encnet_status encnet__segment(encnet__segmenter *s, uint8_t *ids, const encnet__picture *image,
                              const char *dump_dir, const char *name) ENCNET_MUST_CHECK;

/* -- prefetch.c -------------------------------------------------------------------------------- */

/* Reads pictures 0 .. count-1 in order, some of them ahead, each in a thread of its own. */
typedef struct encnet__prefetch encnet__prefetch;
/* Reads the i-th; called from several threads at once.  `label` may stay empty. */
typedef encnet_status (*encnet__read_one)(const void *user, int i, encnet__picture *image,
                                          encnet__picture *label);

/* `user` is borrowed until close; at most `slots` pictures are in memory. */
encnet_status encnet__prefetch_open(encnet__prefetch **out, encnet__read_one read, const void *user,
                                    int count, int slots) ENCNET_MUST_CHECK;
/* The next picture and label, borrowed until the next call; called at most `count` times. */
encnet_status encnet__prefetch_next(encnet__prefetch *a, const encnet__picture **image,
                                    const encnet__picture **label) ENCNET_MUST_CHECK;
void encnet__prefetch_close(encnet__prefetch *a); /* takes NULL; waits for the threads */

/* -- hooks: evaluate.c ------------------------------------------------------------------------- */

/* After `done` of `all` pictures, since `began`: tells the progress, and ENCNET_E_STOPPED if that
 * was asked for. */
encnet_status encnet__step_done(const encnet_eval_hooks *hooks, int done, int all,
                                double began) ENCNET_MUST_CHECK;

/* -- format.c ---------------------------------------------------------------------------------- */

/* ids[H,W] of `image` as `format` wants them, at `path`. */
encnet_status encnet__prediction_write(const char *path, encnet_format format,
                                       const encnet__picture *ids, const encnet__picture *image,
                                       const encnet__class *classes, int M) ENCNET_MUST_CHECK;
/* The colours of the ids; with `image`, half of them and half of it. */
encnet_status encnet__colour(encnet__picture *out, const encnet__picture *ids,
                             const encnet__picture *image,
                             const uint8_t palette[768]) ENCNET_MUST_CHECK;
/* DIR/NAME.png, its folder made; owned by the caller. */
encnet_status encnet__output_path(char **out, const char *dir, const char *name,
                                  const char *ending) ENCNET_MUST_CHECK;

/* -- report.c ---------------------------------------------------------------------------------- */

#define ENCNET__REPORT_ROWS 8 /* pictures in it */

typedef struct encnet__report encnet__report;

/* Makes the folder.  `dir` is copied. */
encnet_status encnet__report_open(encnet__report **out, const char *dir,
                                  const encnet__class *classes, int M) ENCNET_MUST_CHECK;
/* The first few pictures become rows of the contact sheet and overlays; the rest are passed over.
 */
encnet_status encnet__report_add(encnet__report *r, const char *name, const encnet__picture *image,
                                 const encnet__picture *label,
                                 const encnet__picture *ids) ENCNET_MUST_CHECK;
/* Writes contact_sheet.png, confusion.png and classes.csv. */
encnet_status encnet__report_finish(encnet__report *r,
                                    const encnet_scores *scores) ENCNET_MUST_CHECK;
void encnet__report_free(encnet__report *r); /* takes NULL */

/* -- canvas.c ---------------------------------------------------------------------------------- */

typedef struct encnet__rgb {
    uint8_t r, g, b;
} encnet__rgb;

/* A picture to draw on, with a plane of coverage for smooth lines. */
typedef struct encnet__canvas {
    encnet__picture picture;
    uint8_t *cover; /* [H,W], zero between calls */
} encnet__canvas;

typedef struct encnet__point {
    float x, y; /* pixels; a pixel's centre is at + 0.5 */
} encnet__point;

encnet_status encnet__canvas_new(encnet__canvas *out, int h, int w,
                                 encnet__rgb paper) ENCNET_MUST_CHECK;
void encnet__canvas_free(encnet__canvas *c);
/* All drawing is clipped to the picture. */
void encnet__canvas_rect(encnet__canvas *c, int x, int y, int w, int h, encnet__rgb ink);
void encnet__canvas_put(encnet__canvas *c, const encnet__picture *p, int x, int y);
/* One smooth line through n points; where it crosses itself it is no darker.  One point is a dot.
 */
void encnet__canvas_line(encnet__canvas *c, const encnet__point *p, int n, float width,
                         encnet__rgb ink, float opacity);
/* Text in a stroke font whose capitals are 6 units high; (x, y) is the upper left corner of the
 * capitals.  `up`: turned to read from the bottom to the top, (x, y) is the lower left corner of
 * what is then seen. */
void encnet__canvas_text(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                         const char *text);
float encnet__canvas_text_width(float unit, const char *text);

#endif
