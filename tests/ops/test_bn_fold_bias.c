/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_bn_fold_bias.c - bn_fold_bias against its reference. */
#include "support/optest.h"

int main(void)
{
    return optest_main(&encnet__op_bn_fold_bias, NULL, 0);
}
