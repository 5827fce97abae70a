/*
 * encnet/eval.h - evaluate a model on a data set, predict images, draw pictures.
 */
#ifndef ENCNET_EVAL_H
#define ENCNET_EVAL_H

#include <signal.h>
#include <encnet/comm.h>
#include <encnet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Percent.  iou is NaN where a class occurs neither in labels nor in predictions, acc where it has no label. */
typedef struct encnet_class_score {
    char name[64];
    double iou, acc;
    uint64_t pixels; /* labelled so */
} encnet_class_score;

typedef struct encnet_scores {
    int images, classes;
    double aacc, miou, macc; /* percent; the means leave NaN out */
    encnet_class_score class_score[ENCNET_MAX_CLASSES];
    /* [M,M], row = label, column = prediction; freed with encnet_scores_free() */
    uint64_t *confusion;
} encnet_scores;
ENCNET_API void encnet_scores_free(encnet_scores *scores); /* takes NULL */

typedef struct encnet_eval_hooks {
    void (*progress)(void *user, int done, int all, double seconds_left);
    const volatile sig_atomic_t *stop; /* non-zero: ENCNET_E_STOPPED after this image */
    void *user;
} encnet_eval_hooks;

/*
 * Runs the validation (or, split "train", the training) images through the model as options->eval says, with the
 * arithmetic of mmsegmentation 0.x: whole or by overlapping windows, whose logits are averaged; at several scales and
 * mirrored, whose probabilities are averaged.  The box of a scale r is (int(W r), int(H r)) of eval.image_scale, or of
 * the image itself where that is "none"; pixels with label ENCNET_IGNORE count nowhere.
 *
 *   scores       filled on success, untouched on failure; freed with encnet_scores_free()
 *   model        of options->model.classes classes
 *   dump_logits  NULL, or a folder for NAME.npy: float32 [M,H,W] at input resolution, before softmax; of several
 *                scales or with flip [M,H,W] at the image's own size, the logarithms of the mean probabilities
 *   report       NULL, or a folder for contact_sheet.png, confusion.png, classes.csv and overlays/NAME.png
 *   comm         the ranks that share the images, each in a call of its own; every one gets the scores of all, and rank 0
 *                writes the report, with pictures of its own part.  NULL = this one alone
 *   hooks        may be NULL; progress is that of this rank's part
 *
 * ENCNET_E_ARG      an [eval] option or the split is none that there is, or the class counts differ
 * ENCNET_E_DATA     an image or a label is wrong; the message names it
 * ENCNET_E_DEVICE   not enough device memory; both sizes
 * ENCNET_E_IO       a file of the report or of the logits cannot be written
 * ENCNET_E_COMM     another rank failed
 * ENCNET_E_STOPPED  hooks->stop was set
 */
ENCNET_API encnet_status encnet_evaluate(encnet_scores *scores, encnet_model *model,
                                         const encnet_options *options, const char *split,
                                         const char *dump_logits, const char *report,
                                         const encnet_comm *comm,
                                         const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/* The same on several devices of this process, a rank in a thread for each: models[i] has the weights on the i-th device.
 * Progress is that of the first.  ENCNET_E_COMM: a device hangs, and what was passed in is in use as long. */
ENCNET_API encnet_status encnet_evaluate_on(encnet_scores *scores, encnet_model *const *models,
                                            int count, const encnet_options *options,
                                            const char *split, const char *dump_logits,
                                            const char *report,
                                            const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/* How a prediction is written. */
typedef enum encnet_format {
    ENCNET_FORMAT_RAW,        /* grey PNG of class indices */
    ENCNET_FORMAT_PALETTE,    /* indexed PNG in the class colours */
    ENCNET_FORMAT_OVERLAY,    /* the image with the colours at 50 % */
    ENCNET_FORMAT_CITYSCAPES, /* grey PNG of raw Cityscapes label ids */
    ENCNET_FORMAT_ADE20K,     /* grey PNG of index + 1 */
    ENCNET_FORMAT_VOC         /* indexed PNG, VOC palette */
} encnet_format;

/*
 * Predicts an image, every .png, .jpg and .jpeg below a directory, or the files of a list (.txt, one path per line, as
 * seen from the working directory), and writes out_dir/RELATIVE_NAME.png, each file complete or not at all.
 *
 *   out_dir      made if missing, and passed over where it lies inside the tree; may be NULL with dump_logits
 *   dump_logits  as above
 *   count        how many images were predicted, also on failure; may be NULL
 *   hooks        may be NULL
 *
 * ENCNET_E_ARG   as above, or an output would be written over an input (before anything is written)
 * ENCNET_E_DATA  nothing to predict, two images with one output name (before anything is written), or an image that
 *                cannot be read: the message names it, the ones before it are done
 */
ENCNET_API encnet_status encnet_predict(encnet_model *model, const encnet_options *options,
                                        const char *path, const char *out_dir, encnet_format format,
                                        const char *dump_logits, int *count,
                                        const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/* "raw" ... "voc"; ENCNET_E_ARG lists the names. */
ENCNET_API encnet_status encnet_format_parse(encnet_format *out,
                                             const char *name) ENCNET_MUST_CHECK;

/* Draws the loss, learning rate and mIoU curves of a .log.json file as a PNG of 900 x 600.  A torn last line is passed
 * over.  ENCNET_E_DATA  there is no training line in it. */
ENCNET_API encnet_status encnet_draw_curves(const char *png_path,
                                            const char *log_json_path) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
