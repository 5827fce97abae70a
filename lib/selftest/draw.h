/* draw.h - random inputs for check.c. */
#ifndef ENCNET__DRAW_H
#define ENCNET__DRAW_H
#include "ops/ops.h"

typedef struct encnet__draw {
    encnet__fill_kind kind;
    encnet__shape shape;
    int classes; /* of labels */
    bool is_integer;
} encnet__draw;

/* Every element of the tensor, as a double in `x` and as the device holds it, float or int32, in
 * `bits`; both say the same number. */
void encnet__draw_tensor(double *x, uint32_t *bits, const encnet__draw *draw, encnet__rng r);
#endif
