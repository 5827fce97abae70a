/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * passes.c - computes from the [eval] options the sizes and windows at which a picture is run.
 *
 * The arithmetic is that of mmsegmentation 0.x.  At scale r the box is (int(W r), int(H r)), where
 * W,H is the image scale or, with `image_scale = none`, the size of the picture.  The picture is
 * resized to fit the box and keeps its ratio.  Only scale 1 of `none` leaves a picture unchanged.
 */
#include "eval/eval.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "eval/segment.h"
#include "options/options.h"

encnet_status encnet__passes_of(encnet__passes *out, const encnet_options *options)
{
    const encnet_eval_options *o = &options->eval;
    encnet__passes p = {.flip = o->flip,
                        .crop_h = o->crop_h,
                        .crop_w = o->crop_w,
                        .stride_h = o->stride_h,
                        .stride_w = o->stride_w};
    encnet_status rc = ENCNET_OK;
    double box[2];
    int n;

    TRY(encnet__options_check(options, "eval"));
    p.slide = strcmp(o->mode, "slide") == 0;
    p.center = strcmp(o->mode, "center") == 0;
    if (p.slide && (p.stride_h > p.crop_h || p.stride_w > p.crop_w))
        FAIL(ENCNET_E_ARG, "eval.stride = %d,%d: steps over pixels between windows of %d,%d",
             p.stride_h, p.stride_w, p.crop_h, p.crop_w);
    TRY(encnet__option_numbers(box, &n, ENCNET__OPTION_ROW(eval.image_scale), o->image_scale));
    p.has_box = n > 0;
    if (p.has_box) {
        p.box_w = (int)box[0];
        p.box_h = (int)box[1];
    }
    TRY(encnet__option_numbers(p.scale, &p.n_scales, ENCNET__OPTION_ROW(eval.scales), o->scales));
    *out = p;
done:
    return rc;
}

encnet_status encnet__pass_size(int *h_out, int *w_out, const encnet__passes *passes, double scale,
                                int h, int w)
{
    double box_w = floor((passes->has_box ? passes->box_w : w) * scale);
    double box_h = floor((passes->has_box ? passes->box_h : h) * scale);
    double most = ENCNET__OPTION_ROW(eval.image_scale)->most; /* far below overflow */

    *h_out = *w_out = 0;
    if (box_w >= 1 && box_h >= 1 && box_w <= INT_MAX && box_h <= INT_MAX)
        encnet__keep_ratio(h_out, w_out, h, w, (int)box_w, (int)box_h);
    if (*h_out < 1 || *w_out < 1 || *h_out > most || *w_out > most)
        return encnet__fail(ENCNET_E_DATA,
                            "a picture of %d x %d comes out as %d x %d at scale %g (eval.scales, "
                            "eval.image_scale)",
                            h, w, *h_out, *w_out, scale);
    return ENCNET_OK;
}

int encnet__window_count(int length, int crop, int stride)
{
    return length <= crop ? 1 : (length - crop + stride - 1) / stride + 1;
}

void encnet__window_at(int *start, int *size, int i, int length, int crop, int stride)
{
    int end = length - i * stride < crop ? length : i * stride + crop;

    *start = end > crop ? end - crop : 0;
    *size = end - *start;
}

encnet__pass_shape encnet__pass_shape_of(const encnet__passes *p, int h, int w, bool is_mirrored)
{
    encnet__pass_shape shape = {h, w, h, w, 1, is_mirrored};
    int at;

    if (!p->slide) return shape;
    encnet__window_at(&at, &shape.window_h, 0, h, p->crop_h, p->stride_h);
    encnet__window_at(&at, &shape.window_w, 0, w, p->crop_w, p->stride_w);
    shape.windows = encnet__window_count(h, p->crop_h, p->stride_h) *
                    encnet__window_count(w, p->crop_w, p->stride_w);
    return shape;
}
