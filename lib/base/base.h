/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * base.h - what every room builds on: failures, checked sizes, text, files, checksums, random
 * numbers.
 */
#ifndef ENCNET__BASE_H
#define ENCNET__BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <time.h>
#include <dirent.h>
#include <sys/types.h>
#include <encnet/log.h>
#include <encnet/status.h>

/* Both jump to the label `done` of the function, which cleans up and returns `rc`. */
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

/* At the beginning of a public function: ENCNET_E_ARG, naming function and argument, where a pointer
 * that is needed is NULL. */
#define NEED(pointer)                                                                              \
    do {                                                                                           \
        if (!(pointer)) return encnet__fail(ENCNET_E_ARG, "%s: %s is NULL", __func__, #pointer);   \
    } while (0)

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* Sets the last error of this thread and returns `code`.  Control characters in the message are
 * replaced by "?", except for line breaks, which a build log has. */
encnet_status encnet__fail(encnet_status code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes one line to the function that the program has set with encnet_log_set(), if any.  Must not be
 * called with a lock held that a public function takes. */
void encnet__say(encnet_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -- memory ------------------------------------------------------------------------------------ */

/* Allocates zeroed memory; NULL on overflow or if there is not enough.  Every allocation of the
 * library goes through these functions and is counted, so that a test can check that a warm step
 * makes none. */
void *encnet__alloc(size_t count, size_t size) ENCNET_MUST_CHECK;
void *encnet__realloc(void *p, size_t count, size_t size) ENCNET_MUST_CHECK;
/* Returns an array of at least `needed` items, which at least doubles when it grows, and updates
 * *capacity.  NULL when memory is short; `items` is then as it was. */
void *encnet__grow(void *items, int *capacity, size_t needed, size_t size) ENCNET_MUST_CHECK;
void encnet__free(void *p); /* takes NULL */
char *encnet__strdup(const char *s) ENCNET_MUST_CHECK;

/* a / b, rounded up; a + b must fit. */
static inline size_t encnet__divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}
/* Computes *out = a * b; returns false on overflow. */
bool encnet__mul(size_t *out, size_t a, size_t b);
/* Bytes that this process may take besides what it has: of the machine's memory, its control group's, and
 * the address space that `ulimit -v` leaves. */
uint64_t encnet__memory_left(void);

/* -- shapes ------------------------------------------------------------------------------------ */

/* The extents of a tensor, channels last.  A tensor with fewer than four has ones in front:
 * X[N,P,D] is {N,1,P,D} (or {N,H,W,D}), a vector of C is {1,1,1,C}, the weight of a convolution is
 * {R,S,Cin/groups,Cout}, that of a linear layer {1,1,Cin,Cout}. */
typedef struct encnet__shape {
    int n, h, w, c;
} encnet__shape;

bool encnet__shape_equal(encnet__shape a, encnet__shape b);
size_t encnet__shape_count(encnet__shape s); /* elements of a valid shape */
bool encnet__shape_valid(encnet__shape s);   /* all extents >= 1 and count * 8 fits in 63 bits */
#define SHAPE_FMT "[%d,%d,%d,%d]"
#define SHAPE_ARG(s) (s).n, (s).h, (s).w, (s).c

/* -- numbers in texts -------------------------------------------------------------------------- */

/* Numbers that are not whole are read by encnet__real() and printed by encnet__print() alone, or by what
 * is made of it (encnet__fail(), encnet__say(), encnet__text_add()): with a decimal point, whatever the
 * program's locale says. */

/* Reads the number at the beginning of `text` as strtod does; `end` is what follows it.  Returns
 * false if there is none. */
bool encnet__real(double *out, const char *text, const char **end) ENCNET_MUST_CHECK;
/* Reads the digits at the beginning of `text` as a number 0..most; `end` is what follows them.  Returns false if there are
 * none, or the number is greater: no sign, no blank. */
bool encnet__digits(int *out, const char *text, int most, const char **end) ENCNET_MUST_CHECK;
/* As snprintf and vsnprintf. */
int encnet__print(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int encnet__vprint(char *out, size_t size, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Whether two texts are the same, and whether `word` stands in `text`, but for the case of A to Z. */
bool encnet__same_word(const char *a, const char *b);
bool encnet__has_word(const char *text, const char *word);
bool encnet__ends_in(const char *text, const char *ending);

/* -- text -------------------------------------------------------------------------------------- */

/* A growing string; initialise it with {0}.  A failed allocation is recorded in `failed`. */
typedef struct encnet__text {
    char *data; /* terminated by 0; NULL while the string is empty */
    size_t size, capacity;
    bool failed;
} encnet__text;

void encnet__text_add(encnet__text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void encnet__text_bytes(encnet__text *t, const void *bytes, size_t size);
/* Appends the lowest `bytes` bytes of a number, at most 8, in little-endian order. */
void encnet__text_little(encnet__text *t, uint64_t value, size_t bytes);
void encnet__text_free(encnet__text *t);
/* Appends `s` as a JSON string, with its quotes; what is no UTF-8 becomes U+FFFD. */
void encnet__text_json(encnet__text *t, const char *s);
/* Appends `s` as text of HTML, also within an attribute; bytes that are no UTF-8 become U+FFFD. */
void encnet__text_html(encnet__text *t, const char *s);
/* Appends `s` as a field of CSV (RFC 4180), in quotes where it needs them. */
void encnet__text_csv(encnet__text *t, const char *s);

/* Whether a text is UTF-8, without overlong forms, surrogates and codes above 10FFFF. */
bool encnet__is_utf8(const char *text, size_t size);

/* Returns the edit distance of two names, of which it compares the first 63 characters. */
int encnet__distance(const char *a, const char *b);

/* -- files ------------------------------------------------------------------------------------- */

/* Reads a whole file into *data, which is owned by the caller and followed by one 0 byte.  A file
 * of more than `max_bytes` is refused unread.  ENCNET_E_IO names the path and the reason. */
encnet_status encnet__file_read(char **data, size_t *size, const char *path,
                                size_t max_bytes) ENCNET_MUST_CHECK;
/* Reads the first bytes of a file, at most *size; *size becomes how many there are. */
encnet_status encnet__file_head(void *data, size_t *size, const char *path) ENCNET_MUST_CHECK;
/* Reads a text file of any editor or spreadsheet, as encnet__text_clean() leaves it, followed by one
 * 0 byte.  ENCNET_E_IO: it cannot be read.  ENCNET_E_DATA: it is UTF-16. */
encnet_status encnet__text_file_read(char **text, size_t *size, const char *path,
                                     size_t max_bytes) ENCNET_MUST_CHECK;
/* Removes a byte order mark and ends lines in "\n" alone, in place; the byte behind the text must be
 * there.  `name` stands for the file in messages. */
encnet_status encnet__text_clean(char *text, size_t *size, const char *name) ENCNET_MUST_CHECK;
/* Returns a path with its leading "~" or "~/", "$NAME" and "${NAME}" replaced, and without the double
 * quotes that it stands in; owned by the caller.  "$$" stands for a dollar sign.  ENCNET_E_CONFIG: the
 * environment has no such variable. */
encnet_status encnet__path_expand(char **out, const char *path) ENCNET_MUST_CHECK;
/* Writes a whole file, as encnet__atomic_file below. */
encnet_status encnet__file_write(const char *path, const void *data, size_t size) ENCNET_MUST_CHECK;

/* open() with O_CLOEXEC, that never gives the number of a standard stream, which others write to. */
int encnet__open(const char *path, int flags) ENCNET_MUST_CHECK;

/* Where there are no symbolic links, a file stands for one: it holds the name of the checkpoint beside
 * it, "iter_N", and a line end.  Returns the path of that, owned by the caller; NULL if `path` is no such
 * file. */
char *encnet__link_file_target(const char *path) ENCNET_MUST_CHECK;
/* What a path leads to, owned by the caller: its last part is no link any more, of either kind, so that
 * it is the same place a moment later, when a link such as `latest` leads elsewhere. */
encnet_status encnet__path_resolve(char **out, const char *path) ENCNET_MUST_CHECK;

/* A file that is being written.  It has a temporary name in its folder until it is committed, so that
 * PATH appears complete or not at all.  A link is followed and stays a link.  What is no regular file,
 * a device or a pipe, is written into as it stands, in order.  ENCNET_E_IO names the file. */
typedef struct encnet__atomic_file encnet__atomic_file;

encnet_status encnet__atomic_file_open(encnet__atomic_file **out,
                                       const char *path) ENCNET_MUST_CHECK;
/* Reserves the whole size of a file that is not written in order, so that a full disk is noticed before
 * anything is written.  ENCNET_E_IO too where only order will do. */
encnet_status encnet__atomic_file_reserve(encnet__atomic_file *f, uint64_t size) ENCNET_MUST_CHECK;
encnet_status encnet__atomic_file_put(encnet__atomic_file *f, const void *data, size_t size,
                                      uint64_t at) ENCNET_MUST_CHECK;
/* Fsyncs the file, gives it its name and fsyncs the directory. */
encnet_status encnet__atomic_file_commit(encnet__atomic_file *f) ENCNET_MUST_CHECK;
/* Removes a file that was not committed.  Takes NULL. */
void encnet__atomic_file_free(encnet__atomic_file *f);
#define ENCNET__UNFINISHED ".encnet-unfinished-" /* begins the name of what is not complete yet */
/* Whether `name` is one that the file `of` can have while it is written. */
bool encnet__is_temporary(const char *name, const char *of);
/* Removes what a killed process has left of a file.  Whoever writes that file again does so anyway. */
void encnet__atomic_file_tidy(const char *path);

/* Whether `size` can be the bytes of something in memory: a negative number that has become a size is none.
 * ENCNET_E_ARG names `what`. */
encnet_status encnet__check_bytes(size_t size, const char *what) ENCNET_MUST_CHECK;
/* Reads up to `size` bytes at a place of a file, however many reads that takes; returns how many there are up to the
 * end of the file, or -1 with errno. */
ssize_t encnet__read_at(int fd, void *data, size_t size, off_t at) ENCNET_MUST_CHECK;
/* Whether there is a directory, or a link to one. */
bool encnet__is_directory(const char *path);
/* Creates a directory and those above it, like mkdir -p. */
encnet_status encnet__make_dirs(const char *path) ENCNET_MUST_CHECK;
/* Reads the next entry of a directory, without "." and ".."; NULL behind the last one.  ENCNET_E_IO: there
 * may be more, but they cannot be read. */
encnet_status encnet__dir_next(struct dirent **out, DIR *dir, const char *path) ENCNET_MUST_CHECK;
encnet_status encnet__fsync_dir(const char *path) ENCNET_MUST_CHECK;
/* A file or folder that is being read, and the ones that led to it.  A visit lives on the stack of the
 * function that reads, so that an include or a link cannot lead back in a circle. */
typedef struct encnet__visit {
    const struct encnet__visit *up; /* NULL: this is the first */
    uint64_t device, node; /* node 0: there is no such file, which whoever opens it will say */
    int depth;             /* 1 for the first */
} encnet__visit;
/* Fills `here` in.  Returns false if `path` is one of the files that led to it. */
bool encnet__visit_begin(encnet__visit *here, const char *path,
                         const encnet__visit *up) ENCNET_MUST_CHECK;
/* The files that a run reads, so that it can refuse to write over one; {0} is none. */
typedef struct encnet__inputs {
    struct encnet__input *at;
    int count, capacity;
    bool sorted;
} encnet__inputs;
/* Adds a file, or the files in a folder; what does not exist is none. */
encnet_status encnet__inputs_add(encnet__inputs *inputs, const char *path) ENCNET_MUST_CHECK;
/* ENCNET_E_ARG if `output` is one of them, by whatever name; the message says both names. */
encnet_status encnet__inputs_refuse(const encnet__inputs *inputs,
                                    const char *output) ENCNET_MUST_CHECK;
/* ENCNET_E_ARG if `output` is, by whatever name, a file that a training keeps in its work directory or in a checkpoint. */
encnet_status encnet__training_refuse(const char *output) ENCNET_MUST_CHECK;
/* Makes looking for one quick, for lists of many that are complete. */
void encnet__inputs_sort(encnet__inputs *inputs);
void encnet__inputs_free(encnet__inputs *inputs);
/* Returns "dir/name", owned by the caller; NULL if there is not enough memory. */
char *encnet__path_join(const char *dir, const char *name) ENCNET_MUST_CHECK;
/* What is behind the last slash of a path. */
const char *encnet__base_name(const char *path);

/* -- checksums --------------------------------------------------------------------------------- */

#define ENCNET__CRC32 0xEDB88320u  /* zip, png: reflected polynomial */
#define ENCNET__CRC32C 0x82F63B78u /* TensorBoard records */
/* Continues a checksum; it starts with a crc of 0. */
uint32_t encnet__crc(uint32_t polynomial, uint32_t crc, const void *data, size_t size);

/* FNV-1a, 64 bits; a hash starts with ENCNET__FNV. */
#define ENCNET__FNV 0xcbf29ce484222325u
uint64_t encnet__hash(uint64_t hash, const void *data, size_t size);

/* -- colours ------------------------------------------------------------------------------------ */

/* Colour `index` of Pascal VOC's palette, in which 0 is black. */
void encnet__voc_colour(uint8_t rgb[3], int index);

/* -- random numbers ---------------------------------------------------------------------------- */

/* Philox4x32-10 (Salmon et al., SC 2011): computes four words from a 64-bit key and a 128-bit
 * counter.  The kernels use the same function (cl/random.clh). */
void encnet__philox(uint32_t out[4], uint32_t key0, uint32_t key1, const uint32_t counter[4]);

/* A stream of random numbers that depends only on (seed, a, b, purpose).  The caller chooses what
 * `a` and `b` mean: epoch and sample, iteration and layer. */
typedef struct encnet__rng {
    uint32_t key[2], counter[4], block[4];
    int used;
} encnet__rng;

encnet__rng encnet__rng_at(uint64_t seed, uint32_t a, uint32_t b, uint32_t purpose);
uint32_t encnet__rng_u32(encnet__rng *r);
double encnet__rng_uniform(encnet__rng *r);             /* [0,1), 53 bits */
uint32_t encnet__rng_below(encnet__rng *r, uint32_t n); /* 0..n-1, unbiased; n >= 1 */
double encnet__rng_normal(encnet__rng *r);              /* mean 0, variance 1 */
/* Draws the next n numbers of encnet__rng_normal(), times `deviation`: faster than one by one. */
void encnet__rng_normals(float *out, size_t n, double deviation, encnet__rng *r);
/* Moves a stream to its word `at`.  A uniform number takes two words, a normal one four. */
void encnet__rng_seek(encnet__rng *r, uint64_t at);

/* -- threads ----------------------------------------------------------------------------------- */

typedef void encnet__loop(void *user, size_t first, size_t end);
/* Shares [0,count) between the processors, of which each calls `loop` for a part of its own; short loops run in this
 * thread alone.  Returns when all parts are done. */
void encnet__parallel(size_t count, encnet__loop *loop, void *user);

/* -- bytes ------------------------------------------------------------------------------------- */

/* Reads a little-endian number of `size` bytes, at most 8; encnet__text_little() writes one. */
uint64_t encnet__little(const uint8_t *bytes, size_t size);

/* -- time --------------------------------------------------------------------------------------- */

/* Returns seconds on a monotonic clock. */
double encnet__now(void);
/* Returns the time `seconds` from now on CLOCK_MONOTONIC, for waits with a time limit. */
struct timespec encnet__deadline(double seconds);

#endif
