/* draw.h - random inputs for check.c. */
#ifndef ENCNET__DRAW_H
#define ENCNET__DRAW_H
#include "ops/ops.h"

/* What to draw. */
typedef struct encnet__random_input {
    encnet__fill_kind kind;
    encnet__shape shape;
    int classes; /* of labels */
    bool is_integer;
} encnet__random_input;

/* Draws the elements of a tensor: as doubles in `x`, and the same numbers as the device stores
 * them, float or int32, in `bits`. */
void encnet__draw_tensor(double *x, uint32_t *bits, const encnet__random_input *draw,
                         encnet__rng r);
#endif
