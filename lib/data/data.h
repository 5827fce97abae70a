/*
 * data.h - images and labels in host memory; never sees a device.
 */
#ifndef ENCNET__DATA_H
#define ENCNET__DATA_H

#include "base/base.h"
#include <encnet/data.h>

/* -- pictures ---------------------------------------------------------------------------------- */

/* 8 bits a channel, row-major, channels interleaved, RGB.  Owned by whoever holds the struct. Start
 * with {0}; every function that fills a picture also takes an earlier one and uses its memory again
 * where that is large enough. */
typedef struct encnet__picture {
    int h, w, channels; /* 3 = RGB, 1 = grey or class indices */
    uint8_t *pixels;    /* [H,W,channels] */
    size_t capacity;    /* bytes behind `pixels` */
} encnet__picture;

void encnet__picture_free(encnet__picture *p); /* leaves {0} */
/* Pixels are not cleared when memory is used again. */
encnet_status encnet__picture_new(encnet__picture *out, int h, int w,
                                  int channels) ENCNET_MUST_CHECK;

/* PNG or JPEG, told by its first bytes, as 8-bit RGB: grey is spread, a palette looked up, 16 bits
 * cut to 8 (the high byte), alpha dropped.  ENCNET_E_DATA names the file: missing, empty, no image,
 * truncated, more than `max_pixels`. */
encnet_status encnet__picture_read(encnet__picture *out, const char *path,
                                   int64_t max_pixels) ENCNET_MUST_CHECK;
/* A PNG whose values are class indices: grey (8 bits, or 16 with values below 256) or the palette's
 * indices. */
encnet_status encnet__labels_read(encnet__picture *out, const char *path,
                                  int64_t max_pixels) ENCNET_MUST_CHECK;
/* The same from memory; `name` stands in messages. */
encnet_status encnet__picture_decode(encnet__picture *out, const void *bytes, size_t size,
                                     const char *name, int64_t max_pixels,
                                     bool indices) ENCNET_MUST_CHECK;
/* 8-bit PNG: RGB, or grey, or with `palette` (256 x RGB) indexed.  Written aside and renamed. */
encnet_status encnet__picture_write(const char *path, const encnet__picture *p,
                                    const uint8_t *palette) ENCNET_MUST_CHECK;
/* The same into memory (TensorBoard images). */
encnet_status encnet__picture_encode(encnet__text *out, const encnet__picture *p,
                                     const uint8_t *palette) ENCNET_MUST_CHECK;

/* OpenCV's half-pixel bilinear on 8 bits, rounded (no antialias); nearest: src = min(floor(dst * in
 * / out), in - 1). */
encnet_status encnet__picture_resize(encnet__picture *out, const encnet__picture *in, int h, int w,
                                     bool nearest) ENCNET_MUST_CHECK;
/* mmcv's keep-ratio size: f = min(max(box) / max(h, w), min(box) / min(h, w)); int(dim * f + 0.5).
 */
void encnet__keep_ratio(int *h_out, int *w_out, int h, int w, int box_a, int box_b);

/* -- data sets --------------------------------------------------------------------------------- */

typedef enum encnet__split { ENCNET__TRAIN, ENCNET__VAL } encnet__split;

typedef struct encnet__class {
    char name[64];
    uint8_t rgb[3];
    int submit_id; /* the id a submission file carries (Cityscapes: raw label id; ADE20K: index + 1)
                    */
} encnet__class;

typedef struct encnet__dataset encnet__dataset;

/* Lists the split's images, sorted by name, and pairs the labels.  M = options->model.classes.
 * ENCNET_E_DATA names what is missing: a folder, a label without partner.  `options` is copied. */
encnet_status encnet__dataset_open(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split) ENCNET_MUST_CHECK;
void encnet__dataset_close(encnet__dataset *d); /* takes NULL */
int encnet__dataset_size(const encnet__dataset *d);
/* Name of image i: its path below the image folder, without ending ("frankfurt/frankfurt_000000").
 */
const char *encnet__dataset_name(const encnet__dataset *d, int i);
const char *encnet__dataset_image_path(const encnet__dataset *d, int i); /* NULL for synthetic */
const char *encnet__dataset_label_path(const encnet__dataset *d, int i);
/* Image (RGB) and label (one channel; ignore_labels, reduce_zero_label and Cityscapes' train ids
 * applied).  May be called from several threads at once.  ENCNET_E_DATA: sizes differ, an id
 * outside 0..M-1 that is not ignored (file, id, count, first x,y). */
encnet_status encnet__dataset_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label) ENCNET_MUST_CHECK;
/* Names and colours of the M classes of a configuration, and a 256 x RGB palette (ignored = black).
 */
encnet_status encnet__classes_of(encnet__class *out,
                                 const encnet_options *options) ENCNET_MUST_CHECK;
void encnet__palette_of(uint8_t palette[768], const encnet__class *classes, int n);

/* -- augmentation ------------------------------------------------------------------------------ */

/* What the random steps drew for one sample; drawn by counter from (seed, epoch, sample). */
typedef struct encnet__drawn {
    double ratio; /* of the resize box */
    bool flip;
    bool brightness, contrast, saturation, hue, contrast_first;
    double beta, alpha, saturation_factor;
    int hue_shift;
} encnet__drawn;

/* What a loader thread keeps between samples, so that a warm one allocates nothing.  Start with
 * {0}. */
typedef struct encnet__scratch {
    encnet__picture image, label, crop, rows, maps;
} encnet__scratch;

void encnet__scratch_free(encnet__scratch *s);

/* What the random steps draw for this sample. */
void encnet__draw(encnet__drawn *out, const encnet_augment_options *options, uint64_t seed,
                  uint32_t epoch, uint32_t sample);
/* Photometric distortion of RGB pixels in place. */
void encnet__distort(uint8_t *rgb, size_t pixels, const encnet__drawn *drawn);

/* The pipeline of reference/models.md 8.2, steps 3 to 8: resize, crop, flip, distort, normalise,
 * pad.  `x` [crop_h,crop_w,3] float RGB, `y` [crop_h,crop_w] int32.  With options->enabled false, x
 * and y are [H,W] of the picture and only normalised.  `scratch` may not hold `image` or `label` in
 * its crop, rows or maps. */
encnet_status encnet__augment(float *x, int32_t *y, const encnet__picture *image,
                              const encnet__picture *label, const encnet_augment_options *options,
                              uint64_t seed, uint32_t epoch, uint32_t sample,
                              encnet__scratch *scratch) ENCNET_MUST_CHECK;
/* (v - mean) / std per channel, RGB to RGB. */
void encnet__normalise(float *x, const encnet__picture *image,
                       const encnet_augment_options *options);

/* -- loader ------------------------------------------------------------------------------------ */

/* A batch in host memory, borrowed until the next call of encnet__loader_next or close. */
typedef struct encnet__batch {
    int n, h, w;
    const float *x;     /* [N,H,W,3] */
    const int32_t *y;   /* [N,H,W], ENCNET_IGNORE where a pixel has none */
    const int *samples; /* [N] indices into the data set */
    uint32_t epoch;     /* of the first sample */
    uint64_t images;    /* of the order that lie behind, this batch's of all ranks included */
} encnet__batch;

typedef struct encnet__loader encnet__loader;

/* The places of every batch that one of several ranks makes: first .. first + n - 1 of total. */
typedef struct encnet__part {
    int first, n, total;
} encnet__part;

/* Threads that keep a bounded queue of batches ready.  `part` NULL = a batch is samples_per_device
 * images, and all are made; else together the ranks see what one would see with batches of
 * part->total.  The order is a function of (train.seed, epoch) alone: shuffled epochs drop the last
 * partial batch (a data set smaller than a batch is repeated within it); without data.shuffle the
 * sorted names run on, epoch after epoch, without a gap.  The same batch is the same bytes whatever
 * options->data.workers is.
 *
 * A run goes on behind `images` images of the order, encnet__batch.images of its last batch, also
 * with batches of another size, and, where it knows their number alone, `batches` batches after
 * that. */
encnet_status encnet__loader_open(encnet__loader **out, const encnet__dataset *d,
                                  const encnet_options *options, const encnet__part *part,
                                  uint64_t images, uint64_t batches) ENCNET_MUST_CHECK;
encnet_status encnet__loader_next(encnet__loader *l, encnet__batch *out) ENCNET_MUST_CHECK;
void encnet__loader_close(encnet__loader *l); /* takes NULL; joins the threads */

#endif
