/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * eval.h - the parts of evaluation and prediction: pictures to class ids, ids to scores, both to
 * files.
 *
 *   passes.c     [eval] options -> sizes and windows
 *   segment.c    one picture -> class ids, on the device
 *   classify.c   pictures -> probabilities of classes, for networks that label whole images
 *   evaluate.c   a split -> scores            confusion.c  labels and ids -> counts -> percent
 *   predict.c    files -> pictures of ids     format.c     formats of these pictures
 *   fit.c        whether an evaluation fits in memory
 *   prefetch.c   reads pictures in advance    npy.c        logits as a file
 *   report.c     contact sheet, heat map      report_page.c  all of it as one page of HTML
 *   curves.c     a training log as a picture  history.c    a training log as curves
 *   encoding_page.c  what an encoding layer makes of an image
 *   canvas.c     lines and text on a picture  font.c       a stroke font
 *   text.c       text in other scripts, with fonts of the system
 *   legend.c     the colours of classes and their names
 */
#ifndef ENCNET__EVAL_H
#define ENCNET__EVAL_H

#include "base/base.h"
#include "data/data.h"
#include <encnet/eval.h>

/* -- confusion.c ------------------------------------------------------------------------------- */

/* Adds P pixels, except ignored ones, to confusion[M,M]; row = label, column = id.
 * ENCNET_E_INTERNAL for a label or an id outside the classes, because their readers have checked
 * them. */
encnet_status encnet__confusion_add(uint64_t *confusion, int M, const uint8_t *label,
                                    const uint8_t *ids, size_t P) ENCNET_MUST_CHECK;
/* Computes all percentages from scores->confusion, classes and labels_images.  0/0 is NaN, and the
 * means leave it out.  Where whole images are labelled, the matrix is followed by one more count: of
 * the images whose label is among their five most probable classes. */
void encnet__scores_derive(encnet_scores *scores);
/* The score by which checkpoints are compared: mIoU, of whole images top-1. */
double encnet__scores_main(const encnet_scores *scores);
/* Whether the label is among the k largest probabilities; of equal ones the lower index is above. */
bool encnet__is_among(const float *probs, int M, int label, int k);

/* -- passes.c ---------------------------------------------------------------------------------- */

/* encnet_eval_options, parsed and checked. */
typedef struct encnet__passes {
    bool slide, center, flip;
    int crop_h, crop_w, stride_h, stride_w;
    bool
        has_box; /* resize to fit a box, keeping the ratio; else the box is the size of the picture */
    int box_w, box_h;
    int n_scales;
    double scale[ENCNET_MAX_SCALES];
} encnet__passes;

/* Parses and checks the options.  ENCNET_E_ARG names the key and its values. */
encnet_status encnet__passes_of(encnet__passes *out,
                                const encnet_options *options) ENCNET_MUST_CHECK;
/* Whether there are several passes, whose probabilities are averaged. */
static inline bool encnet__passes_merge(const encnet__passes *p)
{
    return p->n_scales > 1 || p->flip;
}
/* Computes the size at which a picture of h x w enters the network at one scale. */
encnet_status encnet__pass_size(int *h_out, int *w_out, const encnet__passes *passes, double scale,
                                int h, int w) ENCNET_MUST_CHECK;
/* The number of windows along an axis of `length`, and the place of the i-th. */
int encnet__window_count(int length, int crop, int stride);
void encnet__window_at(int *start, int *size, int i, int length, int crop, int stride);

/* -- npy.c ------------------------------------------------------------------------------------- */

/* Writes x[H,W,M] to DIR/NAME.npy as a float32 array [M,H,W] in C order.  Folders in NAME are
 * created. */
encnet_status encnet__npy_write(const char *dir, const char *name, const float *x, int H, int W,
                                int M) ENCNET_MUST_CHECK;

/* -- classify.c -------------------------------------------------------------------------------- */

/* Runs pictures through a model that labels whole images, several at a time. */
typedef struct encnet__classifier encnet__classifier;
/* Receives the probabilities [M] of a picture, borrowed for the call. */
typedef encnet_status encnet__found(void *user, int number, const float *probs);

/* `model`, `options` and `user` are borrowed until the classifier is freed.  ENCNET_E_ARG if the
 * model has another number of classes than the options, or eval.mode does not suit. */
encnet_status encnet__classifier_new(encnet__classifier **out, encnet_model *model,
                                     const encnet_options *options, encnet__found *found,
                                     void *user) ENCNET_MUST_CHECK;
void encnet__classifier_free(encnet__classifier *c); /* takes NULL */
/* Adds a picture, which is copied; runs those that wait when they are enough, and passes each to
 * `found` by its number, in the order in which they came. */
encnet_status encnet__classify(encnet__classifier *c, int number,
                               const encnet__picture *image) ENCNET_MUST_CHECK;
/* Runs those that still wait.  After a failure none waits. */
encnet_status encnet__classifier_flush(encnet__classifier *c) ENCNET_MUST_CHECK;

/* -- prefetch.c -------------------------------------------------------------------------------- */

/* Reads pictures 0 .. count-1 in advance, each in a thread of its own, and returns them in
 * order. */
typedef struct encnet__prefetch encnet__prefetch;
/* Reads picture i; called by several threads at once.  `label` may stay empty. */
typedef encnet_status (*encnet__read_one)(const void *user, int i, encnet__picture *image,
                                          encnet__picture *label);

/* The slots that there are if so many are wanted. */
int encnet__prefetch_slots(int wanted);
/* At most `slots` pictures are in memory at a time.  `user` is borrowed until close. */
encnet_status encnet__prefetch_open(encnet__prefetch **out, encnet__read_one read, const void *user,
                                    int count, int slots) ENCNET_MUST_CHECK;
/* Returns the next picture and its label, borrowed until the next call.  To be called at most
 * `count` times. */
encnet_status encnet__prefetch_next(encnet__prefetch *a, const encnet__picture **image,
                                    const encnet__picture **label) ENCNET_MUST_CHECK;
void encnet__prefetch_close(encnet__prefetch *a); /* takes NULL; waits for the threads */

/* -- writers.c --------------------------------------------------------------------------------- */

/* Writes predictions behind the device, several at a time. */
typedef struct encnet__writers encnet__writers;
/* Writes prediction i, in a thread of its own; `number` counts the predictions. */
typedef encnet_status encnet__write_one(void *user, encnet__writers *w, uint64_t number, int i,
                                        const encnet__picture *ids, const encnet__picture *image);
/* Hears, in the thread of the caller and in order, what became of prediction i; the last error says why
 * it failed.  What it returns ends the call that waited. */
typedef encnet_status encnet__written(void *user, int i, encnet_status rc);

/* At most `jobs` predictions are written at a time.  `user` is borrowed until close. */
encnet_status encnet__writers_open(encnet__writers **out, encnet__write_one *write,
                                   encnet__written *written, void *user,
                                   int jobs) ENCNET_MUST_CHECK;
/* Where the next prediction goes; waits until there is room. */
encnet_status encnet__writers_place(encnet__writers *w, encnet__picture **ids,
                                    encnet__picture **image) ENCNET_MUST_CHECK;
/* Starts to write what is in that place as prediction i.  With a failure, nothing is written, and it is
 * told in its turn with the last error. */
void encnet__writers_start(encnet__writers *w, int i, encnet_status rc);
/* For `write`: waits until all predictions before this one have been written. */
void encnet__writers_wait_turn(encnet__writers *w, uint64_t number);
/* Waits for all; returns the first failure of `written`. */
encnet_status encnet__writers_finish(encnet__writers *w) ENCNET_MUST_CHECK;
/* The same after a failure, whose message stays the last error. */
void encnet__writers_finish_after(encnet__writers *w, encnet_status rc);
void encnet__writers_close(encnet__writers *w); /* takes NULL */

/* -- evaluate.c -------------------------------------------------------------------------------- */

/* ENCNET_E_ARG: the network labels pixels and the data set whole images, or the other way round. */
encnet_status encnet__check_labels(const encnet_options *options,
                                   const encnet__dataset *data) ENCNET_MUST_CHECK;
/* Calls the hooks after `done` of `all` pictures; ENCNET_E_STOPPED if they ask for it. */
encnet_status encnet__step_done(const encnet_eval_hooks *hooks, int done, int all,
                                double began) ENCNET_MUST_CHECK;

/* -- fit.c ------------------------------------------------------------------------------------- */

/* ENCNET_E_DEVICE or ENCNET_E_NOMEM: the largest image of `data` does not fit, on the device beside `held` bytes or
 * in the host's memory; the message says what it takes and which options take less.  `dumps`: logits are written. */
encnet_status encnet__check_fit(encnet_device *device, const encnet_options *options,
                                const encnet__dataset *data, size_t held,
                                bool dumps) ENCNET_MUST_CHECK;
/* The bytes of host memory that encnet__segment() takes for a picture of h x w; `dumps`: logits are written. */
double encnet__segment_bytes(const encnet__passes *passes, int M, int h, int w, bool dumps);

/* -- agree.c ----------------------------------------------------------------------------------- */

/* Collectives: ENCNET_E_CONFIG, ENCNET_E_DATA or ENCNET_E_CHECKPOINT on every rank if the ranks have other
 * options that decide the result, another library, other images, or other weights. */
encnet_status encnet__agree_on_options(const encnet_comm *comm,
                                       const encnet_options *options) ENCNET_MUST_CHECK;
encnet_status encnet__agree_on_data(const encnet_comm *comm,
                                    const encnet__dataset *d) ENCNET_MUST_CHECK;
encnet_status encnet__agree_on_weights(const encnet_comm *comm,
                                       encnet_model *model) ENCNET_MUST_CHECK;

/* -- format.c ---------------------------------------------------------------------------------- */

/* A format, prepared for the classes of a model. */
typedef struct encnet__format {
    uint8_t value_of[256]; /* what stands for a class index in the file */
    uint8_t palette[768];
    bool is_indexed; /* the file has the palette */
    bool is_overlay; /* the colours are mixed with the image */
    double opacity;  /* of the colours of an overlay, 0 to 1 */
    bool has_legend; /* files of overlays have one below the picture */
    encnet__class classes[ENCNET_MAX_PIXEL_CLASSES];
    int M;
} encnet__format;

/* ENCNET_E_ARG: there is no such format; or it is that of a data set whose classes are not those of
 * the model, in which case the message names the difference. */
encnet_status encnet__format_of(encnet__format *out, const char *name, const encnet__class *classes,
                                int M) ENCNET_MUST_CHECK;
/* The classes of a model, by data.classes_file or else as its file names them; the format for them. */
encnet_status encnet__classes_of_model(encnet__class *out, const encnet_model *model,
                                       const encnet_options *options) ENCNET_MUST_CHECK;
encnet_status encnet__format_of_model(encnet__format *out, const char *name,
                                      const encnet_model *model,
                                      const encnet_options *options) ENCNET_MUST_CHECK;
/* Makes the picture of ids[H,W] of `image`; where the format is indexed, of indices. */
encnet_status encnet__prediction_make(encnet__picture *out, const encnet__format *format,
                                      const encnet__picture *ids,
                                      const encnet__picture *image) ENCNET_MUST_CHECK;
/* Writes it, with its legend if there is one, to `path`. */
encnet_status encnet__prediction_write(const char *path, const encnet__format *format,
                                       const encnet__picture *ids,
                                       const encnet__picture *image) ENCNET_MUST_CHECK;
encnet_status encnet__colour(encnet__picture *out, const encnet__picture *ids,
                             const uint8_t palette[768]) ENCNET_MUST_CHECK;
/* Lays the colours over the image; opacity 1 hides it. */
encnet_status encnet__overlay(encnet__picture *out, const encnet__picture *ids,
                              const encnet__picture *image, const uint8_t palette[768],
                              double opacity) ENCNET_MUST_CHECK;
/* Returns DIR/NAME with an ending, owned by the caller, and creates its folder. */
encnet_status encnet__output_path(char **out, const char *dir, const char *name,
                                  const char *ending) ENCNET_MUST_CHECK;

/* -- report.c ---------------------------------------------------------------------------------- */

#define ENCNET__REPORT_ROWS 8 /* pictures in a report */

typedef struct encnet__report encnet__report;

/* Creates the folder `dir`, which is copied. */
encnet_status encnet__report_open(encnet__report **out, const char *dir,
                                  const encnet__class *classes, int M,
                                  double opacity) ENCNET_MUST_CHECK;
/* Adds a row to the contact sheet and writes an overlay; does nothing after ENCNET__REPORT_ROWS. */
encnet_status encnet__report_add(encnet__report *r, const char *name, const encnet__picture *image,
                                 const encnet__picture *label,
                                 const encnet__picture *ids) ENCNET_MUST_CHECK;
/* The same where whole images are labelled: first the image of a row, later, in the same order, its
 * label and the probabilities [M] of the classes. */
encnet_status encnet__report_image(encnet__report *r, const char *name,
                                   const encnet__picture *image) ENCNET_MUST_CHECK;
encnet_status encnet__report_answer(encnet__report *r, int label,
                                    const float *probs) ENCNET_MUST_CHECK;
/* Refuses a report whose files for the image `name`, or for all, would be written over something that
 * is read. */
encnet_status encnet__report_check(encnet__guard *guard, const char *dir,
                                   const char *name) ENCNET_MUST_CHECK;
/* Writes contact_sheet.png, confusion.png, scores.csv and classes.csv. */
encnet_status encnet__report_finish(encnet__report *r,
                                    const encnet_scores *scores) ENCNET_MUST_CHECK;
void encnet__report_free(encnet__report *r); /* takes NULL */

/* -- report_page.c ----------------------------------------------------------------------------- */

/* Writes report.html: everything about the evaluation in one file.  The curves are those of the log
 * beside the checkpoint, if there is one. */
encnet_status encnet__report_page(const encnet__report *r, const encnet_scores *scores,
                                  const encnet_options *options,
                                  const char *split) ENCNET_MUST_CHECK;

/* -- history.c --------------------------------------------------------------------------------- */

typedef struct encnet__curve {
    double *x, *y;
    int count, capacity;
} encnet__curve;

/* A training log; a curve without points is not in it. */
typedef struct encnet__history {
    encnet__curve loss, lr, miou;
    const char *score; /* what `miou` is, in percent */
} encnet__history;

/* An axis from low to high with a tick every `step`. */
typedef struct encnet__axis {
    double low, high, step;
} encnet__axis;

/* ENCNET_E_DATA: no line of the log has a loss.  Free `h` after a failure too. */
encnet_status encnet__history_read(encnet__history *h, const char *path) ENCNET_MUST_CHECK;
void encnet__history_free(encnet__history *h);
/* Averages over 1/40 of the points to each side. */
encnet_status encnet__curve_smooth(encnet__curve *out, const encnet__curve *in) ENCNET_MUST_CHECK;
void encnet__curve_free(encnet__curve *c);
/* The lowest and the highest value of a curve that has points. */
void encnet__curve_extremes(double *low, double *high, const encnet__curve *c);
/* An axis with at most `ticks` steps, and one that is widened to whole steps. */
encnet__axis encnet__axis_over(double low, double high, int ticks);
encnet__axis encnet__axis_round(double low, double high, int ticks);
void encnet__tick_text(char *out, size_t size, double value);

/* -- encoding_page.c --------------------------------------------------------------------------- */

/* Draws DIR/encoding/NAME.png: what the encoding layer of the network makes of an image.  `drawn` is
 * false if the network has none. */
encnet_status encnet__encoding_page(bool *drawn, const char *dir, const char *name,
                                    encnet_model *model, const encnet_options *options,
                                    const encnet__class *classes, const encnet__picture *image,
                                    const encnet__picture *label) ENCNET_MUST_CHECK;

/* -- canvas.c ---------------------------------------------------------------------------------- */

typedef struct encnet__rgb {
    uint8_t r, g, b;
} encnet__rgb;

/* A picture to draw on, with a coverage mask for smooth lines. */
typedef struct encnet__canvas {
    encnet__picture picture;
    uint8_t *cover; /* [H,W], zero between calls */
} encnet__canvas;

typedef struct encnet__point {
    float x, y; /* pixels; the centre of a pixel is at + 0.5 */
} encnet__point;

encnet_status encnet__canvas_new(encnet__canvas *out, int h, int w,
                                 encnet__rgb paper) ENCNET_MUST_CHECK;
void encnet__canvas_free(encnet__canvas *c);
/* All functions clip to the picture. */
void encnet__canvas_rect(encnet__canvas *c, int x, int y, int w, int h, encnet__rgb ink);
void encnet__canvas_put(encnet__canvas *c, const encnet__picture *p, int x, int y);
/* Draws a smooth line through n points, which is no darker where it crosses itself; one point is a
 * dot. */
void encnet__canvas_line(encnet__canvas *c, const encnet__point *p, int n, float width,
                         encnet__rgb ink, float opacity);
/* Blends a pixel with a colour, of which it takes `share`. */
void encnet__canvas_mark(encnet__canvas *c, int x, int y, encnet__rgb ink, float share);
/* Draws text whose capitals are 6 units high, in a stroke font or, outside ASCII, one of the system;
 * (x, y) is their upper left corner.  With `up` the text reads from bottom to top, and (x, y) is its lower left corner. */
void encnet__canvas_text(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                         const char *text);
float encnet__canvas_text_width(float unit, const char *text);
/* Whether a font has every character. */
bool encnet__canvas_can_write(const char *text);
/* What pictures call class m: its name, or its number where no font has every character of the name. */
const char *encnet__class_text(char number[16], const encnet__class *classes, int m);

/* text.c: the same for text of any script, with a font of the system that has every character. */
bool encnet__text_can_write(const char *text);
float encnet__text_width(float unit, const char *text);
void encnet__text_draw(encnet__canvas *c, float x, float y, float unit, encnet__rgb ink, bool up,
                       const char *text);

/* -- legend.c ---------------------------------------------------------------------------------- */

/* Draws the colours and names of classes in lines from `top`, between margins in a width, with texts of
 * `unit` pixels; of those that are `shown`, NULL = all.  Returns the height, and only measures if `c`
 * is NULL. */
int encnet__legend(encnet__canvas *c, const encnet__class *classes, int M, const bool *shown,
                   int top, int width, int margin, float unit);

#endif
