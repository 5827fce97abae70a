/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encnet-cl-train - trains a network from an INI file. */
#include <stdlib.h>
#include <string.h>
#include <encnet/encnet.h>
#include "app_common.h"
#include "app_config.h"
#include "app_options.h"
#include "app_plan.h"
#include "app_problems.h"
#include "app_ranks.h"

static app_list set;
static const char *resume, *work_dir, *device_name, *export_dir;
static bool check_data, plan, verbose, quiet, print_config;

static const app_option options[] = {
    {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key",
     .help = "Override a key of the configuration; may be repeated, the last one wins."},
    {"work-dir", "DIR", .text = &work_dir, .complete = "dir",
     .help = "The folder for checkpoints and logs. Sets output.work_dir."},
    {"resume", "auto|DIR", .text = &resume, .complete = "resume",
     .help = "Resume from the newest complete checkpoint of the work directory, or start if there "
             "is none; or resume from the checkpoint DIR."},
    {"device", "SEL", .text = &device_name, .complete = "device",
     .help = "The OpenCL device: an index (1), PLATFORM:INDEX (0:1) or part of a name; or several, "
             "a list (0,1) or all, which share every batch. Sets device.select."},
    {"check-data", .on = &check_data,
     .help = "Read every image and label once, list the problems, and exit."},
    {"plan", .on = &plan,
     .help = "Print the device memory that a training step needs, and exit: with 0 if it fits, "
             "else 7. Lists the algorithms of the convolutions."},
    {"verbose", .on = &verbose,
     .help = "With --plan: list every convolution, and the graph after every pass. With "
             "--check-data: list every file "
             "of many with the same problem."},
    {"export-data", "DIR", .text = &export_dir, .complete = "dir",
     .help = "Write the data set as PNG files below DIR (images, annotations, classes.csv), and "
             "exit."},
    {"print-config", .on = &print_config,
     .help = "Print every key with its value and the origin of the value, and exit."},
    {"quiet", .on = &quiet,
     .help = "No log and no progress on stderr; the log file is still written."},
};

static const char *const examples[] = {
    "Train the demo",
    "encnet-cl-train configs/encnet_r18-d8_demo.ini",
    "Resume after an interruption",
    "encnet-cl-train configs/encnet_r18-d8_demo.ini --resume auto",
    "Check whether it fits",
    "encnet-cl-train configs/encnet_r50-d8_512x1024_40k_cityscapes.ini --plan",
    "Other data, a shorter run",
    "encnet-cl-train my.ini --set data.root=/data/mine --set train.max_iters=2000",
    "On all devices of this machine",
    "encnet-cl-train my.ini --device all",
    "On several machines, one device per process",
    "mpirun -n 8 encnet-cl-train my.ini --device all",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-train",
    .summary = "train a segmentation network on an OpenCL device",
    .arguments = "CONFIG.ini",
    .description =
        "Trains the network that CONFIG.ini describes, and writes checkpoints, a log "
        "(NAME.log, NAME.log.json) and TensorBoard events to the work directory, where "
        "the links latest and best point to checkpoint directories.\n"
        "Log and progress go to stderr. Standard output gets the path of the last "
        "checkpoint and, if there were evaluations, the best mIoU or top-1.\n"
        "On SIGINT, SIGTERM, SIGUSR1, SIGHUP, SIGQUIT or SIGXCPU the program finishes the "
        "iteration, saves a checkpoint and exits with 75; a second signal ends it at "
        "once. So it does when a log reaches the limit on the size of files (SIGXFSZ). Where its "
        "output goes may vanish: it trains on.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_config = true,
    .examples = examples,
};

/* -- --check-data, --export-data ------------------------------------------------------------- */

static void print_summary(const encnet_data_summary *s, int classes)
{
    double all = 0;

    printf("training images    %10d\nvalidation images  %10d\nproblems           %10d\n",
           s->images[0], s->images[1], s->problems);
    for (int m = 0; m < ENCNET_MAX_CLASSES; m++) all += (double)s->pixels[m];
    for (int m = 0; m < ENCNET_MAX_CLASSES && all > 0; m++) {
        bool ignored = m == ENCNET_IGNORE && !s->labels_images;
        char name[32] = "ignored";
        if (m >= classes && !ignored) continue;
        if (!ignored) snprintf(name, sizeof name, "class %d", m);
        printf("%-18s %10llu %s %6.2f %%%s%s\n", name, (unsigned long long)s->pixels[m],
               s->labels_images ? "images" : "pixels", 100 * (double)s->pixels[m] / all,
               m < classes ? "  " : "", m < classes ? s->class_name[m] : "");
    }
}

static int run_check(const encnet_options *o)
{
    encnet_data_summary summary = {.problems = 0};
    app_problems kinds = {.all = verbose};
    encnet_status rc = encnet_data_check(o, &summary, app_problem, app_progress_files, &kinds);
    int problems = summary.problems;

    app_progress_clear();
    app_problems_end(&kinds);
    fputs(summary.advice, stderr);
    if (rc == ENCNET_OK || problems) print_summary(&summary, o->model.classes);
    encnet_data_summary_free(&summary);
    if (rc == ENCNET_OK) return 0;
    /* each problem has been told */
    return problems ? encnet_status_exit_code(rc) : app_fail(rc);
}

static int run_export(const encnet_options *o)
{
    encnet_status rc = encnet_data_export(o, export_dir, app_progress_files, NULL);

    app_progress_clear();
    if (rc != ENCNET_OK) return app_fail(rc);
    printf("%s\n", export_dir);
    return 0;
}

/* -- --plan ---------------------------------------------------------------------------------- */

/* Plans a step of one of `ranks` ranks with `n` images as it uses them: crops, or whole images if nothing is cropped. */
static encnet_status plan_rank(encnet_device *device, const encnet_options *o, int ranks, int n,
                               const char *rank)
{
    bool whole = !o->augment.enabled && strcmp(o->data.type, "synthetic") == 0;
    int h = whole ? o->data.height : o->augment.crop_h,
        w = whole ? o->data.width : o->augment.crop_w;
    encnet_plan p = {0};
    encnet_status rc = encnet_plan_make_rank(&p, device, o, ranks, n, h, w);

    if (p.total) {
        printf("%s%s on %s, %d x %dx%d\n", rank, o->model.network, o->model.backbone, n, h, w);
        app_print_plan(&p);
    }
    if (rc == ENCNET_OK) rc = app_print_convolutions(device, o, n, h, w, false, verbose);
    if (rc == ENCNET_OK && verbose) rc = app_print_passes(device, o, n, h, w);
    return rc;
}

/* What a rank's plan depends on. */
typedef struct planned {
    encnet_device_info info;
    int images;
} planned;

/* Plans for `count` ranks on `selected` devices, each with its part of a batch; equal ones once. */
static encnet_status plan_all(planned *done, int *images, const encnet_options *o, int count,
                              int selected)
{
    encnet_status rc = encnet_train_images(images, count, o);

    for (int i = 0; rc == ENCNET_OK && i < count; i++) {
        encnet_device *device = NULL;
        char rank[sizeof done->info.name + 32] = "";
        int same = 0;

        rc = encnet_device_open_nth(&device, &o->device, i % selected);
        if (rc != ENCNET_OK) break;
        encnet_device_describe(device, &done[i].info);
        done[i].images = images[i];
        while (done[same].images != images[i] || strcmp(done[same].info.name, done[i].info.name) ||
               strcmp(done[same].info.driver, done[i].info.driver) ||
               done[same].info.memory_bytes != done[i].info.memory_bytes)
            same++;
        if (count > 1) snprintf(rank, sizeof rank, "rank %d, %s: ", i, done[i].info.name);
        if (same == i)
            rc = plan_rank(device, o, count, images[i], rank);
        else
            printf("%sas rank %d\n", rank, same);
        encnet_device_close(device);
    }
    return rc;
}

/* A rank for each selected device, or for each process of a launcher, whose devices are taken to be those
 * of this host in turn. */
static int run_plan(const encnet_options *given)
{
    encnet_options o = *given;
    int launched = encnet_comm_launched(), selected = 0, count, code;
    encnet_status rc;
    planned *done;
    int *images;

    if (launched > 1 && !*o.device.select) o.device.select = "all";
    rc = encnet_device_count(&selected, o.device.select);
    if (rc != ENCNET_OK) return app_fail(rc);
    count = launched > 1 ? launched : selected;
    done = calloc((size_t)count, sizeof *done);
    images = calloc((size_t)count, sizeof *images);
    if (done && images) {
        rc = plan_all(done, images, &o, count, selected);
        code = rc == ENCNET_OK ? 0 : app_fail(rc);
    } else {
        code = app_fail(encnet_comm_fail(ENCNET_E_NOMEM, "no memory for the plans"));
    }
    free(images);
    free(done);
    return code;
}

/* -- training -------------------------------------------------------------------------------- */

static void on_progress(void *user, const encnet_train_progress *p)
{
    char extra[64];

    (void)user;
    snprintf(extra, sizeof extra, "loss %.4f, %.2f s/it", p->loss, p->seconds_per_iter);
    app_progress("iter", p->iter, p->max_iters, p->seconds_left, extra);
}

/* Prints the result of a training; of several processes, only the first does. */
static int finish(encnet_status rc, const encnet_train_result *result)
{
    app_progress_clear();
    if (*result->checkpoint && (rc == ENCNET_OK || rc == ENCNET_E_STOPPED))
        printf("checkpoint %s\n", result->checkpoint);
    if (*result->checkpoint && rc == ENCNET_OK && quiet && result->iters == result->first_iter)
        fprintf(stderr,
                "This run is finished after iteration %d; a greater train.max_iters, or "
                "train.epochs where that is set, goes on\n",
                result->iters);
    if (*result->checkpoint && rc == ENCNET_OK && result->best_miou >= 0)
        printf("%s %.2f\n", result->score, result->best_miou);
    if (rc == ENCNET_E_STOPPED && app_file_limit) {
        app_say_file_limit();
        /* whoever starts it again at once would do so for ever */
        if (result->iters == result->first_iter) rc = ENCNET_E_IO;
    }
    return rc == ENCNET_OK ? 0 : app_fail(rc);
}

/* To be called after the devices are open, because a driver may install signal handlers. */
static void begin(encnet_train_start *start, encnet_train_hooks *hooks, const char *path)
{
    static char name[256];

    app_stem(name, sizeof name, path);
    *start = (encnet_train_start){.resume = resume, .name = name};
    *hooks = (encnet_train_hooks){.progress = on_progress, .stop = &app_stop};
    if (!quiet) hooks->log = app_log;
    app_catch_signals();
    app_stop_at_file_limit();
}

/* Trains on all selected devices, in this process. */
static int run_devices(const encnet_options *o, int count, const char *path)
{
    encnet_train_result result = {.best_miou = -1};
    encnet_train_start start;
    encnet_train_hooks hooks;
    encnet_device **devices;
    encnet_status rc = app_open_devices(&devices, count, &o->device);
    int code;

    begin(&start, &hooks, path);
    if (rc == ENCNET_OK) rc = encnet_train_on(&result, devices, count, o, &start, &hooks);
    code = finish(rc, &result);
    if (rc == ENCNET_E_COMM) _Exit(app_finish(code)); /* a device that hangs cannot be closed */
    for (int i = 0; devices && i < count; i++)
        if (devices[i] && o->device.profile) app_print_profile(devices[i]);
    app_close_devices(devices, count);
    return code;
}

/* Trains as one of the processes that mpirun or a similar launcher started.  A failure ends all. */
static int run_rank(const encnet_options *o, const char *path)
{
    encnet_train_result result = {.best_miou = -1};
    encnet_train_start start;
    encnet_train_hooks hooks;
    encnet_device *device = NULL;
    encnet_comm *comm = NULL;
    encnet_status rc = app_open_rank(&comm, &program, o);
    int code;

    if (rc != ENCNET_OK) return app_fail(rc);
    rc = app_open_local(&device, comm, o->device);
    begin(&start, &hooks, path);
    start.comm = comm;
    if (rc == ENCNET_OK) rc = encnet_train(&result, device, o, &start, &hooks);
    code = finish(rc, &result);
    if (rc != ENCNET_OK && rc != ENCNET_E_STOPPED) comm->abort(comm, rc, encnet_last_error());
    if (device && o->device.profile) app_print_profile(device);
    app_close_local(device);
    encnet_comm_close(comm);
    return code;
}

static int run(encnet_config *config, const char *path)
{
    const encnet_options *o = encnet_config_options(config);
    encnet_status rc;
    int count;

    if (print_config) return app_config_print(config);
    if (export_dir) return run_export(o);
    if (check_data) return run_check(o);
    if (plan) return run_plan(o);
    if (encnet_comm_launched() > 1) return run_rank(o, path);
    rc = encnet_device_count(&count, o->device.select);
    if (rc != ENCNET_OK) return app_fail(rc);
    return run_devices(o, count, path);
}

int app_main(int argc, char **argv)
{
    encnet_config *config;
    app_args args;
    int code;

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if ((print_config || export_dir || check_data || plan) && encnet_comm_launched_rank() > 0)
        return 0; /* rank 0 does it */
    if (quiet) app_progress_off();
    if (!app_override(&set, "output.work_dir", work_dir) ||
        !app_override(&set, "device.select", device_name))
        return 1;
    config = app_config_load(args.items[0], &set, &code);
    if (!config) return code;
    code = run(config, args.items[0]);
    encnet_config_free(config);
    return code;
}
