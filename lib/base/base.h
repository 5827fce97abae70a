/*
 * base.h - what every room stands on: failure macros, checked sizes, text, files, checksums, random
 * numbers.
 */
#ifndef ENCNET__BASE_H
#define ENCNET__BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <time.h>
#include <encnet/status.h>

/* Both jump to the one label `done` of the function, where `rc` is returned. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        rc = (call);                                                                               \
        if (rc != ENCNET_OK) goto done;                                                            \
    } while (0)
#define FAIL(code, ...)                                                                            \
    do {                                                                                           \
        rc = encnet__fail((code), __VA_ARGS__);                                                    \
        goto done;                                                                                 \
    } while (0)

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* Keeps the sentence as the thread's last error and returns `code`.  Control characters in it
 * become "?", but for the lines of a build log. */
encnet_status encnet__fail(encnet_status code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -- memory ------------------------------------------------------------------------------------ */

/* Zeroed; NULL on overflow or when memory is short.  Every allocation of the library goes through
 * here and is counted, so that a test can show that a warm step makes none. */
void *encnet__alloc(size_t count, size_t size) ENCNET_MUST_CHECK;
void *encnet__realloc(void *p, size_t count, size_t size) ENCNET_MUST_CHECK;
void encnet__free(void *p); /* takes NULL */
char *encnet__strdup(const char *s) ENCNET_MUST_CHECK;
uint64_t encnet__alloc_count(void); /* how many allocations this process has made */

/* a * b into *out; false on overflow. */
bool encnet__mul(size_t *out, size_t a, size_t b);

/* -- shapes ------------------------------------------------------------------------------------ */

/* Channels last.  Every tensor has four extents; what does not need them has ones in front:
 * X[N,P,D] is {N,1,P,D} (or {N,H,W,D}), a vector of C is {1,1,1,C}, a convolution weight is
 * {R,S,Cin/groups,Cout}, a linear weight {1,1,Cin,Cout}. */
typedef struct encnet__shape {
    int n, h, w, c;
} encnet__shape;

bool encnet__shape_equal(encnet__shape a, encnet__shape b);
size_t encnet__shape_count(encnet__shape s); /* elements; shapes are checked when they are made */
bool encnet__shape_valid(encnet__shape s);   /* all extents >= 1 and count * 8 fits in 63 bits */
#define SHAPE_FMT "[%d,%d,%d,%d]"
#define SHAPE_ARG(s) (s).n, (s).h, (s).w, (s).c

/* -- text -------------------------------------------------------------------------------------- */

/* A growing string; start with {0}.  An allocation failure is remembered in `failed`. */
typedef struct encnet__text {
    char *data; /* always ends in 0 once something was added; NULL before */
    size_t size, capacity;
    bool failed;
} encnet__text;

void encnet__text_add(encnet__text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void encnet__text_bytes(encnet__text *t, const void *bytes, size_t size);
/* The lowest `bytes` bytes (at most 8) of a number, the lowest first. */
void encnet__text_little(encnet__text *t, uint64_t value, size_t bytes);
void encnet__text_free(encnet__text *t);
/* Appends "s" in quotes, escaped for JSON. */
void encnet__text_json(encnet__text *t, const char *s);

/* Edit distance, for "did you mean"; names longer than 63 compare their first 63 characters. */
int encnet__distance(const char *a, const char *b);

/* -- files ------------------------------------------------------------------------------------- */

/* Whole file into *data (owned by the caller, one 0 byte behind the end).  ENCNET_E_IO names the
 * path and errno; more than `max_bytes` is refused before anything is read. */
encnet_status encnet__file_read(char **data, size_t *size, const char *path,
                                size_t max_bytes) ENCNET_MUST_CHECK;
/* Written beside as PATH.tmp, fsynced, renamed over PATH, directory fsynced. */
encnet_status encnet__file_write(const char *path, const void *data, size_t size) ENCNET_MUST_CHECK;

/* A file while it is written: PATH.tmp until it is committed, so that PATH appears whole or not at
 * all.  ENCNET_E_IO names the file. */
typedef struct encnet__atomic_file encnet__atomic_file;

encnet_status encnet__atomic_file_open(encnet__atomic_file **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* Asks for the whole size at once, so that a full disk is found before anything is written. */
encnet_status encnet__atomic_file_reserve(const encnet__atomic_file *d,
                                          uint64_t size) ENCNET_MUST_CHECK;
encnet_status encnet__atomic_file_put(const encnet__atomic_file *d, const void *data, size_t size,
                                      uint64_t at) ENCNET_MUST_CHECK;
/* fsyncs, renames PATH.tmp over PATH and fsyncs the directory. */
encnet_status encnet__atomic_file_commit(encnet__atomic_file *d) ENCNET_MUST_CHECK;
void encnet__atomic_file_free(
    encnet__atomic_file *d); /* takes NULL; what was not committed is removed */

/* mkdir -p. */
encnet_status encnet__make_dirs(const char *path) ENCNET_MUST_CHECK;
encnet_status encnet__fsync_dir(const char *path) ENCNET_MUST_CHECK;
/* "dir/name" in memory of the caller; NULL when memory is short. */
char *encnet__path_join(const char *dir, const char *name) ENCNET_MUST_CHECK;

/* -- checksums --------------------------------------------------------------------------------- */

#define ENCNET__CRC32 0xEDB88320u  /* zip, png: reflected polynomial */
#define ENCNET__CRC32C 0x82F63B78u /* TensorBoard records */
/* Start with crc 0 and pass the result on to go on. */
uint32_t encnet__crc(uint32_t polynomial, uint32_t crc, const void *data, size_t size);

/* FNV-1a, 64 bits; start with ENCNET__FNV. */
#define ENCNET__FNV 0xcbf29ce484222325u
uint64_t encnet__hash(uint64_t hash, const void *data, size_t size);

/* -- random numbers ---------------------------------------------------------------------------- */

/* Philox4x32-10 (Salmon et al., SC 2011): four words from a 64-bit key and a 128-bit counter.  The
 * kernels draw with the same function (cl/random.clh). */
void encnet__philox(uint32_t out[4], uint32_t key0, uint32_t key1, const uint32_t counter[4]);

/* A stream of numbers that depends on nothing but (seed, a, b, purpose): what `a` and `b` mean
 * (epoch and sample, iteration and layer) is the caller's choice. */
typedef struct encnet__rng {
    uint32_t key[2], counter[4], block[4];
    int used;
} encnet__rng;

encnet__rng encnet__rng_at(uint64_t seed, uint32_t a, uint32_t b, uint32_t purpose);
uint32_t encnet__rng_u32(encnet__rng *r);
double encnet__rng_uniform(encnet__rng *r);             /* [0,1), 53 bits */
uint32_t encnet__rng_below(encnet__rng *r, uint32_t n); /* 0..n-1, unbiased; n >= 1 */
double encnet__rng_normal(encnet__rng *r);              /* mean 0, variance 1 */

/* -- bytes ------------------------------------------------------------------------------------- */

/* The number in `size` bytes (at most 8), the lowest first; encnet__text_little() writes it. */
uint64_t encnet__little(const uint8_t *bytes, size_t size);

/* -- options ----------------------------------------------------------------------------------- */

struct encnet_options;
/* *to = *from with every string copied into one block, *strings: owned by the caller,
 * encnet__free(). */
encnet_status encnet__options_copy(struct encnet_options *to, char **strings,
                                   const struct encnet_options *from) ENCNET_MUST_CHECK;

/* Seconds on a clock that never goes back. */
double encnet__now(void);
/* `seconds` from now on that clock (CLOCK_MONOTONIC), for waits with an end. */
struct timespec encnet__deadline(double seconds);

#endif
