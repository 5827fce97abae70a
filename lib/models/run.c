/* run.c - one image through a model: 8-bit pixels in, results of the graph out. */
#include "models/run.h"

#include <math.h>

#include "base/normalise.h"
#include "models/internal.h"

/* Room for `count` numbers in the staging memory. */
static encnet_status reserve(encnet_model *m, size_t count)
{
    float *grown;

    if (count <= m->staging_count) return ENCNET_OK;
    grown = encnet__realloc(m->staging, count, sizeof *grown);
    if (!grown)
        return encnet__fail(ENCNET_E_NOMEM, "no host memory for an image of %zu numbers", count);
    m->staging = grown;
    m->staging_count = count;
    return ENCNET_OK;
}

static encnet_status write_image(encnet_model *m, encnet__buffer *to, const encnet__image *image)
{
    size_t w = (size_t)image->w, count = 3 * w * (size_t)image->h;
    encnet_status rc = reserve(m, count);
    encnet__normal normal;

    if (rc != ENCNET_OK) return rc;
    encnet__normal_set(&normal, image->mean, image->std);
    for (int y = 0; y < image->h; y++)
        encnet__normalise_row(m->staging + 3 * w * (size_t)y, image->rgb + (size_t)y * image->pitch,
                              image->w, image->mirrored, &normal);
    return encnet__write(to, 0, m->staging, count * sizeof *m->staging);
}

encnet_status encnet__model_run(encnet__graph **out, encnet_model *m, const encnet__image *image,
                                int out_h, int out_w, unsigned wants)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g;

    TRY(encnet__model_inference_graph(&g, m, 1, image->h, image->w, out_h, out_w, wants));
    TRY(write_image(m, encnet__graph_tensor(g, "image").buffer, image));
    TRY(encnet__graph_forward(g, 0, 0));
    *out = g;
done:
    return rc;
}

encnet_status encnet__model_read_floats(float *out, const encnet__graph *g, const char *name,
                                        size_t first, size_t count)
{
    return encnet__read(out, encnet__graph_tensor(g, name).buffer, first * sizeof *out,
                        count * sizeof *out);
}

encnet_status encnet__model_read_ids(uint8_t *ids, encnet_model *m, const encnet__graph *g)
{
    encnet__tensor t = encnet__graph_tensor(g, "ids");
    size_t count = (size_t)t.shape.h * (size_t)t.shape.w;
    encnet_status rc = reserve(m, count);
    const int32_t *wide = (const int32_t *)(const void *)m->staging;

    if (rc == ENCNET_OK) rc = encnet__read(m->staging, t.buffer, 0, count * sizeof *wide);
    for (size_t p = 0; rc == ENCNET_OK && p < count; p++) ids[p] = (uint8_t)wide[p];
    return rc;
}

/* Device [H,W,M] to host [M,H,W]. */
static encnet_status read_probs(float *probs, encnet_model *m, const encnet__graph *g)
{
    encnet__shape s = encnet__graph_tensor(g, "probs").shape;
    size_t classes = (size_t)s.c, pixels = (size_t)s.h * (size_t)s.w;
    encnet_status rc = reserve(m, classes * pixels);

    if (rc == ENCNET_OK)
        rc = encnet__model_read_floats(m->staging, g, "probs", 0, classes * pixels);
    for (size_t p = 0; rc == ENCNET_OK && p < pixels; p++)
        for (size_t c = 0; c < classes; c++) probs[c * pixels + p] = m->staging[p * classes + c];
    return rc;
}

/* An id that is none stands for logits that are not finite. */
static bool are_finite(const uint8_t *ids, const float *probs, size_t pixels, size_t classes)
{
    for (size_t p = 0; ids && p < pixels; p++)
        if (ids[p] >= classes) return false;
    for (size_t i = 0; probs && i < pixels * classes; i++)
        if (!isfinite(probs[i])) return false;
    return true;
}

encnet_status encnet_model_run(encnet_model *m, uint8_t *ids, float *probs, const uint8_t *rgb,
                               int h, int w)
{
    encnet_status rc = ENCNET_OK;
    unsigned wants = (ids ? ENCNET__WANT_IDS : 0u) | (probs ? ENCNET__WANT_PROBS : 0u);
    encnet__image image = {.rgb = rgb, .h = h, .w = w, .pitch = 3 * (size_t)w};
    bool whole;
    encnet__graph *g;

    NEED(m);
    NEED(rgb);
    TRY(encnet__device_check_open(m->device));
    image.mean = m->options.augment.mean;
    image.std = m->options.augment.std;
    whole = encnet__labels_images(&m->options);
    if (h < 1 || w < 1 || !wants)
        FAIL(ENCNET_E_ARG, "an image of %dx%d, %s", h, w, wants ? "empty" : "nothing asked");
    if (!encnet__shape_valid((encnet__shape){1, h, w, encnet_model_classes(m)}))
        FAIL(ENCNET_E_ARG, "an image of %dx%d is too large", h, w);
    TRY(encnet__model_run(&g, m, &image, whole ? 1 : h, whole ? 1 : w, wants));
    if (ids) TRY(encnet__model_read_ids(ids, m, g));
    if (probs) TRY(read_probs(probs, m, g));
    if (!are_finite(ids, probs, whole ? 1 : (size_t)h * (size_t)w,
                    (size_t)m->options.model.classes))
        FAIL(ENCNET_E_DIVERGED,
             "the logits of this image are not finite: the weights are not, or the "
             "statistics of a batch norm");
done:
    return rc;
}
