/* labels.c - the class of each stored label value: a table of 256 entries for each form of labels,
 * made when a data set is opened. */
#include "data/dataset.h"

#include "options/options.h"

enum { NO_CLASS = 256 };

encnet_status encnet__labels_learn(encnet__dataset *d, const encnet_options *options)
{
    const encnet__dataset_type *type = d->type;
    bool ignored[256] = {[ENCNET_IGNORE] = true};
    int shift = type->reduce_zero_label || options->data.reduce_zero_label ? 1 : 0;
    encnet_status rc = ENCNET_OK;
    double ids[256];
    int n;

    TRY(encnet__option_numbers(ids, &n, ENCNET__OPTION_ROW(data.ignore_labels),
                               options->data.ignore_labels));
    for (int i = 0; i < n; i++) ignored[(int)ids[i]] = true;
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
done:
    return rc;
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
