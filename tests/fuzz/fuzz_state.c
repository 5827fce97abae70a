/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_state.c - any bytes as a checkpoint's state.ini: refused, or written and read again alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "train/train.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const encnet__train_state *a, const encnet__train_state *b)
{
    return a->iter == b->iter && a->evaluated_iter == b->evaluated_iter &&
           a->batches == b->batches && a->images == b->images && a->seed == b->seed &&
           a->loss == b->loss && a->best_miou == b->best_miou && a->best_iter == b->best_iter &&
           a->loss_scale == b->loss_scale && a->scaled_steps == b->scaled_steps &&
           a->epoch_iters == b->epoch_iters;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encnet__train_state read = {0}, again = {0};
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "/dev/shm/encnet-fuzz-state-%ld", (long)getpid());
    f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
    if (encnet__state_load(&read, path, NULL) == ENCNET_OK &&
        (encnet__state_save(path, &read, NULL) || encnet__state_load(&again, path, NULL) ||
         !same(&read, &again)))
        abort();
    unlink(path);
    return 0;
}
