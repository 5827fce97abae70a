/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * test_choose.c - which device is taken when none is named, and what platforms without one answer.
 *
 * The functions below are called in place of the driver's: two platforms, whose devices are `rows`.
 */
#define _GNU_SOURCE /* mkdtemp, setenv */
#include "support/support.h"
#include "device/internal.h"
#include "support/scratch.h"

typedef struct fake {
    int platform;
    cl_device_type type;
    cl_bool unified; /* its memory is the host's */
    const char *version;
    cl_bool available;
} fake;

static const fake *rows;
static int n_rows;
static char names[2][8] = {"first", "second"};
static cl_int empty = CL_DEVICE_NOT_FOUND; /* what a platform without a device answers */

cl_int clGetPlatformIDs(cl_uint n, cl_platform_id *out, cl_uint *count)
{
    for (cl_uint i = 0; i < n && i < 2; i++) out[i] = (cl_platform_id)(void *)names[i];
    *count = 2;
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size, void *out,
                         size_t *need)
{
    (void)need;
    snprintf(out, size, "%s",
             what != CL_PLATFORM_NAME               ? "OpenCL 1.2"
             : (void *)platform == (void *)names[1] ? "rusticl"
                                                    : "AMD Accelerated");
    return CL_SUCCESS;
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint n, cl_device_id *out,
                      cl_uint *count)
{
    cl_uint found = 0;

    (void)type;
    for (int i = 0; i < n_rows; i++)
        if ((void *)platform == (void *)names[rows[i].platform]) {
            if (found < n) out[found] = (cl_device_id)(uintptr_t)&rows[i];
            found++;
        }
    *count = found;
    return found ? CL_SUCCESS : empty;
}

static cl_int give(void *out, size_t size, size_t *need, const void *value, size_t value_size)
{
    if (need) *need = value_size;
    if (out) memcpy(out, value, value_size < size ? value_size : size);
    return CL_SUCCESS;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *out, size_t *need)
{
    const fake *d = (const fake *)(const void *)id;

    switch (what) {
    case CL_DEVICE_TYPE:
        return give(out, size, need, &d->type, sizeof d->type);
    case CL_DEVICE_HOST_UNIFIED_MEMORY:
        return give(out, size, need, &d->unified, sizeof d->unified);
    case CL_DEVICE_AVAILABLE:
        return give(out, size, need, &d->available, sizeof d->available);
    case CL_DEVICE_VERSION:
        return give(out, size, need, d->version, strlen(d->version) + 1);
    default:
        return CL_INVALID_VALUE;
    }
}

static int taken(const fake *devices, int count, const char *select)
{
    encnet_device_info info;
    cl_platform_id platform;
    cl_device_id id;

    rows = devices;
    n_rows = count;
    assert_ok(encnet__device_find(&platform, &id, &info, select, 0));
    assert_ptr_equal((const void *)id, &devices[info.index]);
    return info.index;
}

static void takes_the_best(void **state)
{
    const fake cpu = {0, CL_DEVICE_TYPE_CPU, CL_TRUE, "OpenCL 1.2", CL_TRUE};
    const fake shared = {0, CL_DEVICE_TYPE_GPU, CL_TRUE, "OpenCL 3.0", CL_TRUE};
    const fake card = {1, CL_DEVICE_TYPE_GPU, CL_FALSE, "OpenCL 3.0", CL_TRUE};
    const fake old = {1, CL_DEVICE_TYPE_GPU, CL_FALSE, "OpenCL 1.1 Mesa", CL_TRUE};
    const fake gone = {1, CL_DEVICE_TYPE_GPU, CL_FALSE, "OpenCL 3.0", CL_FALSE};
    const fake board = {1, CL_DEVICE_TYPE_ACCELERATOR, CL_FALSE, "OpenCL 1.2", CL_TRUE};
    const fake all = {1, CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU, CL_FALSE, "OpenCL 1.2", CL_TRUE};

    (void)state;
    assert_int_equal(taken((fake[]){cpu}, 1, ""), 0);
    assert_int_equal(taken((fake[]){cpu, card}, 2, ""), 1);
    assert_int_equal(taken((fake[]){cpu, card, card}, 3, ""), 1);
    assert_int_equal(taken((fake[]){shared, cpu, card}, 3, ""), 2);
    assert_int_equal(taken((fake[]){cpu, shared, board}, 3, ""), 1);
    assert_int_equal(taken((fake[]){cpu, board}, 2, ""), 1);
    assert_int_equal(taken((fake[]){cpu, old, gone}, 3, ""), 0);
    assert_int_equal(taken((fake[]){shared, all}, 2, ""), 0);
    assert_int_equal(taken((fake[]){cpu, card}, 2, "0"), 0); /* who names one gets it */
}

static void platforms_answer(void **state)
{
    static const fake cpu = {0, CL_DEVICE_TYPE_CPU, CL_TRUE, "OpenCL 1.2", CL_TRUE};
    encnet_platform_info p[4];
    int count;

    (void)state;
    rows = &cpu;
    n_rows = 1;
    assert_fails(encnet_platform_list(NULL, 2, &count), ENCNET_E_ARG, "2 rows");
    assert_ok(encnet_platform_list(NULL, 0, &count));
    assert_int_equal(count, 2);
    assert_ok(encnet_platform_list(p, 4, &count));
    assert_int_equal(p[0].devices, 1);
    assert_string_equal(p[0].answer, "");
    assert_string_equal(p[1].name, "rusticl");
    assert_int_equal(p[1].devices, 0);
    assert_non_null(strstr(p[1].answer, "CL_DEVICE_NOT_FOUND (-1)"));
    empty = CL_OUT_OF_HOST_MEMORY;
    assert_ok(encnet_platform_list(p, 4, &count));
    assert_non_null(strstr(p[1].answer, "CL_OUT_OF_HOST_MEMORY (-6)"));
}

/* A driver that is registered, but whose library is not there. */
static void drivers_that_do_not_load(void **state)
{
    char path[128];
    encnet_platform_info p[4];
    int count;
    FILE *f;

    (void)state;
    snprintf(path, sizeof path, "%s/nvidia.icd", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("libnvidia-there-is-none.so.1\n", f);
    fclose(f);
    setenv("OCL_ICD_VENDORS", dir, 1);
    assert_ok(encnet_platform_list(p, 4, &count));
    assert_int_equal(count, 3);
    assert_int_equal(p[2].index, -1);
    assert_string_equal(p[2].name, path);
    assert_non_null(strstr(p[2].answer, "libnvidia-there-is-none.so.1: cannot open"));
    setenv("OCL_ICD_VENDORS", path, 1); /* one file */
    assert_ok(encnet_platform_list(p, 4, &count));
    assert_int_equal(count, 3);
}

/* Units are known by the vendor and, of AMD's GPUs, by the name that its compiler has for them. */
static void matrix_units_by_name(void **state)
{
    static const struct {
        const char *vendor, *name;
        encnet__matrix units;
        bool dpas;
    } cases[] = {
        {"NVIDIA Corporation", "NVIDIA H100 80GB HBM3", ENCNET__MATRIX_NVIDIA, false},
        {"Advanced Micro Devices, Inc.", "gfx1100", ENCNET__MATRIX_AMD_WMMA, false},
        {"Advanced Micro Devices, Inc.", "gfx1201", ENCNET__MATRIX_AMD_WMMA12, false},
        {"Advanced Micro Devices, Inc.", "gfx90a:sramecc+:xnack-", ENCNET__MATRIX_AMD_MFMA, false},
        {"Advanced Micro Devices, Inc.", "gfx942:sramecc+:xnack-", ENCNET__MATRIX_AMD_MFMA, false},
        {"Intel(R) Corporation", "Intel(R) Arc(TM) A770 Graphics", ENCNET__MATRIX_INTEL_DPAS, true},
        {"Intel(R) Corporation", "Intel(R) UHD Graphics 770", ENCNET__MATRIX_NONE, false},
        {"Advanced Micro Devices, Inc.", "gfx1030", ENCNET__MATRIX_NONE, false},
        {"AMD", "AMD Radeon RX 7900 XTX (radeonsi, navi31)", ENCNET__MATRIX_NONE, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        encnet_device_info info = {.is_gpu = true};
        snprintf(info.vendor, sizeof info.vendor, "%s", cases[i].vendor);
        snprintf(info.name, sizeof info.name, "%s", cases[i].name);
        assert_int_equal(encnet__matrix_of(&info, cases[i].dpas), cases[i].units);
        info.is_gpu = false;
        assert_int_equal(encnet__matrix_of(&info, cases[i].dpas), ENCNET__MATRIX_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_best),
        cmocka_unit_test(platforms_answer),
        cmocka_unit_test(drivers_that_do_not_load),
        cmocka_unit_test(matrix_units_by_name),
    };

    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
