/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* safetensors.c - the safetensors format: finds the header and verifies the data. */
#include "files/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "files/format.h"

#define LENGTH_BYTES 8u /* precede the header and hold its length */

/* The header is JSON, so byte 8 is a brace.  No other format has one there. */
static bool sniff(const uint8_t *head, size_t size)
{
    return size > LENGTH_BYTES && head[LENGTH_BYTES] == '{';
}

/* Reads the length of the header. */
static encnet_status header_bytes(const encnet__tensor_file *f, uint64_t *out)
{
    encnet_status rc = ENCNET_OK;
    uint8_t head[LENGTH_BYTES];

    TRY(encnet__file_bytes(f, head, 0, sizeof head));
    *out = encnet__little(head, sizeof head);
done:
    return rc;
}

static encnet_status parse(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    uint64_t n;
    char *header;

    TRY(header_bytes(f, &n));
    if (n > ENCNET__ST_MAX_HEADER || n > f->bytes - LENGTH_BYTES)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: not a safetensors file, or truncated: it has %llu bytes and claims a header of "
             "%llu",
             f->path, (unsigned long long)f->bytes, (unsigned long long)n);
    header = encnet__file_memory(f, (size_t)n + 1);
    if (!header)
        FAIL(ENCNET_E_NOMEM, "%s: no memory for a header of %llu bytes", f->path,
             (unsigned long long)n);
    TRY(encnet__file_bytes(f, header, LENGTH_BYTES, (size_t)n));
    TRY(encnet__st_parse_header(f, header, (size_t)n, LENGTH_BYTES + n));
done:
    return rc;
}

/* Compares the data with the CRC-32 that our writer puts into the metadata. */
static encnet_status verify(const encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;
    const char *kept = encnet__tensor_file_metadata(f, ENCNET__ST_CRC_KEY);
    uint64_t n, data_at, data_bytes;
    uint32_t crc = 0;
    char *end;
    unsigned long wanted;

    if (!kept) return ENCNET_OK;
    wanted = strtoul(kept, &end, 16);
    if (strlen(kept) != 8 || *end)
        FAIL(ENCNET_E_CHECKPOINT, "%s: its checksum \"%s\" is damaged", f->path, kept);
    TRY(header_bytes(f, &n));
    data_at = LENGTH_BYTES + n;
    data_bytes = f->bytes - data_at;
    TRY(encnet__file_crc(f, &crc, data_at, data_bytes));
    if (crc != wanted)
        FAIL(ENCNET_E_CHECKPOINT,
             "%s: damaged: its %llu bytes of data have checksum %08x, not %08lx", f->path,
             (unsigned long long)data_bytes, (unsigned)crc, wanted);
done:
    return rc;
}

const encnet__file_format encnet__format_safetensors = {
    .name = "safetensors",
    .ending = ".safetensors",
    .about = "our own, and that of Hugging Face; the checksum is verified, if there is one",
    .sniff = sniff,
    .parse = parse,
    .verify = verify,
};
