/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encnet-cl-bench - times training steps and inference of a network, on one device or on ranks. */
#include "app_config.h"
#include "app_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/encnet.h>
#include "app_common.h"
#include "app_peer.h"
#include "app_plan.h"
#include "app_ranks.h"
#include "app_watch.h"

enum { MOST_RANKS = 1024, MOST_REPEATS = 1000, PEER_ROUNDS = 2 };

static const char *select_device, *mode = "both", *size = "512x512", *batch = "1", *repeat = "5";
static const char *ranks, *peer;
static bool json, shares, tune;
static app_list set;

static const app_option options[] = {
    {"mode", "train|infer|both", .text = &mode, .help = "What to time. Default both.",
     .complete = "train infer both"},
    {"size", "HxW", .text = &size, .help = "Size of the images. Default 512x512."},
    {"batch", "N", .text = &batch, .help = "Images in a batch of one device. Default 1."},
    {"repeat", "N", .text = &repeat,
     .help = "Timed steps; one untimed step precedes them. Default 5."},
    {"device", "SEL", .text = &select_device, .complete = "device",
     .help = "The device: an index (1), PLATFORM:INDEX (0:1) or part of a name. For --ranks and "
             "--shares, several: a list (0,1) or all."},
    {"ranks", "N", .text = &ranks,
     .help = "Time training on N ranks and what they exchange. The ranks are threads of this "
             "process, to which the devices are assigned in turn. Processes started by mpirun are "
             "ranks without this option."},
    {"shares", .on = &shares,
     .help = "Time training on each device alone, and propose device.shares for a batch of "
             "data.samples_per_device times the number of devices."},
    {"tune", .on = &tune,
     .help = "Measure the algorithms of every convolution, as device.tune = full does, or as it is "
             "set; keep the fastest in the cache for later runs with device.tune, and list them "
             "instead of timing the network."},
    {"peer", "COMMAND", .text = &peer,
     .help = "Run a command that times another program, in turn with ours, twice, and print the "
             "ratio of the times. The shell that runs it has MODE (train or infer), SIZE (HxW), "
             "BATCH and REPEAT in its environment. It prints the seconds of a step: a line with "
             "\"best_s\": and perhaps \"median_s\": before numbers, as --json does, or a number "
             "alone."},
    {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key",
     .help = "Override a key of the configuration."},
    {"json", .on = &json, .help = "Print one JSON object per measurement instead of text."},
};

static const char *const examples[] = {
    "EncNet R-50-D8, one image of 512x512:",
    "encnet-cl-bench configs/encnet_r50-d8_512x1024_40k_cityscapes.ini",
    "What four ranks on one device exchange:",
    "encnet-cl-bench my.ini --ranks 4 --size 128x128",
    "The same with processes:",
    "mpirun -n 4 encnet-cl-bench my.ini --device 0,0,0,0 --size 128x128",
    "Which algorithms are fastest here, for crops of 512x1024:",
    "encnet-cl-bench my.ini --tune --size 512x1024",
    "How devices of unequal speed should share a batch:",
    "encnet-cl-bench my.ini --shares --device all",
    "Beside another program, which times the same:",
    "encnet-cl-bench my.ini --peer 'python bench.py --$MODE --size $SIZE'",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-bench",
    .summary = "time training steps and inference of a network",
    .arguments = "CONFIG.ini",
    .description =
        "Times steps on a batch of noise. A training step is forward, backward and SGD; inference "
        "goes from the normalised image to class ids.\n"
        "Prints the best and the median time, the operations per second, and the bytes of "
        "activations and their gradients that the operators read and write. On a shared machine, "
        "compare only with something that is measured at the same time.\n"
        "With several ranks, a table lists the exchanges in the best step of rank 0: the number of "
        "calls, the bytes that the rank contributes, the bytes that it sends if ranks are "
        "processes, the seconds of the exchange itself, and the seconds of waiting for the rank "
        "that arrives last. Gradients are exchanged in buckets during the backward pass: a line "
        "per bucket says when, and the last line how much of that overlaps the backward pass. "
        "Ranks that share a device share its time.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_config = true,
    .examples = examples,
};

static bool positive(int *out, const char *name, const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    *out = (int)value;
    if (end != text && *end == '\0' && value >= 1 && value <= most) return true;
    app_error("--%s %s: must be a number from 1 to %d", name, text, most);
    return false;
}

/* -- one device ------------------------------------------------------------------------------ */

/* Activations and their gradients, in bytes and, in training, in units of what is stored for
 * backward. */
static void print_traffic(const encnet_plan *plan)
{
    double stored = (double)plan->activations_stored, read = (double)plan->activations_read,
           written = (double)plan->activations_written;

    printf("      activations: %.0f MiB read, %.0f MiB written", read / 1048576, written / 1048576);
    if (stored > 0)
        printf("; %.0f MiB stored for backward, read %.1f and written %.1f times", stored / 1048576,
               read / stored, written / stored);
    printf("; largest buffer %.0f MiB", (double)plan->largest_buffer / 1048576);
    if (plan->prepared + plan->results)
        printf("\n      prepared weights %.0f MiB, results %.0f MiB",
               (double)plan->prepared / 1048576, (double)plan->results / 1048576);
    printf("\n");
}

static const char *mode_of(bool inference)
{
    return inference ? "infer" : "train";
}

static int time_mode(app_times *times, encnet_device *device, const encnet_options *o,
                     encnet_bench_case what)
{
    const char *name = mode_of(what.inference);
    encnet_bench_result result;
    encnet_plan plan;
    encnet_device_info info;
    encnet_status rc = encnet_plan_make(&plan, device, o, what.n, what.h, what.w, what.inference);
    double flops;

    if (rc == ENCNET_OK) rc = encnet_bench(&result, device, o, &what, NULL);
    if (rc != ENCNET_OK) return app_fail(rc);
    encnet_device_describe(device, &info);
    flops = plan.flops *
            (what.inference ? 1 : 3); /* backward: two convolutions for each one in forward */
    if (json)
        printf("{\"mode\": \"%s\", \"network\": \"%s\", \"backbone\": \"%s\", \"size\": [%d, %d], "
               "\"batch\": %d, "
               "\"best_s\": %.4f, \"median_s\": %.4f, \"gflops\": %.1f, \"memory_bytes\": %zu, "
               "\"stored_bytes\": %zu, \"read_bytes\": %zu, \"written_bytes\": %zu, "
               "\"prepared_bytes\": %zu, \"results_bytes\": %zu, \"largest_buffer_bytes\": %zu, "
               "\"device\": \"%s\", "
               "\"driver\": \"%s\", \"version\": \"%s\"}\n",
               name, o->model.network, o->model.backbone, what.h, what.w, what.n, result.best,
               result.median, flops / result.best * 1e-9, plan.total, plan.activations_stored,
               plan.activations_read, plan.activations_written, plan.prepared, plan.results,
               plan.largest_buffer, info.name, info.driver, encnet_version());
    else
        printf("%-5s %s %s %dx%d batch %d: best %.3f s, median %.3f s, %.0f GFLOP/s, %.0f MiB on "
               "the device\n",
               name, o->model.network, o->model.backbone, what.h, what.w, what.n, result.best,
               result.median, flops / result.best * 1e-9, (double)plan.total / 1048576);
    if (!json) print_traffic(&plan);
    *times = (app_times){result.best, result.median};
    encnet_bench_result_free(&result);
    return 0;
}

static void print_ratio(const encnet_bench_case *what, app_times ours, app_times theirs)
{
    printf(json ? "{\"mode\": \"%s\", \"peer_best_s\": %.4f, \"peer_median_s\": %.4f, "
                  "\"ratio_best\": %.3f, \"ratio_median\": %.3f}\n"
                : "%-5s peer: best %.3f s, median %.3f s; ours takes %.2f of its best time, %.2f "
                  "of its median\n",
           mode_of(what->inference), theirs.best, theirs.median, ours.best / theirs.best,
           ours.median / theirs.median);
}

/* Ours, or with --peer both in turn. */
static int time_rounds(encnet_device *device, const encnet_options *o,
                       const encnet_bench_case *what)
{
    app_times ours = {0}, theirs = {0};
    double our_best = 0, their_best = 0;
    int code = 0;

    for (int round = 0; code == 0 && round < (peer ? PEER_ROUNDS : 1); round++) {
        code = time_mode(&ours, device, o, *what);
        if (code || !peer) return code;
        if (!app_peer_times(&theirs, peer, what)) return 2;
        print_ratio(what, ours, theirs);
        if (round == 0 || ours.best < our_best) our_best = ours.best;
        if (round == 0 || theirs.best < their_best) their_best = theirs.best;
    }
    if (!json)
        printf("%-5s best of %d rounds: %.3f s, peer %.3f s: %.2f of its time\n",
               mode_of(what->inference), PEER_ROUNDS, our_best, their_best, our_best / their_best);
    return code;
}

static int run_device(const encnet_options *o, encnet_bench_case what)
{
    encnet_device *device = NULL;
    encnet_status rc = encnet_device_open(&device, &o->device);
    int code = rc == ENCNET_OK ? 0 : app_fail(rc);

    if (!code) app_name_device(device, o->device.select);
    if (!code) app_say_tuning(o->device.tune);
    if (!code) app_watch(&device, 1, o->device.timeout, false);
    if (!code && strcmp(mode, "infer")) code = time_rounds(device, o, &what);
    what.inference = true;
    if (!code && strcmp(mode, "train")) code = time_rounds(device, o, &what);
    if (!code) app_print_profile(device);
    app_close_local(device);
    return code;
}

/* -- ranks ----------------------------------------------------------------------------------- */

static const char *const kinds[ENCNET_EXCHANGE_KINDS] = {
    [ENCNET_EXCHANGE_STATISTICS] = "batch norm, forward",
    [ENCNET_EXCHANGE_SUMS] = "batch norm, backward",
    [ENCNET_EXCHANGE_GRADIENTS] = "gradients",
    [ENCNET_EXCHANGE_TERMS] = "terms of the loss",
};

/* Adds up the exchanges of a kind, or of all kinds for ENCNET_EXCHANGE_KINDS. */
static encnet_exchange sum_up(int *calls, const encnet_bench_result *r, encnet_exchange_kind kind)
{
    encnet_exchange sum = {.kind = kind};

    *calls = 0;
    for (const encnet_exchange *e = r->exchanges; e < r->exchanges + r->n_exchanges; e++) {
        if (kind != ENCNET_EXCHANGE_KINDS && kind != e->kind) continue;
        ++*calls;
        sum.bytes += e->bytes;
        sum.sent += e->sent;
        sum.seconds += e->seconds;
        sum.waiting += e->waiting;
    }
    return sum;
}

static void print_exchanges(const encnet_bench_result *r)
{
    enum { ROWS = ENCNET_EXCHANGE_KINDS + 2, COLUMNS = 7 };
    static char text[ROWS][COLUMNS][32];
    const char *cells[ROWS * COLUMNS] = {"exchange", "calls",   "bytes",      "sent",
                                         "seconds",  "waiting", "of the step"};

    for (int i = 0; i <= ENCNET_EXCHANGE_KINDS; i++) {
        const char **row = cells + (i + 1) * COLUMNS;
        char(*cell)[32] = text[i];
        int calls;
        encnet_exchange e = sum_up(&calls, r, (encnet_exchange_kind)i);
        for (int c = 1; c < COLUMNS; c++) row[c] = cell[c];
        row[0] = i < ENCNET_EXCHANGE_KINDS ? kinds[i] : "all";
        snprintf(cell[1], sizeof *cell, "%d", calls);
        app_bytes(cell[2], sizeof *cell, e.bytes);
        app_bytes(cell[3], sizeof *cell, e.sent);
        snprintf(cell[4], sizeof *cell, "%.4f", e.seconds);
        snprintf(cell[5], sizeof *cell, "%.4f", e.waiting);
        snprintf(cell[6], sizeof *cell, "%.1f %%", 100 * (e.seconds + e.waiting) / r->best);
    }
    app_print_table(stdout, cells, ROWS, COLUMNS);
}

/* Prints when each bucket of gradients was exchanged. */
static void print_buckets(const encnet_bench_result *r)
{
    double backward = 0;
    int bucket = 0;

    for (const encnet_exchange *e = r->exchanges; e < r->exchanges + r->n_exchanges; e++)
        if (e->kind == ENCNET_EXCHANGE_SUMS) backward = e->began + e->waiting + e->seconds;
    for (const encnet_exchange *e = r->exchanges; e < r->exchanges + r->n_exchanges; e++)
        if (e->kind == ENCNET_EXCHANGE_GRADIENTS)
            printf("bucket %d: %.1f MiB, from %.3f s to %.3f s\n", ++bucket, e->bytes / 1048576,
                   e->began, e->began + e->waiting + e->seconds);
    if (r->hidden >= 0)
        printf("batch norm's last exchange: %.3f s; %.0f %% of the gradient exchange overlaps the "
               "backward pass\n",
               backward, 100 * r->hidden);
}

static void print_ranks(const encnet_options *o, const encnet_bench_case *what, int count,
                        const char *over, const encnet_bench_result *r)
{
    printf("train %s %s %dx%d batch %d, %d ranks (%s): best %.3f s, median %.3f s\n",
           o->model.network, o->model.backbone, what->h, what->w, what->n * count, count, over,
           r->best, r->median);
    print_exchanges(r);
    print_buckets(r);
}

static void print_ranks_json(const encnet_options *o, const encnet_bench_case *what, int count,
                             const char *over, const encnet_bench_result *r)
{
    static const char *const names[] = {"statistics", "sums", "gradients", "terms"};

    printf("{\"mode\": \"ranks\", \"network\": \"%s\", \"backbone\": \"%s\", \"size\": [%d, %d], "
           "\"batch\": %d, \"ranks\": %d, \"over\": \"%s\", \"best_s\": %.4f, \"median_s\": %.4f, "
           "\"hidden\": %.3f, \"version\": \"%s\", \"exchanges\": [",
           o->model.network, o->model.backbone, what->h, what->w, what->n * count, count, over,
           r->best, r->median, r->hidden, encnet_version());
    for (int i = 0; i < r->n_exchanges; i++) {
        const encnet_exchange *e = &r->exchanges[i];
        printf("%s{\"kind\": \"%s\", \"bytes\": %.0f, \"sent\": %.0f, \"began_s\": %.6f, "
               "\"exchange_s\": %.6f, \"waiting_s\": %.6f}",
               i ? ", " : "", names[e->kind], e->bytes, e->sent, e->began, e->seconds, e->waiting);
    }
    printf("]}\n");
}

static int finish_ranks(encnet_status rc, const encnet_options *o, const encnet_bench_case *what,
                        int count, const char *over, encnet_bench_result *r)
{
    if (rc != ENCNET_OK) return app_fail(rc);
    (json ? print_ranks_json : print_ranks)(o, what, count, over, r);
    encnet_bench_result_free(r);
    return 0;
}

static int run_threads(const encnet_options *o, const encnet_bench_case *what, int count)
{
    encnet_device **devices;
    encnet_bench_result result;
    encnet_status rc = app_open_devices(&devices, count, &o->device);
    int code;

    if (rc == ENCNET_OK) rc = encnet_bench_on(&result, devices, count, o, what);
    code = finish_ranks(rc, o, what, count, "threads", &result);
    if (rc == ENCNET_E_COMM) _Exit(app_finish(code)); /* a device that hangs cannot be closed */
    app_close_devices(devices, count);
    return code;
}

/* Runs as one of several processes. */
static int run_process(const encnet_options *o, const encnet_bench_case *what)
{
    encnet_device *device = NULL;
    encnet_bench_result result = {0};
    encnet_comm *comm = NULL;
    encnet_status rc = app_open_rank(&comm, &program, o);
    int code = 0;

    if (rc != ENCNET_OK) return app_fail(rc);
    rc = app_open_local(&device, comm, o->device);
    if (rc == ENCNET_OK) rc = encnet_bench(&result, device, o, what, comm);
    if (rc != ENCNET_OK || comm->rank == 0)
        code = finish_ranks(rc, o, what, comm->size, "processes", &result);
    if (rc != ENCNET_OK) comm->abort(comm, rc, encnet_last_error());
    encnet_bench_result_free(&result);
    app_close_local(device);
    encnet_comm_close(comm);
    return code;
}

/* -- shares ---------------------------------------------------------------------------------- */

typedef struct measured {
    encnet_device_info info;
    double seconds; /* per image */
} measured;

static encnet_status measure(measured *m, const encnet_options *o, const encnet_bench_case *what,
                             int nth)
{
    encnet_device *device = NULL;
    encnet_bench_result result;
    encnet_status rc = encnet_device_open_nth(&device, &o->device, nth);

    if (rc != ENCNET_OK) return rc;
    encnet_device_describe(device, &m->info);
    rc = encnet_bench(&result, device, o, what, NULL);
    encnet_device_close(device);
    if (rc != ENCNET_OK) return rc;
    m->seconds = result.best / what->n;
    encnet_bench_result_free(&result);
    return ENCNET_OK;
}

static void print_shares(const measured *m, const int *share, int count, int batch_size)
{
    double equal = 0, shared = 0;
    int sum = 0;

    for (int i = 0; i < count; i++) sum += share[i];
    for (int i = 0; i < count; i++) {
        double even = m[i].seconds * batch_size / count,
               own = m[i].seconds * batch_size / sum * share[i];
        if (even > equal) equal = even;
        if (own > shared) shared = own;
        if (!json)
            printf("device %d: %.2f images a second, %s\n", i, 1 / m[i].seconds, m[i].info.name);
    }
    printf(json ? "{\"mode\": \"shares\", \"batch\": %d, \"equal_s\": %.4f, \"shared_s\": %.4f, "
                  "\"shares\": ["
                : "a batch of %d images: %.3f s a step in equal parts, %.3f s in these, without "
                  "exchanges\ndevice.shares = ",
           batch_size, equal, shared);
    for (int i = 0; i < count; i++) printf("%s%d", i ? "," : "", share[i]);
    printf(json ? "]}\n" : "\n");
}

static int run_shares(const encnet_options *o, const encnet_bench_case *what)
{
    int count = 0, batch_size;
    encnet_status rc = encnet_device_count(&count, o->device.select);
    measured *m = calloc((size_t)count + 1, sizeof *m);
    double *seconds = calloc((size_t)count + 1, sizeof *seconds);
    int *share = calloc((size_t)count + 1, sizeof *share);

    if (rc == ENCNET_OK && (!m || !seconds || !share))
        rc = encnet_comm_fail(ENCNET_E_NOMEM, "no memory for the devices");
    for (int i = 0; rc == ENCNET_OK && i < count; i++) {
        rc = measure(&m[i], o, what, i);
        seconds[i] = m[i].seconds;
    }
    batch_size = o->data.samples_per_device * count;
    if (rc == ENCNET_OK) rc = encnet_bench_shares(share, seconds, count, batch_size);
    if (rc == ENCNET_OK) print_shares(m, share, count, batch_size);
    free(m);
    free(seconds);
    free(share);
    return rc == ENCNET_OK ? 0 : app_fail(rc);
}

/* -- tuning ---------------------------------------------------------------------------------- */

static encnet_status tune_mode(encnet_device *device, const encnet_options *o,
                               const encnet_bench_case *what, bool inference)
{
    const char *name = mode_of(inference);

    fprintf(stderr, "Measuring the convolutions of %s, %dx%d, batch %d (device.tune = %s)\n", name,
            what->h, what->w, what->n, o->device.tune);
    printf("%s %s %s %dx%d batch %d\n", name, o->model.network, o->model.backbone, what->h, what->w,
           what->n);
    return app_print_convolutions(device, o, what->n, what->h, what->w, inference, true);
}

static int run_tune(const encnet_options *o, const encnet_bench_case *what)
{
    encnet_options tuned = *o;
    encnet_device *device = NULL;
    encnet_status rc;

    if (strcmp(tuned.device.tune, "off") == 0) tuned.device.tune = "full";
    rc = encnet_device_open(&device, &tuned.device);
    if (rc == ENCNET_OK) app_name_device(device, tuned.device.select);
    if (rc == ENCNET_OK && strcmp(mode, "infer")) rc = tune_mode(device, &tuned, what, false);
    if (rc == ENCNET_OK && strcmp(mode, "train")) rc = tune_mode(device, &tuned, what, true);
    encnet_device_close(device);
    return rc == ENCNET_OK ? 0 : app_fail(rc);
}

/* -- the command line ------------------------------------------------------------------------ */

static bool read_options(encnet_bench_case *what, int *count)
{
    bool launched = encnet_comm_launched() > 1;
    int used = 0;

    if (strcmp(mode, "train") && strcmp(mode, "infer") && strcmp(mode, "both")) {
        app_error("--mode %s: must be train, infer or both", mode);
        return false;
    }
    if ((ranks || shares || launched) && strcmp(mode, "infer") == 0) {
        app_error("--mode infer: ranks train together, and shares are those of a batch in "
                  "training");
        return false;
    }
    if ((ranks != NULL) + shares + tune + (peer != NULL) + launched > 1) {
        app_error("--ranks, --shares, --tune, --peer and processes of a launcher: one of them at a "
                  "time");
        return false;
    }
    if (sscanf(size, "%5dx%5d%n", &what->h, &what->w, &used) != 2 || size[used] || what->h < 1 ||
        what->w < 1 || what->h > 16384 || what->w > 16384) {
        app_error("--size %s: must be HxW, such as 512x1024, with sides of 1 to 16384", size);
        return false;
    }
    *count = 0;
    return positive(&what->n, "batch", batch, 1024) &&
           positive(&what->repeats, "repeat", repeat, MOST_REPEATS) &&
           (!ranks || positive(count, "ranks", ranks, MOST_RANKS));
}

int app_main(int argc, char **argv)
{
    app_args args;
    int code, count;
    encnet_config *config;
    const encnet_options *o;
    encnet_bench_case what = {0};

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if (!read_options(&what, &count)) return 2;
    if (!app_override(&set, "device.select", select_device)) return 1;
    config = app_config_load(args.items[0], &set, &code);
    if (!config) return code;
    o = encnet_config_options(config);
    if (encnet_comm_launched() > 1)
        code = run_process(o, &what);
    else if (ranks)
        code = run_threads(o, &what, count);
    else if (shares)
        code = run_shares(o, &what);
    else if (tune)
        code = run_tune(o, &what);
    else
        code = run_device(o, what);
    encnet_config_free(config);
    return code;
}
