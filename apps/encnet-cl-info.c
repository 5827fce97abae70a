/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encnet-cl-info - lists OpenCL devices and their limits, tests the operators on them, describes a
 * checkpoint, and lists networks, data sets, file formats, configurations and versions. */
#define _POSIX_C_SOURCE 200809L
#include "app_options.h"
#include "app_watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <encnet/comm.h>
#include <encnet/config.h>
#include <encnet/convert.h>
#include <encnet/data.h>
#include <encnet/device.h>
#include <encnet/model.h>
#include "app_checkpoint.h"
#include "app_common.h"

enum { WIDTH = 100, INDENT = 14, LIST_INDENT = 20 };
enum { CROP_H = 512, CROP_W = 1024, IMAGES = 2 }; /* of the recipes for Cityscapes, on a device */

static bool json, self_test, profile, models, datasets, formats, configs, versions;
static const char *select_device;

static const app_option options[] = {
    {"device", "SEL", .text = &select_device, .complete = "device",
     .help = "Only this device: an index (1), PLATFORM:INDEX (0:1) or part of a name. Without it, "
             "--self-test runs on the best device, and --models plans for it: a GPU before a CPU."},
    {"self-test", .on = &self_test,
     .help = "Run every operator on small shapes and compare it with a double-precision reference "
             "on the host. The error is in units of the tolerance, so up to 1 is right. The first "
             "run compiles every kernel."},
    {"profile", .on = &profile,
     .help = "After --self-test, print the time of every kernel to stderr."},
    {"models", .on = &models,
     .help = "Instead of devices, list the networks and backbones that model.network and "
             "model.backbone can be, the heads of networks, and the networks with recipes for "
             "Cityscapes: trainable numbers, operations of one image of 512x1024, device memory of "
             "a training step with two, and the best published mIoU."},
    {"datasets", .on = &datasets,
     .help = "Instead of devices, list the kinds of data sets that data.type can be, and where "
             "their files are below data.root."},
    {"formats", .on = &formats,
     .help = "Instead of devices, list the file formats of checkpoints, and the programs whose "
             "names of weights are translated."},
    {"configs", .on = &configs,
     .help = "Instead of devices, list the installed configurations, which every program takes by "
             "name from any folder."},
    {"versions", .on = &versions,
     .help = "Instead of devices, list the versions and places of what encnet-cl runs with: the "
             "OpenCL loader, platforms, CLBlast, MPI, and the folder of compiled kernels."},
    {"json", .on = &json, .help = "Print one JSON object instead of text."},
};

static const char *const examples[] = {
    "List the devices",
    "encnet-cl-info",
    "Test the operators on a GPU",
    "encnet-cl-info --device nvidia --self-test",
    "List the networks",
    "encnet-cl-info --models",
    "Describe the latest checkpoint of a training",
    "encnet-cl-info work_dirs/encnet_r18-d8_demo",
    "Find a configuration",
    "encnet-cl-info --configs",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-info",
    .summary =
        "list OpenCL devices, networks, data sets and formats, test the operators, describe a "
        "checkpoint",
    .arguments = "[CHECKPOINT]",
    .description = "Lists what every OpenCL platform answers, with the usual cause where it has no "
                   "device, and every device with its limits and extensions, in the order of the "
                   "indices of --device.\n"
                   "With --self-test, compares every operator with its reference on one device and "
                   "exits with 7 if one disagrees.\n"
                   "With CHECKPOINT, describes it instead, which takes no device: network, "
                   "backbone, classes, iterations, scores, the program that wrote it, and its "
                   "size. It is a checkpoint directory, a work directory, of which the latest is "
                   "taken, or a file in one of the formats of --formats.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_arguments = 1,
    .examples = examples,
};

/* -- devices */

static const char *kind(const encnet_device_info *d)
{
    return d->is_gpu ? "GPU" : d->is_cpu ? "CPU" : "accelerator";
}

static void print_device(const encnet_device_info *d)
{
    char memory[32], one[32], local[32];

    app_bytes(memory, sizeof memory, (double)d->memory_bytes);
    app_bytes(one, sizeof one, (double)d->max_alloc_bytes);
    app_bytes(local, sizeof local, (double)d->local_bytes);
    printf("%d (%d:%d)  %s\n", d->index, d->platform, d->platform_index, d->name);
    printf("  type        %s, %s\n", kind(d), d->vendor);
    printf("  platform    %s\n", d->platform_name);
    printf("  version     %s, driver %s\n", d->version, d->driver);
    printf("  memory      %s, at most %s in one buffer, %s local\n", memory, one, local);
    printf("  units       %" PRIu64 " at up to %" PRIu64 " MHz, groups of up to %" PRIu64 "\n",
           d->units, d->clock_mhz, d->max_group);
    printf("  extensions  ");
    app_print_wrapped(stdout, d->extensions, INDENT, INDENT, WIDTH);
}

static void json_text(const char *name, const char *text, const char *after)
{
    printf("\"%s\": ", name);
    app_print_json(stdout, text);
    fputs(after, stdout);
}

static void json_extensions(const char *text)
{
    printf("\"extensions\": [");
    for (int n = 0; *text; n++) {
        size_t length = strcspn(text, " ");
        printf("%s\"%.*s\"", n ? ", " : "", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
    printf("]");
}

static void json_device(const encnet_device_info *d)
{
    printf("{\"index\": %d, \"platform\": %d, \"platform_index\": %d, ", d->index, d->platform,
           d->platform_index);
    json_text("name", d->name, ", ");
    json_text("type", kind(d), ", ");
    json_text("vendor", d->vendor, ", ");
    json_text("platform_name", d->platform_name, ", ");
    json_text("version", d->version, ", ");
    json_text("driver", d->driver, ",\n   ");
    printf(
        "\"memory_bytes\": %" PRIu64 ", \"max_alloc_bytes\": %" PRIu64 ", \"local_bytes\": %" PRIu64
        ", \"max_group\": %" PRIu64 ", \"units\": %" PRIu64 ", \"clock_mhz\": %" PRIu64 ",\n   ",
        d->memory_bytes, d->max_alloc_bytes, d->local_bytes, d->max_group, d->units, d->clock_mhz);
    json_extensions(d->extensions);
    printf("}");
}

static void print_devices(const encnet_device_info *devices, int count)
{
    if (json) printf("\"devices\": [");
    for (int i = 0; i < count; i++) {
        if (json) {
            printf("%s\n  ", i ? "," : "");
            json_device(&devices[i]);
        } else {
            if (i) printf("\n");
            print_device(&devices[i]);
        }
    }
    if (json) printf("],\n");
}

static void print_platform(const encnet_platform_info *p)
{
    if (p->devices)
        printf("  %s: %d device%s\n    ", p->name, p->devices, p->devices == 1 ? "" : "s");
    else
        printf("  %s: no device\n    ", p->name);
    app_print_wrapped(stdout, p->devices ? p->version : p->answer, 4, 4, WIDTH);
}

static void json_platform(const encnet_platform_info *p)
{
    printf("{\"index\": %d, ", p->index);
    json_text("name", p->name, ", ");
    json_text("version", p->version, ", ");
    printf("\"devices\": %d, ", p->devices);
    json_text("answer", p->answer, "}");
}

/* Prints what every platform answered, and which drivers could not be loaded. */
static encnet_status list_platforms(void)
{
    encnet_platform_info *rows = NULL;
    int count = 0, room;
    encnet_status rc = encnet_platform_list(NULL, 0, &count);

    if (rc != ENCNET_OK || (count == 0 && !json)) return rc;
    room = count;
    rows = calloc((size_t)room + 1, sizeof *rows);
    if (!rows) return ENCNET_E_NOMEM;
    rc = encnet_platform_list(rows, room, &count);
    if (count > room) count = room;
    printf(json ? "\"platforms\": [" : "platforms\n");
    for (int i = 0; rc == ENCNET_OK && i < count; i++) {
        if (json) printf("%s\n  ", i ? "," : "");
        (json ? json_platform : print_platform)(&rows[i]);
    }
    printf(json ? "],\n" : "\n");
    free(rows);
    return rc;
}

static encnet_status list_devices(void)
{
    encnet_device_info *devices = NULL;
    int count = 0, room;
    encnet_status rc = encnet_device_list(NULL, 0, &count);

    if (rc != ENCNET_OK) return rc;
    room = count;
    devices = calloc((size_t)room, sizeof *devices);
    if (!devices) return ENCNET_E_NOMEM;
    rc = encnet_device_list(devices, room, &count);
    if (rc == ENCNET_OK) print_devices(devices, count < room ? count : room);
    free(devices);
    return rc;
}

/* Platforms come before devices, and also when there is no device. */
static encnet_status list_all(void)
{
    encnet_status rc = list_platforms();

    return rc == ENCNET_OK ? list_devices() : rc;
}

/* -- lists */

static int n_lists, n_rows;

static void begin_list(const char *heading)
{
    if (json)
        printf("\"%s\": [", heading);
    else
        printf("%s%s\n", n_lists ? "\n" : "", heading);
    n_lists++;
    n_rows = 0;
}

static void print_entry(const char *name, const char *about)
{
    if (json) {
        printf("%s\n  {", n_rows++ ? "," : "");
        json_text("name", name, ", ");
        json_text("about", about, "}");
    } else {
        printf("  %-16s  ", name);
        if (strlen(name) > LIST_INDENT - 4) printf("\n%*s", LIST_INDENT, "");
        app_print_wrapped(stdout, about, LIST_INDENT, LIST_INDENT, WIDTH);
    }
}

static void end_list(void)
{
    if (json) printf("],\n");
}

static void list_models(void)
{
    const char *kind_before = "";
    encnet_model_part part;

    for (int i = 0; encnet_model_part_at(i, &part); i++) {
        char heading[32];
        snprintf(heading, sizeof heading, "%ss", part.kind);
        if (strcmp(part.kind, kind_before) != 0) {
            if (i) end_list();
            begin_list(heading);
        }
        print_entry(part.name, part.about);
        kind_before = part.kind;
    }
    end_list();
}

/* What plans say of a published network: all 0 where there is no device to plan for. */
typedef struct figures {
    uint64_t parameters; /* trainable numbers, auxiliary heads included */
    double gflop;        /* of one image */
    size_t bytes;        /* of a training step with IMAGES images */
} figures;

/* Of a plan that does not fit, the figures are as good. */
static encnet_status make_plan(encnet_plan *out, encnet_device *device, const encnet_options *o,
                               int n, bool inference)
{
    encnet_status rc;

    *out = (encnet_plan){0};
    rc = encnet_plan_make(out, device, o, n, CROP_H, CROP_W, inference);
    return rc == ENCNET_E_DEVICE && out->total ? ENCNET_OK : rc;
}

static encnet_status plan_both(figures *out, encnet_device *device, const encnet_options *o)
{
    encnet_plan training, inference;
    encnet_status rc = make_plan(&training, device, o, IMAGES, false);

    if (rc == ENCNET_OK) rc = make_plan(&inference, device, o, 1, true);
    if (rc == ENCNET_OK)
        *out = (figures){training.trainable, inference.flops / 1e9, training.total};
    return rc;
}

/* A number of the list in text or JSON; `known` says whether there is one. */
static void print_number(const char *name, bool known, int width, int decimals, double value,
                         const char *after)
{
    if (json && known)
        printf("\"%s\": %.*f%s", name, decimals, value, after);
    else if (json)
        printf("\"%s\": null%s", name, after);
    else if (known)
        printf(" %*.*f", width, decimals, value);
    else
        printf(" %*s", width, "-");
}

static void print_published(const encnet_model_published *m, const figures *f)
{
    bool planned = f->bytes > 0;

    if (json) {
        printf("%s\n  {", n_rows++ ? "," : "");
        json_text("name", m->name, ", ");
        json_text("network", m->options.model.network, ", ");
        json_text("backbone", m->options.model.backbone, ", ");
    } else {
        printf("  %-28s %-13s %-13s", m->name, m->options.model.network, m->options.model.backbone);
    }
    print_number("miou", m->miou > 0, 6, 2, m->miou, ", ");
    print_number("parameters", planned, 12, 0, (double)f->parameters, ", ");
    print_number("gflop", planned, 9, 1, f->gflop, ", ");
    if (json) {
        print_number("training_bytes", planned, 0, 0, (double)f->bytes, "}");
    } else {
        char text[32] = "-";
        if (planned) app_bytes(text, sizeof text, (double)f->bytes);
        printf(" %10s\n", text);
    }
}

/* Says what the figures are, or why there are none. */
static void end_published(const char *device, const char *missing)
{
    char text[512];

    end_list();
    if (json && *missing) json_text("published_missing", missing, ",\n");
    if (json) return;
    if (*missing)
        snprintf(text, sizeof text, "Parameters, GFLOP and training take a device: %s.", missing);
    else
        snprintf(
            text, sizeof text,
            "Parameters: trainable numbers, auxiliary heads included. GFLOP: operations of one "
            "image of %dx%d. Training: memory of a step with %d of them on %s, as planned.",
            CROP_H, CROP_W, IMAGES, device);
    printf("  mIoU: percent, the best published for Cityscapes in crops of %dx%d.\n  ", CROP_H,
           CROP_W);
    app_print_wrapped(stdout, text, 2, 2, WIDTH);
}

/* The networks with recipes.  Without --device, the list does not need one. */
static encnet_status list_published(void)
{
    encnet_options o;
    encnet_device *device = NULL;
    encnet_device_info info = {0};
    encnet_model_published model;
    char missing[256] = "";
    encnet_status rc;

    encnet_options_default(&o);
    if (select_device) o.device.select = select_device;
    rc = encnet_device_open(&device, &o.device);
    if (rc == ENCNET_OK)
        encnet_device_describe(device, &info);
    else if (select_device)
        return rc;
    else
        snprintf(missing, sizeof missing, "%s", encnet_last_error());
    begin_list("published");
    if (!json)
        printf("  %-28s %-13s %-13s %6s %12s %9s %10s\n", "name", "network", "backbone", "mIoU",
               "parameters", "GFLOP", "training");
    rc = ENCNET_OK;
    for (int i = 0; rc == ENCNET_OK && encnet_model_published_at(i, &model); i++) {
        figures f = {0};
        if (device) rc = plan_both(&f, device, &model.options);
        if (rc == ENCNET_OK) print_published(&model, &f);
    }
    if (rc == ENCNET_OK)
        end_published(info.name, missing);
    else
        end_list();
    encnet_device_close(device);
    return rc;
}

static void list_datasets(void)
{
    encnet_dataset_info d;

    begin_list("datasets");
    for (int i = 0; encnet_dataset_at(i, &d); i++) {
        char text[512];
        int size = snprintf(text, sizeof text, "%s", d.about);
        for (int split = 0; split < 2 && d.images[split]; split++)
            size +=
                snprintf(text + size, sizeof text - (size_t)size,
                         ". %s images: %s (%s), labels: %s (%s)", split ? "Validation" : "Training",
                         d.images[split], d.image_ending ? d.image_ending : ".png, .jpg or .jpeg",
                         d.labels[split], d.label_ending);
        for (int split = 0; split < 2 && d.lists[split]; split++)
            size += snprintf(text + size, sizeof text - (size_t)size, "%s %s",
                             split ? " and" : ". Lists of names:", d.lists[split]);
        if (d.submission)
            snprintf(text + size, sizeof text - (size_t)size, ". Submission: %s (--format %s)",
                     d.submission, d.name);
        print_entry(d.name, text);
    }
    end_list();
}

static void list_formats(void)
{
    encnet_checkpoint_format format;
    encnet_checkpoint_dialect dialect;

    begin_list("formats");
    for (int i = 0; encnet_checkpoint_format_at(i, &format); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s, %s: %s", format.ending,
                 format.written ? "read and written" : "read", format.about);
        print_entry(format.name, text);
    }
    end_list();
    begin_list("dialects");
    for (int i = 0; encnet_checkpoint_dialect_at(i, &dialect); i++)
        print_entry(dialect.name, dialect.about);
    end_list();
}

static void print_config(void *user, const char *name, const char *path, const char *about)
{
    (void)user;
    if (json) {
        printf("%s\n  {", n_rows++ ? "," : "");
        json_text("name", name, ", ");
        json_text("path", path, ", ");
        json_text("about", about, "}");
    } else {
        printf("  %-44s  %s\n", name, *about ? about : path);
    }
}

static encnet_status list_configs(void)
{
    encnet_status rc;

    begin_list("configs");
    rc = encnet_config_list(print_config, NULL);
    end_list();
    return rc;
}

static void print_version(void *user, const char *part, const char *version)
{
    (void)user;
    print_entry(part, version);
}

static encnet_status list_versions(void)
{
    char mpi[512];
    encnet_status rc;

    begin_list("versions");
    print_entry("encnet-cl", encnet_version());
    rc = encnet_device_versions(print_version, NULL);
    print_entry("MPI",
                encnet_comm_mpi_version(mpi, sizeof mpi) == ENCNET_OK ? mpi : encnet_last_error());
    end_list();
    return rc;
}

/* -- self-test */

typedef struct progress {
    double since;
    int rows;
} progress;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_row(void *user, const char *op, bool agreed, double worst, const char *message)
{
    progress *p = user;
    double seconds = now() - p->since;

    if (json) {
        printf("%s\n  {\"op\": \"%s\", \"ok\": %s, \"error\": ", p->rows ? "," : "", op,
               agreed ? "true" : "false");
        if (worst - worst == 0)
            printf("%.6g", worst);
        else
            printf("null"); /* JSON has no infinity */
        printf(", \"seconds\": %.3f, ", seconds);
        json_text("message", message, "}");
    } else {
        printf("%-24s %-7s %10.4f %9.2f\n", op, agreed ? "ok" : "FAILED", worst, seconds);
        if (*message) printf("    %s\n", message);
        fflush(stdout);
    }
    p->rows++;
    p->since = now();
}

static encnet_status run_self_test(encnet_device *device)
{
    progress p = {.since = now()};
    encnet_status rc;

    if (json)
        printf("\"self_test\": [");
    else
        printf("\n%-24s %-7s %10s %9s\n", "operator", "result", "error", "seconds");
    rc = encnet_device_self_test(device, print_row, &p);
    if (json) printf("],\n");
    return rc;
}

static encnet_status open_and_test(void)
{
    encnet_options o;
    encnet_device *device = NULL;
    encnet_device_info info;
    encnet_status rc;

    encnet_options_default(&o);
    if (select_device) o.device.select = select_device;
    o.device.profile = profile;
    rc = encnet_device_open(&device, &o.device);
    if (rc != ENCNET_OK) return rc;
    encnet_device_describe(device, &info);
    print_devices(&info, 1);
    app_watch(&device, 1, o.device.timeout, false);
    if (self_test) rc = run_self_test(device);
    if (profile) app_print_profile(device);
    app_unwatch();
    encnet_device_close(device);
    return rc;
}

int app_main(int argc, char **argv)
{
    app_args args;
    int code;
    encnet_status rc = ENCNET_OK;

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if (args.count && (models || datasets || formats || configs || versions || self_test)) {
        app_error("%s: a checkpoint is described by itself, without a list or --self-test",
                  args.items[0]);
        return 2;
    }
    if (json) printf("{");
    if (args.count) rc = app_print_checkpoint(args.items[0], json);
    if (models) {
        list_models();
        rc = list_published();
    }
    if (datasets) list_datasets();
    if (formats) list_formats();
    if (configs && rc == ENCNET_OK) rc = list_configs();
    if (versions && rc == ENCNET_OK) rc = list_versions();
    if (rc == ENCNET_OK && (self_test || (select_device && !models && !args.count)))
        rc = open_and_test();
    else if (n_lists == 0 && !args.count)
        rc = list_all();
    if (json && rc != ENCNET_OK) json_text("error", encnet_last_error(), ", ");
    if (json) json_text("version", encnet_version(), "}\n");
    return rc == ENCNET_OK ? 0 : app_fail(rc);
}
