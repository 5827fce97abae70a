/* state.c - state.ini of a checkpoint: the state of the run as key = value lines. */
#include "train/train.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1 /* to be raised when older versions would misread the file */
#define MAX_BYTES 65536u

encnet_status encnet__state_save(const char *path, const encnet__train_state *s)
{
    encnet_status rc = ENCNET_OK;
    encnet__text t = {0};

    encnet__text_add(
        &t, "; where the run is; random numbers are drawn by counter from seed and iteration\n"
            "[state]\n");
    encnet__text_add(&t, "format = %d\nversion = %s\n", FORMAT, encnet_version());
    encnet__text_add(&t, "iter = %d\nbatches = %llu\nimages = %llu\nseed = %llu\n", s->iter,
                     (unsigned long long)s->batches, (unsigned long long)s->images,
                     (unsigned long long)s->seed);
    encnet__text_add(&t, "evaluated_iter = %d\nbest_iter = %d\n", s->evaluated_iter, s->best_iter);
    encnet__text_add(&t, "best_miou = %.17g\nloss = %.17g\n", s->best_miou, s->loss);
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}

/* Returns the text after "key = " at the beginning of a line; NULL if there is none. */
static const char *value_of(const char *text, const char *key)
{
    size_t size = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, key, size) == 0 && strncmp(line + size, " = ", 3) == 0)
            return line + size + 3;
    }
    return NULL;
}

static encnet_status bad(const char *path, const char *key)
{
    return encnet__fail(ENCNET_E_CHECKPOINT, "%s: %s is missing or no number in range", path, key);
}

static encnet_status get_count(uint64_t *out, const char *text, const char *path, const char *key,
                               uint64_t most)
{
    const char *value = value_of(text, key);
    char *end;

    if (!value || *value < '0' || *value > '9') return bad(path, key);
    errno = 0;
    *out = strtoull(value, &end, 10);
    return *end == '\n' && !errno && *out <= most ? ENCNET_OK : bad(path, key);
}

static encnet_status get_int(int *out, const char *text, const char *path, const char *key)
{
    uint64_t value;
    encnet_status rc = get_count(&value, text, path, key, INT32_MAX);

    if (rc == ENCNET_OK) *out = (int)value;
    return rc;
}

static encnet_status get_double(double *out, const char *text, const char *path, const char *key)
{
    const char *value = value_of(text, key);
    char *end;

    if (!value) return bad(path, key);
    *out = strtod(value, &end);
    return end != value && *end == '\n' && isfinite(*out) ? ENCNET_OK : bad(path, key);
}

encnet_status encnet__state_load(encnet__train_state *s, const char *path)
{
    encnet_status rc = ENCNET_OK;
    encnet__train_state read = {0};
    char *text = NULL;
    size_t size;
    int format;

    TRY(encnet__file_read(&text, &size, path, MAX_BYTES));
    if (strlen(text) != size) FAIL(ENCNET_E_CHECKPOINT, "%s: it is no text", path);
    TRY(get_int(&format, text, path, "format"));
    if (format != FORMAT)
        FAIL(ENCNET_E_CHECKPOINT, "%s: format %d, this version of the library reads %d", path,
             format, FORMAT);
    TRY(get_int(&read.iter, text, path, "iter"));
    TRY(get_int(&read.evaluated_iter, text, path, "evaluated_iter"));
    TRY(get_int(&read.best_iter, text, path, "best_iter"));
    TRY(get_count(&read.batches, text, path, "batches", UINT64_MAX));
    if (value_of(text, "images")) TRY(get_count(&read.images, text, path, "images", UINT64_MAX));
    TRY(get_count(&read.seed, text, path, "seed", UINT64_MAX));
    TRY(get_double(&read.best_miou, text, path, "best_miou"));
    TRY(get_double(&read.loss, text, path, "loss"));
    *s = read;
done:
    encnet__free(text);
    return rc;
}
