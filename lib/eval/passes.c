/*
 * passes.c - computes from the [eval] options the sizes and windows at which a picture is run.
 *
 * The arithmetic is that of mmsegmentation 0.x.  At scale r the box is (int(W r), int(H r)), where
 * W,H is the image scale or, with `image_scale = none`, the size of the picture.  The picture is
 * resized to fit the box and keeps its ratio.  Only scale 1 of `none` leaves a picture unchanged.
 */
#include "eval/eval.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 65536 /* of a picture in the network: beyond any device, far below overflow */
#define MAX_SCALE 16.0

/* Parses "A,B", both in 1..MAX_SIDE, with nothing after it. */
static bool parse_pair(int *a, int *b, const char *text)
{
    char *end;
    long first, second;

    errno = 0;
    first = strtol(text, &end, 10);
    if (end == text || *end != ',') return false;
    text = end + 1;
    second = strtol(text, &end, 10);
    if (end == text || errno) return false;
    while (*end == ' ') end++;
    if (*end || first < 1 || second < 1 || first > MAX_SIDE || second > MAX_SIDE) return false;
    *a = (int)first;
    *b = (int)second;
    return true;
}

static encnet_status parse_scales(encnet__passes *out, const char *text)
{
    encnet_status rc = ENCNET_OK;
    const char *at = text;
    char *end;

    out->n_scales = 0;
    do {
        double scale = strtod(at, &end);
        if (end == at || !(scale > 0 && scale <= MAX_SCALE))
            FAIL(ENCNET_E_ARG,
                 "eval.scales = %s: wants numbers above 0 and up to %g, such as 0.5,0.75,1.0", text,
                 MAX_SCALE);
        if (out->n_scales == ENCNET__MAX_SCALES)
            FAIL(ENCNET_E_ARG, "eval.scales = %s: more than %d scales", text, ENCNET__MAX_SCALES);
        out->scale[out->n_scales++] = scale;
        while (*end == ' ') end++;
        at = end + 1;
    } while (*end == ',');
    if (*end) FAIL(ENCNET_E_ARG, "eval.scales = %s: numbers are separated by commas", text);
done:
    return rc;
}

encnet_status encnet__passes_of(encnet__passes *out, const encnet_eval_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__passes p = {.flip = options->flip};

    p.slide = strcmp(options->mode, "slide") == 0;
    if (!p.slide && strcmp(options->mode, "whole") != 0)
        FAIL(ENCNET_E_ARG, "eval.mode = %s: wants whole or slide", options->mode);
    p.crop_h = options->crop_h;
    p.crop_w = options->crop_w;
    p.stride_h = options->stride_h;
    p.stride_w = options->stride_w;
    if (p.slide && (p.crop_h < 1 || p.crop_w < 1 || p.stride_h < 1 || p.stride_w < 1))
        FAIL(ENCNET_E_ARG, "eval.crop = %d,%d and eval.stride = %d,%d: want at least 1", p.crop_h,
             p.crop_w, p.stride_h, p.stride_w);
    if (p.slide && (p.stride_h > p.crop_h || p.stride_w > p.crop_w))
        FAIL(ENCNET_E_ARG, "eval.stride = %d,%d: steps over pixels between windows of %d,%d",
             p.stride_h, p.stride_w, p.crop_h, p.crop_w);
    p.has_box = strcmp(options->image_scale, "none") != 0;
    if (p.has_box && !parse_pair(&p.box_w, &p.box_h, options->image_scale))
        FAIL(ENCNET_E_ARG, "eval.image_scale = %s: wants none, or LONG,SHORT such as 2048,1024",
             options->image_scale);
    TRY(parse_scales(&p, options->scales));
    *out = p;
done:
    return rc;
}

encnet_status encnet__pass_size(int *h_out, int *w_out, const encnet__passes *passes, double scale,
                                int h, int w)
{
    double box_w = floor((passes->has_box ? passes->box_w : w) * scale);
    double box_h = floor((passes->has_box ? passes->box_h : h) * scale);

    *h_out = *w_out = 0;
    if (box_w >= 1 && box_h >= 1 && box_w <= INT_MAX && box_h <= INT_MAX)
        encnet__keep_ratio(h_out, w_out, h, w, (int)box_w, (int)box_h);
    if (*h_out < 1 || *w_out < 1 || *h_out > MAX_SIDE || *w_out > MAX_SIDE)
        return encnet__fail(
            ENCNET_E_ARG,
            "a picture of %d x %d at scale %g of eval.image_scale comes out as %d x %d", h, w,
            scale, *h_out, *w_out);
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
