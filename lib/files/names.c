/* names.c - the dialects of checkpoint files as tables of rules. */
#include "files/names.h"

#include <string.h>

enum { MAX_STEPS = 4, MAX_PARTS = 3 };

#define WRAPPER "module."

/* Every * stands for some text, the shortest that fits; the n-th of `to` is the n-th of `from`. */
typedef struct rule {
    const char *from, *to; /* `to` NULL: left out */
} rule;

/* -- rules: of a table, the first that fits is applied -------------------------------------------
 */

/* A backbone as classifiers have it: torchvision's, open-mmlab's, and other programs' before they
 * put a head on it. */
static const rule alone[] = {
    {"fc.*", NULL},
    {"*", "backbone.*"},
    {NULL, NULL},
};

/* PyTorch-Encoding's stem of three convolutions: the last batch norm stands outside of it. */
static const rule deep_stem[] = {
    {"backbone.conv1.*", "backbone.stem.*"},
    {"backbone.bn1.*", "backbone.stem.7.*"},
    {NULL, NULL},
};

/* PyTorch-Encoding's backbone and heads. */
static const rule encoding[] = {
    {"pretrained.fc.*", NULL},
    {"pretrained.*", "backbone.*"},
    {"head.conv5.0.*", "decode_head.bottleneck.conv.*"},
    {"head.conv5.1.*", "decode_head.bottleneck.bn.*"},
    {"head.connect.*.0.*", "decode_head.lateral_convs.*.conv.*"},
    {"head.connect.*.1.*", "decode_head.lateral_convs.*.bn.*"},
    {"head.fusion.0.*", "decode_head.fusion.conv.*"},
    {"head.fusion.1.*", "decode_head.fusion.bn.*"},
    {"head.encmodule.encoding.0.*", "decode_head.enc_module.encoding_project.conv.*"},
    {"head.encmodule.encoding.1.*", "decode_head.enc_module.encoding_project.bn.*"},
    {"head.encmodule.encoding.3.*", "decode_head.enc_module.encoding.0.*"},
    {"head.encmodule.encoding.4.*", "decode_head.enc_module.encoding.1.*"},
    {"head.encmodule.fc.0.*", "decode_head.enc_module.fc.0.*"},
    {"head.encmodule.selayer.*", "decode_head.se_layer.*"},
    {"head.conv6.1.*", "decode_head.conv_seg.*"},
    {"auxlayer.conv5.0.*", "auxiliary_head.convs.0.conv.*"},
    {"auxlayer.conv5.1.*", "auxiliary_head.convs.0.bn.*"},
    {"auxlayer.conv5.4.*", "auxiliary_head.conv_seg.*"},
    {NULL, NULL},
};

/* Paddle's spelling of running statistics. */
static const rule paddle[] = {
    {"*._mean", "*.running_mean"},
    {"*._variance", "*.running_var"},
    {NULL, NULL},
};

/* PaddleSeg's ResNet_vd: stem and stages, then what is inside a block. */
static const rule paddle_stages[] = {
    {"backbone.conv1_1._conv.*", "backbone.stem.0.*"},
    {"backbone.conv1_1._batch_norm.*", "backbone.stem.1.*"},
    {"backbone.conv1_2._conv.*", "backbone.stem.3.*"},
    {"backbone.conv1_2._batch_norm.*", "backbone.stem.4.*"},
    {"backbone.conv1_3._conv.*", "backbone.stem.6.*"},
    {"backbone.conv1_3._batch_norm.*", "backbone.stem.7.*"},
    {"backbone.bb_0_*", "backbone.layer1.*"},
    {"backbone.bb_1_*", "backbone.layer2.*"},
    {"backbone.bb_2_*", "backbone.layer3.*"},
    {"backbone.bb_3_*", "backbone.layer4.*"},
    {NULL, NULL},
};

static const rule paddle_blocks[] = {
    {"*.conv0._conv.*", "*.conv1.*"},
    {"*.conv0._batch_norm.*", "*.bn1.*"},
    {"*.conv1._conv.*", "*.conv2.*"},
    {"*.conv1._batch_norm.*", "*.bn2.*"},
    {"*.conv2._conv.*", "*.conv3.*"},
    {"*.conv2._batch_norm.*", "*.bn3.*"},
    {"*.short._conv.*", "*.downsample.1.*"},
    {"*.short._batch_norm.*", "*.downsample.2.*"},
    {NULL, NULL},
};

/* Matrices of linear layers, which are [in,out] in Paddle. */
static const char *const paddle_linear[] = {
    "decode_head.enc_module.fc.0.weight",
    "decode_head.se_layer.weight",
    NULL,
};

/* -- dialects ---------------------------------------------------------------------------------- */

struct encnet__dialect {
    const char *name, *mark; /* mark: the name that every file of it has */
    const rule *steps[MAX_STEPS];
    const char *const *transposed; /* after translation; NULL: none */
};

static const encnet__dialect dialects[] = {
    {"mmsegmentation", "backbone.layer1.0.conv1.weight", {NULL}, NULL},
    {"PyTorch-Encoding", "pretrained.conv1.0.weight", {encoding, deep_stem}, NULL},
    {"PyTorch-Encoding with a plain stem", "pretrained.conv1.weight", {encoding}, NULL},
    {"PyTorch-Encoding's backbone", "conv1.0.weight", {alone, deep_stem}, NULL},
    {"Paddle",
     "backbone.conv1_1._conv.weight",
     {paddle, paddle_stages, paddle_blocks, encoding},
     paddle_linear},
    {"Paddle's backbone",
     "conv1_1._conv.weight",
     {alone, paddle, paddle_stages, paddle_blocks},
     NULL},
    {"torchvision's or open-mmlab's backbone", "layer1.0.conv1.weight", {alone}, NULL},
};

static const char *unwrapped(const char *name)
{
    size_t size = strlen(WRAPPER);

    return strncmp(name, WRAPPER, size) == 0 ? name + size : name;
}

static bool has(const encnet__tensor_file *f, const char *name)
{
    for (size_t i = 0; i < f->n_tensors; i++)
        if (strcmp(unwrapped(f->tensors[i].name), name) == 0) return true;
    return false;
}

const encnet__dialect *encnet__dialect_of(const encnet__tensor_file *f)
{
    for (size_t i = 0; i < COUNT_OF(dialects); i++)
        if (has(f, dialects[i].mark)) return &dialects[i];
    return NULL;
}

const char *encnet__dialect_name(const encnet__dialect *d)
{
    return d->name;
}

bool encnet__dialect_is_foreign(const encnet__dialect *d)
{
    return d->steps[0] != NULL;
}

/* -- translation ------------------------------------------------------------------------------- */

typedef struct part {
    const char *at;
    size_t size;
} part;

/* Whether `name` is as `pattern` says, and what its stars stand for. */
static bool fits(part *parts, const char *pattern, const char *name)
{
    for (; *pattern != '*'; pattern++, name++) {
        if (*pattern != *name) return false;
        if (*pattern == '\0') return true;
    }
    parts->at = name;
    for (parts->size = 0;; parts->size++) {
        if (fits(parts + 1, pattern + 1, name + parts->size)) return true;
        if (name[parts->size] == '\0') return false;
    }
}

/* `to` with its stars filled in; false: that is too long. */
static bool fill(char out[ENCNET__NAME_SIZE], const char *to, const part *parts)
{
    size_t used = 0;

    for (; *to; to++) {
        part next = *to == '*' ? *parts++ : (part){to, 1};
        if (used + next.size >= ENCNET__NAME_SIZE) return false;
        memcpy(out + used, next.at, next.size);
        used += next.size;
    }
    out[used] = '\0';
    return true;
}

static bool apply(encnet__translation *t, const rule *r)
{
    part parts[MAX_PARTS];
    char name[ENCNET__NAME_SIZE];

    while (r->from && !fits(parts, r->from, t->name)) r++;
    if (!r->from) return true;
    t->left_out = !r->to;
    if (t->left_out) return true;
    if (!fill(name, r->to, parts)) return false;
    memcpy(t->name, name, sizeof name);
    return true;
}

bool encnet__translate(encnet__translation *out, const encnet__dialect *d, const char *name)
{
    encnet__translation t = {.left_out = false};
    part whole = {unwrapped(name), strlen(unwrapped(name))};

    if (!fill(t.name, "*", &whole)) return false;
    for (int i = 0; d && i < MAX_STEPS && d->steps[i] && !t.left_out; i++)
        if (!apply(&t, d->steps[i])) return false;
    for (const char *const *m = d ? d->transposed : NULL; m && *m; m++)
        t.transposed |= strcmp(*m, t.name) == 0;
    *out = t;
    return true;
}

encnet_status encnet__translate_file(encnet__tensor_file *f, const encnet__dialect **dialect)
{
    encnet_status rc = ENCNET_OK;
    const encnet__dialect *d = encnet__dialect_of(f);
    size_t kept = 0;

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
