/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * optest.h - what the tests of operators share.
 *
 * tests/ops/test_NAME.c is a few lines: `return optest_main(&encnet__op_NAME, extra,
 * COUNT_OF(extra))` runs every row of the op's table through encnet__check_case(), then the op's
 * own tests; where the op takes activations of 16 bits, the small rows once more in float16.  Without an OpenCL device the exit code is 77. ENCNET_TEST_SMALL=1 leaves the big rows
 * out (oclgrind, Mesa).
 */
#ifndef OPTEST_H
#define OPTEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <encnet/device.h>
#include "selftest/check.h"
#include "support/compare.h"

int optest_main(const encnet__op *op, const struct CMUnitTest *extra, size_t n_extra);
/* The same, and the small rows once more, in float32 and float16, with the device taken for one of the
 * other class, CPU or not, so that the ways of both are tested on any driver. */
int optest_main_both(const encnet__op *op, const struct CMUnitTest *extra, size_t n_extra);
/* Only the tests themselves, for files that test no single op. */
int optest_group(const char *name, const struct CMUnitTest *tests, size_t count);

/* What these three do first and last.  Opens the device; an exit code: 0, 77 where there is none, 1. */
int optest_open(const encnet_device_options *options);
void optest_close(void);

/* The device of this program, and another one in its place, owned by the caller. */
encnet_device *optest_device(void);
void optest_take(encnet_device *dev);
/* From here on the device is taken for a CPU, or for something else; what is made before is not
 * changed. */
void optest_take_for_cpu(bool is_cpu);

/* Fails the test with the library's sentence. */
#define OPTEST_OK(call) optest_ok((call), #call, __FILE__, __LINE__)
void optest_ok(encnet_status status, const char *what, const char *file, int line);

/* One node with all its buffers, made from the shapes of its inputs; every call fails the test on
 * an error. */
typedef struct optest_node {
    const encnet__op *op;
    encnet__node_shape shape;
    encnet__call
        call; /* in, out, saved, scratch for both passes; dout and din too when `backward` */
} optest_node;

void optest_node_make(optest_node *node, const encnet__op *op, const void *attr, int n_in,
                      const encnet__shape *in, bool backward);
void optest_node_free(optest_node *node);
/* Whole tensors, host to device and back.  encnet__fill() would do for constants, but oclgrind does
 * not see that it initialises memory. */
void optest_put(const encnet__tensor *t, const void *values);
void optest_put_all(const encnet__tensor *t, float value);
void optest_get(void *values, const encnet__tensor *t);

/* The loss that `op` gives logits z and their labels, of the shapes in[0] and in[1]; its gradient too,
 * unless dz is NULL. */
float optest_loss(const encnet__op *op, const void *attr, const encnet__shape in[2], const float *z,
                  const int32_t *label, float *dz);
#endif
