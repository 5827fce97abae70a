/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/options.h - the choices that a program makes, as plain values.
 *
 * encnet_options holds one struct for each section of a configuration.  A program fills it with
 * encnet_options_default(), changes fields, and passes it on; every function that takes options
 * copies what it keeps, strings included.  encnet/config.h fills the same struct from an INI file,
 * in which the field options.model.classes is the key "classes" of the section [model].
 *
 * The fields, with defaults, ranges and meanings, are the rows of encnet/options.def: the field of
 * a row has the name of its key, unless the row names two fields.  docs/config-reference.md is the
 * same list as a page, and also lists the options that only one network has (model.codewords):
 * those are no fields; encnet_options_set() and encnet_options_get() reach every option by name.
 */
#ifndef ENCNET_OPTIONS_H
#define ENCNET_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <encnet/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENCNET_IGNORE 255 /* the label of a pixel that counts for nothing */
#define ENCNET_MAX_CLASSES 1000
#define ENCNET_MAX_PIXEL_CLASSES 255 /* where pixels are labelled, not whole images */
#define ENCNET_MAX_SCALES 32         /* at which one image is evaluated */
#define ENCNET_MAX_RATES 7           /* branches of the pyramid of DeepLabV3 */

/*
 * encnet_model_options, encnet_data_options, ..., encnet_output_options
 *
 * Each has the same size, whatever its options take, so that a program compiled with this version runs
 * with a later one that has more: new options are appended to their section, into the room of `later`,
 * and encnet_options_default() of the later version fills in their defaults.
 */
#define ENCNET_SECTION_BYTES 320

#define ENCNET_SECTION(section, help) struct encnet_##section##_fields {
#define ENCNET_END(section)                                                                        \
    }                                                                                              \
    ;
#include <encnet/fields.def>

#define ENCNET_SECTION(section, help) typedef struct encnet_##section##_options {
#define ENCNET_END(section)                                                                        \
    char later[ENCNET_SECTION_BYTES - sizeof(struct encnet_##section##_fields)];                   \
    }                                                                                              \
    encnet_##section##_options;
#include <encnet/fields.def>

/* The value of an option; which member holds it depends on the option. */
typedef union encnet_option_value {
    int ints[4];
    double reals[4];
    int64_t int64;
    uint64_t uint64;
    bool on;
    const char *text;
} encnet_option_value;

struct encnet_option_row;

/* The value of an option that is no field because a head, a backbone or a network owns it. */
typedef struct encnet_owned_option {
    const struct encnet_option_row *row; /* NULL: this and the following slots are free */
    encnet_option_value value;
} encnet_owned_option;

enum { ENCNET_MAX_OWNED_OPTIONS = 48 };

typedef struct encnet_options {
    encnet_model_options model;
    encnet_data_options data;
    encnet_augment_options augment;
    encnet_train_options train;
    encnet_optimizer_options optimizer;
    encnet_eval_options eval;
    encnet_device_options device;
    encnet_output_options output;
    /* Read and written by encnet_options_get() and encnet_options_set(); an option that is not
     * here has its default. */
    encnet_owned_option owned[ENCNET_MAX_OWNED_OPTIONS];
} encnet_options;

/* Fills in the defaults.  Strings are literals. */
ENCNET_API void encnet_options_default(encnet_options *options);

/*
 * Sets an option by its name, as `key = value` in an INI file does.
 *
 *   key     "section.key", such as "model.codewords"
 *   value   for an option that is a text: borrowed for as long as the options are used, as if it
 *           had been assigned to the field
 *
 * ENCNET_E_CONFIG  there is no such option (the sentence names the nearest), or the value is out of
 *                  range; the options are then unchanged
 */
ENCNET_API encnet_status encnet_options_set(encnet_options *options, const char *key,
                                            const char *value) ENCNET_MUST_CHECK;

/*
 * The value of an option as text, such as encnet_options_set() takes, into `out`.
 *
 * ENCNET_E_CONFIG  there is no such option
 * ENCNET_E_ARG     the text has `size` bytes or more
 */
ENCNET_API encnet_status encnet_options_get(char *out, size_t size, const encnet_options *options,
                                            const char *key) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
