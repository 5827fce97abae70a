/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/convert.h - convert a checkpoint from one file format to another or to an ONNX model, and a
 * configuration of mmsegmentation.
 *
 * Conversion needs no OpenCL device.  Tensors are copied bit for bit, whatever their element type.
 */
#ifndef ENCNET_CONVERT_H
#define ENCNET_CONVERT_H

#include <stdbool.h>
#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversion wrote. */
typedef struct encnet_converted {
    int tensors;            /* weights; the optimiser's state is not counted */
    bool described;         /* OUT describes its network, so encnet_model_load() can open it, unless
                               it is an ONNX model */
    bool optimizer;         /* OUT holds the optimiser's state */
    const char *translated; /* the program whose names IN used, such as "PyTorch-Encoding"; NULL =
                               mmsegmentation, nothing was translated.  Static */
} encnet_converted;

/*
 * Writes the weights of IN to OUT, with mmsegmentation's names and shapes.
 *
 *   result   filled on success; may be NULL
 *   out      the file to write; its ending selects the format:
 *              .safetensors  our own format
 *              .pth          for torch.load() of PyTorch 1.6 and later, as mmcv 1.x writes it:
 *                            {"meta": ..., "state_dict": ...}
 *              .onnx         the network for inference, of ONNX operator set 13: "logits" float32
 *                            [N,M,H,W] of "image" float32 [N,3,H,W], RGB with the mean and the
 *                            deviation of the metadata encnet.mean and encnet.std applied; N, H and
 *                            W are dynamic.  It has the weights that inference needs
 *            It is written to a temporary file and renamed, so it appears complete or not at all.
 *            A folder, or a name that ends in a slash, gets weights.safetensors and config.ini: the
 *            configuration of a .pth of mmsegmentation (meta.config or meta.cfg), or else `options`
 *   in       a checkpoint directory of this library, or a file in any format that the library
 *            reads; the format is recognised by the content.  From a checkpoint directory a .pth
 *            also gets the optimiser's state, as torch.optim.SGD.state_dict()
 *   options  describe the network of a file that does not describe it itself, as a .pth of
 *            mmsegmentation with its configuration does; may be NULL.  If the
 *            network is known, IN must hold exactly its weights, none missing and none extra
 *
 * ENCNET_E_ARG         OUT has another ending, OUT is IN or a file inside IN, both are folders, or
 *                      an option is out of range
 * ENCNET_E_CHECKPOINT  IN is missing, is damaged, does not fit the network, has tensors of an
 *                      element type that OUT's format lacks, has no configuration for a folder, or
 *                      does not say which network it is, which an ONNX model must know
 * ENCNET_E_CONFIG      OUT is a folder, and the configuration says something that this library does
 *                      not have: the message names its line, key and value
 * ENCNET_E_DATA        options->data.classes_file cannot be read
 * ENCNET_E_IO          OUT cannot be written; an existing OUT is unchanged
 * ENCNET_E_NOMEM       not enough memory
 */
ENCNET_API encnet_status encnet_convert(encnet_converted *result, const char *out, const char *in,
                                        const encnet_options *options) ENCNET_MUST_CHECK;

/*
 * Writes a configuration of mmsegmentation, of its versions 0.x and 1.x, as an INI file that does the
 * same.
 *
 *   out  the INI file to write.  It appears complete or not at all
 *   in   a Python file, NAME.py, or a checkpoint with the text of one under meta.config (0.x) or
 *        meta.cfg (1.x).  It is read as data and never executed: literals, dict(), names,
 *        arithmetic, and the files that _base_ names
 *
 * ENCNET_E_CONFIG      IN is no such file, or says something that this library does not have; the
 *                      message names the file, the line, the key and its value
 * ENCNET_E_CHECKPOINT  IN is a checkpoint that cannot be read, or has no configuration
 * ENCNET_E_IO          IN, or a file in its _base_, cannot be read, or OUT cannot be written
 * ENCNET_E_NOMEM       not enough memory
 */
ENCNET_API encnet_status encnet_convert_config(const char *out, const char *in) ENCNET_MUST_CHECK;

/* A file format of checkpoints. */
typedef struct encnet_checkpoint_format {
    const char *name;   /* "PyTorch zip" */
    const char *ending; /* what such files are usually named, ".pth" */
    const char *about;
    bool written; /* encnet_convert() writes it */
} encnet_checkpoint_format;

/* Fills in the format with this index; false behind the last.  Strings are static. */
ENCNET_API bool encnet_checkpoint_format_at(int index, encnet_checkpoint_format *out);

/* A way of naming weights, recognised by the names in a file. */
typedef struct encnet_checkpoint_dialect {
    const char *name;  /* "PyTorch-Encoding" */
    const char *about; /* what a configuration must say for such a file */
} encnet_checkpoint_dialect;

/* Fills in the dialect with this index; false behind the last.  Strings are static. */
ENCNET_API bool encnet_checkpoint_dialect_at(int index, encnet_checkpoint_dialect *out);

#ifdef __cplusplus
}
#endif
#endif
