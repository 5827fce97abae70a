/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_pixel_accuracy.c - pixel_accuracy against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_pixel_accuracy, NULL, 0);
}
