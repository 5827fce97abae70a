/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * classify.c - the classes of pictures, in batches.
 *
 * A picture is resized to fit eval.image_scale times each of eval.scales, keeping its ratio.  With
 * eval.mode = center the middle of it, eval.crop, enters the network.  The probabilities of all
 * scales, plain and mirrored, are averaged.
 *
 * Pictures wait until there are data.samples_per_device of the same sizes, so that they go through
 * the network together.
 */
#include "eval/eval.h"

#include <string.h>

#include "base/normalise.h"
#include "models/models.h"
#include "models/runner.h"

struct encnet__classifier {
    encnet_model *model;
    const encnet_options *options;
    encnet__passes passes;
    encnet__found *found;
    void *user;
    int M, batch, waiting;
    int *numbers;            /* [batch] of the pictures that wait */
    encnet__picture *sized;  /* [batch][scales] */
    encnet__picture resized; /* before the middle is cut out */
    float *x;                /* a batch of one pass */
    size_t x_count;
    float *probs, *sum; /* [batch][M] of a pass; of all passes */
};

encnet_status encnet__classifier_new(encnet__classifier **out, encnet_model *model,
                                     const encnet_options *options, encnet__found *found,
                                     void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__classifier *c = encnet__alloc(1, sizeof *c);
    size_t batch = (size_t)options->data.samples_per_device, M = (size_t)options->model.classes;

    if (!c) FAIL(ENCNET_E_NOMEM, "no memory to classify");
    c->model = model;
    c->options = options;
    c->found = found;
    c->user = user;
    c->M = encnet_model_classes(model);
    c->batch = (int)batch;
    if (c->M != options->model.classes)
        FAIL(ENCNET_E_ARG, "the model has %d classes, model.classes is %d", c->M,
             options->model.classes);
    TRY(encnet__passes_of(&c->passes, options));
    if (c->passes.slide)
        FAIL(ENCNET_E_ARG, "eval.mode = slide: a classifier takes an image as a whole");
    c->numbers = encnet__alloc(batch, sizeof *c->numbers);
    c->sized = encnet__alloc(batch * (size_t)c->passes.n_scales, sizeof *c->sized);
    c->probs = encnet__alloc(batch * M, sizeof *c->probs);
    c->sum = encnet__alloc(batch * M, sizeof *c->sum);
    if (!c->numbers || !c->sized || !c->probs || !c->sum)
        FAIL(ENCNET_E_NOMEM, "no memory to classify %zu images at a time", batch);
    *out = c;
    c = NULL;
done:
    encnet__classifier_free(c);
    return rc;
}

void encnet__classifier_free(encnet__classifier *c)
{
    if (!c) return;
    for (int i = 0; c->sized && i < c->batch * c->passes.n_scales; i++)
        encnet__picture_free(&c->sized[i]);
    encnet__picture_free(&c->resized);
    encnet__free(c->numbers);
    encnet__free(c->sized);
    encnet__free(c->x);
    encnet__free(c->probs);
    encnet__free(c->sum);
    encnet__free(c);
}

/* Copies the middle of a picture; a side that is shorter than the crop stays as it is. */
static encnet_status cut_middle(encnet__picture *out, const encnet__picture *p, int h, int w)
{
    encnet_status rc = ENCNET_OK;
    int y, x;

    if (h > p->h) h = p->h;
    if (w > p->w) w = p->w;
    y = (p->h - h) / 2;
    x = (p->w - w) / 2;
    TRY(encnet__picture_new(out, h, w, 3));
    for (int i = 0; i < h; i++)
        memcpy(out->pixels + 3 * (size_t)i * (size_t)w,
               p->pixels + 3 * ((size_t)(y + i) * (size_t)p->w + (size_t)x), 3 * (size_t)w);
done:
    return rc;
}

/* The picture as it enters the network at a scale. */
static encnet_status prepare(encnet__picture *out, encnet__classifier *c,
                             const encnet__picture *image, double scale)
{
    encnet_status rc = ENCNET_OK;
    const encnet__passes *o = &c->passes;
    int h, w;

    TRY(encnet__pass_size(&h, &w, o, scale, image->h, image->w));
    if (h != image->h || w != image->w) {
        TRY(encnet__picture_resize(&c->resized, image, h, w, false));
        image = &c->resized;
    }
    TRY(cut_middle(out, image, o->center ? o->crop_h : h, o->center ? o->crop_w : w));
done:
    return rc;
}

static encnet__picture *sized(const encnet__classifier *c, int place, int scale)
{
    return &c->sized[place * c->passes.n_scales + scale];
}

/* Writes the waiting pictures at one scale to c->x. */
static encnet_status fill(encnet__classifier *c, int scale, bool mirrored)
{
    const encnet_augment_options *o = &c->options->augment;
    const encnet__picture *first = sized(c, 0, scale);
    size_t row = 3 * (size_t)first->w, image = row * (size_t)first->h,
           count = image * (size_t)c->waiting;
    encnet__normal normal;

    if (count > c->x_count) {
        encnet__free(c->x);
        c->x = encnet__alloc(count, sizeof *c->x);
        c->x_count = c->x ? count : 0;
        if (!c->x)
            return encnet__fail(ENCNET_E_NOMEM, "no memory for %d images of %d x %d", c->waiting,
                                first->w, first->h);
    }
    encnet__normal_set(&normal, o->mean, o->std);
    for (int i = 0; i < c->waiting; i++)
        for (int y = 0; y < first->h; y++)
            encnet__normalise_row(c->x + (size_t)i * image + (size_t)y * row,
                                  sized(c, i, scale)->pixels + (size_t)y * row, first->w, mirrored,
                                  &normal);
    return ENCNET_OK;
}

/* Adds the probabilities of one pass to c->sum. */
static encnet_status run_pass(encnet__classifier *c, int scale, bool mirrored)
{
    encnet_status rc = ENCNET_OK;
    const encnet__picture *first = sized(c, 0, scale);
    size_t pixels = (size_t)first->h * (size_t)first->w * (size_t)c->waiting,
           count = (size_t)c->waiting * (size_t)c->M, bad;
    encnet__wanted wanted = {.probs.host = c->probs, .classes_last = true};
    encnet__graph *g;

    TRY(fill(c, scale, mirrored));
    TRY(encnet__model_inference_graph(&g, c->model, c->waiting, first->h, first->w, 0));
    TRY(encnet__write(encnet__graph_tensor(g, "image").buffer, 0, c->x, 3 * pixels * sizeof *c->x));
    TRY(encnet__graph_forward(g, 0, 0));
    TRY(encnet__runner_results(encnet__model_runner(c->model), &bad, g, 1, 1, 1, 1, &wanted));
    for (size_t i = 0; i < count; i++) c->sum[i] += c->probs[i];
done:
    return rc;
}

encnet_status encnet__classifier_flush(encnet__classifier *c)
{
    encnet_status rc = ENCNET_OK;
    size_t M = (size_t)c->M, count = (size_t)c->waiting * M;
    float passes = (float)(c->passes.n_scales * (c->passes.flip ? 2 : 1));

    if (!c->waiting) return ENCNET_OK;
    memset(c->sum, 0, count * sizeof *c->sum);
    for (int s = 0; s < c->passes.n_scales; s++)
        for (int mirrored = 0; mirrored <= (int)c->passes.flip; mirrored++)
            TRY(run_pass(c, s, mirrored));
    for (size_t i = 0; i < count; i++) c->sum[i] /= passes;
    for (int i = 0; i < c->waiting; i++)
        TRY(c->found(c->user, c->numbers[i], c->sum + (size_t)i * M));
done:
    c->waiting = 0;
    encnet__runner_trim(encnet__model_runner(c->model), &c->options->eval, 0);
    return rc;
}

/* Whether the last picture that waits has the sizes of the first. */
static bool fits(const encnet__classifier *c)
{
    for (int s = 0; s < c->passes.n_scales; s++) {
        const encnet__picture *first = sized(c, 0, s), *last = sized(c, c->waiting, s);
        if (first->h != last->h || first->w != last->w) return false;
    }
    return true;
}

/* Moves the picture behind those that wait to the front, when they are done. */
static void move_to_front(encnet__classifier *c, int from)
{
    for (int s = 0; s < c->passes.n_scales; s++) {
        encnet__picture swap = *sized(c, 0, s);
        *sized(c, 0, s) = *sized(c, from, s);
        *sized(c, from, s) = swap;
    }
}

encnet_status encnet__classify(encnet__classifier *c, int number, const encnet__picture *image)
{
    encnet_status rc = ENCNET_OK;
    int place = c->waiting;

    for (int s = 0; s < c->passes.n_scales; s++)
        TRY(prepare(sized(c, place, s), c, image, c->passes.scale[s]));
    if (!fits(c)) {
        TRY(encnet__classifier_flush(c));
        move_to_front(c, place);
    }
    c->numbers[c->waiting++] = number;
    if (c->waiting == c->batch) TRY(encnet__classifier_flush(c));
done:
    return rc;
}
