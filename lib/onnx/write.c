/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* write.c - writes a model: everything but the weights from memory, the weights one by one. */
#include "onnx/internal.h"

#include <limits.h>
#include <string.h>

#include "onnx/proto.h"

/* The IR version that goes with the operator set. */
enum { IR_VERSION = 7 };

static size_t bytes_of(const stored *s)
{
    size_t bytes = encnet__type_bytes(s->type);

    for (int i = 0; i < s->n_dims; i++)
        if (!encnet__mul(&bytes, bytes, (size_t)s->dims[i])) return SIZE_MAX;
    return bytes;
}

/* The field of a weight or a constant up to its numbers, which are `size` bytes. */
static void encode_stored(encnet__text *out, const encnet__onnx *m, const stored *s, size_t size)
{
    encnet__text tensor = {0};

    for (int i = 0; i < s->n_dims; i++)
        encnet__proto_int(&tensor, STORED_DIMS, (int64_t)s->dims[i]);
    encnet__proto_int(&tensor, STORED_TYPE, encnet__onnx_type(s->type));
    encnet__proto_text(&tensor, STORED_NAME, m->names[s->value]);
    encnet__proto_begin(&tensor, STORED_BYTES, size);
    encnet__proto_begin(out, GRAPH_STORED, (uint64_t)tensor.size + size);
    encnet__text_bytes(out, tensor.data, tensor.size);
    out->failed |= tensor.failed;
    encnet__text_free(&tensor);
}

static void encode_constant(encnet__text *out, const encnet__onnx *m, const stored *s)
{
    uint32_t bits;

    encode_stored(out, m, s, bytes_of(s));
    if (s->type == ENCNET__I64) {
        for (uint64_t i = 0; i < s->dims[0]; i++)
            encnet__text_little(out, (uint64_t)s->ints[i], sizeof *s->ints);
        return;
    }
    memcpy(&bits, &s->number, sizeof bits);
    encnet__text_little(out, bits, sizeof bits);
}

/* Everything of the file but the weights: the model up to its graph, and the graph up to its weights.
 * `size` is that of the file. */
static encnet_status encode_head(encnet__text *out, uint64_t *size, const encnet__onnx *m)
{
    encnet__text graph = {0}, opset = {0}, field = {0};
    uint64_t weights = 0;

    encnet__proto_text(&graph, GRAPH_NAME, "encnet");
    encnet__text_bytes(&graph, m->nodes.data, m->nodes.size);
    encnet__text_bytes(&graph, m->interface.data, m->interface.size);
    for (int i = 0; i < m->n_stored; i++) {
        const stored *s = &m->stored[i];
        size_t bytes = bytes_of(s);
        if (!s->used) continue;
        if (!s->is_weight)
            encode_constant(&graph, m, s);
        else {
            field.size = 0;
            encode_stored(&field, m, s, bytes);
            weights += field.size + (uint64_t)bytes;
        }
        if (weights > INT_MAX) break;
    }
    encnet__proto_text(&opset, OPSET_DOMAIN, "");
    encnet__proto_int(&opset, OPSET_VERSION, ENCNET__ONNX_OPSET);
    encnet__proto_int(out, MODEL_IR_VERSION, IR_VERSION);
    encnet__proto_text(out, MODEL_PRODUCER_NAME, "encnet-cl");
    encnet__proto_text(out, MODEL_PRODUCER_VERSION, ENCNET_VERSION);
    encnet__proto_message(out, MODEL_OPSET, &opset);
    encnet__text_bytes(out, m->properties.data, m->properties.size);
    encnet__proto_begin(out, MODEL_GRAPH, graph.size + weights);
    encnet__text_bytes(out, graph.data, graph.size);
    *size = out->size + weights;
    out->failed |= graph.failed || opset.failed || field.failed || m->nodes.failed ||
                   m->interface.failed || m->properties.failed;
    encnet__text_free(&graph);
    encnet__text_free(&opset);
    encnet__text_free(&field);
    return out->failed ? encnet__fail(ENCNET_E_NOMEM, "no memory to write an ONNX model")
                       : ENCNET_OK;
}

static encnet_status write_weight(encnet__atomic_file *file, uint64_t *at, const encnet__onnx *m,
                                  const stored *s, encnet__onnx_read *read, void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__text field = {0};
    size_t bytes = bytes_of(s);
    void *data = encnet__alloc(bytes ? bytes : 1, 1);

    encode_stored(&field, m, s, bytes);
    if (!data || field.failed)
        FAIL(ENCNET_E_NOMEM, "no memory for the weight %s", m->names[s->value]);
    TRY(read(user, m->names[s->value], data, bytes));
    TRY(encnet__atomic_file_put(file, field.data, field.size, *at));
    TRY(encnet__atomic_file_put(file, data, bytes, *at + field.size));
    *at += field.size + bytes;
done:
    encnet__text_free(&field);
    encnet__free(data);
    return rc;
}

encnet_status encnet__onnx_write(const encnet__onnx *m, const char *path, encnet__onnx_read *read,
                                 void *user)
{
    encnet_status rc = ENCNET_OK;
    encnet__atomic_file *file = NULL;
    encnet__text head = {0};
    uint64_t size, at;

    TRY(encnet__onnx_built(m));
    TRY(encode_head(&head, &size, m));
    if (size > INT_MAX)
        FAIL(ENCNET_E_CHECKPOINT, "%s: the weights take more than the 2 GiB of a protobuf file",
             path);
    TRY(encnet__atomic_file_open(&file, path));
    TRY(encnet__atomic_file_reserve(file, size));
    TRY(encnet__atomic_file_put(file, head.data, head.size, 0));
    at = head.size;
    for (int i = 0; i < m->n_stored; i++)
        if (m->stored[i].used && m->stored[i].is_weight)
            TRY(write_weight(file, &at, m, &m->stored[i], read, user));
    TRY(encnet__atomic_file_commit(file));
done:
    encnet__atomic_file_free(file);
    encnet__text_free(&head);
    return rc;
}
