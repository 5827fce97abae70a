/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* app_main.c - main() of every program: what comes before and after its app_main(). */
#include "app_common.h"
#include "app_options.h"

int main(int argc, char **argv)
{
    app_begin();
    return app_finish(app_main(argc, argv));
}
