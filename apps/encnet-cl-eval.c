/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encnet-cl-eval - evaluates a checkpoint on a data set, or predicts images with it. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <encnet/encnet.h>
#include "app_common.h"
#include "app_config.h"
#include "app_options.h"
#include "app_ranks.h"
#include "app_scores.h"

static app_list set;
static const char *checkpoint, *split = "val", *scales, *mode, *device_name, *jobs, *opacity;
static const char *predict, *out_dir, *format_name = "overlay", *dump_logits, *json, *report;
static const char *stream;
static bool allow_partial, flip, legend, print_config, quiet, skip_existing;
static bool bare; /* without CONFIG.ini: the checkpoint says what the network is */

static const app_option options[] = {
    {"checkpoint", "PATH", .text = &checkpoint, .complete = "file",
     .help = "The weights: a checkpoint directory, such as WORK_DIR/best, or a file in one of the "
             "formats of encnet-cl-info --formats; random = those with which a training begins. "
             "Sets model.checkpoint."},
    {"allow-partial", .on = &allow_partial,
     .help = "Load the weights that fit and list those that do not. Sets model.allow_partial."},
    {"split", "NAME", .text = &split, .complete = "val train test",
     .help = "The split to evaluate: val (default), train or test, which data.test_images and "
             "data.test_labels name."},
    {"scales", "0.5,0.75,...", .text = &scales,
     .help = "Average the probabilities at these scales. Sets eval.scales."},
    {"flip", .on = &flip, .help = "Average with the mirrored image. Sets eval.flip."},
    {"mode", "whole|slide|center", .text = &mode, .complete = "whole slide center",
     .help = "Run each image as a whole or in overlapping windows, or classify the middle of it. "
             "Sets eval.mode."},
    {"predict", "PATH", .text = &predict, .complete = "file",
     .help =
         "Instead of evaluating, segment an image, all PNG and JPEG files below a directory, "
         "or the files listed in a .txt, .lst or .csv file. A file that cannot be segmented does "
         "not keep the "
         "others: it is listed at the end, and the exit code is 11. A classifier prints the class "
         "of each image and its probability instead. With -, segment the frames "
         "that "
         "come in through standard input (PNG, JPEG or PPM pictures one after another, or y4m), "
         "and write the results to standard output."},
    {"stream", "y4m|ppm|png", .text = &stream, .complete = "y4m ppm png",
     .help = "With --predict -: what is written to standard output; without it, what came in."},
    {"skip-existing", .on = &skip_existing,
     .help = "With --predict: pass over images whose output exists."},
    {"jobs", "N", .text = &jobs,
     .help = "How many predictions are written at a time (4), while the device works on the next "
             "image. Sets eval.jobs."},
    {"out", "DIR", .text = &out_dir, .complete = "dir",
     .help = "The folder for the files of --predict, which keep the names of the images."},
    {"format", "NAME", .text = &format_name, .complete = "format",
     .help = "What --predict writes: raw (class indices), palette, overlay (default; the colours "
             "over the image), or the submission format of a data set, such as cityscapes; "
             "encnet-cl-info --datasets lists them."},
    {"opacity", "0..1", .text = &opacity,
     .help = "How much the colours of an overlay hide the image, 0.5 unless given. Sets "
             "eval.opacity."},
    {"legend", .on = &legend,
     .help = "Add the colours and names of the classes that occur below an overlay. Sets "
             "eval.legend."},
    {"dump-logits", "DIR", .text = &dump_logits, .complete = "dir",
     .help =
         "Also write NAME.npy per image: the logits before softmax, float32 [M,H,W] at input "
         "resolution; with several scales or --flip, the logarithms of the mean probabilities."},
    {"json", "FILE", .text = &json, .complete = "file",
     .help =
         "Also write the scores as JSON, or with --predict what became of every file, and the five "
         "most probable classes that a classifier finds; with -, to "
         "standard output instead of the table."},
    {"report", "DIR", .text = &report, .complete = "dir",
     .help =
         "Also write report.html, a page with scores, curves, classes, images and confusion that "
         "needs no network and no other file; and its parts as PNG and CSV."},
    {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key",
     .help = "Override a key of the configuration; may be repeated, the last one wins."},
    {"device", "SEL", .text = &device_name, .complete = "device",
     .help = "The OpenCL device: an index (1), PLATFORM:INDEX (0:1) or part of a name; or several, "
             "a list (0,1) or all, which share the images (--predict uses only the first). Sets "
             "device.select."},
    {"print-config", .on = &print_config,
     .help = "Print every key with its value and the origin of the value, and exit."},
    {"quiet", .on = &quiet, .help = "No progress on stderr."},
};

static const char *const examples[] = {
    "Score the best checkpoint",
    "encnet-cl-eval configs/encnet_r18-d8_demo.ini --checkpoint work_dirs/encnet_r18-d8_demo/best",
    "At several scales and mirrored, also as JSON",
    "encnet-cl-eval my.ini --checkpoint work_dirs/my/best --scales 0.5,0.75,1.0,1.25,1.5,1.75 "
    "--flip --json "
    "scores.json",
    "Colour a folder of photographs",
    "encnet-cl-eval my.ini --checkpoint work_dirs/my/best --predict photos --out coloured --format "
    "overlay",
    "Print the class of each photograph, with a classifier",
    "encnet-cl-eval --checkpoint work_dirs/my_classifier --predict photos",
    "Colour a film",
    "ffmpeg -i in.mp4 -pix_fmt yuv420p -f yuv4mpegpipe - | encnet-cl-eval --checkpoint "
    "work_dirs/my --predict - | ffmpeg -i - out.mp4",
    "Colour a folder with a checkpoint of mmsegmentation that holds its configuration",
    "encnet-cl-eval --checkpoint model.pth --predict photos --out coloured",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-eval",
    .summary = "evaluate a segmentation network, or predict images with it",
    .arguments = "[CONFIG.ini]",
    .description =
        "Runs the images of a data set through a trained network and prints how well the result "
        "agrees with the labels, per class and over all classes: IoU and accuracy in percent, nan "
        "for a class that does not occur.\n"
        "With --predict it segments images instead and writes pictures or submission files; or "
        "with a "
        "classifier of whole images it prints the class of each. It then "
        "needs no CONFIG.ini if the checkpoint says what its network is: a checkpoint directory, a "
        ".safetensors of encnet-cl-convert, or a .pth of mmsegmentation with its configuration.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 0,
    .max_arguments = 1,
    .reads_config = true,
    .examples = examples,
};

static bool is_dash(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat s, t;

    return stat(a, &s) == 0 && stat(b, &t) == 0 && S_ISREG(s.st_mode) && s.st_dev == t.st_dev &&
           s.st_ino == t.st_ino;
}

/* Notices early that the scores cannot be written where --json says. */
static encnet_status check_json(encnet_config *config)
{
    encnet_status rc = ENCNET_OK;

    if (!json || is_dash(json)) return ENCNET_OK;
    rc = encnet_config_output_check(config, json);
    return rc == ENCNET_OK ? encnet_output_check(encnet_config_options(config), json) : rc;
}

/* -- runs ------------------------------------------------------------------------------------ */

/* When the first image was done and when the last one, and how many there were. */
static struct {
    double began, first, last;
    int done;
} times;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_progress(void *user, int done, int all, double seconds_left)
{
    (void)user;
    times.last = now();
    if (done == 1) times.first = times.last;
    times.done = done;
    app_progress("image", done, all, seconds_left, "");
}

/* Says how fast it went: with compiling kernels, and behind the first image, of all devices. */
static void print_speed(int images)
{
    double spent = times.last - times.began, behind = times.last - times.first;

    if (quiet || images < 1 || times.done < 1) return;
    fprintf(stderr, "%d image%s in %.1f s", images, images == 1 ? "" : "s", spent);
    if (times.done > 1 && behind > 0)
        fprintf(stderr, ", %.2f images per second behind the first",
                (double)images / times.done * (times.done - 1) / behind);
    else if (spent > 0)
        fprintf(stderr, ", %.2f images per second", images / spent);
    fprintf(stderr, "\n");
}

static const encnet_eval_hooks hooks = {.progress = on_progress, .stop = &app_stop};

/* Evaluates on the devices of this process, or together with the other processes of `comm`, of
 * which only the first prints.  Prints a line about a failure. */
static encnet_status run_evaluation(encnet_model *const *models, int count, const encnet_comm *comm,
                                    const encnet_options *o)
{
    static encnet_scores scores;
    bool leads = !comm || comm->rank == 0;
    encnet_status rc;

    times.began = now();
    rc = comm ? encnet_evaluate(&scores, *models, o, split, dump_logits, report, comm, &hooks)
              : encnet_evaluate_on(&scores, models, count, o, split, dump_logits, report, &hooks);
    app_progress_clear();
    if (rc == ENCNET_OK && leads && json && !is_dash(json)) rc = encnet_scores_write(json, &scores);
    if (rc != ENCNET_OK) app_fail(rc);
    if (leads && rc == ENCNET_OK) print_speed(scores.images);
    if (leads && rc == ENCNET_OK && is_dash(json)) {
        char *text = encnet_scores_print(&scores);
        if (text)
            fputs(text, stdout);
        else
            app_fail(rc = ENCNET_E_NOMEM);
        free(text);
    } else if (leads && rc == ENCNET_OK) {
        app_print_scores(&scores);
    }
    encnet_scores_free(&scores);
    return rc;
}

/* -- predictions ----------------------------------------------------------------------------- */

/* Writes what --json names. */
static encnet_status write_json(const char *text, size_t size)
{
    encnet_status rc;

    if (is_dash(json)) {
        fwrite(text, 1, size, stdout); /* app_finish() tells failures */
        return ENCNET_OK;
    }
    rc = encnet_output_write(json, text, size);
    if (rc != ENCNET_OK) app_fail(rc);
    return rc;
}

enum { SHOWN = 20 }; /* files that are no pictures, in the list at the end */

/* What became of the files. */
typedef struct outcomes {
    FILE *json;  /* or NULL */
    int classes; /* of the model */
    bool clash;  /* it would take the place of a picture */
    int count[ENCNET_LEFT_OUT + 1];
    char **lines; /* of the files that failed or were left out */
    int n_lines, shown;
    char **cells; /* of the table of what a classifier finds: file, class, probability */
    int n_cells;
} outcomes;

static void add_cell(outcomes *o, const char *text)
{
    char **grown = realloc(o->cells, ((size_t)o->n_cells + 1) * sizeof *o->cells);

    if (grown) o->cells = grown;
    if (grown && (grown[o->n_cells] = strdup(text))) o->n_cells++;
}

/* The most probable class that is less probable than `above` or behind it. */
static int next_class(const encnet_predicted *p, int classes, int above)
{
    int best = -1;

    for (int m = 0; m < classes; m++) {
        bool is_left = above < 0 || p->probs[m] < p->probs[above] ||
                       (m > above && p->probs[m] <= p->probs[above]);
        if (is_left && (best < 0 || p->probs[m] > p->probs[best])) best = m;
    }
    return best;
}

/* Adds what a classifier found to the table, and the first five classes to the JSON. */
static void on_classes(outcomes *o, const encnet_predicted *p)
{
    enum { BEST = 5 };
    char percent[16];
    int m = next_class(p, o->classes, -1);

    if (m < 0) m = 0; /* all are NaN */
    snprintf(percent, sizeof percent, "%.2f", 100 * (double)p->probs[m]);
    if (o->n_cells == 0) {
        add_cell(o, "File");
        add_cell(o, "Class");
        add_cell(o, "Probability");
    }
    add_cell(o, p->path);
    add_cell(o, p->class_names[m]);
    add_cell(o, percent);
    if (o->json) fprintf(o->json, ", \"classes\": [");
    for (int i = 0; o->json && i < BEST && m >= 0; i++, m = next_class(p, o->classes, m)) {
        fprintf(o->json, "%s{\"class\": ", i ? ", " : "");
        app_print_json(o->json, p->class_names[m]);
        fprintf(o->json, ", \"probability\": %.6f}", (double)p->probs[m]);
    }
    if (o->json) fprintf(o->json, "]");
}

static void print_table(const outcomes *o)
{
    if (o->n_cells && !is_dash(json))
        app_print_table(stdout, (const char *const *)o->cells, o->n_cells / 3, 3);
}

static bool on_wanted(void *user, const char *path, const char *output)
{
    FILE *f = output && skip_existing ? fopen(output, "rb") : NULL;

    (void)user;
    (void)path;
    if (f) fclose(f);
    return !f;
}

static void on_file(void *user, const encnet_predicted *p)
{
    static const char *const names[] = {"predicted", "skipped", "failed", "left out"};
    outcomes *o = user;
    int all = 0;

    for (int i = 0; i <= ENCNET_LEFT_OUT; i++) all += o->count[i];
    o->count[p->outcome]++;
    if (json && p->outcome != ENCNET_LEFT_OUT && is_same_file(p->path, json)) o->clash = true;
    if (o->json) {
        fprintf(o->json, "%s\n  {\"file\": ", all ? "," : "{\"files\": [");
        app_print_json(o->json, p->path);
        fprintf(o->json, ", \"status\": \"%s\", \"output\": ", names[p->outcome]);
        if (p->output)
            app_print_json(o->json, p->output);
        else
            fprintf(o->json, "null");
        fprintf(o->json, ", \"message\": ");
        app_print_json(o->json, p->why);
    }
    if (p->probs) on_classes(o, p);
    if (o->json) fprintf(o->json, "}");
    if (p->outcome != ENCNET_FAILED && (p->outcome != ENCNET_LEFT_OUT || o->shown++ >= SHOWN))
        return;
    o->lines = realloc(o->lines, ((size_t)o->n_lines + 1) * sizeof *o->lines);
    if (o->lines && (o->lines[o->n_lines] = strdup(*p->why ? p->why : p->path))) o->n_lines++;
}

/* Says at the end what was not predicted, and why. */
static void print_outcomes(const outcomes *o)
{
    for (int i = 0; i < o->n_lines; i++) fprintf(stderr, "left out: %s\n", o->lines[i]);
    if (o->shown > SHOWN)
        fprintf(stderr, "left out: %d more files that are no pictures\n", o->shown - SHOWN);
}

static void print_counts(FILE *f, const outcomes *o, int count)
{
    fprintf(f, "%d image%s ", count, count == 1 ? "" : "s");
    if (out_dir || dump_logits)
        fprintf(f, "predicted into %s", out_dir ? out_dir : dump_logits);
    else
        fprintf(f, "classified");
    if (o->count[ENCNET_SKIPPED]) fprintf(f, ", %d skipped", o->count[ENCNET_SKIPPED]);
    if (o->count[ENCNET_FAILED]) fprintf(f, ", %d failed", o->count[ENCNET_FAILED]);
    if (o->count[ENCNET_LEFT_OUT])
        fprintf(f, ", %d other files left out", o->count[ENCNET_LEFT_OUT]);
    fprintf(f, "\n");
}

/* Predicts what comes in through standard input, and says at the end how fast it was. */
static encnet_status run_stream(encnet_model *model, const encnet_options *o, int *count,
                                const encnet_eval_hooks *with)
{
    double began = now(), seconds;
    encnet_status rc = encnet_predict_stream(model, o, STDIN_FILENO, STDOUT_FILENO, format_name,
                                             stream, count, with);

    app_progress_clear();
    seconds = now() - began;
    if (!quiet)
        fprintf(stderr, "%d frame%s in %.2f s, %.2f frames per second\n", *count,
                *count == 1 ? "" : "s", seconds, seconds > 0 ? *count / seconds : 0);
    return rc;
}

static encnet_status run_prediction(encnet_model *model, const encnet_options *o)
{
    outcomes found = {.classes = encnet_model_classes(model)};
    encnet_eval_hooks with = hooks;
    char *text = NULL;
    size_t size = 0;
    encnet_status rc;
    int count = 0;

    found.json = json ? open_memstream(&text, &size) : NULL;
    with.user = &found;
    with.file = on_file;
    with.wanted = on_wanted;
    times.began = now();
    rc = is_dash(predict)
             ? run_stream(model, o, &count, &with)
             : encnet_predict(model, o, predict, out_dir, format_name, dump_logits, &count, &with);
    app_progress_clear();
    if (found.n_lines > 1 || rc == ENCNET_OK || rc == ENCNET_E_PARTIAL) print_outcomes(&found);
    if (rc != ENCNET_OK) app_fail(rc);
    if (found.json) {
        bool told = found.count[0] + found.count[1] + found.count[2] + found.count[3] > 0;
        fprintf(found.json, told ? "\n]}\n" : "{\"files\": []}\n");
        encnet_status written = fclose(found.json) != 0
                                    ? encnet_comm_fail(ENCNET_E_NOMEM, "no memory for the JSON")
                                : found.clash ? ENCNET_E_ARG
                                              : write_json(text, size);
        if (found.clash) app_error("--json %s is one of the pictures: it stays as it is", json);
        if (rc == ENCNET_OK) rc = written;
        free(text);
    }
    if ((rc == ENCNET_OK || rc == ENCNET_E_PARTIAL) && !is_dash(predict)) {
        print_speed(count);
        print_table(&found);
        print_counts(is_dash(json) ? stderr : stdout, &found, count);
    }
    for (int i = 0; i < found.n_lines; i++) free(found.lines[i]);
    for (int i = 0; i < found.n_cells; i++) free(found.cells[i]);
    free(found.lines);
    free(found.cells);
    return rc;
}

/* Checks the command line before anything is loaded; returns 0 or the exit code. */
static int check_arguments(void)
{
    if (strcmp(split, "val") != 0 && strcmp(split, "train") != 0 && strcmp(split, "test") != 0)
        app_error("--split %s: must be val, train or test", split);
    else if (encnet_format_check(format_name) != ENCNET_OK)
        app_error("--%s", encnet_last_error());
    else if (is_dash(predict) && (out_dir || dump_logits || skip_existing))
        app_error("--predict - writes to standard output, without --out, --dump-logits and "
                  "--skip-existing");
    else if (is_dash(predict) && is_dash(json))
        app_error("--predict - and --json - would both write to standard output");
    else if (is_dash(predict) && isatty(STDOUT_FILENO))
        app_error("--predict - writes pictures, and standard output is a terminal: > FILE, or | "
                  "another program");
    else if (is_dash(out_dir))
        app_error(
            "--out -: standard output takes the frames of --predict - alone; ./- is a folder");
    else if (!is_dash(predict) && stream)
        app_error("--stream belongs to --predict -");
    else if (predict && report)
        app_error("--report belongs to an evaluation, not to --predict");
    else if (!predict && skip_existing)
        app_error("--skip-existing belongs to --predict PATH");
    else if (predict && encnet_comm_launched() > 1)
        app_error("--predict works in one process, not under mpirun");
    else if (!predict && out_dir)
        app_error("--out belongs to --predict PATH");
    else
        return 0;
    return 2;
}

static int wrong(const char *sentence)
{
    app_error("%s", sentence);
    return 2;
}

/* Checks what a run without CONFIG.ini can have; returns 0 or the exit code. */
static int check_bare(void)
{
    if (!bare) return 0;
    if (!predict) return wrong("CONFIG.ini is missing: only --predict works without one");
    if (!checkpoint || strcmp(checkpoint, "random") == 0)
        return wrong("CONFIG.ini is missing: without one, --checkpoint must name a checkpoint");
    if (allow_partial) return wrong("--allow-partial belongs to CONFIG.ini");
    for (int i = 0; i < set.count; i++)
        if (strncmp(set.items[i], "model.", strlen("model.")) == 0)
            return wrong("--set model.KEY belongs to CONFIG.ini: without one, the checkpoint says "
                         "what the network is");
    return 0;
}

/* Turns the options into overrides of keys, after those of --set. */
static bool override(void)
{
    bool random = checkpoint && strcmp(checkpoint, "random") == 0;

    return app_override(&set, "model.checkpoint", random ? "" : checkpoint) &&
           app_override(&set, "model.pretrained", checkpoint && !random ? "" : NULL) &&
           app_override(&set, "model.allow_partial", allow_partial ? "yes" : NULL) &&
           app_override(&set, "eval.scales", scales) && app_override(&set, "eval.mode", mode) &&
           app_override(&set, "eval.flip", flip ? "yes" : NULL) &&
           app_override(&set, "eval.jobs", jobs) && app_override(&set, "eval.opacity", opacity) &&
           app_override(&set, "eval.legend", legend ? "yes" : NULL) &&
           app_override(&set, "device.select", device_name);
}

/* Opens the network on each device.  After a failure some of models[count] may be NULL. */
static encnet_status open_models(encnet_model **models, encnet_device *const *devices, int count,
                                 const encnet_options *o)
{
    encnet_status rc = ENCNET_OK;

    for (int i = 0; rc == ENCNET_OK && i < count; i++)
        rc = bare ? encnet_model_load(&models[i], devices[i], checkpoint)
                  : encnet_model_new(&models[i], devices[i], o);
    return rc;
}

/* Runs on all selected devices, in this process. */
static int run_devices(const encnet_options *o, int count)
{
    encnet_device **devices;
    encnet_model **models = calloc((size_t)count, sizeof *models);
    encnet_status rc = app_open_devices(&devices, count, &o->device);

    if (rc == ENCNET_OK && !models) rc = encnet_comm_fail(ENCNET_E_NOMEM, "no memory for models");
    if (rc == ENCNET_OK) rc = open_models(models, devices, count, o);
    if (rc != ENCNET_OK) {
        app_fail(rc);
    } else {
        fputs(encnet_model_remarks(*models), stderr);
        app_catch_signals();
        rc = predict ? run_prediction(*models, o) : run_evaluation(models, count, NULL, o);
    }
    if (rc == ENCNET_E_COMM) /* a device that hangs cannot be closed */
        _Exit(app_finish(encnet_status_exit_code(rc)));
    for (int i = 0; i < count; i++) {
        if (models) encnet_model_free(models[i]);
        if (devices && devices[i] && o->device.profile) app_print_profile(devices[i]);
    }
    free(models);
    app_close_devices(devices, count);
    return encnet_status_exit_code(rc);
}

/* Runs as one of the processes that mpirun or a similar launcher started.  A failure ends all. */
static int run_rank(const encnet_options *o)
{
    encnet_device *device = NULL;
    encnet_model *model = NULL;
    encnet_comm *comm = NULL;
    encnet_status rc = app_open_rank(&comm, &program, o);

    if (rc != ENCNET_OK) return app_fail(rc);
    rc = app_open_local(&device, comm, o->device);
    if (rc == ENCNET_OK) rc = encnet_model_new(&model, device, o);
    if (rc != ENCNET_OK) {
        app_fail(rc);
    } else {
        if (comm->rank == 0) fputs(encnet_model_remarks(model), stderr);
        app_catch_signals();
        rc = run_evaluation(&model, 1, comm, o);
    }
    if (rc != ENCNET_OK) comm->abort(comm, rc, encnet_last_error());
    encnet_model_free(model);
    if (device && o->device.profile) app_print_profile(device);
    app_close_local(device);
    encnet_comm_close(comm);
    return encnet_status_exit_code(rc);
}

static int run(encnet_config *config)
{
    const encnet_options *o = encnet_config_options(config);
    bool is_classifier = strcmp(o->model.network, "classifier") == 0; /* it prints */
    encnet_status rc = ENCNET_OK;
    int count = 1;

    if (print_config) return app_config_print(config);
    if (!*o->model.checkpoint && !checkpoint) {
        app_error("--checkpoint PATH is missing, and model.checkpoint is empty");
        return 2;
    }
    if (predict && !is_dash(predict) && !out_dir && !dump_logits && !is_classifier) {
        app_error("--predict needs --out DIR or --dump-logits DIR");
        return 2;
    }
    if (predict && json && is_same_file(predict, json)) {
        app_error("--json %s would be written over %s, which --predict reads", json, predict);
        return 2;
    }
    rc = check_json(config);
    if (rc != ENCNET_OK) return app_fail(rc);
    if (!predict && encnet_comm_launched() > 1) return run_rank(o);
    if (!predict) rc = encnet_device_count(&count, o->device.select);
    return rc == ENCNET_OK ? run_devices(o, count) : app_fail(rc);
}

int app_main(int argc, char **argv)
{
    encnet_config *config;
    app_args args;
    int code;

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if (print_config && encnet_comm_launched_rank() > 0) return 0; /* rank 0 prints */
    if (quiet) app_progress_off();
    bare = args.count == 0;
    code = check_bare();
    if (code == 0) code = check_arguments();
    if (code) return code;
    if (!override()) return 1;
    config = bare ? app_config_load_checkpoint(checkpoint, &set, &code)
                  : app_config_load(args.items[0], &set, &code);
    if (!config) return code;
    code = run(config);
    encnet_config_free(config);
    return code;
}
