/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* snapshot.c - a picture of the progress: the first validation image, its label and its prediction
 * side by side. */
#include "eval/eval.h"
#include "eval/segment.h"
#include "train/run.h"

#include <string.h>

enum {
    MAX_SIDE = 320, /* pixels of a picture's longer side: one is recorded at every evaluation */
    GAP = 4         /* white columns between the pictures */
};

/* Copies `from` into the columns of `sheet` from x on. */
static void paste(encnet__picture *sheet, const encnet__picture *from, int x)
{
    for (int y = 0; y < from->h; y++)
        memcpy(sheet->pixels + 3 * ((size_t)y * (size_t)sheet->w + (size_t)x),
               from->pixels + 3 * (size_t)y * (size_t)from->w, 3 * (size_t)from->w);
}

/* Shrinks a picture to at most MAX_SIDE. */
static encnet_status shrink(encnet__picture *p)
{
    encnet_status rc = ENCNET_OK;
    encnet__picture small = {0};
    int longest = p->h > p->w ? p->h : p->w, h, w;

    if (longest <= MAX_SIDE) return ENCNET_OK;
    h = p->h * MAX_SIDE / longest;
    w = p->w * MAX_SIDE / longest;
    TRY(encnet__picture_resize(&small, p, h ? h : 1, w ? w : 1, false));
    encnet__picture_free(p);
    *p = small;
done:
    return rc;
}

/* Image, label and prediction in the colours of the classes, as one PNG. */
static encnet_status compose(encnet__text *png, encnet__picture *sheet, encnet__picture pictures[3])
{
    encnet_status rc = ENCNET_OK;
    int step;

    for (int i = 0; i < 3; i++) TRY(shrink(&pictures[i]));
    step = pictures[0].w + GAP;
    TRY(encnet__picture_new(sheet, pictures[0].h, 3 * step - GAP, 3));
    memset(sheet->pixels, 255, 3 * (size_t)sheet->h * (size_t)sheet->w);
    for (int i = 0; i < 3; i++) paste(sheet, &pictures[i], i * step);
    TRY(encnet__picture_encode(png, sheet, NULL));
done:
    return rc;
}

encnet_status encnet__snapshot(encnet__run *r)
{
    encnet_status rc = ENCNET_OK;
    encnet__dataset *data = NULL;
    encnet__segmenter *segmenter = NULL;
    encnet__class *classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);
    encnet__picture pictures[3] = {{0}}, label = {0}, ids = {0}, sheet = {0};
    encnet__text png = {0};
    uint8_t palette[768];

    if (!classes) FAIL(ENCNET_E_NOMEM, "no memory for the names of the classes");
    TRY(encnet__classes_of(classes, r->options));
    encnet__palette_of(palette, classes, r->options->model.classes);
    TRY(encnet__dataset_open(&data, r->options, ENCNET__VAL));
    TRY(encnet__dataset_read(data, 0, &pictures[0], &label));
    TRY(encnet__segmenter_new(&segmenter, encnet__model_runner(r->model), r->options));
    TRY(encnet__picture_new(&ids, label.h, label.w, 1));
    TRY(encnet__segment(segmenter, ids.pixels, &pictures[0], NULL, encnet__dataset_name(data, 0)));
    TRY(encnet__colour(&pictures[1], &label, palette));
    TRY(encnet__colour(&pictures[2], &ids, palette));
    TRY(compose(&png, &sheet, pictures));
    encnet__log_image(r->log, r->state.iter, "val/image_label_prediction", sheet.h, sheet.w,
                      png.data, png.size);
done:
    for (int i = 0; i < 3; i++) encnet__picture_free(&pictures[i]);
    encnet__picture_free(&label);
    encnet__picture_free(&ids);
    encnet__picture_free(&sheet);
    encnet__text_free(&png);
    encnet__segmenter_free(segmenter);
    encnet__dataset_close(data);
    encnet__free(classes);
    return rc;
}
