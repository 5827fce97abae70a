/*
 * encnet/eval.h - evaluate a model on a data set, predict images, draw pictures.
 */
#ifndef ENCNET_EVAL_H
#define ENCNET_EVAL_H

#include <signal.h>
#include <encnet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Percent; NaN where a class occurs neither in labels nor in predictions. */
typedef struct encnet_class_score {
    char name[64];
    double iou, acc;
    uint64_t pixels; /* labelled so */
} encnet_class_score;

typedef struct encnet_scores {
    int images, classes;
    double aacc, miou, macc;
    encnet_class_score class_score[ENCNET_MAX_CLASSES];
    uint64_t *confusion; /* [M,M], row = label, column = prediction; freed with encnet_scores_free() */
} encnet_scores;
ENCNET_API void encnet_scores_free(encnet_scores *scores);

typedef struct encnet_eval_hooks {
    void (*progress)(void *user, int done, int all, double seconds_left);
    const volatile sig_atomic_t *stop; /* non-zero: ENCNET_E_STOPPED after this image */
    void *user;
} encnet_eval_hooks;

/*
 * Runs the validation (or, split "train", the training) images through the model as options->eval says: whole or slide, scales, flip.
 *
 *   dump_logits  NULL, or a folder for NAME.npy: float32 [M,H,W] at input resolution, before softmax
 *   report       NULL, or a folder for index.html-free pictures: contact sheet, confusion PNG, per-class CSV
 */
ENCNET_API encnet_status encnet_evaluate(encnet_scores *scores, encnet_model *model, const encnet_options *options,
                                         const char *split, const char *dump_logits, const char *report,
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
 * Predicts an image, every PNG and JPEG below a directory, or the files of a list (.txt, one path per line), and
 * writes out_dir/RELATIVE_NAME.png.
 *
 *   out_dir      made if missing; may be NULL with dump_logits
 *   count        how many images were predicted; may be NULL
 */
ENCNET_API encnet_status encnet_predict(encnet_model *model, const encnet_options *options, const char *path,
                                        const char *out_dir, encnet_format format, const char *dump_logits,
                                        int *count, const encnet_eval_hooks *hooks) ENCNET_MUST_CHECK;

/* "raw" ... "voc"; ENCNET_E_ARG lists the names. */
ENCNET_API encnet_status encnet_format_parse(encnet_format *out, const char *name) ENCNET_MUST_CHECK;

/* Draws the loss, learning rate and mIoU curves of a .log.json file as a PNG. */
ENCNET_API encnet_status encnet_draw_curves(const char *png_path, const char *log_json_path) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
