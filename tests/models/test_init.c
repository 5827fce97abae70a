/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_init.c - initial weights are drawn from mmsegmentation's distributions: count, mean,
 * deviation, kurtosis and range of every weight against one draw of the original
 * (tests/golden/init, with the script that made it).
 *
 * Both are draws, so every bound is SIGMAS standard deviations of the difference of two.  The seed
 * is fixed.
 */
#include "support/support.h"

#include <math.h>

#include "models/models.h"
#include "support/scan.h"

static const double SIGMAS = 5;
static const double FLAT = 2.4; /* kurtosis: 1.8 of a uniform distribution, 3 of a normal one */
static const double MANY = 500; /* numbers from which on a kurtosis says something */

/* What a line of a golden file says of a weight. */
typedef struct statistics {
    double count, mean, deviation, kurtosis, least, largest;
} statistics;

static statistics of_values(const float *x, size_t count)
{
    statistics s = {.count = (double)count, .least = x[0], .largest = x[0]};
    double fourth = 0;

    for (size_t i = 0; i < count; i++) {
        s.mean += x[i] / s.count;
        s.least = min_or_nan(s.least, x[i]);
        s.largest = max_or_nan(s.largest, x[i]);
    }
    for (size_t i = 0; i < count; i++) s.deviation += pow(x[i] - s.mean, 2) / s.count;
    s.deviation = sqrt(s.deviation);
    for (size_t i = 0; i < count; i++) fourth += pow(x[i] - s.mean, 4) / s.count;
    if (s.deviation > 0) s.kurtosis = fourth / pow(s.deviation, 4);
    return s;
}

static void near(const char *name, const char *what, double ours, double golden, double sigma)
{
    if (!is_close(ours, golden, SIGMAS * sigma))
        fail_msg("%s: %s %g, mmsegmentation's %g, %.1f deviations apart", name, what, ours, golden,
                 fabs(ours - golden) / sigma);
}

/* Deviations of the differences: sqrt(2) times those of one draw.  The ends of a uniform range are
 * approached by its count-th part; those of a normal sample scatter by deviation / sqrt(2 ln
 * count). */
static void compare(const char *name, statistics ours, statistics golden)
{
    double n = golden.count, end;
    bool flat = golden.kurtosis < FLAT;

    assert_true(ours.count == n);
    if (golden.deviation == 0) {
        if (ours.least != golden.mean || ours.largest != golden.mean)
            fail_msg("%s: %g .. %g, mmsegmentation's %g", name, ours.least, ours.largest,
                     golden.mean);
        return;
    }
    near(name, "mean", ours.mean, golden.mean, golden.deviation * sqrt(2 / n));
    near(name, "deviation", ours.deviation, golden.deviation,
         golden.deviation * sqrt((golden.kurtosis - 1) / (2 * n)));
    if (n < MANY) return;
    near(name, "kurtosis", ours.kurtosis, golden.kurtosis, sqrt(2 * (flat ? 2 : 24) / n));
    end = flat ? 2 * (golden.largest - golden.least) / n : golden.deviation / sqrt(log(n));
    near(name, "least", ours.least, golden.least, end);
    near(name, "largest", ours.largest, golden.largest, end);
}

static void read_line(FILE *f, char name[160], statistics *s)
{
    assert_int_equal(scan_file(f, "%159[^,],%lf,%lf,%lf,%lf,%lf,%lf\n", name, &s->count, &s->mean,
                               &s->deviation, &s->kurtosis, &s->least, &s->largest),
                     7);
}

static statistics of_param(const encnet__param *p)
{
    float counter = (float)p->counter, *x;
    statistics s;

    if (p->kind == ENCNET__COUNTER) return of_values(&counter, 1);
    x = encnet__alloc(encnet__param_count(p), sizeof *x);
    assert_non_null(x);
    assert_ok(encnet__param_read(x, p, p->value));
    s = of_values(x, encnet__param_count(p));
    encnet__free(x);
    return s;
}

static void check(const char *file, const encnet_options *o)
{
    char path[512], name[160];
    encnet_model *model = NULL;
    encnet__weights *w;
    statistics golden;
    FILE *f;

    snprintf(path, sizeof path, "%s/golden/init/%s.csv", TEST_DIR, file);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "#%*[^\n]\n"), 0);
    assert_ok(encnet_model_new(&model, test_device, o));
    w = encnet__model_weights(model);
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        read_line(f, name, &golden);
        assert_string_equal(p->name, name);
        compare(name, of_param(p), golden);
    }
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
    encnet_model_free(model);
}

static void encnet_with_laterals_on_basic_blocks(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.channels = 128;
    o.model.aux_channels = 64;
    assert_ok(encnet_options_set(&o, "model.codewords", "512"));
    assert_ok(encnet_options_set(&o, "model.lateral", "yes"));
    check("encnet_r18_lateral", &o);
}

static void fcn_on_bottlenecks(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.model.network = "fcn";
    o.model.channels = 128;
    o.model.aux_channels = 64;
    check("fcn_r50", &o);
}

static void deeplabv3plus_with_depthwise_convolutions(void **state)
{
    encnet_options o;

    (void)state;
    encnet_options_default(&o);
    o.model.network = "deeplabv3plus";
    o.model.backbone = "resnet18_v1c";
    o.model.channels = 128;
    o.model.c1_channels = 12;
    o.model.aux_channels = 64;
    check("deeplabv3plus_r18", &o);
}

/* No block of HRNet starts as the identity. */
static void hrnet_has_no_zero_gammas(encnet__weights *w)
{
    for (int i = 0; i < encnet__weights_count(w); i++) {
        const encnet__param *p = encnet__weights_at(w, i);
        statistics s;
        if (p->kind != ENCNET__VECTOR || !strstr(p->name, ".weight")) continue;
        s = of_param(p);
        if (s.least != 1 || s.largest != 1) fail_msg("%s: %g .. %g", p->name, s.least, s.largest);
    }
}

/* Uniform within 1 / sqrt(72), as PyTorch's convolutions are of themselves. */
static void projection_is_pytorchs(encnet__weights *w)
{
    int at = encnet__weights_find(w, "decode_head.project.0.0.weight");
    double bound = 1 / sqrt(72), deviation = bound / sqrt(3);
    statistics s;

    assert_true(at >= 0);
    s = of_param(encnet__weights_at(w, at));
    near("project.0.0", "deviation", s.deviation, deviation, deviation * sqrt(0.2 / s.count));
    assert_true(s.count == 72 * 16 && s.kurtosis < FLAT);
    assert_true(s.least > -bound && s.largest < bound);
}

static void fcnplus_on_hrnet(void **state)
{
    encnet_options o;
    encnet_model *model = NULL;

    (void)state;
    encnet_options_default(&o);
    o.model.network = "fcnplus";
    o.model.backbone = "hrnet_w18s";
    o.model.channels = 64;
    assert_ok(encnet_model_new(&model, test_device, &o));
    hrnet_has_no_zero_gammas(encnet__model_weights(model));
    projection_is_pytorchs(encnet__model_weights(model));
    encnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encnet_with_laterals_on_basic_blocks),
        cmocka_unit_test(fcn_on_bottlenecks),
        cmocka_unit_test(deeplabv3plus_with_depthwise_convolutions),
        cmocka_unit_test(fcnplus_on_hrnet),
    };
    return cmocka_run_group_tests(tests, test_device_set_up, test_device_tear_down);
}
