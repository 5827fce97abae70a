/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* model.c - builds a model: every value has a name, every node is encoded when it is appended. */
#include "onnx/internal.h"

#include <stdio.h>
#include <string.h>

#include "onnx/proto.h"

enum { ATTRIBUTE_IS_FLOAT = 1, ATTRIBUTE_IS_INT = 2, ATTRIBUTE_IS_TEXT = 3, ATTRIBUTE_IS_INTS = 7 };

encnet_status encnet__onnx_new(encnet__onnx **out)
{
    *out = encnet__alloc(1, sizeof **out);
    return *out ? ENCNET_OK : encnet__fail(ENCNET_E_NOMEM, "no memory for an ONNX model");
}

void encnet__onnx_free(encnet__onnx *m)
{
    if (!m) return;
    for (int i = 0; i < m->n_values; i++) encnet__free(m->names[i]);
    encnet__free(m->names);
    encnet__free(m->stored);
    encnet__free(m->failure);
    encnet__text_free(&m->nodes);
    encnet__text_free(&m->interface);
    encnet__text_free(&m->properties);
    encnet__free(m);
}

encnet__onnx_value encnet__onnx_refuse(encnet__onnx *m, encnet_status rc)
{
    if (m->failed == ENCNET_OK) {
        m->failed = rc;
        m->failure = encnet__strdup(encnet_last_error());
    }
    return ENCNET__ONNX_ABSENT;
}

encnet_status encnet__onnx_built(const encnet__onnx *m)
{
    if (m->failed == ENCNET_OK) return ENCNET_OK;
    return encnet__fail(m->failed, "%s", m->failure ? m->failure : "no memory for an ONNX model");
}

static encnet__onnx_value no_memory(encnet__onnx *m)
{
    return encnet__onnx_refuse(
        m, encnet__fail(ENCNET_E_NOMEM, "no memory for an ONNX model of %d values", m->n_values));
}

static encnet__onnx_value new_value(encnet__onnx *m, const char *name)
{
    char **grown =
        encnet__grow(m->names, &m->cap_values, (size_t)m->n_values + 1, sizeof *m->names);

    if (!grown) return no_memory(m);
    m->names = grown;
    m->names[m->n_values] = encnet__strdup(name);
    if (!m->names[m->n_values]) return no_memory(m);
    return m->n_values++;
}

/* -- nodes ------------------------------------------------------------------------------------- */

static void encode_attribute(encnet__text *node, const encnet__onnx_attr *a)
{
    static const int types[] = {[ENCNET__ONNX_FLOAT] = ATTRIBUTE_IS_FLOAT,
                                [ENCNET__ONNX_INT] = ATTRIBUTE_IS_INT,
                                [ENCNET__ONNX_TEXT] = ATTRIBUTE_IS_TEXT,
                                [ENCNET__ONNX_LIST] = ATTRIBUTE_IS_INTS};
    encnet__text out = {0};

    encnet__proto_text(&out, ATTRIBUTE_NAME, a->name);
    if (a->kind == ENCNET__ONNX_FLOAT) encnet__proto_float(&out, ATTRIBUTE_FLOAT, a->number);
    if (a->kind == ENCNET__ONNX_TEXT) encnet__proto_text(&out, ATTRIBUTE_TEXT, a->text);
    for (int i = 0; i < a->n; i++)
        encnet__proto_int(&out, a->kind == ENCNET__ONNX_INT ? ATTRIBUTE_INT : ATTRIBUTE_INTS,
                          a->ints[i]);
    encnet__proto_int(&out, ATTRIBUTE_TYPE, types[a->kind]);
    encnet__proto_message(node, NODE_ATTRIBUTE, &out);
    encnet__text_free(&out);
}

static void encode_node(encnet__onnx *m, const char *op, const encnet__onnx_value *inputs,
                        const encnet__onnx_attr *attr, const char *output)
{
    encnet__text node = {0};
    int n = 0; /* inputs, without absent ones at the end */

    for (int i = 0; inputs[i] != ENCNET__ONNX_END; i++)
        if (inputs[i] != ENCNET__ONNX_ABSENT) n = i + 1;
    for (int i = 0; i < n; i++)
        encnet__proto_text(&node, NODE_INPUTS,
                           inputs[i] == ENCNET__ONNX_ABSENT ? "" : m->names[inputs[i]]);
    encnet__proto_text(&node, NODE_OUTPUT, output);
    encnet__proto_text(&node, NODE_NAME, output);
    encnet__proto_text(&node, NODE_TYPE, op);
    for (; attr && attr->name; attr++) encode_attribute(&node, attr);
    encnet__proto_message(&m->nodes, GRAPH_NODE, &node);
    encnet__text_free(&node);
}

encnet__onnx_value encnet__onnx_apply(encnet__onnx *m, const char *op,
                                      const encnet__onnx_value *inputs,
                                      const encnet__onnx_attr *attr)
{
    char name[64];
    encnet__onnx_value y;

    if (m->failed != ENCNET_OK) return ENCNET__ONNX_ABSENT;
    snprintf(name, sizeof name, "%s_%d", op, m->n_values);
    y = new_value(m, name);
    if (y == ENCNET__ONNX_ABSENT) return y;
    for (int i = 0; i < m->n_stored; i++) /* a constant or a weight that a node reads is written */
        for (int k = 0; inputs[k] != ENCNET__ONNX_END; k++)
            if (inputs[k] == m->stored[i].value) m->stored[i].used = true;
    encode_node(m, op, inputs, attr, m->names[y]);
    return y;
}

encnet__onnx_value encnet__onnx_finish(encnet__onnx *m, encnet__onnx_value y, encnet__onnx_value a,
                                       bool relu)
{
    if (a != ENCNET__ONNX_ABSENT) y = encnet__onnx_apply(m, "Add", INPUTS(y, a), NULL);
    return relu ? encnet__onnx_apply(m, "Relu", INPUTS(y), NULL) : y;
}

encnet__onnx_value encnet__onnx_flatten(encnet__onnx *m, encnet__onnx_value x)
{
    return encnet__onnx_apply(m, "Reshape", INPUTS(x, ONNX_INTS(m, 0, 0, -1)), NULL);
}

encnet__onnx_value encnet__onnx_transpose(encnet__onnx *m, encnet__onnx_value x)
{
    return encnet__onnx_apply(m, "Transpose", INPUTS(x), ATTRS(ATTR_INTS("perm", 0, 2, 1)));
}

/* -- weights and constants ----------------------------------------------------------------------- */

static stored *find(encnet__onnx *m, const char *name)
{
    for (int i = 0; i < m->n_stored; i++)
        if (!strcmp(m->names[m->stored[i].value], name)) return &m->stored[i];
    return NULL;
}

/* Adds a weight or a constant, or finds one of this name. */
static stored *store(encnet__onnx *m, const char *name, encnet__type type)
{
    stored *s = find(m, name), *grown;
    encnet__onnx_value value;

    if (s || m->failed != ENCNET_OK) return s;
    grown = encnet__grow(m->stored, &m->cap_stored, (size_t)m->n_stored + 1, sizeof *m->stored);
    if (!grown) {
        no_memory(m);
        return NULL;
    }
    m->stored = grown;
    value = new_value(m, name);
    if (value == ENCNET__ONNX_ABSENT) return NULL;
    s = &m->stored[m->n_stored++];
    *s = (stored){.value = value, .type = type, .as_float = ENCNET__ONNX_ABSENT};
    return s;
}

encnet__onnx_value encnet__onnx_ints(encnet__onnx *m, int count, const int64_t *ints)
{
    char name[ENCNET__ONNX_INTS * 24] = "ints";
    stored *s;

    for (int i = 0; i < count; i++) {
        size_t size = strlen(name);
        snprintf(name + size, sizeof name - size, "%s%lld", i ? "," : ":", (long long)ints[i]);
    }
    s = store(m, name, ENCNET__I64);
    if (!s) return ENCNET__ONNX_ABSENT;
    s->n_dims = 1;
    s->dims[0] = (uint64_t)count;
    memcpy(s->ints, ints, sizeof *ints * (size_t)count);
    return s->value;
}

encnet__onnx_value encnet__onnx_number(encnet__onnx *m, float value)
{
    char name[32];
    uint32_t bits;
    stored *s;

    memcpy(&bits, &value, sizeof bits);
    snprintf(name, sizeof name, "number:%08x", bits);
    s = store(m, name, ENCNET__F32);
    if (!s) return ENCNET__ONNX_ABSENT;
    s->number = value;
    return s->value;
}

void encnet__onnx_declare(encnet__onnx *m, const char *name, encnet__type type, int n_dims,
                          const uint64_t *dims)
{
    stored *s;

    if (n_dims > ENCNET__ONNX_DIMS || !encnet__onnx_type(type)) {
        encnet__onnx_refuse(m, encnet__fail(ENCNET_E_CHECKPOINT, "%s: %d dims of %s", name, n_dims,
                                            encnet__type_name(type)));
        return;
    }
    s = store(m, name, type);
    if (!s) return;
    s->is_weight = true;
    s->n_dims = n_dims;
    for (int i = 0; i < n_dims; i++) s->dims[i] = dims[i];
}

encnet__onnx_value encnet__onnx_weight(encnet__onnx *m, const char *name)
{
    stored *s = find(m, name);
    int index;

    if (!s)
        return encnet__onnx_refuse(
            m, encnet__fail(ENCNET_E_CHECKPOINT, "the weight %s is missing", name));
    if (s->type == ENCNET__F32) return s->value;
    if (s->as_float != ENCNET__ONNX_ABSENT) return s->as_float;
    index = (int)(s - m->stored);
    m->stored[index].as_float =
        encnet__onnx_apply(m, "Cast", INPUTS(m->stored[index].value),
                           ATTRS(ATTR_INT("to", encnet__onnx_type(ENCNET__F32))));
    return m->stored[index].as_float;
}

int encnet__onnx_weights_used(const encnet__onnx *m)
{
    int n = 0;

    for (int i = 0; i < m->n_stored; i++) n += m->stored[i].is_weight && m->stored[i].used;
    return n;
}

/* -- inputs, outputs, metadata ------------------------------------------------------------------- */

static void encode_dim(encnet__text *shape, const char *name, int value)
{
    encnet__text dim = {0};

    if (name)
        encnet__proto_text(&dim, DIM_NAME, name);
    else
        encnet__proto_int(&dim, DIM_VALUE, value);
    encnet__proto_message(shape, SHAPE_DIM, &dim);
    encnet__text_free(&dim);
}

/* A float32 value [N,channels,H,W] or [N,channels,1,1] of the interface. */
static void encode_value(encnet__onnx *m, int field, const char *name, int channels, bool one_pixel)
{
    encnet__text shape = {0}, tensor = {0}, type = {0}, value = {0};

    encode_dim(&shape, "N", 0);
    encode_dim(&shape, NULL, channels);
    encode_dim(&shape, one_pixel ? NULL : "H", 1);
    encode_dim(&shape, one_pixel ? NULL : "W", 1);
    encnet__proto_int(&tensor, TENSOR_ELEMENT, encnet__onnx_type(ENCNET__F32));
    encnet__proto_message(&tensor, TENSOR_SHAPE, &shape);
    encnet__proto_message(&type, TYPE_TENSOR, &tensor);
    encnet__proto_text(&value, VALUE_NAME, name);
    encnet__proto_message(&value, VALUE_TYPE, &type);
    encnet__proto_message(&m->interface, field, &value);
    encnet__text_free(&shape);
    encnet__text_free(&tensor);
    encnet__text_free(&type);
    encnet__text_free(&value);
}

encnet__onnx_value encnet__onnx_input(encnet__onnx *m, const char *name, int channels)
{
    encode_value(m, GRAPH_INPUT, name, channels, false);
    return new_value(m, name);
}

void encnet__onnx_output(encnet__onnx *m, const char *name, encnet__onnx_value x, int channels,
                         bool one_pixel)
{
    if (m->failed != ENCNET_OK) return;
    encode_value(m, GRAPH_OUTPUT, name, channels, one_pixel);
    encode_node(m, "Identity", INPUTS(x), NULL, name);
}

void encnet__onnx_property(encnet__onnx *m, const char *key, const char *value)
{
    encnet__text entry = {0};

    encnet__proto_text(&entry, PROPERTY_KEY, key);
    encnet__proto_text(&entry, PROPERTY_VALUE, value);
    encnet__proto_message(&m->properties, MODEL_PROPERTY, &entry);
    encnet__text_free(&entry);
}
