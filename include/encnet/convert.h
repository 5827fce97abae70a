/*
 * encnet/convert.h - checkpoints from one file format to another.
 *
 * Needs no OpenCL device: numbers go from file to file as they are, bit for bit, whatever their
 * type.
 */
#ifndef ENCNET_CONVERT_H
#define ENCNET_CONVERT_H

#include <encnet/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was written. */
typedef struct encnet_converted {
    int tensors;            /* weights, without the optimiser's */
    bool described;         /* OUT says which network it is: encnet_model_load() can open it */
    bool optimizer;         /* with the optimiser's state */
    const char *translated; /* the program whose names IN has, "PyTorch-Encoding"; NULL: they are
                               mmsegmentation's.  Static */
} encnet_converted;

/*
 * Writes the weights in IN to OUT, under mmsegmentation's names and with its shapes.
 *
 *   result   filled; may be NULL
 *   out      its ending says in which format: .safetensors, or .pth: a file for torch.load() of
 *            PyTorch 1.6 and later, {"meta": ..., "state_dict": ...} as mmcv writes it.  Written
 * aside and renamed in       a checkpoint directory of ours, or a file in any format that is read,
 * which is told from its content.  Of a directory, a .pth also holds the state of the optimiser, as
 * that of torch.optim.SGD options  the network it is of, for files that do not say so themselves;
 * may be NULL.  Where the network is known, every weight must be there, and nothing else
 *
 * ENCNET_E_ARG         another ending, OUT is IN or a file in it, or options out of range
 * ENCNET_E_CHECKPOINT  IN is missing, damaged, does not fit the network, or has numbers of a type
 * that the format of OUT does not have ENCNET_E_DATA        data.classes_file of the options cannot
 * be read ENCNET_E_IO          OUT cannot be written; what was there is as it was
 */
ENCNET_API encnet_status encnet_convert(encnet_converted *result, const char *out, const char *in,
                                        const encnet_options *options) ENCNET_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
