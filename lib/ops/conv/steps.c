/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* steps.c - records launches when a convolution is planned; binds and enqueues them when it
 * runs. */
#include "ops/conv/engine.h"

#include <string.h>

enum { MOST_ARGS = 48, SUM_GROUP = 64 };

/* Makes room for one more step and `n_args` more arguments. */
static encnet_status grow(encnet__conv_steps *s, int n_args)
{
    int n_steps = s->n_steps + 1;
    encnet__conv_step *steps = encnet__grow(s->steps, &s->cap_steps, n_steps, sizeof *steps);
    encnet__arg *args;

    if (!steps) return encnet__fail(ENCNET_E_NOMEM, "no host memory for %d launches", n_steps);
    s->steps = steps;
    n_args += s->n_args;
    args = encnet__grow(s->args, &s->cap_args, n_args, sizeof *args);
    if (!args) return encnet__fail(ENCNET_E_NOMEM, "no host memory for %d arguments", n_args);
    s->args = args;
    return ENCNET_OK;
}

encnet_status encnet__conv_add(encnet__conv_steps *s, const encnet__conv_step *step,
                               const encnet__arg *args, size_t n_args)
{
    encnet_status rc = ENCNET_OK;

    if (n_args > MOST_ARGS)
        FAIL(ENCNET_E_INTERNAL, "%s: %zu arguments, at most %d", step->kernel, n_args, MOST_ARGS);
    TRY(grow(s, (int)n_args));
    s->steps[s->n_steps] = *step;
    s->steps[s->n_steps].first_arg = s->n_args;
    s->steps[s->n_steps++].n_args = (int)n_args;
    if (n_args) memcpy(s->args + s->n_args, args, n_args * sizeof *args);
    s->n_args += (int)n_args;
done:
    return rc;
}

encnet_status encnet__conv_add_product(encnet__conv_steps *s, const encnet__gemm *product,
                                       encnet__conv_operand a, encnet__conv_operand b)
{
    return encnet__conv_add(s, &(encnet__conv_step){.product = *product, .a = a, .b = b}, NULL, 0);
}

encnet_status encnet__conv_add_sum(encnet__conv_steps *s, int parts, size_t count)
{
    return STEP(s, "conv2d", "conv2d_sum", "", GRID1(count, SUM_GROUP), OPERAND(CONV_OUT),
                OPERAND(CONV_SCRATCH), INT(parts), UINT(count));
}

static encnet_status multiply(encnet_device *dev, const encnet__conv_step *step,
                              encnet__buffer *const *operands)
{
    encnet__gemm product = step->product;

    product.a = operands[step->a];
    product.b = operands[step->b];
    product.c = operands[CONV_OUT];
    product.scratch = operands[CONV_SCRATCH];
    return encnet__gemm_run(dev, &product);
}

static encnet_status launch(encnet_device *dev, const encnet__conv_steps *s,
                            const encnet__conv_step *step, encnet__buffer *const *operands)
{
    encnet__arg args[MOST_ARGS];

    for (int i = 0; i < step->n_args; i++) {
        args[i] = s->args[step->first_arg + i];
        if (args[i].kind == ENCNET__ARG_BUFFER) args[i].value.buffer = operands[args[i].value.u];
    }
    return encnet__launch(dev, step->program, step->kernel, step->options.text, step->grid, args,
                          (size_t)step->n_args);
}

encnet_status encnet__conv_run(encnet_device *dev, const encnet__conv_steps *s,
                               encnet__buffer *const operands[CONV_OPERANDS])
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; i < s->n_steps; i++)
        TRY(s->steps[i].kernel ? launch(dev, s, &s->steps[i], operands)
                               : multiply(dev, &s->steps[i], operands));
done:
    return rc;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return encnet__hash(hash, text, strlen(text) + 1);
}

uint64_t encnet__conv_steps_hash(const encnet__conv_steps *s)
{
    uint64_t hash = ENCNET__FNV;

    for (int i = 0; i < s->n_steps; i++) {
        const encnet__conv_step *step = &s->steps[i];
        hash = hash_text(hash, step->kernel ? step->program : "");
        hash = hash_text(hash, step->kernel ? step->kernel : "");
        hash = hash_text(hash, step->options.text);
        hash = encnet__hash(hash, &step->grid, sizeof step->grid);
        for (int k = 0; k < step->n_args; k++) {
            const encnet__arg *arg = &s->args[step->first_arg + k];
            hash = encnet__hash(hash, &arg->kind, sizeof arg->kind);
            hash = encnet__hash(hash, &arg->value.u, sizeof arg->value.u);
        }
    }
    return hash;
}

void encnet__conv_steps_free(encnet__conv_steps *s)
{
    encnet__free(s->steps);
    encnet__free(s->args);
}

encnet__conv_steps *encnet__conv_weights(encnet__conv_pass *pass, encnet__conv_operand *out,
                                         size_t bytes)
{
    *out = pass->prepares ? CONV_PREPARED : CONV_SCRATCH;
    *(pass->prepares ? &pass->prepared_bytes : &pass->scratch_bytes) += bytes;
    return pass->prepares ? &pass->prepare : &pass->run;
}

void encnet__conv_pass_free(encnet__conv_pass *pass)
{
    encnet__conv_steps_free(&pass->prepare);
    encnet__conv_steps_free(&pass->run);
}
