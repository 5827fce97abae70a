/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * device.h - OpenCL: an open device, its memory, its programs, launches.
 *
 * A device has one in-order queue and is used by one thread at a time; for another thread it opens a
 * lane.  Commands are enqueued and run in order; of the functions here only encnet__read(),
 * encnet__write(), encnet__pace() and encnet__finish() wait for them.  <CL/cl.h> is included only in lib/device/.
 */
#ifndef ENCNET__DEVICE_H
#define ENCNET__DEVICE_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/type.h"
#include <encnet/device.h>

/* The matrix units that kernels may use, as cl/matrix.clh knows them.  Whether a device really has
 * them, and its compiler takes them, shows when they are tried. */
typedef enum encnet__matrix {
    ENCNET__MATRIX_NONE,
    ENCNET__MATRIX_NVIDIA,     /* a GPU of NVIDIA; the only units for tf32 */
    ENCNET__MATRIX_AMD_WMMA,   /* RDNA 3 */
    ENCNET__MATRIX_AMD_WMMA12, /* RDNA 4 */
    ENCNET__MATRIX_AMD_MFMA,   /* CDNA 2 and 3 */
    ENCNET__MATRIX_INTEL_DPAS, /* Arc */
    ENCNET__MATRIX_KINDS
} encnet__matrix;

/* Facts about a device that operators may use. */
typedef struct encnet__device_facts {
    bool is_cpu;
    bool has_double;
    bool few_registers;     /* a GPU of Intel: 128 or fewer floats for a work-item */
    bool may_overlap;       /* views of a buffer may share bytes */
    size_t max_alloc_bytes; /* in one buffer */
    size_t memory_bytes;    /* in all buffers; limited by options.memory_mb */
    size_t local_bytes;     /* local memory of a work-group */
    size_t max_group;       /* work-items of a work-group */
    size_t align_bytes;     /* required alignment of a view's offset */
    int units;              /* compute units */
    encnet__matrix matrix;
    bool matrix_emulated; /* by plain OpenCL, for tests */
    int vector_floats;    /* floats in a vector register; 0 if the driver does not say */
    const char *name, *vendor, *platform, *driver;
} encnet__device_facts;

const encnet__device_facts *encnet__device_facts_of(const encnet_device *dev);

/* A model lives on the device.  The driver's part of a device that the program closes before its last
 * model is released with that model. */
void encnet__device_keep(encnet_device *dev);
void encnet__device_drop(encnet_device *dev);
/* ENCNET_E_ARG if the program has closed the device. */
encnet_status encnet__device_check_open(const encnet_device *dev) ENCNET_MUST_CHECK;

/* The options with which the device was opened. */
const encnet_device_options *encnet__device_options_of(const encnet_device *dev);

/* A lane is a device for another thread: it has a queue and kernels of its own, and shares the
 * context, the programs, the profile and the limit of memory with `dev`, which it keeps open
 * (encnet__device_keep) and which answers for it (encnet_device_silence).  Buffers of a device may be
 * read on its lanes, once what writes them has finished. */
encnet_status encnet__lane_open(encnet_device **out, encnet_device *dev) ENCNET_MUST_CHECK;
void encnet__lane_close(encnet_device *lane); /* waits for its work; takes NULL */
/* Adds the launches so far to the profile, after waiting for them; nothing without options.profile.  A
 * lane does so when a piece of work is done, as no other thread can do it for a lane. */
encnet_status encnet__profile_drain(encnet_device *dev) ENCNET_MUST_CHECK;

/* -- memory ------------------------------------------------------------------------------------ */

/* Device memory, a cl_mem.  A view must be freed before its parent; it is a sub-buffer, or, from the
 * beginning of the parent on, the same cl_mem. */
typedef struct encnet__buffer encnet__buffer;

encnet_status encnet__buffer_new(encnet__buffer **out, encnet_device *dev,
                                 size_t size_bytes) ENCNET_MUST_CHECK;
encnet_status encnet__buffer_view(encnet__buffer **out, encnet__buffer *parent, size_t offset_bytes,
                                  size_t size_bytes) ENCNET_MUST_CHECK;
void encnet__buffer_free(encnet__buffer *b); /* takes NULL */

/* Copies from the host to the device; `host` may be reused when the call returns. */
encnet_status encnet__write(encnet__buffer *b, size_t offset_bytes, const void *host,
                            size_t size_bytes) ENCNET_MUST_CHECK;
/* Copies from the device to the host, after waiting for all work enqueued before. */
encnet_status encnet__read(void *host, encnet__buffer *b, size_t offset_bytes,
                           size_t size_bytes) ENCNET_MUST_CHECK;
/* Rows of bytes: where the first begins, and from where to where the next one is. */
typedef struct encnet__rows {
    size_t offset_bytes, pitch_bytes;
} encnet__rows;
/* Move `rows` rows of row_bytes each.  Reading only begins: `host` is borrowed until encnet__finish().
 * For writing, `host` may be reused when the call returns. */
encnet_status encnet__read_rows(void *host, encnet__rows to, encnet__buffer *b, encnet__rows from,
                                size_t row_bytes, size_t rows) ENCNET_MUST_CHECK;
encnet_status encnet__write_rows(encnet__buffer *b, encnet__rows to, const void *host,
                                 encnet__rows from, size_t row_bytes,
                                 size_t rows) ENCNET_MUST_CHECK;
encnet_status encnet__copy_rows(encnet__buffer *out, encnet__rows to, encnet__buffer *b,
                                encnet__rows from, size_t row_bytes, size_t rows) ENCNET_MUST_CHECK;
/* A buffer of the program, a cl_mem, as one of this device; it is retained until it is freed, and not
 * counted as held.  ENCNET_E_ARG if it is of another context. */
encnet_status encnet__buffer_adopt(encnet__buffer **out, encnet_device *dev,
                                   void *handle) ENCNET_MUST_CHECK;
size_t encnet__buffer_bytes(const encnet__buffer *b);
/* Sets every float of a buffer. */
encnet_status encnet__fill(encnet__buffer *b, float value) ENCNET_MUST_CHECK;
encnet_status encnet__copy(encnet__buffer *to, size_t to_bytes, encnet__buffer *from,
                           size_t from_bytes, size_t size_bytes) ENCNET_MUST_CHECK;
/* For work that somebody may stop: waits for what was enqueued before the last call of this function,
 * not for what came since, so that the device is never far behind.  Does nothing if `stop` is NULL.
 *
 * ENCNET_E_STOPPED  *stop is set */
encnet_status encnet__pace(encnet_device *dev, const atomic_bool *stop) ENCNET_MUST_CHECK;
/* Waits for all work enqueued so far. */
encnet_status encnet__finish(encnet_device *dev) ENCNET_MUST_CHECK;

/*
 * Moves the contents of a buffer to the host and back while the device continues with other work:
 * through pinned host memory, or in place if the device is a CPU and computes in host memory.
 *
 * begin() and end() enqueue the transfers; no other work may use the buffer between them.  Any
 * thread may call wait(), once after begin(); from then until end() `host` holds the contents,
 * which may be read and changed.
 */
typedef struct encnet__stage {
    float *host;
    encnet__buffer *buffer;
    void *pinned, *event; /* handles of the driver */
} encnet__stage;
/* `b` is borrowed. */
encnet_status encnet__stage_new(encnet__stage *out, encnet__buffer *b) ENCNET_MUST_CHECK;
void encnet__stage_free(encnet__stage *s); /* at any time; takes a zeroed stage */
encnet_status encnet__stage_begin(encnet__stage *s) ENCNET_MUST_CHECK;
encnet_status encnet__stage_wait(encnet__stage *s) ENCNET_MUST_CHECK;
encnet_status encnet__stage_end(encnet__stage *s) ENCNET_MUST_CHECK;

/* The device memory of encnet__buffer_new(): now and at most, and the number of buffers ever
 * made. */
typedef struct encnet__memory_count {
    size_t bytes, peak_bytes;
    uint64_t buffers_made;
} encnet__memory_count;
encnet__memory_count encnet__device_memory(const encnet_device *dev);

/* -- the cache on disk ------------------------------------------------------------------------- */

/* Reads a value that was cached by an earlier run.  `kind` is a short word, and `key` says in full what the value depends on besides device, driver and version of the
 * library.  Returns false if there is no such value, if it is damaged, or if the cache is off; the
 * caller then computes it.  `data` is owned by the caller and followed by a 0 byte. */
bool encnet__cache_read(char **data, size_t *size, const encnet_device *dev, const char *kind,
                        const char *key) ENCNET_MUST_CHECK;
/* Caches a value; does nothing if the cache is off or the file cannot be written. */
void encnet__cache_write(encnet_device *dev, const char *kind, const char *key, const void *data,
                         size_t size);

/* -- measured choices -------------------------------------------------------------------------- */

/* What a room above has measured to be best on a device: once made, a choice holds for as long as the
 * device is open, and for later runs if it is kept on disk. */
typedef struct encnet__choice {
    char *key, *value; /* `key` says in full what the choice depends on besides device, driver and
                        * version of the library */
} encnet__choice;

/* Whether options.tune asks for measurements, and there is time left for them. */
bool encnet__device_tunes(const encnet_device *dev);
/* Counts the seconds of a measurement. */
void encnet__device_tuned(encnet_device *dev, double seconds);
/* From now on nothing is measured or looked for on disk, so that a run that is resumed keeps its
 * choices. */
void encnet__device_stop_tuning(encnet_device *dev);
/* Returns the value under a key, or NULL.  Borrowed until the device is closed. */
const char *encnet__choice_find(encnet_device *dev, const char *key);
/* Keeps a choice in memory and on disk, unless there is one under that key already. */
encnet_status encnet__choice_keep(encnet_device *dev, const char *key, const char *value,
                                  bool on_disk) ENCNET_MUST_CHECK;
/* The choice of that index, from 0; NULL behind the last. */
const encnet__choice *encnet__choice_at(const encnet_device *dev, int index);

/* -- trials ------------------------------------------------------------------------------------ */

typedef enum encnet__trial {
    ENCNET__TRIAL_NONE, /* not tried yet */
    ENCNET__TRIAL_PASSED,
    ENCNET__TRIAL_FAILED
} encnet__trial;

/* Whether the device computes right on its matrix units, by the type of the activations; kept for as
 * long as the device is open. */
encnet__trial encnet__matrix_trial(encnet_device *dev, encnet__type type);
void encnet__matrix_tried(encnet_device *dev, encnet__type type, encnet__trial result);

/* -- launches ---------------------------------------------------------------------------------- */

typedef enum encnet__arg_kind {
    ENCNET__ARG_BUFFER,
    ENCNET__ARG_INT,
    ENCNET__ARG_UINT,
    ENCNET__ARG_FLOAT
} encnet__arg_kind;

typedef struct encnet__arg {
    encnet__arg_kind kind;
    union {
        encnet__buffer *buffer; /* NULL passes a null pointer */
        int32_t i;
        uint32_t u;
        float f;
    } value;
} encnet__arg;

/* clang-format off */
#define BUF(b)   {ENCNET__ARG_BUFFER, {.buffer = (b)}}
#define INT(v)   {ENCNET__ARG_INT, {.i = (int32_t)(v)}}
#define UINT(v)  {ENCNET__ARG_UINT, {.u = (uint32_t)(v)}}
#define FLOAT(v) {ENCNET__ARG_FLOAT, {.f = (float)(v)}}
/* clang-format on */

/* The work-items of a launch.  The global size is groups x local, so that every group is complete,
 * and kernels check their tails.  Local sizes are fixed per kernel and never derived from the shape
 * of a tensor, because PoCL compiles a kernel again for each local size. */
typedef struct encnet__grid {
    size_t groups[3]; /* 0 counts as 1 in trailing axes */
    size_t local[3];  /* 0 counts as 1 */
} encnet__grid;

/* Launches a kernel: LAUNCH(dev, "relu", "relu_fwd", "", GRID1(count, 256), BUF(y), BUF(x),
 * INT(count)).  `program` is the stem of the .cl file, `kernel` a function in it, `options` "-D..."
 * or "".  A program is built once per (name, options) and device.  Number and kinds of the
 * arguments are checked against the kernel. */
#define LAUNCH(dev, program, kernel, options, grid, ...)                                           \
    encnet__launch((dev), (program), (kernel), (options), (grid),                                  \
                   (const encnet__arg[]){__VA_ARGS__},                                             \
                   sizeof((const encnet__arg[]){__VA_ARGS__}) / sizeof(encnet__arg))

encnet_status encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                             const char *options, encnet__grid grid, const encnet__arg *args,
                             size_t n_args) ENCNET_MUST_CHECK;

/* Groups of `size` work-items that cover `count` items. */
#define GRID1(count, size) ((encnet__grid){{((size_t)(count) + (size)-1) / (size)}, {(size)}})
/* Groups of group[0] x group[1] items that cover a x b x c. */
static inline encnet__grid encnet__grid_over(size_t a, size_t b, size_t c, const size_t group[2])
{
    return (encnet__grid){{encnet__divide_up(a, group[0]), encnet__divide_up(b, group[1]), c},
                          {group[0], group[1], 1}};
}

/* C[M,N] = alpha A[M,K] B[K,N] + beta C, row-major, through CLBlast.  With `trans_a` A is stored
 * [K,M], with `trans_b` B is stored [N,K].  Offsets and leading dimensions are in floats. */
typedef struct encnet__gemm {
    bool trans_a, trans_b;
    size_t m, n, k;
    float alpha, beta;
    encnet__buffer *a, *b, *c;
    size_t a_offset, b_offset, c_offset;
    size_t lda, ldb, ldc;
    encnet__buffer *scratch; /* of encnet__gemm_scratch() bytes; NULL: CLBlast makes one */
} encnet__gemm;

/* Computes a product.  The first one of a device is compared with the host; ENCNET_E_DEVICE if
 * CLBlast computes it wrongly there. */
encnet_status encnet__gemm_run(encnet_device *dev, const encnet__gemm *g) ENCNET_MUST_CHECK;
/* The scratch memory that a product needs; may be 0.  The buffers of `g` are not looked at. */
encnet_status encnet__gemm_scratch(size_t *size_bytes, encnet_device *dev,
                                   const encnet__gemm *g) ENCNET_MUST_CHECK;

#endif
