/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_pocl.c - what is damaged in PoCL's cache is removed, and nothing else. */
#define _XOPEN_SOURCE 700
#include "support/support.h"
#include "device/internal.h"
#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* Makes program `letter` with one file; `path` is what it is called. */
static void make(char path[256], char letter, const char *name, const void *bytes, size_t size)
{
    snprintf(path, 256, "%s/A%c", dir, letter);
    mkdir(path, 0700);
    snprintf(path, 256, "%s/A%c/%037d", dir, letter, 0);
    for (char *p = path + strlen(path) - 37; *p; p++) *p = 'B';
    mkdir(path, 0700);
    strcat(path, "/kernel");
    mkdir(path, 0700);
    strcat(path, "/");
    strcat(path, name);
    write_file(path, bytes, size);
}

static void damaged_files_go(void **state)
{
    static const uint8_t bitcode[] = {'B', 'C', 0xC0, 0xDE, 0x35, 0x14, 0, 0, 1, 0, 0, 0,
                                      1,   2,   3,    4,    0x21, 0x0c, 0, 0, 0, 0, 0, 0};
    uint8_t elf[192] = {0x7f, 'E', 'L', 'F', 2, 1, 1}, zero[24] = {'B', 'C', 0xC0, 0xDE};
    char path[8][256];

    (void)state;
    elf[40] = 64; /* section headers at byte 64 */
    elf[60] = 2;  /* two of them */
    elf[132] = 3; /* the type of the last one */
    setenv("POCL_CACHE_DIR", dir, 1);
    make(path[0], 'A', "program.bc", bitcode, sizeof bitcode);
    make(path[1], 'B', "program.bc", bitcode, sizeof bitcode - 4); /* cut */
    make(path[2], 'C', "program.bc", zero, sizeof zero);           /* never written */
    make(path[3], 'D', "program.bc", "", 0);
    make(path[4], 'E', "k.so", elf, sizeof elf);
    make(path[5], 'F', "k.so", elf, sizeof elf - 1);
    elf[132] = 0;
    make(path[6], 'G', "k.so", elf, sizeof elf);
    make(path[7], 'Z', "k.so", "", 0); /* Z is no digit of PoCL's: somebody else's folder */
    encnet__pocl_tidy();
    for (int i = 0; i < 8; i++) {
        bool stays = i == 0 || i == 4 || i == 7;
        print_message("%s\n", path[i]);
        assert_int_equal(access(path[i], F_OK) == 0, stays);
        if (!stays) { /* with its folder, from which PoCL would take the rest */
            *strrchr(path[i], '/') = '\0';
            *strrchr(path[i], '/') = '\0';
            assert_int_not_equal(access(path[i], F_OK), 0);
        }
    }
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void changed_files_go(void **state)
{
    uint8_t elf[192] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    char path[4][256], seal[300];

    (void)state;
    elf[40] = 64;
    elf[60] = 2;
    elf[132] = 3;
    setenv("POCL_CACHE_DIR", dir, 1);
    for (int i = 0; i < 4; i++) make(path[i], (char)('A' + i), "k.so", elf, sizeof elf);
    encnet__pocl_seal();
    elf[190] ^= 4; /* as whole as before, but other code */
    write_file(path[1], elf, sizeof elf);
    snprintf(seal, sizeof seal, "%s.encnet-crc", path[2]);
    assert_true(is_there(seal));
    write_file(seal, "0123", 4);
    snprintf(seal, sizeof seal, "%s.encnet-crc", path[3]);
    remove(seal); /* what has no checksum stays */
    encnet__pocl_tidy();
    assert_true(is_there(path[0]));
    assert_false(is_there(path[1]));
    assert_false(is_there(path[2]));
    assert_true(is_there(path[3]));
    encnet__pocl_seal(); /* a second time: what has one keeps it */
    encnet__pocl_tidy();
    assert_true(is_there(path[0]));
    assert_true(is_there(path[3]) && is_there(seal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changed_files_go, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(damaged_files_go, make_dir, remove_dir)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
