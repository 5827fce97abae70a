/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* test_channel_scale.c - channel_scale against its reference, as on a CPU and as on a GPU. */
#include "support/optest.h"

int main(void)
{
    return optest_main_both(&encnet__op_channel_scale, NULL, 0);
}
