/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* choices.c - what rooms above have measured to be best on a device: in memory, and on disk.  Lanes share
 * the choices of their device. */
#include "device/internal.h"

#include <string.h>

#define KIND "choice"

enum { QUICK_SECONDS = 60 };

static const encnet__choice *in_memory(const encnet_device *dev, const char *key)
{
    for (int i = 0; i < dev->n_choices; i++)
        if (strcmp(dev->choices[i].key, key) == 0) return &dev->choices[i];
    return NULL;
}

/* Whether choices may change: the disk is looked at. */
static bool is_open(const encnet_device *dev)
{
    return strcmp(dev->options.tune, "off") != 0 && !dev->tuning_stopped;
}

/* The device that has the choices, locked. */
static encnet_device *lock_root(const encnet_device *dev)
{
    encnet_device *root = encnet__device_root((encnet_device *)dev);

    pthread_mutex_lock(&root->lock);
    return root;
}

bool encnet__device_tunes(const encnet_device *dev)
{
    encnet_device *root = lock_root(dev);
    bool quick = strcmp(root->options.tune, "quick") == 0;
    bool tunes = is_open(root) && !(quick && root->tuned_seconds > QUICK_SECONDS);

    pthread_mutex_unlock(&root->lock);
    return tunes;
}

void encnet__device_tuned(encnet_device *dev, double seconds)
{
    encnet_device *root = lock_root(dev);

    root->tuned_seconds += seconds;
    pthread_mutex_unlock(&root->lock);
}

void encnet__device_stop_tuning(encnet_device *dev)
{
    encnet_device *root = lock_root(dev);

    root->tuning_stopped = true;
    pthread_mutex_unlock(&root->lock);
}

static encnet_status remember(encnet_device *dev, const char *key, const char *value)
{
    encnet__choice *grown = encnet__grow(dev->choices, &dev->cap_choices,
                                         (size_t)dev->n_choices + 1, sizeof *grown),
                   made = {encnet__strdup(key), encnet__strdup(value)};

    if (grown) dev->choices = grown;
    if (grown && made.key && made.value) {
        dev->choices[dev->n_choices++] = made;
        return ENCNET_OK;
    }
    encnet__free(made.key);
    encnet__free(made.value);
    return encnet__fail(ENCNET_E_NOMEM, "no memory for a measured choice");
}

/* The caller has the lock. */
static const char *find(encnet_device *dev, const char *key)
{
    const encnet__choice *known = in_memory(dev, key);
    char *value;
    size_t size;

    if (known) return known->value;
    if (!is_open(dev) || !encnet__cache_read(&value, &size, dev, KIND, key)) return NULL;
    if (strlen(value) != size || remember(dev, key, value) != ENCNET_OK) {
        encnet__free(value);
        return NULL;
    }
    encnet__free(value);
    return dev->choices[dev->n_choices - 1].value;
}

const char *encnet__choice_find(encnet_device *dev, const char *key)
{
    encnet_device *root = lock_root(dev);
    const char *value = find(root, key);

    pthread_mutex_unlock(&root->lock);
    return value;
}

encnet_status encnet__choice_keep(encnet_device *dev, const char *key, const char *value,
                                  bool on_disk)
{
    encnet_device *root = lock_root(dev);
    encnet_status rc = ENCNET_OK;

    if (!in_memory(root, key)) {
        if (on_disk) encnet__cache_write(root, KIND, key, value, strlen(value));
        rc = remember(root, key, value);
    }
    pthread_mutex_unlock(&root->lock);
    return rc;
}

/* Devices by vendor and, where its GPUs have different units, by the beginning of their name. */
encnet__matrix encnet__matrix_of(const encnet_device_info *info, bool dpas)
{
    static const struct {
        const char *vendor, *name;
        encnet__matrix units;
    } rows[] = {
        {"NVIDIA", "", ENCNET__MATRIX_NVIDIA},
        {"Advanced Micro Devices", "gfx11", ENCNET__MATRIX_AMD_WMMA},
        {"Advanced Micro Devices", "gfx120", ENCNET__MATRIX_AMD_WMMA12},
        {"Advanced Micro Devices", "gfx90a", ENCNET__MATRIX_AMD_MFMA},
        {"Advanced Micro Devices", "gfx94", ENCNET__MATRIX_AMD_MFMA},
        {"Intel", "", ENCNET__MATRIX_INTEL_DPAS},
    };

    for (size_t i = 0; info->is_gpu && i < COUNT_OF(rows); i++)
        if (strstr(info->vendor, rows[i].vendor) &&
            strncmp(info->name, rows[i].name, strlen(rows[i].name)) == 0 &&
            (rows[i].units != ENCNET__MATRIX_INTEL_DPAS || dpas))
            return rows[i].units;
    return ENCNET__MATRIX_NONE;
}

encnet__trial encnet__matrix_trial(encnet_device *dev, encnet__type type)
{
    encnet_device *root = lock_root(dev);
    encnet__trial result = root->matrix_trials[type];

    pthread_mutex_unlock(&root->lock);
    return result;
}

void encnet__matrix_tried(encnet_device *dev, encnet__type type, encnet__trial result)
{
    encnet_device *root = lock_root(dev);

    root->matrix_trials[type] = result;
    pthread_mutex_unlock(&root->lock);
}

const encnet__choice *encnet__choice_at(const encnet_device *dev, int index)
{
    return index >= 0 && index < dev->n_choices ? &dev->choices[index] : NULL;
}

void encnet__choices_free(encnet_device *dev)
{
    for (int i = 0; i < dev->n_choices; i++) {
        encnet__free(dev->choices[i].key);
        encnet__free(dev->choices[i].value);
    }
    encnet__free(dev->choices);
}
