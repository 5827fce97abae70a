/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* state.c - state.ini of a checkpoint: the state of the run as key = value lines. */
#include "train/train.h"

#include <float.h>
#include <limits.h>
#include <string.h>

#include "config/ini.h"
#include "options/options.h"

#define FORMAT 1 /* to be raised when older versions would misread the file */
#define MAX_BYTES (1u << 20)

typedef struct file {
    int format;
    encnet__train_state state;
} file;

/* Lines that checkpoints of older versions lack.  The last line is none of them: without it the file
 * is not whole. */
static const char *const later[] = {"images", "loss_scale", "scaled_steps", "epoch_iters"};

/* The lines in the order in which they are written. */
#define LINE(name, field, of, lo, hi)                                                              \
    {                                                                                              \
        .section = "state", .key = name, .kind = ENCNET__KIND_##of, .least = lo, .most = hi,       \
        .offset = offsetof(file, field)                                                            \
    }
static const encnet__option lines[] = {
    LINE("format", format, INT, 0, INT_MAX),
    LINE("iter", state.iter, INT, 0, INT_MAX),
    LINE("batches", state.batches, UINT64, 0, 0),
    LINE("images", state.images, UINT64, 0, 0),
    LINE("seed", state.seed, UINT64, 0, 0),
    LINE("loss_scale", state.loss_scale, REAL, 0, DBL_MAX),
    LINE("scaled_steps", state.scaled_steps, INT, 0, INT_MAX),
    LINE("epoch_iters", state.epoch_iters, INT, 0, INT_MAX),
    LINE("evaluated_iter", state.evaluated_iter, INT, 0, INT_MAX),
    LINE("best_iter", state.best_iter, INT, 0, INT_MAX),
    LINE("best_miou", state.best_miou, REAL, -DBL_MAX, DBL_MAX),
    LINE("loss", state.loss, REAL, -DBL_MAX, DBL_MAX),
};

static size_t size_of(const encnet__option *line)
{
    return line->kind == ENCNET__KIND_INT ? sizeof(int) : sizeof(uint64_t);
}
_Static_assert(sizeof(double) == sizeof(uint64_t), "size_of() serves both");

/* -- writing ----------------------------------------------------------------------------------- */

/* The measured choices of the device, so that a resumed run computes with the same ones: N = VALUE KEY,
 * the value a word and a number. */
static void add_choices(encnet__text *t, const encnet_device *dev)
{
    const encnet__choice *c;

    if (!dev || !encnet__choice_at(dev, 0)) return;
    encnet__text_add(t, "; what device.tune has measured\n[choices]\n");
    for (int i = 0; (c = encnet__choice_at(dev, i)); i++)
        encnet__text_add(t, "%d = %s %s\n", i + 1, c->value, c->key);
}

encnet_status encnet__state_save(const char *path, const encnet__train_state *s,
                                 const encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    file f = {FORMAT, *s};
    encnet__text t = {0};

    encnet__text_add(
        &t,
        "; where the run is; random numbers are drawn by counter from seed and iteration\n"
        "[state]\nversion = %s\n",
        encnet_version());
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        encnet_option_value value = {0};
        memcpy(&value, (const char *)&f + lines[i].offset, size_of(&lines[i]));
        encnet__text_add(&t, "%s = ", lines[i].key);
        encnet__option_print_value(&t, &lines[i], &value);
        encnet__text_add(&t, "\n");
    }
    add_choices(&t, dev);
    if (t.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory to write it", path);
    TRY(encnet__file_write(path, t.data, t.size));
done:
    encnet__text_free(&t);
    return rc;
}

/* -- reading ----------------------------------------------------------------------------------- */

typedef struct reading {
    file file;
    bool seen[COUNT_OF(lines)]; /* with a number in range */
    const char *fault;          /* why it is no INI file */
    encnet_device *dev;         /* takes the choices; may be NULL */
} reading;

static bool on_section(void *user, int line, const char *name)
{
    (void)user, (void)line;
    return strcmp(name, "state") == 0 || strcmp(name, "choices") == 0;
}

/* "winograd 1230 KEY"; what is none is left out, and the run then computes as it would without it. */
static void take_choice(reading *r, const char *text)
{
    size_t word = strcspn(text, " "), end = word + 1 + strcspn(text + word + !!text[word], " ");
    char value[80];

    if (!r->dev || !text[word] || end >= sizeof value || !text[end]) return;
    memcpy(value, text, end);
    value[end] = '\0';
    if (encnet__choice_keep(r->dev, text + end + 1, value, false) != ENCNET_OK)
        r->fault = "no memory for the choices";
}

static void on_entry(void *user, int line, const char *section, const char *key, const char *text)
{
    reading *r = user;
    encnet_option_value value;

    (void)line;
    if (strcmp(section, "choices") == 0) {
        take_choice(r, text);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (strcmp(lines[i].key, key) != 0) continue;
        r->seen[i] = encnet__option_parse(&value, &lines[i], text);
        if (r->seen[i]) memcpy((char *)&r->file + lines[i].offset, &value, size_of(&lines[i]));
    }
}

static void on_more(void *user, const char *text)
{
    (void)text;
    ((reading *)user)->fault = "a number goes on in the next line";
}

static void on_problem(void *user, int line, const char *sentence)
{
    (void)line;
    ((reading *)user)->fault = sentence;
}

static bool may_lack(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(later); i++)
        if (!strcmp(later[i], key)) return true;
    return false;
}

encnet_status encnet__state_load(encnet__train_state *s, const char *path, encnet_device *dev)
{
    encnet_status rc = ENCNET_OK;
    reading r = {.dev = dev};
    encnet__ini_hooks hooks = {on_section, on_entry, on_more, on_problem, &r};
    char *text = NULL;
    size_t size;

    TRY(encnet__file_read(&text, &size, path, MAX_BYTES));
    encnet__ini_read(text, size, &hooks);
    if (r.seen[0] && r.file.format != FORMAT)
        FAIL(ENCNET_E_CHECKPOINT, "%s: format %d, this version of the library reads %d", path,
             r.file.format, FORMAT);
    if (r.fault) FAIL(ENCNET_E_CHECKPOINT, "%s: %s", path, r.fault);
    if (!size || text[size - 1] != '\n') FAIL(ENCNET_E_CHECKPOINT, "%s: it has no end", path);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (r.seen[i] || may_lack(lines[i].key)) continue;
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s is missing or no number in range", path, lines[i].key);
    }
    *s = r.file.state;
done:
    encnet__free(text);
    return rc;
}
