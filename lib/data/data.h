/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * data.h - images and labels in host memory; never sees a device.
 */
#ifndef ENCNET__DATA_H
#define ENCNET__DATA_H

#include "base/base.h"
#include <encnet/data.h>

/* -- pictures ---------------------------------------------------------------------------------- */

/* A picture of 8 bits per channel, row-major, with interleaved channels.  It is owned by whoever
 * holds the struct.  Start with {0}; every function that fills a picture also takes one that was
 * filled before, and uses its memory again if that is large enough. */
typedef struct encnet__picture {
    int h, w, channels; /* 3 = RGB, 1 = grey or class indices */
    uint8_t *pixels;    /* [H,W,channels] */
    size_t capacity;    /* bytes behind `pixels` */
} encnet__picture;

void encnet__picture_free(encnet__picture *p); /* leaves {0} */
/* Gives the picture this size.  The pixels are not cleared when memory is used again. */
encnet_status encnet__picture_new(encnet__picture *out, int h, int w,
                                  int channels) ENCNET_MUST_CHECK;

/*
 * How the pixels of a file are read.  A photo is 8-bit RGB: grey is spread over the channels, a
 * palette is looked up, CMYK is converted, 16 bits are cut to their high byte, and alpha is
 * dropped.  A label has one channel of stored values, those of grey pixels (8 bits, or 16 bits with
 * values below 256) or indices into a palette; or three channels, as a photo, if it is stored in
 * colours.
 */
typedef enum encnet__reading {
    ENCNET__READ_UPRIGHT, /* a photo, turned as Exif data say, as OpenCV does */
    ENCNET__READ_STORED,  /* a photo as it is stored */
    ENCNET__READ_LABEL    /* a label, which is never turned */
} encnet__reading;

/* Reads a PNG or a JPEG, which its first bytes tell apart.  ENCNET_E_DATA: the file is missing,
 * empty, truncated, no image or one of another format, or it has more than `max_pixels`; the message
 * names it. */
encnet_status encnet__picture_read(encnet__picture *out, const char *path, int64_t max_pixels,
                                   encnet__reading reading) ENCNET_MUST_CHECK;
/* Whether a file begins as a picture that can be read.  If not, *what is what it is instead, "a WebP
 * picture", or NULL if it is no picture. */
bool encnet__picture_is(const char *path, const char **what);
/* The size that a file states, as it is stored; only its beginning is read.  False if it is no picture. */
bool encnet__picture_size(int *h, int *w, const char *path);
/* The same for a file in memory; `name` stands for its path in messages. */
encnet_status encnet__picture_decode(encnet__picture *out, const void *bytes, size_t size,
                                     const char *name, int64_t max_pixels,
                                     encnet__reading reading) ENCNET_MUST_CHECK;
/* Writes an 8-bit PNG: RGB, grey, or, with `palette` (256 x RGB), indexed.  The file appears whole
 * or not at all. */
encnet_status encnet__picture_write(const char *path, const encnet__picture *p,
                                    const uint8_t *palette) ENCNET_MUST_CHECK;
/* The same into memory, for TensorBoard's images. */
encnet_status encnet__picture_encode(encnet__text *out, const encnet__picture *p,
                                     const uint8_t *palette) ENCNET_MUST_CHECK;

encnet_status encnet__picture_copy(encnet__picture *out,
                                   const encnet__picture *in) ENCNET_MUST_CHECK;
/* Resizes as OpenCV does.  Bilinear: half-pixel centres, 8-bit arithmetic, rounded, no
 * antialiasing. Nearest: src = min(floor(dst * in / out), in - 1). */
encnet_status encnet__picture_resize(encnet__picture *out, const encnet__picture *in, int h, int w,
                                     bool nearest) ENCNET_MUST_CHECK;
/* The size that mmcv gives an h x w picture which is fitted into a box, its ratio kept:
 * f = min(max(box) / max(h, w), min(box) / min(h, w)), and int(dim * f + 0.5) for each side. */
void encnet__keep_ratio(int *h_out, int *w_out, int h, int w, int box_a, int box_b);

/* -- data sets --------------------------------------------------------------------------------- */

typedef enum encnet__split {
    ENCNET__TRAIN,
    ENCNET__VAL,
    ENCNET__TEST,
    ENCNET__SPLITS
} encnet__split;

typedef struct encnet__class {
    char name[64];
    uint8_t rgb[3];
    int submit_id;  /* what a submission file carries, such as the raw label id of Cityscapes */
    bool has_id;    /* the file of classes states submit_id */
    bool in_labels; /* `rgb` is stated by a file or a data set: labels may be stored in it */
} encnet__class;

typedef struct encnet__dataset encnet__dataset;

/* Lists the samples of a split, sorted by name.  What is needed of `options` is copied.
 * ENCNET_E_DATA: a folder is missing, or an image or a label has no partner; the message names it.
 * ENCNET_E_CONFIG: options.data or the number of classes is wrong. */
encnet_status encnet__dataset_open(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split) ENCNET_MUST_CHECK;
void encnet__dataset_close(encnet__dataset *d); /* takes NULL */
int encnet__dataset_size(const encnet__dataset *d);
/* The name of sample i: its path below the image folder, without the ending
 * ("frankfurt/frankfurt_000000"). */
const char *encnet__dataset_name(const encnet__dataset *d, int i);
/* Whether a sample has one class for the whole image.  It has no label picture then:
 * encnet__dataset_read() leaves the label empty, of size 0 x 0. */
bool encnet__dataset_labels_images(const encnet__dataset *d);
/* The class of sample i, if the data set labels whole images. */
int encnet__dataset_class(const encnet__dataset *d, int i);
/* The files of sample i; NULL if it is no pair of files. */
const char *encnet__dataset_image_path(const encnet__dataset *d, int i);
const char *encnet__dataset_label_path(const encnet__dataset *d, int i);
/* Reads sample i: the image as RGB, and the label as one channel of classes 0..M-1 and
 * ENCNET_IGNORE, where M is model.classes.  Several threads may call this at once.  ENCNET_E_DATA:
 * a file cannot be read, the sizes of image and label differ, or the label has a value that is no
 * class and not ignored; the message says which, how often, and where first. */
encnet_status encnet__dataset_read(const encnet__dataset *d, int i, encnet__picture *image,
                                   encnet__picture *label) ENCNET_MUST_CHECK;
/* Appends lines "name = value" that are the same on two hosts with the same images: their number, and
 * checksums of their names, of the sizes of their files and of some of their bytes. */
encnet_status encnet__dataset_facts(encnet__text *out, const encnet__dataset *d) ENCNET_MUST_CHECK;
/* The sample whose image has the most pixels, and its size, of those that can be looked at in a few seconds.  An
 * image that cannot be read is what reading it says later. */
encnet_status encnet__dataset_largest(int *sample, int *h, int *w,
                                      const encnet__dataset *d) ENCNET_MUST_CHECK;
/* The model.classes classes of a configuration: those of data.classes_file if it names one, else
 * those of data.type. */
encnet_status encnet__classes_of(encnet__class *out,
                                 const encnet_options *options) ENCNET_MUST_CHECK;
/* Writes classes as a file for data.classes_file. */
encnet_status encnet__classes_write(const char *path, const encnet__class *classes,
                                    int n) ENCNET_MUST_CHECK;
/* Their colours as a palette of 256 x RGB; what is no class is black. */
void encnet__palette_of(uint8_t palette[768], const encnet__class *classes, int n);

/* The PNG files in which the benchmark of a data set takes predictions: they hold submission ids. */
typedef struct encnet__submission {
    const char *name; /* of the format and of the kind of data set */
    const encnet__class *classes;
    int n_classes;
    bool is_indexed; /* the files have VOC's palette */
} encnet__submission;

/* Submission format `index` from 0; false: there is no such one. */
bool encnet__submission_at(encnet__submission *out, int index);

/* -- guard.c ----------------------------------------------------------------------------------- */

/* Knows what a run reads: images, labels, lists, the file of classes, weights; and what
 * a training keeps.  It lists them when an output exists already.  Start with {.options = ...}, which are borrowed. */
typedef struct encnet__guard {
    const encnet_options *options;
    encnet__inputs inputs;
    bool listed;
    bool trains; /* the output is one of the training itself */
} encnet__guard;

/* ENCNET_E_ARG if `output` is a file that the run reads, by whatever name. */
encnet_status encnet__guard_check(encnet__guard *g, const char *output) ENCNET_MUST_CHECK;
void encnet__guard_free(encnet__guard *g);

/* -- augmentation ------------------------------------------------------------------------------ */

/* The random numbers of one sample.  They depend on (seed, epoch, sample) alone. */
typedef struct encnet__drawn {
    double ratio; /* factor on augment.scale */
    bool flip;
    bool brightness, contrast, saturation, hue, contrast_first;
    double beta, alpha, saturation_factor;
    int hue_shift;
    double angle; /* degrees, -augment.rotate .. augment.rotate */
    double sigma; /* of the blur, pixels; 0 = none */
} encnet__drawn;

/* Pictures that a loader thread keeps from one sample to the next, so that it need not allocate
 * them again.  Start with {0}. */
typedef struct encnet__scratch {
    encnet__picture image, label, crop, rows, maps, full, turned;
} encnet__scratch;

void encnet__scratch_free(encnet__scratch *s);

void encnet__draw(encnet__drawn *out, const encnet_augment_options *options, uint64_t seed,
                  uint32_t epoch, uint32_t sample);
/* Changes brightness, contrast, saturation and hue of RGB pixels, in place. */
void encnet__distort(uint8_t *rgb, size_t pixels, const encnet__drawn *drawn);

/*
 * mmsegmentation's training pipeline: resize, crop, flip, distort, normalise, pad; and, if the options
 * ask for them, PyTorch-Encoding's rotation before the crop and blur behind it.
 *
 *   x        [crop_h,crop_w,3], float RGB
 *   y        [crop_h,crop_w], classes and ENCNET_IGNORE
 *   scratch  all but its image and label are overwritten, so `image` and `label` must not be among
 *            the others
 *
 * With options->enabled false the picture is only normalised: x is [H,W,3] and y is [H,W], scratch
 * and the three numbers are not used.
 */
encnet_status encnet__augment(float *x, int32_t *y, const encnet__picture *image,
                              const encnet__picture *label, const encnet_augment_options *options,
                              uint64_t seed, uint32_t epoch, uint32_t sample,
                              encnet__scratch *scratch) ENCNET_MUST_CHECK;

/*
 * The pipeline of images with one class each (augment_image.c has it): crop, flip, distort,
 * normalise.
 *
 *   x        [crop_h,crop_w,3], float RGB
 *   scratch  its crop and label are overwritten, so `image` must be neither
 */
encnet_status encnet__augment_image(float *x, const encnet__picture *image,
                                    const encnet_augment_options *options, uint64_t seed,
                                    uint32_t epoch, uint32_t sample,
                                    encnet__scratch *scratch) ENCNET_MUST_CHECK;

/* -- loader ------------------------------------------------------------------------------------ */

/* A batch in host memory, borrowed until the next call of encnet__loader_next() or
 * encnet__loader_close(). */
typedef struct encnet__batch {
    int n, h, w;
    const float *x;     /* [N,H,W,3] */
    const int32_t *y;   /* [N,H,W], ENCNET_IGNORE where a pixel has no class; [N] of whole images */
    const int *samples; /* [N] indices into the data set */
    uint32_t epoch;     /* of the first sample */
    uint64_t images;    /* how many images all ranks have consumed after this batch */
} encnet__batch;

typedef struct encnet__loader encnet__loader;

/* The part of every batch that one of several ranks loads: samples first .. first+n-1 of total. */
typedef struct encnet__part {
    int first, n, total;
} encnet__part;

/*
 * Starts threads that read and augment, and keep a few batches ready.
 *
 *   part     NULL: a batch has data.samples_per_device images, and all of them are loaded.
 *            Otherwise the ranks together load what one rank would with batches of part->total
 *   images   to resume, the number of images already consumed: encnet__batch.images of the last
 *            batch, even if the batches now have another size
 *   batches  where only a number of batches is known, how many of them were consumed after that
 *
 * The order depends on train.seed and the epoch alone.  With data.shuffle, the last images of an
 * epoch are dropped if they do not fill a batch, and a data set smaller than a batch is repeated
 * within it. Without it, the samples follow in the order of their names, epoch after epoch, without
 * a gap.  A batch has the same bytes whatever data.workers is.  ENCNET_E_NOMEM: the batches are more than
 * the host's memory, of which nothing has been touched yet.
 */
encnet_status encnet__loader_open(encnet__loader **out, const encnet__dataset *d,
                                  const encnet_options *options, const encnet__part *part,
                                  uint64_t images, uint64_t batches) ENCNET_MUST_CHECK;
encnet_status encnet__loader_next(encnet__loader *l, encnet__batch *out) ENCNET_MUST_CHECK;
void encnet__loader_close(encnet__loader *l); /* takes NULL; joins the threads */

#endif
