/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* checkpoint.c - finds the weights and the metadata in the dictionaries of a checkpoint. */
#include "files/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "files/format.h"

#define MAX_CLASSES 4096u
#define MAX_TEXTS 1000u /* further lines of metadata are left out */
#define MAX_CONFIG (1u << 20)
#define SHOWN_KEYS 8u /* in a message */

typedef encnet__value value;

static encnet_status add_pair(encnet__tensor_file *f, const char *key, const char *text)
{
    encnet_status rc = ENCNET_OK;
    size_t key_size = strlen(key) + 1, size = strlen(text) + 1;
    char *kept = encnet__file_memory(f, key_size + size);

    if (!kept) FAIL(ENCNET_E_NOMEM, "%s: no memory for its metadata", f->path);
    memcpy(kept, key, key_size);
    memcpy(kept + key_size, text, size);
    TRY(encnet__file_add_pair(f, (encnet__pair){kept, kept + key_size}));
done:
    return rc;
}

/* Lists the first keys of a dictionary. */
static void list_keys(encnet__text *out, const value *dict)
{
    size_t n = dict->n / 2;

    for (size_t i = 0; i < n && i < SHOWN_KEYS; i++) {
        const char *key = encnet__value_text(dict->items[2 * i]);
        encnet__text_add(out, "%s%.60s", i ? ", " : "", key ? key : "(no text)");
    }
    if (n > SHOWN_KEYS) encnet__text_add(out, ", ...");
}

/* How many values of a dictionary are objects that a call makes, as tensors are. */
static size_t count_objects(const value *dict)
{
    size_t n = 0;

    for (size_t i = 1; encnet__value_is(dict, ENCNET__VALUE_DICT) && i < dict->n; i += 2)
        n += encnet__value_is(dict->items[i], ENCNET__VALUE_CALL);
    return n;
}

/* The dictionary of tensors in another, at most `depth` further down: under the name that programs use
 * most, or else the one with the most objects.  Weights come before their averages. */
static const value *find_weights(const value *dict, int depth)
{
    static const char *const keys[] = {"state_dict",     "model_state_dict", "model",    "net",
                                       "network",        "weights",          "module",   "ema",
                                       "ema_state_dict", "state_dict_ema",   "model_ema"};
    const value *best = dict;

    if (!encnet__value_is(dict, ENCNET__VALUE_DICT) || depth == 0) return dict;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const value *inner = find_weights(encnet__value_get(dict, keys[i]), depth - 1);
        if (count_objects(inner)) return inner;
    }
    for (size_t i = 1; i < dict->n; i += 2) {
        const value *inner = dict->items[i];
        if (count_objects(inner) > count_objects(best)) best = inner;
    }
    return best;
}

encnet_status encnet__checkpoint_weights(const value **out, const encnet__tensor_file *f,
                                         const value *root)
{
    const value *object = root;

    /* a whole network, by itself or under the usual name */
    if (encnet__value_is(encnet__value_get(root, "model"), ENCNET__VALUE_CALL) &&
        count_objects(root) == 1)
        object = encnet__value_get(root, "model");
    if (encnet__value_is(object, ENCNET__VALUE_CALL) &&
        object->call.callee->kind == ENCNET__VALUE_GLOBAL)
        return encnet__fail(ENCNET_E_CHECKPOINT,
                            "%s: holds a whole object of %.100s.%.100s, which only its own program "
                            "can read; save its state_dict() instead",
                            f->path, object->call.callee->global.module,
                            object->call.callee->global.name);
    *out = find_weights(root, 3);
    if (!encnet__value_is(*out, ENCNET__VALUE_DICT))
        return encnet__fail(ENCNET_E_CHECKPOINT, "%s: what it holds is no dictionary of tensors",
                            f->path);
    return ENCNET_OK;
}

encnet_status encnet__checkpoint_add(encnet__tensor_file *f, encnet__file_tensor *t,
                                     const value *key)
{
    encnet_status rc = ENCNET_OK;
    const char *text = encnet__value_text(key);
    char *name;

    if (!text || !encnet__is_utf8(text, strlen(text)))
        FAIL(ENCNET_E_CHECKPOINT, "%s: the name of tensor %zu is no text", f->path, f->n_tensors);
    if (f->n_tensors == ENCNET__MAX_TENSORS)
        FAIL(ENCNET_E_CHECKPOINT, "%s: more than %u tensors", f->path, ENCNET__MAX_TENSORS);
    name = encnet__file_memory(f, strlen(text) + 1);
    if (!name) FAIL(ENCNET_E_NOMEM, "%s: no memory for its names", f->path);
    t->name = memcpy(name, text, strlen(text) + 1);
    TRY(encnet__file_add_tensor(f, t));
done:
    return rc;
}

static bool is_in(const char *module, const char *package)
{
    size_t size = strlen(package);

    return strncmp(module, package, size) == 0 && (!module[size] || module[size] == '.');
}

/* What makes a tensor of any kind: a call of torch._utils._rebuild_..., of numpy's _reconstruct. */
static const value *tensor_maker(const value *v)
{
    const value *callee = encnet__value_is(v, ENCNET__VALUE_CALL) ? v->call.callee : NULL;

    if (!callee || callee->kind != ENCNET__VALUE_GLOBAL) return NULL;
    if (strcmp(callee->global.name, "_rebuild_device_tensor_from_numpy") == 0) return callee;
    if (is_in(callee->global.module, "torch"))
        return strstr(callee->global.name, "ebuild") || strstr(callee->global.name, "ensor") ||
                       strcmp(callee->global.name, "Parameter") == 0
                   ? callee
                   : NULL;
    if (is_in(callee->global.module, "numpy"))
        return strcmp(callee->global.name, "_reconstruct") == 0 ? callee : NULL;
    return NULL;
}

encnet_status encnet__checkpoint_may_skip(const encnet__tensor_file *f, const value *key,
                                          const value *v)
{
    const value *maker = tensor_maker(v);
    const char *name = encnet__value_text(key);

    if (!maker) return ENCNET_OK;
    return encnet__fail(ENCNET_E_CHECKPOINT,
                        "%s: %s is a tensor of a kind that cannot be read (%s.%s): store it as "
                        "float32 on the CPU",
                        f->path, name ? name : "a tensor", maker->global.module,
                        maker->global.name);
}

encnet_status encnet__checkpoint_check(const encnet__tensor_file *f, const value *weights)
{
    encnet__text keys = {0};

    if (f->n_tensors) return ENCNET_OK;
    list_keys(&keys, weights);
    (void)encnet__fail(ENCNET_E_CHECKPOINT,
                       "%s: no tensors, neither under state_dict or model nor beside %s", f->path,
                       keys.data ? keys.data : "anything");
    encnet__text_free(&keys);
    return ENCNET_E_CHECKPOINT;
}

/* Adds a list of names as "a\nb\nc"; anything that is no such list is passed over. */
static encnet_status add_classes(encnet__tensor_file *f, const value *names)
{
    encnet_status rc = ENCNET_OK;
    encnet__text all = {0};

    if (!encnet__value_item(names, 0) || names->n > MAX_CLASSES) goto done;
    for (size_t i = 0; i < names->n; i++) {
        const char *name = encnet__value_text(names->items[i]);
        if (!name || strchr(name, '\n') || !encnet__is_utf8(name, strlen(name))) goto done;
        encnet__text_add(&all, "%s%s", i ? "\n" : "", name);
    }
    if (all.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the names of its classes", f->path);
    TRY(add_pair(f, ENCNET__CLASS_NAMES_KEY, all.data));
done:
    encnet__text_free(&all);
    return rc;
}

/* Adds a list of colours as "r,g,b\nr,g,b"; anything that is no such list is passed over. */
static encnet_status add_palette(encnet__tensor_file *f, const value *colours)
{
    encnet_status rc = ENCNET_OK;
    encnet__text all = {0};

    if (!encnet__value_item(colours, 0) || colours->n > MAX_CLASSES) goto done;
    for (size_t i = 0; i < colours->n; i++)
        for (size_t c = 0; c < 3; c++) {
            uint64_t v;
            if (!encnet__value_count(&v, encnet__value_item(colours->items[i], c)) || v > 255)
                goto done;
            encnet__text_add(&all, "%s%d", c ? "," : i ? "\n" : "", (int)v);
        }
    if (all.failed) FAIL(ENCNET_E_NOMEM, "%s: no memory for the colours of its classes", f->path);
    TRY(add_pair(f, ENCNET__PALETTE_KEY, all.data));
done:
    encnet__text_free(&all);
    return rc;
}

/* Adds a configuration, which is longer than the texts that a pickle's values keep; one that is none
 * is passed over. */
static encnet_status add_config(encnet__tensor_file *f, const value *meta, const char *key)
{
    encnet_status rc = ENCNET_OK;
    const value *v = encnet__value_get(meta, key);
    char *text;
    size_t size;

    if (!encnet__value_is(v, ENCNET__VALUE_STRING) || v->string.size > MAX_CONFIG) goto done;
    size = (size_t)v->string.size;
    text = encnet__file_memory(f, size + 1);
    if (!text) FAIL(ENCNET_E_NOMEM, "%s: no memory for its configuration", f->path);
    TRY(encnet__file_bytes(f, text, v->string.at, size));
    if (strlen(text) != size || !encnet__is_utf8(text, size)) goto done;
    TRY(encnet__file_add_pair(f, (encnet__pair){key, text}));
done:
    return rc;
}

/* Adds the entries that are texts, unless the key has been added before. */
static encnet_status add_texts(encnet__tensor_file *f, const value *meta)
{
    encnet_status rc = ENCNET_OK;

    if (!encnet__value_is(meta, ENCNET__VALUE_DICT)) goto done;
    for (size_t i = 0; i + 1 < meta->n && f->n_pairs < MAX_TEXTS; i += 2) {
        const char *key = encnet__value_text(meta->items[i]),
                   *text = encnet__value_text(meta->items[i + 1]);
        if (!key || !text || encnet__tensor_file_metadata(f, key)) continue;
        if (!encnet__is_utf8(key, strlen(key)) || !encnet__is_utf8(text, strlen(text))) continue;
        TRY(add_pair(f, key, text));
    }
done:
    return rc;
}

encnet_status encnet__checkpoint_add_meta(encnet__tensor_file *f, const value *root)
{
    encnet_status rc = ENCNET_OK;
    const value *meta = encnet__value_get(root, "meta"),
                *names = encnet__value_get(meta, "CLASSES"),
                *colours = encnet__value_get(meta, "PALETTE");
    const value *data = encnet__value_get(meta, "dataset_meta"); /* of mmengine */
    uint64_t iteration;
    char text[24];

    if (!names) names = encnet__value_get(data, "classes");
    if (!names) names = encnet__value_get(data, "CLASSES");
    if (!colours) colours = encnet__value_get(data, "palette");
    TRY(add_classes(f, names));
    TRY(add_palette(f, colours));
    if (encnet__value_count(&iteration, encnet__value_get(meta, "iter"))) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)iteration);
        TRY(add_pair(f, ENCNET__ITERATION_KEY, text));
    }
    TRY(add_config(f, meta, ENCNET__MMCV_CONFIG_KEY));
    TRY(add_config(f, meta, ENCNET__MMENGINE_CONFIG_KEY));
    TRY(add_texts(f, meta));
done:
    return rc;
}
