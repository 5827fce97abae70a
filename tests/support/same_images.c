/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* same_images.c - two ranks that have the same images. */
#include "support/same_images.h"

#include "support/support.h"

enum { SIDE = 65 };

int same_images_gathers, same_images_sums;

static encnet_status gather_twice(const encnet_comm *comm, void *all, const void *mine,
                                  const size_t *sizes)
{
    (void)comm;
    same_images_gathers++;
    memmove(all, mine, sizes[0]);
    memcpy((char *)all + sizes[0], all, sizes[1]);
    return ENCNET_OK;
}

static encnet_status sum_twice(const encnet_comm *comm, float *data, size_t count)
{
    (void)comm;
    same_images_sums++;
    for (size_t i = 0; i < count; i++) data[i] *= 2;
    return ENCNET_OK;
}

const encnet_comm same_images = {.size = 2, .allgather = gather_twice, .allreduce = sum_twice};

encnet_model *same_images_step(const encnet_options *o, void (*set)(encnet__weights *w),
                               encnet__ranks *ranks)
{
    encnet_model *m;
    encnet__graph *g;
    encnet__tensor x, y;
    static float image[SIDE * SIDE * 3];
    static int32_t label[SIDE * SIDE];

    for (int i = 0; i < SIDE * SIDE * 3; i++) image[i] = (float)((i * 7919) % 1009) / 500 - 1;
    for (int i = 0; i < SIDE * SIDE; i++) label[i] = i / 7 % o->model.classes;
    assert_ok(encnet__model_new_training(&m, test_device, o));
    set(encnet__model_weights(m));
    encnet__model_set_ranks(m, ranks);
    assert_ok(encnet__model_training_graph(&g, m, 1, SIDE, SIDE));
    x = encnet__graph_tensor(g, "image");
    y = encnet__graph_tensor(g, "label");
    assert_ok(encnet__write(x.buffer, 0, image, sizeof image));
    assert_ok(encnet__write(y.buffer, 0, label, sizeof label));
    assert_ok(encnet__graph_forward(g, 0, 0));
    assert_ok(encnet__graph_backward(g, false, NULL));
    return m;
}
