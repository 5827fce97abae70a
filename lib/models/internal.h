/* internal.h - the inside of a model, shared by model.c, plan.c, image.c and model_file.c. */
#ifndef ENCNET__MODEL_INTERNAL_H
#define ENCNET__MODEL_INTERNAL_H

#include "files/weights_file.h"
#include "models/description.h"
#include "models/models.h"
#include "models/network.h"

enum { ENCNET__CACHED_GRAPHS = 4 };

typedef struct encnet__cached_graph {
    encnet__graph_key key;
    encnet__graph *graph;
    bool stale; /* the weights have changed since its constants were computed */
} encnet__cached_graph;

struct encnet_model {
    encnet_device *device;
    encnet_options options;
    char *strings; /* of options */
    encnet__class_label classes[ENCNET_MAX_CLASSES];
    bool has_colours;
    encnet__weights *weights;
    encnet__text remarks;        /* on the weights that were read last */
    struct encnet__ranks *ranks; /* borrowed; NULL: one rank alone */
    encnet__graph *training;
    encnet__graph_key training_key;
    encnet__cached_graph inference[ENCNET__CACHED_GRAPHS]; /* the last used first */
    int n_inference;
    float *staging; /* one image or its probabilities, between host and device layout */
    size_t staging_count;
};

/* model_file.c: weights from a file or a checkpoint directory of any dialect (names.h).  `left_out` of `how` may be the
 * remarks. */
encnet_status encnet__model_read_file(encnet_model *m, const char *path,
                                      const encnet__load *how) ENCNET_MUST_CHECK;

/* plan.c: `bytes` more on the device, beside what is held; else ENCNET_E_DEVICE with both sizes and what would fit (a smaller
 * batch or crop; `key` NULL = the weights alone). */
encnet_status encnet__model_check_fit(encnet_device *device, size_t bytes,
                                      const encnet_options *options, const encnet__graph_key *key,
                                      bool training) ENCNET_MUST_CHECK;
#endif
