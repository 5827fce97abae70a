/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* bilinear.c - where bilinear interpolation reads. */
#include "ops/bilinear.h"

#include <limits.h>
#include <math.h>

enum { LANES = 64 }; /* of a GPU's group */

encnet__axis encnet__axis_of(int n, int m, bool align_corners)
{
    if (!align_corners) return (encnet__axis){2 * n, n - m, 2 * m};
    return m > 1 ? (encnet__axis){n - 1, 0, m - 1} : (encnet__axis){1, 0, 1};
}

bool encnet__axis_fits(int n, int m)
{
    return 2 * ((int64_t)n + 1) * ((int64_t)m + 1) <=
           INT_MAX; /* the largest intermediate is below that */
}

/* The position of output j, in double. */
static double position(int j, int n, int m, bool align_corners)
{
    if (align_corners) return m > 1 ? (double)j * (n - 1) / (m - 1) : 0;
    return fmax((j + 0.5) * n / m - 0.5, 0);
}

void encnet__bilinear_pixel(double *y, const double *x, encnet__shape shape, int h, int w,
                            bool align_corners, size_t n, int i, int j)
{
    double s = position(i, shape.h, h, align_corners), t = position(j, shape.w, w, align_corners);
    size_t C = (size_t)shape.c;

    for (size_t c = 0; c < C; c++) y[c] = 0;
    for (int corner = 0; corner < 4; corner++) {
        int p = (int)s + corner / 2, q = (int)t + corner % 2;
        double weight = (1 - fabs(s - p)) * (1 - fabs(t - q));
        p = p < shape.h ? p : shape.h - 1;
        q = q < shape.w ? q : shape.w - 1;
        for (size_t c = 0; c < C; c++)
            y[c] += weight *
                    x[((n * (size_t)shape.h + (size_t)p) * (size_t)shape.w + (size_t)q) * C + c];
    }
}

encnet_status encnet__cells_check(const char *op, encnet__shape z, encnet__shape t)
{
    encnet_status rc = ENCNET_OK;

    if (z.n != t.n || t.c != 1)
        FAIL(ENCNET_E_SHAPE, "%s: logits are " SHAPE_FMT ", labels " SHAPE_FMT, op, SHAPE_ARG(z),
             SHAPE_ARG(t));
    if (z.c > ENCNET__CELL_CLASSES)
        FAIL(ENCNET_E_SHAPE, "%s: there are M=%d classes, at most %d fit", op, z.c,
             ENCNET__CELL_CLASSES);
    if (!encnet__axis_fits(z.h, t.h) || !encnet__axis_fits(z.w, t.w) ||
        encnet__shape_count(t) > INT32_MAX || encnet__shape_count(z) > INT32_MAX)
        FAIL(ENCNET_E_SHAPE, "%s: " SHAPE_FMT " to " SHAPE_FMT " is too large", op, SHAPE_ARG(z),
             SHAPE_ARG(t));
done:
    return rc;
}

size_t encnet__cells_count(encnet__shape z)
{
    return encnet__shape_count(z) / (size_t)z.c;
}

encnet__grid encnet__cells_grid(const encnet_device *dev, encnet__shape z)
{
    return (encnet__grid){{encnet__cells_count(z)},
                          {encnet__device_facts_of(dev)->is_cpu ? 1 : LANES}};
}

const char *encnet__cells_options(const encnet_device *dev)
{
    return encnet__device_facts_of(dev)->is_cpu ? "-DVEC=16" : "-DVEC=1";
}
