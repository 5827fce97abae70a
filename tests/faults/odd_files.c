/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * odd_files.c - files that ask for much work, for cli/bounded.sh.
 *
 *   scans FILE SIDE SCANS   a progressive JPEG of SIDE x SIDE pixels, in so many scans
 *   chunks FILE N           a PNG of 40 x 40 pixels behind N small chunks that mean nothing
 *   zip FILE N              a ZIP archive of N empty entries and one that holds an empty dictionary
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <zlib.h>

static int scans(FILE *f, int side, int most)
{
    enum { BITS = 10 };
    jpeg_scan_info *script = calloc((size_t)most + 1, sizeof *script);
    JSAMPLE *row = malloc((size_t)side);
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    int n = 0;

    if (!script || !row) return 2;
    /* the mean first, then one frequency after the other, bit by bit */
    script[n++] = (jpeg_scan_info){1, {0}, 0, 0, 0, 0};
    for (int k = 1; k < 64; k++)
        for (int bit = BITS; bit >= 0 && n < most; bit--)
            script[n++] = (jpeg_scan_info){1, {0}, k, k, bit == BITS ? 0 : bit + 1, bit};
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, f);
    c.image_width = c.image_height = (JDIMENSION)side;
    c.input_components = 1;
    c.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    c.scan_info = script;
    c.num_scans = n;
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) row[x] = (JSAMPLE)((x * y >> 4) ^ x);
        (void)jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(row);
    free(script);
    return 0;
}

static void big(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void chunk(FILE *f, const char *name, const void *data, size_t size)
{
    uint8_t number[4];

    big(number, (uint32_t)size);
    fwrite(number, 1, 4, f);
    fwrite(name, 1, 4, f);
    if (size) fwrite(data, 1, size, f);
    big(number, (uint32_t)crc32(crc32(0, (const Bytef *)name, 4), size ? data : (const void *)"",
                                (uInt)size));
    fwrite(number, 1, 4, f);
}

static int chunks(FILE *f, int n)
{
    static uint8_t pixels[41 * 40], packed[4096], header[13] = {0, 0, 0, 40, 0, 0, 0, 40, 8};
    uLongf size = sizeof packed;

    if (compress(packed, &size, pixels, sizeof pixels) != Z_OK) return 2;
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, f);
    chunk(f, "IHDR", header, sizeof header);
    for (int i = 0; i < n; i++) chunk(f, "tEXt", "a\0b", 3);
    chunk(f, "IDAT", packed, size);
    chunk(f, "IEND", NULL, 0);
    return 0;
}

static void little(FILE *f, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++) fputc((int)(v >> (8 * i) & 255), f);
}

/* What local header and directory say alike: version, flags, method, time, date, checksum, sizes, name. */
static void describe(FILE *f, const char *name, const char *data, uint32_t size)
{
    little(f, 20, 2);
    little(f, 0, 2);
    little(f, 0, 2);
    little(f, 0, 4);
    little(f, (uint32_t)crc32(0, (const Bytef *)data, size), 4);
    little(f, size, 4);
    little(f, size, 4);
    little(f, (uint32_t)strlen(name), 2);
    little(f, 0, 2);
}

static int archive(FILE *f, int n)
{
    static const char empty[] = "\x80\x02}.";
    uint32_t *at = calloc((size_t)n + 1, sizeof *at), directory, entries = (uint32_t)n + 1, end;
    char name[32];

    if (!at) return 2;
    for (int i = 0; i <= n; i++) {
        snprintf(name, sizeof name, i ? "a/data/%d" : "a/data.pkl", i);
        at[i] = (uint32_t)ftell(f);
        fwrite("PK\3\4", 1, 4, f);
        describe(f, name, empty, i ? 0 : sizeof empty - 1);
        fwrite(name, 1, strlen(name), f);
        if (!i) fwrite(empty, 1, sizeof empty - 1, f);
    }
    directory = (uint32_t)ftell(f);
    for (int i = 0; i <= n; i++) {
        snprintf(name, sizeof name, i ? "a/data/%d" : "a/data.pkl", i);
        fwrite("PK\1\2", 1, 4, f);
        little(f, 20, 2);
        describe(f, name, empty, i ? 0 : sizeof empty - 1);
        little(f, 0, 4); /* comment, disk */
        little(f, 0, 2);
        little(f, 0, 4); /* attributes */
        little(f, at[i], 4);
        fwrite(name, 1, strlen(name), f);
    }
    end = (uint32_t)ftell(f);
    fwrite("PK\5\6\0\0\0\0", 1, 8, f);
    little(f, entries > 65535 ? 65535 : entries, 2);
    little(f, entries > 65535 ? 65535 : entries, 2);
    little(f, end - directory, 4);
    little(f, directory, 4);
    little(f, 0, 2);
    free(at);
    return 0;
}

int main(int argc, char **argv)
{
    FILE *f = argc > 3 ? fopen(argv[2], "wb") : NULL;
    int code = 2;

    if (!f) return 2;
    if (!strcmp(argv[1], "scans") && argc > 4) code = scans(f, atoi(argv[3]), atoi(argv[4]));
    if (!strcmp(argv[1], "chunks")) code = chunks(f, atoi(argv[3]));
    if (!strcmp(argv[1], "zip")) code = archive(f, atoi(argv[3]));
    return fclose(f) != 0 || code;
}
