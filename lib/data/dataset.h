/*
 * dataset.h - what dataset.c, its rows and the checks share.
 */
#ifndef ENCNET__DATASET_H
#define ENCNET__DATASET_H

#include "data/data.h"

enum { ENCNET__CITYSCAPES = 19, ENCNET__ADE20K = 150 };

extern const encnet__class encnet__cityscapes_classes[ENCNET__CITYSCAPES];
extern const encnet__class encnet__ade20k_classes[ENCNET__ADE20K];

/* -- kinds of data sets ------------------------------------------------------------------------ */

/* The numbers that a drawn data set depends on. */
typedef struct encnet__drawing {
    uint64_t seed;
    int split, classes, h, w;
} encnet__drawing;

/* One value of data.type.  Adding one = a row in dataset.c. */
typedef struct encnet__dataset_kind {
    const char *name;
    const char *images[2],
        *labels[2];           /* folders below data.root unless the options name others; [split] */
    const char *image_ending; /* NULL: .png .jpg .jpeg */
    const char *label_ending;
    const char
        *raw_label_ending; /* instead, where the former is missing: values are submission ids */
    const encnet__class *classes; /* NULL: as many as model.classes says */
    int n_classes;
    bool reduce_zero_label;
    /* For data sets without files, in place of all the above. */
    encnet_status (*draw)(encnet__picture *image, encnet__picture *label, const encnet__drawing *d,
                          int index);
    void (*name_class)(encnet__class *out, int index, int classes);
} encnet__dataset_kind;

/* The row of options->data.type; ENCNET_E_CONFIG lists the names there are. */
encnet_status encnet__dataset_kind_of(const encnet__dataset_kind **out,
                                      const encnet_options *options) ENCNET_MUST_CHECK;

encnet_status encnet__synthetic_draw(encnet__picture *image, encnet__picture *label,
                                     const encnet__drawing *d, int index) ENCNET_MUST_CHECK;
void encnet__synthetic_class(encnet__class *out, int index, int classes);

/* -- problems ---------------------------------------------------------------------------------- */

/* Collects what is wrong with a data set; the first sentence is kept, all are reported. */
typedef struct encnet__problems {
    void (*report)(void *user, const char *line); /* may be NULL */
    void *user;
    int count;
    char first[1024];
} encnet__problems;

void encnet__problem(encnet__problems *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* encnet__dataset_open, but images without label and the like go to `problems` and are left out. */
encnet_status encnet__dataset_scan(encnet__dataset **out, const encnet_options *options,
                                   encnet__split split,
                                   encnet__problems *problems) ENCNET_MUST_CHECK;

/* -- parsers (also fuzzed) --------------------------------------------------------------------- */

/* Lines "index,name,r,g,b" (colours optional, a sixth number is the submission id); a first line
 * that starts with no digit is a heading; every index 0..n-1 once.  Without that number the
 * submission id is index + first_id. */
encnet_status encnet__classes_parse(encnet__class *out, int n, int first_id, const char *text,
                                    size_t size, const char *name) ENCNET_MUST_CHECK;

/* "11" or "0,11" into marks[256]. */
encnet_status encnet__ignore_parse(bool marks[256], const char *text) ENCNET_MUST_CHECK;

#endif
