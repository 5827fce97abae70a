/* format.c - writes class ids as pictures. */
#include "eval/eval.h"

#include <stdio.h>
#include <string.h>

static const char *const format_names[] = {
    [ENCNET_FORMAT_RAW] = "raw",         [ENCNET_FORMAT_PALETTE] = "palette",
    [ENCNET_FORMAT_OVERLAY] = "overlay", [ENCNET_FORMAT_CITYSCAPES] = "cityscapes",
    [ENCNET_FORMAT_ADE20K] = "ade20k",   [ENCNET_FORMAT_VOC] = "voc",
};

encnet_status encnet_format_parse(encnet_format *out, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(format_names); i++) {
        if (strcmp(name, format_names[i]) != 0) continue;
        *out = (encnet_format)i;
        return ENCNET_OK;
    }
    return encnet__fail(ENCNET_E_ARG,
                        "format %s: wants raw, palette, overlay, cityscapes, ade20k or voc", name);
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
                             const encnet__picture *image, const uint8_t palette[768])
{
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;

    TRY(encnet__picture_new(out, ids->h, ids->w, 3));
    for (size_t p = 0; p < P; p++) {
        const uint8_t *ink = palette + 3 * (size_t)ids->pixels[p];
        for (size_t c = 0; c < 3; c++)
            out->pixels[3 * p + c] =
                image ? (uint8_t)((image->pixels[3 * p + c] + ink[c] + 1) / 2) : ink[c];
    }
done:
    return rc;
}

/* Maps ids through a table of 256 entries. */
static encnet_status translate(encnet__picture *out, const encnet__picture *ids,
                               const uint8_t *table)
{
    encnet_status rc = ENCNET_OK;
    size_t P = (size_t)ids->h * (size_t)ids->w;

    TRY(encnet__picture_new(out, ids->h, ids->w, 1));
    for (size_t p = 0; p < P; p++) out->pixels[p] = table[ids->pixels[p]];
done:
    return rc;
}

encnet_status encnet__prediction_write(const char *path, encnet_format format,
                                       const encnet__picture *ids, const encnet__picture *image,
                                       const encnet__class *classes, int M)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture made = {0};
    uint8_t palette[768], table[256] = {0};

    encnet__palette_of(palette, classes, M);
    switch (format) {
    case ENCNET_FORMAT_RAW:
        TRY(encnet__picture_write(path, ids, NULL));
        break;
    case ENCNET_FORMAT_PALETTE:
        TRY(encnet__picture_write(path, ids, palette));
        break;
    case ENCNET_FORMAT_VOC:
        for (int i = 0; i < 256; i++) encnet__voc_colour(palette + 3 * (size_t)i, i);
        TRY(encnet__picture_write(path, ids, palette));
        break;
    case ENCNET_FORMAT_OVERLAY:
        TRY(encnet__colour(&made, ids, image, palette));
        TRY(encnet__picture_write(path, &made, NULL));
        break;
    case ENCNET_FORMAT_CITYSCAPES:
    case ENCNET_FORMAT_ADE20K:
        for (int m = 0; m < M; m++)
            table[m] = (uint8_t)(format == ENCNET_FORMAT_ADE20K ? m + 1 : classes[m].submit_id);
        TRY(translate(&made, ids, table));
        TRY(encnet__picture_write(path, &made, NULL));
        break;
    default:
        FAIL(ENCNET_E_ARG, "format %d: no such", (int)format);
    }
done:
    encnet__picture_free(&made);
    return rc;
}
