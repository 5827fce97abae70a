/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * unwrap.c - names as other programs wrap them: prefixes that all weights share (DataParallel, Lightning,
 * torch.compile and combinations), wrappers within a name, and what stands beside the weights.
 */
#include "files/names.h"

#include <stdio.h>
#include <string.h>

/* Parts of names that wrappers insert, wherever they stand. */
static const char *const inserted[] = {"_orig_mod.", "_fsdp_wrapped_module.",
                                       "_checkpoint_wrapped_module."};

/* What the names of averaged copies (EMA) begin with. */
static const char *const averaged[] = {"ema_", "ema.", "model_ema.", "averaged_model."};

/* What wrappers put in front of every name, where no dialect tells what is behind. */
static const char *const wrappers[] = {"module.", "model.", "net.", "network."};

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_averaged(const char *name)
{
    while (begins(name, "module.") || begins(name, "model.")) name = strchr(name, '.') + 1;
    for (size_t i = 0; i < COUNT_OF(averaged); i++)
        if (begins(name, averaged[i])) return true;
    return false;
}

/* Removes averaged copies if there are weights beside them. */
static size_t leave_out_averaged(encnet__tensor_file *f)
{
    size_t kept = 0, copies = 0;

    for (size_t i = 0; i < f->n_tensors; i++) copies += is_averaged(f->tensors[i].name);
    if (copies == 0 || copies == f->n_tensors) return 0;
    for (size_t i = 0; i < f->n_tensors; i++)
        if (!is_averaged(f->tensors[i].name)) f->tensors[kept++] = f->tensors[i];
    f->n_tensors = kept;
    return copies;
}

/* Renames tensors whose names have an inserted part. */
static encnet_status remove_inserted(encnet__tensor_file *f)
{
    encnet_status rc = ENCNET_OK;

    for (size_t i = 0; i < f->n_tensors; i++)
        for (size_t k = 0; k < COUNT_OF(inserted); k++) {
            const char *at = strstr(f->tensors[i].name, inserted[k]);
            char name[ENCNET__NAME_SIZE];
            if (!at || strlen(f->tensors[i].name) >= sizeof name) continue;
            snprintf(name, sizeof name, "%.*s%s", (int)(at - f->tensors[i].name),
                     f->tensors[i].name, at + strlen(inserted[k]));
            TRY(encnet__tensor_file_rename(f, i, name));
            k--; /* once more: a part may be there twice */
        }
done:
    return rc;
}

/* How many names begin with the first `size` bytes of `name`. */
static size_t count_beginning(const encnet__tensor_file *f, const char *name, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_tensors; i++) n += strncmp(f->tensors[i].name, name, size) == 0;
    return n;
}

/* The length of the prefix of most names behind which a dialect begins, *name that has it, and whether it is
 * the dialect of whole networks; 0: the names have none. */
static size_t prefix_of_dialect(const char **name, bool *whole_network,
                                const encnet__tensor_file *f)
{
    const encnet__dialect *d;

    for (int row = 0; (d = encnet__dialect_at(row)); row++) {
        const char *mark = encnet__dialect_mark(d);
        size_t size = strlen(mark);
        for (size_t i = 0; i < f->n_tensors; i++) {
            const char *whole = f->tensors[i].name;
            size_t length = strlen(whole);
            if (length < size || strcmp(whole + length - size, mark) != 0) continue;
            if (length == size) return 0;
            if (whole[length - size - 1] != '.' ||
                2 * count_beginning(f, whole, length - size) <= f->n_tensors)
                continue;
            *name = whole;
            *whole_network = encnet__dialect_has_heads(d);
            return length - size;
        }
    }
    return 0;
}

/* The length of the wrappers in front of all names. */
static size_t wrappers_of(const char **name, const encnet__tensor_file *f)
{
    size_t size = 0;
    bool more = f->n_tensors > 0;

    *name = more ? f->tensors[0].name : "";
    while (more) {
        more = false;
        for (size_t i = 0; i < COUNT_OF(wrappers) && !more; i++) {
            size_t longer = size + strlen(wrappers[i]);
            more = begins(*name + size, wrappers[i]) &&
                   count_beginning(f, *name, longer) == f->n_tensors;
            if (more) size = longer;
        }
    }
    return size;
}

/* Leaves out tensors that do not belong to the network that the others are of, such as the weights of a
 * loss, a metric or a counter of averages beside it. */
static void leave_out_others(encnet__tensor_file *f, const char *prefix, encnet__text *remarks)
{
    size_t kept = 0, all = f->n_tensors;
    const char *first = NULL;

    for (size_t i = 0; i < all; i++) {
        if (begins(f->tensors[i].name, prefix))
            f->tensors[kept++] = f->tensors[i];
        else if (!first)
            first = f->tensors[i].name;
    }
    f->n_tensors = kept;
    if (first && remarks)
        encnet__text_add(remarks, "%s: %zu tensors beside the network are left aside, such as %s\n",
                         f->path, all - kept, first);
}

/* Removes what wraps all names, and counts the averaged copies that it removes. */
static encnet_status unwrap(encnet__tensor_file *f, size_t *averaged_copies, encnet__text *remarks)
{
    encnet_status rc = ENCNET_OK;
    char prefix[ENCNET__NAME_SIZE];
    const char *name = NULL;
    bool whole_network = false;
    size_t size;

    *averaged_copies = leave_out_averaged(f);
    TRY(remove_inserted(f));
    size = prefix_of_dialect(&name, &whole_network, f);
    if (size == 0 && !encnet__dialect_of(f)) size = wrappers_of(&name, f);
    if (size == 0 || size >= sizeof prefix) goto done;
    memcpy(prefix, name, size);
    prefix[size] = '\0';
    if (whole_network) leave_out_others(f, prefix, remarks);
    for (size_t i = 0; i < f->n_tensors; i++)
        if (begins(f->tensors[i].name, prefix) && f->tensors[i].name[size])
            TRY(encnet__tensor_file_rename(f, i, f->tensors[i].name + size));
done:
    return rc;
}

encnet_status encnet__translate_file(encnet__tensor_file *f, const encnet__dialect **dialect,
                                     encnet__text *remarks)
{
    encnet_status rc = ENCNET_OK;
    const encnet__dialect *d;
    size_t kept = 0, copies;

    TRY(unwrap(f, &copies, remarks));
    if (copies && remarks)
        encnet__text_add(remarks,
                         "%s: %zu averaged copies (EMA) beside the weights are left aside\n",
                         f->path, copies);
    d = encnet__dialect_of(f);
    for (size_t i = 0; i < f->n_tensors; i++) {
        encnet__translation t;
        bool known = encnet__translate(&t, d, f->tensors[i].name);
        if (known && t.left_out) continue;
        f->tensors[kept] = f->tensors[i];
        if (known && strcmp(t.name, f->tensors[kept].name) != 0)
            TRY(encnet__tensor_file_rename(f, kept, t.name));
        if (known && t.transposed && f->tensors[kept].n_dims == 2)
            encnet__tensor_file_transpose(f, kept);
        kept++;
    }
    f->n_tensors = kept;
    TRY(encnet__tensor_file_sort(f));
    *dialect = d;
done:
    return rc;
}

void encnet__remarks_say(const encnet__text *remarks)
{
    for (const char *line = remarks->size ? remarks->data : ""; *line;) {
        size_t size = strcspn(line, "\n");
        encnet__say(ENCNET_LOG_WARNING, "%.*s", (int)size, line);
        line += size + (line[size] == '\n');
    }
}
