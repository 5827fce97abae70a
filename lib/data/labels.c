/* labels.c - the class of each stored label value: a table of 256 entries for each form of labels,
 * made when a data set is opened. */
#include "data/dataset.h"

#include <stdlib.h>

enum { NO_CLASS = 256 };

encnet_status encnet__ignore_parse(bool marks[256], const char *text)
{
    const char *at = text;

    while (*at) {
        char *end;
        long id = strtol(at, &end, 10);
        if (end == at || id < 0 || id > 255 || (*end != '\0' && *end != ','))
            return encnet__fail(ENCNET_E_CONFIG,
                                "data.ignore_labels=%s: expected ids 0..255 such as 0,11", text);
        marks[id] = true;
        at = *end ? end + 1 : end;
    }
    return ENCNET_OK;
}

encnet_status encnet__labels_learn(encnet__dataset *d, const encnet_options *options)
{
    const encnet__dataset_type *type = d->type;
    bool ignored[256] = {[ENCNET_IGNORE] = true};
    int shift = type->reduce_zero_label || options->data.reduce_zero_label ? 1 : 0;
    const char *ignore = options->data.ignore_labels;
    encnet_status rc = encnet__ignore_parse(ignored, ignore ? ignore : "");

    if (rc != ENCNET_OK) return rc;
    for (int v = 0; v < 256; v++) {
        int id = v - shift;
        d->class_of[0][v] = (uint16_t)(ignored[v] || id < 0 ? ENCNET_IGNORE
                                       : id < d->classes    ? id
                                                            : NO_CLASS);
        d->class_of[1][v] = ignored[v] || v < type->layout.n_raw_ids ? ENCNET_IGNORE : NO_CLASS;
    }
    for (int i = 0; i < type->n_classes; i++)
        if (!ignored[type->classes[i].submit_id])
            d->class_of[1][type->classes[i].submit_id] = (uint16_t)i;
    return ENCNET_OK;
}

/* The error for the first value that is no class. */
static encnet_status outside(const encnet__dataset *d, const encnet__picture *label,
                             const char *path, size_t first)
{
    int id = label->pixels[first];
    size_t count = 0;

    for (size_t i = first; i < (size_t)label->h * (size_t)label->w; i++)
        count += label->pixels[i] == id;
    return encnet__fail(
        ENCNET_E_DATA,
        "%s: id %d is none of the %d classes (%zu pixels, the first at x=%zu, y=%zu); "
        "data.ignore_labels can leave ids out",
        path, id, d->classes, count, first % (size_t)label->w, first / (size_t)label->w);
}

encnet_status encnet__labels_translate(const encnet__dataset *d, encnet__picture *label,
                                       const encnet__sample *sample)
{
    const uint16_t *class_of = d->class_of[sample->is_raw];
    size_t n = (size_t)label->h * (size_t)label->w, bad = n;

    for (size_t i = n; i-- > 0;) /* backwards, so that `bad` ends as the first */
        if (class_of[label->pixels[i]] == NO_CLASS) bad = i;
    if (bad < n) return outside(d, label, sample->label, bad);
    for (size_t i = 0; i < n; i++) label->pixels[i] = (uint8_t)class_of[label->pixels[i]];
    return ENCNET_OK;
}
