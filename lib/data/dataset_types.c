/* dataset_types.c - the rows of datasets.def as a table. */
#include "data/dataset.h"

#include <string.h>

#include "options/options.h"

#define DATASET(name, about) extern const encnet__dataset_type encnet__dataset_##name;
#include "data/datasets.def"
#undef DATASET

static const struct {
    const encnet__dataset_type *type;
    const char *about;
} rows[] = {
#define DATASET(name, about) {&encnet__dataset_##name, about},
#include "data/datasets.def"
#undef DATASET
};

const encnet__dataset_type *encnet__dataset_type_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].type->name, name) == 0) return rows[i].type;
    return NULL;
}

/* "data.type=x is unknown; there are a, b and c" */
static encnet_status unknown(const char *name)
{
    encnet__text names = {0};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        encnet__text_add(&names, "%s%s",
                         i == 0                    ? ""
                         : i + 1 == COUNT_OF(rows) ? " and "
                                                   : ", ",
                         rows[i].type->name);
    (void)encnet__fail(ENCNET_E_CONFIG, "data.type=%s is unknown; there are %s", name,
                       names.data ? names.data : "others");
    encnet__text_free(&names);
    return ENCNET_E_CONFIG;
}

encnet_status encnet__dataset_type_of(const encnet__dataset_type **out,
                                      const encnet_options *options)
{
    const char *name = options->data.type ? options->data.type : "";
    const encnet__dataset_type *type = encnet__dataset_type_named(name);
    int classes = options->model.classes;
    encnet_status rc = encnet__option_check(options, ENCNET__OPTION_ROW(model.classes));

    if (rc != ENCNET_OK) return rc;
    if (!type) return unknown(name);
    if (type->n_classes && type->n_classes != classes)
        return encnet__fail(ENCNET_E_CONFIG, "data.type=%s has %d classes, but model.classes=%d",
                            name, type->n_classes, classes);
    *out = type;
    return ENCNET_OK;
}

bool encnet_dataset_at(int index, encnet_dataset_info *out)
{
    const encnet__dataset_type *type;

    if (index < 0 || index >= (int)COUNT_OF(rows)) return false;
    type = rows[index].type;
    *out = (encnet_dataset_info){.name = type->name,
                                 .about = rows[index].about,
                                 .classes = type->n_classes,
                                 .image_ending = type->layout.image_ending,
                                 .label_ending = type->layout.label_ending};
    for (int split = 0; split < 2; split++) {
        out->images[split] = type->layout.images[split];
        out->labels[split] = type->layout.labels[split];
    }
    return true;
}
