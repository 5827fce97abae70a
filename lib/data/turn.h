/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* turn.h - pictures turned by an angle, and blurred; for the training pipelines. */
#ifndef ENCNET__TURN_H
#define ENCNET__TURN_H

#include "data/data.h"

/* A turn of a picture of h x w around its middle, counter-clockwise. */
typedef struct encnet__turn {
    double angle, cosine, sine; /* angle in degrees */
    int h, w;
} encnet__turn;

void encnet__turn_set(encnet__turn *t, int h, int w, double angle);
/* Where the pixel (y, x) of the turned picture was before; its centre is at whole numbers. */
void encnet__turn_back(double *from_y, double *from_x, const encnet__turn *t, double y, double x);
/* That pixel of the turned RGB picture, bilinear; black outside of the picture. */
void encnet__turned_pixel(uint8_t rgb[3], const encnet__picture *p, const encnet__turn *t, int y,
                          int x);

/* Blurs an RGB picture by a Gaussian of this standard deviation, cut off at three of them and repeated
 * at the edges.  `rows` is working memory. */
encnet_status encnet__blur(encnet__picture *p, double sigma,
                           encnet__picture *rows) ENCNET_MUST_CHECK;

#endif
