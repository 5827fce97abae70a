/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* unpickle_memo.c - the opcodes of the memo, which holds values that a pickle refers to again. */
#include <stdlib.h>

#include "files/unpickle_machine.h"

#define MAX_MEMO (1u << 20)

typedef encnet__unpickled machine;
typedef encnet__value value;

static encnet_status memorise(machine *m, uint64_t index)
{
    encnet_status rc = ENCNET_OK;
    value *v;

    TRY(encnet__unpickle_top(m, &v));
    if (index >= MAX_MEMO)
        return encnet__unpickle_wrong(m, "the memo has more than 1048576 places");
    while (m->memo.n <= index) TRY(encnet__unpickle_append(m, &m->memo, NULL));
    m->memo.at[index] = v;
done:
    return rc;
}

static encnet_status recall(machine *m, uint64_t index)
{
    if (index >= m->memo.n || !m->memo.at[index])
        return encnet__unpickle_wrong(m, "a place of the memo is read that was not written");
    return encnet__unpickle_push(m, m->memo.at[index]);
}

/* Reads an index of the memo: a number of `size` bytes, or a line if `size` is 0. */
static encnet_status read_index(machine *m, uint64_t *out, int size)
{
    encnet_status rc = ENCNET_OK;
    char line[ENCNET__UNPICKLE_LINE], *end;
    size_t length;

    if (size) return encnet__unpickle_number(m, out, (unsigned)size);
    TRY(encnet__unpickle_line(m, line, &length));
    *out = strtoull(line, &end, 10);
    if (end == line || *end) return encnet__unpickle_wrong(m, "a line is no integer");
done:
    return rc;
}

encnet_status encnet__unpickle_memo_put(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t index;

    TRY(read_index(m, &index, size));
    TRY(memorise(m, index));
done:
    return rc;
}

encnet_status encnet__unpickle_memo_get(machine *m, int size)
{
    encnet_status rc = ENCNET_OK;
    uint64_t index;

    TRY(read_index(m, &index, size));
    TRY(recall(m, index));
done:
    return rc;
}

encnet_status encnet__unpickle_memoize(machine *m, int unused)
{
    (void)unused;
    return memorise(m, m->memo.n);
}
