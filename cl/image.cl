/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * image - pictures of any format as a network takes them.
 *
 *   raw     bytes of the picture as the program holds them
 *   rgb     [H,W,3] value: red, green, blue, 0 .. 255
 *   x       [h,w,3] float: (value - mean) / std per channel
 *
 * FORMAT  of `raw`, in the order of encnet_pixel_format
 * FLOATS  value is float instead of a byte
 *
 * What is written is, bit for bit, what lib/base/place.h and lib/base/normalise.h say.
 */
#ifndef FORMAT
#define FORMAT 0
#endif
#if FORMAT < 0 || FORMAT > 8
#error "image.cl: FORMAT must be in 0..8"
#endif

#pragma OPENCL FP_CONTRACT OFF

#define BGR 1
#define RGBA 2
#define BGRA 3
#define GREY 4
#define NV12 5
#define I420 6
#define FLOAT_PACKED 7
#define FLOAT_PLANAR 8

#ifdef FLOATS
typedef float value;
#else
typedef uchar value;
#endif

/* How Y'CbCr becomes RGB: value = scale (Y - black) + the chroma's parts. */
typedef struct matrix {
    float black, scale, cr_red, cb_green, cr_green, cb_blue;
} matrix;

#if FORMAT == NV12 || FORMAT == I420
static void store_ycc(__global value *rgb, float y, float cb, float cr, const matrix m)
{
    y = (y - m.black) * m.scale;
    cb -= 128.0f;
    cr -= 128.0f;
    rgb[0] = convert_uchar_sat_rte(y + m.cr_red * cr);
    rgb[1] = convert_uchar_sat_rte(y - m.cb_green * cb - m.cr_green * cr);
    rgb[2] = convert_uchar_sat_rte(y + m.cb_blue * cb);
}
#endif

/* rgb[image] = raw; offsets and pitches in bytes, of up to three planes */
__kernel void image_rgb(__global value *rgb, __global const uchar *raw, uint W, uint H,
                        uint image, uint offset0, uint pitch0, uint offset1, uint pitch1,
                        uint offset2, uint pitch2, float black, float scale, float cr_red,
                        float cb_green, float cr_green, float cb_blue)
{
    size_t x = get_global_id(0), y = get_global_id(1);
    __global const uchar *row = raw + offset0 + y * pitch0;

    if (x >= W) return;
    rgb += 3 * (((size_t)image * H + y) * W + x);
#if FORMAT == BGR
    for (uint c = 0; c < 3; c++) rgb[c] = row[3 * x + 2 - c];
#elif FORMAT == RGBA
    for (uint c = 0; c < 3; c++) rgb[c] = row[4 * x + c];
#elif FORMAT == BGRA
    for (uint c = 0; c < 3; c++) rgb[c] = row[4 * x + 2 - c];
#elif FORMAT == GREY
    for (uint c = 0; c < 3; c++) rgb[c] = row[x];
#elif FORMAT == NV12
    {
        const matrix m = {black, scale, cr_red, cb_green, cr_green, cb_blue};
        __global const uchar *chroma = raw + offset1 + y / 2 * pitch1 + x / 2 * 2;
        store_ycc(rgb, row[x], chroma[0], chroma[1], m);
    }
#elif FORMAT == I420
    {
        const matrix m = {black, scale, cr_red, cb_green, cr_green, cb_blue};
        store_ycc(rgb, row[x], raw[offset1 + y / 2 * pitch1 + x / 2],
                  raw[offset2 + y / 2 * pitch2 + x / 2], m);
    }
#elif FORMAT == FLOAT_PACKED
    for (uint c = 0; c < 3; c++) rgb[c] = ((__global const float *)row)[3 * x + c];
#elif FORMAT == FLOAT_PLANAR
    rgb[0] = ((__global const float *)row)[x];
    rgb[1] = ((__global const float *)(raw + offset1 + y * pitch1))[x];
    rgb[2] = ((__global const float *)(raw + offset2 + y * pitch2))[x];
#else
    for (uint c = 0; c < 3; c++) rgb[c] = row[3 * x + c];
#endif
}

/* Where a pixel of a resized picture lies, as in lib/base/place.h: places[i] = at, weights of at and of
 * at + 1, in 2048ths. */
#ifdef FLOATS
static float along_x(__global const value *row, __global const int *p, uint c)
{
    float a = row[3 * p[0] + c], b = p[2] ? row[3 * p[0] + 3 + c] : 0.0f;

    return (a * (float)p[1] + b * (float)p[2]) / 2048.0f;
}
#else
static int along_x(__global const value *row, __global const int *p, uint c)
{
    return row[3 * p[0] + c] * p[1] + (p[2] ? row[3 * p[0] + 3 + c] * p[2] : 0);
}
#endif

/* out[image] [h,w,3] = in[image] [H,W,3], resized; places [w + h,3] of columns, then rows */
__kernel void image_resized(__global value *out, __global const value *in,
                            __global const int *places, uint W, uint H, uint w, uint h, uint image)
{
    size_t x = get_global_id(0), y = get_global_id(1);
    __global const int *across = places + 3 * x, *down = places + 3 * (w + y);
    __global const value *upper, *lower;

    if (x >= w) return;
    in += (size_t)image * H * W * 3;
    upper = in + (size_t)clamp(down[0], 0, (int)H - 1) * W * 3;
    lower = in + (size_t)clamp(down[0] + 1, 0, (int)H - 1) * W * 3;
    out += 3 * (((size_t)image * h + y) * w + x);
    for (uint c = 0; c < 3; c++) {
#ifdef FLOATS
        out[c] = (along_x(upper, across, c) * (float)down[1] +
                  along_x(lower, across, c) * (float)down[2]) /
                 2048.0f;
#else
        out[c] = (uchar)((((down[1] * (along_x(upper, across, c) >> 4)) >> 16) +
                          ((down[2] * (along_x(lower, across, c) >> 4)) >> 16) + 2) >>
                         2);
#endif
    }
}

#ifdef FLOATS
/* To nearest: OpenCL allows a division to be off by 2.5 units, and NVIDIA's is by one. */
static float divide(float a, float b)
{
    float q = a / b;

    return fma(fma(-q, b, a), 1.0f / b, q);
}
#endif

/* x[image] [h,w,3] = rows y0 .. y0 + h - 1 and columns x0 .. x0 + w - 1 of rgb[image] [H,W,3], normalised, from
 * right to left if `mirrored`; normal [3,256] of bytes, or mean and std [2,3] */
__kernel void image_input(__global float *x, __global const value *rgb,
                          __global const float *normal, uint W, uint H, uint image, uint y0, uint x0,
                          uint w, uint h, uint mirrored)
{
    size_t i = get_global_id(0), j = get_global_id(1);

    if (i >= w) return;
    x += 3 * (((size_t)image * h + j) * w + i);
    rgb += 3 * (((size_t)image * H + y0 + j) * W + x0 + (mirrored ? w - 1 - i : i));
    for (uint c = 0; c < 3; c++) {
#ifdef FLOATS
        x[c] = divide(rgb[c] - normal[c], normal[3 + c]);
#else
        x[c] = normal[256 * c + rgb[c]];
#endif
    }
}
