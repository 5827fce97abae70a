/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/model.h - build a segmentation network or a classifier, load its weights, run it on an image.
 *
 * A model belongs to one device and is used by one thread at a time.  Images are 8-bit RGB [H,W,3],
 * row by row; the model normalises them.
 */
#ifndef ENCNET_MODEL_H
#define ENCNET_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <encnet/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_model encnet_model;

/*
 * Builds the network that options->model describes.  Its weights are random, initialised as
 * mmsegmentation does from options->train.seed, or read from files.
 *
 *   out      owned by the caller; free it with encnet_model_free().  Untouched on failure
 *   device   borrowed until the model is freed
 *   options  copied.  If set, model.checkpoint and model.pretrained are loaded: files of
 *            mmsegmentation, or of another program whose names the library translates
 *
 * ENCNET_E_ARG         unknown network or backbone, or a value is out of range
 * ENCNET_E_CONFIG      model.fresh names no weight; the message says what is nearest
 * ENCNET_E_CHECKPOINT  a file is missing or damaged, or its weights do not fit; the message lists
 *                      every missing, extra and misshapen weight
 * ENCNET_E_DEVICE      not enough device memory; the message gives both sizes
 * ENCNET_E_NOMEM       not enough host memory
 */
ENCNET_API encnet_status encnet_model_new(encnet_model **out, encnet_device *device,
                                          const encnet_options *options) ENCNET_MUST_CHECK;

/*
 * Builds the network that a checkpoint describes and loads its weights.
 *
 *   out     owned by the caller; free it with encnet_model_free().  Untouched on failure
 *   device  borrowed until the model is freed
 *   path    a checkpoint directory of this library or a link to one, or a file that describes its
 *           network: as encnet_model_save() and encnet_convert() write it, or a .pth of
 *           mmsegmentation with the configuration of its training under meta.config or meta.cfg
 *
 * ENCNET_E_CHECKPOINT  the checkpoint is missing, is damaged or does not describe its network, or
 *                      mmsegmentation's configuration says something that this library does not
 *                      have: the message names line, key and value
 * ENCNET_E_DEVICE      not enough device memory; the message gives both sizes
 * ENCNET_E_NOMEM       not enough host memory
 */
ENCNET_API encnet_status encnet_model_load(encnet_model **out, encnet_device *device,
                                           const char *path) ENCNET_MUST_CHECK;

/* The same from a file in memory: `bytes`, borrowed for the call. */
ENCNET_API encnet_status encnet_model_load_memory(encnet_model **out, encnet_device *device,
                                                  const void *bytes, size_t size) ENCNET_MUST_CHECK;

/* Returns remarks about the weights that were read last: the program whose names were translated
 * and, with model.allow_partial, every weight that was not loaded.  Each line ends in a newline; ""
 * means no remarks.  Borrowed until weights are read again. */
ENCNET_API const char *encnet_model_remarks(const encnet_model *model);

/*
 * Replaces all weights of a model; model.allow_partial and model.fresh have no effect here.
 *
 *   path  a checkpoint directory, or a file in a format of encnet_checkpoint_format_at().  Nothing
 *         in a file is executed
 *
 * The model is unchanged on failure.
 *
 * ENCNET_E_CHECKPOINT  the file is missing or damaged, or its weights do not fit; the message lists
 *                      every missing, extra and misshapen weight
 * ENCNET_E_NOMEM       not enough host memory
 */
ENCNET_API encnet_status encnet_model_read_weights(encnet_model *model,
                                                   const char *path) ENCNET_MUST_CHECK;

/*
 * Writes the weights to a .safetensors file, with mmsegmentation's names and shapes and a
 * description of the network.  The file appears complete or not at all.
 *
 * ENCNET_E_IO      the file cannot be written; an existing one is unchanged
 * ENCNET_E_DEVICE  the device failed
 * ENCNET_E_NOMEM   not enough host memory
 */
ENCNET_API encnet_status encnet_model_save(encnet_model *model, const char *path) ENCNET_MUST_CHECK;

/* Frees a model and its device memory, once; with a device that hangs in encnet_model_run(), leaves it as it
 * is.  NULL is accepted.  Its sessions should have been freed; runs of one that was not fail with
 * ENCNET_E_ARG, and what the model holds is released with the last of them. */
ENCNET_API void encnet_model_free(encnet_model *model);

/* Returns the number of classes, M. */
ENCNET_API int encnet_model_classes(const encnet_model *model);

/* Whether the model gives an image one class, as model.network = classifier does, and not one to
 * each pixel. */
ENCNET_API bool encnet_model_labels_images(const encnet_model *model);

/* Returns the name of class m, 0 <= m < M; "class_7" and the like if it is not known.  Borrowed
 * until the model is freed. */
ENCNET_API const char *encnet_model_class_name(const encnet_model *model, int m);

/* The colour of class m, as RGB: that of the file that the model was loaded from, or that of index
 * m + 1 in Pascal VOC's palette if the file says none.  Black if m is no class. */
ENCNET_API void encnet_model_class_colour(uint8_t rgb[3], const encnet_model *model, int m);

/*
 * The options that describe the model: model.network, model.backbone, augment.mean and the others that
 * its file records.  Those of the training and the evaluation are not recorded, and have their
 * defaults; encnet_config_load_checkpoint() reads them where a checkpoint has them.  Borrowed until the
 * model is freed; NULL of NULL.
 */
ENCNET_API const encnet_options *encnet_model_get_options(const encnet_model *model);

/* How many numbers the weights have, running statistics of batch norm included. */
ENCNET_API uint64_t encnet_model_parameters(const encnet_model *model);

/*
 * Segments or classifies one image as a whole, at its own size.
 *
 *   ids    [H,W], the class of each pixel; NULL = not wanted
 *   probs  [M,H,W], the probability of each class, softmax over the classes; NULL = not wanted.
 *          Of a model that labels whole images, ids is [1] and probs is [M]
 *   rgb    [H,W,3], 0..255
 *   h, w   >= 1
 *
 * The first image of a size plans and compiles; later images of that size allocate nothing.  It runs in
 * a thread of the model's own, so that the call ends though the driver does not return: after
 * options->device.timeout seconds without an answer of the device (encnet_device_silence()).  What it
 * writes to and reads from, and the model, may then still be in use.
 *
 * ENCNET_E_ARG     a size is out of range, or neither result is wanted
 * ENCNET_E_SHAPE   a tensor of the network would be too large
 * ENCNET_E_DEVICE  not enough device memory, and the message gives both sizes; or the device failed or
 *                  hangs
 * ENCNET_E_NOMEM   not enough host memory
 */
ENCNET_API encnet_status encnet_model_run(encnet_model *model, uint8_t *ids, float *probs,
                                          const uint8_t *rgb, int h, int w) ENCNET_MUST_CHECK;

/* A row of the lists of networks, heads and backbones. */
typedef struct encnet_model_part {
    /* "network": a value of model.network; "backbone": one of model.backbone; "head" */
    const char *kind;
    const char *name, *about;
} encnet_model_part;

/* Fills in the row of that index: networks come first, then heads, then backbones.  Returns false
 * behind the last. */
ENCNET_API bool encnet_model_part_at(int index, encnet_model_part *out);

/* A network with recipes for Cityscapes, in crops of 512x1024, in configs/. */
typedef struct encnet_model_published {
    const char *name;       /* how the recipes' files begin, and what variant it is */
    double miou;            /* the best that was published for them, in percent; 0: none was */
    encnet_options options; /* the network and its loss; everything else has its default */
} encnet_model_published;

/* Fills in the row of that index.  Returns false behind the last. */
ENCNET_API bool encnet_model_published_at(int index, encnet_model_published *out);

/* The device memory and the work of a training step or a forward pass.  Sizes are in bytes. */
typedef struct encnet_plan {
    size_t weights;
    size_t gradients; /* of weights, where a step keeps all of them to its end */
    size_t momentum;
    /* Shared by activations, their gradients, scratch, and gradients of weights that do not live to the end. */
    size_t activations;
    size_t activations_stored; /* the part of it that is stored from forward to backward */
    size_t prepared;           /* inference: weights folded and packed, once for all images */
    size_t results;            /* inference: what makes class ids of the network's scores */
    size_t largest_buffer;     /* the largest single buffer of activations */
    /* Bytes of activations and their gradients that the operators of a step read and write; an operator
     * counts each tensor once in every pass. */
    size_t activations_read, activations_written;
    size_t total, device_total; /* what the plan needs; what the device has */
    int nodes, parameters;      /* nodes of the graph; weight tensors */
    uint64_t trainable;         /* trainable numbers in the weights */
    double flops;               /* floating-point operations of the forward pass */
} encnet_plan;

/*
 * Computes a plan without allocating device memory.
 *
 *   out        filled on success, and also when the plan does not fit
 *   device     the device to plan for
 *   options    describe the network; borrowed for the call
 *   n, h, w    images in the batch, and their size
 *   inference  plan a forward pass to class ids instead of a training step of a single rank
 *
 * ENCNET_E_ARG     unknown network or backbone, or a value is out of range
 * ENCNET_E_DEVICE  the plan does not fit; the message gives both sizes, and a batch or a crop that
 *                  fits
 * ENCNET_E_NOMEM   not enough host memory
 */
ENCNET_API encnet_status encnet_plan_make(encnet_plan *out, encnet_device *device,
                                          const encnet_options *options, int n, int h, int w,
                                          bool inference) ENCNET_MUST_CHECK;

/*
 * Plans a training step likewise, of one of `ranks` ranks that train together, with n images: several keep all
 * gradients of weights until they have exchanged them.  ENCNET_E_ARG also if `ranks` is less than 1.
 */
ENCNET_API encnet_status encnet_plan_make_rank(encnet_plan *out, encnet_device *device,
                                               const encnet_options *options, int ranks, int n,
                                               int h, int w) ENCNET_MUST_CHECK;

/* Computes the plan of a forward pass of a model to class ids, for n images of h x w: what encnet_plan_make()
 * computes for the model's options.  It does not count that the model's weights are on the device already. */
ENCNET_API encnet_status encnet_model_plan(encnet_plan *out, const encnet_model *model, int n,
                                           int h, int w) ENCNET_MUST_CHECK;

/* A pass of a convolution in a plan.  Texts are borrowed for the call. */
typedef struct encnet_plan_row {
    const char *layer; /* "backbone.layer1.0.conv1" */
    const char *shape; /* "3x3, stride 1, dilation 2, 256 to 256 channels, 64x64" */
    const char
        *direction; /* "forward", "data" (gradient of the input), "filter" (of the weights) */
    const char *algorithm; /* a name of device.conv */
    const char *reason; /* why an earlier choice does not serve: "packed takes groups 1"; or "" */
    double flops;       /* floating-point operations, counted as direct ones */
    double seconds;     /* what it took when device.tune measured it; 0: it was not measured */
    size_t scratch, prepared; /* bytes; prepared: weights as the algorithm wants them */
} encnet_plan_row;

/*
 * Plans likewise, and calls `row` with `user` for each pass of each convolution, in the order of the
 * layers.  Fails as encnet_plan_make() does, but not when the plan does not fit.
 */
ENCNET_API encnet_status encnet_plan_list(encnet_device *device, const encnet_options *options,
                                          int n, int h, int w, bool inference,
                                          void (*row)(void *user, const encnet_plan_row *row),
                                          void *user) ENCNET_MUST_CHECK;

/*
 * Plans likewise, and calls `print` once with what each pass of the planning makes of the network's graph: its name,
 * then a line for each node where the pass has changed any.  The text is borrowed for the call.
 */
ENCNET_API encnet_status encnet_plan_passes(encnet_device *device, const encnet_options *options,
                                            int n, int h, int w, bool inference,
                                            void (*print)(void *user, const char *text),
                                            void *user) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
