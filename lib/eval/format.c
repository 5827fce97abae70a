/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* format.c - writes class ids as pictures: in formats of our own, and in those in which the
 * benchmarks of data sets take submissions. */
#define _POSIX_C_SOURCE 200809L
#include "eval/eval.h"
#include "models/models.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool is_indexed, is_overlay;
} own[] = {{"raw", false, false}, {"palette", true, false}, {"overlay", false, true}};

const char *encnet_format_name(int index)
{
    encnet__submission s;

    if (index < 0) return NULL;
    if (index < (int)COUNT_OF(own)) return own[index].name;
    return encnet__submission_at(&s, index - (int)COUNT_OF(own)) ? s.name : NULL;
}

/* Finds the index of a format. */
static encnet_status find(int *index, const char *name)
{
    encnet__text names = {0};
    const char *at;

    if (!name) name = "NULL";
    for (int i = 0; (at = encnet_format_name(i)) != NULL; i++) {
        if (strcmp(name, at) == 0) {
            encnet__text_free(&names);
            *index = i;
            return ENCNET_OK;
        }
        encnet__text_add(&names, "%s%s", i ? ", " : "", at);
    }
    (void)encnet__fail(ENCNET_E_ARG, "format %s: there are %s", name,
                       names.data ? names.data : "others");
    encnet__text_free(&names);
    return ENCNET_E_ARG;
}

encnet_status encnet_format_check(const char *name)
{
    int index;

    return find(&index, name);
}

/* The classes of a submission are those of its data set. */
static encnet_status check_classes(const encnet__submission *s, const encnet__class *classes, int M)
{
    if (M != s->n_classes)
        return encnet__fail(
            ENCNET_E_ARG,
            "format %s: it is for the %d classes of data.type=%s, and the model has "
            "%d classes",
            s->name, s->n_classes, s->name, M);
    for (int m = 0; m < M; m++)
        if (!encnet__same_word(classes[m].name, s->classes[m].name))
            return encnet__fail(
                ENCNET_E_ARG,
                "format %s: class %d of data.type=%s is %s, and that of the model is "
                "%s; data.type or data.classes_file says what the model's classes are",
                s->name, m, s->name, s->classes[m].name, classes[m].name);
    for (int m = 0; m < M; m++)
        if (classes[m].has_id && classes[m].submit_id != s->classes[m].submit_id)
            return encnet__fail(
                ENCNET_E_ARG,
                "format %s: data.classes_file gives class %d, %s, the id %d, and the format has %d",
                s->name, m, classes[m].name, classes[m].submit_id, s->classes[m].submit_id);
    return ENCNET_OK;
}

encnet_status encnet__format_of(encnet__format *out, const char *name, const encnet__class *classes,
                                int M)
{
    encnet_status rc = ENCNET_OK;
    encnet__submission s;
    int index;

    *out = (encnet__format){.opacity = 0.5, .M = M};
    memcpy(out->classes, classes, (size_t)M * sizeof *classes);
    TRY(find(&index, name));
    if (encnet__submission_at(&s, index - (int)COUNT_OF(own))) {
        TRY(check_classes(&s, classes, M));
        out->is_indexed = s.is_indexed;
        for (int m = 0; m < M; m++) out->value_of[m] = (uint8_t)s.classes[m].submit_id;
        for (int i = 0; i < 256; i++) encnet__voc_colour(out->palette + 3 * (size_t)i, i);
    } else {
        out->is_indexed = own[index].is_indexed;
        out->is_overlay = own[index].is_overlay;
        for (int i = 0; i < 256; i++) out->value_of[i] = (uint8_t)i;
        encnet__palette_of(out->palette, classes, M);
    }
done:
    return rc;
}

/* Names and colours of a model that was loaded from a file that says them. */
static void take_classes(encnet__class *classes, const encnet_model *model)
{
    for (int c = 0; c < encnet_model_classes(model); c++)
        if (encnet__model_colour(classes[c].rgb, model, c))
            snprintf(classes[c].name, sizeof classes[c].name, "%s",
                     encnet_model_class_name(model, c));
}

encnet_status encnet__classes_of_model(encnet__class *out, const encnet_model *model,
                                       const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__classes_of(out, options));
    if (!*options->data.classes_file) take_classes(out, model);
done:
    return rc;
}

encnet_status encnet__format_of_model(encnet__format *out, const char *name,
                                      const encnet_model *model, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);

    if (!classes) FAIL(ENCNET_E_NOMEM, "no memory for the names of the classes");
    TRY(encnet__classes_of_model(classes, model, options));
    TRY(encnet__format_of(out, name, classes, options->model.classes));
    out->opacity = options->eval.opacity;
    out->has_legend = out->is_overlay && options->eval.legend;
done:
    encnet__free(classes);
    return rc;
}

encnet_status encnet__output_path(char **out, const char *dir, const char *name, const char *ending)
{
    encnet_status rc = ENCNET_OK;
    encnet__text path = {0};
    char *slash;

    while (*name == '/') name++; /* the file is always below `dir` */
    encnet__text_add(&path, "%s/%s%s", *dir ? dir : ".", name, ending);
    if (path.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for its name", name);
    slash = strrchr(path.data, '/');
    *slash = '\0';
    TRY(encnet__make_dirs(path.data));
    *slash = '/';
    *out = path.data;
    path.data = NULL;
done:
    encnet__text_free(&path);
    return rc;
}

encnet_status encnet__colour(encnet__picture *out, const encnet__picture *ids,
                             const uint8_t palette[768])
{
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;

    TRY(encnet__picture_new(out, ids->h, ids->w, 3));
    for (size_t p = 0; p < P; p++)
        memcpy(out->pixels + 3 * p, palette + 3 * (size_t)ids->pixels[p], 3);
done:
    return rc;
}

encnet_status encnet__overlay(encnet__picture *out, const encnet__picture *ids,
                              const encnet__picture *image, const uint8_t palette[768],
                              double opacity)
{
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;
    int weight = (int)(256 * opacity + 0.5);

    TRY(encnet__picture_new(out, ids->h, ids->w, 3));
    for (size_t p = 0; p < P; p++) {
        const uint8_t *ink = palette + 3 * (size_t)ids->pixels[p];
        for (size_t c = 0; c < 3; c++)
            out->pixels[3 * p + c] =
                (uint8_t)((image->pixels[3 * p + c] * (256 - weight) + ink[c] * weight + 128) >> 8);
    }
done:
    return rc;
}

encnet_status encnet__prediction_make(encnet__picture *out, const encnet__format *format,
                                      const encnet__picture *ids, const encnet__picture *image)
{
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;

    if (format->is_overlay) {
        TRY(encnet__overlay(out, ids, image, format->palette, format->opacity));
    } else {
        TRY(encnet__picture_new(out, ids->h, ids->w, 1));
        for (size_t p = 0; p < P; p++) out->pixels[p] = format->value_of[ids->pixels[p]];
    }
done:
    return rc;
}

/* Adds a legend of the classes that occur below a picture. */
static encnet_status add_legend(encnet__picture *made, const encnet__format *format,
                                const encnet__picture *ids)
{
    const encnet__rgb paper = {255, 255, 255};
    encnet_status rc = ENCNET_OK;
    encnet__canvas c = {0};
    float unit = 1.5f * (made->w > 1000 ? (float)made->w / 1000 : 1);
    int margin = (int)(5 * unit);
    bool occurs[256] = {false};

    for (size_t p = 0; p < (size_t)ids->h * (size_t)ids->w; p++) occurs[ids->pixels[p]] = true;
    TRY(encnet__canvas_new(
        &c,
        made->h + margin +
            encnet__legend(NULL, format->classes, format->M, occurs, 0, made->w, margin, unit),
        made->w, paper));
    encnet__canvas_put(&c, made, 0, 0);
    (void)encnet__legend(&c, format->classes, format->M, occurs, made->h + margin, made->w, margin,
                         unit);
    encnet__picture_free(made);
    *made = c.picture;
    c.picture = (encnet__picture){0};
done:
    encnet__canvas_free(&c);
    return rc;
}

encnet_status encnet__prediction_write(const char *path, const encnet__format *format,
                                       const encnet__picture *ids, const encnet__picture *image)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture made = {0};

    TRY(encnet__prediction_make(&made, format, ids, image));
    if (format->has_legend) TRY(add_legend(&made, format, ids));
    TRY(encnet__picture_write(path, &made, format->is_indexed ? format->palette : NULL));
done:
    encnet__picture_free(&made);
    return rc;
}
