/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/eval.h - evaluate a model on a data set, predict images, draw training curves.
 */
#ifndef ENCNET_EVAL_H
#define ENCNET_EVAL_H

#include <signal.h>
#include <stdbool.h>
#include <encnet/comm.h>
#include <encnet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The scores of one class, in percent, as mmsegmentation's IoUMetric defines them. */
typedef struct encnet_class_score {
    char name[64];
    double iou;       /* NaN if the class occurs neither in labels nor in predictions */
    double acc;       /* NaN if no pixel has this label */
    double dice;      /* twice the intersection, divided by labels plus predictions; NaN as iou */
    double precision; /* NaN if no pixel is predicted to be of this class */
    double recall;    /* the same as acc, under its other name */
    double fscore; /* harmonic mean of precision and recall (beta = 1); NaN if one of them is NaN or
                         both are 0 */
    uint64_t pixels; /* pixels, or images, with this label */
} encnet_class_score;

/* The scores of a data set. */
typedef struct encnet_scores {
    int images, classes;
    double aacc; /* percent of all pixels that are right */
    /* percent, means over the classes; NaN is left out */
    double miou, macc, mdice, mprecision, mrecall, mfscore;
    double kappa; /* Cohen's, in percent: 0 = no better than chance; NaN if there is one class */
    bool labels_images; /* a label is one class for an image; what counts are images, not pixels */
    double top1, top5;  /* percent of images whose label is the most probable class, or one of the
                           five most probable; NaN if pixels are labelled */
    encnet_class_score *class_score; /* [M] */
    uint64_t *confusion;             /* [M,M] pixels or images; row = label, column = prediction */
} encnet_scores;

/*
 * The scores over all classes, `index` from 0, under the names that they have in tables and logs:
 * aAcc, mIoU, mAcc, mDice, mFscore, mPrecision, mRecall and Kappa; where whole images are labelled
 * top1, top5 and mAcc.
 *
 *   name     a literal
 *   percent  NaN if there is none
 *
 * Returns false behind the last.
 */
ENCNET_API bool encnet_scores_mean(const encnet_scores *scores, int index, const char **name,
                                   double *percent);

/*
 * The scores of class m, likewise: IoU, Acc, Dice, Fscore, Precision and Recall; where whole images are
 * labelled Acc.
 *
 * Returns false behind the last, and if there is no class m.
 */
ENCNET_API bool encnet_scores_of_class(const encnet_scores *scores, int m, int index,
                                       const char **name, double *percent);

/* Frees what scores hold and sets them to zeros.  NULL and scores of zeros are accepted. */
ENCNET_API void encnet_scores_free(encnet_scores *scores);

/* Writes scores as JSON, in percent under the names of encnet_scores_mean() and encnet_scores_of_class(),
 * null where they are NaN.  The file appears whole or not at all; into a device or a pipe they are
 * written as it stands.
 *
 * ENCNET_E_IO     it cannot be written
 * ENCNET_E_NOMEM  not enough memory */
ENCNET_API encnet_status encnet_scores_write(const char *path,
                                             const encnet_scores *scores) ENCNET_MUST_CHECK;

/* The same as a text, owned by the caller: release it with free().  NULL: the last error says why. */
ENCNET_API char *encnet_scores_print(const encnet_scores *scores);

/* What became of a file that encnet_predict() came across. */
typedef enum encnet_outcome {
    ENCNET_PREDICTED,
    ENCNET_SKIPPED,  /* hooks->wanted said no */
    ENCNET_FAILED,   /* it cannot be read, or not be predicted */
    ENCNET_LEFT_OUT, /* it is no picture */
} encnet_outcome;

/* Borrowed for the call of hooks->file. */
typedef struct encnet_predicted {
    const char *path;
    const char *output; /* the PNG, or NULL if there is none for this file */
    encnet_outcome outcome;
    const char *why; /* a sentence for a file that failed or was left out, else "" */
    /* [M], the probability and the name of each class where the model labels whole images, else NULL */
    const float *probs;
    const char *const *class_names;
} encnet_predicted;

/* Callbacks during an evaluation or a prediction, called in the thread of the caller. */
typedef struct encnet_eval_hooks {
    /* called after each image with the number of images done and of all; may be NULL */
    void (*progress)(void *user, int done, int all, double seconds_left);
    /* polled after each image: non-zero ends the call with ENCNET_E_STOPPED; may be NULL */
    const volatile sig_atomic_t *stop;
    void *user; /* passed to all callbacks */
    /* encnet_predict(): asked before an image is read; false: it is skipped; may be NULL.  `output`
     * is NULL without an output folder */
    bool (*wanted)(void *user, const char *path, const char *output);
    /* encnet_predict(): called for every file that was come across; may be NULL */
    void (*file)(void *user, const encnet_predicted *file);
    void *reserved[4]; /* NULL */
} encnet_eval_hooks;

/*
 * Runs a split of a data set through a model and scores it, as mmsegmentation 0.x does.
 *
 * options->eval says how an image is run.  It is run whole or in overlapping windows, whose logits
 * are averaged; and at one or several scales, with or without a mirrored pass, whose probabilities
 * are averaged.  At scale r the image is resized to fit the box (int(W r), int(H r)), where W,H is
 * eval.image_scale or, if that is "none", the size of the image.  Pixels whose label is
 * ENCNET_IGNORE do not count.
 *
 * A model that labels whole images takes data.samples_per_device of them at a time; the
 * probabilities of all scales and mirrored passes are averaged.
 *
 *   scores       filled on success, untouched on failure; free it with encnet_scores_free()
 *   model        has options->model.classes classes
 *   options      borrowed for the call
 *   split        "val", "train" or "test"
 *   dump_logits  NULL, or a folder for NAME.npy: float32 [M,H,W], the logits before softmax, at the
 *                resolution of the network's input.  With several scales or mirrored passes it
 *                holds the logarithms of the mean probabilities at the size of the image.  Not
 *                of a model that labels whole images
 *   report       NULL, or a folder for report.html, a page of all of it that needs no other file, with
 *                the curves of the log beside options->model.checkpoint; contact_sheet.png,
 *                confusion.png, confusion.csv, scores.csv, classes.csv (an existing one stays),
 *                overlays/NAME.png and, of a network with an encoding layer,
 *                encoding/NAME.png: the classes that it sees, its scaling factors, and its
 *                assignments to codewords
 *   comm         the ranks that share the images; each rank makes this call and gets the scores of
 *                all images.  Rank 0 writes the report, with pictures of its own share.  NULL = a
 *                single rank
 *   hooks        may be NULL; the progress is that of this rank's share
 *
 * ENCNET_E_ARG      unknown [eval] option or split, the model has another number of classes, or one
 *                   of model and data set labels pixels and the other whole images
 * ENCNET_E_DATA     an image or a label is missing or damaged, and the message names it; or a scale leaves nothing of an image
 * ENCNET_E_DEVICE   not enough device memory; the message gives both sizes
 * ENCNET_E_IO       a file of the report or of the logits cannot be written
 * ENCNET_E_COMM     another rank failed
 * ENCNET_E_STOPPED  hooks->stop was set
 * ENCNET_E_NOMEM    not enough host memory
 */
ENCNET_API encnet_status encnet_evaluate(encnet_scores *scores, encnet_model *model,
                                         const encnet_options *options, const char *split,
                                         const char *dump_logits, const char *report,
                                         const encnet_comm *comm,
                                         const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * Like encnet_evaluate(), on several devices of this process, with one thread per device.
 *
 *   models, count  models[i] has the weights on device i
 *   hooks          progress is that of rank 0, and is called in its thread
 *
 * ENCNET_E_COMM also means that a device hangs.  Its thread then still uses the arguments: free
 * none of them and end the program.
 */
ENCNET_API encnet_status encnet_evaluate_on(encnet_scores *scores, encnet_model *const *models,
                                            int count, const encnet_options *options,
                                            const char *split, const char *dump_logits,
                                            const char *report,
                                            const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * The formats in which class ids are written, `index` from 0; NULL behind the last:
 *
 *   raw      grey PNG of class indices
 *   palette  indexed PNG in the class colours
 *   overlay  the image with the colours over it at options->eval.opacity, and with a legend below it
 *            if options->eval.legend says so
 *
 * and the names of the data sets whose encnet_dataset_info states a submission format.
 */
ENCNET_API const char *encnet_format_name(int index);
#define ENCNET_FORMAT_RAW "raw"
#define ENCNET_FORMAT_PALETTE "palette"
#define ENCNET_FORMAT_OVERLAY "overlay"

/*
 * Checks the name of a format before a model is loaded for it.
 *
 * ENCNET_E_ARG  unknown name; the message lists the names
 */
ENCNET_API encnet_status encnet_format_check(const char *name) ENCNET_MUST_CHECK;

/*
 * Predicts images and writes OUT_DIR/NAME.png for each, complete or not at all.  Of a model that labels
 * whole images nothing is written, and hooks->file gets the probabilities.
 *
 * Of several images, those that cannot be read or are too large do not keep the others from being
 * predicted; hooks->file hears of each.
 *
 *   model        has options->model.classes classes
 *   options      options->eval says how an image is run, as in encnet_evaluate(); borrowed for the
 *                call
 *   path         an image; or a folder, of which every picture is predicted, at any depth,
 *                whatever its name; or a list: a .txt file with one path per line, relative to the
 *                working directory
 *   out_dir      created if missing, and skipped if it lies inside `path`; may be NULL if
 *                dump_logits is given, and is where whole images are labelled.  NAME keeps the
 *                subfolders of `path`
 *   format       how the class ids are written: one of the names of encnet_format_name();
 *                may be NULL if out_dir is
 *   dump_logits  as in encnet_evaluate()
 *   count        how many images were predicted, also on failure; may be NULL
 *   hooks        may be NULL
 *
 * ENCNET_E_ARG      unknown [eval] option or format, no output, or one of a model that labels whole
 *                   images; the model has another number of classes, the format is that of a data set which has other classes, or an output
 *                   would overwrite an input (all found before anything is written)
 * ENCNET_E_DATA     there is nothing to predict, two images would get the same output name (both
 *                   found before anything is written), or no image can be read or is large enough for every scale
 * ENCNET_E_DEVICE   not enough device memory for any image; the message gives both sizes
 * ENCNET_E_PARTIAL  some images were predicted or skipped, and some failed: the message counts them
 * ENCNET_E_IO       an output cannot be written
 * ENCNET_E_STOPPED  hooks->stop was set
 * ENCNET_E_NOMEM    not enough host memory
 */
ENCNET_API encnet_status encnet_predict(encnet_model *model, const encnet_options *options,
                                        const char *path, const char *out_dir, const char *format,
                                        const char *dump_logits, int *count,
                                        const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * Predicts the frames of a stream, and writes a stream of the results, in order.
 *
 *   in       a file descriptor, which stays open: PNG, JPEG, PPM or PGM pictures one after another, or
 *            YUV4MPEG2 (y4m) of 8 bits
 *   out      a file descriptor, likewise
 *   format   how the class ids become pictures, as in encnet_predict()
 *   kind     how the pictures become a stream: "y4m" (4:4:4, or mono where pictures are grey), "ppm" or
 *            "png"; NULL: as they came, and png for JPEG
 *   count    how many frames were predicted, also on failure; may be NULL
 *   hooks    may be NULL.  A frame's path is "frame 12"; progress knows no more frames than there were
 *
 * A picture that cannot be decoded is left out, and the others go on.
 *
 * ENCNET_E_ARG      as in encnet_predict(); or `kind` is unknown, or a y4m would change its size
 * ENCNET_E_DATA     no frame could be predicted
 * ENCNET_E_PARTIAL  some frames were predicted, and some failed: the message counts them.  Behind a frame
 *                   whose end is not known, none follows
 * ENCNET_E_DEVICE   not enough device memory; the message gives both sizes
 * ENCNET_E_IO       a descriptor cannot be read or written
 * ENCNET_E_STOPPED  hooks->stop was set
 * ENCNET_E_NOMEM    not enough host memory
 */
ENCNET_API encnet_status encnet_predict_stream(encnet_model *model, const encnet_options *options,
                                               int in, int out, const char *format,
                                               const char *kind, int *count,
                                               const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/*
 * Draws the loss, learning rate and mIoU of a training log as a PNG of 900 x 600 pixels.
 *
 *   png_path       the file to write
 *   log_json_path  a NAME.log.json of encnet_train(); an incomplete last line is ignored
 *
 * ENCNET_E_DATA  the log has no training line
 * ENCNET_E_IO    the log cannot be read, or the picture cannot be written
 */
ENCNET_API encnet_status encnet_draw_curves(const char *png_path,
                                            const char *log_json_path) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
