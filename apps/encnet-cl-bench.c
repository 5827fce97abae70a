/* encnet-cl-bench - how long training steps and inference of a network take on a device. */
#include "app_config.h"
#include "app_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <encnet/encnet.h>
#include "app_common.h"

enum { MAX_REPEATS = 1000 };

static const char *select_device, *mode = "both", *size = "512x512", *batch = "1", *repeat = "5";
static bool json;
static app_list set;

static const app_option options[] = {
    {"mode", "train|infer|both", .text = &mode, .help = "What to time. Default both.",
     .complete = "train infer both"},
    {"size", "HxW", .text = &size, .help = "Size of the images. Default 512x512."},
    {"batch", "N", .text = &batch, .help = "Images in a batch. Default 1."},
    {"repeat", "N", .text = &repeat,
     .help = "How many steps are timed, after one that is not. Default 5."},
    {"device", "SEL", .text = &select_device,
     .help = "Which device: an index (1), PLATFORM:INDEX (0:1), part of a name."},
    {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key",
     .help = "Override a key of the configuration."},
    {"json", .on = &json, .help = "Print one JSON object per mode instead of text."},
};

static const char *const examples[] = {
    "EncNet R-50-D8, one image of 512x512:",
    "encnet-cl-bench configs/encnet_r50-d8_512x1024_40k_cityscapes.ini",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-bench",
    .summary = "time training steps and inference of a network",
    .arguments = "CONFIG.ini",
    .description = "Times steps on a batch of noise: a training step is forward, backward and SGD; "
                   "inference goes from "
                   "the normalised image to class ids.\n"
                   "Prints the best and the median, and how many operations a second that is. On a "
                   "shared machine "
                   "compare with something else measured in the same minutes.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .reads_config = true,
    .examples = examples,
};

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool positive(int *out, const char *name, const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    *out = (int)value;
    if (end != text && *end == '\0' && value >= 1 && value <= most) return true;
    app_error("--%s %s: must be a number from 1 to %d", name, text, most);
    return false;
}

static int time_mode(encnet_device *device, const encnet_options *o, bool inference, int n, int h,
                     int w, int repeats)
{
    static double seconds[MAX_REPEATS];
    const char *name = inference ? "infer" : "train";
    encnet_plan plan;
    encnet_device_info info;
    encnet_status rc = encnet_plan_make(&plan, device, o, n, h, w, inference);
    double flops;

    if (rc == ENCNET_OK) rc = encnet_bench(seconds, repeats, 1, device, o, n, h, w, inference);
    if (rc != ENCNET_OK) return app_fail(rc);
    qsort(seconds, (size_t)repeats, sizeof *seconds, ascending);
    encnet_device_describe(device, &info);
    flops = plan.flops * (inference ? 1 : 3); /* backward: two convolutions for each of forward */
    if (json)
        printf("{\"mode\": \"%s\", \"network\": \"%s\", \"backbone\": \"%s\", \"size\": [%d, %d], "
               "\"batch\": %d, "
               "\"best_s\": %.4f, \"median_s\": %.4f, \"gflops\": %.1f, \"memory_bytes\": %zu, "
               "\"device\": \"%s\", "
               "\"driver\": \"%s\", \"version\": \"%s\"}\n",
               name, o->model.network, o->model.backbone, h, w, n, seconds[0], seconds[repeats / 2],
               flops / seconds[0] * 1e-9, plan.total, info.name, info.driver, encnet_version());
    else
        printf("%-5s %s %s %dx%d batch %d: best %.3f s, median %.3f s, %.0f GFLOP/s, %.0f MiB on "
               "the device\n",
               name, o->model.network, o->model.backbone, h, w, n, seconds[0], seconds[repeats / 2],
               flops / seconds[0] * 1e-9, (double)plan.total / 1048576);
    return 0;
}

int main(int argc, char **argv)
{
    app_args args;
    int code, h, w, n, repeats, used = 0;
    encnet_config *config;
    encnet_options o;
    encnet_device *device = NULL;
    encnet_status rc;

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if (strcmp(mode, "train") && strcmp(mode, "infer") && strcmp(mode, "both")) {
        app_error("--mode %s: must be train, infer or both", mode);
        return 2;
    }
    if (sscanf(size, "%dx%d%n", &h, &w, &used) != 2 || size[used] || h < 1 || w < 1 || h > 16384 ||
        w > 16384) {
        app_error("--size %s: must be HxW, such as 512x1024", size);
        return 2;
    }
    if (!positive(&n, "batch", batch, 1024) || !positive(&repeats, "repeat", repeat, MAX_REPEATS))
        return 2;
    if (!app_override(&set, "device.select", select_device)) return 1;
    config = app_config_load(args.items[0], &set, &code);
    if (!config) return code;
    o = *encnet_config_options(config);
    o.model.checkpoint = o.model.pretrained = ""; /* times do not depend on the weights */
    rc = encnet_device_open(&device, &o.device);
    code = rc == ENCNET_OK ? 0 : app_fail(rc);
    if (!code && strcmp(mode, "infer")) code = time_mode(device, &o, false, n, h, w, repeats);
    if (!code && strcmp(mode, "train")) code = time_mode(device, &o, true, n, h, w, repeats);
    if (!code) app_print_profile(device);
    encnet_device_close(device);
    encnet_config_free(config);
    return app_finish(code);
}
