/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_evaluate.c - a small network with random weights on small synthetic pictures: properties that
 * all modes share, and results that simpler calls reproduce.
 */
#define _POSIX_C_SOURCE 200809L
#include "comm/comm.h"
#include "support/support.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eval/eval.h"

enum { M = 5, H = 48, W = 64, IMAGES = 3 };

static struct {
    encnet_device *device;
    encnet_model *model;
    encnet_options options; /* whole mode, one scale */
    encnet__dataset *data;
    char dir[64];
} t;

static int open_all(void **state)
{
    encnet_options *o = &t.options;

    (void)state;
    t.device = test_open_device();
    encnet_options_default(o);
    o->model.backbone = "resnet18_v1c";
    o->model.classes = M;
    o->model.channels = 8;
    o->model.aux_channels = 0;
    assert_ok(encnet_options_set(o, "model.codewords", "4"));
    o->data.type = "synthetic";
    o->data.width = W;
    o->data.height = H;
    o->data.val_count = IMAGES;
    o->data.train_count = 2;
    o->eval.crop_h = H;
    o->eval.crop_w = W;
    o->eval.stride_h = o->eval.stride_w = 8;
    assert_ok(encnet_model_new(&t.model, t.device, o));
    assert_ok(encnet__dataset_open(&t.data, o, ENCNET__VAL));
    snprintf(t.dir, sizeof t.dir, "/tmp/encnet_evaluate_XXXXXX");
    return mkdtemp(t.dir) ? 0 : -1;
}

static int close_all(void **state)
{
    char command[96];

    (void)state;
    encnet__dataset_close(t.data);
    encnet_model_free(t.model);
    encnet_device_close(t.device);
    snprintf(command, sizeof command, "rm -rf %s", t.dir);
    return system(command);
}

/* DIR/name in a buffer that lasts for seven more calls. */
static const char *in_dir(const char *name)
{
    static char paths[8][256];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", t.dir, name);
    return path;
}

/* The validation image i of the caller. */
static encnet__picture image_of(int i)
{
    encnet__picture image = {0}, label = {0};

    assert_ok(encnet__dataset_read(t.data, i, &image, &label));
    encnet__picture_free(&label);
    return image;
}

static void write_image(const char *path, const encnet__picture *image)
{
    char *folder = encnet__strdup(path);

    assert_non_null(folder);
    *strrchr(folder, '/') = '\0';
    assert_ok(encnet__make_dirs(folder));
    assert_ok(encnet__picture_write(path, image, NULL));
    encnet__free(folder);
}

/* The part of `image` at (y, x). */
static encnet__picture part_of(const encnet__picture *image, int y, int x, int h, int w)
{
    encnet__picture part = {0};

    assert_ok(encnet__picture_new(&part, h, w, 3));
    for (int i = 0; i < h; i++)
        memcpy(part.pixels + (size_t)i * (size_t)w * 3,
               image->pixels + ((size_t)(y + i) * (size_t)image->w + (size_t)x) * 3, (size_t)w * 3);
    return part;
}

/* logits[M,h,w] of a picture; freed by the caller. */
static float *logits_of(const encnet_options *o, const encnet__picture *image, int h, int w)
{
    size_t size, want = (size_t)M * (size_t)h * (size_t)w * sizeof(float);
    char *bytes;
    float *logits = encnet__alloc(want, 1);

    assert_non_null(logits);
    write_image(in_dir("one/x.png"), image);
    assert_ok(
        encnet_predict(t.model, o, in_dir("one/x.png"), NULL, "raw", in_dir("logits"), NULL, NULL));
    assert_ok(encnet__file_read(&bytes, &size, in_dir("logits/x.npy"), 1 << 24));
    assert_int_equal(size, 128 + want);
    memcpy(logits, bytes + 128, want);
    encnet__free(bytes);
    return logits;
}

static encnet__picture ids_of(const encnet_options *o, const encnet__picture *image)
{
    encnet__picture ids = {0};
    int count;

    write_image(in_dir("one/x.png"), image);
    assert_ok(
        encnet_predict(t.model, o, in_dir("one/x.png"), in_dir("ids"), "raw", NULL, &count, NULL));
    assert_int_equal(count, 1);
    assert_ok(encnet__picture_read(&ids, in_dir("ids/x.png"), 1 << 24, ENCNET__READ_LABEL));
    return ids;
}

static int count_different(const encnet__picture *a, const encnet__picture *b)
{
    int count = 0;

    assert_true(a->h == b->h && a->w == b->w);
    for (int i = 0; i < a->h * a->w; i++) count += a->pixels[i] != b->pixels[i];
    return count;
}

/* -- evaluation -------------------------------------------------------------------------------- */

/* The counts are those of encnet_model_run() on each picture. */
static void counts_are_those_of_the_model(void **state)
{
    uint64_t expected[M * M] = {0};
    encnet_scores scores;
    uint8_t ids[H * W];
    int seen = 0;

    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        encnet__picture image = {0}, label = {0};
        assert_ok(encnet__dataset_read(t.data, i, &image, &label));
        assert_ok(encnet_model_run(t.model, ids, NULL, image.pixels, H, W));
        assert_ok(encnet__confusion_add(expected, M, label.pixels, ids, H * W));
        encnet__picture_free(&image);
        encnet__picture_free(&label);
    }
    assert_ok(encnet_evaluate(&scores, t.model, &t.options, "val", NULL, NULL, NULL, NULL));
    assert_int_equal(scores.images, IMAGES);
    assert_int_equal(scores.classes, M);
    assert_memory_equal(scores.confusion, expected, sizeof expected);
    for (int m = 0; m < M; m++)
        for (int k = 0; k < M; k++)
            if (expected[k * M + m]) {
                seen++;
                break;
            }
    assert_true(seen > 1); /* or the pictures say nothing about the modes */
    assert_true(scores.aacc >= 0 && scores.aacc <= 100);
    encnet_scores_free(&scores);
    assert_null(scores.confusion);
}

static void evaluation_leaves_its_files(void **state)
{
    encnet_scores scores;
    struct stat st;
    char name[128];

    (void)state;
    assert_ok(encnet_evaluate(&scores, t.model, &t.options, "train", in_dir("e"), in_dir("r"), NULL,
                              NULL));
    encnet_scores_free(&scores);
    encnet__dataset_close(t.data);
    assert_ok(encnet__dataset_open(&t.data, &t.options, ENCNET__TRAIN));
    snprintf(name, sizeof name, "e/%s.npy", encnet__dataset_name(t.data, 0));
    assert_int_equal(stat(in_dir(name), &st), 0);
    snprintf(name, sizeof name, "r/overlays/%s.png", encnet__dataset_name(t.data, 0));
    assert_int_equal(stat(in_dir(name), &st), 0);
    assert_int_equal(stat(in_dir("r/contact_sheet.png"), &st), 0);
    encnet__dataset_close(t.data);
    assert_ok(encnet__dataset_open(&t.data, &t.options, ENCNET__VAL));
}

typedef struct watch {
    int calls, last, all;
    volatile sig_atomic_t stop;
} watch;

static void watch_progress(void *user, int done, int all, double seconds_left)
{
    watch *w = user;

    assert_true(seconds_left >= 0);
    w->calls++;
    w->last = done;
    w->all = all;
}

static void hooks_are_called(void **state)
{
    watch w = {0};
    encnet_eval_hooks hooks = {.progress = watch_progress, .stop = &w.stop, .user = &w};
    encnet_scores scores;

    (void)state;
    assert_ok(encnet_evaluate(&scores, t.model, &t.options, "val", NULL, NULL, NULL, &hooks));
    encnet_scores_free(&scores);
    assert_true(w.calls == IMAGES && w.last == IMAGES && w.all == IMAGES);
    w = (watch){.stop = 1};
    assert_fails(encnet_evaluate(&scores, t.model, &t.options, "val", NULL, NULL, NULL, &hooks),
                 ENCNET_E_STOPPED, "1 of 3");
}

/* A rank that hears no counts of others: what it scores is its own part.  Of themselves all say the same. */
static encnet_status hear_no_counts(const encnet_comm *comm, void *all, const void *mine,
                                    const size_t *sizes)
{
    size_t size = sizes[comm->rank];
    bool counts = size > sizeof(uint64_t) && ((const char *)mine)[size - 2] != '\n'; /* no lines */

    for (int r = 0; r < comm->size; r++)
        if (counts)
            memset((char *)all + (size_t)r * size, 0, size);
        else
            memcpy((char *)all + (size_t)r * size, mine, size);
    if (counts) memcpy(all, mine, size);
    return ENCNET_OK;
}

/* Any number of ranks counts what one counts, also where some of them have no image. */
static void parts_add_up(void **state)
{
    (void)state;
    for (int images = 1; images <= 5; images += 2)
        for (int parts = 1; parts <= 4; parts++) {
            encnet_options o = t.options;
            encnet_scores whole, part;
            uint64_t sum[M * M] = {0};
            o.data.val_count = images;
            assert_ok(encnet_evaluate(&whole, t.model, &o, "val", NULL, NULL, NULL, NULL));
            for (int k = 0; k < parts; k++) {
                encnet_comm comm = encnet__comm_single;
                uint64_t pixels = 0;
                int mine = images / parts + (k < images % parts);
                comm.rank = k;
                comm.size = parts;
                comm.allgather = hear_no_counts;
                assert_ok(encnet_evaluate(&part, t.model, &o, "val", NULL, NULL, &comm, NULL));
                for (int i = 0; i < M * M; i++) pixels += part.confusion[i];
                for (int i = 0; i < M * M; i++) sum[i] += part.confusion[i];
                assert_true(pixels <= (uint64_t)(mine * H * W) && (pixels > 0) == (mine > 0));
                assert_int_equal(part.images, images); /* of the split */
                encnet_scores_free(&part);
            }
            assert_memory_equal(sum, whole.confusion, sizeof sum);
            encnet_scores_free(&whole);
        }
}

/* Three devices count what one counts. */
static void devices_share_the_images(void **state)
{
    enum { DEVICES = 3 };
    encnet_device *devices[DEVICES];
    encnet_model *models[DEVICES];
    encnet_options o = t.options;
    encnet_scores whole, shared;
    struct stat st;
    watch w = {0};
    encnet_eval_hooks hooks = {.progress = watch_progress, .stop = &w.stop, .user = &w};

    (void)state;
    o.data.val_count = 7;
    for (int d = 0; d < DEVICES; d++) {
        assert_ok(encnet_device_open(&devices[d], NULL));
        assert_ok(encnet_model_new(&models[d], devices[d], &o));
    }
    assert_ok(encnet_evaluate(&whole, t.model, &o, "val", in_dir("a"), NULL, NULL, NULL));
    assert_ok(
        encnet_evaluate_on(&shared, models, DEVICES, &o, "val", in_dir("b"), in_dir("c"), &hooks));
    assert_true(w.calls == 3 && w.last == 3 && w.all == 3); /* the first device's part */
    assert_int_equal(shared.images, 7);
    assert_memory_equal(shared.confusion, whole.confusion, M * M * sizeof *whole.confusion);
    assert_true(shared.miou == whole.miou && shared.aacc == whole.aacc);
    for (int i = 0; i < IMAGES; i++) { /* one from every device */
        char name[128];
        snprintf(name, sizeof name, "b/%s.npy", encnet__dataset_name(t.data, i));
        assert_int_equal(stat(in_dir(name), &st), 0);
    }
    assert_int_equal(stat(in_dir("c/contact_sheet.png"), &st), 0);
    encnet_scores_free(&shared);
    encnet_scores_free(&whole);
    assert_fails(encnet_evaluate_on(&shared, models, 0, &o, "val", NULL, NULL, NULL), ENCNET_E_ARG,
                 "0 models");
    assert_fails(encnet_evaluate_on(&shared, models, DEVICES, &o, "other", NULL, NULL, NULL),
                 ENCNET_E_ARG, "val, train or test");
    for (int d = 0; d < DEVICES; d++) {
        encnet_model_free(models[d]);
        encnet_device_close(devices[d]);
    }
}

static void wrong_arguments_are_named(void **state)
{
    encnet_options o = t.options;
    encnet_scores scores;

    (void)state;
    assert_fails(encnet_evaluate(&scores, t.model, &o, "other", NULL, NULL, NULL, NULL),
                 ENCNET_E_ARG, "val, train or test");
    o.model.classes = M + 1;
    assert_fails(encnet_evaluate(&scores, t.model, &o, "val", NULL, NULL, NULL, NULL), ENCNET_E_ARG,
                 "the model has 5 classes");
}

/* -- modes ------------------------------------------------------------------------------------- */

static void one_window_equals_whole(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(0), whole, slide;
    float *a, *b;

    (void)state;
    whole = ids_of(&o, &image);
    a = logits_of(&o, &image, H, W);
    o.eval.mode = "slide";
    slide = ids_of(&o, &image);
    b = logits_of(&o, &image, H, W);
    assert_memory_equal(a, b, (size_t)M * H * W * sizeof *a);
    assert_int_equal(count_different(&whole, &slide), 0);
    encnet__free(a);
    encnet__free(b);
    encnet__picture_free(&image);
    encnet__picture_free(&whole);
    encnet__picture_free(&slide);
}

/* Windows of 32 x 32 at 0 and 16, and at 0, 24 and 32: the mean of what each gives alone. */
static void windows_are_averaged(void **state)
{
    static const int starts_y[] = {0, 16}, starts_x[] = {0, 24, 32};
    static float sum[M][H][W];
    static int count[H][W];
    encnet_options o = t.options;
    encnet__picture image = image_of(1);
    float *all;

    (void)state;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++) {
            encnet__picture part = part_of(&image, starts_y[i], starts_x[j], 32, 32);
            float *logits = logits_of(&o, &part, 32, 32);
            for (int m = 0; m < M; m++)
                for (int p = 0; p < 32 * 32; p++)
                    sum[m][starts_y[i] + p / 32][starts_x[j] + p % 32] += logits[m * 32 * 32 + p];
            for (int p = 0; p < 32 * 32; p++) count[starts_y[i] + p / 32][starts_x[j] + p % 32]++;
            encnet__free(logits);
            encnet__picture_free(&part);
        }
    o.eval.mode = "slide";
    o.eval.crop_h = o.eval.crop_w = 32;
    o.eval.stride_h = o.eval.stride_w = 24;
    all = logits_of(&o, &image, H, W);
    for (int m = 0; m < M; m++)
        for (int p = 0; p < H * W; p++) /* the same floats added in the same order */
            assert_true(all[m * H * W + p] == sum[m][p / W][p % W] / (float)count[p / W][p % W]);
    encnet__free(all);
    encnet__picture_free(&image);
}

/* Two passes are a sum of two, whose order does not matter: a mirrored picture gives mirrored ids,
 * to the bit. */
static void flip_is_symmetric(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(0), mirrored = image_of(0), plain, other, single;
    int swapped;

    (void)state;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            memcpy(mirrored.pixels + (y * W + x) * 3, image.pixels + (y * W + W - 1 - x) * 3, 3);
    single = ids_of(&o, &image);
    for (int mode = 0; mode < 2; mode++) {
        o = t.options;
        o.eval.flip = true;
        o.eval.mode = mode ? "slide" : "whole";
        o.eval.crop_w = W / 2; /* windows at 0, 8, ... 32 lie the same when mirrored */
        plain = ids_of(&o, &image);
        other = ids_of(&o, &mirrored);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W / 2; x++) {
                uint8_t *row = other.pixels + y * W, keep = row[x];
                row[x] = row[W - 1 - x];
                row[W - 1 - x] = keep;
            }
        swapped = count_different(&plain, &other);
        /* Windows are added from left to right, so mirrored sums round differently: a tie may tip.
         */
        assert_true(swapped <= (mode ? H * W / 500 : 0));
        assert_true(mode || count_different(&plain, &single) > 0); /* it is no symmetric picture */
        encnet__picture_free(&plain);
        encnet__picture_free(&other);
    }
    encnet__picture_free(&single);
    encnet__picture_free(&image);
    encnet__picture_free(&mirrored);
}

/* The average of one pass twice is that pass; of two scales it lies between them. */
static void scales_are_averaged(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(2), once, twice, small, both;
    int agreed = 0, wrong = 0;

    (void)state;
    once = ids_of(&o, &image);
    o.eval.scales = "1,1";
    twice = ids_of(&o, &image);
    assert_true(count_different(&once, &twice) <=
                H * W / 500); /* softmax may make ties of logits */
    o.eval.scales = "0.5";
    small = ids_of(&o, &image);
    o.eval.scales = "0.5,1";
    both = ids_of(&o, &image);
    for (int p = 0; p < H * W; p++) {
        if (once.pixels[p] != small.pixels[p]) continue;
        agreed++;
        wrong += both.pixels[p] != once.pixels[p];
    }
    assert_true(agreed > 0 && agreed < H * W);
    assert_true(wrong <= agreed / 10); /* a third class can win, seldom */
    assert_true(count_different(&both, &small) > 0);
    encnet__picture_free(&image);
    encnet__picture_free(&once);
    encnet__picture_free(&twice);
    encnet__picture_free(&small);
    encnet__picture_free(&both);
}

/* What is dumped of several passes becomes their mean probabilities by softmax: of two equal
 * passes, those of one.  Expected to a few roundings of the largest. */
static void means_are_dumped_as_logarithms(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(2);
    float *once, *mean;

    (void)state;
    once = logits_of(&o, &image, H, W);
    o.eval.scales = "1,1";
    mean = logits_of(&o, &image, H, W);
    for (int p = 0; p < H * W; p++) {
        double sum = 0, all = 0;
        for (int m = 0; m < M; m++) {
            sum += exp((double)once[m * H * W + p] - once[p]);
            all += exp(mean[m * H * W + p]);
        }
        assert_close(all, 1, 1e-6);
        for (int m = 0; m < M; m++)
            assert_close(exp(mean[m * H * W + p]), exp((double)once[m * H * W + p] - once[p]) / sum,
                         1e-6);
    }
    encnet__free(once);
    encnet__free(mean);
    encnet__picture_free(&image);
}

/* Probabilities of one window are those of the whole, so both modes average to the same. */
static void modes_average_alike(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(2), whole, slide;

    (void)state;
    o.eval.scales = "0.5,1,1.5";
    o.eval.flip = true;
    whole = ids_of(&o, &image);
    o.eval.mode = "slide";
    o.eval.crop_h = o.eval.crop_w = 2 * W;
    slide = ids_of(&o, &image);
    assert_true(count_different(&whole, &slide) <= H * W / 500);
    encnet__picture_free(&image);
    encnet__picture_free(&whole);
    encnet__picture_free(&slide);
}

/* Logits have the size that goes in, ids that of the picture, in both modes alike. */
static void a_box_changes_what_goes_in(void **state)
{
    encnet_options o = t.options;
    encnet__picture image = image_of(0), whole, slide;
    float *a, *b;

    (void)state;
    o.eval.image_scale = "96,80"; /* 64 x 48 -> 96 x 72 */
    o.eval.crop_h = o.eval.crop_w = 96;
    whole = ids_of(&o, &image);
    a = logits_of(&o, &image, 72, 96);
    o.eval.mode = "slide";
    slide = ids_of(&o, &image); /* resized back on the host instead of the device */
    b = logits_of(&o, &image, 72, 96);
    assert_memory_equal(a, b, (size_t)M * 72 * 96 * sizeof *a);
    assert_true(whole.h == H && whole.w == W);
    assert_true(count_different(&whole, &slide) <= H * W / 500);
    encnet__free(a);
    encnet__free(b);
    encnet__picture_free(&image);
    encnet__picture_free(&whole);
    encnet__picture_free(&slide);
}

/* -- files ------------------------------------------------------------------------------------- */

static encnet_status predict(const char *from, const char *to)
{
    return encnet_predict(t.model, &t.options, from, to, "palette", NULL, NULL, NULL);
}

/* What is kept from picture to picture leaves no trace. */
static void pictures_do_not_meet(void **state)
{
    static const char *const modes[] = {"whole", "slide"};
    encnet_options o = t.options;
    encnet__picture first = image_of(0), second = image_of(1), alone, together = {0};

    (void)state;
    o.eval.flip = true;
    o.eval.crop_w = 40;
    write_image(in_dir("pair/a.png"), &first);
    write_image(in_dir("pair/b.png"), &second);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        o.eval.mode = modes[i];
        assert_ok(
            encnet_predict(t.model, &o, in_dir("pair"), in_dir("paired"), "raw", NULL, NULL, NULL));
        assert_ok(
            encnet__picture_read(&together, in_dir("paired/b.png"), 1 << 24, ENCNET__READ_LABEL));
        alone = ids_of(&o, &second);
        assert_int_equal(count_different(&alone, &together), 0);
        encnet__picture_free(&alone);
    }
    encnet__picture_free(&first);
    encnet__picture_free(&second);
    encnet__picture_free(&together);
}

static void a_tree_keeps_its_shape(void **state)
{
    encnet__picture image = image_of(0);
    struct stat st;
    int count;

    (void)state;
    write_image(in_dir("tree/b/two.png"), &image);
    write_image(in_dir("tree/a/one.PNG"), &image);
    assert_ok(encnet__file_write(in_dir("tree/notes.txt"), "x", 1));
    assert_int_equal(symlink(in_dir("tree"), in_dir("tree/a/up")), 0);
    for (int again = 0; again < 2; again++) { /* the second time the output lies inside the tree */
        assert_ok(encnet_predict(t.model, &t.options, in_dir("tree"), in_dir("tree/out"), "overlay",
                                 NULL, &count, NULL));
        assert_int_equal(count, 2);
    }
    assert_int_equal(stat(in_dir("tree/out/a/one.png"), &st), 0);
    assert_int_equal(stat(in_dir("tree/out/b/two.png"), &st), 0);
    encnet__picture_free(&image);
}

static void a_list_names_its_files(void **state)
{
    encnet__picture image = image_of(0);
    char text[512];
    struct stat st;

    (void)state;
    write_image(in_dir("some/p.png"), &image);
    write_image(in_dir("some/q.png"), &image);
    snprintf(text, sizeof text, "%s\r\n\n%s", in_dir("some/p.png"), in_dir("some/q.png"));
    assert_ok(encnet__file_write(in_dir("list.txt"), text, strlen(text)));
    assert_ok(predict(in_dir("list.txt"), in_dir("listed")));
    assert_int_equal(stat(in_dir("listed/p.png"), &st), 0);
    assert_int_equal(stat(in_dir("listed/q.png"), &st), 0);
    snprintf(text, sizeof text, "%s\n%s\n", in_dir("some/p.png"), in_dir("some/absent.png"));
    assert_ok(encnet__file_write(in_dir("list.txt"), text, strlen(text)));
    assert_fails(predict(in_dir("list.txt"), in_dir("listed2")), ENCNET_E_PARTIAL, "absent.png");
    assert_int_equal(stat(in_dir("listed2/p.png"), &st), 0);
    encnet__picture_free(&image);
}

static void nothing_is_written_over(void **state)
{
    encnet__picture image = image_of(0), back = {0};
    struct stat st;

    (void)state;
    write_image(in_dir("in/x.png"), &image);
    assert_fails(predict(in_dir("in"), in_dir("in")), ENCNET_E_ARG,
                 "which is read: choose another place");
    assert_fails(predict(in_dir("in/x.png"), in_dir("in/../in")), ENCNET_E_ARG,
                 "which is read: choose another place");
    assert_int_equal(symlink(in_dir("in"), in_dir("link")), 0);
    assert_fails(predict(in_dir("in"), in_dir("link")), ENCNET_E_ARG,
                 "which is read: choose another place");
    assert_ok(encnet__picture_read(&back, in_dir("in/x.png"), 1 << 20, ENCNET__READ_UPRIGHT));
    assert_memory_equal(back.pixels, image.pixels, H * W * 3);
    write_image(in_dir("in/x.jpg"), &image);
    assert_fails(predict(in_dir("in"), in_dir("two")), ENCNET_E_PARTIAL,
                 "in/x.png: it would become x as well as");
    assert_int_equal(stat(in_dir("two/x.png"), &st), 0);
    encnet__picture_free(&image);
    encnet__picture_free(&back);
}

static void bad_inputs_are_named(void **state)
{
    (void)state;
    assert_fails(predict(in_dir("nowhere"), in_dir("o")), ENCNET_E_DATA, "nowhere");
    assert_ok(encnet__make_dirs(in_dir("empty")));
    assert_fails(predict(in_dir("empty"), in_dir("o")), ENCNET_E_DATA, "no picture in it");
    assert_ok(encnet__make_dirs(in_dir("bad")));
    assert_ok(encnet__file_write(in_dir("bad/z.png"), "not an image", 12));
    assert_fails(predict(in_dir("bad"), in_dir("o")), ENCNET_E_DATA, "z.png");
    assert_fails(predict(in_dir("bad"), NULL), ENCNET_E_ARG, "no output folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_model),
        cmocka_unit_test(evaluation_leaves_its_files),
        cmocka_unit_test(hooks_are_called),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(devices_share_the_images),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(one_window_equals_whole),
        cmocka_unit_test(windows_are_averaged),
        cmocka_unit_test(flip_is_symmetric),
        cmocka_unit_test(scales_are_averaged),
        cmocka_unit_test(means_are_dumped_as_logarithms),
        cmocka_unit_test(modes_average_alike),
        cmocka_unit_test(a_box_changes_what_goes_in),
        cmocka_unit_test(pictures_do_not_meet),
        cmocka_unit_test(a_tree_keeps_its_shape),
        cmocka_unit_test(a_list_names_its_files),
        cmocka_unit_test(nothing_is_written_over),
        cmocka_unit_test(bad_inputs_are_named),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
