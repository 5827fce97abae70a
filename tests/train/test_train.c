/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_train.c - whole runs of a small EncNet: stopped and resumed, with a damaged checkpoint, on a
 * full disk, diverged, with activations of 16 bits. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/device.h"
#include "files/safetensors.h"
#include "train/train.h"

static encnet_device *dev;
static char top[64], work_dir[128]; /* a directory for the test; where the next run trains */
static char heard[65536];
static volatile sig_atomic_t stop;
static int stop_at; /* iteration after which the run is asked to stop; 0 = never */
static bool evaluates;
static uint64_t buffers_made; /* by the iteration before; 0 = there was none */
static rlim_t limit_after;    /* file size allowed after the first iteration; 0 = any */

static void hear(void *user, const char *line)
{
    (void)user;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static void limit_files(rlim_t size)
{
    struct rlimit l;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = size ? size : l.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void on_progress(void *user, const encnet_train_progress *p)
{
    uint64_t made = encnet__device_memory(dev).buffers_made;

    (void)user;
    if (p->iter == stop_at) stop = 1;
    /* a warm iteration takes no device memory; an evaluation before it has its own */
    if (!evaluates && p->iter > 1 && buffers_made && buffers_made != made)
        fail_msg("iteration %d made %d buffers", p->iter, (int)(made - buffers_made));
    buffers_made = made;
    if (limit_after) limit_files(limit_after);
}

static const encnet_train_hooks hooks = {.log = hear, .progress = on_progress, .stop = &stop};

static int open_device(void **state)
{
    (void)state;
    dev = test_open_device();
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error of write() */
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    encnet_device_close(dev);
    return 0;
}

/* Opens the device anew, with another device.precision. */
static void store_as(const char *precision)
{
    encnet_device_options o = *encnet__device_options_of(dev);
    encnet_device *other;

    if (!strcmp(o.precision, precision)) return;
    o.precision = precision;
    assert_ok(encnet_device_open(&other, &o));
    encnet_device_close(dev);
    dev = other;
}

static void train_in(const char *name)
{
    snprintf(work_dir, sizeof work_dir, "%s/%s", top, name);
    heard[0] = '\0';
    stop = 0;
}

static int set_up(void **state)
{
    (void)state;
    stop_at = 0;
    limit_after = 0;
    /* in memory where that is possible: what is tested is not the disk, and checkpoints are large
     */
    snprintf(top, sizeof top, "%sencnet-tr-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : "");
    if (!mkdtemp(top)) return -1;
    train_in("a");
    return 0;
}

static int tear_down(void **state)
{
    char command[96];

    (void)state;
    limit_files(0);
    store_as("float32");
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

/* Dropout, shuffling, augmentation and an auxiliary head: everything that could tell one run from
 * another. */
static encnet_options options(void)
{
    encnet_options o;

    encnet_options_default(&o);
    o.model.backbone = "resnet18";
    o.model.classes = 4;
    assert_ok(encnet_options_set(&o, "model.output_stride", "32"));
    o.model.channels = o.model.aux_channels = 8;
    assert_ok(encnet_options_set(&o, "model.codewords", "4"));
    o.model.dropout = 0.5;
    o.data.train_count = 7;
    o.data.val_count = 2;
    o.data.width = o.data.height = 40;
    o.augment.scale_w = o.augment.scale_h = 40;
    o.augment.crop_h = o.augment.crop_w = 32;
    o.train.max_iters = 5;
    o.train.log_interval = 2;
    o.train.checkpoint_interval = o.train.eval_interval = 0;
    o.train.keep_checkpoints = 1;
    o.train.seed = 3;
    return o;
}

static encnet_status train(encnet_options o, const char *resume, encnet_train_result *result)
{
    encnet_train_start start = {.name = "small", .resume = resume};

    o.output.work_dir = work_dir;
    evaluates = o.train.eval_interval > 0;
    buffers_made = 0;
    return encnet_train(result, dev, &o, &start, &hooks);
}

static const char *in_work_dir(const char *name)
{
    static char paths[2][256];
    static int next;
    char *path = paths[next++ & 1];

    snprintf(path, sizeof paths[0], "%s/%s", work_dir, name);
    return path;
}

static char *contents(const char *path, size_t *size)
{
    char *text;

    assert_ok(encnet__file_read(&text, size, path, 1u << 30));
    return text;
}

/* The same file in two work directories, byte by byte. */
static void same(const char *a, const char *b, const char *name)
{
    char path[256], *x, *y;
    size_t n, m;

    snprintf(path, sizeof path, "%s/%s/%s", top, a, name);
    x = contents(path, &n);
    snprintf(path, sizeof path, "%s/%s/%s", top, b, name);
    y = contents(path, &m);
    assert_int_equal(n, m);
    if (memcmp(x, y, n) != 0) fail_msg("%s differs between %s and %s", name, a, b);
    encnet__free(x);
    encnet__free(y);
}

static void a_stop_changes_no_bit(void **state)
{
    encnet_options o = options();
    encnet_train_result result;

    (void)state;
    o.train.accumulate = 2;
    assert_ok(train(o, NULL, &result));
    assert_int_equal(result.iters, 5);
    assert_true(result.best_miou < 0);
    assert_string_equal(result.checkpoint, in_work_dir("iter_5"));
    train_in("b");
    stop_at = 2;
    assert_fails(train(o, NULL, &result), ENCNET_E_STOPPED, "after iteration 2 of 5");
    assert_int_equal(result.iters, 2);
    stop = 0;
    stop_at = 0;
    o.data.workers = 1;
    assert_ok(train(o, "auto", &result));
    assert_int_equal(result.iters, 5);
    same("a", "b", "iter_5/weights.safetensors");
    same("a", "b", "iter_5/optimizer.safetensors");
    same("a", "b", "iter_5/state.ini");
    /* once more: nothing is left to do */
    assert_ok(train(o, "auto", &result));
    assert_int_equal(result.iters, 5);
}

static int count_of(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)); text++) n++;
    return n;
}

static void records_go_on_in_the_same_files(void **state)
{
    encnet_options o = options();
    char *json;
    size_t size;

    (void)state;
    o.train.max_iters = 4;
    o.train.eval_interval = 2;
    stop_at = 3;
    assert_fails(train(o, NULL, NULL), ENCNET_E_STOPPED, "iter_3");
    stop = 0;
    assert_ok(train(o, "auto", NULL));
    json = contents(in_work_dir("small.log.json"), &size);
    assert_int_equal(count_of(json, "\"env_info\""), 2);
    assert_int_equal(count_of(json, "\"mode\": \"train\""), 2); /* after 2 and 4 */
    assert_int_equal(count_of(json, "\"mode\": \"val\""), 2);
    assert_int_equal(count_of(json, "\"decode.loss_seg\": "), 2);
    assert_non_null(strstr(heard, "Iter [4/4]\tlr: "));
    assert_ok(encnet__checkpoint_verify(in_work_dir("best")));
    assert_ok(encnet__checkpoint_verify(in_work_dir("latest")));
    encnet__free(json);
}

static void nothing_is_overwritten(void **state)
{
    encnet_options o = options();
    encnet__lock *lock = NULL;
    encnet_train_result result;

    (void)state;
    o.train.max_iters = 1;
    assert_ok(train(o, NULL, &result));
    assert_fails(train(o, NULL, &result), ENCNET_E_CONFIG, "--resume auto");
    o.model.classes = 5;
    assert_fails(train(o, "auto", &result), ENCNET_E_CONFIG, "model.classes: 4 -> 5");
    assert_ok(encnet__checkpoint_verify(in_work_dir("iter_1")));
    assert_ok(encnet__lock_take(&lock, work_dir));
    assert_fails(train(options(), "auto", &result), ENCNET_E_BUSY, "process");
    encnet__lock_release(lock);
    assert_fails(train(options(), in_work_dir("iter_9"), &result), ENCNET_E_CHECKPOINT, "iter_9");
}

/* Damages one byte in the middle of a file. */
static void damage(const char *path)
{
    FILE *f = fopen(path, "r+b");

    assert_non_null(f);
    assert_int_equal(fseek(f, -1000, SEEK_END), 0);
    fputc('?', f);
    fputc('!', f);
    fclose(f);
}

static void a_damaged_checkpoint_is_skipped(void **state)
{
    encnet_options o = options();
    encnet_train_result result;
    char *whole, *again;
    size_t size, size_again;

    (void)state;
    o.train.checkpoint_interval = 1;
    o.train.max_iters = 2;
    o.train.keep_checkpoints = 2;
    assert_ok(train(o, NULL, &result));
    whole = contents(in_work_dir("iter_2/weights.safetensors"), &size);
    damage(in_work_dir("iter_2/weights.safetensors"));
    assert_fails(train(o, in_work_dir("iter_2"), &result), ENCNET_E_CHECKPOINT,
                 "weights.safetensors: damaged");
    assert_ok(train(o, "auto", &result));
    assert_non_null(strstr(heard, "iter_1: iteration 1 of 2"));
    assert_non_null(strstr(heard, "iter_2/weights.safetensors: damaged"));
    assert_int_equal(access(in_work_dir("iter_2.aside"), F_OK), 0);
    again = contents(in_work_dir("iter_2/weights.safetensors"), &size_again);
    assert_int_equal(size, size_again);
    assert_memory_equal(whole, again, size);
    encnet__free(whole);
    encnet__free(again);
}

static void a_full_disk_keeps_the_last_checkpoint(void **state)
{
    encnet_options o = options();
    encnet_train_result result;

    (void)state;
    o.train.max_iters = 1;
    assert_ok(train(o, NULL, &result));
    o.train.max_iters = 2;
    limit_after = 1 << 20;
    assert_fails(train(o, "auto", &result), ENCNET_E_IO, "the checkpoint before is as it was");
    limit_after = 0;
    limit_files(0);
    assert_int_equal(result.iters, 2);
    assert_string_equal(result.checkpoint, in_work_dir("iter_1"));
    assert_int_not_equal(access(in_work_dir("iter_2"), F_OK), 0);
    assert_int_not_equal(access(in_work_dir(".encnet-unfinished-iter_2"), F_OK), 0);
    assert_ok(encnet__checkpoint_verify(in_work_dir("latest")));
    assert_ok(train(o, "auto", &result));
    assert_string_equal(result.checkpoint, in_work_dir("iter_2"));
}

/* A checkpoint of another directory, and an older one of this: what came after it steps aside. */
static void resumes_from_where_it_is_told(void **state)
{
    encnet_options o = options();
    encnet_train_result result;
    char first[256];

    (void)state;
    o.train.checkpoint_interval = 1;
    o.train.keep_checkpoints = 2;
    o.train.max_iters = 2;
    assert_ok(train(o, NULL, &result));
    snprintf(first, sizeof first, "%s", in_work_dir("iter_1"));
    train_in("b");
    o.train.keep_checkpoints = 1;
    assert_ok(train(o, first, &result));
    same("a", "b", "iter_2/weights.safetensors");
    assert_fails(train(o, first, &result), ENCNET_E_CONFIG, "holds an earlier run");
    train_in("a");
    o.train.max_iters = 1;
    assert_ok(train(o, first, &result));
    assert_non_null(strstr(heard, "iter_2.aside"));
    assert_int_equal(access(in_work_dir("iter_2"), F_OK), -1);
    assert_ok(encnet__checkpoint_verify(in_work_dir("latest")));
}

/* What only the first evaluation would find is found before the first iteration. */
static void evaluations_are_checked_first(void **state)
{
    encnet_options o = options();

    (void)state;
    o.train.eval_interval = 2;
    o.eval.scales = "1.0,x";
    assert_fails(train(o, NULL, NULL), ENCNET_E_ARG, "eval.scales");
    assert_string_equal(heard, "");
    assert_int_equal(access(work_dir, F_OK), -1);
}

/* The same batch twice per step: the mean of two equal gradients is that gradient, to the bit. */
static void accumulated_gradients_are_averaged(void **state)
{
    encnet_options o = options();

    (void)state;
    o.augment.enabled = o.data.shuffle = false;
    o.data.train_count = o.data.samples_per_device = 2;
    o.model.dropout = 0;
    o.train.max_iters = 3;
    assert_ok(train(o, NULL, NULL));
    train_in("b");
    o.train.accumulate = 2;
    assert_ok(train(o, NULL, NULL));
    same("a", "b", "iter_3/optimizer.safetensors");
}

/* Whether a tensor is the same in two checkpoints of the work directory. */
static bool unchanged(const char *tensor, const char *a, const char *b)
{
    float x[4096], y[4096];
    const char *paths[2] = {in_work_dir(a), in_work_dir(b)};
    float *to[2] = {x, y};
    const encnet__file_tensor *t = NULL;
    size_t bytes = 0;

    for (int i = 0; i < 2; i++) {
        encnet__tensor_file *f = NULL;
        assert_ok(encnet__tensor_file_open(&f, paths[i]));
        t = encnet__tensor_file_find(f, tensor);
        assert_non_null(t);
        assert_true(t->count <= 4096);
        assert_ok(encnet__tensor_file_read_floats(f, t, to[i]));
        bytes = (size_t)encnet__file_tensor_bytes(t);
        encnet__tensor_file_close(f);
    }
    return memcmp(x, y, bytes) == 0;
}

static void a_factor_of_zero_freezes(void **state)
{
    static const char one[] = "iter_1/weights.safetensors", two[] = "iter_2/weights.safetensors";
    encnet_options o = options();

    (void)state;
    o.train.checkpoint_interval = 1;
    o.train.max_iters = o.train.keep_checkpoints = 2;
    o.optimizer.lr_mult = "backbone:0,backbone.layer2:1";
    assert_ok(train(o, NULL, NULL));
    assert_true(unchanged("backbone.layer1.0.bn1.weight", one, two));
    assert_false(unchanged("backbone.layer1.0.bn1.running_mean", one, two));
    assert_false(unchanged("backbone.layer2.0.bn1.weight", one, two));
    assert_false(unchanged("decode_head.bottleneck.bn.weight", one, two));
}

static void a_loss_that_is_no_number_stops(void **state)
{
    encnet_options o = options();
    encnet_train_result result;

    (void)state;
    o.train.max_iters = 1;
    assert_ok(train(o, NULL, &result));
    o.train.max_iters = 50;
    o.train.checkpoint_interval = 1;
    o.optimizer.lr = 1e30;
    assert_fails(train(o, "auto", &result), ENCNET_E_DIVERGED, "iteration ");
    assert_ok(encnet__checkpoint_verify(in_work_dir("latest")));
    assert_non_null(strstr(heard, "optimizer.lr: 0.01 -> 1e+30"));
    train_in("b");
    o.optimizer.lr = 3e38; /* infinite weights before any loss shows it */
    assert_fails(train(o, NULL, &result), ENCNET_E_DIVERGED, "no checkpoint is made");
    assert_int_not_equal(access(in_work_dir("iter_1"), F_OK), 0);
}

/* Three steps lose about the same whatever activations are stored in; the bounds are about three
 * roundings of the numbers.  The batch norms of the smaller crops of options() take means of so few
 * pixels that a rounding may turn a sign. */
static void precisions_agree(void **state)
{
    encnet_options o = options();
    encnet_train_result whole, narrow;

    (void)state;
    o.train.max_iters = 3;
    assert_ok(encnet_options_set(&o, "model.output_stride", "8"));
    o.data.width = o.data.height = 96;
    o.augment.scale_w = o.augment.scale_h = o.augment.crop_h = o.augment.crop_w = 96;
    assert_ok(train(o, NULL, &whole));
    store_as("fp16");
    train_in("b");
    assert_ok(train(o, NULL, &narrow));
    assert_true(narrow.loss != whole.loss);
    assert_close(narrow.loss, whole.loss, 3 * 0x1p-11 * whole.loss);
    store_as("bf16");
    train_in("c");
    assert_ok(train(o, NULL, &narrow));
    assert_close(narrow.loss, whole.loss, 3 * 0x1p-8 * whole.loss);
}

/* A run begins in float16, goes on in float32, which drops the scale, and in float16 again. */
static void checkpoints_fit_every_precision(void **state)
{
    encnet__train_state s;
    encnet_options o = options();

    (void)state;
    store_as("fp16");
    o.train.max_iters = 2;
    assert_ok(train(o, NULL, NULL));
    assert_ok(encnet__state_load(&s, in_work_dir("latest/state.ini"), NULL));
    assert_true(s.loss_scale == 65536);
    assert_int_equal(s.scaled_steps, 2);
    store_as("float32");
    o.train.max_iters = 3;
    assert_ok(train(o, "auto", NULL));
    assert_ok(encnet__state_load(&s, in_work_dir("latest/state.ini"), NULL));
    assert_true(s.loss_scale == 0);
    store_as("fp16");
    o.train.max_iters = 4;
    assert_ok(train(o, "auto", NULL));
    assert_ok(encnet__state_load(&s, in_work_dir("latest/state.ini"), NULL));
    assert_int_equal(s.iter, 4);
    assert_int_equal(s.scaled_steps, 1);
}

static void a_stop_in_float16_changes_no_bit(void **state)
{
    encnet_options o = options();

    (void)state;
    store_as("fp16");
    o.train.max_iters = 3;
    assert_ok(train(o, NULL, NULL));
    train_in("b");
    stop_at = 2;
    assert_fails(train(o, NULL, NULL), ENCNET_E_STOPPED, "after iteration 2 of 3");
    stop = 0;
    stop_at = 0;
    assert_ok(train(o, "auto", NULL));
    same("a", "b", "iter_3/weights.safetensors");
    same("a", "b", "iter_3/state.ini");
}

/* The auxiliary loss is so heavy that its gradients overflow until the scale is low enough. */
static void an_overflow_skips_the_step(void **state)
{
    static const char one[] = "iter_1/weights.safetensors", two[] = "iter_2/weights.safetensors";
    static const char tensor[] = "decode_head.bottleneck.bn.weight";
    encnet__train_state s;
    encnet_options o = options();

    (void)state;
    store_as("fp16");
    o.train.aux_weight = 1000;
    o.optimizer.lr = 1e-5; /* no step so large that the next gradients overflow at any scale */
    o.train.checkpoint_interval = 1;
    o.train.max_iters = o.train.keep_checkpoints = 2;
    assert_ok(train(o, NULL, NULL));
    assert_non_null(strstr(heard, "iteration 1: gradients overflowed float16, the weights stay as "
                                  "they are; the loss scale was 65536 and is 32768 now"));
    assert_true(unchanged(tensor, one, two));
    assert_ok(encnet__state_load(&s, in_work_dir("latest/state.ini"), NULL));
    assert_true(s.loss_scale == 16384);
    assert_int_equal(s.scaled_steps, 0);
    o.train.max_iters = 30;
    o.train.checkpoint_interval = 0;
    assert_ok(train(o, "auto", NULL));
    assert_false(unchanged(tensor, "iter_2/weights.safetensors", "iter_30/weights.safetensors"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_stop_changes_no_bit),
        TEST(records_go_on_in_the_same_files),
        TEST(nothing_is_overwritten),
        TEST(a_damaged_checkpoint_is_skipped),
        TEST(a_full_disk_keeps_the_last_checkpoint),
        TEST(resumes_from_where_it_is_told),
        TEST(evaluations_are_checked_first),
        TEST(accumulated_gradients_are_averaged),
        TEST(a_factor_of_zero_freezes),
        TEST(a_loss_that_is_no_number_stops),
        TEST(precisions_agree),
        TEST(checkpoints_fit_every_precision),
        TEST(a_stop_in_float16_changes_no_bit),
        TEST(an_overflow_skips_the_step),
    };
    return cmocka_run_group_tests(tests, open_device, close_device);
}
