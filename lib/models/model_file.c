/*
 * model_file.c - a model in a safetensors file: weights under mmsegmentation's names, and in the
 * metadata what is needed to build the network again ("encnet.network" = "fcn", ...), its
 * normalisation and the names of its classes.
 */
#define _POSIX_C_SOURCE 200809L
#include "models/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { VALUE_SIZE = 64, MAX_MEMBERS = 24 };

typedef enum member_kind { MEMBER_TEXT, MEMBER_INT, MEMBER_BOOL, MEMBER_TRIPLE } member_kind;

/* One option of the network in the metadata. */
typedef struct member {
    const char *key;
    member_kind kind;
    size_t at; /* in encnet_options */
} member;

static const member members[] = {
    {"encnet.network", MEMBER_TEXT, offsetof(encnet_options, model.network)},
    {"encnet.backbone", MEMBER_TEXT, offsetof(encnet_options, model.backbone)},
    {"encnet.classes", MEMBER_INT, offsetof(encnet_options, model.classes)},
    {"encnet.output_stride", MEMBER_INT, offsetof(encnet_options, model.output_stride)},
    {"encnet.channels", MEMBER_INT, offsetof(encnet_options, model.channels)},
    {"encnet.aux_channels", MEMBER_INT, offsetof(encnet_options, model.aux_channels)},
    {"encnet.codewords", MEMBER_INT, offsetof(encnet_options, model.codewords)},
    {"encnet.lateral", MEMBER_BOOL, offsetof(encnet_options, model.lateral)},
    {"encnet.se_loss", MEMBER_BOOL, offsetof(encnet_options, model.se_loss)},
    {"encnet.align_corners", MEMBER_BOOL, offsetof(encnet_options, model.align_corners)},
    {"encnet.head_convs", MEMBER_INT, offsetof(encnet_options, model.head_convs)},
    {"encnet.head_concat", MEMBER_BOOL, offsetof(encnet_options, model.head_concat)},
    {"encnet.mean", MEMBER_TRIPLE, offsetof(encnet_options, augment.mean)},
    {"encnet.std", MEMBER_TRIPLE, offsetof(encnet_options, augment.std)},
};

/* "weights.safetensors" within a checkpoint directory, else the path itself; owned by the caller.
 */
static char *weights_path(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return encnet__path_join(path, "weights.safetensors");
    return encnet__strdup(path);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void print_member(char *out, const member *m, const encnet_options *o)
{
    const void *at = (const char *)o + m->at;
    const double *triple = at;

    switch (m->kind) {
    case MEMBER_TEXT:
        snprintf(out, VALUE_SIZE, "%s", *(const char *const *)at);
        break;
    case MEMBER_INT:
        snprintf(out, VALUE_SIZE, "%d", *(const int *)at);
        break;
    case MEMBER_BOOL:
        snprintf(out, VALUE_SIZE, "%s", *(const bool *)at ? "yes" : "no");
        break;
    case MEMBER_TRIPLE:
        snprintf(out, VALUE_SIZE, "%.9g,%.9g,%.9g", triple[0], triple[1], triple[2]);
        break;
    }
}

encnet_status encnet_model_save(encnet_model *m, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__pair pairs[MAX_MEMBERS];
    char values[COUNT_OF(members)][VALUE_SIZE];
    encnet__text names = {0};
    int n = 0;

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        print_member(values[i], &members[i], &m->options);
        pairs[n++] = (encnet__pair){members[i].key, values[i]};
    }
    for (int c = 0; c < m->options.model.classes; c++)
        encnet__text_add(&names, "%s%s", c ? "\n" : "", m->class_names[c]);
    if (names.failed) FAIL(ENCNET_E_NOMEM, "%s: no host memory for the names of the classes", path);
    pairs[n++] = (encnet__pair){ENCNET__CLASS_NAMES_KEY, names.data};
    pairs[n++] = (encnet__pair){"encnet.version", encnet_version()};
    TRY(encnet__weights_save(m->weights, path, false, pairs, n));
done:
    encnet__text_free(&names);
    return rc;
}

/* -- reading ----------------------------------------------------------------------------------- */

static bool parse_int(int *out, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    *out = (int)value;
    return end != text && *end == '\0' && value >= 0 && value <= 1 << 20;
}

static bool parse_member(encnet_options *o, const member *m, const char *text)
{
    void *at = (char *)o + m->at;
    double *triple = at;
    int used = 0;

    switch (m->kind) {
    case MEMBER_TEXT:
        *(const char **)at = text;
        return true;
    case MEMBER_INT:
        return parse_int(at, text);
    case MEMBER_BOOL:
        *(bool *)at = !strcmp(text, "yes");
        return *(bool *)at || !strcmp(text, "no");
    case MEMBER_TRIPLE:
        return sscanf(text, "%lf,%lf,%lf%n", &triple[0], &triple[1], &triple[2], &used) == 3 &&
               text[used] == '\0';
    }
    return false;
}

/* The options that the metadata describes; strings borrowed from the file. */
static encnet_status read_options(encnet_options *o, const encnet__tensor_file *f, const char *path)
{
    encnet_options_default(o);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const char *text = encnet__tensor_file_metadata(f, members[i].key);
        if (!text)
            return encnet__fail(ENCNET_E_CHECKPOINT,
                                "%s: does not say which network it is (no %s in its metadata); "
                                "build the network from "
                                "options and name the file in model.checkpoint",
                                path, members[i].key);
        if (!parse_member(o, &members[i], text))
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: metadata %s = \"%s\" makes no sense",
                                path, members[i].key, text);
    }
    return ENCNET_OK;
}

static void read_names(encnet_model *m, const encnet__tensor_file *f)
{
    const char *text = encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY);

    for (int c = 0; text && c < m->options.model.classes; c++) {
        size_t length = strcspn(text, "\n");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        encnet__model_name_class(m, c, name);
        text = text[length] ? text + length + 1 : NULL;
    }
}

encnet_status encnet_model_load(encnet_model **out, encnet_device *device, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet_options o;
    encnet__tensor_file *f = NULL;
    encnet_model *m = NULL;
    char *file = weights_path(path);

    if (!file) FAIL(ENCNET_E_NOMEM, "%s: no host memory for its name", path);
    TRY(encnet__tensor_file_open(&f, file));
    TRY(read_options(&o, f, file));
    o.model.checkpoint = file;
    rc = encnet_model_new(&m, device, &o);
    if (rc == ENCNET_E_ARG) FAIL(ENCNET_E_CHECKPOINT, "%s: %s", file, encnet_last_error());
    TRY(rc);
    read_names(m, f);
    *out = m;
    m = NULL;
done:
    encnet_model_free(m);
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}

encnet_status encnet_model_read_weights(encnet_model *m, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor_file *f = NULL;
    char *file = weights_path(path);

    if (!file) FAIL(ENCNET_E_NOMEM, "%s: no host memory for its name", path);
    TRY(encnet__tensor_file_open(&f, file));
    TRY(encnet__weights_load(m->weights, f, ENCNET__LOAD_ALL));
    encnet__model_weights_changed(m);
done:
    encnet__tensor_file_close(f);
    encnet__free(file);
    return rc;
}
