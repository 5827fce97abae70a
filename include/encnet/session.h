/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/session.h - run a model on pictures in memory, from any number of threads.
 *
 * A model holds its weights once, and what is computed from them once, such as packed weights.  A
 * session runs it: it has a queue on the device and memory for activations of its own.  Sessions of one
 * model may run at the same time, each in one thread.  No two calls with the same session may run at
 * the same time, but encnet_session_cancel() may beside any of them, and while a session runs nobody may
 * change the weights of its model or free it.
 *
 * A session has a thread, in which its runs and encnet_session_reserve() are carried out.  So a wait for
 * one can end though the driver does not return: after options->device.timeout seconds without an answer
 * of the device (encnet_device_silence()) it fails with ENCNET_E_DEVICE.  The thread then stays in the driver and may
 * still write to the memory of the run: what is left for the program is to save what it has, and to end.
 */
#ifndef ENCNET_SESSION_H
#define ENCNET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <encnet/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the pixels of an image are stored.  Of the float formats a value is 0 to 255, as in the others. */
typedef enum encnet_pixel_format {
    ENCNET_RGB8,            /* three bytes: red, green, blue */
    ENCNET_BGR8,            /* three bytes: blue, green, red */
    ENCNET_RGBA8,           /* four bytes; the fourth is ignored */
    ENCNET_BGRA8,           /* four bytes; the fourth is ignored */
    ENCNET_GREY8,           /* a byte */
    ENCNET_NV12,            /* planes: Y; then Cb and Cr in turn, a pair for 2 x 2 pixels */
    ENCNET_I420,            /* planes: Y; Cb; Cr; the latter a byte for 2 x 2 pixels */
    ENCNET_RGB_FLOAT,       /* three floats: red, green, blue */
    ENCNET_RGB_FLOAT_PLANAR /* planes: red; green; blue; a float each */
} encnet_pixel_format;

/* Which Y'CbCr the formats NV12 and I420 hold.  Chroma is not interpolated. */
typedef enum encnet_colour_matrix {
    ENCNET_BT601,      /* luma 16 to 235: most cameras, and video below HD */
    ENCNET_BT601_FULL, /* luma 0 to 255: JPEG, webcams */
    ENCNET_BT709,      /* luma 16 to 235: video in HD */
    ENCNET_BT709_FULL  /* luma 0 to 255 */
} encnet_colour_matrix;

/* An image in memory.  Begin with one of zeros, so that what is not set has its default. */
typedef struct encnet_image {
    encnet_pixel_format format;
    encnet_colour_matrix matrix; /* of NV12 and I420 */
    int width, height;           /* in pixels, >= 1 */
    /* The top row of each plane.  NULL for the second or the third: it follows the plane before.  With
     * in_device, planes[0] is a cl_mem of the device's context that holds all of them, in this
     * way; work that writes it must have finished (see encnet/opencl.h). */
    const void *planes[3];
    size_t strides[3]; /* bytes from a row to the next, of each plane; 0: rows follow each other */
    size_t offset;     /* with in_device: bytes before the first plane */
    bool in_device;
    void *reserved[4]; /* zeros */
} encnet_image;

/*
 * What a run is to compute.  Begin with one of zeros and set what is wanted.  N is the number of
 * images, H and W their size, M the number of classes.
 *
 * Of a model that labels whole images H and W are 1 here, and there is no overlay.
 */
typedef struct encnet_results {
    uint8_t *ids;     /* [N,H,W], the class of each pixel */
    float *top;       /* [N,H,W], the probability of that class */
    float *probs;     /* [N,M,H,W], the probability of each class */
    float *logits;    /* [N,M,H,W], before softmax; of several passes, the logarithms of probs */
    float *features;  /* [N,M,h,w], the logits as the network yields them: see
                         encnet_session_feature_size().  Of a single whole pass only */
    uint8_t *overlay; /* [N,H,W,3], the image mixed half and half with the colours of the classes */
    bool classes_last; /* probs, logits and features are [N,H,W,M] instead */
    bool
        in_device; /* each pointer above is a cl_mem of the device's context, of that size or more */
    void *reserved[8]; /* zeros */
} encnet_results;

typedef struct encnet_session encnet_session;

/*
 * Makes a session of a model.
 *
 *   out    owned by the caller; free it with encnet_session_free().  Untouched on failure
 *   model  borrowed until the session is freed (encnet_model_free())
 *   how    the passes over an image: whole or in sliding windows, scales, mirrored passes, a box; as in
 *          encnet_evaluate().  Copied.  NULL: one whole pass at the size of the image
 *
 * ENCNET_E_ARG     an [eval] option has a value that it cannot have; or a model that labels whole images
 *                  is to take them other than in one whole pass
 * ENCNET_E_DEVICE  the driver gives no other queue
 * ENCNET_E_NOMEM   not enough host memory
 */
ENCNET_API encnet_status encnet_session_new(encnet_session **out, encnet_model *model,
                                            const encnet_eval_options *how) ENCNET_MUST_CHECK;

/* Frees a session, after waiting for its run; with a device that hangs, leaves it as it is after that
 * wait.  In the callback of a run it does nothing, as the session is still in use.  NULL is accepted. */
ENCNET_API void encnet_session_free(encnet_session *session);

/*
 * Takes the memory for images of up to this size now, in any format and for any results, so that none
 * of them allocates device memory later.  Of images that are resized or cut, it is the size before that.
 * A smaller size for which a convolution has another algorithm can still take some: weights packed for
 * it, once, or a few percent of the activations; and one of another shape can if eval.image_scale makes
 * it larger.  What is taken here is kept, even if it is more than eval.held_mb.
 *
 * ENCNET_E_ARG     a size is out of range
 * ENCNET_E_DATA    a scale leaves nothing of an image of this size
 * ENCNET_E_SHAPE   a tensor of the network would be too large
 * ENCNET_E_DEVICE  not enough device memory; the message says what would fit
 * ENCNET_E_NOMEM   not enough host memory
 */
ENCNET_API encnet_status encnet_session_reserve(encnet_session *session, int count, int width,
                                                int height) ENCNET_MUST_CHECK;

/*
 * The size h, w of encnet_results.features for an image of a size.
 *
 * ENCNET_E_ARG    a size is out of range, or there are several passes or windows
 * ENCNET_E_DATA   a scale leaves nothing of an image of this size
 * ENCNET_E_SHAPE  a tensor of the network would be too large
 * ENCNET_E_NOMEM  not enough host memory
 */
ENCNET_API encnet_status encnet_session_feature_size(encnet_session *session, int *w, int *h,
                                                     int width, int height) ENCNET_MUST_CHECK;

/*
 * Runs images through the model and waits for the results.
 *
 *   images   [count], all of one size and format
 *   count    >= 1
 *   results  what to compute, and where to put it
 *
 * A size is planned when it is first run, which takes a few milliseconds, and the plans of the last sixteen
 * are kept; its memory is that of the sizes before, and grows if that does not suffice.  A session keeps
 * the memory of the largest run for the next ones, or no more than eval.held_mb: then the plans and the
 * memory of the sizes that were used least recently are given up first, after the run, which itself takes
 * what it needs.  Results do not depend on the session, on what ran before or on what runs beside it.
 *
 * ENCNET_E_ARG       a size, format, plane or stride is out of range, the images differ in size or
 *                    format, nothing is wanted, or `features` are wanted of several passes
 * ENCNET_E_DATA      a scale leaves nothing of an image of this size
 * ENCNET_E_SHAPE     a tensor of the network would be too large
 * ENCNET_E_DEVICE    not enough device memory: the message names the image and says what would fit; or
 *                    the device failed or hangs
 * ENCNET_E_DIVERGED  logits are not finite
 * ENCNET_E_STOPPED   encnet_session_cancel() was called
 * ENCNET_E_NOMEM     not enough host memory
 */
ENCNET_API encnet_status encnet_session_run(encnet_session *session, const encnet_image *images,
                                            int count,
                                            const encnet_results *results) ENCNET_MUST_CHECK;

/*
 * Begins such a run and returns.
 *
 *   images, results  copied, but pixels and memory for results are borrowed until the run is done
 *   done             called in the thread of the session when the run is done, with its status and, if it failed, the
 *                    message, borrowed for the call.  It may cancel the session; what else
 *                    it asks of this session fails with ENCNET_E_ARG.  NULL: not wanted
 *   user             passed to `done`
 *
 * Fails as encnet_session_run() does for arguments; other failures are those of the run.
 *
 * ENCNET_E_ARG  also if a run of this session has begun and not been waited for
 */
ENCNET_API encnet_status encnet_session_start(encnet_session *session, const encnet_image *images,
                                              int count, const encnet_results *results,
                                              void (*done)(void *user, encnet_status status,
                                                           const char *message),
                                              void *user) ENCNET_MUST_CHECK;

/* Waits for the run that encnet_session_start() began and returns its status; its message becomes the
 * last error of this thread.  Without such a run, ENCNET_OK.  After ENCNET_E_DEVICE because the device
 * hangs, the run is still under way.  ENCNET_E_ARG in the callback of the run. */
ENCNET_API encnet_status encnet_session_wait(encnet_session *session) ENCNET_MUST_CHECK;

/* Ends the run that is under way, soon, with ENCNET_E_STOPPED; without one it does nothing.  Any thread
 * may call it.  The results are then undefined, and the session can be used again. */
ENCNET_API void encnet_session_cancel(encnet_session *session);

#ifdef __cplusplus
}
#endif
#endif
