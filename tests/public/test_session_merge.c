/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_session_merge.c - several passes and windows of a session against the same, put together by hand from
 * single whole passes; also where a result takes several bands of rows. */
#include <math.h>
#include <string.h>

#include <encnet/encnet.h>
#include "eval/eval.h"
#include "support/support.h"

/* 150 classes in 1100 columns: 25 rows make a band. */
enum { M = 150, W = 1100, H = 60, P = W * H, CROP_H = 40, CROP_W = 640 };

static encnet_model *model;
static encnet_options options;
static uint8_t rgb[2 * 3 * P], mirrored[3 * P];

static int set_up(void **state)
{
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);

    encnet_options_default(&options);
    options.model.network = "fcn";
    options.model.backbone = "resnet18_v1c";
    if (encnet_options_set(&options, "model.output_stride", "32") != ENCNET_OK) return 1;
    options.model.classes = M;
    options.model.channels = 16;
    options.model.aux_channels = 8;
    options.eval.crop_h = CROP_H;
    options.eval.crop_w = CROP_W;
    options.eval.stride_h = 30;
    options.eval.stride_w = 400;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)encnet__rng_below(&r, 256);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            memcpy(mirrored + 3 * (y * W + x), rgb + 3 * (y * W + W - 1 - x), 3);
    test_device_set_up(state);
    return encnet_model_new(&model, test_device, &options) != ENCNET_OK;
}

static int tear_down(void **state)
{
    encnet_model_free(model);
    return test_device_tear_down(state);
}

static float *floats(size_t count)
{
    float *x = encnet__alloc(count, sizeof *x);

    assert_non_null(x);
    return x;
}

/* A picture with rows of W pixels. */
static void run(const encnet_eval_options *how, const uint8_t *pixels, int w, int h, int count,
                encnet_results want)
{
    encnet_session *s;
    encnet_image images[2] = {
        {.width = w, .height = h, .planes = {pixels}, .strides = {3 * W}},
        {.width = w, .height = h, .planes = {pixels + 3 * P}, .strides = {3 * W}}};

    assert_ok(encnet_session_new(&s, model, how));
    assert_ok(encnet_session_run(s, images, count, &want));
    encnet_session_free(s);
}

/* With flip, the mean of an image and of its mirror image, to the bit. */
static void flip_averages(void **state)
{
    encnet_eval_options how = options.eval;
    float *plain = floats((size_t)M * P), *other = floats((size_t)M * P),
          *both = floats((size_t)M * P);
    (void)state;

    run(&how, rgb, W, H, 1, (encnet_results){.probs = plain, .classes_last = true});
    run(&how, mirrored, W, H, 1, (encnet_results){.probs = other, .classes_last = true});
    how.flip = true;
    run(&how, rgb, W, H, 1, (encnet_results){.probs = both, .classes_last = true});
    for (int p = 0; p < P; p++)
        for (int m = 0; m < M; m++) {
            int q = p / W * W + W - 1 - p % W;
            float mean = (plain[p * M + m] + other[q * M + m]) / 2;
            if (mean != both[p * M + m])
                fail_msg("pixel %d, class %d: %.9g, not %.9g", p, m, both[p * M + m], mean);
        }
    encnet__free(plain);
    encnet__free(other);
    encnet__free(both);
}

/* In slide mode, the mean of the windows that cover a pixel. */
static void windows_average(void **state)
{
    encnet_eval_options how = options.eval;
    float *sum = floats((size_t)M * P), *logits = floats((size_t)M * P);
    float *window = floats((size_t)M * CROP_H * CROP_W);
    int counts[P] = {0};
    (void)state;

    for (int i = 0; i < encnet__window_count(H, CROP_H, how.stride_h); i++)
        for (int j = 0; j < encnet__window_count(W, CROP_W, how.stride_w); j++) {
            int y, x, h, w;
            encnet__window_at(&y, &h, i, H, CROP_H, how.stride_h);
            encnet__window_at(&x, &w, j, W, CROP_W, how.stride_w);
            run(&how, rgb + 3 * (y * W + x), w, h, 1,
                (encnet_results){.logits = window, .classes_last = true});
            for (int k = 0; k < h * w; k++) {
                int p = (y + k / w) * W + x + k % w;
                counts[p]++;
                for (int m = 0; m < M; m++) sum[p * M + m] += window[k * M + m];
            }
        }
    how.mode = "slide";
    run(&how, rgb, W, H, 1, (encnet_results){.logits = logits, .classes_last = true});
    for (int p = 0; p < P; p++)
        for (int m = 0; m < M; m++) {
            assert_true(counts[p] > 0);
            assert_close(logits[p * M + m], sum[p * M + m] / (float)counts[p], 1e-5);
        }
    encnet__free(sum);
    encnet__free(logits);
    encnet__free(window);
}

/* Of two images with several passes, every result has its place. */
static void batches_have_places(void **state)
{
    encnet_eval_options how = options.eval;
    float *all = floats((size_t)2 * M * P), *one = floats((size_t)M * P);
    float *logits = floats((size_t)2 * M * P), *top = floats((size_t)2 * P);
    static uint8_t ids[2 * P], overlay[6 * P], one_id[P], colours[3 * P];
    (void)state;

    how.mode = "slide";
    how.scales = "0.5,1";
    how.flip = true;
    run(&how, rgb, W, H, 2,
        (encnet_results){
            .ids = ids, .probs = all, .logits = logits, .top = top, .overlay = overlay});
    for (int n = 0; n < 2; n++) {
        run(&how, rgb + 3 * P * n, W, H, 1,
            (encnet_results){.ids = one_id, .probs = one, .overlay = colours});
        assert_memory_equal(all + (size_t)n * M * P, one, sizeof *one * M * P);
        assert_memory_equal(ids + n * P, one_id, P);
        assert_memory_equal(overlay + 3 * n * P, colours, sizeof colours);
        for (int p = 0; p < P; p++) {
            size_t at = ((size_t)n * M + one_id[p]) * P + (size_t)p;
            assert_true(top[n * P + p] == all[at]);
            assert_close(logits[at], log(all[at]), 1e-5);
        }
        for (int i = 0; i < 3 * P; i++) /* half and half with a colour of the same image */
            assert_in_range(2 * colours[i] + 1 - rgb[3 * n * P + i], 0, 256);
    }
    encnet__free(all);
    encnet__free(one);
    encnet__free(logits);
    encnet__free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flip_averages),
        cmocka_unit_test(windows_average),
        cmocka_unit_test(batches_have_places),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
