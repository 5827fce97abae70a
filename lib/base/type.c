/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* type.c - names and sizes of element types, and numbers of theirs on the host. */
#include "base/type.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned bytes;
} types[] = {
#define ROW(name, bytes) {#name, bytes},
    ENCNET__TYPE_LIST(ROW)
#undef ROW
};

const char *encnet__type_name(encnet__type type)
{
    return types[type].name;
}

size_t encnet__type_bytes(encnet__type type)
{
    return types[type].bytes;
}

bool encnet__type_is_float(encnet__type type)
{
    return type == ENCNET__F32 || type == ENCNET__F16 || type == ENCNET__BF16 ||
           type == ENCNET__F64;
}

bool encnet__type_find(encnet__type *out, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        *out = (encnet__type)i;
        return true;
    }
    return false;
}

size_t encnet__shape_bytes(encnet__shape s, encnet__type type)
{
    return encnet__shape_count(s) * encnet__type_bytes(type);
}

/* -- numbers ----------------------------------------------------------------------------------- */

static double from_half(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double sign = h & 0x8000 ? -1 : 1;

    if (exponent == 31) return fraction ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static uint16_t to_half(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double size = fabs(value);
    int exponent;

    if (isnan(value)) return sign | 0x7e00;
    if (size >= 65520) return sign | 0x7c00; /* infinity, or rounds to it */
    exponent = size < 0x1p-14 ? -14 : ilogb(size);
    /* A fraction that rounds up to 2048 carries into the exponent. */
    return (uint16_t)(sign + ((exponent + 14) << 10) + (int)nearbyint(ldexp(size, 10 - exponent)));
}

static double from_bfloat(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static uint16_t to_bfloat(double value)
{
    float f = (float)value;
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    if (isnan(value)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

double encnet__number_read(const void *from, encnet__type type)
{
    union {
        float f;
        double d;
        int32_t i;
        uint16_t u;
    } v;

    memcpy(&v, from, encnet__type_bytes(type));
    switch (type) {
    case ENCNET__F32:
        return (double)v.f;
    case ENCNET__F16:
        return from_half(v.u);
    case ENCNET__BF16:
        return from_bfloat(v.u);
    case ENCNET__F64:
        return v.d;
    case ENCNET__I32:
        return v.i;
    default:
        return (double)NAN;
    }
}

void encnet__number_write(void *to, double value, encnet__type type)
{
    union {
        float f;
        double d;
        int32_t i;
        uint16_t u;
    } v = {.d = (double)NAN};

    switch (type) {
    case ENCNET__F32:
        v.f = (float)value;
        break;
    case ENCNET__F16:
        v.u = to_half(value);
        break;
    case ENCNET__BF16:
        v.u = to_bfloat(value);
        break;
    case ENCNET__F64:
        v.d = value;
        break;
    case ENCNET__I32:
        v.i = (int32_t)value;
        break;
    default:
        break;
    }
    memcpy(to, &v, encnet__type_bytes(type));
}
