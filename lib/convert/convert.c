/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* convert.c - converts a checkpoint from one file format to another, bit for bit, or to an ONNX model. */
#define _POSIX_C_SOURCE 200809L
#include "config/config.h"
#include "files/weights_file.h"
#include "train/train.h"

#include <encnet/convert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/data.h"
#include "files/format.h"
#include "files/safetensors.h"
#include "graph/weights.h"
#include "models/read_weights.h"
#include "models/description.h"
#include "models/models.h"
#include "files/names.h"
#include "convert/config.h"
#include "convert/mmcv.h"
#include "convert/onnx.h"

#define OUR_KEYS "encnet." /* prefix of the metadata keys that this library defines */

typedef struct conversion conversion;

/* A format that can be written. */
typedef struct writer {
    const encnet__file_format *format; /* NULL: it cannot be read */
    const char *ending;                /* if there is no format */
    encnet_status (*write)(conversion *c);
    bool is_mmcv; /* as mmcv writes it: with the optimiser's state, and entries of its own */
} writer;

struct conversion {
    const char *in, *out;
    const writer *writer;
    encnet__tensor_file *file;
    const encnet__dialect *dialect; /* of its names; NULL = unknown */
    encnet__description description;
    encnet__metadata metadata;    /* the description as key-value pairs */
    encnet__weights *network;     /* names, shapes and order; NULL = unknown */
    encnet__file_tensor *tensors; /* of `file`, in the order of OUT */
    size_t n_tensors;
    encnet__pair *pairs; /* the metadata of OUT */
    size_t n_pairs;
    int64_t iter;       /* iterations of training; negative = unknown */
    char iteration[24]; /* the same as text */

    /* only if IN is a checkpoint directory */
    encnet__train_state state;
    encnet_config *config;
    encnet__tensor_file *momenta; /* NULL = no optimiser */
    encnet__mmcv_param *params;
    size_t n_params;
};

static encnet_status no_memory(const conversion *c)
{
    return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to convert it", c->in);
}

/* -- reading IN -------------------------------------------------------------------------------- */

/* Fails if OUT is a file of IN, or one of another checkpoint. */
static encnet_status check_apart(const conversion *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__inputs inputs = {0};

    TRY(encnet__inputs_add(&inputs, c->in));
    TRY(encnet__inputs_refuse(&inputs, c->out));
    TRY(encnet__training_refuse(c->out));
done:
    encnet__inputs_free(&inputs);
    return rc;
}

static encnet_status open_part(encnet__tensor_file **out, const conversion *c, const char *name)
{
    encnet_status rc = ENCNET_OK;
    char *path = encnet__path_join(c->in, name);

    if (!path) return no_memory(c);
    TRY(encnet__tensor_file_open(out, path));
done:
    encnet__free(path);
    return rc;
}

static encnet_status open_directory(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    char *state = encnet__path_join(c->in, ENCNET__STATE_FILE),
         *config = encnet__path_join(c->in, ENCNET__CONFIG_FILE);

    if (!state || !config) TRY(no_memory(c));
    TRY(encnet__checkpoint_verify(c->in));
    TRY(open_part(&c->file, c, ENCNET__WEIGHTS_FILE));
    TRY(encnet__state_load(&c->state, state, NULL));
    c->iter = c->state.iter;
    if (!c->writer->is_mmcv) goto done;
    TRY(open_part(&c->momenta, c, ENCNET__OPTIMIZER_FILE));
    rc = encnet__config_load_saved(&c->config, config, NULL, NULL);
    if (rc == ENCNET_E_CONFIG) FAIL(ENCNET_E_CHECKPOINT, "%s: %s", config, encnet_last_error());
done:
    encnet__free(state);
    encnet__free(config);
    return rc;
}

static encnet_status open_in(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__text remarks = {0};
    bool is_folder;

    TRY(check_apart(c));
    TRY(encnet__look_for_directory(&is_folder, c->in));
    if (is_folder) {
        TRY(open_directory(c));
    } else {
        TRY(encnet__tensor_file_open(&c->file, c->in));
        TRY(encnet__tensor_file_verify(c->file));
        TRY(encnet__translate_file(c->file, &c->dialect, &remarks));
        encnet__remarks_say(&remarks);
        c->iter = encnet__tensor_file_iteration(c->file);
    }
    TRY(encnet__description_read(&c->description, c->file));
done:
    encnet__text_free(&remarks);
    return rc;
}

/* -- the network ------------------------------------------------------------------------------- */

/* Takes the names of the classes from the options unless the file has as many. */
static encnet_status name_classes(conversion *c, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = &c->description;
    int n = options->model.classes;
    encnet__class *classes = NULL;

    if (d->n_names == n) return ENCNET_OK;
    classes = encnet__alloc(ENCNET_MAX_CLASSES, sizeof *classes);
    if (!classes) return no_memory(c);
    TRY(encnet__classes_of(classes, options));
    d->n_names = d->n_colours = n;
    for (int i = 0; i < n; i++) {
        snprintf(d->classes[i].name, sizeof d->classes[i].name, "%s", classes[i].name);
        memcpy(d->classes[i].rgb, classes[i].rgb, sizeof classes[i].rgb);
    }
done:
    encnet__free(classes);
    return rc;
}

/* Builds the list of weights of the network that the options or IN describe, and checks IN's
 * weights against it. */
static encnet_status know_network(conversion *c, const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet__description *d = &c->description;
    encnet__load strict = {.scope = ENCNET__LOAD_ALL};

    if (options) {
        d->has_network = true;
        d->options = *options;
    }
    if (!d->has_network) return ENCNET_OK;
    TRY(encnet__weights_new(&c->network, NULL));
    rc = encnet__network_declare(c->network, &d->options);
    if (rc == ENCNET_E_ARG && !options)
        FAIL(ENCNET_E_CHECKPOINT, "%s: %s", c->file->path, encnet_last_error());
    TRY(rc);
    TRY(encnet__weights_check(c->network, c->file, &strict));
    if (options) TRY(name_classes(c, options));
done:
    return rc;
}

/* -- what is written --------------------------------------------------------------------------- */

/* Lists the tensors in the order of mmsegmentation's state dict if the network is known, else of
 * IN. */
static encnet_status order_tensors(conversion *c)
{
    size_t n = c->network ? (size_t)encnet__weights_count(c->network) : c->file->n_tensors;

    c->tensors = encnet__alloc(n, sizeof *c->tensors);
    if (!c->tensors && n) return no_memory(c);
    for (size_t i = 0; i < n; i++) {
        const encnet__file_tensor *t =
            c->network
                ? encnet__tensor_file_find(c->file, encnet__weights_at(c->network, (int)i)->name)
                : &c->file->tensors[i];
        if (t) c->tensors[c->n_tensors++] = *t;
    }
    return ENCNET_OK;
}

/* Whether mmcv stores this entry as something other than text. */
static bool is_mmcv_entry(const char *key)
{
    static const char *const keys[] = {ENCNET__CLASS_NAMES_KEY,
                                       ENCNET__PALETTE_KEY,
                                       ENCNET__ITERATION_KEY,
                                       "CLASSES",
                                       "PALETTE",
                                       "iter",
                                       "epoch"};

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(key, keys[i]) == 0) return true;
    return false;
}

static void add_pair(conversion *c, encnet__pair pair)
{
    if (!c->writer->is_mmcv || !is_mmcv_entry(pair.key)) c->pairs[c->n_pairs++] = pair;
}

/* Collects the metadata: the description, the iterations, and the entries of IN that this library
 * does not define. */
static encnet_status collect_pairs(conversion *c)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__description_write(&c->metadata, &c->description));
    c->pairs = encnet__alloc((size_t)c->metadata.n + c->file->n_pairs + 1, sizeof *c->pairs);
    if (!c->pairs) TRY(no_memory(c));
    for (int i = 0; i < c->metadata.n; i++) add_pair(c, c->metadata.pairs[i]);
    snprintf(c->iteration, sizeof c->iteration, "%lld", (long long)c->iter);
    if (c->iter >= 0) add_pair(c, (encnet__pair){ENCNET__ITERATION_KEY, c->iteration});
    for (size_t i = 0; i < c->file->n_pairs; i++)
        if (strncmp(c->file->pairs[i].key, OUR_KEYS, strlen(OUR_KEYS)) != 0)
            add_pair(c, c->file->pairs[i]);
done:
    return rc;
}

/* The iterations of an epoch.  A checkpoint of an older version does not say; then an epoch counts as one iteration for
 * the learning rate, which mmcv computes anew in each step. */
static int epoch_iters_of(const conversion *c)
{
    const encnet_options *o = encnet_config_options(c->config);

    if (c->state.epoch_iters) return c->state.epoch_iters;
    if (o->train.epochs || encnet__by_epoch(&o->optimizer))
        encnet__say(ENCNET_LOG_WARNING,
                    "%s: does not say how many iterations an epoch has, so that the learning rate "
                    "in %s is not that of "
                    "the run",
                    c->in, c->out);
    return 1;
}

/* Collects momentum and learning rates of the parameters, in the order of mmsegmentation. */
static encnet_status collect_params(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    const encnet_options *o = encnet_config_options(c->config);
    encnet__load momentum = {.scope = ENCNET__LOAD_MOMENTUM};
    int last = c->state.iter > 0 ? c->state.iter - 1 : 0, epoch_iters = epoch_iters_of(c);

    if (!c->network)
        FAIL(ENCNET_E_CHECKPOINT, "%s: does not say which network it is", c->file->path);
    TRY(encnet__weights_check(c->network, c->momenta, &momentum));
    c->params = encnet__alloc((size_t)encnet__weights_count(c->network), sizeof *c->params);
    if (!c->params) TRY(no_memory(c));
    for (int i = 0; i < encnet__weights_count(c->network); i++) {
        const encnet__param *p = encnet__weights_at(c->network, i);
        encnet__mmcv_param *to = &c->params[c->n_params];
        double mult;
        if (!p->trainable) continue;
        to->momentum = encnet__tensor_file_find(c->momenta, p->name);
        TRY(encnet__lr_mult(&mult, o->optimizer.lr_mult, p->name));
        to->lr = encnet__lr_of(&o->optimizer, mult, last, encnet__max_iters(&o->train, epoch_iters),
                               epoch_iters);
        to->initial_lr = o->optimizer.lr * mult;
        c->n_params++;
    }
done:
    return rc;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Allocates a buffer for the largest tensor. */
static void *new_buffer(const conversion *c)
{
    uint64_t most = 1;

    for (size_t i = 0; i < c->n_tensors; i++)
        if (encnet__file_tensor_bytes(&c->tensors[i]) > most)
            most = encnet__file_tensor_bytes(&c->tensors[i]);
    for (size_t i = 0; i < c->n_params; i++)
        if (encnet__file_tensor_bytes(c->params[i].momentum) > most)
            most = encnet__file_tensor_bytes(c->params[i].momentum);
    return encnet__alloc((size_t)most, 1);
}

static encnet_status write_safetensors(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__st_writer *w = NULL;
    /* the writer changes the offsets of its tensors */
    encnet__file_tensor *described = encnet__alloc(c->n_tensors, sizeof *described);
    void *buffer = new_buffer(c);
    int next;

    if (!described || !buffer) TRY(no_memory(c));
    memcpy(described, c->tensors, c->n_tensors * sizeof *described);
    TRY(encnet__st_writer_new(&w, c->out, described, c->n_tensors, c->pairs, c->n_pairs));
    while ((next = encnet__st_writer_next(w)) >= 0) {
        TRY(encnet__tensor_file_read(c->file, &c->tensors[next], buffer));
        TRY(encnet__st_writer_put(w, buffer, (size_t)encnet__file_tensor_bytes(&c->tensors[next])));
    }
    TRY(encnet__st_writer_commit(w));
done:
    encnet__st_writer_free(w);
    encnet__free(described);
    encnet__free(buffer);
    return rc;
}

static encnet_status put(encnet__torch_writer *w, void *buffer, const encnet__tensor_file *f,
                         const encnet__file_tensor *t)
{
    encnet_status rc = ENCNET_OK;

    TRY(encnet__tensor_file_read(f, t, buffer));
    TRY(encnet__torch_writer_put(w, buffer, (size_t)encnet__file_tensor_bytes(t)));
done:
    return rc;
}

static encnet_status write_torch(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__torch_writer *w = NULL;
    const encnet_optimizer_options *o =
        c->config ? &encnet_config_options(c->config)->optimizer : NULL;
    encnet__mmcv_checkpoint object = {
        .weights = c->tensors,
        .n_weights = c->n_tensors,
        .description = &c->description,
        .texts = c->pairs,
        .n_texts = c->n_pairs,
        .iter = c->iter,
        .params = c->params,
        .n_params = c->n_params,
        .group_each = o && o->lr_mult[0],
        .momentum = o ? o->momentum : 0,
        .weight_decay = o ? o->weight_decay : 0,
    };
    void *buffer = new_buffer(c);

    if (!buffer) TRY(no_memory(c));
    TRY(encnet__torch_writer_new(&w, c->out));
    TRY(encnet__mmcv_write(w, &object));
    for (size_t i = 0; i < c->n_tensors; i++) TRY(put(w, buffer, c->file, &c->tensors[i]));
    for (size_t i = 0; i < c->n_params; i++) TRY(put(w, buffer, c->momenta, c->params[i].momentum));
    TRY(encnet__torch_writer_commit(w));
done:
    encnet__torch_writer_free(w);
    encnet__free(buffer);
    return rc;
}

static encnet_status read_weight(void *user, const char *name, void *out, size_t bytes)
{
    conversion *c = user;
    const encnet__file_tensor *t = encnet__tensor_file_find(c->file, name);

    if (!t || encnet__file_tensor_bytes(t) != bytes)
        return encnet__fail(ENCNET_E_INTERNAL, "%s: %zu bytes for the weight %s", c->in, bytes,
                            name);
    return encnet__tensor_file_read(c->file, t, out);
}

static encnet_status write_onnx(conversion *c)
{
    encnet_status rc = ENCNET_OK;
    encnet__onnx *m = NULL;

    if (!c->network)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: does not say which network it is, which an ONNX model must know; pass a "
             "configuration",
             c->in);
    TRY(encnet__onnx_of(&m, &c->description.options, c->network, c->tensors, c->n_tensors));
    for (size_t i = 0; i < c->n_pairs; i++)
        encnet__onnx_property(m, c->pairs[i].key, c->pairs[i].value);
    TRY(encnet__onnx_write(m, c->out, read_weight, c));
    c->n_tensors = (size_t)encnet__onnx_weights_used(m);
done:
    encnet__onnx_free(m);
    return rc;
}

/* -- the format of OUT -------------------------------------------------------------------------  */

static const writer writers[] = {
    {.format = &encnet__format_safetensors, .write = write_safetensors},
    {.format = &encnet__format_torch_zip, .write = write_torch, .is_mmcv = true},
    {.ending = ".onnx", .write = write_onnx},
};

static const char *ending_of(const writer *w)
{
    return w->format ? w->format->ending : w->ending;
}

static bool ends_in(const char *path, const char *ending)
{
    size_t size = strlen(path), n = strlen(ending);

    return size > n && strcmp(path + size - n, ending) == 0;
}

/* By the ending of OUT. */
static encnet_status choose_writer(conversion *c)
{
    encnet__text endings = {0};

    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        const char *ending = ending_of(&writers[i]);
        if (ends_in(c->out, ending)) c->writer = &writers[i];
        encnet__text_add(&endings, "%s%s",
                         !i                          ? ""
                         : i + 1 < COUNT_OF(writers) ? ", "
                                                     : " or ",
                         ending);
    }
    if (!c->writer)
        (void)encnet__fail(ENCNET_E_ARG, "%s: its ending must be %s", c->out,
                           endings.data ? endings.data : "another");
    encnet__text_free(&endings);
    return c->writer ? ENCNET_OK : ENCNET_E_ARG;
}

static void release(conversion *c)
{
    encnet__tensor_file_close(c->file);
    encnet__tensor_file_close(c->momenta);
    encnet__weights_free(c->network);
    encnet__metadata_free(&c->metadata);
    encnet_config_free(c->config);
    encnet__free(c->tensors);
    encnet__free(c->pairs);
    encnet__free(c->params);
    encnet__free(c);
}

/* A file of weights takes numbers as they are; that no network can use one is said.  A model with such a
 * number would be of no use. */
static encnet_status look_at_numbers(const conversion *c)
{
    encnet_status rc = ENCNET_OK;
    float *x = NULL;
    size_t at, others = 0;
    encnet__text line = {0};

    for (size_t i = 0; i < c->n_tensors; i++) {
        const encnet__file_tensor *t = &c->tensors[i];
        if (!encnet__type_is_float(t->type)) continue;
        encnet__free(x);
        x = encnet__alloc((size_t)t->count + 1, sizeof *x);
        if (!x) TRY(no_memory(c));
        TRY(encnet__tensor_file_read_floats(c->file, t, x));
        if (encnet__tensor_is_sound(t->name, x, (size_t)t->count, &at)) continue;
        if (line.size)
            others++;
        else
            encnet__text_add(&line, "%s: number %zu of %s is %g, which no network can use",
                             c->file->path, at, t->name, (double)x[at]);
    }
    if (others) encnet__text_add(&line, "; so it is in %zu more tensors", others);
    if (line.failed) TRY(no_memory(c));
    if (line.size && c->writer->write == write_onnx) FAIL(ENCNET_E_CHECKPOINT, "%s", line.data);
    if (line.size) encnet__say(ENCNET_LOG_WARNING, "%s", line.data);
done:
    encnet__text_free(&line);
    encnet__free(x);
    return rc;
}

static encnet_status convert_file(encnet_converted *result, const char *out, const char *in,
                                  const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    conversion *c = encnet__alloc(1, sizeof *c);
    bool foreign;

    if (!c) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to convert it", in);
    c->in = in;
    c->out = out;
    TRY(choose_writer(c));
    TRY(open_in(c));
    TRY(know_network(c, options));
    TRY(order_tensors(c));
    TRY(look_at_numbers(c));
    TRY(collect_pairs(c));
    if (c->momenta) TRY(collect_params(c));
    TRY(c->writer->write(c));
    foreign = c->dialect && encnet__dialect_is_foreign(c->dialect);
    if (result)
        *result =
            (encnet_converted){.tensors = (int)c->n_tensors,
                               .described = c->description.has_network,
                               .optimizer = c->params != NULL,
                               .translated = foreign ? encnet__dialect_name(c->dialect) : NULL};
done:
    release(c);
    return rc;
}

/* -- folders ----------------------------------------------------------------------------------- */

/* Writes weights and configuration to a folder, which is then a checkpoint directory without what
 * only a training needs. */
static encnet_status convert_to_directory(encnet_converted *result, const char *out, const char *in,
                                          const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    char *weights = encnet__path_join(out, ENCNET__WEIGHTS_FILE),
         *config = encnet__path_join(out, ENCNET__CONFIG_FILE);
    encnet__text ini = {0};
    char *printed = NULL;
    encnet__inputs inputs = {0};
    bool is_new = !encnet__is_directory(out);

    if (!weights || !config) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", out);
    if (encnet__is_directory(in))
        FAIL(ENCNET_E_ARG, "%s: is a checkpoint directory, and %s would be another", in, out);
    TRY(encnet__inputs_add(&inputs, in));
    TRY(encnet__inputs_refuse(&inputs, weights));
    TRY(encnet__inputs_refuse(&inputs, config));
    TRY(encnet__training_refuse(weights));
    TRY(encnet__training_refuse(config));
    if (options) {
        printed = encnet_options_print(options);
        if (!printed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the configuration", config);
        encnet__text_bytes(&ini, printed, strlen(printed));
        TRY(encnet__make_dirs(out));
    } else {
        TRY(encnet__convert_print(&ini, in, out));
    }
    if (ini.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the configuration", config);
    TRY(convert_file(result, weights, in, options));
    TRY(encnet__file_write(config, ini.data, ini.size));
done:
    if (rc != ENCNET_OK && is_new) (void)rmdir(out); /* only if it is there, and empty */
    free(printed);
    encnet__inputs_free(&inputs);
    encnet__text_free(&ini);
    encnet__free(weights);
    encnet__free(config);
    return rc;
}

encnet_status encnet_convert(encnet_converted *result, const char *out, const char *in,
                             const encnet_options *options)
{
    encnet_status rc = ENCNET_OK;
    encnet_options copy;
    char *strings = NULL, *from = NULL;
    size_t size;

    NEED(out);
    NEED(in);
    size = strlen(out);
    from = encnet__link_file_target(in);
    if (!from && encnet__is_directory(in)) TRY(encnet__path_resolve(&from, in));
    if (from) in = from;
    if (options) TRY(encnet__options_take(&copy, &strings, options));
    if (options) options = &copy;
    if ((size && out[size - 1] == '/') || encnet__is_directory(out))
        TRY(convert_to_directory(result, out, in, options));
    else
        TRY(convert_file(result, out, in, options));
done:
    encnet__free(strings);
    encnet__free(from);
    return rc;
}

/* -- lists ------------------------------------------------------------------------------------- */

static bool is_written(const encnet__file_format *format)
{
    for (size_t i = 0; i < COUNT_OF(writers); i++)
        if (writers[i].format == format) return true;
    return false;
}

bool encnet_checkpoint_format_at(int index, encnet_checkpoint_format *out)
{
    const encnet__file_format *format = encnet__file_format_at(index);

    if (!format || !out) return false;
    *out = (encnet_checkpoint_format){.name = format->name,
                                      .ending = format->ending,
                                      .about = format->about,
                                      .written = is_written(format)};
    return true;
}

bool encnet_checkpoint_dialect_at(int index, encnet_checkpoint_dialect *out)
{
    const encnet__dialect *d = encnet__dialect_at(index);

    if (!d || !out) return false;
    *out = (encnet_checkpoint_dialect){encnet__dialect_name(d), encnet__dialect_about(d)};
    return true;
}
