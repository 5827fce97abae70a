/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_storage.c - a graph whose activations are stored in 16 bits against the same graph in float32. */
#include "graph/graph_test.h"

#include <math.h>

enum { IMAGES = 2, SIZE = 48, WIDTH = 16, CLASSES = 5, SEED = 17, MOST_WEIGHTS = 32 };

/* A norm gives SHIFT + SLOPE xhat: ReLU and its gradient are then the same whatever is rounded, unless a value lies five
 * deviations off. */
#define SHIFT 2.5
#define SLOPE 0.5

/* Keeps the gradients, of which a pixel's share is 1 / 4608, above 2^-14, below which float16 loses digits. */
#define LOSS_SCALE 4096

/* Tensors that are stored between the image and the logits, at most. */
#define STORES 14

/*
 * How far the two graphs may be apart, relative to the length of a tensor.  A store changes an element by `unit` times its
 * size at most, and by a third of that in the mean square.  Of a tensor behind a norm the next norm takes the shift away, and
 * that makes the change 1 + SHIFT / SLOPE times as large beside what is left.  The changes by different stores are
 * independent, so their squares add up: forward those of the activations, backward those of the activations twice, which
 * come into the gradient from both factors of a product, and of as many gradients.
 */
static double allowed(double unit, bool backward)
{
    return unit / 3 * (1 + SHIFT / SLOPE) * sqrt(backward ? 3 * STORES : STORES);
}

static encnet__node weight(graph_test *t, encnet__param_kind kind, const int *dims, bool trainable,
                           encnet__init init)
{
    char name[16];

    snprintf(name, sizeof name, "w%d", t->declared++);
    return encnet__graph_param(
        t->g, encnet__weights_declare(t->weights, name, kind, dims, trainable, init));
}

static encnet__node vector(graph_test *t, int c, bool trainable, double value)
{
    return weight(t, ENCNET__VECTOR, &c, trainable,
                  (encnet__init){ENCNET__INIT_CONSTANT, value, 0});
}

static encnet__node conv(graph_test *t, encnet__node x, int k, int size, int dilation, bool bias)
{
    int c = encnet__graph_shape(t->g, x).c, dims[4] = {k, c, size, size};
    encnet__conv2d_attr attr = {1, size / 2 * dilation, dilation, 1, false};
    encnet__init init = {ENCNET__INIT_NORMAL, 1 / sqrt((double)(c * size * size)), 0};
    encnet__node in[] = {x, weight(t, ENCNET__CONV, dims, true, init), ENCNET__NONE, ENCNET__NONE};

    if (bias) in[2] = vector(t, k, true, 0.25);
    return encnet__graph_apply(t->g, &encnet__op_conv2d, &attr, sizeof attr, in, COUNT_OF(in));
}

static encnet__node norm(graph_test *t, encnet__node z, encnet__node a, bool shifts)
{
    int c = encnet__graph_shape(t->g, z).c;
    encnet__batch_norm_attr attr = {1e-5f, 0.1f, true};
    encnet__node in[] = {z, vector(t, c, true, SLOPE), vector(t, c, shifts, SHIFT),
                         a, vector(t, c, false, 0),    vector(t, c, false, 1)};

    return encnet__graph_apply(
        t->g, encnet__graph_training(t->g) ? &encnet__op_batch_norm : &encnet__op_batch_norm_infer,
        &attr, sizeof attr, in, COUNT_OF(in));
}

static encnet__node pool(graph_test *t, const encnet__op *op, encnet__node x, int size, int stride)
{
    encnet__pool_attr attr = {size, stride, size / 2 * (size % 2), false};

    return encnet__graph_apply(t->g, op, &attr, sizeof attr, &x, 1);
}

static encnet__node resize(graph_test *t, encnet__node x, int size)
{
    encnet__resize_attr attr = {size, size, false};

    return encnet__graph_apply(t->g, &encnet__op_resize, &attr, sizeof attr, &x, 1);
}

/* Every operator that is stored in 16 bits, but for the encoding, and some that are not.  The maxima are taken of the
 * image, whose numbers 16 bits hold, so that the same ones win. */
static void lay_out(graph_test *t, encnet_device *dev, bool training, encnet__type storage)
{
    encnet__shape image = {IMAGES, SIZE, SIZE, 3}, labels = {IMAGES, SIZE, SIZE, 1};
    encnet__dropout_attr dropout = {0.25f, true};
    encnet__channel_scale_attr plus = {1};
    encnet__cross_entropy_attr average = {true};
    encnet__node x, skip, in[2], logits, label;

    graph_test_begin(t, dev, training);
    encnet__graph_set_storage(t->g, storage);
    x = encnet__graph_input(t->g, "image", image, ENCNET__F32);
    x = pool(t, &encnet__op_max_pool, x, 3, 2);
    skip = norm(t, conv(t, x, WIDTH, 3, 1, false), ENCNET__NONE, true);
    /* The norm behind this one takes its shift away, so that the gradient of that is nothing but rounding. */
    x = norm(t, conv(t, skip, WIDTH, 3, 2, false), ENCNET__NONE, false);
    x = norm(t, conv(t, x, WIDTH, 1, 1, false), skip, true);
    in[0] = x;
    in[1] = graph_test_relu(t, resize(t, pool(t, &encnet__op_avg_pool, x, 2, 2), SIZE / 2));
    x = encnet__graph_apply(t->g, &encnet__op_concat, NULL, 0, in, 2);
    in[0] = x;
    in[1] = pool(t, &encnet__op_avg_pool, x, 0, 0);
    in[1] = encnet__graph_apply(t->g, &encnet__op_sigmoid, NULL, 0, &in[1], 1);
    x = encnet__graph_apply(t->g, &encnet__op_channel_scale, &plus, sizeof plus, in, 2);
    if (training)
        x = encnet__graph_apply(t->g, &encnet__op_dropout, &dropout, sizeof dropout, &x, 1);
    logits = resize(t, conv(t, x, CLASSES, 1, 1, true), SIZE);
    encnet__graph_output(t->g, "logits", logits);
    if (!training) return;
    label = encnet__graph_input(t->g, "label", labels, ENCNET__I32);
    encnet__graph_loss(t->g, "loss",
                       encnet__graph_apply(t->g, &encnet__op_cross_entropy, &average,
                                           sizeof average, (encnet__node[]){logits, label}, 2),
                       LOSS_SCALE);
}

/* What one run of the graph leaves behind. */
typedef struct result {
    encnet__graph_plan plan;
    float *logits, *gradients; /* those of all weights, one behind the other */
    size_t n_logits, counts[MOST_WEIGHTS];
    char names[MOST_WEIGHTS][32];
    int n_weights;
    double loss;
} result;

static void write_inputs(graph_test *t, bool training)
{
    encnet__tensor image = encnet__graph_tensor(t->g, "image"),
                   label = encnet__graph_tensor(t->g, "label");
    size_t count = encnet__shape_count(image.shape);
    encnet__rng r = encnet__rng_at(SEED, 0, 0, 0);
    float *x = malloc(count * sizeof *x);
    int32_t *l = malloc(count * sizeof *l);

    assert_true(x && l);
    for (size_t i = 0; i < count; i++) x[i] = (float)((int)encnet__rng_below(&r, 128) - 64) / 32;
    for (size_t i = 0; i < count / 3; i++) l[i] = (int32_t)((x[3 * i] + 2) * CLASSES / 4);
    assert_ok(encnet__write(image.buffer, 0, x, count * sizeof *x));
    if (training)
        assert_ok(encnet__write(label.buffer, 0, l, encnet__shape_bytes(label.shape, label.type)));
    free(x);
    free(l);
}

static void read_gradients(result *out, const encnet__weights *w)
{
    size_t most = 0, at = 0;

    for (int i = 0; i < encnet__weights_count(w); i++)
        most += encnet__param_count(encnet__weights_at(w, i));
    out->gradients = malloc(most * sizeof(float));
    assert_non_null(out->gradients);
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        if (!p->trainable) continue;
        assert_true(out->n_weights < MOST_WEIGHTS);
        assert_ok(encnet__param_read(out->gradients + at, p, p->grad));
        snprintf(out->names[out->n_weights], sizeof *out->names, "gradient of %s", p->name);
        out->counts[out->n_weights++] = encnet__param_count(p);
        at += encnet__param_count(p);
    }
}

static void run(result *out, bool training, encnet__type storage)
{
    graph_test t;
    encnet__tensor logits;
    encnet__term terms[ENCNET__MAX_TERMS];
    int n_terms;

    *out = (result){.loss = 0};
    lay_out(&t, test_device, training, storage);
    assert_ok(encnet__graph_make_plan(t.g, false));
    out->plan = encnet__graph_plan_of(t.g);
    assert_ok(encnet__weights_allocate(t.weights,
                                       training ? ENCNET__FOR_TRAINING : ENCNET__FOR_INFERENCE));
    assert_ok(encnet__weights_init(t.weights, SEED, NULL));
    assert_ok(encnet__graph_allocate(t.g));
    write_inputs(&t, training);
    if (!training) assert_ok(encnet__graph_refresh(t.g));
    assert_ok(encnet__graph_forward(t.g, SEED, 1));
    if (training) {
        assert_ok(encnet__graph_backward(t.g, false, NULL));
        assert_ok(encnet__graph_terms(t.g, terms, &n_terms, &out->loss));
        read_gradients(out, t.weights);
    }
    logits = encnet__graph_tensor(t.g, "logits");
    assert_int_equal(logits.type, ENCNET__F32);
    out->n_logits = encnet__shape_count(logits.shape);
    out->logits = malloc(out->n_logits * sizeof(float));
    assert_non_null(out->logits);
    assert_ok(encnet__read(out->logits, logits.buffer, 0, out->n_logits * sizeof(float)));
    graph_test_end(&t);
}

static void result_free(result *r)
{
    free(r->logits);
    free(r->gradients);
}

/* |a - b| / |b| */
static double distance(const float *a, const float *b, size_t count)
{
    double off = 0, size = 0;

    for (size_t i = 0; i < count; i++) {
        off += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    return sqrt(off / size);
}

/* Close, but not equal: something has been rounded to `unit`. */
static void assert_near(const char *what, double off, double unit, bool backward)
{
    print_message("    %s: off by %.3g, allowed %.3g\n", what, off, allowed(unit, backward));
    assert_close(off, 0, allowed(unit, backward));
    assert_true(off > unit / 16);
}

/* Every weight's gradient on its own. */
static void compare_gradients(const result *half, const result *whole, double unit)
{
    const float *a = half->gradients, *b = whole->gradients;

    for (int i = 0; i < whole->n_weights; a += whole->counts[i], b += whole->counts[i], i++)
        assert_near(whole->names[i], distance(a, b, whole->counts[i]), unit, true);
}

/* Of what lives from forward to backward the image, the labels and the logits take four bytes in both graphs; the rest is
 * halved, but for statistics and the bytes of max_pool.  Scratch and prepared weights stay float32. */
static void compare_memory(const encnet__graph_plan *half, const encnet__graph_plan *whole,
                           bool training)
{
    size_t same = sizeof(float) * IMAGES * SIZE * SIZE * (3 + 1 + CLASSES);

    print_message("    memory %zu, in float32 %zu; stored for backward %zu, %zu\n",
                  half->activations, whole->activations, half->activations_stored,
                  whole->activations_stored);
    assert_true(half->activations * 4 < whole->activations * 3);
    if (!training) return;
    assert_true(half->activations_stored > same);
    assert_true((half->activations_stored - same) * 200 < (whole->activations_stored - same) * 105);
}

static void compare(bool training, encnet__type storage, double unit)
{
    result half, whole;

    if (test_is_oclgrind(test_device)) skip();
    run(&whole, training, ENCNET__F32);
    run(&half, training, storage);
    assert_near("logits", distance(half.logits, whole.logits, whole.n_logits), unit, false);
    if (training) {
        compare_gradients(&half, &whole, unit);
        assert_close(half.loss, whole.loss, allowed(unit, false) * whole.loss);
    }
    compare_memory(&half.plan, &whole.plan, training);
    result_free(&half);
    result_free(&whole);
}

static void inference_in_float16(void **state)
{
    (void)state;
    compare(false, ENCNET__F16, 0x1p-11);
}

static void training_in_float16(void **state)
{
    (void)state;
    compare(true, ENCNET__F16, 0x1p-11);
}

static void inference_in_bfloat16(void **state)
{
    (void)state;
    compare(false, ENCNET__BF16, 0x1p-8);
}

static void training_in_bfloat16(void **state)
{
    (void)state;
    compare(true, ENCNET__BF16, 0x1p-8);
}

/* Every tensor that may be stored in 16 bits is, but for the enlarged logits; every other is not, and
 * each is cast once. */
static void types_of_nodes(void **state)
{
    graph_test t;

    (void)state;
    lay_out(&t, NULL, true, ENCNET__BF16);
    assert_ok(encnet__pass_storage(t.g));
    for (int n = 0; n < t.g->n_nodes; n++) {
        const node *v = &t.g->nodes[n];
        bool enlarges_logits = v->op == &encnet__op_resize && v->shape.c == CLASSES;
        encnet__type narrow = enlarges_logits ? ENCNET__F32 : ENCNET__BF16;
        if (v->kind != NODE_OP || v->op == &encnet__op_cast) continue;
        assert_int_equal(v->type, v->op->out_is_narrow ? narrow : ENCNET__F32);
        for (int i = 0; i < v->n_in; i++) {
            if (v->in[i] == ENCNET__NONE || (v->op->integers >> i & 1)) continue;
            assert_true(v->in[i] < n);
            assert_int_equal(t.g->nodes[v->in[i]].type,
                             v->op->narrow >> i & 1 ? narrow : ENCNET__F32);
        }
    }
    /* the image, the gate, and the logits before they are enlarged */
    assert_int_equal(graph_test_count(&t, &encnet__op_cast), 3);
    graph_test_end(&t);
}

static void refuses_other_types(void **state)
{
    graph_test t;

    (void)state;
    lay_out(&t, NULL, false, ENCNET__U8);
    assert_fails(encnet__graph_make_plan(t.g, false), ENCNET_E_ARG, "not as U8");
    graph_test_end(&t);
}

/* Transformed tiles would outweigh activations as small as these, and stay float32. */
static int set_up(void **state)
{
    encnet_device_options options;
    encnet_device *strict;

    if (test_device_set_up(state)) return 1;
    options = *encnet__device_options_of(test_device);
    options.accuracy = "strict";
    assert_ok(encnet_device_open(&strict, &options));
    encnet_device_close(test_device);
    test_device = strict;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_nodes),        cmocka_unit_test(refuses_other_types),
        cmocka_unit_test(inference_in_float16),  cmocka_unit_test(training_in_float16),
        cmocka_unit_test(inference_in_bfloat16), cmocka_unit_test(training_in_bfloat16),
    };

    return cmocka_run_group_tests(tests, set_up, test_device_tear_down);
}
