/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_batch_stats.c - the statistics that a rank contributes: table.  test_batch_norm.c looks at them closer. */
#include "support/optest.h"

int main(void)
{
    return optest_main_both(&encnet__op_batch_stats, NULL, 0);
}
