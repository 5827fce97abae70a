/* bench.c - how long a step takes. */
#include <encnet/train.h>

#include "models/models.h"
#include "train/sgd.h"

/* A batch of noise in the inputs of a graph; labels only when it has some. */
static encnet_status write_noise(encnet__graph *g, int classes)
{
    encnet_status rc = ENCNET_OK;
    encnet__tensor x = encnet__graph_tensor(g, "image"), y = encnet__graph_tensor(g, "label");
    size_t count = encnet__shape_count(x.shape);
    encnet__rng r = encnet__rng_at(0, 0, 0, 0);
    float *image = encnet__alloc(count, sizeof *image);
    int32_t *label = encnet__alloc(count / 3, sizeof *label);

    if (!image || !label) FAIL(ENCNET_E_NOMEM, "no host memory for a batch of %zu numbers", count);
    for (size_t i = 0; i < count; i++) image[i] = (float)(encnet__rng_uniform(&r) * 4 - 2);
    for (size_t i = 0; i < count / 3; i++)
        label[i] = (int32_t)encnet__rng_below(&r, (uint32_t)classes);
    TRY(encnet__write(x.buffer, 0, image, count * sizeof *image));
    if (y.buffer) TRY(encnet__write(y.buffer, 0, label, count / 3 * sizeof *label));
done:
    encnet__free(image);
    encnet__free(label);
    return rc;
}

static encnet_status train_step(encnet_model *m, encnet__graph *g,
                                const encnet_optimizer_options *o, uint32_t step)
{
    encnet_status rc = ENCNET_OK;
    encnet__weights *w = encnet__model_weights(m);
    encnet__sgd_options sgd = {.lr = (float)o->lr,
                               .momentum = (float)o->momentum,
                               .weight_decay = (float)o->weight_decay,
                               .grad_scale = 1};

    TRY(encnet__graph_forward(g, 0, step));
    TRY(encnet__graph_backward(g, false, NULL));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (!p->trainable) continue;
        TRY(encnet__sgd_step(encnet__model_device(m), p->value, p->momentum, p->grad,
                             encnet__param_count(p), sgd));
    }
done:
    return rc;
}

encnet_status encnet_bench(double *seconds, int repeats, int warm_up, encnet_device *device,
                           const encnet_options *options, int n, int h, int w, bool inference)
{
    encnet_status rc = ENCNET_OK;
    encnet_model *m = NULL;
    encnet__graph *g;

    if (inference) {
        TRY(encnet_model_new(&m, device, options));
        TRY(encnet__model_inference_graph(&g, m, n, h, w, h, w, ENCNET__WANT_IDS));
    } else {
        TRY(encnet__model_new_training(&m, device, options));
        TRY(encnet__model_training_graph(&g, m, n, h, w));
    }
    TRY(write_noise(g, options->model.classes));
    for (int i = -warm_up; i < repeats; i++) {
        double start = encnet__now();
        if (inference)
            TRY(encnet__graph_forward(g, 0, 0));
        else
            TRY(train_step(m, g, &options->optimizer, (uint32_t)(i + warm_up)));
        TRY(encnet__finish(device));
        if (i >= 0) seconds[i] = encnet__now() - start;
    }
done:
    encnet_model_free(m);
    return rc;
}
