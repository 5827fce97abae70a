/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* encnet-cl-convert - converts checkpoints between file formats. */
#include <stdio.h>
#include <string.h>
#include <encnet/encnet.h>
#include "app_common.h"
#include "app_config.h"
#include "app_options.h"

static app_list set;
static const char *config_path;

static const app_option options[] = {
    {"config", "CONFIG.ini", .text = &config_path, .complete = "file",
     .help =
         "The network of IN, if IN does not describe it: every weight is checked against it, "
         "and OUT describes it. Checkpoint directories, files written by encnet-cl, and those of "
         "mmsegmentation that hold their configuration describe their network."},
    {"set", "SECTION.KEY=VALUE", .list = &set, .complete = "key",
     .help = "Override a key of the configuration; may be repeated, the last one wins."},
};

static const char *const examples[] = {
    "A trained network for mmsegmentation, with the state of the optimiser",
    "encnet-cl-convert work_dirs/my/best my.pth",
    "A checkpoint of mmsegmentation for encnet_model_load()",
    "encnet-cl-convert encnet_r50-d8.pth encnet.safetensors --config "
    "configs/encnet_r50-d8_512x1024_40k_cityscapes.ini",
    "A model for ONNX Runtime and other runtimes",
    "encnet-cl-convert work_dirs/my/best my.onnx",
    "A configuration of mmsegmentation",
    "encnet-cl-convert encnet_r50-d8_4xb2-40k_cityscapes-512x1024.py my.ini",
    "A checkpoint of mmsegmentation with its configuration",
    "encnet-cl-convert encnet_r50-d8.pth encnet/",
    NULL,
};

static const app_program program = {
    .name = "encnet-cl-convert",
    .summary = "write a checkpoint or a configuration in another file format",
    .arguments = "IN OUT",
    .description =
        "Reads the weights from IN and writes them to OUT with mmsegmentation's names. IN is a "
        "checkpoint directory or a file in one of the formats of encnet-cl-info --formats, which "
        "is recognised by its content. The ending of OUT selects its format: .safetensors, .pth "
        "for torch.load() and mmsegmentation, or .onnx for other runtimes.\n"
        "Tensors are copied bit for bit. A .pth from a checkpoint directory also holds the state "
        "of the optimiser, as that of torch.optim.SGD. An .onnx holds the network for inference: "
        "logits of normalised images of any size. No OpenCL device is needed.\n"
        "If OUT is a folder, or its name ends in a slash, it gets weights.safetensors and "
        "config.ini: the configuration that a .pth of mmsegmentation holds, or that of --config.\n"
        "If OUT ends in .ini, IN is a configuration of mmsegmentation, a .py file, or such a .pth, "
        "and OUT becomes a configuration that does the same. Python is read as data and not "
        "executed; what it says that encnet-cl does not have is an error that names line and key.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 2,
    .max_arguments = 2,
    .reads_config = true,
    .examples = examples,
};

static void warn(void *user, encnet_log_level level, const char *line)
{
    (void)user;
    if (level == ENCNET_LOG_WARNING) app_error("%s", line);
}

static int convert(const char *out, const char *in, const encnet_options *network)
{
    encnet_converted done;
    encnet_status rc = encnet_convert(&done, out, in, network);

    if (rc != ENCNET_OK) return app_fail(rc);
    if (!done.described)
        app_error("note: %s does not say which network it is; with --config CONFIG.ini it does",
                  out);
    printf("%s: %d tensors%s", out, done.tensors,
           done.optimizer ? " and the state of the optimiser" : "");
    if (done.translated) printf(", translated from the names of %s", done.translated);
    putchar('\n');
    return 0;
}

static bool ends_in(const char *path, const char *ending)
{
    size_t size = strlen(path), n = strlen(ending);

    return size > n && strcmp(path + size - n, ending) == 0;
}

static int convert_config(const char *out, const char *in)
{
    encnet_status rc;

    if (config_path) {
        app_error("--config belongs to a checkpoint, not to a configuration");
        return 2;
    }
    rc = encnet_convert_config(out, in);
    if (rc != ENCNET_OK) return app_fail(rc);
    printf("%s: the configuration of %s\n", out, in);
    return 0;
}

int app_main(int argc, char **argv)
{
    encnet_config *config = NULL;
    app_args args;
    int code;

    if (!app_parse(&program, &args, argc, argv, &code)) return code;
    if (set.count && !config_path) {
        app_error("--set belongs to --config CONFIG.ini");
        return 2;
    }
    if (ends_in(args.items[1], ".ini")) return convert_config(args.items[1], args.items[0]);
    if (config_path && !(config = app_config_load(config_path, &set, &code))) return code;
    encnet_log_set(warn, NULL);
    code = convert(args.items[1], args.items[0], config ? encnet_config_options(config) : NULL);
    encnet_config_free(config);
    return code;
}
