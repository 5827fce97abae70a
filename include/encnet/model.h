/*
 * encnet/model.h - build a segmentation network, load its weights, run it on an image.
 *
 * A model belongs to one device and to one thread at a time.  Images are 8-bit RGB, row-major [H,W,3]; the model
 * normalises them.
 */
#ifndef ENCNET_MODEL_H
#define ENCNET_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <encnet/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct encnet_model encnet_model;

/*
 * Builds a network with random weights (encnet_options.train.seed), mmsegmentation's initialisation.
 *
 *   out      owned by the caller, freed with encnet_model_free(); untouched on failure
 *   device   borrowed until the model is freed
 *   options  copied; model.checkpoint and model.pretrained are loaded when set: files of mmsegmentation, and of the
 *            other programs in lib/files/names.c, whose names are translated
 *
 * ENCNET_E_ARG         unknown network or backbone, or a value out of range; model.fresh names no weight
 * ENCNET_E_CHECKPOINT  the weights do not fit; every missing, extra and misshapen name is listed
 * ENCNET_E_DEVICE      not enough device memory; the message gives both sizes
 */
ENCNET_API encnet_status encnet_model_new(encnet_model **out, encnet_device *device,
                                          const encnet_options *options) ENCNET_MUST_CHECK;

/*
 * Builds the network that a checkpoint describes and loads its weights.
 *
 *   path     a checkpoint directory of ours (or a link to one), whose config.ini names the network; or a
 *            .safetensors file written by us, whose metadata does
 */
ENCNET_API encnet_status encnet_model_load(encnet_model **out, encnet_device *device,
                                           const char *path) ENCNET_MUST_CHECK;

/* What there is to say about the weights that were read last, lines that end in newlines: the program whose names were
 * translated and, with model.allow_partial, every name that was left out.  "" when there is nothing; borrowed until
 * weights are read again. */
ENCNET_API const char *encnet_model_remarks(const encnet_model *model);

/* Replaces all weights by those of `path`: a checkpoint directory, or a file in the format of
 * safetensors, PyTorch (.pth of any age) or Paddle (.pdparams), whatever model.allow_partial and
 * model.fresh say.  Nothing in it is executed; the model is unchanged on failure. */
ENCNET_API encnet_status encnet_model_read_weights(encnet_model *model,
                                                   const char *path) ENCNET_MUST_CHECK;

/* Writes a .safetensors file with mmsegmentation's names and shapes; written aside and renamed. */
ENCNET_API encnet_status encnet_model_save(encnet_model *model, const char *path) ENCNET_MUST_CHECK;

ENCNET_API void encnet_model_free(encnet_model *model); /* takes NULL */

/* M. */
ENCNET_API int encnet_model_classes(const encnet_model *model);
/* Name of class m, "class_7" where none is known; borrowed until the model is freed. */
ENCNET_API const char *encnet_model_class_name(const encnet_model *model, int m);

/*
 * Segments one image, whole, at its own size.
 *
 *   ids    [H,W], the class of each pixel; may be NULL
 *   probs  [M,H,W] float, softmax over the classes; may be NULL
 *   rgb    [H,W,3]
 *
 * The first image of a size plans and compiles; later ones of that size allocate nothing.
 * ENCNET_E_DEVICE  not enough device memory; the message gives both sizes
 */
ENCNET_API encnet_status encnet_model_run(encnet_model *model, uint8_t *ids, float *probs,
                                          const uint8_t *rgb, int h, int w) ENCNET_MUST_CHECK;

/* What a training step (or, with `inference`, one forward pass) of n images of h x w takes on the device. */
typedef struct encnet_plan {
    size_t weights, gradients, momentum; /* bytes */
    size_t activations;                  /* activations, their gradients and scratch share this */
    size_t activations_stored;           /* of which: kept from forward to backward */
    size_t total, device_total;          /* device_total: what the device has */
    int nodes, parameters;               /* graph nodes; weight tensors */
    uint64_t trainable;                  /* trainable numbers */
    double flops;                        /* of forward */
} encnet_plan;

/* Computes a plan without allocating device memory.  ENCNET_E_DEVICE when it does not fit (`out` is filled all the
 * same); the message gives both sizes and what would fit (batch, crop). */
ENCNET_API encnet_status encnet_plan_make(encnet_plan *out, encnet_device *device,
                                          const encnet_options *options, int n, int h, int w,
                                          bool inference) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
