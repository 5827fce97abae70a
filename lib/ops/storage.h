/*
 * storage.h - the options of kernels that read and write activations; the host's side of
 * cl/storage.clh.
 */
#ifndef ENCNET__STORAGE_H
#define ENCNET__STORAGE_H
#include "base/type.h"

typedef struct encnet__options {
    char text[64];
} encnet__options;

/* `options`, and for a type other than float32 the one that makes it the storage type. */
encnet__options encnet__storage(encnet__type type, const char *options);
#endif
