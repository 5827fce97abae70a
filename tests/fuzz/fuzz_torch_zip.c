/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* fuzz_torch_zip.c - any bytes as a file of tensors, beginning with zip files as PyTorch writes them. */
#include "tensor_file.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static void put(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (8 * i));
}

/* Changes `size` bytes in place; what a change removes becomes the opcode that ends a pickle. */
static void change(uint8_t *data, size_t size)
{
    size_t left = LLVMFuzzerMutate(data, size, size);

    memset(data + left, '.', size - left);
}

/* Mostly changes the pickle alone, and corrects its checksum in the directory. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    enum { CENTRAL = 46, LOCAL = 30, CRC = 16, SIZE = 20, NAME = 28, AT = 42 };
    static const char pickle[] = "data.pkl";
    const size_t ending = sizeof pickle - 1;

    for (size_t i = 0; seed % 4 && size >= CENTRAL && i + CENTRAL <= size; i++) {
        size_t name, at, bytes;
        if (memcmp(data + i, "PK\1\2", 4) != 0) continue;
        name = (size_t)encnet__little(data + i + NAME, 2);
        at = (size_t)encnet__little(data + i + AT, 4);
        bytes = (size_t)encnet__little(data + i + SIZE, 4);
        if (name < ending || i + CENTRAL + name > size || at + LOCAL > size ||
            memcmp(data + i + CENTRAL + name - ending, pickle, ending) != 0)
            continue;
        at += LOCAL + (size_t)encnet__little(data + at + 26, 2) +
              (size_t)encnet__little(data + at + 28, 2);
        if (bytes == 0 || at > size || bytes > size - at || at + bytes > i) continue;
        change(data + at, bytes);
        put(data + i + CRC, encnet__crc(ENCNET__CRC32, 0, data + at, bytes));
        return size;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
