/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * option_rows.h - all options in one list: the fields of encnet_options, and what heads, backbones
 * and networks own.
 */
#ifndef ENCNET__OPTION_ROWS_H
#define ENCNET__OPTION_ROWS_H

#include "options/options.h"

/* Row `index`, an encnet__option_list; NULL behind the last. */
const encnet__option *encnet__option_at(int index);
/* Whether the network of these options has the option: it is a field, or one of the network's heads
 * or its backbone owns it. */
bool encnet__option_applies(const encnet_options *options, const encnet__option *row);
/* Whether the value of the option makes a difference to that network: one that it has, and none of those
 * that only heads of other networks read. */
bool encnet__option_is_read(const encnet_options *options, const encnet__option *row);

#endif
