/* test_state_dict.c - names, shapes and order of weights are mmsegmentation's; parameter counts are
 * the published ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/models.h"

static encnet_device *device;

static encnet_options options_of(const char *network, const char *backbone, int classes)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.network = network;
    o.model.backbone = backbone;
    o.model.classes = classes;
    return o;
}

/* The declared weights of a network; nothing is allocated on the device. */
static encnet__weights *declared(const encnet_options *o)
{
    encnet__graph_key key = {.n = 2, .h = 64, .w = 64};
    encnet__weights *w = NULL;
    encnet__graph *g = NULL;
    encnet_options copy;
    char *strings = NULL;

    assert_int_equal(encnet__options_copy(&copy, &strings, o), ENCNET_OK);
    assert_int_equal(encnet__weights_new(&w, device), ENCNET_OK);
    if (encnet__network_lay_out(&g, device, w, &copy, NULL, true, &key) != ENCNET_OK)
        fail_msg("%s", encnet_last_error());
    encnet__graph_free(g);
    encnet__free(strings);
    return w;
}

static void shape_text(char *out, size_t size, const encnet__param *p)
{
    size_t used = 0;

    snprintf(out, size, "scalar");
    for (int i = 0; i < p->n_dims; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "x" : "", p->dims[i]);
}

static void compare(const char *file, const char *network, const char *backbone, bool lateral)
{
    encnet_options o = options_of(network, backbone, 19);
    encnet__weights *w;
    char path[512], line[512], expected[512], shape[64];
    FILE *f;
    int row = 0;

    assert_int_equal(encnet_options_set(&o, "model.lateral", lateral ? "yes" : "no"), ENCNET_OK);
    w = declared(&o);
    snprintf(path, sizeof path, "%s/golden/state_dict/%s", TEST_DIR, file);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f)); /* the heading */
    for (; fgets(line, sizeof line, f); row++) {
        const encnet__param *p;
        assert_true(row < encnet__weights_count(w));
        p = encnet__weights_at(w, row);
        shape_text(shape, sizeof shape, p);
        snprintf(expected, sizeof expected, "%s,%s,%s,%zu\n", p->name,
                 p->kind == ENCNET__COUNTER ? "buffer_i64"
                 : p->trainable             ? "param"
                                            : "buffer",
                 shape, encnet__param_count(p));
        assert_string_equal(line, expected);
    }
    assert_int_equal(row, encnet__weights_count(w));
    fclose(f);
    encnet__weights_free(w);
}

static void state_dicts(void **state)
{
    (void)state;
    compare("encnet_r50-d8.K19.csv", "encnet", "resnet50_v1c", false);
    compare("encnet_r101-d8.K19.csv", "encnet", "resnet101_v1c", false);
    compare("fcn_r50-d8.K19.csv", "fcn", "resnet50_v1c", false);
    compare("encnet_r50s-d8_lateral.K19.csv", "encnet", "resnet50s", true);
    compare("encnet_r101-vd.K19.csv", "encnet", "resnet101_vd", false);
}

static long trainable(const encnet_options *o)
{
    encnet__weights *w = declared(o);
    long sum = 0;

    for (int i = 0; i < encnet__weights_count(w); i++)
        if (encnet__weights_at(w, i)->trainable)
            sum += (long)encnet__param_count(encnet__weights_at(w, i));
    encnet__weights_free(w);
    return sum;
}

static void parameter_counts(void **state)
{
    static const struct {
        const char *network, *backbone;
        int classes;
        bool lateral;
        long count;
    } rows[] = {
        {"fcn", "resnet50_v1c", 150, false, 49598604},
        {"fcn", "resnet101_v1c", 19, false, 68489862},
        {"encnet", "resnet50_v1c", 150, false, 36060034},
        {"encnet", "resnet101_v1c", 60, false, 54936692},
        {"encnet", "resnet101_v1c", 19, true, 62751481},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_options o = options_of(rows[i].network, rows[i].backbone, rows[i].classes);
        assert_int_equal(encnet_options_set(&o, "model.lateral", rows[i].lateral ? "yes" : "no"),
                         ENCNET_OK);
        assert_int_equal(trainable(&o), rows[i].count);
    }
}

static void wrong_options(void **state)
{
    encnet_model *m = NULL;
    encnet_options o = options_of("segnet", "resnet50_v1c", 19);
    (void)state;

    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.network = segnet: must be one of"));
    assert_non_null(strstr(encnet_last_error(), "the nearest is encnet"));
    o = options_of("encnet", "resnet51", 19);
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.backbone = resnet51"));
    o = options_of("encnet", "resnet50", 1);
    assert_int_equal(encnet_model_new(&m, device, &o), ENCNET_E_ARG);
    assert_non_null(strstr(encnet_last_error(), "model.classes = 1"));
    assert_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(state_dicts),
                                       cmocka_unit_test(parameter_counts),
                                       cmocka_unit_test(wrong_options)};
    int failed;

    if (encnet_device_open(&device, NULL) != ENCNET_OK) return 77;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encnet_device_close(device);
    return failed;
}
