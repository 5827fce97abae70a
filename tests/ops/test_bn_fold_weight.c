/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_bn_fold_weight.c - bn_fold_weight against its reference, as on a CPU and as on a GPU. */
#include "support/optest.h"

int main(void)
{
    return optest_main_both(&encnet__op_bn_fold_weight, NULL, 0);
}
