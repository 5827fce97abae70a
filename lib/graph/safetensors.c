/* safetensors.c - the strict reader: a file, its tensors by name, numbers of any type as float or
 * int64. */
#define _POSIX_C_SOURCE 200809L
#include "graph/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors.c: files are little endian and are read as they are"
#endif

#define CHUNK 65536u /* bytes converted at a time */

static const struct {
    const char *name;
    unsigned bytes;
} dtypes[] = {
#define ROW(name, bytes) {#name, bytes},
    ENCNET__DTYPE_LIST(ROW)
#undef ROW
};

const char *encnet__dtype_name(encnet__dtype type)
{
    return dtypes[type].name;
}

size_t encnet__dtype_bytes(encnet__dtype type)
{
    return dtypes[type].bytes;
}

bool encnet__dtype_find(encnet__dtype *out, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(dtypes); i++) {
        if (strcmp(dtypes[i].name, name) != 0) continue;
        *out = (encnet__dtype)i;
        return true;
    }
    return false;
}

/* -- the file ---------------------------------------------------------------------------------- */

static encnet_status read_at(const encnet__st_file *f, void *out, uint64_t at, size_t size)
{
    char *to = out;

    if (f->fd < 0) {
        memcpy(out, f->memory + at, size); /* the range was checked against the file's size */
        return ENCNET_OK;
    }
    while (size) {
        ssize_t got = pread(f->fd, to, size, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return encnet__fail(ENCNET_E_IO, "%s: %s", f->path, strerror(errno));
        if (got == 0)
            return encnet__fail(ENCNET_E_CHECKPOINT, "%s: it shrank while it was read", f->path);
        to += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return ENCNET_OK;
}

/* Reads the header, whose size the file gives, and has it parsed. */
static encnet_status load_header(encnet__st_file *f, uint64_t file_bytes)
{
    encnet_status rc = ENCNET_OK;
    uint8_t head[8];
    uint64_t n = 0;

    if (file_bytes < sizeof head)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %llu bytes are too short for a safetensors file", f->path,
             (unsigned long long)file_bytes);
    TRY(read_at(f, head, 0, sizeof head));
    for (int i = 7; i >= 0; i--) n = n << 8 | head[i];
    if (n > ENCNET__ST_MAX_HEADER || n > file_bytes - 8)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: not a safetensors file, or truncated: it has %llu bytes and claims a header of "
             "%llu",
             f->path, (unsigned long long)file_bytes, (unsigned long long)n);
    f->data_at = 8 + n;
    f->data_bytes = file_bytes - f->data_at;
    f->header = encnet__alloc((size_t)n + 1, 1);
    if (!f->header)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for a header of %llu bytes", f->path,
             (unsigned long long)n);
    TRY(read_at(f, f->header, 8, (size_t)n));
    TRY(encnet__st_parse(f, (size_t)n));
done:
    return rc;
}

static encnet_status new_file(encnet__st_file **out, const char *path)
{
    encnet__st_file *f = encnet__alloc(1, sizeof *f);

    if (f) f->path = encnet__strdup(path);
    if (!f || !f->path) {
        encnet__free(f);
        return encnet__fail(ENCNET_E_NOMEM, "%s: no memory for its name", path);
    }
    f->fd = -1;
    *out = f;
    return ENCNET_OK;
}

encnet_status encnet__st_open(encnet__st_file **out, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__st_file *f = NULL;
    struct stat st;

    TRY(new_file(&f, path));
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) FAIL(ENCNET_E_CHECKPOINT, "%s: not a regular file", path);
    TRY(load_header(f, (uint64_t)st.st_size));
    *out = f;
    f = NULL;
done:
    encnet__st_close(f);
    return rc;
}

encnet_status encnet__st_open_memory(encnet__st_file **out, const void *bytes, size_t size,
                                     const char *name)
{
    encnet_status rc = ENCNET_OK;
    encnet__st_file *f = NULL;

    TRY(new_file(&f, name));
    f->memory = bytes;
    TRY(load_header(f, size));
    *out = f;
    f = NULL;
done:
    encnet__st_close(f);
    return rc;
}

void encnet__st_close(encnet__st_file *f)
{
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    encnet__free(f->tensors);
    encnet__free(f->pairs);
    encnet__free(f->by_name);
    encnet__free(f->header);
    encnet__free(f->path);
    encnet__free(f);
}

const encnet__st_tensor *encnet__st_find(const encnet__st_file *f, const char *name)
{
    size_t low = 0, high = f->n_tensors;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const encnet__st_tensor *t = &f->tensors[f->by_name[middle]];
        int order = strcmp(name, t->name);
        if (order == 0) return t;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *encnet__st_metadata(const encnet__st_file *f, const char *key)
{
    for (size_t i = 0; i < f->n_pairs; i++)
        if (strcmp(f->pairs[i].key, key) == 0) return f->pairs[i].value;
    return NULL;
}

/* -- numbers ----------------------------------------------------------------------------------- */

static float from_half(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float sign = h & 0x8000 ? -1.0f : 1.0f;

    if (exponent == 31) return fraction ? NAN : sign * INFINITY;
    if (exponent == 0) return sign * ldexpf((float)fraction, -24);
    return sign * ldexpf((float)(1024 + fraction), exponent - 25);
}

/* n elements of type `type` at `in` as floats. */
static void to_floats(float *out, const uint8_t *in, encnet__dtype type, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        uint32_t bits;
        double wide;
        switch (type) {
        case ENCNET__F16:
            memcpy(&half, in + 2 * i, 2);
            out[i] = from_half(half);
            break;
        case ENCNET__BF16:
            memcpy(&half, in + 2 * i, 2);
            bits = (uint32_t)half << 16;
            memcpy(&out[i], &bits, 4);
            break;
        case ENCNET__F64:
            memcpy(&wide, in + 8 * i, 8);
            out[i] = (float)wide;
            break;
        default:
            memcpy(&out[i], in + 4 * i, 4);
        }
    }
}

static encnet_status bad_type(const encnet__st_file *f, const encnet__st_tensor *t,
                              const char *wanted)
{
    return encnet__fail(ENCNET_E_CHECKPOINT, "%s: %s holds %s, %s are wanted", f->path, t->name,
                        dtypes[t->type].name, wanted);
}

encnet_status encnet__st_read_floats(const encnet__st_file *f, const encnet__st_tensor *t,
                                     float *out)
{
    encnet_status rc = ENCNET_OK;
    unsigned size = dtypes[t->type].bytes;
    uint8_t chunk[CHUNK];

    if (t->type != ENCNET__F32 && t->type != ENCNET__F16 && t->type != ENCNET__BF16 &&
        t->type != ENCNET__F64)
        return bad_type(f, t, "floating-point numbers");
    if (t->type == ENCNET__F32) return read_at(f, out, f->data_at + t->offset, (size_t)t->bytes);
    for (uint64_t i = 0, n; i < t->count; i += n) {
        n = t->count - i < CHUNK / size ? t->count - i : CHUNK / size;
        TRY(read_at(f, chunk, f->data_at + t->offset + i * size, (size_t)(n * size)));
        to_floats(out + i, chunk, t->type, (size_t)n);
    }
done:
    return rc;
}

/* One integer of at most 8 bytes, with its sign where the type has one. */
static int64_t to_integer(const uint8_t *in, encnet__dtype type)
{
    unsigned size = dtypes[type].bytes;
    bool is_signed =
        type == ENCNET__I8 || type == ENCNET__I16 || type == ENCNET__I32 || type == ENCNET__I64;
    uint64_t value = 0;

    memcpy(&value, in, size);
    if (is_signed && size < 8 && value >> (8 * size - 1)) value |= UINT64_MAX << (8 * size);
    return (int64_t)value;
}

encnet_status encnet__st_read_ints(const encnet__st_file *f, const encnet__st_tensor *t,
                                   int64_t *out)
{
    encnet_status rc = ENCNET_OK;
    unsigned size = dtypes[t->type].bytes;
    uint8_t chunk[CHUNK];

    switch (t->type) {
    case ENCNET__F8_E5M2:
    case ENCNET__F8_E4M3:
    case ENCNET__F16:
    case ENCNET__BF16:
    case ENCNET__F32:
    case ENCNET__F64:
        return bad_type(f, t, "integers");
    default:
        break;
    }
    for (uint64_t i = 0, n; i < t->count; i += n) {
        n = t->count - i < CHUNK / size ? t->count - i : CHUNK / size;
        TRY(read_at(f, chunk, f->data_at + t->offset + i * size, (size_t)(n * size)));
        for (uint64_t k = 0; k < n; k++) {
            out[i + k] = to_integer(chunk + k * size, t->type);
            if (t->type == ENCNET__U64 && out[i + k] < 0)
                FAIL(ENCNET_E_CHECKPOINT, "%s: %s holds a number beyond 63 bits", f->path, t->name);
        }
    }
done:
    return rc;
}

encnet_status encnet__st_verify(const encnet__st_file *f)
{
    encnet_status rc = ENCNET_OK;
    const char *kept = encnet__st_metadata(f, ENCNET__ST_CRC_KEY);
    uint32_t crc = 0;
    uint8_t chunk[CHUNK];
    char *end;
    unsigned long wanted;

    if (!kept) return ENCNET_OK;
    wanted = strtoul(kept, &end, 16);
    if (strlen(kept) != 8 || *end)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its checksum \"%s\" is damaged", f->path, kept);
    for (uint64_t i = 0, n; i < f->data_bytes; i += n) {
        n = f->data_bytes - i < CHUNK ? f->data_bytes - i : CHUNK;
        TRY(read_at(f, chunk, f->data_at + i, (size_t)n));
        crc = encnet__crc(ENCNET__CRC32, crc, chunk, (size_t)n);
    }
    if (crc != wanted)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: damaged: its %llu bytes of data have checksum %08x, not %08lx", f->path,
             (unsigned long long)f->data_bytes, (unsigned)crc, wanted);
done:
    return rc;
}
