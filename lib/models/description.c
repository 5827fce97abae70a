/*
 * description.c - what a file says of its network, as lines of metadata: the options that are
 * needed to build it again ("encnet.network" = "fcn", ...), its normalisation, names and colours of
 * its classes.
 */
#include "models/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

_Static_assert(COUNT_OF(members) + 3 <= ENCNET__MAX_DESCRIPTION,
               "room for names, colours, version");

/* -- writing ----------------------------------------------------------------------------------- */

static void print_member(char *out, size_t size, const member *m, const encnet_options *o)
{
    const void *at = (const char *)o + m->at;
    const double *triple = at;

    switch (m->kind) {
    case MEMBER_TEXT:
        snprintf(out, size, "%s", *(const char *const *)at);
        break;
    case MEMBER_INT:
        snprintf(out, size, "%d", *(const int *)at);
        break;
    case MEMBER_BOOL:
        snprintf(out, size, "%s", *(const bool *)at ? "yes" : "no");
        break;
    case MEMBER_TRIPLE:
        snprintf(out, size, "%.9g,%.9g,%.9g", triple[0], triple[1], triple[2]);
        break;
    }
}

encnet_status encnet__description_write(encnet__metadata *out, const encnet__description *d)
{
    *out = (encnet__metadata){.n = 0};
    for (size_t i = 0; d->has_network && i < COUNT_OF(members); i++) {
        print_member(out->values[i], sizeof out->values[i], &members[i], &d->options);
        out->pairs[out->n++] = (encnet__pair){members[i].key, out->values[i]};
    }
    for (int c = 0; c < d->n_names; c++)
        encnet__text_add(&out->names, "%s%s", c ? "\n" : "", d->classes[c].name);
    for (int c = 0; c < d->n_colours; c++)
        encnet__text_add(&out->colours, "%s%d,%d,%d", c ? "\n" : "", d->classes[c].rgb[0],
                         d->classes[c].rgb[1], d->classes[c].rgb[2]);
    if (out->names.failed || out->colours.failed) {
        encnet__metadata_free(out);
        return encnet__fail(ENCNET_E_NOMEM, "no host memory for the names of the classes");
    }
    if (d->n_names) out->pairs[out->n++] = (encnet__pair){ENCNET__CLASS_NAMES_KEY, out->names.data};
    if (d->n_colours) out->pairs[out->n++] = (encnet__pair){ENCNET__PALETTE_KEY, out->colours.data};
    if (d->has_network) out->pairs[out->n++] = (encnet__pair){"encnet.version", encnet_version()};
    return ENCNET_OK;
}

void encnet__metadata_free(encnet__metadata *m)
{
    encnet__text_free(&m->names);
    encnet__text_free(&m->colours);
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

/* The line at *at, without its end, cut at `size`; false behind the last. */
static bool next_line(char *out, size_t size, const char **at)
{
    size_t length;

    if (!*at) return false;
    length = strcspn(*at, "\n");
    snprintf(out, size, "%.*s", (int)length, *at);
    *at = (*at)[length] ? *at + length + 1 : NULL;
    return true;
}

static bool parse_colour(uint8_t rgb[3], const char *text)
{
    unsigned v[3];
    int used = 0;

    if (sscanf(text, "%3u,%3u,%3u%n", &v[0], &v[1], &v[2], &used) != 3 || text[used]) return false;
    for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)v[i];
    return v[0] < 256 && v[1] < 256 && v[2] < 256;
}

static void read_classes(encnet__description *d, const encnet__tensor_file *f)
{
    const char *names = encnet__tensor_file_metadata(f, ENCNET__CLASS_NAMES_KEY),
               *colours = encnet__tensor_file_metadata(f, ENCNET__PALETTE_KEY);
    char colour[16];

    while (d->n_names < ENCNET_MAX_CLASSES &&
           next_line(d->classes[d->n_names].name, sizeof d->classes->name, &names))
        d->n_names++;
    while (d->n_colours < d->n_names && next_line(colour, sizeof colour, &colours) &&
           parse_colour(d->classes[d->n_colours].rgb, colour))
        d->n_colours++;
    if (d->n_colours < d->n_names) d->n_colours = 0; /* all or none */
}

encnet_status encnet__description_read(encnet__description *out, const encnet__tensor_file *f)
{
    *out = (encnet__description){.n_names = 0};
    encnet_options_default(&out->options);
    out->has_network = encnet__tensor_file_metadata(f, members[0].key) != NULL;
    for (size_t i = 0; out->has_network && i < COUNT_OF(members); i++) {
        const char *text = encnet__tensor_file_metadata(f, members[i].key);
        if (!text)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: its metadata lacks %s", f->path,
                                members[i].key);
        if (!parse_member(&out->options, &members[i], text))
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: metadata %s = \"%s\" makes no sense",
                                f->path, members[i].key, text);
    }
    read_classes(out, f);
    return ENCNET_OK;
}
