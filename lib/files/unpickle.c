/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/* unpickle.c - reads a pickle, from its first opcode to its last. */
#include "files/unpickle.h"

#include "files/unpickle_machine.h"

static encnet_status run(encnet__unpickled *m)
{
    encnet_status rc = ENCNET_OK;
    uint8_t opcode = 0;

    for (;;) {
        TRY(encnet__unpickle_bytes(m, &opcode, 1));
        if (opcode == '.') return encnet__unpickle_pop(m, &m->root);
        if (++m->n_opcodes > ENCNET__UNPICKLE_MAX_OPCODES)
            return encnet__unpickle_wrong(m, "more than 4194304 opcodes");
        TRY(encnet__unpickle_run(m, opcode));
    }
done:
    return rc;
}

encnet_status encnet__unpickle_read(encnet__unpickled **out, const encnet__tensor_file *f,
                                    uint64_t at, uint64_t end)
{
    encnet_status rc = ENCNET_OK;
    encnet__unpickled *m = encnet__alloc(1, sizeof *m);

    if (!m) return encnet__fail(ENCNET_E_NOMEM, "%s: no memory to read its pickle", f->path);
    m->f = f;
    m->at = at;
    m->end = end;
    TRY(run(m));
    *out = m;
    m = NULL;
done:
    encnet__unpickle_free(m);
    return rc;
}

const encnet__value *encnet__unpickle_root(const encnet__unpickled *p)
{
    return p->root;
}

uint64_t encnet__unpickle_end(const encnet__unpickled *p)
{
    return p->at;
}

const encnet__value *encnet__unpickle_persistent(const encnet__unpickled *p, size_t i)
{
    return i < p->persistent.n ? p->persistent.at[i] : NULL;
}
