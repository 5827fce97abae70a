/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* image.h - pictures in memory become the input of a network, on the device. */
#ifndef ENCNET__IMAGE_H
#define ENCNET__IMAGE_H

#include "device/device.h"
#include <encnet/session.h>

/* The pictures of a run on the device, all of one size. */
typedef struct encnet__pictures {
    encnet_device *dev; /* borrowed */
    int n, h, w;
    bool floats;          /* their values are floats, not bytes */
    encnet__buffer *rgb;  /* [n,h,w,3] */
    int sized_h, sized_w; /* the size of `sized`, which is not always up to date; see resize() */
    encnet__buffer *sized;
    bool is_sized;
    encnet__buffer *raw, *places, *normal;
    double mean[3], std[3]; /* of `normal` */
    bool has_normal, normal_floats;
    int *host_places; /* [capacity] */
    size_t capacity;
} encnet__pictures;

/* ENCNET_E_ARG: a size, a format, a plane or a stride is out of range, or the pictures differ. */
encnet_status encnet__images_check(const encnet_image *images, int count) ENCNET_MUST_CHECK;

/* Brings pictures that have been checked to the device. */
encnet_status encnet__pictures_load(encnet__pictures *p, const encnet_image *images,
                                    int count) ENCNET_MUST_CHECK;
/* Resizes them to h x w, bilinear, as OpenCV does; to their own size nothing happens. */
encnet_status encnet__pictures_resize(encnet__pictures *p, int h, int w) ENCNET_MUST_CHECK;

/* Takes the memory for `count` pictures of any format of h x w, resized to up to sized_h x sized_w. */
encnet_status encnet__pictures_reserve(encnet__pictures *p, int count, int h, int w, int sized_h,
                                       int sized_w) ENCNET_MUST_CHECK;

/* A part of the resized pictures, as the network is to see it. */
typedef struct encnet__cutout {
    int y, x, h, w;
    bool mirrored;            /* every row from right to left */
    const double *mean, *std; /* of each channel, for normalisation */
} encnet__cutout;

/* Writes that part of all pictures, normalised, to x[n,h,w,3]. */
encnet_status encnet__pictures_input(encnet__pictures *p, encnet__buffer *x,
                                     const encnet__cutout *part) ENCNET_MUST_CHECK;
size_t encnet__pictures_held(const encnet__pictures *p); /* bytes on the device */
void encnet__pictures_free(
    encnet__pictures *p); /* what it owns, not itself; it can be used again */

#endif
