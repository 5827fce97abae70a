/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_arguments.c - every public function with every pointer NULL in turn, and other arguments that it
 * cannot take: an error code and a sentence, never a crash.  The calls go to another process, which one that
 * crashes ends; the next call gets a new one.  It opens a device and a model once, as a GPU's driver takes up to
 * half a second for that. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <encnet/encnet.h>
#include <encnet/opencl.h>
#include "options/options.h"
#include "support/scratch.h"

enum { OK_ANYWAY = 40, NO_DEVICE = 41, SILENT = 42 };

static encnet_options tiny;
static encnet_device *device;
static encnet_model *model;

static void fill_tiny(void)
{
    encnet_options_default(&tiny);
    tiny.model.backbone = "resnet18";
    tiny.model.classes = 4;
    tiny.model.channels = tiny.model.aux_channels = 8;
    assert_ok(encnet_options_set(&tiny, "model.output_stride", "32"));
    assert_ok(encnet_options_set(&tiny, "model.codewords", "4"));
    tiny.data.train_count = tiny.data.val_count = 2;
    tiny.data.width = tiny.data.height = 32;
    tiny.data.workers = 1;
    tiny.augment.crop_h = tiny.augment.crop_w = tiny.augment.scale_h = tiny.augment.scale_w = 32;
    tiny.train.max_iters = 1;
    tiny.train.eval_interval = tiny.train.checkpoint_interval = 0;
    tiny.output.tensorboard = false;
    tiny.output.work_dir = "run";
}

/* Those that there are already serve again. */
static void open_device(void)
{
    if (device) return;
    if (encnet_device_open(&device, NULL) != ENCNET_OK) _exit(NO_DEVICE);
}

static void open_model(void)
{
    open_device();
    if (model) return;
    if (encnet_model_new(&model, device, &tiny) != ENCNET_OK) _exit(NO_DEVICE);
}

/* The call has closed the device, or the model's, or may have. */
static void forget_device(void)
{
    device = NULL;
    model = NULL;
}

/* -- the calls --------------------------------------------------------------------------------- */

/* Argument i: NULL if it is its turn; all that may be NULL are so at once. */
enum { ALL_OPTIONAL = -2 };
static const char *letters;
#define P(i, pointer)                                                                              \
    (null == (i) || (null == ALL_OPTIONAL && letters[i] == 'o') ? NULL : (pointer))
/* A function that returns nothing or no status has done well if it comes back. */
#define VOID(call) ((call), OK_ANYWAY)

static void on_line(void *user, const char *line)
{
    (void)user, (void)line;
}

static void on_files(void *user, int done, int all)
{
    (void)user, (void)done, (void)all;
}

static void on_plan_row(void *user, const encnet_plan_row *row)
{
    (void)user, (void)row;
}

static void on_self_test(void *user, const char *op, bool agreed, double worst, const char *message)
{
    (void)user, (void)op, (void)agreed, (void)worst, (void)message;
}

static int no_version(int null)
{
    (void)null;
    encnet_last_error();
    encnet_version();
    encnet_status_text((encnet_status)-77);
    encnet_status_exit_code((encnet_status)-77);
    encnet_comm_launched();
    encnet_comm_launched_rank();
    return OK_ANYWAY;
}

static int bench(int null)
{
    encnet_bench_result r = {0};
    encnet_bench_case c = {.n = 2, .h = 32, .w = 32, .repeats = 1, .inference = true};
    encnet_comm *comm = NULL;

    if (null != 1) open_device();
    assert_ok(encnet_comm_threads(&comm, 1, 5));
    return encnet_bench(P(0, &r), P(1, device), P(2, &tiny), P(3, &c), P(4, comm));
}

static int bench_on(int null)
{
    encnet_bench_result r = {0};
    encnet_bench_case c = {.n = 2, .h = 32, .w = 32, .repeats = 1, .inference = true};

    open_device();
    return encnet_bench_on(P(0, &r), P(1, &device), 1, P(2, &tiny), P(3, &c));
}

static int bench_result_free(int null)
{
    encnet_bench_result r = {0};

    return VOID(encnet_bench_result_free(P(0, &r)));
}

static int bench_shares(int null)
{
    int shares[2];
    double seconds[2] = {1, 2};

    return encnet_bench_shares(P(0, shares), P(1, seconds), 2, 4);
}

static int comm_threads(int null)
{
    encnet_comm *comm[2];

    return encnet_comm_threads(P(0, comm), 2, 5);
}

static int comm_open_mpi(int null)
{
    encnet_comm *comm;

    return encnet_comm_open_mpi(P(0, &comm), "no-such-library", 5);
}

static int comm_close(int null)
{
    encnet_comm *comm;

    assert_ok(encnet_comm_threads(&comm, 1, 5));
    return VOID(encnet_comm_close(P(0, comm)));
}

static int comm_fail(int null)
{
    return encnet_comm_fail(ENCNET_E_ARG, P(0, "a sentence"));
}

static int config_load(int null)
{
    const char *overrides[] = {"model.classes=5"};
    encnet_config *c;

    return encnet_config_load(P(0, &c), P(1, "no-such.ini"), P(2, overrides), 1, P(3, on_line),
                              P(4, &c));
}

static int config_load_checkpoint(int null)
{
    const char *overrides[] = {"model.classes=5"};
    encnet_config *c;

    return encnet_config_load_checkpoint(P(0, &c), P(1, "no-such"), P(2, overrides), 1,
                                         P(3, on_line), P(4, &c));
}

static int config_null_override(int null)
{
    const char *overrides[] = {P(0, "a.b=c")};
    encnet_config *c;

    return encnet_config_load(&c, NULL, overrides, 1, NULL, NULL);
}

static int config_rest(int null)
{
    encnet_config *c;
    encnet_config_key key;
    const char *name, *help;

    assert_ok(encnet_config_load(&c, NULL, NULL, 0, NULL, NULL));
    (void)encnet_config_options(P(0, c));
    (void)encnet_config_remarks(P(0, c));
    (void)encnet_config_print(P(0, c), true);
    free(encnet_options_print(P(0, &tiny)));
    encnet_config_key_at(0, P(0, &key));
    encnet_config_section_at(0, P(0, &name), P(1, &help));
    encnet_config_free(P(0, c));
    return OK_ANYWAY;
}

static int convert(int null)
{
    encnet_converted result;

    return encnet_convert(P(0, &result), P(1, "out.safetensors"), P(2, "no-such"), P(3, &tiny));
}

static int convert_config(int null)
{
    return encnet_convert_config(P(0, "out.ini"), P(1, "no-such.py"));
}

static int checkpoint_describe(int null)
{
    encnet_checkpoint_info *info;

    return encnet_checkpoint_describe(P(0, &info), P(1, "no-such"));
}

static int checkpoint_info_free(int null)
{
    (void)null;
    return VOID(encnet_checkpoint_info_free(NULL));
}

static void on_config(void *user, const char *name, const char *path, const char *about)
{
    (void)user, (void)name, (void)path, (void)about;
}

static int config_list(int null)
{
    return encnet_config_list(P(0, on_config), NULL);
}

static void on_version(void *user, const char *part, const char *version)
{
    (void)user, (void)part, (void)version;
}

static int device_versions(int null)
{
    return encnet_device_versions(P(0, on_version), NULL);
}

static int comm_mpi_version(int null)
{
    char text[8];

    return encnet_comm_mpi_version(P(0, text), sizeof text);
}

static int lists(int null)
{
    encnet_checkpoint_format format;
    encnet_checkpoint_dialect dialect;
    encnet_dataset_info dataset;
    encnet_model_part part;
    encnet_model_published published;

    for (int i = -1; i < 100; i++) {
        encnet_checkpoint_format_at(i, P(0, &format));
        encnet_checkpoint_dialect_at(i, P(0, &dialect));
        encnet_dataset_at(i, P(0, &dataset));
        encnet_model_part_at(i, P(0, &part));
        encnet_model_published_at(i, P(0, &published));
        encnet_format_name(i);
    }
    return OK_ANYWAY;
}

static int data_check(int null)
{
    encnet_data_summary s = {.problems = 0};

    encnet_data_summary_free(P(1, &s));
    return encnet_data_check(P(0, &tiny), P(1, &s), P(2, on_line), P(3, on_files), P(4, &s));
}

static int data_export(int null)
{
    return encnet_data_export(P(0, &tiny), P(1, "exported"), P(2, on_files), P(3, &tiny));
}

static int device_list(int null)
{
    encnet_device_info info[1];
    int count;

    return encnet_device_list(P(0, info), 1, P(1, &count));
}

static int platform_list(int null)
{
    encnet_platform_info info[1];
    int count;

    return encnet_platform_list(P(0, info), 1, P(1, &count));
}

static int device_open(int null)
{
    encnet_device_options o = tiny.device;
    encnet_device *d;

    return encnet_device_open(P(0, &d), P(1, &o));
}

static int device_open_nth(int null)
{
    encnet_device_options o = {.select = NULL};
    encnet_device *d;

    return encnet_device_open_nth(P(0, &d), P(1, &o), 0);
}

static int device_open_cl(int null)
{
    encnet_device_options o = tiny.device;
    encnet_device *d;

    return encnet_device_open_cl(P(0, &d), NULL, NULL, P(1, &o));
}

static int device_count(int null)
{
    int n;

    return encnet_device_count(P(0, &n), P(1, ""));
}

static int device_rest(int null)
{
    encnet_device_info info;

    open_device();
    encnet_device_describe(P(0, device), P(1, &info));
    if (encnet_device_silence(P(0, device)) != 0) return SILENT;
    encnet_device_close(P(0, device));
    forget_device();
    return OK_ANYWAY;
}

static int device_profile(int null)
{
    encnet_profile_row rows[1];
    int count;

    open_device();
    return encnet_device_profile(P(0, device), P(1, rows), 1, P(2, &count));
}

static int device_self_test(int null)
{
    return encnet_device_self_test(P(0, device), on_self_test, NULL);
}

static int evaluate(int null)
{
    encnet_scores *s = calloc(1, sizeof *s);
    encnet_comm *comm = NULL;
    encnet_eval_hooks hooks = {0};

    open_model();
    assert_ok(encnet_comm_threads(&comm, 1, 5));
    return encnet_evaluate(P(0, s), P(1, model), P(2, &tiny), P(3, "val"), P(4, "logits"),
                           P(5, "report"), P(6, comm), P(7, &hooks));
}

static int evaluate_on(int null)
{
    encnet_scores *s = calloc(1, sizeof *s);
    encnet_eval_hooks hooks = {0};

    open_model();
    return encnet_evaluate_on(P(0, s), P(1, &model), 1, P(2, &tiny), P(3, "val"), NULL, NULL,
                              P(4, &hooks));
}

static int scores_mean(int null)
{
    encnet_scores scores = {.classes = 1};
    const char *name;
    double percent;

    encnet_scores_mean(P(0, &scores), 0, P(1, &name), P(2, &percent));
    return OK_ANYWAY;
}

static int scores_of_class(int null)
{
    encnet_scores scores = {.classes = 1};
    const char *name;
    double percent;

    encnet_scores_of_class(P(0, &scores), 0, 0, P(1, &name), P(2, &percent));
    return OK_ANYWAY;
}

static int scores_write(int null)
{
    return encnet_scores_write(P(0, "scores.json"),
                               P(1, (encnet_scores *)calloc(1, sizeof(encnet_scores))));
}

static int output_write(int null)
{
    return encnet_output_write(P(0, "scores.json"), P(1, "{}"), 2);
}

static int output_checks(int null)
{
    encnet_config *c;
    encnet_status rc;

    assert_ok(encnet_config_load(&c, NULL, NULL, 0, NULL, NULL));
    rc = encnet_config_output_check(P(0, c), P(1, "x.json"));
    return encnet_output_check(P(0, &tiny), P(1, "x.json")) == rc ? rc : SILENT;
}

static int scores_free(int null)
{
    encnet_scores *s = calloc(1, sizeof *s);

    return VOID(encnet_scores_free(P(0, s)));
}

static int format_check(int null)
{
    return encnet_format_check(P(0, "raw"));
}

static int predict(int null)
{
    encnet_eval_hooks hooks = {0};
    int count;

    open_model();
    assert_ok(encnet_data_export(&tiny, "data", NULL, NULL));
    return encnet_predict(P(0, model), P(1, &tiny), P(2, "data/images/val"), "out", P(3, "raw"),
                          P(4, "logits"), P(5, &count), P(6, &hooks));
}

static int predict_stream(int null)
{
    int count;

    open_model();
    return encnet_predict_stream(P(0, model), P(1, &tiny), -1, -1, P(2, "raw"), P(3, "png"),
                                 P(4, &count), NULL);
}

static int scores_print(int null)
{
    static encnet_scores scores;

    free(encnet_scores_print(P(0, &scores)));
    return OK_ANYWAY;
}

static int draw_curves(int null)
{
    return encnet_draw_curves(P(0, "curves.png"), P(1, "no-such.log.json"));
}

static int model_new(int null)
{
    open_device();
    return encnet_model_new(P(0, &model), P(1, device), P(2, &tiny));
}

static int model_load(int null)
{
    open_device();
    return encnet_model_load(P(0, &model), P(1, device), P(2, "no-such"));
}

static int model_rest(int null)
{
    open_model();
    encnet_model_remarks(P(0, model));
    encnet_model_classes(P(0, model));
    encnet_model_labels_images(P(0, model));
    encnet_model_class_name(P(0, model), 0);
    encnet_model_class_name(P(0, model), -1);
    encnet_model_class_name(P(0, model), 1 << 30);
    encnet_model_free(P(0, model));
    model = NULL;
    return OK_ANYWAY;
}

static int model_read_weights(int null)
{
    open_model();
    return encnet_model_read_weights(P(0, model), P(1, "no-such"));
}

static int model_save(int null)
{
    open_model();
    return encnet_model_save(P(0, model), P(1, "saved.safetensors"));
}

static int model_run(int null)
{
    static uint8_t ids[32 * 32], rgb[3 * 32 * 32];
    static float probs[4 * 32 * 32];

    open_model();
    return encnet_model_run(P(0, model), P(1, ids), P(2, probs), P(3, rgb), 32, 32);
}

static int plan_make(int null)
{
    encnet_plan plan;

    open_device();
    return encnet_plan_make(P(0, &plan), P(1, device), P(2, &tiny), 2, 32, 32, false);
}

static int plan_make_rank(int null)
{
    encnet_plan plan;

    open_device();
    return encnet_plan_make_rank(P(0, &plan), P(1, device), P(2, &tiny), 2, 2, 32, 32);
}

static int plan_list(int null)
{
    open_device();
    return encnet_plan_list(P(0, device), P(1, &tiny), 2, 32, 32, false, P(2, on_plan_row),
                            P(3, &tiny));
}

static int plan_passes(int null)
{
    open_device();
    return encnet_plan_passes(P(0, device), P(1, &tiny), 2, 32, 32, false, P(2, on_line),
                              P(3, &tiny));
}

static int model_load_memory(int null)
{
    open_device();
    return encnet_model_load_memory(P(0, &model), P(1, device), P(2, "no model"), 8);
}

static int model_plan(int null)
{
    encnet_plan plan;

    open_model();
    return encnet_model_plan(P(0, &plan), P(1, model), 1, 32, 32);
}

static int model_questions(int null)
{
    uint8_t rgb[3];

    open_model();
    for (int m = -1; m < 6; m++) encnet_model_class_colour(P(0, rgb), P(1, model), m);
    encnet_model_get_options(P(1, model));
    encnet_model_parameters(P(1, model));
    return OK_ANYWAY;
}

static int picture_read(int null)
{
    uint8_t *rgb;
    int h, w;

    return encnet_picture_read(P(0, &rgb), P(1, &h), P(2, &w), P(3, "no-such.png"), P(4, &tiny));
}

static int picture_decode(int null)
{
    uint8_t *rgb;
    int h, w;

    return encnet_picture_decode(P(0, &rgb), P(1, &h), P(2, &w), P(3, "no picture"), 10,
                                 P(4, "name"), P(5, &tiny));
}

static const uint8_t four_pixels[4] = {1, 2, 3, 4};

static int picture_write(int null)
{
    static uint8_t palette[768];

    return encnet_picture_write(P(0, "four.png"), P(1, four_pixels), 2, 2, 1, P(2, palette));
}

static int picture_encode(int null)
{
    static uint8_t palette[768];
    void *png;
    size_t size;

    return encnet_picture_encode(P(0, &png), P(1, &size), P(2, four_pixels), 2, 2, 1,
                                 P(3, palette));
}

static int picture_sizes(int which)
{
    static const int sides[] = {0, -1, INT32_MAX, INT32_MIN};
    static uint8_t palette[768];
    int side = sides[which];

    if (encnet_picture_write("x.png", four_pixels, side, 2, 1, NULL) != ENCNET_E_ARG) return SILENT;
    if (encnet_picture_write("x.png", four_pixels, 2, side, 1, NULL) != ENCNET_E_ARG) return SILENT;
    if (encnet_picture_write("x.png", four_pixels, 1, 1, side, NULL) != ENCNET_E_ARG) return SILENT;
    return encnet_picture_write("x.png", four_pixels, 1, 1, 3, palette);
}

static void on_remark(void *user, encnet_log_level level, const char *line)
{
    (void)level, (void)line;
    if (!user) _exit(SILENT);
}

static int log_set(int null)
{
    int listener;
    encnet_device *d;

    encnet_log_set(null == 0 || null == ALL_OPTIONAL ? NULL : on_remark, &listener);
    if (encnet_device_open(&d, NULL) != ENCNET_OK) return NO_DEVICE;
    encnet_device_close(d);
    encnet_log_set(NULL, NULL);
    encnet_free(NULL);
    return OK_ANYWAY;
}

static int options_default(int null)
{
    return VOID(encnet_options_default(P(0, &tiny)));
}

/* -- sessions */

static uint8_t session_rgb[32 * 32 * 3], session_ids[32 * 32];
static const encnet_image session_image = {
    .format = ENCNET_RGB8, .width = 32, .height = 32, .planes = {session_rgb}};
static const encnet_results session_results = {.ids = session_ids};

static encnet_session *open_session(void)
{
    encnet_session *s = NULL;

    open_model();
    if (encnet_session_new(&s, model, NULL) != ENCNET_OK) _exit(NO_DEVICE);
    return s;
}

static int session_new(int null)
{
    encnet_session *s = NULL;

    open_model();
    return encnet_session_new(P(0, &s), P(1, model), P(2, &tiny.eval));
}

static int session_rest(int null)
{
    encnet_session *s = open_session();

    encnet_session_cancel(P(0, s));
    return VOID(encnet_session_free(P(0, s)));
}

static int session_reserve(int null)
{
    return encnet_session_reserve(P(0, open_session()), 1, 32, 32);
}

static int session_feature_size(int null)
{
    int w, h;

    return encnet_session_feature_size(P(0, open_session()), P(1, &w), P(2, &h), 32, 32);
}

static int session_run(int null)
{
    return encnet_session_run(P(0, open_session()), P(1, &session_image), 1,
                              P(2, &session_results));
}

static int session_start(int null)
{
    encnet_session *s = open_session();
    encnet_status rc = encnet_session_start(P(0, s), P(1, &session_image), 1,
                                            P(2, &session_results), NULL, P(3, s));

    encnet_session_free(s);
    return rc;
}

static int session_wait(int null)
{
    return encnet_session_wait(P(0, open_session()));
}

static int options_set(int null)
{
    return encnet_options_set(P(0, &tiny), P(1, "model.classes"), P(2, "7"));
}

static int options_get(int null)
{
    char text[8];

    return encnet_options_get(P(0, text), sizeof text, P(1, &tiny), P(2, "model.classes"));
}

static int train(int null)
{
    encnet_train_result *result = calloc(1, sizeof *result);
    encnet_train_start start = {0};
    encnet_train_hooks hooks = {0};

    open_device();
    return encnet_train(P(0, result), P(1, device), P(2, &tiny), P(3, &start), P(4, &hooks));
}

static int train_images(int null)
{
    int images;

    return encnet_train_images(P(0, &images), 1, P(1, &tiny));
}

static int train_on(int null)
{
    encnet_train_result *result = calloc(1, sizeof *result);
    encnet_train_start start = {0};
    encnet_train_hooks hooks = {0};

    open_device();
    return encnet_train_on(P(0, result), P(1, &device), 1, P(2, &tiny), P(3, &start), P(4, &hooks));
}

/* `pointers`: one letter each, 'n' if it is needed, 'o' if NULL has a meaning; '?' where the call fails
 * for another reason anyway.  `functions`: all that the call stands for. */
static const struct {
    const char *functions;
    int (*call)(int null);
    const char *pointers;
} calls[] = {
    {"encnet_last_error encnet_version encnet_status_text encnet_status_exit_code "
     "encnet_comm_launched encnet_comm_launched_rank",
     no_version, "o"},
    {"encnet_bench", bench, "nnnno"},
    {"encnet_bench_on", bench_on, "nnnn"},
    {"encnet_bench_result_free", bench_result_free, "o"},
    {"encnet_bench_shares", bench_shares, "nn"},
    {"encnet_comm_threads", comm_threads, "n"},
    {"encnet_comm_open_mpi", comm_open_mpi, "n"},
    {"encnet_comm_close", comm_close, "o"},
    {"encnet_comm_fail", comm_fail, "n"},
    {"encnet_config_load", config_load, "n?n??"},
    {"encnet_config_load_checkpoint", config_load_checkpoint, "nn???"},
    {"", config_null_override, "n"},
    {"encnet_config_options encnet_config_remarks encnet_config_print encnet_options_print "
     "encnet_config_key_at "
     "encnet_config_section_at encnet_config_free",
     config_rest, "oo"},
    {"encnet_convert", convert, "?nn?"},
    {"encnet_convert_config", convert_config, "nn"},
    {"encnet_checkpoint_describe", checkpoint_describe, "nn"},
    {"encnet_checkpoint_info_free", checkpoint_info_free, "o"},
    {"encnet_config_list", config_list, "n"},
    {"encnet_device_versions", device_versions, "n"},
    {"encnet_comm_mpi_version", comm_mpi_version, "n"},
    {"encnet_checkpoint_format_at encnet_checkpoint_dialect_at encnet_dataset_at "
     "encnet_model_part_at encnet_model_published_at encnet_format_name",
     lists, "o"},
    {"encnet_data_check encnet_data_summary_free", data_check, "noooo"},
    {"encnet_data_export", data_export, "nnoo"},
    {"encnet_device_list", device_list, "nn"},
    {"encnet_platform_list", platform_list, "nn"},
    {"encnet_device_open", device_open, "no"},
    {"encnet_device_open_nth", device_open_nth, "no"},
    {"encnet_device_open_cl", device_open_cl, "n?"},
    {"encnet_device_count", device_count, "no"},
    {"encnet_device_describe encnet_device_silence encnet_device_close", device_rest, "oo"},
    {"encnet_device_profile", device_profile, "nnn"},
    {"encnet_device_self_test", device_self_test, "n"},
    {"encnet_evaluate", evaluate, "nnnnoooo"},
    {"encnet_evaluate_on", evaluate_on, "nnnno"},
    {"encnet_scores_free", scores_free, "o"},
    {"encnet_scores_mean", scores_mean, "ooo"},
    {"encnet_scores_of_class", scores_of_class, "ooo"},
    {"encnet_scores_write", scores_write, "nn"},
    {"encnet_output_write", output_write, "nn"},
    {"encnet_output_check encnet_config_output_check", output_checks, "nn"},
    {"encnet_format_check", format_check, "n"},
    {"encnet_predict", predict, "nnnnooo"},
    {"encnet_predict_stream", predict_stream, "nnn??"},
    {"encnet_scores_print", scores_print, "o"},
    {"encnet_draw_curves", draw_curves, "nn"},
    {"encnet_model_new", model_new, "nnn"},
    {"encnet_model_load", model_load, "nnn"},
    {"encnet_model_remarks encnet_model_classes encnet_model_labels_images "
     "encnet_model_class_name encnet_model_free",
     model_rest, "o"},
    {"encnet_model_read_weights", model_read_weights, "nn"},
    {"encnet_model_save", model_save, "nn"},
    {"encnet_model_run", model_run, "n?on"},
    {"encnet_model_load_memory", model_load_memory, "nnn"},
    {"encnet_model_plan", model_plan, "nn"},
    {"encnet_model_class_colour encnet_model_get_options encnet_model_parameters", model_questions,
     "oo"},
    {"encnet_picture_read", picture_read, "nnnn?"},
    {"encnet_picture_decode", picture_decode, "nnnn??"},
    {"encnet_picture_write", picture_write, "nno"},
    {"encnet_picture_encode", picture_encode, "nnno"},
    {"encnet_log_set encnet_free", log_set, "o"},
    {"encnet_session_new", session_new, "nno"},
    {"encnet_session_cancel encnet_session_free", session_rest, "o"},
    {"encnet_session_reserve", session_reserve, "n"},
    {"encnet_session_feature_size", session_feature_size, "nnn"},
    {"encnet_session_run", session_run, "nnn"},
    {"encnet_session_start", session_start, "nnno"},
    {"encnet_session_wait", session_wait, "n"},
    {"encnet_plan_make", plan_make, "nnn"},
    {"encnet_plan_make_rank", plan_make_rank, "nnn"},
    {"encnet_plan_list", plan_list, "nnno"},
    {"encnet_plan_passes", plan_passes, "nnno"},
    {"encnet_options_default", options_default, "o"},
    {"encnet_options_set", options_set, "nnn"},
    {"encnet_options_get", options_get, "nnn"},
    {"encnet_train", train, "onnoo"},
    {"encnet_train_on", train_on, "onnoo"},
    {"encnet_train_images", train_images, "nn"},
};

/* -- processes --------------------------------------------------------------------------------- */

/* What is to be called, and how it ended: an error's number, OK_ANYWAY, NO_DEVICE or SILENT. */
typedef struct task {
    int (*call)(int);
    const char *letters;
    int i, run, end;
} task;

/* In a thread of its own, which has no error yet. */
static void *run_task(void *arg)
{
    static char work_dir[32];
    task *t = arg;
    int rc;

    fill_tiny();
    snprintf(work_dir, sizeof work_dir, "run%d", t->run);
    tiny.output.work_dir = work_dir;
    letters = t->letters;
    rc = t->call(t->i);
    if (rc < 0 && !encnet_last_error()[0]) rc = -SILENT;
    t->end = rc < 0 ? -rc : rc;
    return NULL;
}

/* The other process, the pipes to and from it; 0: there is none. */
static pid_t worker;
static int to_worker, from_worker;

static void work(int in, int out)
{
    task t;

    while (read(in, &t, sizeof t) == sizeof t) {
        pthread_t thread;
        alarm(300);
        if (pthread_create(&thread, NULL, run_task, &t) != 0) _exit(SILENT);
        pthread_join(thread, NULL);
        alarm(0);
        if (write(out, &t, sizeof t) != sizeof t) _exit(SILENT);
    }
    _exit(0);
}

static void start_worker(void)
{
    int there[2], back[2];

    assert_int_equal(pipe(there), 0);
    assert_int_equal(pipe(back), 0);
    fflush(NULL);
    worker = fork();
    if (worker == 0) {
        close(there[1]), close(back[0]);
        work(there[0], back[1]);
    }
    close(there[0]), close(back[1]);
    to_worker = there[1], from_worker = back[0];
}

/* Waits until the other process has ended; its exit code, or 1000 and the signal that ended it. */
static int end_worker(void)
{
    int end = 0;

    close(to_worker), close(from_worker);
    assert_int_equal(waitpid(worker, &end, 0), worker);
    worker = 0;
    return WIFSIGNALED(end) ? 1000 + WTERMSIG(end) : WEXITSTATUS(end);
}

/* Runs call(i) in the other process.  Returns its status negated, OK_ANYWAY, NO_DEVICE, SILENT for a
 * failure without a sentence, or 1000 and the signal that ended it. */
static int run_apart(int (*call)(int), int i)
{
    static int runs;
    task t = {call, letters, i, runs++, 0};

    if (!worker) start_worker();
    assert_int_equal(write(to_worker, &t, sizeof t), sizeof t);
    return read(from_worker, &t, sizeof t) == sizeof t ? t.end : end_worker();
}

/* The same in a process that has not asked the driver yet. */
static int run_fresh(int (*call)(int), int i)
{
    int end;

    if (worker) end_worker();
    end = run_apart(call, i);
    if (worker) end_worker();
    return end;
}

static void every_pointer(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t c = 0; c < COUNT_OF(calls); c++) {
        letters = calls[c].pointers;
        for (int i = 0; letters[i]; i++) {
            int got = letters[i] == 'o' ? NO_DEVICE : run_apart(calls[c].call, i);
            if (got == NO_DEVICE || (letters[i] == 'n' ? got == -ENCNET_E_ARG : got < OK_ANYWAY))
                continue;
            print_error("%s: NULL as pointer %d: %d\n", calls[c].functions, i, got);
            wrong++;
        }
        if (strchr(letters, 'o')) {
            int got = run_apart(calls[c].call, ALL_OPTIONAL);
            if (got == ENCNET_OK || got == OK_ANYWAY || got == NO_DEVICE) continue;
            print_error("%s: NULL for all that may be: %d\n", calls[c].functions, got);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static bool has_word(const char *text, const char *word, size_t size)
{
    for (const char *at = text; (at = strstr(at, word)); at += size)
        if (at[size] == '\0' || at[size] == ' ') return true;
    return false;
}

/* The headers themselves say which functions there are. */
static void no_function_is_forgotten(void **state)
{
    struct dirent *entry;
    DIR *headers = opendir(TEST_DIR "/../include/encnet");
    int found = 0;

    (void)state;
    assert_non_null(headers);
    while ((entry = readdir(headers))) {
        char path[512], *text, name[128];
        size_t size;
        if (!strstr(entry->d_name, ".h")) continue;
        snprintf(path, sizeof path, TEST_DIR "/../include/encnet/%s", entry->d_name);
        assert_ok(encnet__file_read(&text, &size, path, 1 << 20));
        for (char *at = text; (at = strstr(at, "ENCNET_API ")); at++) {
            char *end = strchr(at, '('), *begin = end;
            bool listed = false;
            if (!end || memchr(at, '#', (size_t)(end - at)) || at[-1] != '\n') continue;
            while (begin > at && strchr("abcdefghijklmnopqrstuvwxyz_0123456789", begin[-1]))
                begin--;
            if (end - begin < 8 || strncmp(begin, "encnet_", 7) != 0) continue;
            snprintf(name, sizeof name, "%.*s", (int)(end - begin), begin);
            for (size_t c = 0; c < COUNT_OF(calls); c++)
                listed = listed || has_word(calls[c].functions, name, strlen(name));
            if (!listed) fail_msg("%s has no row in this test", name);
            found++;
        }
        encnet__free(text);
    }
    closedir(headers);
    assert_true(found > 50);
}

/* -- other arguments --------------------------------------------------------------------------- */

static int wrong_sizes(int which)
{
    static uint8_t pixel[48];
    static const int sides[] = {0, -1, INT32_MAX, INT32_MIN};
    encnet_plan plan;
    encnet_bench_result r = {0};
    encnet_bench_case c = {.n = 1, .h = 32, .w = 32, .repeats = 1};
    int side = sides[which];

    open_model();
    if (encnet_model_run(model, pixel, NULL, pixel, side, 4) == ENCNET_OK) return SILENT;
    if (encnet_model_run(model, pixel, NULL, pixel, side, side) == ENCNET_OK) return SILENT;
    if (encnet_plan_make(&plan, device, &tiny, 1, side, side, true) == ENCNET_OK) return SILENT;
    if (encnet_plan_make(&plan, device, &tiny, side, 32, 32, true) == ENCNET_OK) return SILENT;
    c.h = side;
    if (encnet_bench(&r, device, &tiny, &c, NULL) == ENCNET_OK) return SILENT;
    if (side > 0) return OK_ANYWAY;
    if (encnet_device_open_nth(&device, NULL, side ? side : -1) == ENCNET_OK) return SILENT;
    if (encnet_train_on(NULL, &device, side, &tiny, NULL, NULL) != ENCNET_E_ARG) return SILENT;
    if (encnet_evaluate_on(calloc(1, sizeof(encnet_scores)), &model, side, &tiny, "val", NULL, NULL,
                           NULL) != ENCNET_E_ARG)
        return SILENT;
    return OK_ANYWAY;
}

/* Sizes that were negative numbers, and other numbers that ask for more than there can be. */
static int huge_sizes(int which)
{
    static const char bytes[] = "\x89PNG\r\n\x1a\n";
    encnet_bench_case c = {.n = 1, .h = 32, .w = 32, .repeats = INT32_MAX};
    encnet_bench_result r = {0};
    uint8_t *rgb;
    int h, w;
    char *many;

    if (which == 0)
        return encnet_picture_decode(&rgb, &h, &w, bytes, (size_t)-1, "a picture", NULL);
    if (which == 1) return encnet_output_write("huge", bytes, (size_t)-1);
    if (which == 2) return encnet_train_images(&h, INT32_MAX, &tiny);
    open_device();
    if (which == 3) return encnet_model_load_memory(&model, device, bytes, (size_t)-1);
    if (which == 4) return encnet_bench(&r, device, &tiny, &c, NULL);
    many = calloc(1, 1 << 20);
    for (int i = 0; i < (1 << 20) - 2; i++) many[i] = i % 2 ? ',' : '0';
    many[(1 << 20) - 2] = '0';
    if (encnet_device_count(&h, many) != ENCNET_E_NO_DEVICE) return SILENT;
    tiny.device.select = many;
    if (encnet_device_open(&device, &tiny.device) == ENCNET_OK) return SILENT;
    return ENCNET_E_ARG;
}

/* Names and texts that cannot become files, or come back from one. */
static int odd_texts(int which)
{
    static const char *const names[] = {"", "a/b", "/"}, *const texts[] = {"a\nb", "\xff", "a ; b",
                                                                           " a", "a\\"};
    encnet_train_start start = {0};
    encnet_options o = tiny;

    open_device();
    if (which < 3) start.name = names[which];
    if (which >= 3) o.output.work_dir = texts[which - 3];
    return encnet_train(NULL, device, &o, &start, NULL);
}

/* One option with what its row does not allow; NULL: all of them zero. */
static bool refused(encnet_scores *s, const encnet__option *row)
{
    encnet_options o = tiny;
    encnet_plan plan;
    encnet_model *other = NULL;

    if (!row)
        memset(&o, 0, sizeof o);
    else if (row->kind == ENCNET__KIND_TEXT)
        memset((void *)((char *)&o + row->offset), 0, sizeof o.data.root);
    else if (row->kind == ENCNET__KIND_REAL)
        memset((char *)&o + row->offset, 0xff, sizeof(double)); /* NaN */
    else if (row->kind == ENCNET__KIND_INT)
        memset((char *)&o + row->offset, 0x80, sizeof(int));
    free(encnet_options_print(&o));
    if (encnet_model_new(&other, device, &o) == ENCNET_OK) encnet_model_free(other);
    (void)!encnet_plan_make(&plan, device, &o, 2, 32, 32, false);
    if (encnet_evaluate(s, model, &o, "val", NULL, NULL, NULL, NULL) == ENCNET_OK)
        encnet_scores_free(s);
    (void)!encnet_data_check(&o, NULL, NULL, NULL, NULL);
    return (row && row->kind != ENCNET__KIND_REAL && row->kind != ENCNET__KIND_INT) ||
           (row && strcmp(row->section, "optimizer") == 0) ||
           encnet_train(NULL, device, &o, NULL, NULL) == ENCNET_E_ARG;
}

static int every_row(int unused)
{
    encnet_scores *s = calloc(1, sizeof *s);

    (void)unused;
    open_model();
    if (!refused(s, NULL)) return SILENT;
    for (size_t i = 0; i < encnet__option_fields.count; i++) {
        const encnet__option *row = &encnet__option_fields.rows[i];
        if (row->kind != ENCNET__KIND_TEXT && i % 4) continue; /* one rule for all numbers */
        print_message("%s.%s\n", row->section, row->key);
        if (!refused(s, row)) return SILENT;
    }
    return OK_ANYWAY;
}

static int twice(int which)
{
    encnet_device *devices[2];
    encnet_model *models[2];
    encnet_scores *s = calloc(1, sizeof *s);
    encnet_bench_result r = {0};
    encnet_bench_case c = {.n = 1, .h = 32, .w = 32, .repeats = 1};

    open_model();
    devices[0] = devices[1] = device;
    models[0] = models[1] = model;
    if (which == 0) return encnet_train_on(NULL, devices, 2, &tiny, NULL, NULL);
    if (which == 1) return encnet_evaluate_on(s, models, 2, &tiny, "val", NULL, NULL, NULL);
    if (which == 2) return encnet_bench_on(&r, devices, 2, &tiny, &c);
    if (encnet_model_new(&models[1], device, &tiny) != ENCNET_OK) return NO_DEVICE;
    return encnet_evaluate_on(s, models, 2, &tiny, "val", NULL, NULL, NULL);
}

/* A device that is closed before its model, and a communicator of zeroes. */
static int closed(int which)
{
    static uint8_t ids[32 * 32], rgb[3 * 32 * 32];
    encnet_comm zero = {0};
    encnet_train_start start = {.comm = &zero};
    encnet_bench_case what = {.n = 1, .h = 32, .w = 32, .repeats = 1};
    encnet_bench_result result = {0};
    encnet_session *session;
    encnet_model *other;
    encnet_plan plan;
    encnet_status rc;

    open_model();
    if (which == 0) return encnet_train(NULL, device, &tiny, &start, NULL);
    encnet_device_close(device);
    rc = which == 1   ? encnet_model_run(model, ids, NULL, rgb, 32, 32)
         : which == 2 ? encnet_model_save(model, "saved.safetensors")
         : which == 3 ? encnet_model_read_weights(model, "saved.safetensors")
         : which == 4 ? encnet_predict(model, &tiny, "x", "out", "raw", NULL, NULL, NULL)
         : which == 6 ? encnet_bench(&result, device, &tiny, &what, NULL)
         : which == 7 ? encnet_plan_make(&plan, device, &tiny, 1, 32, 32, true)
         : which == 8 ? encnet_model_new(&other, device, &tiny)
         : which == 9 ? encnet_session_new(&session, model, NULL)
                      : encnet_evaluate(calloc(1, sizeof(encnet_scores)), model, &tiny, "val", NULL,
                                        NULL, NULL, NULL);
    encnet_model_free(model);
    forget_device();
    return rc;
}

static void assert_end(int got, int i, int want)
{
    if (got != want && got != NO_DEVICE) fail_msg("call %d: %d, not %d", i, got, want);
}

static void assert_apart(int (*call)(int), int i, int want)
{
    assert_end(run_apart(call, i), i, want);
}

static void other_arguments(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) assert_apart(wrong_sizes, i, OK_ANYWAY);
    for (int i = 0; i < 4; i++) assert_apart(picture_sizes, i, -ENCNET_E_ARG);
    for (int i = 0; i < 4; i++) assert_apart(twice, i, -ENCNET_E_ARG);
    for (int i = 0; i < 10; i++) assert_apart(closed, i, -ENCNET_E_ARG);
    for (int i = 0; i < 6; i++) assert_apart(huge_sizes, i, -ENCNET_E_ARG);
    for (int i = 0; i < 8; i++) assert_apart(odd_texts, i, -ENCNET_E_ARG);
}

static void every_option(void **state)
{
    (void)state;
    assert_apart(every_row, 0, OK_ANYWAY);
}

/* -- threads ----------------------------------------------------------------------------------- */

static void *open_close(void *failures)
{
    encnet_device *d;
    int count;

    if (encnet_device_count(&count, "") != ENCNET_OK || encnet_device_open(&d, NULL) != ENCNET_OK)
        __atomic_fetch_add((int *)failures, 1, __ATOMIC_SEQ_CST);
    else
        encnet_device_close(d);
    return NULL;
}

static int eight_threads(int unused)
{
    pthread_t threads[8];
    int failures = 0;

    (void)unused;
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, open_close, &failures) != 0) return SILENT;
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    return failures == 0 ? OK_ANYWAY : failures == 8 ? NO_DEVICE : SILENT;
}

/* In a fresh process each time, where the driver is asked for the first time. */
static void devices_in_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) assert_end(run_fresh(eight_threads, 0), i, OK_ANYWAY);
}

static int set_up(void **state)
{
    if (make_dir(state) != 0 || chdir(dir) != 0) return -1;
    fill_tiny();
    return 0;
}

static int tear_down(void **state)
{
    return chdir("..") == 0 ? remove_dir(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_function_is_forgotten), cmocka_unit_test(every_pointer),
        cmocka_unit_test(other_arguments),          cmocka_unit_test(every_option),
        cmocka_unit_test(devices_in_threads),
    };

    return cmocka_run_group_tests_name("public/arguments", tests, set_up, tear_down);
}
