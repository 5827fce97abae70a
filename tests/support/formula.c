/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
#include "support/formula.h"

#include <math.h>

#include "support/support.h"

double formula_mix(uint64_t v)
{
    uint32_t x = (uint32_t)v;

    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return ((x ^ (x >> 16)) >> 8) / 16777216.0;
}

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && !strcmp(s + n - m, end);
}

static double weight_value(const encnet__param *p, double u)
{
    double fan_in = 1;

    if (ends_in(p->name, "running_var")) return 0.5 + u;
    if (ends_in(p->name, "running_mean")) return 0.2 * (u - 0.5);
    if (ends_in(p->name, ".scale")) return -u;
    if (ends_in(p->name, ".codewords")) return (u - 0.5) * 2;
    for (int i = 1; i < p->n_dims; i++) fan_in *= p->dims[i];
    if (p->n_dims == 4) return (u - 0.5) * 2 * sqrt(6 / fan_in);
    if (p->n_dims == 2) return (u - 0.5) * 2 / sqrt(p->dims[1]);
    if (ends_in(p->name, "weight"))
        return (strstr(p->name, "bn3") || strstr(p->name, "bn2") ? 0.2 : 0.5) + 0.5 * u;
    return 0.2 * (u - 0.5);
}

void formula_weights(encnet__weights *w)
{
    for (int i = 0; i < encnet__weights_count(w); i++) {
        encnet__param *p = encnet__weights_at(w, i);
        size_t count = encnet__param_count(p);
        float *host = malloc(count * sizeof *host);
        for (size_t j = 0; j < count; j++)
            host[j] = (float)weight_value(p, formula_mix((uint64_t)i * 0x9E3779B9u + j));
        if (p->kind != ENCNET__COUNTER)
            assert_int_equal(encnet__param_write(p, p->value, host), ENCNET_OK);
        free(host);
    }
}

void formula_picture(uint8_t *rgb, int i, int h, int w)
{
    for (int y = 0; y < h; y++)
        for (int u = 0; u < w; u++)
            for (int c = 0; c < 3; c++) {
                double block = formula_mix((uint64_t)((i * 977 + (y / 8) * 131 + u / 8) * 3 + c));
                double noise =
                    formula_mix((uint64_t)((((int64_t)i * 4099 + y) * 1021 + u) * 3 + c + 12345));
                rgb[(y * w + u) * 3 + c] = (uint8_t)floor(200 * block + 55 * noise);
            }
}

void formula_labels(int32_t *labels, int i, int h, int w, int M)
{
    for (int y = 0; y < h; y++)
        for (int u = 0; u < w; u++) {
            double block = formula_mix((uint64_t)(i * 31 + (y / 8) * 131 + u / 8 + 777));
            double ignored = formula_mix((uint64_t)((i * 7 + y) * 509 + u + 99));
            labels[y * w + u] = ignored < 0.05 ? ENCNET_IGNORE : (int32_t)floor(M * block);
        }
}
