/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* choose.c - lists devices, reads what drivers report about them, and finds those that are
 * selected. */
#include "device/internal.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLATFORMS = 32, MAX_DEVICES = 64 };

/* The devices of all platforms, in the order of their indices. */
typedef struct inventory {
    int count;
    struct {
        cl_platform_id platform;
        cl_device_id id;
        int platform_number, platform_index;
    } rows[MAX_DEVICES];
} inventory;

static void take_inventory(inventory *found)
{
    static bool tidied; /* the caller holds the lock */
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n_platforms = 0;

    if (!tidied) encnet__pocl_tidy();
    tidied = true;
    memset(found, 0, sizeof *found);
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &n_platforms) != CL_SUCCESS) return;
    if (n_platforms > MAX_PLATFORMS) n_platforms = MAX_PLATFORMS;
    for (cl_uint p = 0; p < n_platforms; p++) {
        cl_device_id ids[MAX_DEVICES];
        cl_uint n = 0;
        if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MAX_DEVICES, ids, &n) != CL_SUCCESS)
            continue; /* a driver without a device */
        for (cl_uint d = 0; d < n && d < MAX_DEVICES && found->count < MAX_DEVICES; d++) {
            int row = found->count++;
            found->rows[row].platform = platforms[p];
            found->rows[row].id = ids[d];
            found->rows[row].platform_number = (int)p;
            found->rows[row].platform_index = (int)d;
        }
    }
}

/* Reads a string of a device into a field of fixed size; the driver's may be longer or
 * unterminated. */
static void device_text(char *out, size_t size, cl_device_id id, cl_device_info what)
{
    size_t need = 0;
    char *text = NULL;

    out[0] = '\0';
    if (clGetDeviceInfo(id, what, 0, NULL, &need) != CL_SUCCESS || need == 0) return;
    text = encnet__alloc(need + 1, 1);
    if (text && clGetDeviceInfo(id, what, need, text, NULL) == CL_SUCCESS) {
        size_t skip = strspn(text, " ");
        snprintf(out, size, "%s", text + skip);
        for (size_t n = strlen(out); n && strchr(ENCNET__BLANKS, out[n - 1]);) out[--n] = '\0';
    }
    encnet__free(text);
}

bool encnet__device_has(cl_device_id id, const char *extension)
{
    size_t need = 0, size = strlen(extension);
    char *text = NULL;
    bool found = false;

    if (clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, 0, NULL, &need) == CL_SUCCESS)
        text = encnet__alloc(need + 1, 1);
    if (text && clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, need, text, NULL) == CL_SUCCESS)
        for (const char *at = text; !found && (at = strstr(at, extension)); at += size)
            found = (at == text || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0');
    encnet__free(text);
    return found;
}

static uint64_t device_number(cl_device_id id, cl_device_info what, size_t size)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;

    if (size == sizeof narrow)
        return clGetDeviceInfo(id, what, size, &narrow, NULL) == CL_SUCCESS ? narrow : 0;
    return clGetDeviceInfo(id, what, size, &wide, NULL) == CL_SUCCESS ? wide : 0;
}

encnet_status encnet__device_check_usable(cl_device_id id)
{
    cl_bool available = CL_TRUE, compiler = CL_TRUE;
    int major = 1, minor = 2;
    char name[128], version[128];

    device_text(name, sizeof name, id, CL_DEVICE_NAME);
    device_text(version, sizeof version, id, CL_DEVICE_VERSION);
    clGetDeviceInfo(id, CL_DEVICE_AVAILABLE, sizeof available, &available, NULL);
    clGetDeviceInfo(id, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler, NULL);
    if (!available) return encnet__fail(ENCNET_E_NO_DEVICE, "%s is not available now", name);
    if (!compiler) return encnet__fail(ENCNET_E_NO_DEVICE, "%s has no compiler for kernels", name);
    if (sscanf(version, "OpenCL %d.%d", &major, &minor) == 2 && major == 1 && minor < 2)
        return encnet__fail(ENCNET_E_NO_DEVICE, "%s has %s; 1.2 is needed", name, version);
    return ENCNET_OK;
}

void encnet__device_info_fill(encnet_device_info *info, cl_platform_id platform, cl_device_id id)
{
    uint64_t type = device_number(id, CL_DEVICE_TYPE, sizeof(cl_device_type));

    memset(info, 0, sizeof *info);
    device_text(info->name, sizeof info->name, id, CL_DEVICE_NAME);
    device_text(info->vendor, sizeof info->vendor, id, CL_DEVICE_VENDOR);
    device_text(info->driver, sizeof info->driver, id, CL_DRIVER_VERSION);
    device_text(info->version, sizeof info->version, id, CL_DEVICE_VERSION);
    device_text(info->extensions, sizeof info->extensions, id, CL_DEVICE_EXTENSIONS);
    if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform_name - 1,
                          info->platform_name, NULL) != CL_SUCCESS)
        snprintf(info->platform_name, sizeof info->platform_name, "unnamed platform");
    info->is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
    info->is_gpu = (type & CL_DEVICE_TYPE_GPU) != 0;
    info->memory_bytes = device_number(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    info->max_alloc_bytes = device_number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    info->local_bytes = device_number(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    info->max_group = device_number(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));
    info->units = device_number(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    info->clock_mhz = device_number(id, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof(cl_uint));
}

static void describe(encnet_device_info *info, const inventory *found, int row)
{
    encnet__device_info_fill(info, found->rows[row].platform, found->rows[row].id);
    info->index = row;
    info->platform = found->rows[row].platform_number;
    info->platform_index = found->rows[row].platform_index;
}

/* Lists the files that the ICD loader finds in a folder: "a.icd b.icd". */
static void list_vendors(encnet__text *out, const char *folder)
{
    DIR *dir = opendir(folder);

    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir))
        if (d->d_name[0] != '.') encnet__text_add(out, "%s%s", out->size ? " " : "", d->d_name);
    if (dir) closedir(dir);
    if (!out->size) encnet__text_add(out, "nothing");
}

static encnet_status no_device(void)
{
    static const char folder[] = "/etc/OpenCL/vendors";
    const char *chosen = getenv("OCL_ICD_VENDORS");
    encnet__text found = {0};
    encnet_status rc;

    list_vendors(&found, folder);
    rc = encnet__fail(ENCNET_E_NO_DEVICE,
                      "no OpenCL device (%s holds %s; OCL_ICD_VENDORS is %s): install the vendor's "
                      "OpenCL driver, or `apt install pocl-opencl-icd` to run on the CPU",
                      folder, found.data ? found.data : "?", chosen ? chosen : "not set");
    encnet__text_free(&found);
    return rc;
}

encnet_status encnet_device_list(encnet_device_info *out, int capacity, int *count)
{
    inventory found;

    if (!count || (capacity > 0 && !out) || capacity < 0)
        return encnet__fail(ENCNET_E_ARG,
                            "encnet_device_list: count is needed, and out for %d rows", capacity);
    encnet__driver_lock();
    take_inventory(&found);
    *count = found.count;
    for (int row = 0; row < found.count && row < capacity; row++) describe(&out[row], &found, row);
    encnet__driver_unlock();
    return found.count ? ENCNET_OK : no_device();
}

#define ALL "all" /* selects every device */
enum { MAX_NAME = 256, MAX_NAMES = 1024 };

/* How well a device suits when none is named: one that can run kernels, a GPU before others and a
 * CPU last, memory of its own before the host's. */
static int suits(cl_device_id id)
{
    uint64_t type = device_number(id, CL_DEVICE_TYPE, sizeof(cl_device_type));
    bool is_cpu = (type & CL_DEVICE_TYPE_CPU) != 0, is_gpu = !is_cpu && (type & CL_DEVICE_TYPE_GPU);
    int score = is_gpu ? 4 : is_cpu ? 0 : 2;

    if (encnet__device_check_usable(id) == ENCNET_OK) score += 8;
    if (!device_number(id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool))) score += 1;
    return score;
}

/* Returns the row of the device that suits best; of equals, the first. */
static int best(const inventory *found)
{
    int row = 0;

    for (int i = 1; i < found->count; i++)
        if (suits(found->rows[i].id) > suits(found->rows[row].id)) row = i;
    return row;
}

/* Returns the row that `select` names, or -1: "" is the best, "I" an index, "P:I" a platform and
 * an index in it; anything else is part of the name of a device or a platform. */
static int match(const inventory *found, const char *select)
{
    const char *end;
    encnet_device_info info;
    int a, b;

    if (select[0] == '\0') return best(found);
    if (encnet__digits(&a, select, INT_MAX, &end) && *end == ':' &&
        encnet__digits(&b, end + 1, INT_MAX, &end) && !*end) {
        for (int row = 0; row < found->count; row++)
            if (found->rows[row].platform_number == a && found->rows[row].platform_index == b)
                return row;
        return -1;
    }
    if (encnet__digits(&a, select, INT_MAX, &end) && !*end) return a < found->count ? a : -1;
    for (int row = 0; row < found->count; row++) {
        describe(&info, found, row);
        if (encnet__has_word(info.name, select) || encnet__has_word(info.platform_name, select))
            return row;
    }
    return -1;
}

static encnet_status no_match(const inventory *found, const char *select)
{
    encnet_status rc;
    encnet_device_info info;
    encnet__text list = {0};

    for (int row = 0; row < found->count; row++) {
        describe(&info, found, row);
        encnet__text_add(&list, "%s%d (%d:%d) %s on %s", row ? "; " : "", row, info.platform,
                         info.platform_index, info.name, info.platform_name);
    }
    rc = encnet__fail(ENCNET_E_NO_DEVICE, "no OpenCL device is called \"%s\"; there is: %s", select,
                      list.data ? list.data : "");
    encnet__text_free(&list);
    return rc;
}

/* Copies the nth name of a list, without the blanks around it; false if there are fewer. */
static bool nth_name(char *out, size_t size, const char *list, int nth)
{
    size_t length;

    for (; nth > 0; nth--) {
        list = strchr(list, ',');
        if (!list) return false;
        list++;
    }
    list += strspn(list, " ");
    length = strcspn(list, ",");
    while (length && list[length - 1] == ' ') length--;
    snprintf(out, size, "%.*s", (int)length, list);
    return true;
}

/* No name of a list may be empty, unless nothing at all is selected. */
static encnet_status check_names(const char *select)
{
    char name[MAX_NAME];

    for (int n = 0; *select && nth_name(name, sizeof name, select, n); n++) {
        if (n == MAX_NAMES)
            return encnet__fail(ENCNET_E_NO_DEVICE, "a list of more than %d devices", MAX_NAMES);
        if (!*name)
            return encnet__fail(ENCNET_E_NO_DEVICE, "\"%s\" is no list of devices: a name is empty",
                                select);
    }
    return ENCNET_OK;
}

static encnet_status count_selected(int *count, const char *select)
{
    char name[MAX_NAME];
    encnet_status rc = check_names(select);
    inventory found;
    int n = 0;

    if (rc != ENCNET_OK) return rc;
    take_inventory(&found);
    if (found.count == 0) return no_device();
    if (strcmp(select, ALL) == 0) {
        n = found.count;
    } else {
        for (; nth_name(name, sizeof name, select, n); n++)
            if (match(&found, name) < 0) return no_match(&found, name);
    }
    *count = n;
    return ENCNET_OK;
}

encnet_status encnet_device_count(int *count, const char *select)
{
    encnet_status rc;

    NEED(count);
    encnet__driver_lock();
    rc = count_selected(count, select ? select : "");
    encnet__driver_unlock();
    return rc;
}

encnet_status encnet__device_find(cl_platform_id *platform, cl_device_id *id,
                                  encnet_device_info *info, const char *select, int nth)
{
    encnet_status rc = check_names(select);
    char name[MAX_NAME];
    inventory found;
    int row;

    if (rc != ENCNET_OK) return rc;
    take_inventory(&found);
    if (found.count == 0) return no_device();
    if (strcmp(select, ALL) == 0)
        snprintf(name, sizeof name, "%d", nth);
    else if (nth < 0 || !nth_name(name, sizeof name, select, nth))
        return encnet__fail(ENCNET_E_ARG, "device %d of \"%s\"", nth, select);
    row = match(&found, name);
    if (row < 0) return no_match(&found, name);
    *platform = found.rows[row].platform;
    *id = found.rows[row].id;
    describe(info, &found, row);
    return ENCNET_OK;
}
