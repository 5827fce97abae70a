/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_session.c - sessions: any thread, size, pixel format and kind of result gives what encnet_model_run()
 * and encnet_predict() give; runs end early when they are cancelled. */
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include <encnet/encnet.h>
#include "data/data.h"
#include "device/device.h"
#include "models/runner.h"
#include "support/scratch.h"
#include "support/support.h"

enum { H = 45, W = 38, M = 5, P = H * W, THREADS = 4 };

static encnet_model *model;
static uint8_t rgb[2 * P * 3];

static encnet_options small_options(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18_v1c";
    o.model.classes = M;
    o.model.channels = 16;
    o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    return o;
}

static int set_up(void **state)
{
    encnet_options o = small_options();
    encnet__rng r = encnet__rng_at(5, 0, 0, 0);

    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)encnet__rng_below(&r, 256);
    test_device_set_up(state);
    return encnet_model_new(&model, test_device, &o) != ENCNET_OK;
}

static int tear_down(void **state)
{
    encnet_model_free(model);
    return test_device_tear_down(state);
}

static encnet_image image_of(const uint8_t *pixels, int w, int h)
{
    return (encnet_image){.format = ENCNET_RGB8, .width = w, .height = h, .planes = {pixels}};
}

/* -- threads ----------------------------------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    int number;
    uint8_t ids[3][P];
} worker;

/* Three sizes, each twice and in an order of the thread's own. */
static void *work(void *argument)
{
    worker *t = argument;
    encnet_session *s;

    assert_ok(encnet_session_new(&s, model, NULL));
    for (int i = 0; i < 6; i++) {
        int size = (i + t->number) % 3;
        encnet_image image = image_of(rgb, W - 7 * size, H - 5 * size);
        encnet_results want = {.ids = t->ids[size]};
        assert_ok(encnet_session_run(s, &image, 1, &want));
    }
    encnet_session_free(s);
    return NULL;
}

static void threads_agree(void **state)
{
    static worker workers[THREADS];
    uint8_t expected[P];
    (void)state;

    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
    for (int size = 0; size < 3; size++) {
        int w = W - 7 * size, h = H - 5 * size;
        assert_ok(encnet_model_run(model, expected, NULL, rgb, h, w));
        for (int i = 0; i < THREADS; i++)
            assert_memory_equal(workers[i].ids[size], expected, (size_t)(w * h));
    }
}

/* -- results ----------------------------------------------------------------------------------- */

static float all[2][2 * M * P], top[2 * P];

static void all_results_agree(void **state)
{
    static uint8_t ids[2 * P], alone[P], overlay[2 * 3 * P];
    static float features[2 * M * P], last[2 * M * P];
    encnet_session *s;
    encnet_image images[2] = {image_of(rgb, W, H), image_of(rgb + 3 * P, W, H)};
    encnet_results want = {.ids = ids,
                           .top = top,
                           .probs = all[0],
                           .logits = all[1],
                           .features = features,
                           .overlay = overlay};
    int w, h;
    (void)state;

    assert_ok(encnet_session_new(&s, model, NULL));
    assert_ok(encnet_session_feature_size(s, &w, &h, W, H));
    assert_true(w == (W + 7) / 8 && h == (H + 7) / 8);
    assert_ok(encnet_session_run(s, images, 2, &want));
    for (int n = 0; n < 2; n++) {
        const float *probs = all[0] + n * M * P, *logits = all[1] + n * M * P;
        assert_ok(encnet_model_run(model, alone, last, rgb + 3 * P * n, H, W));
        assert_memory_equal(ids + n * P, alone, P);
        assert_memory_equal(probs, last, sizeof *probs * M * P);
        for (int p = 0; p < P; p++) {
            double sum = 0;
            int id = ids[n * P + p];
            assert_true(top[n * P + p] == probs[id * P + p]);
            for (int m = 0; m < M; m++) {
                sum += exp((double)logits[m * P + p] - (double)logits[id * P + p]);
                assert_true(logits[m * P + p] <= logits[id * P + p]);
            }
            assert_close(top[n * P + p], 1 / sum, 1e-5);
        }
    }
    for (int p = 0; p < 2 * P * 3; p++) /* half and half with a colour */
        assert_in_range(2 * overlay[p] + 1 - rgb[p], 0, 256);
    want = (encnet_results){.probs = last, .classes_last = true};
    assert_ok(encnet_session_run(s, images, 2, &want));
    for (int n = 0; n < 2; n++)
        for (int i = 0; i < M * P; i++)
            assert_true(last[n * M * P + i] == all[0][n * M * P + i % M * P + i / M]);
    want = (encnet_results){.features = last, .classes_last = true};
    assert_ok(encnet_session_run(s, images, 2, &want));
    for (int i = 0; i < M * w * h; i++) assert_true(last[i] == features[i % M * w * h + i / M]);
    encnet_session_free(s);
}

/* -- formats ----------------------------------------------------------------------------------- */

/* Writes the picture in a format, with rows that are `gap` bytes longer than they need to be. */
static encnet_image in_format(uint8_t *out, encnet_pixel_format format, size_t gap)
{
    static const int order[][4] = {[ENCNET_RGB8] = {0, 1, 2},
                                   [ENCNET_BGR8] = {2, 1, 0},
                                   [ENCNET_RGBA8] = {0, 1, 2, -1},
                                   [ENCNET_BGRA8] = {2, 1, 0, -1}};
    bool planar = format == ENCNET_RGB_FLOAT_PLANAR, floats = planar || format == ENCNET_RGB_FLOAT;
    size_t depth = planar ? 1 : format == ENCNET_RGBA8 || format == ENCNET_BGRA8 ? 4 : 3;
    size_t stride = W * depth * (floats ? 4 : 1) + gap;
    encnet_image image = image_of(out, W, H);

    memset(out, 0xa5, 3 * stride * H);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int c = 0; c < (int)depth * (planar ? 3 : 1); c++) {
                int from = floats ? c : order[format][c];
                uint8_t v = from < 0 ? 77 : rgb[3 * (y * W + x) + from];
                float f = v;
                if (planar)
                    memcpy(out + (size_t)(c * H + y) * stride + 4 * (size_t)x, &f, 4);
                else if (floats)
                    memcpy(out + (size_t)y * stride + 4 * (size_t)(3 * x + c), &f, 4);
                else
                    out[(size_t)y * stride + depth * (size_t)x + (size_t)c] = v;
            }
    image.format = format;
    for (int k = 0; k < 3; k++) image.strides[k] = gap ? stride : 0;
    return image;
}

static void formats_agree(void **state)
{
    static const encnet_pixel_format formats[] = {ENCNET_RGB8,      ENCNET_BGR8,
                                                  ENCNET_RGBA8,     ENCNET_BGRA8,
                                                  ENCNET_RGB_FLOAT, ENCNET_RGB_FLOAT_PLANAR};
    static uint8_t memory[3 * (16 * W + 64) * H], ids[P];
    encnet_session *s;
    encnet_results want = {.ids = ids, .probs = all[1]};
    (void)state;

    assert_ok(encnet_session_new(&s, model, NULL));
    assert_ok(encnet_model_run(model, ids, all[0], rgb, H, W));
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        for (size_t gap = 0; gap <= 20; gap += 20) {
            encnet_image image = in_format(memory, formats[i], gap);
            assert_ok(encnet_session_run(s, &image, 1, &want));
            if (memcmp(all[0], all[1], sizeof(float) * M * P))
                fail_msg("format %d, gap %zu", (int)formats[i], gap);
        }
    encnet_session_free(s);
}

/* A grey picture is the same in RGB; of Y'CbCr, every pixel by the formula. */
static void grey_and_video_agree(void **state)
{
    static uint8_t grey[P], same[3 * P], video[P + 2 * ((W + 1) / 2) * ((H + 1) / 2)], ids[P];
    enum { CW = (W + 1) / 2, CH = (H + 1) / 2 };
    static uint8_t nv12[P + 2 * CW * CH];
    encnet_session *s;
    encnet_image image = image_of(grey, W, H);
    encnet_results want = {.ids = ids, .probs = all[1]};
    (void)state;

    assert_ok(encnet_session_new(&s, model, NULL));
    for (int p = 0; p < P; p++) {
        grey[p] = rgb[p];
        memset(same + 3 * p, grey[p], 3);
    }
    assert_ok(encnet_model_run(model, ids, all[0], same, H, W));
    image.format = ENCNET_GREY8;
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_memory_equal(all[0], all[1], sizeof(float) * M * P);

    memcpy(video, rgb, sizeof video);
    memcpy(nv12, video, P);
    for (int i = 0; i < CW * CH; i++) {
        nv12[P + 2 * i] = video[P + i];
        nv12[P + 2 * i + 1] = video[P + CW * CH + i];
    }
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int at = y / 2 * CW + x / 2;
            double l = (video[y * W + x] - 16) * 255.0 / 219, b = video[P + at] - 128.0,
                   r = video[P + CW * CH + at] - 128.0;
            double v[3] = {l + 1.596027 * r, l - 0.391762 * b - 0.812968 * r, l + 2.017232 * b};
            for (int c = 0; c < 3; c++)
                same[3 * (y * W + x) + c] = (uint8_t)(v[c] < 0     ? 0
                                                      : v[c] > 255 ? 255
                                                                   : (int)(v[c] + 0.5));
        }
    image = image_of(video, W, H);
    image.format = ENCNET_I420;
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_ok(encnet_model_run(model, ids, all[0], same, H, W));
    for (int i = 0; i < M * P; i++) assert_close(all[0][i], all[1][i], 0.01);
    memcpy(all[0], all[1], sizeof(float) * M * P);
    image.planes[0] = nv12;
    image.format = ENCNET_NV12;
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_memory_equal(all[0], all[1], sizeof(float) * M * P);
    image.planes[1] = nv12 + P; /* said, not implied */
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_memory_equal(all[0], all[1], sizeof(float) * M * P);
    encnet_session_free(s);
}

/* -- passes ------------------------------------------------------------------------------------ */

static void passes_agree_with_predict(void **state)
{
    static const struct {
        const char *mode, *scales, *box;
        bool flip;
    } rows[] = {{"whole", "1.0", "none", false},
                {"whole", "1.0", "64,50", false},
                {"whole", "1.0, 1.5", "none", true},
                {"slide", "1.0", "none", false},
                {"slide", "1.0", "60,60", true}};
    static uint8_t ids[P], overlay[3 * P];
    char in_path[80], out_dir[80], out_path[80];
    (void)state;

    snprintf(in_path, sizeof in_path, "%s/in.png", dir);
    snprintf(out_dir, sizeof out_dir, "%s/out", dir);
    snprintf(out_path, sizeof out_path, "%s/out/in.png", dir);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_options o = small_options();
        encnet__picture in = {.pixels = rgb, .h = H, .w = W, .channels = 3}, out = {0};
        encnet_image image = image_of(rgb, W, H);
        encnet_results want = {.ids = ids, .overlay = overlay, .probs = all[0], .top = top};
        encnet_session *s;
        int count;
        o.eval.mode = rows[i].mode;
        o.eval.scales = rows[i].scales;
        o.eval.image_scale = rows[i].box;
        o.eval.flip = rows[i].flip;
        o.eval.crop_h = o.eval.crop_w = 32;
        o.eval.stride_h = o.eval.stride_w = 20;
        assert_ok(encnet__picture_write(in_path, &in, NULL));
        assert_ok(
            encnet_predict(model, &o, in_path, out_dir, ENCNET_FORMAT_RAW, NULL, &count, NULL));
        assert_ok(encnet__picture_read(&out, out_path, P, ENCNET__READ_LABEL));
        assert_ok(encnet_session_new(&s, model, &o.eval));
        assert_ok(encnet_session_run(s, &image, 1, &want));
        assert_memory_equal(ids, out.pixels, P);
        for (int p = 0; p < P; p++) assert_true(top[p] == all[0][ids[p] * P + p]);
        encnet_session_free(s);
        encnet__picture_free(&out);
    }
}

/* -- memory ------------------------------------------------------------------------------------ */

/* Every kind of result by itself, of bytes; and every format. */
static void run_everything(encnet_session *s, int w, int h, int count, bool has_features)
{
    static float pixels[2 * 3 * P], planes[2][2 * M * P];
    static uint8_t ids[2 * P], overlay[2 * 3 * P];
    const encnet_results all_kinds = {.ids = ids,
                                      .top = planes[0],
                                      .logits = planes[1],
                                      .overlay = overlay,
                                      .classes_last = true};
    const encnet_results kinds[] = {{.ids = ids},         {.top = planes[0]},
                                    {.probs = planes[0]}, {.logits = planes[1]},
                                    {.overlay = overlay}, {.features = planes[0]}};
    encnet_image images[2] = {{.width = w, .height = h, .planes[0] = pixels}};

    for (int k = 0; k < (int)COUNT_OF(kinds) - !has_features; k++) {
        images[1] = images[0];
        if (encnet_session_run(s, images, count, &kinds[k]) != ENCNET_OK)
            fail_msg("results %d: %s", k, encnet_last_error());
    }
    for (int format = ENCNET_RGB8; format <= ENCNET_RGB_FLOAT_PLANAR; format++) {
        images[0].format = (encnet_pixel_format)format;
        images[1] = images[0];
        if (encnet_session_run(s, images, count, &all_kinds) != ENCNET_OK)
            fail_msg("format %d: %s", format, encnet_last_error());
    }
}

/* After reserve() no size below, format or kind of result allocates on the device, and the weights are
 * prepared once. */
static void sizes_within_reserve_allocate_nothing(void **state)
{
    static const struct {
        const char *mode, *scales;
        bool flip;
        int count;
    } rows[] = {{"whole", "1.0", false, 2},
                {"whole", "1.3", false, 2},
                {"whole", "0.8, 1.5", true, 2},
                {"slide", "1.0", false, 1},
                {"slide", "1.2, 0.9", true, 1}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        encnet_eval_options how = small_options().eval;
        bool single = !strcmp(rows[i].mode, "whole") && !strchr(rows[i].scales, ',');
        encnet_session *s;
        encnet__memory_count before;
        how.mode = rows[i].mode;
        how.scales = rows[i].scales;
        how.flip = rows[i].flip;
        how.crop_h = how.crop_w = 32;
        how.stride_h = how.stride_w = 20;
        assert_ok(encnet_session_new(&s, model, &how));
        assert_ok(encnet_session_reserve(s, rows[i].count, W, H));
        before = encnet__device_memory(test_device);
        for (int smaller = 0; smaller < 8; smaller += 7)
            run_everything(s, W - smaller, H - 3 * smaller, rows[i].count, single);
        if (encnet__device_memory(test_device).buffers_made != before.buffers_made)
            fail_msg("row %zu: %d buffers made after reserve()", i,
                     (int)(encnet__device_memory(test_device).buffers_made - before.buffers_made));
        encnet_session_free(s);
    }
}

/* A bound on what is kept for sizes: a run that takes more gives its memory back, sizes that fit keep
 * theirs, and results stay the same. */
static void held_memory_is_bounded(void **state)
{
    enum { LARGE = 420, MIB = 1 << 20 };
    static const int sizes[][2] = {{W, H}, {LARGE, LARGE}, {60, 50}, {W, H}, {60, 50}};
    static uint8_t large[3 * LARGE * LARGE], ids[LARGE * LARGE], expected[LARGE * LARGE];
    encnet_eval_options how = small_options().eval;
    encnet_session *s;
    encnet_results want = {.ids = ids};
    uint64_t made[COUNT_OF(sizes) + 1];
    size_t begin, held[COUNT_OF(sizes)];
    (void)state;

    for (size_t i = 0; i < sizeof large; i++) large[i] = (uint8_t)(i * 31 / 7);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) /* prepares the weights */
        assert_ok(encnet_model_run(model, expected, NULL, large, sizes[i][1], sizes[i][0]));
    how.held_mb = 24;
    assert_ok(encnet_session_new(&s, model, &how));
    begin = encnet__device_memory(test_device).bytes;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        encnet_image image = image_of(large, sizes[i][0], sizes[i][1]);
        made[i] = encnet__device_memory(test_device).buffers_made;
        assert_ok(encnet_session_run(s, &image, 1, &want));
        made[i] = encnet__device_memory(test_device).buffers_made - made[i];
        held[i] = encnet__device_memory(test_device).bytes - begin;
        if (held[i] > 24 * MIB)
            fail_msg("%zu bytes are held after a run of %dx%d", held[i], sizes[i][0], sizes[i][1]);
        assert_ok(encnet_model_run(model, expected, NULL, large, sizes[i][1], sizes[i][0]));
        assert_memory_equal(ids, expected, (size_t)(sizes[i][0] * sizes[i][1]));
    }
    assert_true(held[0] > 0 && held[1] > 0 && held[1] <= held[0]); /* of the small size */
    assert_true(held[2] > 0);
    assert_true(made[2] > 0 && made[3] == 0 && made[4] == 0); /* two sizes that fit together */
    encnet_session_free(s);

    /* what was reserved stays, whatever the bound */
    how.held_mb = 1;
    assert_ok(encnet_session_new(&s, model, &how));
    assert_ok(encnet_session_reserve(s, 1, LARGE, LARGE));
    made[0] = encnet__device_memory(test_device).buffers_made;
    for (int i = 0; i < 2; i++) {
        encnet_image image = image_of(large, LARGE, LARGE);
        assert_ok(encnet_session_run(s, &image, 1, &want));
    }
    assert_int_equal(encnet__device_memory(test_device).buffers_made, made[0]);
    encnet_session_free(s);
}

/* Of the sizes that do not fit, the one that was used least recently goes; the others move to smaller
 * memory and compute the same. */
static void trimming_keeps_what_fits(void **state)
{
    enum { SIZES = 3 };
    static const int sizes[SIZES][2] = {{200, 160}, {100, 80}, {W, H}};
    static uint8_t image[3 * 200 * 160], ids[SIZES][200 * 160], again[200 * 160];
    encnet__graphs *g = encnet__model_runner(model)->graphs;
    encnet__graph *fit[2];
    size_t most, before;
    uint64_t made;
    (void)state;

    for (size_t i = 0; i < sizeof image; i++) image[i] = (uint8_t)(i * 31 / 7);
    encnet__graphs_drop_inference(g);
    for (int i = 0; i < SIZES; i++)
        assert_ok(encnet_model_run(model, ids[i], NULL, image, sizes[i][1], sizes[i][0]));
    assert_int_equal(g->n_inference, SIZES);
    fit[0] = g->inference[0].graph;
    fit[1] = g->inference[1].graph;
    most = encnet__arenas_needed(fit, 2);
    before = encnet__graphs_held(g);
    assert_true(most < before);
    encnet__graphs_trim(g, before);
    assert_int_equal(g->n_inference, SIZES);
    encnet__graphs_trim(g, most);
    assert_int_equal(g->n_inference, 2);
    assert_true(g->inference[0].graph == fit[0] && g->inference[1].graph == fit[1]);
    assert_int_equal(encnet__graphs_held(g), most);
    made = encnet__device_memory(test_device).buffers_made;
    for (int i = 1; i < SIZES; i++) {
        assert_ok(encnet_model_run(model, again, NULL, image, sizes[i][1], sizes[i][0]));
        assert_memory_equal(again, ids[i], (size_t)(sizes[i][0] * sizes[i][1]));
    }
    assert_int_equal(encnet__device_memory(test_device).buffers_made, made);
    encnet__graphs_trim(g, 0);
    assert_true(g->n_inference == 0 && encnet__graphs_held(g) == 0);
    assert_ok(encnet_model_run(model, again, NULL, image, sizes[0][1], sizes[0][0]));
    assert_memory_equal(again, ids[0], (size_t)(sizes[0][0] * sizes[0][1]));
}

/* Memory that grows for a larger size leaves the plans of smaller ones as they are. */
static void growing_keeps_plans(void **state)
{
    enum { SIZES = 3 };
    static const int sizes[SIZES][2] = {{W, H}, {100, 80}, {200, 160}};
    static uint8_t image[3 * 200 * 160], ids[SIZES][200 * 160], again[200 * 160];
    encnet__graphs *g = encnet__model_runner(model)->graphs;
    const encnet__graph *planned[SIZES];
    uint64_t made;
    size_t held;
    (void)state;

    for (size_t i = 0; i < sizeof image; i++) image[i] = (uint8_t)(i * 31 / 7);
    encnet__graphs_drop_inference(g);
    for (int i = 0; i < SIZES; i++) {
        held = encnet__graphs_held(g);
        assert_ok(encnet_model_run(model, ids[i], NULL, image, sizes[i][1], sizes[i][0]));
        planned[i] = g->inference[0].graph;
        assert_true(encnet__graphs_held(g) > held);
    }
    assert_int_equal(g->n_inference, SIZES);
    made = encnet__device_memory(test_device).buffers_made;
    for (int i = 0; i < SIZES; i++) {
        assert_ok(encnet_model_run(model, again, NULL, image, sizes[i][1], sizes[i][0]));
        assert_true(g->inference[0].graph == planned[i]);
        assert_memory_equal(again, ids[i], (size_t)(sizes[i][0] * sizes[i][1]));
    }
    assert_int_equal(encnet__device_memory(test_device).buffers_made, made);
}

/* -- runs in the background -------------------------------------------------------------------- */

typedef struct note {
    int calls;
    encnet_status status;
    char message[200];
} note;

static void take_note(void *user, encnet_status status, const char *message)
{
    note *n = user;

    n->calls++;
    n->status = status;
    snprintf(n->message, sizeof n->message, "%s", message);
}

static void start_wait_cancel(void **state)
{
    static uint8_t ids[P], expected[P], big[3 * 400 * 400], big_ids[400 * 400];
    encnet_session *s;
    encnet_image image = image_of(rgb, W, H), large = image_of(big, 400, 400);
    encnet_results want = {.ids = ids}, of_large = {.ids = big_ids};
    note n = {0};
    (void)state;

    assert_ok(encnet_model_run(model, expected, NULL, rgb, H, W));
    assert_ok(encnet_session_new(&s, model, NULL));
    assert_ok(encnet_session_wait(s)); /* there is none */
    encnet_session_cancel(s);
    assert_ok(encnet_session_start(s, &image, 1, &want, take_note, &n));
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "not been waited for");
    assert_ok(encnet_session_wait(s));
    assert_true(n.calls == 1 && n.status == ENCNET_OK && !n.message[0]);
    assert_memory_equal(ids, expected, P);
    assert_ok(encnet_session_start(s, &large, 1, &of_large, take_note, &n));
    encnet_session_cancel(s);
    assert_fails(encnet_session_wait(s), ENCNET_E_STOPPED, "cancelled");
    assert_true(n.calls == 2 && n.status == ENCNET_E_STOPPED);
    assert_non_null(strstr(n.message, "cancelled"));
    memset(ids, 0, P);
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_memory_equal(ids, expected, P);
    assert_ok(encnet_session_start(s, &large, 1, &of_large, NULL, NULL));
    encnet_session_free(s); /* waits */
}

/* A run that is cancelled behind the network, while its results are made, ends with the band. */
static void results_stop(void **state)
{
    static uint8_t ids[P], expected[P];
    const encnet_options *o = encnet__model_options(model);
    encnet__cutout whole = {.h = H, .w = W, .mean = o->augment.mean, .std = o->augment.std};
    encnet__pass_shape shape = {H, W, H, W, 1, false};
    encnet__band begin = {.image = 0, .place = 0};
    encnet_image image = image_of(rgb, W, H);
    encnet__wanted want = {.ids.host = ids};
    encnet__graphs graphs = {0};
    encnet__runner r = {0};
    encnet__graph *g;
    encnet__tensor scores;
    encnet_device *lane;
    atomic_bool stop = false;
    size_t bad;
    (void)state;

    assert_ok(encnet_model_run(model, expected, NULL, rgb, H, W));
    assert_ok(encnet__lane_open(&lane, test_device));
    encnet__runner_beside(&r, &graphs, model, lane, &stop);
    assert_ok(encnet__pictures_load(&r.pictures, &image, 1));
    assert_ok(encnet__runner_forward(&g, &r, &whole, 0));
    scores = encnet__graph_tensor(g, "scores");
    encnet__merge_begin(&r.merge);
    assert_ok(encnet__merge_pass(&r.merge, &shape, scores.shape));
    assert_ok(encnet__merge_keep(&r.merge, &scores, 0, 0));
    for (int stopped = 1; stopped >= 0; stopped--) {
        encnet_status status = stopped ? ENCNET_E_STOPPED : ENCNET_OK;
        atomic_store(&stop, stopped);
        memset(ids, 0, P);
        assert_int_equal(encnet__runner_results(&r, &bad, g, H, W, H, W, &want), status);
        assert_true(stopped || !memcmp(ids, expected, P));
        memset(ids, 0, P);
        assert_int_equal(encnet__merge_results(&r.merge, &r.results, &bad, &want, &r.pictures,
                                               &begin, o->model.align_corners),
                         status);
        assert_true(stopped || !memcmp(ids, expected, P));
    }
    encnet__runner_free(&r);
    encnet__graphs_free(&graphs);
    encnet__lane_close(lane);
}

/* What a callback asks of its own session: nothing of it may wait for the callback. */
typedef struct asker {
    encnet_session *session;
    const encnet_image *image;
    const encnet_results *want;
    encnet_status run, start, wait, reserve;
} asker;

static void ask(void *user, encnet_status status, const char *message)
{
    asker *a = user;
    (void)status, (void)message;

    a->run = encnet_session_run(a->session, a->image, 1, a->want);
    a->start = encnet_session_start(a->session, a->image, 1, a->want, NULL, NULL);
    a->wait = encnet_session_wait(a->session);
    a->reserve = encnet_session_reserve(a->session, 1, W, H);
    encnet_session_cancel(a->session);
    encnet_session_free(a->session); /* does nothing */
}

static void callbacks_do_not_hang(void **state)
{
    static uint8_t ids[P], expected[P];
    encnet_image image = image_of(rgb, W, H);
    encnet_results want = {.ids = ids};
    asker a = {.image = &image, .want = &want};
    (void)state;

    assert_ok(encnet_model_run(model, expected, NULL, rgb, H, W));
    assert_ok(encnet_session_new(&a.session, model, NULL));
    assert_ok(encnet_session_start(a.session, &image, 1, &want, ask, &a));
    assert_ok(encnet_session_wait(a.session));
    assert_true(a.run == ENCNET_E_ARG && a.start == ENCNET_E_ARG && a.wait == ENCNET_E_ARG &&
                a.reserve == ENCNET_E_ARG);
    assert_memory_equal(ids, expected, P);
    assert_ok(encnet_session_run(a.session, &image, 1, &want));
    encnet_session_free(a.session);
}

/* -- the device -------------------------------------------------------------------------------- */

static uint64_t launches_of(encnet_device *device)
{
    enum { ROWS = 256 };
    static encnet_profile_row rows[ROWS];
    uint64_t sum = 0;
    int count;

    assert_ok(encnet_device_profile(device, rows, ROWS, &count));
    assert_in_range(count, 0, ROWS);
    for (int i = 0; i < count; i++) {
        assert_true(rows[i].seconds >= 0);
        sum += rows[i].launches;
    }
    return sum;
}

/* Every run counts the same, in the profile of the device, also behind the end of its session. */
static void profile_counts_sessions(void **state)
{
    static uint8_t ids[P];
    encnet_device_options timed = {.select = getenv("TEST_DEVICE"), .profile = true};
    encnet_options o = small_options();
    encnet_image image = image_of(rgb, W, H);
    encnet_results want = {.ids = ids};
    encnet_device *device;
    encnet_model *m;
    encnet_session *s, *other;
    uint64_t before, first, second;
    (void)state;

    assert_ok(encnet_device_open(&device, &timed));
    assert_ok(encnet_model_new(&m, device, &o));
    assert_ok(encnet_session_new(&s, m, NULL));
    assert_ok(encnet_session_new(&other, m, NULL));
    assert_ok(encnet_session_run(s, &image, 1, &want)); /* prepares the weights, once */
    before = launches_of(device);
    assert_true(before > 30);
    assert_ok(encnet_session_run(s, &image, 1, &want));
    first = launches_of(device) - before;
    assert_in_range(first, 30, before);
    assert_ok(encnet_session_start(other, &image, 1, &want, NULL, NULL));
    assert_ok(encnet_session_run(s, &image, 1, &want));
    assert_ok(encnet_session_wait(other));
    second = launches_of(device) - before - first;
    assert_int_equal(second, 2 * first);
    encnet_session_free(s);
    encnet_session_free(other);
    assert_int_equal(launches_of(device), before + first + second);
    encnet_model_free(m);
    encnet_device_close(device);
}

/* A program that watches the device sees that a session is in the driver. */
static void silence_sees_sessions(void **state)
{
    static uint8_t big[3 * 400 * 400], ids[400 * 400];
    encnet_session *s;
    encnet_image image = image_of(big, 400, 400);
    encnet_results want = {.ids = ids};
    note n = {0};
    double longest = 0;
    (void)state;

    assert_ok(encnet_session_new(&s, model, NULL));
    assert_ok(encnet_session_start(s, &image, 1, &want, take_note, &n));
    for (int i = 0; i < 100000 && longest <= 0; i++) {
        longest = encnet_device_silence(test_device);
        if (longest <= 0) usleep(100);
    }
    assert_true(longest > 0);
    assert_ok(encnet_session_wait(s));
    assert_true(encnet_device_silence(test_device) == 0);
    encnet_session_free(s);
    assert_true(encnet_device_silence(test_device) == 0);
}

/* -- the model --------------------------------------------------------------------------------- */

/* Freed before its sessions, it lives until the last of them ends, and runs nothing any more. */
static void model_freed_first(void **state)
{
    static uint8_t ids[P];
    encnet_options o = small_options();
    encnet_image image = image_of(rgb, W, H);
    encnet_results want = {.ids = ids};
    size_t before = encnet__device_memory(test_device).bytes;
    encnet_model *m;
    encnet_session *s[2];
    (void)state;

    assert_ok(encnet_model_new(&m, test_device, &o));
    for (int i = 0; i < 2; i++) assert_ok(encnet_session_new(&s[i], m, NULL));
    assert_ok(encnet_session_run(s[0], &image, 1, &want));
    assert_ok(encnet_session_start(s[1], &image, 1, &want, NULL, NULL));
    encnet_model_free(m);
    assert_ok(encnet_session_wait(s[1])); /* it had begun */
    for (int i = 0; i < 2; i++) {
        assert_fails(encnet_session_run(s[i], &image, 1, &want), ENCNET_E_ARG, "has been freed");
        assert_fails(encnet_session_reserve(s[i], 1, W, H), ENCNET_E_ARG, "has been freed");
        assert_true(encnet__device_memory(test_device).bytes > before);
        encnet_session_free(s[i]);
    }
    assert_int_equal(encnet__device_memory(test_device).bytes, before);
}

/* -- refusals ---------------------------------------------------------------------------------- */

static void refusals(void **state)
{
    static uint8_t ids[P];
    encnet_eval_options how = small_options().eval;
    encnet_session *s = NULL;
    encnet_image image = image_of(rgb, W, H), pair[2] = {image, image};
    encnet_results want = {.ids = ids}, nothing = {0}, features = {.features = all[0]};
    (void)state;

    how.mode = "sideways";
    assert_fails(encnet_session_new(&s, model, &how), ENCNET_E_ARG, "eval.mode");
    assert_null(s);
    how.mode = "slide";
    assert_ok(encnet_session_new(&s, model, &how));
    assert_fails(encnet_session_run(s, &image, 1, &features), ENCNET_E_ARG, "features");
    assert_fails(encnet_session_run(s, &image, 1, &nothing), ENCNET_E_ARG, "nothing asked");
    assert_fails(encnet_session_run(s, &image, 0, &want), ENCNET_E_ARG, "0 images");
    pair[1].width--;
    assert_fails(encnet_session_run(s, pair, 2, &want), ENCNET_E_ARG, "image 1 of a batch");
    image.strides[0] = 3 * W - 1;
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "stride");
    image = image_of(NULL, W, H);
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "without pixels");
    image = image_of(rgb, 0, H);
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "empty");
    image = image_of(rgb, W, H);
    image.format = (encnet_pixel_format)9;
    assert_fails(encnet_session_run(s, &image, 1, &want), ENCNET_E_ARG, "format 9");
    assert_fails(encnet_session_reserve(s, 1, -1, 4), ENCNET_E_ARG, "-1");
    encnet_session_free(s);
    encnet_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_agree),
        cmocka_unit_test(all_results_agree),
        cmocka_unit_test(formats_agree),
        cmocka_unit_test(grey_and_video_agree),
        cmocka_unit_test_setup_teardown(passes_agree_with_predict, make_dir, remove_dir),
        cmocka_unit_test(sizes_within_reserve_allocate_nothing),
        cmocka_unit_test(held_memory_is_bounded),
        cmocka_unit_test(trimming_keeps_what_fits),
        cmocka_unit_test(growing_keeps_plans),
        cmocka_unit_test(start_wait_cancel),
        cmocka_unit_test(results_stop),
        cmocka_unit_test(callbacks_do_not_hang),
        cmocka_unit_test(profile_counts_sessions),
        cmocka_unit_test(silence_sees_sessions),
        cmocka_unit_test(model_freed_first),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
