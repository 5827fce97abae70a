/*
 * device.h - everything that says cl_: an open device, its memory, its programs, launches.
 *
 * One device, one in-order queue, one thread at a time.  Commands are enqueued and run in order; encnet__read() and
 * encnet__write() wait, nothing else does.  <CL/cl.h> is included in lib/device/ only.
 */
#ifndef ENCNET__DEVICE_H
#define ENCNET__DEVICE_H

#include "base/base.h"
#include <encnet/device.h>

/* What ops may ask a device for. */
typedef struct encnet__device_facts {
    bool is_cpu;
    size_t max_alloc_bytes; /* one buffer */
    size_t memory_bytes;    /* all of them (what options.memory_mb leaves) */
    size_t local_bytes;     /* local memory of a work-group */
    size_t max_group;       /* work-items of a work-group */
    size_t align_bytes;     /* alignment of a sub-buffer's offset */
    int units;              /* compute units */
    int vector_floats;      /* floats of a vector register; 0 when the driver does not say */
    const char *name, *vendor, *platform, *driver;
} encnet__device_facts;

const encnet__device_facts *encnet__device_facts_of(const encnet_device *dev);

/* The options that the device was opened with (device.conv is read by the convolution engine). */
const encnet_device_options *encnet__device_options_of(const encnet_device *dev);

/* -- memory ------------------------------------------------------------------------------------ */

/* A cl_mem.  A view is a sub-buffer: it is freed like any buffer, before its parent. */
typedef struct encnet__buffer encnet__buffer;

encnet_status encnet__buffer_new(encnet__buffer **out, encnet_device *dev,
                                 size_t size_bytes) ENCNET_MUST_CHECK;
encnet_status encnet__buffer_view(encnet__buffer **out, encnet__buffer *parent, size_t offset_bytes,
                                  size_t size_bytes) ENCNET_MUST_CHECK;
void encnet__buffer_free(encnet__buffer *b); /* takes NULL */
size_t encnet__buffer_size(const encnet__buffer *b);

/* Host to device; `host` may be reused at once.  Device to host; waits for all work before it. */
encnet_status encnet__write(encnet__buffer *b, size_t offset_bytes, const void *host,
                            size_t size_bytes) ENCNET_MUST_CHECK;
encnet_status encnet__read(void *host, encnet__buffer *b, size_t offset_bytes,
                           size_t size_bytes) ENCNET_MUST_CHECK;
encnet_status encnet__fill(encnet__buffer *b,
                           float value) ENCNET_MUST_CHECK; /* every float of it */
encnet_status encnet__copy(encnet__buffer *to, size_t to_bytes, encnet__buffer *from,
                           size_t from_bytes, size_t size_bytes) ENCNET_MUST_CHECK;
encnet_status encnet__finish(encnet_device *dev) ENCNET_MUST_CHECK;

/* A buffer's contents on the host and back, while the device goes on with other work: through pinned host memory, or,
 * where the device is a CPU and computes in host memory, in their place.  begin() and end() enqueue; between them the
 * buffer is used by nobody else.  wait() is called once after begin(), by any thread; from then until end() `host` holds
 * the contents, to be read and changed. */
typedef struct encnet__stage {
    float *host;
    encnet__buffer *buffer;
    void *pinned, *event; /* the driver's */
} encnet__stage;
/* `b` is borrowed. */
encnet_status encnet__stage_new(encnet__stage *out, encnet__buffer *b) ENCNET_MUST_CHECK;
void encnet__stage_free(encnet__stage *s); /* at any time; takes a zeroed one */
encnet_status encnet__stage_begin(encnet__stage *s) ENCNET_MUST_CHECK;
encnet_status encnet__stage_wait(encnet__stage *s) ENCNET_MUST_CHECK;
encnet_status encnet__stage_end(encnet__stage *s) ENCNET_MUST_CHECK;

/* Bytes of device memory held through encnet__buffer_new, now and at most; how many were made ever. */
typedef struct encnet__memory_count {
    size_t bytes, peak_bytes;
    uint64_t buffers_made;
} encnet__memory_count;
encnet__memory_count encnet__device_memory(const encnet_device *dev);

/* -- kept on disk ------------------------------------------------------------------------------ */

/* A value that a device keeps between runs, such as a measured choice.  `kind` is a short word, `key` says in full what
 * the value depends on besides device, driver and library version.  False when there is none, it is damaged, or the
 * cache is off; then the caller makes it anew.  `data` is owned by the caller and has a 0 byte behind its end. */
bool encnet__cache_read(char **data, size_t *size, const encnet_device *dev, const char *kind,
                        const char *key) ENCNET_MUST_CHECK;
/* Does nothing where the cache is off or the file cannot be written. */
void encnet__cache_write(encnet_device *dev, const char *kind, const char *key, const void *data,
                         size_t size);

/* -- launches ---------------------------------------------------------------------------------- */

typedef enum encnet__arg_kind {
    ENCNET__ARG_BUFFER,
    ENCNET__ARG_INT,
    ENCNET__ARG_UINT,
    ENCNET__ARG_FLOAT,
    ENCNET__ARG_LOCAL
} encnet__arg_kind;

typedef struct encnet__arg {
    encnet__arg_kind kind;
    union {
        encnet__buffer *buffer; /* NULL passes a null pointer */
        int32_t i;
        uint32_t u;
        float f;
        size_t local_bytes;
    } value;
} encnet__arg;

#define BUF(b)                                                                                     \
    {                                                                                              \
        ENCNET__ARG_BUFFER,                                                                        \
        {                                                                                          \
            .buffer = (b)                                                                          \
        }                                                                                          \
    }
#define INT(v)                                                                                     \
    {                                                                                              \
        ENCNET__ARG_INT,                                                                           \
        {                                                                                          \
            .i = (int32_t)(v)                                                                      \
        }                                                                                          \
    }
#define UINT(v)                                                                                    \
    {                                                                                              \
        ENCNET__ARG_UINT,                                                                          \
        {                                                                                          \
            .u = (uint32_t)(v)                                                                     \
        }                                                                                          \
    }
#define FLOAT(v)                                                                                   \
    {                                                                                              \
        ENCNET__ARG_FLOAT,                                                                         \
        {                                                                                          \
            .f = (float)(v)                                                                        \
        }                                                                                          \
    }
#define LOCAL(bytes)                                                                               \
    {                                                                                              \
        ENCNET__ARG_LOCAL,                                                                         \
        {                                                                                          \
            .local_bytes = (bytes)                                                                 \
        }                                                                                          \
    }

/* How many work-items, in which groups.  Global sizes are in groups x local, so every group is whole: kernels
 * check their tails.  Local sizes are fixed per kernel, never made from a tensor's shape (each distinct local
 * size is another compilation on PoCL). */
typedef struct encnet__grid {
    size_t groups[3]; /* 0 counts as 1 in trailing axes */
    size_t local[3];  /* 0 counts as 1 */
} encnet__grid;

/* LAUNCH(dev, "relu", "relu_fwd", "", GRID1(count, 256), BUF(y), BUF(x), INT(count)): program = stem of the .cl
 * file, kernel = function in it, options = "-D..." or "".  Strings are looked up by content; the program is
 * built once per (name, options) and device.  The number of arguments is checked against the kernel. */
#define LAUNCH(dev, program, kernel, options, grid, ...)                                           \
    encnet__launch((dev), (program), (kernel), (options), (grid),                                  \
                   (const encnet__arg[]){__VA_ARGS__},                                             \
                   sizeof((const encnet__arg[]){__VA_ARGS__}) / sizeof(encnet__arg))

encnet_status encnet__launch(encnet_device *dev, const char *program, const char *kernel,
                             const char *options, encnet__grid grid, const encnet__arg *args,
                             size_t n_args) ENCNET_MUST_CHECK;

/* Groups that cover `count` items with `local` items each. */
#define GRID1(count, size) ((encnet__grid){{((size_t)(count) + (size)-1) / (size)}, {(size)}})

/* C[M,N] = alpha A[M,K] B[K,N] + beta C, row-major, through CLBlast; `trans_a`: A is stored [K,M]; `trans_b`: B is
 * stored [N,K].  Offsets and leading dimensions in floats. */
typedef struct encnet__gemm {
    bool trans_a, trans_b;
    size_t m, n, k;
    float alpha, beta;
    encnet__buffer *a, *b, *c;
    size_t a_offset, b_offset, c_offset;
    size_t lda, ldb, ldc;
    /* of encnet__gemm_scratch() bytes, or NULL: the device keeps one and grows it */
    encnet__buffer *scratch;
} encnet__gemm;

/* Every device's first product is compared with the host; ENCNET_E_DEVICE when CLBlast computes nonsense there. */
encnet_status encnet__gemm_run(encnet_device *dev, const encnet__gemm *g) ENCNET_MUST_CHECK;
/* How many bytes of scratch that product wants; may be 0. */
encnet_status encnet__gemm_scratch(size_t *size_bytes, encnet_device *dev,
                                   const encnet__gemm *g) ENCNET_MUST_CHECK;

#endif
