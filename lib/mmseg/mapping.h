/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * mapping.h - what the files that map a part of a configuration share.
 *
 * Every dictionary that results depend on is checked against rules, one for each key that it may
 * have.  What no rule allows is refused.
 */
#ifndef ENCNET__MMSEG_MAPPING_H
#define ENCNET__MMSEG_MAPPING_H

#include "mmseg/mmseg.h"
#include "mmseg/python.h"

struct encnet__mmseg {
    encnet__py_memory *memory;
    const encnet__py *root;
    encnet__mmseg_setting settings[128];
    int n_settings;
    const char *remarks[16];
    int n_remarks;
};

/* A value with its name for messages, such as "model.decode_head". */
typedef struct encnet__mmseg_place {
    encnet__mmseg *m;
    const encnet__py *value; /* NULL: absent */
    char name[160];
} encnet__mmseg_place;

typedef struct encnet__mmseg_rule {
    const char *key;
    const char
        *only; /* the values that are possible, for encnet__mmseg_is(); NULL: the mapping reads
                         the key; "": it changes no result */
} encnet__mmseg_rule;

encnet__mmseg_place encnet__mmseg_root(encnet__mmseg *m);
encnet__mmseg_place encnet__mmseg_at(const encnet__mmseg_place *p, const char *key);
encnet__mmseg_place encnet__mmseg_item(const encnet__mmseg_place *p, int i);

/* "FILE:LINE: NAME = VALUE: SENTENCE" */
encnet_status encnet__mmseg_refuse(const encnet__mmseg_place *p, const char *sentence, ...)
    __attribute__((format(printf, 2, 3)));
/* Refuses a value that is no dictionary and every key that no rule allows.  An absent value is as
 * good as an empty dictionary. */
encnet_status encnet__mmseg_check(const encnet__mmseg_place *p, const encnet__mmseg_rule *rules,
                                  size_t n) ENCNET_MUST_CHECK;
/* Whether a value is one of these, as encnet__py_print() writes them plain, a "|" between them. */
bool encnet__mmseg_is(const encnet__py *v, const char *values);

/* The value of a key of `p`, or `otherwise` if it is absent or None.  A value of another kind is
 * refused. */
encnet_status encnet__mmseg_int(int *out, const encnet__mmseg_place *p, const char *key,
                                int otherwise) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_real(double *out, const encnet__mmseg_place *p, const char *key,
                                 double otherwise) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_bool(bool *out, const encnet__mmseg_place *p, const char *key,
                                 bool otherwise) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_text(const char **out, const encnet__mmseg_place *p, const char *key,
                                 const char *otherwise) ENCNET_MUST_CHECK;
/* Exactly n numbers; *found is false if the key is absent or None. */
encnet_status encnet__mmseg_reals(double *out, bool *found, const encnet__mmseg_place *p,
                                  const char *key, int n) ENCNET_MUST_CHECK;
/* A list of numbers as "1,2,3". */
encnet_status encnet__mmseg_join(encnet__text *out, const encnet__mmseg_place *p) ENCNET_MUST_CHECK;

/* Adds a setting or replaces its value.  `from` is what it comes from, or NULL. */
encnet_status encnet__mmseg_set(encnet__mmseg *m, const encnet__py *from, const char *key,
                                const char *value, ...)
    __attribute__((format(printf, 4, 5))) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_set_int(encnet__mmseg *m, const encnet__py *from, const char *key,
                                    int value) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_set_real(encnet__mmseg *m, const encnet__py *from, const char *key,
                                     double value) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_set_bool(encnet__mmseg *m, const encnet__py *from, const char *key,
                                     bool value) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_remark(encnet__mmseg *m, const char *sentence, ...)
    __attribute__((format(printf, 2, 3))) ENCNET_MUST_CHECK;

/* What a head says that heads of all types have. */
typedef struct encnet__mmseg_head {
    encnet__mmseg_place p;
    bool joined; /* it takes all features of the backbone together */
    int classes, channels;
    int index; /* else the feature that it takes, or the last of them */
    bool corners;
    double dropout;
} encnet__mmseg_head;

/* -- backbone.c: backbone; head.c: decode_head and auxiliary_head; loss.c: their losses; pipeline.c:
 * what happens to an image; data.c: data sets; schedule.c: optimiser and iterations ---------------------------- */

/* Maps model.backbone; *joined: it has several resolutions, which its heads take together. */
encnet_status encnet__mmseg_backbone(bool *joined, const encnet__mmseg_place *p) ENCNET_MUST_CHECK;
/* Maps the heads; with `run` also what they have for training alone. */
encnet_status encnet__mmseg_heads(const encnet__mmseg_place *model, bool joined,
                                  bool run) ENCNET_MUST_CHECK;
/* Maps losses, samplers and dropout; `aux` may be NULL. */
encnet_status encnet__mmseg_losses(const encnet__mmseg_head *main,
                                   const encnet__mmseg_head *aux) ENCNET_MUST_CHECK;
/* Maps norm_cfg of a backbone or head. */
encnet_status encnet__mmseg_norm(const encnet__mmseg_place *p) ENCNET_MUST_CHECK;

/* Mean and deviation, from model.data_preprocessor (1.x) or the pipelines (0.x). */
encnet_status encnet__mmseg_normalisation(encnet__mmseg *m) ENCNET_MUST_CHECK;
/* Windows or whole images, scales and flipping. */
encnet_status encnet__mmseg_evaluation(encnet__mmseg *m) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_augmentation(const encnet__mmseg_place *pipeline) ENCNET_MUST_CHECK;

/* The data set of a split, "train" or "val": of 0.x or of 1.x. */
encnet__mmseg_place encnet__mmseg_dataset(encnet__mmseg *m, const char *split);
encnet_status encnet__mmseg_data(encnet__mmseg *m) ENCNET_MUST_CHECK;
encnet_status encnet__mmseg_schedule(encnet__mmseg *m) ENCNET_MUST_CHECK;

#endif
