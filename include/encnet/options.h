/*
 * encnet/options.h - the choices a program makes, as plain values.
 *
 * One struct per room.  encnet_options_default() fills all of them; change a field and pass it on: whoever takes
 * options copies what it keeps, strings included.  encnet/config.h fills the same structs from an INI file, whose
 * keys are the field names here (section.key = struct.field); numbers that belong together are one key there, as noted.
 * Ranges and defaults are those of the table lib/config/schema.def, which docs/config-reference.md is printed from.
 */
#ifndef ENCNET_OPTIONS_H
#define ENCNET_OPTIONS_H

#include <stdint.h>
#include <stdbool.h>
#include <encnet/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENCNET_IGNORE 255 /* the label of a pixel that counts for nothing */
#define ENCNET_MAX_CLASSES 255

/* [model] */
typedef struct encnet_model_options {
    /* a row of models.def: "encnet", "fcn"; default "encnet" */
    const char *network;
    const char *
        backbone; /* "resnet18|34|50|101" + stem "" (plain 7x7, torchvision and v1b names) or "_v1c"
                                (deep); "resnet50|101" + "s" (PyTorch-Encoding's: a stem twice as wide) or "_vd"
                                (the Paddle port's: pooled shortcuts, more dilation); default "resnet50_v1c"    */
    /* M, 2..255; default 19 */
    int classes;
    /* 8, 16 or 32; default 8 */
    int output_stride;
    /* width of the decode head, >= 1; default 512 */
    int channels;
    /* width of the auxiliary head, 0 = no auxiliary head; default 256 */
    int aux_channels;
    /* K of the encoding layer, >= 1; default 32 */
    int codewords;
    /* EncNet: add the lateral connections; default false */
    bool lateral;
    /* EncNet: the SE branch; default true */
    bool se_loss;
    /* of every resize of logits and laterals; default false */
    bool align_corners;
    const char
        *norm; /* "sync": batch norm over the images of all ranks; "local": over each rank's own;
                                default "sync"                                                                  */
    /* of the heads, channel-wise, 0..0.9; default 0.1 */
    double dropout;
    /* FCN: convolutions in the decode head, 1..4; default 2 */
    int head_convs;
    /* FCN: concat the head's input before the classifier; default true */
    bool head_concat;
    /* weights to start from, "" = random */
    const char *checkpoint;
    /* weights of the backbone alone, "" = random */
    const char *pretrained;
    bool
        allow_partial; /* what fits of those files is loaded and the rest told by encnet_model_remarks(),
                                instead of refusing them; default false                                         */
    /* "prefix,prefix": weights that stay random whatever those files hold; default "" */
    const char *fresh;
} encnet_model_options;

/* [data] */
typedef struct encnet_data_options {
    /* "synthetic|folder|cityscapes|ade20k"; default "synthetic" */
    const char *type;
    /* what the paths below are relative to; relative to the current directory; "." */
    const char *root;
    const char *
        train_images; /* folder, or a list file of "image[ label]" lines; "" = the layout of the type:
                                 folder images/train annotations/train, images/val annotations/val              */
    /* folder; labels are found by the image's name without its ending */
    const char *train_labels;
    const char *val_images;
    const char *val_labels;
    /* CSV "index,name,r,g,b", below root; "" = the data set's own, or class_0 ... */
    const char *classes_file;
    /* ids that become ENCNET_IGNORE, "11" or "0,11"; default "" */
    const char *ignore_labels;
    /* 0 -> ignore, then every id minus one; default false; ade20k always */
    bool reduce_zero_label;
    /* batch of one device, 1..1024; default 2 */
    int samples_per_device;
    /* loader threads, 1..64; default 2 */
    int workers;
    /* training order; default true */
    bool shuffle;
    /* synthetic: images in the training split; default 200 */
    int train_count;
    /* synthetic: images in the validation split; default 40 */
    int val_count;
    /* synthetic: size of every image; default 128 x 128 */
    int width, height;
    /* synthetic: which data set; default 0 */
    uint64_t seed;
    /* an image file of more pixels is refused unread; default 268435456 */
    int max_pixels;
} encnet_data_options;

/* [augment]: mmsegmentation's training pipeline; off = whole images, normalised only */
typedef struct encnet_augment_options {
    /* default true */
    bool enabled;
    /* augment.scale = W,H: the keep-ratio box; default 2048,1024 */
    int scale_w, scale_h;
    /* augment.ratio = MIN,MAX of the box; default 0.5,2.0 */
    double ratio_min, ratio_max;
    /* augment.crop = H,W; default 512,1024 */
    int crop_h, crop_w;
    /* a crop with one class above this share is drawn again; default 0.75 */
    double cat_max_ratio;
    /* probability; default 0.5 */
    double flip;
    /* photometric distortion; default true */
    bool distort;
    /* RGB, of 0..255; default 123.675,116.28,103.53 */
    double mean[3];
    /* default 58.395,57.12,57.375 */
    double std[3];
} encnet_augment_options;

/* [train] */
typedef struct encnet_train_options {
    /* >= 1; default 40000 */
    int max_iters;
    /* default 50 */
    int log_interval;
    /* 0 = only after the last iteration; default 4000 */
    int checkpoint_interval;
    /* 0 = never; default 4000 */
    int eval_interval;
    /* newest kept, besides the best; >= 1; default 3 */
    int keep_checkpoints;
    /* batches per optimiser step; default 1 */
    int accumulate;
    /* default 0 */
    uint64_t seed;
    /* of the auxiliary head's loss; default 0.4 */
    double aux_weight;
    /* of the SE loss; default 0.2 */
    double se_weight;
    /* divide the loss by the labelled pixels instead of all; default false */
    bool average_non_ignored;
    /* "", or M numbers "0.8,1.2,..." */
    const char *class_weights;
} encnet_train_options;

/* [optimizer]: SGD, poly schedule (reference/models 8.1) */
typedef struct encnet_optimizer_options {
    /* default 0.01 */
    double lr;
    /* default 1e-4 */
    double min_lr;
    /* default 0.9 */
    double power;
    /* default 0.9 */
    double momentum;
    /* on every parameter; default 5e-4 */
    double weight_decay;
    /* "prefix:factor,prefix:factor", longest prefix wins; default "" */
    const char *lr_mult;
    /* linear warm-up, 0 = none; default 0 */
    int warmup_iters;
    /* share of lr at the first iteration; default 0.1 */
    double warmup_ratio;
} encnet_optimizer_options;

/* [eval] */
typedef struct encnet_eval_options {
    /* "whole" or "slide"; default "whole" */
    const char *mode;
    /* "none", or the keep-ratio box "LONG,SHORT"; default "none" */
    const char *image_scale;
    /* eval.crop = H,W: the window of slide mode; default 769,769 */
    int crop_h, crop_w;
    /* eval.stride = H,W; default 513,513 */
    int stride_h, stride_w;
    /* "1.0", or "0.5,0.75,1.0": probabilities are averaged; default "1.0" */
    const char *scales;
    /* also mirrored; default false */
    bool flip;
} encnet_eval_options;

/* [device] */
typedef struct encnet_device_options {
    const char *
        select; /* "" = first, index "0", "platform:index" "0:1", or part of a name; to train on several, a
                            list "0,1" or "all"; default ""                                                     */
    /* "3,1": parts of a batch that the devices take; "" = equal ones; default "" */
    const char *shares;
    /* seconds that a rank waits for the others; default 1800 */
    int timeout;
    /* "auto" or "reference|packed|tiled|gemm|winograd"; default "auto" */
    const char *conv;
    /* time every kernel (table at the end); default false */
    bool profile;
    /* keep compiled programs on disk; default true (ENCNET_CACHE=0 wins) */
    bool cache;
    /* pretend that the device has no more than this; 0 = what it says; default 0 */
    int64_t memory_mb;
} encnet_device_options;

/* [output] */
typedef struct encnet_output_options {
    /* default ""; encnet_config_load() makes that "work_dirs/NAME of the file" */
    const char *work_dir;
    /* default true */
    bool tensorboard;
} encnet_output_options;

typedef struct encnet_options {
    encnet_model_options model;
    encnet_data_options data;
    encnet_augment_options augment;
    encnet_train_options train;
    encnet_optimizer_options optimizer;
    encnet_eval_options eval;
    encnet_device_options device;
    encnet_output_options output;
} encnet_options;

/* The defaults above.  Strings are literals. */
ENCNET_API void encnet_options_default(encnet_options *options);

#ifdef __cplusplus
}
#endif
#endif
