/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_onnx.c - models in ONNX: what a file holds, read field by field.  ci/onnx.sh compares what
 * models compute with onnxruntime.
 */
#include "support/scratch.h"

#include <encnet/convert.h>
#include <encnet/options.h>

#include "convert/onnx.h"
#include "files/safetensors.h"
#include "models/network.h"
#include "onnx/internal.h"

static char model[96];

/* -- protobuf ----------------------------------------------------------------------------------- */

/* Bytes of a message that are still to be read. */
typedef struct span {
    const uint8_t *at, *end;
} span;

typedef struct field {
    int number;
    uint64_t value; /* of a number */
    span bytes;     /* of a text or a message */
} field;

static uint64_t varint(span *s)
{
    uint64_t value = 0;

    for (int shift = 0;; shift += 7) {
        assert_true(s->at < s->end && shift < 64);
        value |= (uint64_t)(*s->at & 0x7f) << shift;
        if (!(*s->at++ & 0x80)) return value;
    }
}

static bool next(field *f, span *s)
{
    uint64_t tag;

    if (s->at == s->end) return false;
    tag = varint(s);
    *f = (field){.number = (int)(tag >> 3)};
    switch (tag & 7) {
    case 0:
        f->value = varint(s);
        break;
    case 2: {
        uint64_t size = varint(s);
        assert_true(size <= (uint64_t)(s->end - s->at));
        f->bytes = (span){s->at, s->at + size};
        s->at += size;
        break;
    }
    case 5:
        assert_true(s->end - s->at >= 4);
        f->value = encnet__little(s->at, 4);
        s->at += 4;
        break;
    default:
        fail_msg("wire type %d", (int)(tag & 7));
    }
    return true;
}

static bool is_text(span s, const char *text)
{
    return (size_t)(s.end - s.at) == strlen(text) && !memcmp(s.at, text, strlen(text));
}

static bool same(span a, span b)
{
    return a.end - a.at == b.end - b.at && !memcmp(a.at, b.at, (size_t)(a.end - a.at));
}

/* The only field of this number; an empty one if there is none. */
static field get(span message, int number)
{
    field f, found = {0};

    while (next(&f, &message)) {
        if (f.number != number) continue;
        assert_int_equal(found.number, 0);
        found = f;
    }
    return found;
}

/* -- a model in a file -------------------------------------------------------------------------- */

enum { MOST_VALUES = 8192 };

typedef struct contents {
    char *data;
    span graph;
    span values[MOST_VALUES]; /* names */
    bool read[MOST_VALUES];   /* by a node or an output */
    bool is_stored[MOST_VALUES];
    int n_values, n_nodes, n_resizes;
} contents;

static contents found;

static int index_of(span name)
{
    for (int i = 0; i < found.n_values; i++)
        if (same(found.values[i], name)) return i;
    return -1;
}

static void define(span name, bool is_stored)
{
    if (index_of(name) >= 0)
        fail_msg("%.*s occurs twice", (int)(name.end - name.at), (const char *)name.at);
    assert_true(found.n_values < MOST_VALUES);
    found.is_stored[found.n_values] = is_stored;
    found.read[found.n_values] = false;
    found.values[found.n_values++] = name;
}

static void use(span name)
{
    int i;

    if (name.at == name.end) return; /* an absent input */
    i = index_of(name);
    if (i < 0)
        fail_msg("%.*s is read before it is there", (int)(name.end - name.at),
                 (const char *)name.at);
    found.read[i] = true;
}

static void check_node(span node)
{
    span type = get(node, NODE_TYPE).bytes, rest = node;
    field f;
    int inputs = 0;

    while (next(&f, &rest)) {
        if (f.number != NODE_INPUTS) continue;
        use(f.bytes);
        /* no size is a number in the file */
        if (is_text(type, "Resize") && ++inputs == 4)
            assert_false(found.is_stored[index_of(f.bytes)]);
    }
    found.n_resizes += is_text(type, "Resize");
    define(get(node, NODE_OUTPUT).bytes, false);
    found.n_nodes++;
}

/* float32 [N,channels,H,W], or [N,channels,1,1]. */
static void check_value(span value, const char *name, int channels, bool one_pixel)
{
    const char *const dims[] = {"N", NULL, one_pixel ? NULL : "H", one_pixel ? NULL : "W"};
    span tensor = get(get(value, VALUE_TYPE).bytes, TYPE_TENSOR).bytes, shape;
    field f;
    int n = 0;

    assert_true(is_text(get(value, VALUE_NAME).bytes, name));
    assert_int_equal(get(tensor, TENSOR_ELEMENT).value, 1);
    shape = get(tensor, TENSOR_SHAPE).bytes;
    for (; next(&f, &shape); n++) {
        assert_true(n < 4);
        if (dims[n])
            assert_true(is_text(get(f.bytes, DIM_NAME).bytes, dims[n]));
        else
            assert_int_equal(get(f.bytes, DIM_VALUE).value, n == 1 ? channels : 1);
    }
    assert_int_equal(n, 4);
}

/* Reads the file and checks that every value is there before it is read, and is read. */
static void read_model(int classes, bool one_pixel)
{
    size_t size;
    field f;
    span whole, opset, rest;

    encnet__free(found.data);
    found = (contents){0};
    assert_ok(encnet__file_read(&found.data, &size, model, 1u << 30));
    whole = (span){(const uint8_t *)found.data, (const uint8_t *)found.data + size};
    assert_int_equal(get(whole, MODEL_IR_VERSION).value, 7);
    opset = get(whole, MODEL_OPSET).bytes;
    assert_int_equal(get(opset, OPSET_VERSION).value, 13);
    found.graph = get(whole, MODEL_GRAPH).bytes;

    check_value(get(found.graph, GRAPH_INPUT).bytes, "image", 3, false);
    check_value(get(found.graph, GRAPH_OUTPUT).bytes, "logits", classes, one_pixel);
    define(get(get(found.graph, GRAPH_INPUT).bytes, VALUE_NAME).bytes, false);
    for (rest = found.graph; next(&f, &rest);)
        if (f.number == GRAPH_STORED) define(get(f.bytes, STORED_NAME).bytes, true);
    for (rest = found.graph; next(&f, &rest);)
        if (f.number == GRAPH_NODE) check_node(f.bytes);
    use(get(get(found.graph, GRAPH_OUTPUT).bytes, VALUE_NAME).bytes);
    for (int i = 0; i < found.n_values; i++)
        if (!found.read[i])
            fail_msg("nothing reads %.*s", (int)(found.values[i].end - found.values[i].at),
                     (const char *)found.values[i].at);
}

/* -- writing ------------------------------------------------------------------------------------- */

/* The bytes of a weight are those of (start + i) * 40503 / 256, and start is made from its name. */
static uint64_t start_of(const char *name)
{
    return encnet__hash(ENCNET__FNV, name, strlen(name));
}

static uint8_t byte_at(uint64_t start, size_t i)
{
    return (uint8_t)((start + i) * 40503 >> 8);
}

static encnet_status read_weight(void *user, const char *name, void *out, size_t bytes)
{
    uint64_t start = start_of(name);

    (void)user;
    for (size_t i = 0; i < bytes; i++) ((uint8_t *)out)[i] = byte_at(start, i);
    return ENCNET_OK;
}

static encnet_options options_of(const char *network, const char *backbone)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = network;
    o.model.backbone = backbone;
    o.model.classes = 5;
    o.model.channels = 32;
    o.model.aux_channels = 4;
    o.model.ocr_channels = 4;
    return o;
}

/* The weights that the network would have in a file. */
static encnet__file_tensor *tensors_of(const encnet__weights *w, encnet__type type)
{
    encnet__file_tensor *t = calloc((size_t)encnet__weights_count(w), sizeof *t);

    assert_non_null(t);
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        t[i] = (encnet__file_tensor){.name = p->name, .type = type, .n_dims = p->n_dims};
        if (p->kind == ENCNET__COUNTER) t[i].type = ENCNET__I64;
        for (int d = 0; d < p->n_dims; d++) t[i].dims[d] = (uint64_t)p->dims[d];
        assert_true(encnet__file_tensor_pack(&t[i]));
    }
    return t;
}

/* Makes the model of a network and, with `write`, its file. */
static void make(const encnet_options *o, encnet__type type, bool write)
{
    encnet__weights *w = NULL;
    encnet__onnx *m = NULL;
    encnet__file_tensor *tensors;

    assert_ok(encnet__weights_new(&w, NULL));
    assert_ok(encnet__network_declare(w, o));
    tensors = tensors_of(w, type);
    if (encnet__onnx_of(&m, o, w, tensors, (size_t)encnet__weights_count(w)) != ENCNET_OK)
        fail_msg("%s on %s: %s", o->model.network, o->model.backbone, encnet_last_error());
    encnet__onnx_property(m, "key", "a value");
    if (write) assert_ok(encnet__onnx_write(m, model, read_weight, NULL));
    encnet__onnx_free(m);
    encnet__weights_free(w);
    free(tensors);
}

static void check_weights(encnet__type type)
{
    static const int numbers[] = {[ENCNET__F32] = 1, [ENCNET__F16] = 10, [ENCNET__BF16] = 16};
    span rest = found.graph;
    field f;
    int n = 0;

    while (next(&f, &rest)) {
        char name[128];
        uint64_t start;
        span tensor = f.bytes, text, bytes;
        if (f.number != GRAPH_STORED) continue;
        text = get(tensor, STORED_NAME).bytes;
        bytes = get(tensor, STORED_BYTES).bytes;
        snprintf(name, sizeof name, "%.*s", (int)(text.end - text.at), (const char *)text.at);
        if (strchr(name, ':')) continue; /* a constant */
        n++;
        start = start_of(name);
        assert_int_equal(get(tensor, STORED_TYPE).value, numbers[type]);
        for (size_t i = 0; bytes.at + i < bytes.end; i++)
            if (bytes.at[i] != byte_at(start, i)) fail_msg("%s has changed at byte %zu", name, i);
    }
    assert_in_range(n, 20, 2000);
}

/* -- tests --------------------------------------------------------------------------------------- */

/* Every operator of every network has a form in ONNX, and every size comes from the image. */
/* Whether the backbone has the feature maps that the network's heads want. */
static bool fits(const encnet_options *o)
{
    encnet__weights *w = NULL;
    encnet_status rc;

    assert_ok(encnet__weights_new(&w, NULL));
    rc = encnet__network_declare(w, o);
    encnet__weights_free(w);
    assert_true(rc == ENCNET_OK || strstr(encnet_last_error(), "feature map"));
    return rc == ENCNET_OK;
}

static void every_network_on_every_backbone(void **state)
{
    const encnet__network *network;
    const encnet__backbone *backbone;

    (void)state;
    for (int i = 0; (network = encnet__network_at(i)); i++)
        for (int b = 0; (backbone = encnet__backbone_at(b)); b++) {
            encnet_options o = options_of(network->name, backbone->name);
            for (int corners = 0; corners < 2 && fits(&o); corners++) {
                o.model.align_corners = corners;
                make(&o, ENCNET__F32, false);
            }
        }
}

static void files_are_whole(void **state)
{
    const encnet__network *network;

    (void)state;
    for (int i = 0; (network = encnet__network_at(i)); i++) {
        encnet_options o = options_of(network->name, "hrnet_w18s");
        make(&o, ENCNET__F32, true);
        read_model(5, encnet__labels_images(&o));
        check_weights(ENCNET__F32);
        assert_in_range(found.n_resizes, 20,
                        200); /* HRNet's, to multiples of a size, and the heads' */
    }
}

/* Weights of another type stay as they are, and nodes convert them. */
static void narrow_weights_are_kept(void **state)
{
    static const encnet__type types[] = {ENCNET__F16, ENCNET__BF16};
    encnet_options o = options_of("encnet", "hrnet_w18s");
    int nodes;

    (void)state;
    make(&o, ENCNET__F32, true);
    read_model(5, false);
    nodes = found.n_nodes;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        make(&o, types[i], true);
        read_model(5, false);
        check_weights(types[i]);
        assert_true(found.n_nodes > nodes + 20);
    }
}

static void a_network_must_be_known(void **state)
{
    encnet__file_tensor t = {.name = "x", .type = ENCNET__F16, .n_dims = 1, .dims = {3}};
    encnet__st_writer *w = NULL;
    char in[128];

    (void)state;
    snprintf(in, sizeof in, "%s/bare.safetensors", dir);
    assert_ok(encnet__st_writer_new(&w, in, &t, 1, NULL, 0));
    assert_ok(encnet__st_writer_put(w, "abcdef", 6));
    assert_ok(encnet__st_writer_commit(w));
    encnet__st_writer_free(w);
    remove(model);
    assert_fails(encnet_convert(NULL, model, in, NULL), ENCNET_E_CHECKPOINT,
                 "does not say which network it is");
    assert_int_not_equal(access(model, F_OK), 0);
}

static int set_up(void **state)
{
    if (make_dir(state) != 0) return -1;
    snprintf(model, sizeof model, "%s/model.onnx", dir);
    return 0;
}

static int tear_down(void **state)
{
    encnet__free(found.data);
    return remove_dir(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_network_on_every_backbone),
        cmocka_unit_test(files_are_whole),
        cmocka_unit_test(narrow_weights_are_kept),
        cmocka_unit_test(a_network_must_be_known),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
