/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_gradient.c - the gradient of every parameter of whole networks against mmsegmentation,
 * sharply.
 *
 * The networks of tests/golden/gradient have no value near a kink (ReLU, max), so rounding moves none
 * across it.  In test_golden.c it does, and one such value changes gradients by a thousandth.  Ours
 * may be YARD times as far from float64 as PyTorch's float32.  A projection, the sum of all
 * elements with random signs, catches an error anywhere; its distance is that of the whole tensor
 * times a normal number, of which TAIL is hardly ever exceeded.
 *
 * They have no dropout, because PyTorch cannot draw its masks; dropout_of_a_step() checks it in a
 * network.
 */
#include "support/support.h"

#include <math.h>

#include "models/models.h"
#include "support/formula.h"
#include "support/scan.h"

enum { CLASSES = 5, WIDTH = 24, AUX = 16, PROJECTIONS = 4 };
static const double SHIFT = 8, YARD = 3, TAIL = 4, PRINTED = 1e-8;
static const double ROUNDING = 1.0 / (1 << 24); /* nobody's float32 is nearer but by luck */
static const uint64_t PROJECTION_STEP = 0x51ED2701;

/* Batch norm keeps even channels on and odd ones off: a bias beside a running mean. */
static void shift(encnet__weights *w)
{
    for (int i = 0; i + 1 < encnet__weights_count(w); i++) {
        encnet__param *p = encnet__weights_at(w, i);
        const char *next = encnet__weights_at(w, i + 1)->name;
        size_t count = encnet__param_count(p), end = strlen(next) - strlen("running_mean");
        float *host;

        if (!strstr(next, ".running_mean") || strncmp(next, p->name, end) != 0) continue;
        host = calloc(count, sizeof *host);
        assert_non_null(host);
        for (size_t c = 0; c < count; c++) host[c] = (float)(c % 2 ? -SHIFT : SHIFT);
        assert_ok(encnet__param_write(p, p->value, host));
        free(host);
    }
}

static void write_batch(encnet__graph *graph, const encnet_augment_options *norm, int first, int n,
                        int h, int w)
{
    size_t pixels = (size_t)h * (size_t)w, count = pixels * (size_t)n;
    uint8_t *rgb = malloc(pixels * 3);
    float *x = malloc(count * 3 * sizeof *x);
    int32_t *y = malloc(count * sizeof *y);

    assert_true(rgb && x && y);
    for (int i = 0; i < n; i++) {
        float *image = x + pixels * 3 * (size_t)i;
        formula_picture(rgb, first + i, h, w);
        for (size_t j = 0; j < pixels * 3; j++)
            image[j] = ((float)rgb[j] - (float)norm->mean[j % 3]) / (float)norm->std[j % 3];
        formula_labels(y + pixels * (size_t)i, first + i, h, w, CLASSES);
    }
    assert_ok(
        encnet__write(encnet__graph_tensor(graph, "image").buffer, 0, x, count * 3 * sizeof *x));
    assert_ok(encnet__write(encnet__graph_tensor(graph, "label").buffer, 0, y, count * sizeof *y));
    free(rgb);
    free(x);
    free(y);
}

/* A golden line "NAME rms noise p0 .. p3" against the gradient g[n]; the distance over what is
 * allowed. */
static double compare(const char *line, const char *name, const float *g, size_t n)
{
    double rms, noise, golden[PROJECTIONS], square = 0, worst = 0;
    char found[160];

    assert_int_equal(scan_text(line, "%159s %lf %lf %lf %lf %lf %lf", found, &rms, &noise,
                               &golden[0], &golden[1], &golden[2], &golden[3]),
                     3 + PROJECTIONS);
    assert_string_equal(found, name);
    if (noise < ROUNDING) noise = ROUNDING; /* NaN stays and fails */
    for (size_t i = 0; i < n; i++) square += (double)g[i] * g[i];
    worst = fabs(sqrt(square / (double)n) / rms - 1) / (YARD * noise + PRINTED);
    for (int p = 0; p < PROJECTIONS; p++) {
        double sum = 0, apart;
        for (size_t i = 0; i < n; i++)
            sum += formula_mix(i + (uint64_t)p * PROJECTION_STEP) < 0.5 ? -g[i] : g[i];
        apart = fabs(sum / (rms * sqrt((double)n)) - golden[p]) / (TAIL * YARD * noise + PRINTED);
        worst = max_or_nan(worst, apart);
    }
    if (!(worst <= 1))
        fail_msg("%s: %.1f times what is allowed; PyTorch's float32 is %.3g from float64", name,
                 worst, noise);
    return worst;
}

static void check(const char *name, const encnet_options *o)
{
    char path[512], line[512];
    encnet_model *m = NULL;
    encnet__graph *graph;
    encnet__weights *w;
    int H, W, N, first, checked = 0;
    double worst = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/golden/gradient/%s.txt", TEST_DIR, name);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "#%*[^\n]\n"), 0);
    assert_int_equal(fscanf(f, "size %d %d %d first %d\n", &H, &W, &N, &first), 4);
    assert_ok(encnet__model_new_training(&m, test_device, o));
    w = encnet__model_weights(m);
    formula_weights(w);
    shift(w);
    assert_ok(encnet__model_training_graph(&graph, m, N, H, W));
    write_batch(graph, &o->augment, first, N, H, W);
    assert_ok(encnet__graph_forward(graph, 0, 0));
    assert_ok(encnet__graph_backward(graph, false, NULL));
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        float *g;
        if (!p->trainable) continue;
        g = malloc(encnet__param_count(p) * sizeof *g);
        assert_non_null(g);
        assert_ok(encnet__param_read(g, p, p->grad));
        assert_non_null(fgets(line, sizeof line, f));
        worst = max_or_nan(worst, compare(line, p->name, g, encnet__param_count(p)));
        free(g);
        checked++;
    }
    assert_null(fgets(line, sizeof line, f));
    print_message("%s: %d gradients, at most %.2f of what is allowed\n", name, checked, worst);
    fclose(f);
    encnet_model_free(m);
}

static encnet_options options_of(const char *network, const char *backbone)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = network;
    o.model.backbone = backbone;
    o.model.classes = CLASSES;
    o.model.channels = WIDTH;
    o.model.aux_channels = AUX;
    o.model.dropout = 0;
    return o;
}

static void encnet_r18_lateral_corners(void **state)
{
    encnet_options o = options_of("encnet", "resnet18_v1c");

    (void)state;
    assert_ok(encnet_options_set(&o, "model.codewords", "5"));
    assert_ok(encnet_options_set(&o, "model.lateral", "yes"));
    o.model.align_corners = true;
    check("encnet_r18_lateral_corners", &o);
}

static void encnet_r50(void **state)
{
    encnet_options o = options_of("encnet", "resnet50");

    (void)state;
    assert_ok(encnet_options_set(&o, "model.codewords", "32"));
    check("encnet_r50", &o);
}

static void fcn_r18(void **state)
{
    encnet_options o = options_of("fcn", "resnet18");

    (void)state;
    check("fcn_r18", &o);
}

static void deeplabv3_r18_v1c(void **state)
{
    encnet_options o = options_of("deeplabv3", "resnet18_v1c");

    (void)state;
    check("deeplabv3_r18_v1c", &o);
}

static void deeplabv3plus_r18_corners(void **state)
{
    encnet_options o = options_of("deeplabv3plus", "resnet18");

    (void)state;
    o.model.aspp_rates = "1,2,3,5";
    o.model.c1_channels = 8;
    o.model.align_corners = true;
    check("deeplabv3plus_r18_corners", &o);
}

static void fcn_hr18s_corners(void **state)
{
    encnet_options o = options_of("fcn", "hrnet_w18s");

    (void)state;
    o.model.aux_channels = 0;
    o.model.align_corners = true;
    assert_ok(encnet_options_set(&o, "model.head_convs", "1"));
    assert_ok(encnet_options_set(&o, "model.head_kernel", "1"));
    assert_ok(encnet_options_set(&o, "model.head_concat", "no"));
    check("fcn_hr18s_corners", &o);
}

static void fcnplus_r18(void **state)
{
    encnet_options o = options_of("fcnplus", "resnet18");

    (void)state;
    o.model.channels = 32;
    assert_ok(encnet_options_set(&o, "model.output_stride", "32"));
    check("fcnplus_r18", &o);
}

static void ocrnet_r18_v1c(void **state)
{
    encnet_options o = options_of("ocrnet", "resnet18_v1c");

    (void)state;
    o.model.ocr_channels = 12;
    check("ocrnet_r18_v1c", &o);
}

static double loss_of(encnet__graph *graph, uint64_t seed, uint32_t step)
{
    encnet__term terms[ENCNET__MAX_TERMS];
    double total;
    int n;

    assert_ok(encnet__graph_forward(graph, seed, step));
    assert_ok(encnet__graph_terms(graph, terms, &n, &total));
    return total;
}

/* Half the channels dropped: the gradient is that of the mask the forward sweep drew, or it would
 * not tell how the loss changes; another step or seed draws another mask.  The gate's bias moves
 * the loss smoothly: what it scales is not negative, so the ReLU behind it has no kink there. */
static void dropout_of_a_step(void **state)
{
    enum { SIZE = 48, N = 2, SEED = 5, STEP = 7 };
    encnet_options o = options_of("encnet", "resnet18");
    float bias[WIDTH], gradient[WIDTH], moved[WIDTH];
    double square = 0, loss, change[2];
    encnet_model *m = NULL;
    encnet__graph *graph;
    encnet__weights *w;
    encnet__param *p;

    (void)state;
    o.model.dropout = 0.5;
    assert_ok(encnet__model_new_training(&m, test_device, &o));
    w = encnet__model_weights(m);
    formula_weights(w);
    p = encnet__weights_at(w, encnet__weights_find(w, "decode_head.enc_module.fc.0.bias"));
    assert_int_equal(encnet__param_count(p), WIDTH);
    assert_ok(encnet__model_training_graph(&graph, m, N, SIZE, SIZE));
    write_batch(graph, &o.augment, 0, N, SIZE, SIZE);

    loss = loss_of(graph, SEED, STEP);
    assert_ok(encnet__graph_backward(graph, false, NULL));
    assert_true(loss_of(graph, SEED, STEP) == loss);
    assert_true(loss_of(graph, SEED, STEP + 1) != loss);
    assert_true(loss_of(graph, SEED + 1, STEP) != loss);

    assert_ok(encnet__param_read(bias, p, p->value));
    assert_ok(encnet__param_read(gradient, p, p->grad));
    for (int c = 0; c < WIDTH; c++) square += (double)gradient[c] * gradient[c];
    for (int side = 0; side < 2; side++) {
        for (int c = 0; c < WIDTH; c++)
            moved[c] = bias[c] + (side ? 1 : -1) * 0.1f * gradient[c] / (float)sqrt(square);
        assert_ok(encnet__param_write(p, p->value, moved));
        change[side] = loss_of(graph, SEED, STEP) - loss;
    }
    print_message("dropout: slope %.6g, gradient %.6g\n", (change[1] - change[0]) / 0.2,
                  sqrt(square));
    assert_close((change[1] - change[0]) / 0.2 / sqrt(square), 1, 0.01);
    encnet_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropout_of_a_step), cmocka_unit_test(encnet_r18_lateral_corners),
        cmocka_unit_test(encnet_r50),        cmocka_unit_test(fcn_r18),
        cmocka_unit_test(deeplabv3_r18_v1c), cmocka_unit_test(deeplabv3plus_r18_corners),
        cmocka_unit_test(fcn_hr18s_corners), cmocka_unit_test(fcnplus_r18),
        cmocka_unit_test(ocrnet_r18_v1c),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
