/*
 * resize.h - parts of resized pictures.
 *
 * Training needs one crop of a picture that is resized first; only the crop's pixels are computed.
 */
#ifndef ENCNET__RESIZE_H
#define ENCNET__RESIZE_H

#include "data/data.h"

/* The part [y, y+h) x [x, x+w) of a picture resized to full_h x full_w. */
typedef struct encnet__window {
    int full_h, full_w, y, x, h, w;
} encnet__window;

/* out [h,w,channels]; `rows` is working memory that may be used again. */
encnet_status encnet__resize_linear(uint8_t *out, const encnet__picture *in,
                                    const encnet__window *part,
                                    encnet__picture *rows) ENCNET_MUST_CHECK;

/* Source index of every index of a resized axis: map[size_out]. */
void encnet__nearest_map(int *map, int size_out, int size_in);

#endif
