/* run.h - one image through a model. */
#ifndef ENCNET__RUN_H
#define ENCNET__RUN_H

#include "models/models.h"

/* An image, or a part of one, in host memory. */
typedef struct encnet__image {
    const uint8_t *rgb; /* h rows of w pixels of three bytes */
    int h, w;
    size_t pitch;             /* bytes from one row to the next */
    bool mirrored;            /* the network sees every row from right to left */
    const double *mean, *std; /* of each channel, for normalisation */
} encnet__image;

/* Normalises the image, uploads it and enqueues the inference graph that gives the wanted outputs at
 * out_h x out_w (network.h).  The graph is borrowed until the model runs again; the calls below wait
 * for its results. */
encnet_status encnet__model_run(encnet__graph **out, encnet_model *m, const encnet__image *image,
                                int out_h, int out_w, unsigned wants) ENCNET_MUST_CHECK;
/* Reads elements first .. first + count - 1 of the output "logits" or "probs". */
encnet_status encnet__model_read_floats(float *out, const encnet__graph *g, const char *name,
                                        size_t first, size_t count) ENCNET_MUST_CHECK;
/* Reads the output "ids", one byte per pixel. */
encnet_status encnet__model_read_ids(uint8_t *ids, encnet_model *m,
                                     const encnet__graph *g) ENCNET_MUST_CHECK;

#endif
