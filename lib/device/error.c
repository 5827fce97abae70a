/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* error.c - turns OpenCL error codes into names and statuses. */
#include "device/internal.h"

#include <stdio.h>

static const struct {
    cl_int code;
    const char *name;
} names[] = {
/* clang-format off */
#define ROW(name) {name, #name},
    ROW(CL_SUCCESS)
    ROW(CL_DEVICE_NOT_FOUND)
    ROW(CL_DEVICE_NOT_AVAILABLE)
    ROW(CL_COMPILER_NOT_AVAILABLE)
    ROW(CL_MEM_OBJECT_ALLOCATION_FAILURE)
    ROW(CL_OUT_OF_RESOURCES)
    ROW(CL_OUT_OF_HOST_MEMORY)
    ROW(CL_PROFILING_INFO_NOT_AVAILABLE)
    ROW(CL_MEM_COPY_OVERLAP)
    ROW(CL_IMAGE_FORMAT_MISMATCH)
    ROW(CL_IMAGE_FORMAT_NOT_SUPPORTED)
    ROW(CL_BUILD_PROGRAM_FAILURE)
    ROW(CL_MAP_FAILURE)
    ROW(CL_MISALIGNED_SUB_BUFFER_OFFSET)
    ROW(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    ROW(CL_COMPILE_PROGRAM_FAILURE)
    ROW(CL_LINKER_NOT_AVAILABLE)
    ROW(CL_LINK_PROGRAM_FAILURE)
    ROW(CL_DEVICE_PARTITION_FAILED)
    ROW(CL_KERNEL_ARG_INFO_NOT_AVAILABLE)
    ROW(CL_INVALID_VALUE)
    ROW(CL_INVALID_DEVICE_TYPE)
    ROW(CL_INVALID_PLATFORM)
    ROW(CL_INVALID_DEVICE)
    ROW(CL_INVALID_CONTEXT)
    ROW(CL_INVALID_QUEUE_PROPERTIES)
    ROW(CL_INVALID_COMMAND_QUEUE)
    ROW(CL_INVALID_HOST_PTR)
    ROW(CL_INVALID_MEM_OBJECT)
    ROW(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR)
    ROW(CL_INVALID_IMAGE_SIZE)
    ROW(CL_INVALID_SAMPLER)
    ROW(CL_INVALID_BINARY)
    ROW(CL_INVALID_BUILD_OPTIONS)
    ROW(CL_INVALID_PROGRAM)
    ROW(CL_INVALID_PROGRAM_EXECUTABLE)
    ROW(CL_INVALID_KERNEL_NAME)
    ROW(CL_INVALID_KERNEL_DEFINITION)
    ROW(CL_INVALID_KERNEL)
    ROW(CL_INVALID_ARG_INDEX)
    ROW(CL_INVALID_ARG_VALUE)
    ROW(CL_INVALID_ARG_SIZE)
    ROW(CL_INVALID_KERNEL_ARGS)
    ROW(CL_INVALID_WORK_DIMENSION)
    ROW(CL_INVALID_WORK_GROUP_SIZE)
    ROW(CL_INVALID_WORK_ITEM_SIZE)
    ROW(CL_INVALID_GLOBAL_OFFSET)
    ROW(CL_INVALID_EVENT_WAIT_LIST)
    ROW(CL_INVALID_EVENT)
    ROW(CL_INVALID_OPERATION)
    ROW(CL_INVALID_GL_OBJECT)
    ROW(CL_INVALID_BUFFER_SIZE)
    ROW(CL_INVALID_MIP_LEVEL)
    ROW(CL_INVALID_GLOBAL_WORK_SIZE)
    ROW(CL_INVALID_PROPERTY)
    ROW(CL_INVALID_IMAGE_DESCRIPTOR)
    ROW(CL_INVALID_COMPILER_OPTIONS)
    ROW(CL_INVALID_LINKER_OPTIONS)
    ROW(CL_INVALID_DEVICE_PARTITION_COUNT)
#undef ROW
    /* clang-format on */
    {-1001, "CL_PLATFORM_NOT_FOUND_KHR"},
    {-9999, "NVIDIA's code for a kernel that read or wrote outside its buffers"},
};

const char *encnet__cl_error_name(cl_int err)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].code == err) return names[i].name;
    return "an unknown OpenCL error";
}

encnet_status encnet__cl_fail(cl_int err, const char *format, ...)
{
    char what[1024];
    va_list ap;

    va_start(ap, format);
    encnet__vprint(what, sizeof what, format, ap);
    va_end(ap);
    return encnet__fail(err == CL_OUT_OF_HOST_MEMORY ? ENCNET_E_NOMEM : ENCNET_E_DEVICE,
                        "%s: %s (%d)", what, encnet__cl_error_name(err), (int)err);
}
