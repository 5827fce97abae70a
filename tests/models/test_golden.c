/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_golden.c - whole networks against mmsegmentation: logits, ten training steps, first
 * gradients, last weights.
 *
 * The numbers in tests/golden/models are from a float64 run; each comes with the distance of
 * PyTorch's float32 run from it. Every file there is a test. Ours may be three times as far, plus what the printed digits leave
 * open.  Weights, images and labels are made by the formulas of make.py (support/formula.h).
 */
#define _POSIX_C_SOURCE 200809L
#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/models.h"
#include "support/compare.h"
#include "support/formula.h"
#include "support/scan.h"
#include "train/sgd.h"

enum { CLASSES = 5, STEPS = 10, PROBES = 8 };
static const double YARD = 3, PRINTED = 2e-8;
/* A tensor's float32 noise is itself a draw: where PyTorch happened to come close to float64, this much is allowed. */
static const double FLOOR = 1e-6;
/* From the first backward pass on, a value next to a kink (ReLU, max) may fall on its other side in one program and not
 * in the other; a single one moves the gradients of a map of some hundred pixels by half of this ... (test_gradient.c,
 * whose weights keep away from kinks, looks closer.) */
static const double FLOOR_GRADIENT = 2e-2;
/* ... and the losses of the steps that follow, at this learning rate, by half of this. */
static const double FLOOR_LATER = 6e-4;
/* More than float64 leaves of a gradient that is zero. */
static const double ZERO = 1e-12;

static encnet_device *device;

static void picture(float *x, int i, int h, int w, const encnet_augment_options *norm)
{
    uint8_t *rgb = malloc((size_t)h * (size_t)w * 3);

    assert_non_null(rgb);
    formula_picture(rgb, i, h, w);
    for (int j = 0; j < h * w * 3; j++)
        x[j] = ((float)rgb[j] - (float)norm->mean[j % 3]) / (float)norm->std[j % 3];
    free(rgb);
}

/* One network and the lines of its golden file. */
typedef struct golden {
    FILE *f;
    char line[1 << 20];
    int h, w, n;
    bool labels_images;
    const encnet_augment_options *norm;
    double lr; /* of the ten training steps */
    double worst;
    double chaos; /* the largest relative noise of any loss so far: what one step disturbs, the next
                     ones amplify */
} golden;

static const char *next_line(golden *g)
{
    do assert_non_null(fgets(g->line, sizeof g->line, g->f));
    while (g->line[0] == '#');
    return g->line;
}

/* The golden file names nothing that has not been compared. */
static void expect_end(golden *g)
{
    if (fgets(g->line, sizeof g->line, g->f)) fail_msg("left in the golden file: %.80s", g->line);
}

static void compare(golden *g, const char *what, double distance, double noise, double floor_)
{
    double allowed = YARD * noise + floor_;

    g->worst = max_or_nan(g->worst, distance / allowed);
    if (!is_close(distance, 0, allowed))
        fail_msg("%s is %.3g from float64, PyTorch's float32 is %.3g", what, distance, noise);
}

/* Relative rms of ours against the golden's values. */
static double distance_of(const double *a, const double *b, size_t n)
{
    double d = 0, s = 0;

    for (size_t i = 0; i < n; i++) {
        d += (a[i] - b[i]) * (a[i] - b[i]);
        s += b[i] * b[i];
    }
    return sqrt(d / (s + 1e-300));
}

/* Every 13th logit is in the file, and of a few every one. */
static size_t logit_step(size_t count)
{
    return count > 100 ? 13 : 1;
}

static void check_logits(golden *g, encnet_model *m)
{
    encnet__graph *graph;
    encnet__tensor t;
    float *x = malloc(sizeof *x * 3 * (size_t)(g->h * g->w)), *z;
    size_t count, n = 0;
    double noise, *ours, *theirs;
    const char *at;

    picture(x, 0, g->h, g->w, g->norm);
    assert_int_equal(encnet__model_inference_graph(&graph, m, 1, g->h, g->w, ENCNET__WANT_LOGITS),
                     ENCNET_OK);
    t = encnet__graph_tensor(graph, "image");
    assert_int_equal(encnet__write(t.buffer, 0, x, sizeof *x * 3 * (size_t)(g->h * g->w)),
                     ENCNET_OK);
    assert_int_equal(encnet__graph_forward(graph, 0, 0), ENCNET_OK);
    t = encnet__graph_tensor(graph, "logits");
    assert_int_equal(scan_text(next_line(g), "logits %zu noise %lf", &count, &noise), 2);
    assert_int_equal(count, encnet__shape_count(t.shape));
    z = malloc(count * sizeof *z);
    ours = malloc(count * sizeof *ours);
    theirs = malloc(count * sizeof *theirs);
    assert_int_equal(encnet__read(z, t.buffer, 0, count * sizeof *z), ENCNET_OK);
    at = next_line(g);
    for (size_t i = 0; i < count;
         i += logit_step(count), n++) { /* the file is [M,H,W], ours [H,W,M] */
        size_t c = i / (count / CLASSES), p = i % (count / CLASSES);
        ours[n] = z[p * CLASSES + c];
        theirs[n] = scan_real(&at);
    }
    compare(g, "logits", distance_of(ours, theirs, n), noise, FLOOR);
    free(x);
    free(z);
    free(ours);
    free(theirs);
    encnet__model_drop_inference(m);
}

/* Takes the loss called `name` out of the terms: each has one line of the golden file. */
static double take_loss(encnet__term *terms, int n_terms, const char *name)
{
    for (int t = 0; t < n_terms; t++)
        if (terms[t].is_loss && !strcmp(terms[t].name, name)) {
            terms[t].is_loss = false;
            return terms[t].value;
        }
    fail_msg("the golden loss %s has no counterpart", name);
    return NAN;
}

/* As many lines as the network has losses; one more would be of this step where the next is due. */
static void check_terms(golden *g, int step, encnet__graph *graph)
{
    encnet__term terms[ENCNET__MAX_TERMS];
    int n_terms, losses = 0;
    double total;

    assert_int_equal(encnet__graph_terms(graph, terms, &n_terms, &total), ENCNET_OK);
    for (int t = 0; t < n_terms; t++) losses += terms[t].is_loss;
    for (; losses > 0; losses--) {
        char name[64];
        double value, noise, ours;
        int it;
        assert_int_equal(
            scan_text(next_line(g), "loss %d %63s %lf noise %lf", &it, name, &value, &noise), 4);
        assert_int_equal(it, step);
        g->chaos = max_or_nan(g->chaos, noise / (fabs(value) + PRINTED));
        ours = take_loss(terms, n_terms, name);
        compare(g, name, fabs(ours - value) / (fabs(value) + PRINTED), g->chaos,
                step ? FLOOR_LATER : FLOOR);
    }
}

/* Lines "KIND NAME rms R noise S p0 .. p7" for every tensor of that kind; frees each, so that none
 * is named twice. */
static void check_tensors(golden *g, encnet__weights *w, const char *kind, int count,
                          float **values)
{
    for (int i = 0; i < count; i++) {
        char found[16], name[160], what[200];
        double rms, noise, ours = 0, theirs[PROBES], probes[PROBES];
        int used, index;
        const char *at = next_line(g);
        size_t n;
        assert_int_equal(
            scan_text(at, "%15s %159s rms %lf noise %lf%n", found, name, &rms, &noise, &used), 4);
        assert_string_equal(found, kind);
        index = encnet__weights_find(w, name);
        assert_true(index >= 0);
        assert_non_null(values[index]);
        n = encnet__param_count(encnet__weights_at(w, index));
        at += used;
        for (int p = 0; p < PROBES; p++) {
            theirs[p] = scan_real(&at);
            probes[p] = values[index][(n - 1) * (size_t)p / (PROBES - 1)];
        }
        for (size_t j = 0; j < n; j++) ours += (double)values[index][j] * values[index][j];
        ours = sqrt(ours / (double)n);
        if (rms < ZERO) { /* the derivative of a bias in front of a batch norm: rounding alone */
            compare(g, name, ours, 0, FLOOR);
            free(values[index]);
            values[index] = NULL;
            continue;
        }
        snprintf(what, sizeof what, "rms of %s %s", kind, name);
        compare(g, what, fabs(ours - rms) / (rms + 1e-30), noise, FLOOR_GRADIENT);
        snprintf(what, sizeof what, "elements of %s %s", kind, name);
        for (int p = 0; p < PROBES; p++) /* one element may be further off than the rms of all */
            compare(g, what, fabs(probes[p] - theirs[p]) / (rms + 1e-30) / 4, noise,
                    FLOOR_GRADIENT);
        free(values[index]);
        values[index] = NULL;
    }
}

static void read_all(encnet__weights *w, bool gradients, float **values, int *count)
{
    *count = 0;
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        values[i] = NULL;
        if (p->kind == ENCNET__COUNTER || (gradients && !p->trainable)) continue;
        values[i] = malloc(sizeof(float) * encnet__param_count(p));
        assert_int_equal(encnet__param_read(values[i], p, gradients ? p->grad : p->value),
                         ENCNET_OK);
        ++*count;
    }
}

static void step(encnet__weights *w, double lr)
{
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        encnet__sgd_weights moved = {p->value,  p->momentum, p->grad, encnet__param_count(p),
                                     (float)lr, 5e-4f};
        if (!p->trainable) continue;
        assert_int_equal(encnet__sgd_step(device, &moved, 1, (encnet__sgd_rule){0.9f, 1, false}),
                         ENCNET_OK);
    }
}

/* The label of place i of a batch, that of `image`: every pixel, or one class, none of which is ignored. */
static void labels(const golden *g, int32_t *l, int i, int image)
{
    if (!g->labels_images) {
        formula_labels(l + i * g->h * g->w, image, g->h, g->w, CLASSES);
        return;
    }
    formula_labels(l + i, image, 1, 1, CLASSES);
    if (l[i] == ENCNET_IGNORE) l[i] = 0;
}

static void train(golden *g, encnet_model *m)
{
    encnet__weights *w = encnet__model_weights(m);
    int n_weights = encnet__weights_count(w), n_grads, n_values;
    size_t pixels = (size_t)(g->h * g->w), size = pixels * (size_t)g->n;
    float *x = malloc(sizeof *x * 3 * size), **grads = malloc(sizeof *grads * (size_t)n_weights);
    float **values = malloc(sizeof *values * (size_t)n_weights);
    int32_t *l = malloc(sizeof *l * size);
    encnet__tensor label;
    encnet__graph *graph;

    assert_int_equal(encnet__model_training_graph(&graph, m, g->n, g->h, g->w), ENCNET_OK);
    for (int it = 0; it < STEPS; it++) {
        for (int i = 0; i < g->n; i++) {
            picture(x + 3 * pixels * (size_t)i, it * g->n + i, g->h, g->w, g->norm);
            labels(g, l, i, it * g->n + i);
        }
        assert_int_equal(
            encnet__write(encnet__graph_tensor(graph, "image").buffer, 0, x, sizeof *x * 3 * size),
            0);
        label = encnet__graph_tensor(graph, "label");
        assert_int_equal(
            encnet__write(label.buffer, 0, l, sizeof *l * encnet__shape_count(label.shape)), 0);
        assert_int_equal(encnet__graph_forward(graph, 0, (uint32_t)it), ENCNET_OK);
        assert_int_equal(encnet__graph_backward(graph, false, NULL), ENCNET_OK);
        if (it == 0) read_all(w, true, grads, &n_grads);
        step(w, g->lr);
        check_terms(g, it, graph);
    }
    read_all(w, false, values, &n_values);
    check_tensors(g, w, "grad", n_grads, grads);
    check_tensors(g, w, "weight", n_values, values);
    expect_end(g);
    free(grads);
    free(values);
    free(x);
    free(l);
}

/* Sets the options of the line "options model.network=encnet ...", which stay borrowed from it. */
static void read_options(encnet_options *o, char *line)
{
    char *word = strtok(line, " \n");

    assert_non_null(word);
    assert_string_equal(word, "options");
    encnet_options_default(o);
    while ((word = strtok(NULL, " \n"))) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value = '\0';
        if (encnet_options_set(o, word, value + 1) != ENCNET_OK)
            fail_msg("%s", encnet_last_error());
    }
}

/* The network of the golden file *state. */
static void network_is_mmsegmentations(void **state)
{
    golden *g = calloc(1, sizeof *g);
    encnet_options o;
    encnet_model *m = NULL;

    assert_non_null(g);
    g->f = fopen(*state, "r");
    assert_non_null(g->f);
    next_line(g);
    read_options(&o, g->line);
    g->norm = &o.augment;
    if (encnet__model_new_training(&m, device, &o) != ENCNET_OK)
        fail_msg("%s", encnet_last_error());
    g->labels_images = encnet_model_labels_images(m);
    assert_int_equal(scan_text(next_line(g), "size %d %d %d lr %lf", &g->h, &g->w, &g->n, &g->lr),
                     4);
    formula_weights(encnet__model_weights(m));
    check_logits(g, m);
    train(g, m);
    print_message("%s: at most %.2f of what is allowed\n", (const char *)*state, g->worst);
    encnet_model_free(m);
    fclose(g->f);
    free(g);
}

/* test_models_golden [PATTERN]: every golden file, or those whose name without ".txt" fits. */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[64];
    char pattern[512];
    glob_t files;
    int failed;

    if (encnet_device_open(&device, NULL) != ENCNET_OK) return 77;
    snprintf(pattern, sizeof pattern, "%s/golden/models/%s.txt", TEST_DIR,
             argc > 1 ? argv[1] : "*");
    if (glob(pattern, 0, NULL, &files) || files.gl_pathc > COUNT_OF(tests)) return 1;
    for (size_t i = 0; i < files.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
                                       .test_func = network_is_mmsegmentations,
                                       .initial_state = files.gl_pathv[i]};
    failed = _cmocka_run_group_tests("golden", tests, files.gl_pathc, NULL, NULL);
    globfree(&files);
    encnet_device_close(device);
    return failed;
}
