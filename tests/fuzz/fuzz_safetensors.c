/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_safetensors.c - any bytes as a file of tensors, beginning with safetensors. */
#include "tensor_file.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Mostly changes the header alone, and states its new length in front of it. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint64_t header = size >= 8 ? encnet__little(data, 8) : 0;
    size_t changed, behind;
    uint8_t *copy;

    if (header < 2 || header > size - 8 || seed % 4 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    behind = size - 8 - (size_t)header;
    copy = malloc(max_size);
    if (!copy || behind + 8 >= max_size) {
        free(copy);
        return size;
    }
    memcpy(copy, data + 8, (size_t)header);
    changed = LLVMFuzzerMutate(copy, (size_t)header, max_size - behind - 8);
    memmove(data + 8 + changed, data + 8 + header, behind);
    memcpy(data + 8, copy, changed);
    for (int i = 0; i < 8; i++) data[i] = (uint8_t)((uint64_t)changed >> (8 * i));
    free(copy);
    return 8 + changed + behind;
}
