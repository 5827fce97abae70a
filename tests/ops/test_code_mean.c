/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_code_mean.c - code_mean against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_code_mean, NULL, 0);
}
