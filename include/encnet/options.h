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
    const char *network;     /* a row of models.def: "encnet", "fcn"; default "encnet"                           */
    const char *backbone;    /* "resnet18|34|50|101" + stem "" (plain 7x7, torchvision and v1b names) or "_v1c"
                                (deep); "resnet50|101" + "s" (PyTorch-Encoding's: a stem twice as wide) or "_vd"
                                (the Paddle port's: pooled shortcuts, more dilation); default "resnet50_v1c"    */
    int classes;             /* M, 2..255; default 19                                                           */
    int output_stride;       /* 8, 16 or 32; default 8                                                          */
    int channels;            /* width of the decode head, >= 1; default 512                                     */
    int aux_channels;        /* width of the auxiliary head, 0 = no auxiliary head; default 256                 */
    int codewords;           /* K of the encoding layer, >= 1; default 32                                       */
    bool lateral;            /* EncNet: add the lateral connections; default false                              */
    bool se_loss;            /* EncNet: the SE branch; default true                                             */
    bool align_corners;      /* of every resize of logits and laterals; default false                           */
    const char *norm;        /* "sync": batch norm over the images of all ranks; "local": over each rank's own;
                                default "sync"                                                                  */
    double dropout;          /* of the heads, channel-wise, 0..0.9; default 0.1                                 */
    int head_convs;          /* FCN: convolutions in the decode head, 1..4; default 2                           */
    bool head_concat;        /* FCN: concat the head's input before the classifier; default true                */
    const char *checkpoint;  /* weights to start from, "" = random                                              */
    const char *pretrained;  /* weights of the backbone alone, "" = random                                      */
    bool allow_partial;      /* what fits of those files is loaded and the rest told by encnet_model_remarks(),
                                instead of refusing them; default false                                         */
    const char *fresh;       /* "prefix,prefix": weights that stay random whatever those files hold; default "" */
} encnet_model_options;

/* [data] */
typedef struct encnet_data_options {
    const char *type;         /* "synthetic|folder|cityscapes|ade20k"; default "synthetic"                      */
    const char *root;         /* what the paths below are relative to; relative to the current directory; "."   */
    const char *train_images; /* folder, or a list file of "image[ label]" lines; "" = the layout of the type:
                                 folder images/train annotations/train, images/val annotations/val              */
    const char *train_labels; /* folder; labels are found by the image's name without its ending                */
    const char *val_images;
    const char *val_labels;
    const char *classes_file; /* CSV "index,name,r,g,b", below root; "" = the data set's own, or class_0 ...    */
    const char *ignore_labels; /* ids that become ENCNET_IGNORE, "11" or "0,11"; default ""                      */
    bool reduce_zero_label;   /* 0 -> ignore, then every id minus one; default false; ade20k always         */
    int samples_per_device;   /* batch of one device, 1..1024; default 2                                        */
    int workers;              /* loader threads, 1..64; default 2                                               */
    bool shuffle;             /* training order; default true                                                   */
    int train_count;          /* synthetic: images in the training split; default 200                           */
    int val_count;            /* synthetic: images in the validation split; default 40                          */
    int width, height;        /* synthetic: size of every image; default 128 x 128                              */
    uint64_t seed;            /* synthetic: which data set; default 0                                           */
    int max_pixels;           /* an image file of more pixels is refused unread; default 268435456              */
} encnet_data_options;

/* [augment]: mmsegmentation's training pipeline; off = whole images, normalised only */
typedef struct encnet_augment_options {
    bool enabled;                  /* default true                                                              */
    int scale_w, scale_h;          /* augment.scale = W,H: the keep-ratio box; default 2048,1024                */
    double ratio_min, ratio_max;   /* augment.ratio = MIN,MAX of the box; default 0.5,2.0                       */
    int crop_h, crop_w;            /* augment.crop = H,W; default 512,1024                                      */
    double cat_max_ratio;          /* a crop with one class above this share is drawn again; default 0.75       */
    double flip;                   /* probability; default 0.5                                                  */
    bool distort;                  /* photometric distortion; default true                                      */
    double mean[3];                /* RGB, of 0..255; default 123.675,116.28,103.53                             */
    double std[3];                 /* default 58.395,57.12,57.375                                               */
} encnet_augment_options;

/* [train] */
typedef struct encnet_train_options {
    int max_iters;             /* >= 1; default 40000                                                           */
    int log_interval;          /* default 50                                                                    */
    int checkpoint_interval;   /* 0 = only after the last iteration; default 4000                               */
    int eval_interval;         /* 0 = never; default 4000                                                       */
    int keep_checkpoints;      /* newest kept, besides the best; >= 1; default 3                                */
    int accumulate;            /* batches per optimiser step; default 1                                         */
    uint64_t seed;             /* default 0                                                                     */
    double aux_weight;         /* of the auxiliary head's loss; default 0.4                                     */
    double se_weight;          /* of the SE loss; default 0.2                                                   */
    bool average_non_ignored;  /* divide the loss by the labelled pixels instead of all; default false          */
    const char *class_weights; /* "", or M numbers "0.8,1.2,..."                                                */
} encnet_train_options;

/* [optimizer]: SGD, poly schedule (reference/models 8.1) */
typedef struct encnet_optimizer_options {
    double lr;            /* default 0.01                                                                       */
    double min_lr;        /* default 1e-4                                                                       */
    double power;         /* default 0.9                                                                        */
    double momentum;      /* default 0.9                                                                        */
    double weight_decay;  /* on every parameter; default 5e-4                                                   */
    const char *lr_mult;  /* "prefix:factor,prefix:factor", longest prefix wins; default ""                     */
    int warmup_iters;     /* linear warm-up, 0 = none; default 0                                                */
    double warmup_ratio;  /* share of lr at the first iteration; default 0.1                                    */
} encnet_optimizer_options;

/* [eval] */
typedef struct encnet_eval_options {
    const char *mode;       /* "whole" or "slide"; default "whole"                                              */
    const char *image_scale; /* "none", or the keep-ratio box "LONG,SHORT"; default "none"                       */
    int crop_h, crop_w;     /* eval.crop = H,W: the window of slide mode; default 769,769                       */
    int stride_h, stride_w; /* eval.stride = H,W; default 513,513                                               */
    const char *scales;     /* "1.0", or "0.5,0.75,1.0": probabilities are averaged; default "1.0"              */
    bool flip;              /* also mirrored; default false                                                     */
} encnet_eval_options;

/* [device] */
typedef struct encnet_device_options {
    const char *select;  /* "" = first, index "0", "platform:index" "0:1", or part of a name; to train on several, a
                            list "0,1" or "all"; default ""                                                     */
    const char *shares;  /* "3,1": parts of a batch that the devices take; "" = equal ones; default ""           */
    int timeout;         /* seconds that a rank waits for the others; default 1800                              */
    const char *conv;    /* "auto" or "reference|packed|tiled|gemm|winograd"; default "auto"                   */
    bool profile;        /* time every kernel (table at the end); default false                                 */
    bool cache;          /* keep compiled programs on disk; default true (ENCNET_CACHE=0 wins)                  */
    int64_t memory_mb;   /* pretend that the device has no more than this; 0 = what it says; default 0          */
} encnet_device_options;

/* [output] */
typedef struct encnet_output_options {
    const char *work_dir;   /* default ""; encnet_config_load() makes that "work_dirs/NAME of the file"         */
    bool tensorboard;       /* default true                                                                     */
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
