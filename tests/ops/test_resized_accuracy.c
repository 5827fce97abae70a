/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_resized_accuracy.c - resized_accuracy against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main_both(&encnet__op_resized_accuracy, NULL, 0);
}
