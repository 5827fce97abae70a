/* image.c - one image through a model: host layout in, host layout out. */
#include "models/internal.h"

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

static encnet_status write_image(encnet_model *m, encnet__buffer *to, const uint8_t *rgb,
                                 size_t pixels)
{
    const encnet_augment_options *norm = &m->options.augment;

    for (size_t p = 0; p < pixels; p++)
        for (int c = 0; c < 3; c++)
            m->staging[3 * p + c] =
                ((float)rgb[3 * p + c] - (float)norm->mean[c]) / (float)norm->std[c];
    return encnet__write(to, 0, m->staging, 3 * pixels * sizeof(float));
}

/* Device [H,W,M] to host [M,H,W]. */
static encnet_status read_probs(encnet_model *m, float *probs, encnet__buffer *from, size_t pixels)
{
    size_t classes = (size_t)m->options.model.classes;
    encnet_status rc = encnet__read(m->staging, from, 0, classes * pixels * sizeof(float));

    if (rc != ENCNET_OK) return rc;
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < classes; c++) probs[c * pixels + p] = m->staging[p * classes + c];
    return ENCNET_OK;
}

static encnet_status read_ids(encnet_model *m, uint8_t *ids, encnet__buffer *from, size_t pixels)
{
    int32_t *wide = (int32_t *)(void *)m->staging;
    encnet_status rc = encnet__read(wide, from, 0, pixels * sizeof *wide);

    if (rc != ENCNET_OK) return rc;
    for (size_t p = 0; p < pixels; p++) ids[p] = (uint8_t)wide[p];
    return ENCNET_OK;
}

encnet_status encnet_model_run(encnet_model *m, uint8_t *ids, float *probs, const uint8_t *rgb,
                               int h, int w)
{
    encnet_status rc = ENCNET_OK;
    unsigned wants = (ids ? ENCNET__WANT_IDS : 0u) | (probs ? ENCNET__WANT_PROBS : 0u);
    size_t pixels = (size_t)h * (size_t)w, classes = (size_t)m->options.model.classes;
    encnet__graph *g;

    if (h < 1 || w < 1 || !wants)
        FAIL(ENCNET_E_ARG, "an image of %dx%d, %s", h, w, wants ? "empty" : "nothing asked");
    TRY(reserve(m, pixels * (probs && classes > 3 ? classes : 3)));
    TRY(encnet__model_inference_graph(&g, m, 1, h, w, h, w, wants));
    TRY(write_image(m, encnet__graph_tensor(g, "image").buffer, rgb, pixels));
    TRY(encnet__graph_forward(g, 0, 0));
    if (ids) TRY(read_ids(m, ids, encnet__graph_tensor(g, "ids").buffer, pixels));
    if (probs) TRY(read_probs(m, probs, encnet__graph_tensor(g, "probs").buffer, pixels));
done:
    return rc;
}
