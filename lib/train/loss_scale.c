/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* loss_scale.c - the factor of the losses in a training whose activations are float16. */
#include "train/loss_scale.h"

#include <stdio.h>
#include <string.h>

#define FIRST 65536.0 /* the scale of a new run */
#define STEPS 2000    /* without infinities and NaN, until the scale is doubled */
#define GROUP 64      /* of cl/loss_scale.cl */
#define RUNS 16

encnet_status encnet__loss_scale_begin(encnet__buffer **answer, encnet__train_state *s,
                                       encnet_device *dev)
{
    bool scales = !strcmp(encnet__device_options_of(dev)->precision, "fp16");

    if (!scales || s->loss_scale <= 0) {
        s->loss_scale = scales ? FIRST : 0;
        s->scaled_steps = 0;
    }
    return scales ? encnet__buffer_new(answer, dev, sizeof(int32_t)) : ENCNET_OK;
}

double encnet__loss_scale_of(const encnet__train_state *s)
{
    return s->loss_scale > 0 ? s->loss_scale : 1;
}

encnet_status encnet__gradients_finite(bool *finite, const encnet__weights *w, encnet_device *dev,
                                       encnet__buffer *answer)
{
    encnet_status rc = ENCNET_OK;
    int n;
    const encnet__bucket *buckets = encnet__weights_buckets(w, ENCNET__GRADIENTS, &n);
    int32_t found = 0;
    char options[40];

    snprintf(options, sizeof options, "-DGROUP=%d -DRUNS=%d", GROUP, RUNS);
    TRY(encnet__fill(answer, 0));
    for (int b = 0; b < n; b++) {
        size_t each = (size_t)4 * GROUP * RUNS, groups = (buckets[b].floats + each - 1) / each;
        encnet__grid grid = {{groups}, {GROUP}};
        if (buckets[b].floats == 0) continue;
        TRY(LAUNCH(dev, "loss_scale", "loss_scale_check", options, grid, BUF(answer),
                   BUF(buckets[b].buffer), UINT(buckets[b].floats)));
    }
    TRY(encnet__read(&found, answer, 0, sizeof found));
    *finite = !found;
done:
    return rc;
}

encnet_status encnet__loss_scale_adapt(encnet__train_state *s, bool finite)
{
    if (!finite && s->loss_scale <= 1)
        return encnet__fail(ENCNET_E_DIVERGED,
                            "iteration %d: gradients are not finite, and the loss scale is %g",
                            s->iter + 1, s->loss_scale);
    s->scaled_steps = finite ? s->scaled_steps + 1 : 0;
    if (!finite) s->loss_scale /= 2;
    if (s->scaled_steps < STEPS) return ENCNET_OK;
    s->loss_scale *= 2;
    s->scaled_steps = 0;
    return ENCNET_OK;
}
