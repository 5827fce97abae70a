/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* graphs.c - the graphs that run the weights of one model. */
#include "models/graphs.h"

#include <string.h>

#include "models/loss.h"
#include "models/plan.h"

static encnet_status write_class_weights(encnet__graph *g, const encnet_options *o)
{
    encnet_status rc = ENCNET_OK;
    double weights[ENCNET_MAX_CLASSES];
    float narrow[ENCNET_MAX_CLASSES];
    encnet__tensor t = encnet__graph_tensor(g, "class_weights");
    int count;

    if (!t.buffer) return ENCNET_OK;
    TRY(encnet__class_weights(weights, &count, o));
    if (count != o->model.classes)
        FAIL(ENCNET_E_ARG, "train.class_weights has %d numbers, model.classes is %d", count,
             o->model.classes);
    for (int m = 0; m < count; m++) narrow[m] = (float)weights[m];
    TRY(encnet__write(t.buffer, 0, narrow, sizeof *narrow * (size_t)count));
done:
    return rc;
}

encnet_status encnet__graphs_training(encnet__graph **out, encnet__graphs *s,
                                      const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;

    if (s->training && !memcmp(&s->training_key, key, sizeof *key)) {
        *out = s->training;
        return ENCNET_OK;
    }
    encnet__graph_free(s->training); /* first, so that both never hold memory at once */
    s->training = NULL;
    TRY(encnet__network_lay_out(&g, s->device, s->weights, s->options, s->ranks, s->purpose, key));
    TRY(encnet__plan_check_fit(s->device, encnet__graph_plan_of(g).activations, s->options, key,
                               s->purpose));
    TRY(encnet__plan_check_largest(s->device, encnet__graph_plan_of(g).largest, s->options, key,
                                   s->purpose));
    TRY(encnet__graph_allocate(g));
    TRY(write_class_weights(g, s->options));
    s->training_key = *key;
    *out = s->training = g;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}

/* The cached graph of this key, moved to the front; NULL = none. */
static encnet__cached_graph *find_cached(encnet__graphs *s, const encnet__graph_key *key)
{
    for (int i = 0; i < s->n_inference; i++) {
        encnet__cached_graph found = s->inference[i];
        if (memcmp(&found.key, key, sizeof *key)) continue;
        memmove(s->inference + 1, s->inference, (size_t)i * sizeof found);
        s->inference[0] = found;
        return &s->inference[0];
    }
    return NULL;
}

static void drop_graphs(encnet__graphs *s)
{
    for (int i = 0; i < s->n_inference; i++) encnet__graph_free(s->inference[i].graph);
    s->n_inference = 0;
}

/* Makes room for the graph in the memory that all share; if it has to grow, the others leave it until
 * they run again, and keep their plans. */
static encnet_status make_room(encnet__graphs *s, const encnet__graph *g,
                               const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph_plan p = encnet__graph_plan_of(g);
    size_t lack = encnet__arenas_lack(&s->arenas, g);

    if (encnet__plan_check_fit(s->device, lack + p.derived_missing, s->options, key,
                               ENCNET__FOR_INFERENCE) != ENCNET_OK)
        encnet__derived_trim(encnet__weights_derived(s->weights)); /* perhaps it fits then */
    p = encnet__graph_plan_of(g);
    TRY(encnet__plan_check_fit(s->device, lack + p.derived_missing, s->options, key,
                               ENCNET__FOR_INFERENCE));
    TRY(encnet__plan_check_largest(s->device, p.largest, s->options, key, ENCNET__FOR_INFERENCE));
    if (!lack) goto done;
    for (int i = 0; i < s->n_inference; i++) encnet__graph_leave(s->inference[i].graph);
    TRY(encnet__arenas_grow(&s->arenas, g));
done:
    return rc;
}

static encnet_status add_cached(encnet__graphs *s, const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__graph *g = NULL;

    TRY(encnet__network_lay_out(&g, s->device, s->weights, s->options, NULL, ENCNET__FOR_INFERENCE,
                                key));
    TRY(make_room(s, g, key));
    encnet__graph_set_stop(g, s->stop);
    TRY(encnet__graph_allocate_in(g, &s->arenas));
    if (s->n_inference == ENCNET__CACHED_GRAPHS)
        encnet__graph_free(s->inference[--s->n_inference].graph);
    memmove(s->inference + 1, s->inference, (size_t)s->n_inference * sizeof *s->inference);
    s->inference[0] = (encnet__cached_graph){.key = *key, .graph = g};
    s->n_inference++;
    g = NULL;
done:
    encnet__graph_free(g);
    return rc;
}

encnet_status encnet__graphs_inference(encnet__graph **out, encnet__graphs *s,
                                       const encnet__graph_key *key)
{
    encnet_status rc = ENCNET_OK;
    encnet__cached_graph *found = find_cached(s, key);

    if (!found) {
        TRY(add_cached(s, key));
        found = &s->inference[0];
    }
    if (encnet__arenas_lack(&s->arenas, found->graph)) TRY(make_room(s, found->graph, key));
    TRY(encnet__graph_allocate_in(found->graph, &s->arenas));
    TRY(encnet__graph_refresh(found->graph));
    *out = found->graph;
done:
    return rc;
}

encnet_status encnet__graphs_reserve(encnet__graphs *s, const encnet__graph_key *key)
{
    encnet__graph *g;

    return encnet__graphs_inference(&g, s, key);
}

size_t encnet__graphs_held(const encnet__graphs *s)
{
    return encnet__arenas_bytes(&s->arenas);
}

size_t encnet__graphs_last(const encnet__graphs *s)
{
    return s->n_inference ? encnet__arenas_needed(&s->inference[0].graph, 1) : 0;
}

void encnet__graphs_trim(encnet__graphs *s, size_t most)
{
    encnet__graph *kept[ENCNET__CACHED_GRAPHS];
    int n = 0;

    if (encnet__graphs_held(s) <= most) return;
    for (int i = 0; i < s->n_inference; i++) {
        encnet__cached_graph next = s->inference[i];
        kept[n] = next.graph;
        if (encnet__arenas_needed(kept, n + 1) <= most)
            s->inference[n++] = next;
        else
            encnet__graph_free(next.graph);
    }
    s->n_inference = n;
    if (encnet__arenas_shrink(&s->arenas, kept, n) != ENCNET_OK) encnet__graphs_drop_inference(s);
}

void encnet__graphs_drop_inference(encnet__graphs *s)
{
    drop_graphs(s);
    encnet__arenas_free(&s->arenas);
}

void encnet__graphs_free(encnet__graphs *s)
{
    encnet__graph_free(s->training);
    encnet__graphs_drop_inference(s);
}
